"""Reads the concept files that lie in ``concepts/``, one per topic.

English terms stand with the concept. Another language adds a folder ``terms_<code>/`` whose files
hold one list of terms per id.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from radnlp.errors import LanguageNotSupported
from radnlp.schema.entity import EntityKind, Side
from radnlp.vocabulary.concept import Concept, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SIDES = (Side.LEFT, Side.RIGHT, Side.BILATERAL, Side.MIDLINE)


def _concepts_of(topic: Mapping[str, Any]) -> Iterator[Concept]:
    """Yield the concepts of one file; `kind` and `region` at its top hold for all of them."""
    for id, entry in topic.items():
        if isinstance(entry, dict):
            yield Concept(
                id=id,
                kind=EntityKind(entry.get("kind", topic["kind"])),
                parents=tuple(entry.get("parents", ())),
                terms=tuple(entry["terms"]),
                sided={side: tuple(entry[side]) for side in _SIDES if side in entry},
                region=entry.get("region", topic["region"]),
                radlex=entry.get("radlex"),
            )


def load_vocabulary(language: str = "en") -> Vocabulary:
    """Return the vocabulary of a language; it is read once per process.

    Raises:
        LanguageNotSupported: There are no terms in that language.

    Examples:
        >>> load_vocabulary().is_a("consolidation", "opacity")
        True
    """
    return _read(language)


@lru_cache(maxsize=8)
def _read(language: str) -> Vocabulary:
    if language != "en":
        raise LanguageNotSupported(
            f"the vocabulary has no terms in language {language!r}; available: en"
        )
    folder = files("radnlp.vocabulary") / "concepts"
    topics = sorted((file for file in folder.iterdir()), key=lambda file: file.name)
    return Vocabulary(
        concept
        for file in topics
        if file.name.endswith(".toml")
        for concept in _concepts_of(tomllib.loads(file.read_text(encoding="utf-8")))
    )


__all__ = ["load_vocabulary"]
