"""The words of a draft: what a finding is called, where it is grouped, how urgent it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from radnlp.schema import Side
from radnlp.vocabulary import broader, load_vocabulary

_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The tables of `phrases.toml`, which explains them."""

    sentences: Mapping[str, Mapping[str, str]]
    groups: Mapping[str, tuple[str, ...]]
    urgency: tuple[str, ...]
    critical: frozenset[str]
    not_critical: frozenset[str]
    misplaced_in: Mapping[str, tuple[str, ...]]
    not_normal_above: float
    doubt: tuple[frozenset[str], ...]
    sided: frozenset[str]
    placed: frozenset[str]
    names: Mapping[str, str]
    plural: frozenset[str]
    absent: Mapping[str, str]
    places: Mapping[str, str]
    nouns: Mapping[str, str]
    misplaced: Mapping[str, str]
    regions: Mapping[str, str]
    words: Mapping[str, frozenset[str]]

    def name(self, concept: str) -> str:
        """Return what a concept is called in a sentence."""
        vocabulary = load_vocabulary()
        if concept in self.names or concept not in vocabulary:
            return self.names.get(concept, concept.replace("_", " "))
        return vocabulary.get(concept).name

    def qualifiers(self, concept: str, text: str) -> frozenset[str]:
        """Return the words of a mention that say more than the name of its concept.

        Examples:
            >>> sorted(load_phrases().qualifiers("pleural_effusion", "Loculated effusion"))
            ['loculated']
        """
        said = _WORD.findall(text.lower())
        return self.words["qualifiers"].intersection(said).difference(self.name(concept).split())

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

    def is_critical(self, concept: str) -> bool:
        """Tell whether somebody must be told of it at once.

        Examples:
            >>> load_phrases().is_critical("pneumothorax"), load_phrases().is_critical("nodule")
            (True, False)
        """
        names = {concept, *broader(concept)}
        return bool(names & self.critical) and not names & self.not_critical

    def wrong_place(self, device: str, places: Iterable[str]) -> str | None:
        """Return the first of the places where the device must not lie; ``None`` if there is none.

        Examples:
            >>> load_phrases().wrong_place("endotracheal_tube", ["bronchus"])
            'bronchus'
        """
        wrong = {
            place for one in (device, *broader(device)) for place in self.misplaced_in.get(one, ())
        }
        return next((place for place in places if place in wrong), None)

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
        critical=frozenset(table["critical"]["concepts"]),
        not_critical=frozenset(table["critical"]["except"]),
        misplaced_in={one: tuple(there) for one, there in table["critical"]["misplaced"].items()},
        not_normal_above=float(table["ratio"]["not_normal_above"]),
        doubt=tuple(frozenset(group) for group in table["doubt"]["groups"]),
        sided=frozenset(table["image"]["sided"]),
        placed=frozenset(table["image"]["placed"]),
        names=table["names"],
        plural=frozenset(table["plural"]["concepts"]),
        absent=table["absent"],
        places=table["places"],
        nouns=table["nouns"],
        misplaced=table["misplaced"],
        regions=table["regions"],
        words={name: frozenset(words) for name, words in table["words"].items()},
    )


__all__ = ["Phrases", "load_phrases"]
