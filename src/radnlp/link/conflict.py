"""Where the report and the picture disagree.

A false alarm costs more trust than a missed one, so a conflict is raised only if no mention and
no image leaves room for agreement:

- ``side``: the report places a finding on one side only, and every image that shows it shows
  it on the other side: the detector's likeliest box there leads the likeliest on the named side
  by far, or all boxes and nearly all of the heat lie there where the vision stage does not say what
  it weighs. `pipeline` keeps it only if a second look, at the mirror image, bears it out too;
- ``presence``, reported and not seen: every image judged the finding, calibrated and far below
  doubt, and shows nothing that may be the same shadow; faint findings are left to the reader;
- ``presence``, denied and seen: the report denies the finding as a whole, and an image shows it,
  calibrated and near certain, while no mention could be a name of it;
- ``position``: the words name a zone or a side for a device, and every region that a vision stage
  gives for it lies wholly elsewhere;
- ``count``: the words count a finding, and no image shows as many boxes. It is raised only for the
  findings that the options name, because a detector must be known to count right.

History, indication, technique and comparison are not what the report finds, so they do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from radnlp.link.match import is_linkable
from radnlp.link.places import is_narrower, load_places
from radnlp.link.scene import made_by
from radnlp.schema import (
    Assertion,
    Conflict,
    ConflictKind,
    EntityKind,
    Severity,
    Side,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.link.scene import Scene
    from radnlp.schema import Confidence, Entity, ImageFinding, Region

_FAINT = (Severity.TRACE, Severity.SMALL, Severity.MILD)
_OTHER = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictOptions:
    """How sure the picture must be.

    A confidence is calibrated on films like those of the training; another film may get a very low
    one for a finding that anyone sees, so ``absent_below`` lies far below what such films get.

    Attributes:
        lead: Where the detector says what it weighs, its likeliest box on the side that the report
            does not say must lead the likeliest on the other by this much, in logits. Chosen on
            films that their networks did not learn from (decision 9).
        side_heat: Elsewhere heat counts from this part of a map's maximum on: lower than for boxes,
            so that a finding that also shows faintly on the named side is no conflict.
        side_share: Least share of that heat, and of each box, on the side that the report does not
            say.
        absent_below: A calibrated confidence up to this one counts as not seen.
        present_above: A calibrated confidence from this one on counts as seen.
        counted: Findings whose boxes may be counted. None by default: those of the shipped weights
            do not count right (the page on evaluation has the figures).
    """

    lead: float = 1.0
    side_heat: float = 0.4
    side_share: float = 0.95
    absent_below: float = 0.001
    present_above: float = 0.9
    counted: tuple[str, ...] = ()


def conflicts_of(
    entities: Sequence[Entity], scenes: Sequence[Scene], options: ConflictOptions
) -> tuple[Conflict, ...]:
    """Return the conflicts between a report's mentions and its images, one per kind and finding."""
    said = [entity for entity in entities if entity.is_current and not entity.section.is_background]
    # Confidences are calibrated on patients; on a simulated film they mean nothing.
    films = [scene for scene in scenes if not scene.simulated]
    return (
        *_sides(said, scenes, options),
        *_reported_not_seen(said, films, options),
        *_denied_but_seen(said, films, options),
        *_positions(said, scenes, options),
        *_counts(said, scenes, options),
    )


def _sides(
    said: Sequence[Entity], scenes: Sequence[Scene], options: ConflictOptions
) -> Iterator[Conflict]:
    places = load_places()
    for concept in _concepts(finding for finding in _findings(scenes) if finding.positive):
        # Every mention that could be meant must say the same one side.
        maybe = [one for one in said if not _denies(one) and places.may_be(one.concept, concept)]
        sides = {one.side for one in maybe}
        side = sides.pop() if len(sides) == 1 else None
        mentions = [
            one
            for one in maybe
            if is_linkable(one)
            and one.concept not in places.too_broad
            and (
                is_narrower(concept, one.concept)
                or (concept in places.any_kind and is_narrower(one.concept, concept))
            )
        ]
        if side not in _OTHER or not mentions:
            continue
        other = _OTHER[side]
        seen = [
            (scene, finding)
            for scene in scenes
            for finding in scene.reading.findings
            if finding.positive and finding.concept == concept
        ]
        if not all(_shows_on(other, scene, concept, options) for scene, _ in seen):
            continue
        shown = [finding for _, finding in seen]
        yield Conflict(
            kind=ConflictKind.SIDE,
            entity_ids=tuple(one.id for one in mentions),
            region_ids=_spots(scenes, concept),
            finding_ids=tuple(finding.id for finding in shown),
            sentence=(
                f"The report places {_name(concept)} on the {side}; "
                f"the image shows it on the {other} ({_sureness(shown)})."
            ),
            provenance=made_by("side", shown[0]),
        )


