"""A user's own concepts, terms and rules, from one TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from radnlp.errors import FileMissing, InputError
from radnlp.schema.entity import EntityKind, Side
from radnlp.text.lexicon import Lexicon, load_lexicon
from radnlp.text.rulebook import read_cue
from radnlp.vocabulary import Concept, Vocabulary, load_vocabulary

_PARTS = ("concept", "terms", "rule")
_SIDES = ("left", "right", "bilateral", "midline")


def load_lexicon_with(language: str, additions: str | Path | None) -> Lexicon:
    """Return the lexicon of a language, with what a file adds to it.

    ``[concept.ID]`` adds a concept (``kind``, ``terms``, and if wanted ``parents``, ``region``,
    ``left``, ``right``, ``bilateral``, ``midline``); ``[terms]`` gives known concepts more terms;
    ``[[rule]]`` adds a rule of assertion in the form of ``rules/negation.toml``.

    Raises:
        LanguageNotSupported: There are no rules in that language.
        FileMissing: No such file.
        InputError: The file is not TOML, or something in it is not as expected.
    """
    if additions is None:
        return load_lexicon(language)
    path = Path(additions)
    try:
        content = path.read_text("utf-8")
    except FileNotFoundError:
        raise FileMissing(f"no file {path}; additions is the path of a TOML file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the additions in {path.name}: {error}") from None
    try:
        return _build(language, content)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, InputError) as error:
        said = f"missing key {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"additions in {path.name}: {said}") from None


@lru_cache(maxsize=8)
def _build(language: str, content: str) -> Lexicon:
    data = tomllib.loads(content)
    for part in data:
        if part not in _PARTS:
            raise InputError(f"unknown part {part!r}; expected {', '.join(_PARTS)}")
    known = {concept.id: concept for concept in load_vocabulary(language)}
    for id, entry in data.get("concept", {}).items():
        if id in known:
            raise InputError(f"concept {id!r} is known already; give it terms under [terms]")
        known[id] = _concept(id, entry)
    for id, terms in data.get("terms", {}).items():
        if id not in known:
            raise InputError(f"unknown concept {id!r} under [terms]; add it as [concept.{id}]")
        known[id] = replace(known[id], terms=(*known[id].terms, *_texts(terms)))
    rules = load_lexicon(language).rules
    added = tuple(read_cue({"fires": "", "silent": "", **rule}) for rule in data.get("rule", ()))
    return Lexicon(Vocabulary(known.values(), language), replace(rules, cues=(*rules.cues, *added)))


def _concept(id: str, entry: dict[str, Any]) -> Concept:
    return Concept(
        id=id,
        kind=EntityKind(entry["kind"]),
        parents=_texts(entry.get("parents", [])),
        terms=_texts(entry["terms"]),
        sided={Side(side): _texts(entry[side]) for side in _SIDES if side in entry},
        region=entry.get("region"),
    )


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(one, str) and one for one in values):
        raise InputError(f"expected a list of words, got {values!r}")
    return tuple(values)


__all__ = ["load_lexicon_with"]
