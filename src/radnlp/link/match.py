"""Which mention belongs to which region.

A present finding or device of the patient, now, is tied to

- every zone that its words name, or its usual place if they name none (source ``anatomy``);
- every spot of the same concept that the picture shows: source ``both`` if the spot lies in a
  zone so named, ``image`` if it does not but nothing contradicts the side;
- failing that, every spot in a named zone whose concept may be the same shadow under another
  name, such as an opacity for a pneumonia (source ``both``).

So where words and picture agree, the spot is linked as ``both`` and the zone as ``anatomy``.
Two boxes agree if their common area is at least ``overlap`` of the smaller one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.link.places import load_places
from radnlp.link.scene import made_by
from radnlp.schema import (
    Assertion,
    Link,
    LinkSource,
    Provenance,
    Side,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.link.scene import Scene
    from radnlp.schema import Box, Entity, Region

_RULES = {LinkSource.IMAGE: "picture", LinkSource.BOTH: "words_and_picture"}


def is_linkable(entity: Entity) -> bool:
    """Tell whether the mention says that the patient has a finding or device now."""
    return entity.assertion == Assertion.PRESENT and entity.is_current


def links_of(entity: Entity, scene: Scene, overlap: float) -> Iterator[Link]:
    """Yield the links of one mention in one image, zones first."""
    if not is_linkable(entity):
        return
    places = load_places()
    named = places.named_by(entity)
    zones = [scene.zones[label] for label in named.labels if label in scene.zones]
    for zone in zones:
        yield Link(
            entity_id=entity.id,
            region_id=zone.id,
            source=LinkSource.ANATOMY,
            provenance=made_by(named.rule),
        )
    same = [spot for spot in scene.spots if places.same(entity.concept, spot.label)]
    matched = list(_matched(entity, scene, same, zones, overlap))
    if not matched:
        alike = [spot for spot in scene.spots if places.may_be(entity.concept, spot.label)]
        matched = [(spot, LinkSource.BOTH) for spot in alike if _lies_in(spot.box, zones, overlap)]
    for spot, source in matched:
        yield Link(
            entity_id=entity.id,
            region_id=spot.id,
            source=source,
            confidence=spot.confidence,
            provenance=_seen(spot, source),
        )


def _matched(
    entity: Entity, scene: Scene, spots: Sequence[Region], zones: Sequence[Region], overlap: float
) -> Iterator[tuple[Region, LinkSource]]:
    for spot in spots:
        if _lies_in(spot.box, zones, overlap):
            yield spot, LinkSource.BOTH
        elif not _contradicts(entity, scene, spot):
            yield spot, LinkSource.IMAGE


def _lies_in(box: Box, zones: Sequence[Region], overlap: float) -> bool:
    return any(_common(box, zone.box) >= overlap for zone in zones)


def _common(one: Box, other: Box) -> float:
    """Return the common area as a share of the smaller box."""
    common = one.intersection(other)
    return common.area / min(one.area, other.area) if common else 0.0


def _contradicts(entity: Entity, scene: Scene, spot: Region) -> bool:
    """Tell whether the spot lies mostly on the side that the words do not say."""
    if entity.side not in (Side.LEFT, Side.RIGHT):
        return False
    return scene.box_share_on(entity.side, spot.box) < 0.5


def _seen(spot: Region, source: LinkSource) -> Provenance:
    weights = spot.provenance.weights if spot.provenance else None
    made = made_by(_RULES[source])
    return Provenance(producer=made.producer, version=made.version, rule=made.rule, weights=weights)


__all__ = ["is_linkable", "links_of"]