def _shows_on(side: Side, scene: Scene, concept: str, options: ConflictOptions) -> bool:
    """Tell whether an image shows a finding on one side, and hardly on the other."""
    lead = scene.lead_on(side, concept)
    if lead is not None:
        return lead >= options.lead
    boxes = (region.box for region in _boxes(scene, concept) if region.label == concept)
    return scene.share_on(side, concept, options.side_heat) >= options.side_share and all(
        scene.box_share_on(side, box) >= options.side_share for box in boxes
    )


def _reported_not_seen(
    said: Sequence[Entity], scenes: Sequence[Scene], options: ConflictOptions
) -> Iterator[Conflict]:
    places = load_places()
    present = [one for one in said if one.kind == EntityKind.FINDING and is_linkable(one)]
    for concept in dict.fromkeys(one.concept for one in present):
        mentions = [one for one in present if one.concept == concept]
        if any(one.severity in _FAINT for one in mentions):
            continue
        judged = [
            finding
            for finding in _findings(scenes)
            if finding.supported
            and places.same(finding.concept, concept)
            and is_narrower(concept, finding.concept)
        ]
        sure = judged and all(_at_most(finding, options.absent_below) for finding in judged)
        if not sure or any(
            finding.positive and places.may_be(finding.concept, concept)
            for finding in _findings(scenes)
        ):
            continue
        yield Conflict(
            kind=ConflictKind.PRESENCE,
            entity_ids=tuple(one.id for one in mentions),
            finding_ids=tuple(finding.id for finding in judged),
            sentence=(
                f"The report states {_name(concept)}; "
                f"the image does not show it ({_sureness(judged)})."
            ),
            provenance=made_by("reported_not_seen", judged[0]),
        )


def _denied_but_seen(
    said: Sequence[Entity], scenes: Sequence[Scene], options: ConflictOptions
) -> Iterator[Conflict]:
    places = load_places()
    for concept in _concepts(_findings(scenes)):
        shown = [
            finding
            for finding in _findings(scenes)
            if finding.concept == concept and _at_least(finding, options.present_above)
        ]
        mentions = [
            one
            for one in said
            if one.assertion == Assertion.ABSENT
            and not places.limits(one)
            and is_narrower(concept, one.concept)
        ]
        if (
            not shown
            or not mentions
            or any(not _denies(one) and places.may_be(one.concept, concept) for one in said)
        ):
            continue
        yield Conflict(
            kind=ConflictKind.PRESENCE,
            entity_ids=tuple(one.id for one in mentions),
            region_ids=_spots(scenes, concept),
            finding_ids=tuple(finding.id for finding in shown),
            sentence=(
                f"The report denies {_name(mentions[0].concept)}; "
                f"the image shows {_name(concept)} ({_sureness(shown)})."
            ),
            provenance=made_by("denied_but_seen", shown[0]),
        )


def _positions(
    said: Sequence[Entity], scenes: Sequence[Scene], options: ConflictOptions
) -> Iterator[Conflict]:
    """Yield devices that every region shows outside of the zones, or the side, that is named."""
    placed = [one for one in said if one.kind == EntityKind.DEVICE and is_linkable(one)]
    for concept in dict.fromkeys(one.concept for one in placed):
        mentions = [one for one in placed if one.concept == concept]
        seen = [(scene, region) for scene in scenes for region in _boxes(scene, concept)]
        # Two mentions may be of two devices, and one of them may lie where the other is said to.
        if not seen or len(mentions) != 1:
            continue
        (mention,) = mentions
        named = _named_elsewhere(mention, seen) or _on_the_other_side(mention, seen, options)
        if named is None:
            continue
        sure = [region.confidence for _, region in seen if region.confidence is not None]
        regions = tuple(region.id for _, region in seen)
        yield Conflict(
            kind=ConflictKind.POSITION,
            entity_ids=(mention.id,),
            region_ids=regions,
            sentence=(
                f"The report places {_name(concept)} {named}; "
                f"the image shows it elsewhere ({_highest(sure)})."
            ),
            provenance=made_by("position"),
        )


