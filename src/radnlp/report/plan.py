"""What a draft says, in the reader's order, and what carries it.

- What the report states now, as present or uncertain: carried by its mentions.
- What the image shows: carried by the finding, its spots and the zone they lie in. It is stated
  outright only if it is calibrated and near certain, hedged if it is likely enough, and left
  unsaid below that. Side and zone are said only if the spots lie clearly on one side.
- What the image was judged for and does not show: carried by the finding, and left unsaid where
  the report, or another finding, gives room for doubt.

What the model does not support is never spoken of. A finding that both sides show is said once.
What was measured on the outlines is said with them as evidence; `radnlp.report.compare` adds what
the earlier report bears out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from radnlp.report.compare import compared, denied_in
from radnlp.report.phrases import load_phrases
from radnlp.report.statement import Claim, Statement, term_of
from radnlp.schema import (
    Assertion,
    ConflictKind,
    Entity,
    EntityKind,
    ImageFinding,
    RegionSource,
    Side,
)
from radnlp.vocabulary import broader, is_kin, is_narrower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from radnlp.schema import ImageReading, LinkReading, Region

T = TypeVar("T")
_THIRDS = ("upper_zone", "mid_zone", "lower_zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """How sure an image must be to be quoted.

    The operating point of a finding is not enough: for a rare one it may lie at a chance of one in
    fifteen, so that most films would be called abnormal.

    Attributes:
        certain_above: From this calibrated confidence on a finding is stated outright.
        possible_above: From this calibrated confidence on it is stated with a hedge; chosen on the
            part of the training films that the network was calibrated on. An
            uncalibrated positive finding is always hedged.
        absent_below: Up to this calibrated confidence a finding that was judged and not seen is
            denied. Nothing is denied on an uncalibrated one.
        side_share: Least share of the spots' area on one side for that side to be said.
    """

    certain_above: float = 0.8
    possible_above: float = 0.25
    absent_below: float = 0.1
    side_share: float = 0.9


def plan(
    entities: Sequence[Entity],
    readings: Sequence[ImageReading],
    links: LinkReading,
    options: PlanOptions,
    *,
    views: Mapping[str, str | None] | None = None,
    earlier: Sequence[Entity] = (),
) -> tuple[Statement, ...]:
    """Return what to say, in the reader's order: groups, and in each the positive first.

    Args:
        entities: The report's mentions.
        readings: What the vision stage said.
        links: Zones and spots, links and conflicts.
        options: How sure an image must be.
        views: View of each image by its id, where it is known.
        earlier: Mentions of the earlier report, ids with ``p:``.
    """
    reported = _reported(entities, links)
    seen = _seen(readings, links, options)
    seen = [_beside_denial(one, entities) for one in seen]
    stated = _together(reported, seen, links)
    denied = _denials(entities, readings, stated, options)
    measured = _measured(readings, views or {})
    statements = (*compared((*stated, *denied), earlier), *measured)
    phrases = load_phrases()
    return tuple(
        sorted(
            statements,
            key=lambda one: (
                phrases.order(one.concept),
                one.claim == Claim.ABSENT,
                phrases.rank(one.concept),
            ),
        )
    )


def claim_of(finding: ImageFinding, options: PlanOptions) -> Claim | None:
    """Return how an image finding may be stated; ``None`` if it may not."""
    sure = finding.confidence
    if sure is None:
        return None
    if not finding.positive:
        sure_enough = sure.calibrated and sure.value <= options.absent_below
        return Claim.ABSENT if sure_enough else None
    if not sure.calibrated:
        return Claim.POSSIBLE
    if sure.value >= options.certain_above:
        return Claim.PRESENT
    return Claim.POSSIBLE if sure.value >= options.possible_above else None


def _reported(entities: Sequence[Entity], links: LinkReading) -> list[Statement]:
    """Return one statement per finding, side and place; the image may make one less sure."""
    doubted = {
        id
        for conflict in links.conflicts
        if conflict.kind == ConflictKind.PRESENCE
        for id in conflict.entity_ids
    }
    found: list[Statement] = []
    for entity in entities:
        if not entity.counts or entity.assertion not in (
            Assertion.PRESENT,
            Assertion.UNCERTAIN,
        ):
            continue
        sure = entity.assertion == Assertion.PRESENT and entity.id not in doubted
        said = Statement(
            concept=entity.concept,
            claim=Claim.PRESENT if sure else Claim.POSSIBLE,
            evidence=(entity.id,),
            side=None if entity.side == Side.MIDLINE else entity.side,
            place=_place(entity),
            severity=entity.severity,
            change=entity.change if sure else None,
            device=entity.kind == EntityKind.DEVICE,
            term=term_of(entity),
        )
        for number, one in enumerate(found):
            if one.concept == said.concept and _is_within(said, one):
                found[number] = _repeated(one, said)
                break
        else:
            found.append(said)
    return found


def _is_within(again: Statement, first: Statement) -> bool:
    """Tell whether a mention may repeat a statement: it names no other side and no other place."""
    return again.side in (None, first.side) and again.place in (None, first.place)


def _place(entity: Entity) -> str | None:
    """Return the place to say: of a device only one where it must not lie."""
    phrases = load_phrases()
    if entity.kind == EntityKind.DEVICE:
        measured_from = {one.reference for one in entity.quantities}
        there = [place for place in entity.locations if place not in measured_from]
        return phrases.wrong_place(entity.concept, there)
    return next((place for place in entity.locations if place in phrases.places), None)


def _measured(readings: Sequence[ImageReading], views: Mapping[str, str | None]) -> list[Statement]:
    return [
        Statement(
            concept=one.measure,
            claim=Claim.MEASURED,
            evidence=(one.id, *one.region_ids),
            value=one.value,
            view=views.get(one.image_id),
        )
        for reading in readings
        for one in reading.measurements
    ]


def _repeated(first: Statement, again: Statement) -> Statement:
    """Return the statement that a mention and its repetition carry together.

    What the surer of the two says holds: "Left pneumothorax. Possible tension pneumothorax." states
    no tension. Where both are as sure, what they contradict each other in is left unsaid.
    """
    evidence = (*first.evidence, *again.evidence)
    if again.claim != first.claim:
        surer = first if first.claim == Claim.PRESENT else again
        return replace(surer, evidence=evidence)
    alike = (first.side, first.place, first.severity, first.change) == (
        again.side, again.place, again.severity, again.change,
    )  # fmt: skip
    return replace(
        first,
        evidence=evidence,
        severity=_agreed(first.severity, again.severity),
        change=_agreed(first.change, again.change),
        term=first.term or (again.term if alike else None),
    )


def _agreed(first: T | None, again: T | None) -> T | None:
    """Return what the first says, unless the other says something else."""
    return first if again in (None, first) else None


def _beside_denial(shown: Statement, entities: Sequence[Entity]) -> Statement:
    """Return what the image shows, hedged where the report denies it."""
    denied = denied_in(entities, shown.concept, shown.side)
    return replace(shown, claim=Claim.POSSIBLE) if denied else shown


def _seen(
    readings: Sequence[ImageReading], links: LinkReading, options: PlanOptions
) -> list[Statement]:
    """Return one statement per concept; of kin the one stated outright, else the narrower."""
    candidates = [
        (finding, reading)
        for reading in readings
        for finding in reading.findings
        if claim_of(finding, options) in (Claim.PRESENT, Claim.POSSIBLE)
    ]
    candidates.sort(
        key=lambda pair: (
            claim_of(pair[0], options) != Claim.PRESENT,
            -len(broader(pair[0].concept)),
            -_value(pair[0]),
        )
    )
    kept: list[Statement] = []
    for finding, reading in candidates:
        if any(is_kin(finding.concept, one.concept) for one in kept):
            continue
        regions = [
            region
            for region in (*reading.regions, *links.regions)
            if region.image_id == finding.image_id
        ]
        kept.append(_shown(finding, regions, options))
    return kept


def _shown(finding: ImageFinding, regions: Sequence[Region], options: PlanOptions) -> Statement:
    spots = [
        one for one in regions if one.source == RegionSource.IMAGE and one.label == finding.concept
    ]
    side: Side | None = None
    place: str | None = None
    zones: tuple[str, ...] = ()
    phrases = load_phrases()
    group = phrases.group(finding.concept)
    if spots and group in phrases.sided:
        side, place, zones = _where(spots, regions, options.side_share)
    return Statement(
        concept=finding.concept,
        claim=claim_of(finding, options) or Claim.POSSIBLE,
        evidence=(finding.id, *(spot.id for spot in spots), *zones),
        side=side,
        place=place if group in phrases.placed else None,
    )


def _where(
    spots: Sequence[Region], regions: Sequence[Region], side_share: float
) -> tuple[Side | None, str | None, tuple[str, ...]]:
    """Return side, third of the lung, and the ids of the zones that say so."""
    phrases = load_phrases()
    areas: dict[str, float] = {}
    zones: dict[str, str] = {}
    for region in regions:
        side, part = phrases.place_of(region.label)
        if side and part in _THIRDS and region.source == RegionSource.ANATOMY:
            common = [spot.box.intersection(region.box) for spot in spots]
            areas[region.label] = sum(box.area for box in common if box)
            zones[region.label] = region.id
    total = sum(areas.values())
    if total == 0:
        return None, None, ()
    left = sum(area for label, area in areas.items() if label.startswith("left")) / total
    if max(left, 1 - left) >= side_share:
        side = Side.LEFT if left > 0.5 else Side.RIGHT
        best = max((label for label in areas if label.startswith(side)), key=lambda one: areas[one])
        return side, phrases.place_of(best)[1], (zones[best],)
    return None, None, ()


def _together(
    reported: Sequence[Statement], seen: Sequence[Statement], links: LinkReading
) -> list[Statement]:
    """Join what the image shows to what the report says where both mean the same."""
    spots = {(link.entity_id, link.region_id) for link in links.links}
    stated = list(reported)
    for shown in seen:
        for number, said in enumerate(stated[: len(reported)]):
            linked = any((e, g) in spots for e in said.evidence for g in shown.evidence)
            if linked or (is_kin(said.concept, shown.concept) and _sides_agree(said, shown)):
                stated[number] = replace(said, evidence=(*said.evidence, *shown.evidence))
                break
        else:
            stated.append(shown)
    return stated


def _sides_agree(one: Statement, other: Statement) -> bool:
    return (
        one.side == other.side
        or None in (one.side, other.side)
        or Side.BILATERAL in (one.side, other.side)
    )


def _denials(
    entities: Sequence[Entity],
    readings: Sequence[ImageReading],
    stated: Sequence[Statement],
    options: PlanOptions,
) -> list[Statement]:
    """Return what was judged and not seen, the broadest name of it only."""
    phrases = load_phrases()
    findings = [finding for reading in readings for finding in reading.findings]
    open_ = {one.concept for one in stated} | {
        finding.concept for finding in findings if finding.positive
    }
    open_ |= {one.concept for one in entities if one.assertion != Assertion.ABSENT and one.counts}
    measured = [one.value for reading in readings for one in reading.measurements]
    if any(value > phrases.not_normal_above for value in measured):
        open_.add("cardiomegaly")
    denied: dict[str, tuple[str, ...]] = {}
    for finding in findings:
        if claim_of(finding, options) is Claim.ABSENT and not any(
            phrases.casts_doubt(one, finding.concept) for one in open_
        ):
            denied[finding.concept] = (*denied.get(finding.concept, ()), finding.id)
    return [
        Statement(
            concept=concept,
            claim=Claim.ABSENT,
            evidence=(*ids, *_also_denied(concept, entities)),
        )
        for concept, ids in denied.items()
        if not any(is_narrower(concept, one) for one in denied if one != concept)
    ]


def _also_denied(concept: str, entities: Sequence[Entity]) -> tuple[str, ...]:
    return tuple(
        one.id
        for one in entities
        if one.assertion == Assertion.ABSENT and one.counts and one.concept == concept
    )


def _value(finding: ImageFinding) -> float:
    return finding.confidence.value if finding.confidence else 0.0


__all__ = ["PlanOptions", "claim_of", "plan"]
