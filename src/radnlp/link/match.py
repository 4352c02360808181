"""Which mention belongs to which region.

A present finding or device of the patient, now, is tied to

- every zone that its words name, or its usual place if they name none (source ``anatomy``);
- for each side that they name, the box that picture and words together choose (`fuse`), if the
  detector knows the finding (source ``both``);
- every other spot of the same concept that lies in a zone so named (source ``both``); where
  nothing was chosen, also those elsewhere whose side nothing contradicts (source ``image``);
- on a named side where this found nothing of a finding that the detector does not know, a box
  where the detector shows any finding (source ``both``, rule ``words_and_others``), for the kinds
  that `places.toml` lists;
- failing these, every spot in a named zone whose concept may be the same shadow under another
  name, such as an opacity for a contusion (source ``both``);
- on a named side where the picture shows nothing of it, a box of the finding's usual size at its
  usual place in the zone, if that was counted (source ``anatomy``, rule ``usual_size``).

So where words and picture agree, the spot is linked as ``both`` and the zone as ``anatomy``.
Two boxes agree if their common area is at least ``overlap`` of the smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from radnlp.link.fuse import Placed, place, place_by_others
from radnlp.link.places import Named, load_places
from radnlp.link.scene import made_by
from radnlp.link.usual import load_usual
from radnlp.schema import (
    Assertion,
    Box,
    Candidates,
    Entity,
    EntityKind,
    Link,
    LinkSource,
    Provenance,
    Region,
    RegionSource,
    Side,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.link.scene import Scene

_RULES = {LinkSource.IMAGE: "picture", LinkSource.BOTH: "words_and_picture"}

# A chosen box and a spot are one thing from this IoU on; from the lower one on, as for the
# detector's own boxes, they compete.
_SAME, _RIVAL = 0.7, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A finding or device that the patient has now, and the zones that its words name."""

    entity: Entity
    named: Named