def _named_elsewhere(mention: Entity, seen: Sequence[tuple[Scene, Region]]) -> str | None:
    """Say where the words place a device that no region shows there; ``None`` if one may."""
    named = load_places().named_by(mention)
    if named.rule != "words":
        return None
    for scene, region in seen:
        zones = [scene.zones[label] for label in named.labels if label in scene.zones]
        if not zones or any(region.box.intersection(zone.box) for zone in zones):
            return None
    there = (mention.side, " or ".join(map(_name, mention.locations)))
    return f"in the {' '.join(word for word in there if word)}"


def _on_the_other_side(
    mention: Entity, seen: Sequence[tuple[Scene, Region]], options: ConflictOptions
) -> str | None:
    other = _OTHER.get(mention.side) if mention.side else None
    if other is None or not all(
        scene.box_share_on(other, region.box) >= options.side_share for scene, region in seen
    ):
        return None
    return f"on the {mention.side}"


def _counts(
    said: Sequence[Entity], scenes: Sequence[Scene], options: ConflictOptions
) -> Iterator[Conflict]:
    """Yield findings that the words count otherwise than every image that shows boxes of them."""
    for concept in options.counted:
        mentions = [one for one in said if is_linkable(one) and is_narrower(one.concept, concept)]
        told = {one.count for one in mentions}
        shown = [regions for scene in scenes if (regions := _boxes(scene, concept))]
        # A mention without a number ("nodules") leaves room for any.
        if len(told) != 1 or None in told or not shown:
            continue
        count = told.pop()
        if any(len(regions) == count for regions in shown):
            continue
        regions = max(shown, key=len)
        sure = [region.confidence for region in regions if region.confidence is not None]
        yield Conflict(
            kind=ConflictKind.COUNT,
            entity_ids=tuple(one.id for one in mentions),
            region_ids=tuple(region.id for region in regions),
            sentence=(
                f"The report counts {count} of {_name(concept)}; "
                f"the image shows {len(regions)} ({_highest(sure)})."
            ),
            provenance=made_by("count"),
        )


def _boxes(scene: Scene, concept: str) -> list[Region]:
    """Return the regions of a concept that the vision stage gave, not those cut from heat maps."""
    own = {region.id for region in scene.new}
    return [spot for spot in scene.spots if spot.id not in own and is_narrower(spot.label, concept)]


def _denies(entity: Entity) -> bool:
    return entity.assertion == Assertion.ABSENT


def _findings(scenes: Sequence[Scene]) -> Iterator[ImageFinding]:
    for scene in scenes:
        yield from scene.reading.findings


def _concepts(findings: Iterator[ImageFinding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.concept for finding in findings))


def _spots(scenes: Sequence[Scene], concept: str) -> tuple[str, ...]:
    return tuple(spot.id for scene in scenes for spot in scene.spots if spot.label == concept)


def _at_most(finding: ImageFinding, value: float) -> bool:
    sure = finding.confidence
    return sure is not None and sure.calibrated and not finding.positive and sure.value <= value


def _at_least(finding: ImageFinding, value: float) -> bool:
    sure = finding.confidence
    return sure is not None and sure.calibrated and finding.positive and sure.value >= value


def _sureness(findings: Sequence[ImageFinding]) -> str:
    """Return the highest confidence in words; `Confidence` decides if it may be a percentage."""
    return _highest([one.confidence for one in findings if one.confidence is not None])


def _highest(sure: Sequence[Confidence]) -> str:
    if not sure:
        return "without a confidence"
    return f"model confidence {max(sure, key=lambda one: one.value)}"


def _name(concept: str) -> str:
    return concept.replace("_", " ")


__all__ = ["ConflictOptions", "conflicts_of"]
