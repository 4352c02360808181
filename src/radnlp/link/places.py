"""Which zones the words of a mention name, and which findings may be the same thing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from radnlp.link.words import NOTHING_SAID, Said
from radnlp.schema import Side
from radnlp.vocabulary import broader, is_narrower

if TYPE_CHECKING:
    from radnlp.schema import Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something lies; `places.toml` explains the fields."""

    zones: tuple[str, ...]
    side: Side | None = None
    unsided: tuple[str, ...] = ()
    unnumbered: tuple[str, ...] = ()
    broad: bool = False
    organ: bool = False

    def labels(self, side: Side | None, said: Said = NOTHING_SAID) -> tuple[str, ...]:
        """Return the zones for the side that the words give; none if a side is missing.

        Args:
            side: What the mention says.
            said: What else its sentence says: numbers of ribs, and which of two sides comes first.
        """
        sides = _SIDES.get(side or self.side or Side.MIDLINE, ())
        if said.worse is not None:
            sides = tuple(sorted(sides, key=lambda one: one is not said.worse))
        if not sides:
            zones = self.unsided or tuple(zone for zone in self.zones if "{side}" not in zone)
            return tuple(dict.fromkeys(zones))
        labels = [zone.format(side=one) for one in sides for zone in self._zones(said.ribs_of(one))]
        return tuple(dict.fromkeys(labels))

    def _zones(self, ribs: tuple[int, ...]) -> tuple[str, ...]:
        """Return the zones with the numbers of ribs, where they ask for them, in their place."""
        if not self.unnumbered:
            return self.zones
        numbered = [zone.replace("{rib}", str(rib)) for rib in ribs for zone in self.zones]
        return tuple(numbered) or self.unnumbered


_SIDES: Mapping[Side, tuple[Side, ...]] = {
    Side.LEFT: (Side.LEFT,),
    Side.RIGHT: (Side.RIGHT,),
    Side.BILATERAL: (Side.LEFT, Side.RIGHT),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The zones of one mention.

    Attributes:
        labels: Anatomy labels.
        rule: ``words`` if the words name the place, ``usual_place`` if the finding has its own.
    """

    labels: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The whole table.

    Attributes:
        words: Places by anatomy concept.
        findings: Places by finding or device.
        too_broad: Concepts that do not make two mentions the same thing.
        any_kind: Findings that the picture shows on one side, whatever kind of it the words name.
        same_shadow: Groups of findings that may be names of one shadow.
        shown_by_others: Kinds of findings that are looked for where any finding shows.
        never_by_others: Those among them that are not.
    """

    words: Mapping[str, Place]
    findings: Mapping[str, Place]
    too_broad: frozenset[str]
    any_kind: frozenset[str]
    same_shadow: tuple[frozenset[str], ...]
    shown_by_others: frozenset[str]
    never_by_others: frozenset[str]

    def named_by(self, entity: Entity, said: Said = NOTHING_SAID) -> Named:
        """Return the zones that a mention names, by its words or by its nature.

        There are none if the words name a place that no zone shows, or if a side would be needed
        and none is said. Of two sides the worse comes first, if the words say which.

        Examples:
            >>> from radnlp.schema import Entity, EntityKind, SectionKind, Span
            >>> effusion = Entity(
            ...     id="e0", text="effusion", span=Span(0, 8), section=SectionKind.FINDINGS,
            ...     kind=EntityKind.FINDING, concept="pleural_effusion", side=Side.LEFT,
            ... )
            >>> load_places().named_by(effusion).labels
            ('left_costophrenic_angle', 'left_lower_zone')
        """
        own = _nearest(entity.concept, self.findings)
        places = [_nearest(location, self.words) for location in _most_specific(entity.locations)]
        if own is not None and all(place is not None and place.broad for place in places):
            return Named(labels=own.labels(entity.side, said), rule="usual_place")
        labels = [label for place in places if place for label in place.labels(entity.side, said)]
        return Named(labels=tuple(dict.fromkeys(labels)), rule="words")

    def limits(self, entity: Entity) -> bool:
        """Tell whether the words speak of a part only, so that the rest is left open."""
        if entity.side in (Side.LEFT, Side.RIGHT):
            return True
        for location in _most_specific(entity.locations):
            place = _nearest(location, self.words)
            if place is None or (not place.broad and any("{" in zone for zone in place.zones)):
                return True
        return False

    def organ_of(self, concept: str) -> str | None:
        """Return the label of the organ whose size or shape the finding is, if it is one."""
        place = self.findings.get(concept)
        return place.zones[0] if place and place.organ else None

    def same(self, one: str, other: str) -> bool:
        """Tell whether two concepts are equal or one is a narrower name of the other."""
        if one == other:
            return True
        if one in broader(other):
            return one not in self.too_broad
        return other in broader(one) and other not in self.too_broad

    def may_be(self, one: str, other: str) -> bool:
        """Tell whether two concepts may be names of one shadow."""
        mine, theirs = {one, *broader(one)}, {other, *broader(other)}
        return self.same(one, other) or any(
            group & mine and group & theirs for group in self.same_shadow
        )

    def by_others(self, concept: str) -> bool:
        """Tell whether a finding without boxes is looked for where the picture shows others."""
        line = {concept, *broader(concept)}
        return bool(line & self.shown_by_others) and not line & self.never_by_others


@lru_cache(maxsize=1)
def load_places() -> Places:
    """Return the table of `places.toml`; it is read once per process."""
    table = tomllib.loads((files("radnlp.link") / "places.toml").read_text(encoding="utf-8"))
    return Places(
        words={concept: _place(entry) for concept, entry in table["words"].items()}
        | dict.fromkeys(table["nowhere"], Place(zones=())),
        findings={concept: _place(entry) for concept, entry in table["findings"].items()},
        too_broad=frozenset(table["alike"]["too_broad"]),
        any_kind=frozenset(table["alike"]["any_kind"]),
        same_shadow=tuple(frozenset(group) for group in table["alike"]["same_shadow"]),
        shown_by_others=frozenset(table["by_others"]["kinds"]),
        never_by_others=frozenset(table["by_others"]["never"]),
    )


def _place(entry: Mapping[str, Any]) -> Place:
    return Place(
        zones=tuple(entry["zones"]),
        side=Side(entry["side"]) if "side" in entry else None,
        unsided=tuple(entry.get("unsided", ())),
        unnumbered=tuple(entry.get("unnumbered", ())),
        broad=entry.get("broad", False),
        organ=entry.get("organ", False),
    )


def _nearest(concept: str, table: Mapping[str, Place]) -> Place | None:
    for one in (concept, *broader(concept)):
        if one in table:
            return table[one]
    return None


def _most_specific(locations: tuple[str, ...]) -> tuple[str, ...]:
    wholes = {whole for location in locations for whole in broader(location)}
    return tuple(location for location in locations if location not in wholes)


__all__ = ["Named", "Place", "Places", "is_narrower", "load_places"]