class Matcher:
    """Ties the mentions of a report to the regions of its images.

    Args:
        ids: Ids for new regions.
        overlap: A spot lies in a zone if their common area is this share of the smaller one.
    """

    def __init__(self, ids: Iterator[str], overlap: float) -> None:
        self._ids = ids
        self._overlap = overlap
        self._made: dict[tuple[object, ...], Region] = {}

    @property
    def regions(self) -> tuple[Region, ...]:
        """The boxes that were placed, in order; mentions of one thing share one."""
        return tuple(self._made.values())

    def links_of(self, mention: Mention, scene: Scene) -> Iterator[Link]:
        """Yield the links of one mention in one image, zones first."""
        entity, named = mention.entity, mention.named
        zones = [scene.zones[label] for label in named.labels if label in scene.zones]
        for zone in zones:
            yield _link(entity, zone, LinkSource.ANATOMY, named.rule)
        parts = tuple(_parts(mention, scene))
        tied: list[Region] = []
        for region, link in self._chosen(mention, scene, parts):
            tied.append(region)
            yield link
        for spot, source in self._spots(mention, scene, zones, tied):
            tied.append(spot)
            yield _to_spot(entity, spot, source)
        for region, link in self._by_others(mention, scene, tied):
            tied.append(region)
            yield link
        if not tied:
            alike = [spot for spot in scene.spots if _may_be(entity, spot)]
            for spot in (one for one in alike if _lies_in(one.box, zones, self._overlap)):
                tied.append(spot)
                yield _to_spot(entity, spot, LinkSource.BOTH)
        yield from self._usual(mention, scene, parts, tied)

    def _chosen(
        self, mention: Mention, scene: Scene, parts: Sequence[_Part]
    ) -> Iterator[tuple[Region, Link]]:
        """Yield what picture and words choose together."""
        for part in parts:
            placed = part.placed
            if placed is None or placed.confidence is None or part.candidates is None:
                continue
            region = next(
                (
                    spot
                    for spot in scene.spots
                    if spot.label == part.concept and spot.box.iou(placed.box) >= _SAME
                ),
                None,
            ) or self._region(
                Region(
                    id="",
                    image_id=scene.reading.image_id,
                    box=placed.box,
                    label=part.concept,
                    source=RegionSource.IMAGE,
                    confidence=placed.confidence,
                    provenance=_weighed("words_and_picture", part.candidates.weights),
                ),
            )
            yield (
                region,
                Link(
                    entity_id=mention.entity.id,
                    region_id=region.id,
                    source=LinkSource.BOTH,
                    confidence=placed.confidence,
                    provenance=_weighed("words_and_picture", part.candidates.weights),
                ),
            )

    def _spots(
        self,
        mention: Mention,
        scene: Scene,
        zones: Sequence[Region],
        tied: Sequence[Region],
    ) -> list[tuple[Region, LinkSource]]:
        places, entity = load_places(), mention.entity
        free = [
            spot
            for spot in scene.spots
            if all(spot.box.iou(region.box) <= _RIVAL for region in tied)
        ]
        matched = []
        for spot in free:
            if not places.same(entity.concept, spot.label):
                continue
            if _lies_in(spot.box, zones, self._overlap):
                matched.append((spot, LinkSource.BOTH))
            elif not tied and not _contradicts(mention, scene, spot):
                matched.append((spot, LinkSource.IMAGE))
        return matched

    def _usual(
        self, mention: Mention, scene: Scene, parts: Sequence[_Part], tied: Sequence[Region]
    ) -> Iterator[Link]:
        """Yield boxes of the usual size where the picture shows nothing on the named side."""
        for part in parts:
            placed = part.placed
            if placed is None or placed.confidence is not None:
                continue
            if any(part.side is None or _on(scene, part.side, one.box) for one in tied):
                continue
            region = self._region(
                Region(
                    id="",
                    image_id=scene.reading.image_id,
                    box=placed.box,
                    label=mention.entity.concept,
                    source=RegionSource.ANATOMY,
                    provenance=made_by("usual_size"),
                ),
            )
            yield _link(mention.entity, region, LinkSource.ANATOMY, "usual_size")

    def _by_others(
        self, mention: Mention, scene: Scene, tied: Sequence[Region]
    ) -> Iterator[tuple[Region, Link]]:
        """Yield boxes of a finding that the detector does not know, where it shows others."""
        free = [
            (side, placed)
            for side, placed in _shown_by_others(mention, scene, self._overlap)
            if not any(_on(scene, side, one.box) for one in tied)
        ]
        for _, placed in free:
            made = _weighed("words_and_others", scene.reading.candidates[0].weights)
            region = self._region(
                Region(
                    id="",
                    image_id=scene.reading.image_id,
                    box=placed.box,
                    label=mention.entity.concept,
                    source=RegionSource.IMAGE,
                    confidence=placed.confidence,
                    provenance=made,
                )
            )
            link = Link(
                entity_id=mention.entity.id,
                region_id=region.id,
                source=LinkSource.BOTH,
                confidence=placed.confidence,
                provenance=made,
            )
            yield region, link

    def _region(self, region: Region) -> Region:
        """Return a new region, or the one that an earlier mention put there."""
        key = (region.image_id, region.label, region.source, region.box)
        if key not in self._made:
            self._made[key] = replace(region, id=next(self._ids))
        return self._made[key]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """What a mention says of one side, and where that is."""

    concept: str
    side: Side | None
    candidates: Candidates | None
    placed: Placed | None


def _parts(mention: Mention, scene: Scene) -> Iterator[_Part]:
    """Yield one part per side that the words name, in their order."""
    usual, measures = load_usual(), scene.measures()
    entity, named = mention.entity, mention.named
    concept = _counted(entity)
    if concept is None or not measures or entity.kind != EntityKind.FINDING:
        return
    candidates = next((one for one in scene.reading.candidates if one.concept == concept), None)
    image = scene.image_box
    for side, labels in _by_side(named.labels).items():
        zone = _around([scene.zones[label].box for label in labels if label in scene.zones])
        if zone is None:
            continue
        measure = measures[side or Side.LEFT]
        said = labels if named.rule == "words" else ()
        habit = usual.habit(concept, said, zone, measure)
        placed = place(habit, measure, candidates, usual, image, one_side=side is not None)
        yield _Part(concept=concept, side=side, candidates=candidates, placed=placed)


