"""Which findings are shown on the images, under which number and colour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from radnlp.schema import Confidence, Link, LinkSource, RegionSource, Side

if TYPE_CHECKING:
    from radnlp.schema import Analysis, ImageFinding, Region

# Okabe and Ito, "Color Universal Design" (2008), without black; blue last, it is dim on a film.
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#D55E00", "#CC79A7", "#0072B2")

_ANATOMY_OUTLINED = ("right_lung", "left_lung", "heart")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One finding and the places it is tied to.

    Attributes:
        number: From 1, in reading order.
        concept: Vocabulary id.
        side: The patient's side, if the words give one.
        source: Who says it: the words, the picture, or both.
        confidence: The picture's, if the picture speaks.
        region_ids: Where.
        entity_ids: The mentions; empty if only the picture speaks.
    """

    number: int
    concept: str
    side: Side | None
    source: LinkSource
    confidence: Confidence | None
    region_ids: tuple[str, ...]
    entity_ids: tuple[str, ...]

    @property
    def hue(self) -> int:
        """Index of the mark's colour in `COLOURS`."""
        return (self.number - 1) % len(COLOURS)


def marks_of(analysis: Analysis) -> tuple[Mark, ...]:
    """Return the linked findings in reading order, then what the picture alone shows.

    Where there is a draft, only those of the picture's places are marked that a sentence of it
    rests on: what is too unlikely to be written is too unlikely to be drawn.
    """
    found = [*_linked(analysis).values()]
    linked = {region_id for one in found for region_id in one.regions}
    found += _unlinked(analysis, linked).values()
    regions = {region.id: region for region in analysis.regions}
    return tuple(
        Mark(
            number=number,
            concept=one.concept,
            side=one.side,
            source=one.source(),
            confidence=_confidence(analysis, one, [regions[name] for name in one.regions]),
            region_ids=tuple(one.regions),
            entity_ids=tuple(one.entities),
        )
        for number, one in enumerate(found, start=1)
    )


def outlined_anatomy(analysis: Analysis) -> tuple[Region, ...]:
    """Return lungs and heart, which are outlined faintly so that the reader finds the way."""
    return tuple(region for region in analysis.regions if region.label in _ANATOMY_OUTLINED)


def image_finding_of(analysis: Analysis, region: Region) -> ImageFinding | None:
    """Return the image finding that a region of source ``image`` belongs to."""
    for finding in analysis.image_findings:
        if (finding.concept, finding.image_id) == (region.label, region.image_id):
            return finding if region.source is RegionSource.IMAGE else None
    return None


@dataclass(slots=True, kw_only=True)
class _Gathered:
    concept: str
    side: Side | None
    regions: dict[str, None] = field(default_factory=dict)
    entities: dict[str, None] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)

    def source(self) -> LinkSource:
        sources = {link.source for link in self.links} or {LinkSource.IMAGE}
        return sources.pop() if len(sources) == 1 else LinkSource.BOTH


def _linked(analysis: Analysis) -> dict[tuple[str, Side | None], _Gathered]:
    found: dict[tuple[str, Side | None], _Gathered] = {}
    for entity in analysis.entities:
        links = [link for link in analysis.links if link.entity_id == entity.id]
        if not links:
            continue
        key = (entity.concept, entity.side)
        one = found.setdefault(key, _Gathered(concept=entity.concept, side=entity.side))
        one.entities[entity.id] = None
        one.links += links
        one.regions.update(dict.fromkeys(link.region_id for link in links))
    return found


def _unlinked(analysis: Analysis, linked: set[str]) -> dict[str, _Gathered]:
    found: dict[str, _Gathered] = {}
    sentences = analysis.draft.sentences if analysis.draft else ()
    cited = {id for sentence in sentences for id in sentence.evidence}
    for region in analysis.regions:
        spoken_of = analysis.draft is None or region.id in cited
        if region.source is RegionSource.IMAGE and region.id not in linked and spoken_of:
            one = found.setdefault(region.label, _Gathered(concept=region.label, side=None))
            one.regions[region.id] = None
    return found


def _confidence(analysis: Analysis, one: _Gathered, regions: list[Region]) -> Confidence | None:
    """Return the highest confidence the picture gives; links and boxes before whole images."""
    given = [link.confidence for link in one.links] + [region.confidence for region in regions]
    known = [confidence for confidence in given if confidence is not None]
    if not known and one.source() is not LinkSource.ANATOMY:
        findings = [image_finding_of(analysis, region) for region in regions]
        known = [item.confidence for item in findings if item and item.confidence]
    return max(known, key=lambda confidence: confidence.value, default=None)


__all__ = ["COLOURS", "Mark", "image_finding_of", "marks_of", "outlined_anatomy"]
