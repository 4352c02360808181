"""The words of a draft: what a finding is called, where it is grouped, how urgent it is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from radnlp.schema import Side
from radnlp.vocabulary import load_vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The tables of `phrases.toml`, which explains them."""

    sentences: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    urgency: tuple[str, ...]
    doubt: tuple[frozenset[str], ...]
    sided: frozenset[str]
    placed: frozenset[str]
    names: Mapping[str, str]
    absent: Mapping[str, str]
    places: Mapping[str, str]
    regions: Mapping[str, str]

    def name(self, concept: str) -> str:
        """Return what a concept is called in a sentence."""
        vocabulary = load_vocabulary()
        if concept in self.names or concept not in vocabulary:
            return self.names.get(concept, concept.replace("_", " "))
        return vocabulary.get(concept).name

    def group(self, concept: str) -> str:
        """Return the group that a concept belongs to."""
        for one in (concept, *broader(concept)):
            for name, members in self.groups.items():
                if one in members:
                    return name
        return "other"

    def order(self, concept: str) -> int:
        """Return the place of the concept's group in the reader's order."""
        return list(self.groups).index(self.group(concept))

    def casts_doubt(self, stated: str, concept: str) -> bool:
        """Tell whether one should not be denied beside the other, which is stated."""
        mine, theirs = {stated, *broader(stated)}, {concept, *broader(concept)}
        return (
            stated in theirs
            or concept in mine
            or any(group & mine and group & theirs for group in self.doubt)
        )

    def rank(self, concept: str) -> int:
        """Return how urgent a concept is; 0 is the most urgent."""
        for one in (concept, *broader(concept)):
            if one in self.urgency:
                return self.urgency.index(one)
        return len(self.urgency)

    def place_of(self, label: str) -> tuple[Side | None, str | None]:
        """Return side and anatomy concept of a region's label.

        Examples:
            >>> load_phrases().place_of("left_apex")
            (<Side.LEFT: 'left'>, 'lung_apex')
        """
        side, _, part = label.partition("_")
        if side not in (Side.LEFT, Side.RIGHT):
            return None, self.regions.get(label)
        return Side(side), self.regions.get(part)


@lru_cache(maxsize=1)
def load_phrases() -> Phrases:
    """Return the tables; they are read once per process."""
    table = tomllib.loads((files("radnlp.report") / "phrases.toml").read_text(encoding="utf-8"))
    return Phrases(
        sentences=table["sentences"],
        groups={name: tuple(group) for name, group in table["groups"].items()},
        urgency=tuple(table["urgency"]["order"]),
        doubt=tuple(frozenset(group) for group in table["doubt"]["groups"]),
        sided=frozenset(table["image"]["sided"]),
        placed=frozenset(table["image"]["placed"]),
        names=table["names"],
        absent=table["absent"],
        places=table["places"],
        regions=table["regions"],
    )


def broader(concept: str) -> tuple[str, ...]:
    """Return broader ids, nearest first; none for what a plug-in calls by a name of its own."""
    vocabulary = load_vocabulary()
    return vocabulary.ancestors(concept) if concept in vocabulary else ()


def is_narrower(concept: str, other: str) -> bool:
    """Tell whether ``concept`` is ``other`` or a narrower name of it."""
    return concept == other or other in broader(concept)


__all__ = ["Phrases", "broader", "is_narrower", "load_phrases"]
