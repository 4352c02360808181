"""The rules of the text stage, read from the TOML files in ``rules/``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Any

from radnlp.errors import LanguageNotSupported
from radnlp.schema.entity import Assertion, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class CueRule:
    """Phrases that decide what a report claims about the mentions in their reach.

    Attributes:
        id: Name of the rule; goes into `Cue.rule`.
        means: The assertion; ``None`` for phrases that only look like a cue.
        reach: ``after``, ``before``, ``both``, ``next`` (only what follows at once), or
            ``nearest``: after if a mention follows at once, otherwise before.
        phrases: The words.
        change: What the phrase says about the earlier study.
        links: Whether it ties an observation before it to a diagnosis after it.
        lists: Whether "and" goes on with it as "or" does ("includes A, B and C").
        opens: Whether it is a cue only where a sentence begins ("Should there …").
        closes: Whether it looks back only where a sentence closes with it ("Fracture?").
        fires: An example in which the rule decides.
        silent: An example in which it does not.
    """

    id: str
    means: Assertion | None
    reach: str
    phrases: tuple[str, ...]
    change: Change | None = None
    links: bool = False
    lists: bool = False
    opens: bool = False
    closes: bool = False
    fires: str = ""
    silent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRule:
    """Phrases that compare with an earlier study.

    Attributes:
        id: Name of the rule.
        change: What they say; ``None`` for nouns that speak only with a negation.
        noun: Whether a negation before them makes them mean "stable".
        phrases: The words.
        fires: An example in which the rule decides.
        silent: An example in which it does not.
    """

    id: str
    change: Change | None
    noun: bool
    phrases: tuple[str, ...]
    fires: str = ""
    silent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All rules of one language.

    Attributes:
        cues: Rules of assertion.
        changes: Rules of change.
        scope: Grammar words by role, from ``scope.toml``.
        attributes: Words by attribute, from ``attributes.toml``.
        organs: Organ statements, from the files ``organs`` and ``refine``.
        titles: Section titles by kind, from ``sections.toml``.
        implicit_sections: What tells a section without a title, from ``implicit_sections.toml``.
        label_sets: Label schemes, from ``label_sets.toml``.
    """

    cues: tuple[CueRule, ...]
    changes: tuple[ChangeRule, ...]
    scope: Mapping[str, Any]
    attributes: Mapping[str, Any]
    organs: Mapping[str, Any]
    titles: Mapping[str, list[str]]
    implicit_sections: Mapping[str, list[str]]
    label_sets: Mapping[str, Mapping[str, list[str]]]


_CHOICE = re.compile(r"\{([^{}]*)\}")


def spelled_out(phrases: Iterable[str]) -> tuple[str, ...]:
    """Return the phrases with every choice in braces made; "{a|}" is "a" or nothing.

    Example:
        >>> spelled_out(["{is|was} absent", "none"])
        ('is absent', 'was absent', 'none')
    """
    made: dict[str, None] = {}
    for phrase in phrases:
        parts = _CHOICE.split(phrase)
        choices = [part.split("|") if n % 2 else [part] for n, part in enumerate(parts)]
        made.update((" ".join("".join(chosen).split()), None) for chosen in product(*choices))
    return tuple(made)


def _read(name: str) -> dict[str, Any]:
    source = files("radnlp.text") / "rules" / f"{name}.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def read_cue(rule: Mapping[str, Any]) -> CueRule:
    """Return a rule of assertion from its TOML table."""
    return CueRule(
        id=rule["id"],
        means=None if rule["means"] == "nothing" else Assertion(rule["means"]),
        reach=rule["reach"],
        phrases=spelled_out(rule["phrases"]),
        change=Change(rule["change"]) if "change" in rule else None,
        links=rule.get("links", False),
        lists=rule.get("lists", False),
        opens=rule.get("opens", False),
        closes=rule.get("closes", False),
        fires=rule["fires"],
        silent=rule["silent"],
    )


def _change(rule: Mapping[str, Any]) -> ChangeRule:
    return ChangeRule(
        id=rule["id"],
        change=Change(rule["change"]) if "change" in rule else None,
        noun=rule.get("noun", False),
        phrases=spelled_out(rule["phrases"]),
        fires=rule["fires"],
        silent=rule["silent"],
    )


def _organs() -> dict[str, Any]:
    """Return the organ statements: those of the chest and those of the rest of the body."""
    organs = _read("organs")
    organs["organ"] = {**organs["organ"], **_read("organs_body")["organ"]}
    files_of_places = ("refine", "refine_vessels", "refine_msk")
    organs["refine"] = {k: v for name in files_of_places for k, v in _read(name).items()}
    organs["quality"] = {
        quality: spelled_out(phrases) for quality, phrases in organs["quality"].items()
    }
    return organs


@lru_cache(maxsize=8)
def load_rulebook(language: str = "en") -> Rulebook:
    """Return the rules of a language; they are read once per process.

    Raises:
        LanguageNotSupported: There are no rules in that language.
    """
    if language != "en":
        raise LanguageNotSupported(
            f"the text stage has no rules for language {language!r}; available: en"
        )
    cue_files = ("negation", "hedges", "hypothetical")
    return Rulebook(
        cues=tuple(read_cue(rule) for name in cue_files for rule in _read(name)["rule"]),
        changes=tuple(_change(rule) for rule in _read("change")["rule"]),
        scope=_read("scope"),
        attributes=_read("attributes"),
        organs=_organs(),
        titles=_read("sections"),
        implicit_sections=_read("implicit_sections"),
        label_sets=_read("label_sets"),
    )


__all__ = ["ChangeRule", "CueRule", "Rulebook", "load_rulebook", "read_cue", "spelled_out"]
