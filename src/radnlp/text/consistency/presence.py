"""Findings that are stated and denied, or that one part of the report does not know."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, EntityKind, Side
from radnlp.schema.text import SectionKind
from radnlp.text.consistency.told import claims, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.schema.entity import Entity
    from radnlp.schema.inconsistency import Inconsistency
    from radnlp.text.consistency.told import Told


def presence_slips(told: Told) -> Iterator[Inconsistency]:
    """Yield findings that are stated in one place and denied or unknown in another."""
    findings, impression = told.findings, told.impression
    yield from _contradictions(told, "presence.impression_contradicts", findings, impression)
    yield from _contradictions(told, "presence.findings_contradict", impression, findings)
    for kind in (SectionKind.FINDINGS, SectionKind.IMPRESSION):
        within = [one for one in told.current if one.section is kind]
        yield from _contradictions(told, "presence.same_section", within, within)
    yield from _left_out(told)


def _contradictions(
    told: Told, rule: str, denying: Sequence[Entity], stating: Sequence[Entity]
) -> Iterator[Inconsistency]:
    """Yield one slip per concept that ``denying`` denies as a whole and ``stating`` states."""
    by_concept: dict[str, list[Entity]] = defaultdict(list)
    for one in stating:
        for concept in (one.concept, *one.ancestors):
            by_concept[concept].append(one)
    claimed = _first_of_each([one for one in denying if claims(one)])
    seen = set()
    for denial in _first_of_each([one for one in denying if told.denied_wholly(one)]):
        stated = [one for one in by_concept[denial.concept] if _is_denied(told, one, denial)]
        if not stated or denial.concept in seen:
            continue
        if denying is stating:
            # A part that calls the lungs clear goes on to say where they are not.
            if denial.cue and denial.cue.rule.startswith("organ."):
                continue
        elif any(told.may_be(one, denial) for one in claimed):
            continue  # Where the denying part also states it, the denial is of another one.
        seen.add(denial.concept)
        yield told.slip(rule, (denial, stated[0]), one=name_of(denial), other=name_of(stated[0]))


def _first_of_each(mentions: Sequence[Entity]) -> list[Entity]:
    """Return the first mention of each concept at each place: the others add nothing."""
    found: dict[object, Entity] = {}
    for one in mentions:
        found.setdefault((one.concept, one.side, one.locations), one)
    return list(found.values())


def _is_denied(told: Told, stated: Entity, denial: Entity) -> bool:
    """Tell whether a plain statement is of what the denial denies, where it denies it."""
    if stated.assertion is not Assertion.PRESENT or not stated.is_a(denial.concept):
        return False
    if denial.concept in told.book.too_broad and stated.concept != denial.concept:
        return False
    if denial.side is not None and denial.side not in (stated.side, Side.BILATERAL):
        return False
    if denial.locations and not stated.locations:
        return False
    return stated.change not in _GONE and told.same_place(stated, denial)


def _left_out(told: Told) -> Iterator[Inconsistency]:
    """Yield critical findings of which the other part says nothing at all."""
    if not told.findings or not told.impression:
        return
    parts = (
        ("presence.not_in_impression", told.findings, told.impression),
        ("presence.not_in_findings", told.impression, told.findings),
    )
    for rule, saying, silent in parts:
        seen = set()
        for one in saying:
            critical = one.concept in told.book.critical or not told.book.critical.isdisjoint(
                one.ancestors
            )
            if one.assertion is not Assertion.PRESENT or not critical or one.concept in seen:
                continue
            if one.kind is not EntityKind.FINDING or one.change in _GONE:
                continue
            seen.add(one.concept)
            if not any(told.may_be(one, other) for other in _first_of_each(silent)):
                yield told.slip(rule, (one,), concept=name_of(one))


_GONE = frozenset({"resolved", "removed"})

__all__ = ["presence_slips"]