def _counted(entity: Entity) -> str | None:
    """Return the finding whose boxes were counted, the mention's own or a broader one."""
    habits = load_usual().habits
    return next((one for one in (entity.concept, *entity.ancestors) if one in habits), None)


def _shown_by_others(
    mention: Mention, scene: Scene, overlap: float
) -> Iterator[tuple[Side, Placed]]:
    """Yield where the picture shows any finding in the zone, for each side that the words name."""
    entity, usual, measures = mention.entity, load_usual(), scene.measures()
    if entity.kind != EntityKind.FINDING or _counted(entity) is not None:
        return
    if not measures or not scene.reading.candidates or not load_places().by_others(entity.concept):
        return
    for side, labels in _by_side(mention.named.labels).items():
        zone = _around([scene.zones[label].box for label in labels if label in scene.zones])
        if zone is None or side is None:
            continue
        habit = usual.common_habit(labels, zone, measures[side])
        placed = habit and place_by_others(
            habit, measures[side], scene.reading.candidates, usual, scene.image_box
        )
        if placed and _on(scene, side, placed.box) and _common(placed.box, zone) >= overlap:
            yield side, placed


def _by_side(labels: Sequence[str]) -> dict[Side | None, tuple[str, ...]]:
    groups: dict[Side | None, tuple[str, ...]] = {}
    for label in labels:
        start = label.partition("_")[0]
        side = Side(start) if start in (Side.LEFT, Side.RIGHT) else None
        groups[side] = (*groups.get(side, ()), label)
    return groups


def _around(boxes: Sequence[Box]) -> Box | None:
    if not boxes:
        return None
    return Box(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )


def is_linkable(entity: Entity) -> bool:
    """Tell whether the mention says that the patient has a finding or device now."""
    return entity.assertion == Assertion.PRESENT and entity.is_current


def _lies_in(box: Box, zones: Sequence[Region], overlap: float) -> bool:
    return any(_common(box, zone.box) >= overlap for zone in zones)


def _common(one: Box, other: Box) -> float:
    """Return the common area as a share of the smaller box."""
    common = one.intersection(other)
    return common.area / min(one.area, other.area) if common else 0.0


def _contradicts(mention: Mention, scene: Scene, spot: Region) -> bool:
    """Tell whether the spot lies mostly on the side that the words, or their place, do not say."""
    side = mention.entity.side
    if side is None:
        implied = set(_by_side(mention.named.labels))  # the lingula is on the left
        side = implied.pop() if len(implied) == 1 else None
    if side not in (Side.LEFT, Side.RIGHT):
        return False
    return not _on(scene, side, spot.box)


def _on(scene: Scene, side: Side, box: Box) -> bool:
    """Tell whether a box does not lie mostly on the other side."""
    return not scene.box_share_on(side, box) < 0.5


def _link(entity: Entity, region: Region, source: LinkSource, rule: str) -> Link:
    return Link(entity_id=entity.id, region_id=region.id, source=source, provenance=made_by(rule))


def _may_be(entity: Entity, spot: Region) -> bool:
    """Tell whether a spot may be the finding's shadow under another name."""
    return load_places().may_be(entity.concept, spot.label)


def _to_spot(entity: Entity, spot: Region, source: LinkSource) -> Link:
    return Link(
        entity_id=entity.id,
        region_id=spot.id,
        source=source,
        confidence=spot.confidence,
        provenance=_seen(spot, source),
    )


def _seen(spot: Region, source: LinkSource) -> Provenance:
    return _weighed(_RULES[source], spot.provenance.weights if spot.provenance else None)


def _weighed(rule: str, weights: str | None) -> Provenance:
    return replace(made_by(rule), weights=weights)


__all__ = ["Matcher", "Mention", "is_linkable"]
