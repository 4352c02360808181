"""What the earlier report bears out of a comparison.

- *new*: it denied the finding, and nowhere states it; what it leaves out was not known then.
- *again*, *unchanged*: it states the finding, on the same side; unchanged only if both reports give
  the same extent.
- *no longer seen*: it states the finding, and the image was judged and does not show it.
- *worse*, *improved*: the present report says so, and the earlier one states the finding.

Nothing is compared where the present report says of itself what the earlier one does not bear out:
"stable" of what it denied, "new" of what it states.

What either side holds for possible only is not compared, nor are devices.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from radnlp.report.phrases import load_phrases
from radnlp.report.statement import Claim, Statement, term_of
from radnlp.schema import Assertion, Change, Entity, EntityKind, Side
from radnlp.vocabulary import is_kin, is_narrower

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SIDES = {
    Side.LEFT: frozenset({Side.LEFT}),
    Side.RIGHT: frozenset({Side.RIGHT}),
    Side.BILATERAL: frozenset({Side.LEFT, Side.RIGHT}),
}
_NONE: frozenset[Side] = frozenset()
_GRADED = (Change.WORSE, Change.IMPROVED)


def sides_of(side: Side | None) -> frozenset[Side]:
    """Return left, right or both; nothing where no side is said.

    Examples:
        >>> sorted(sides_of(Side.BILATERAL))
        [<Side.LEFT: 'left'>, <Side.RIGHT: 'right'>]
    """
    return _SIDES.get(side or Side.MIDLINE, _NONE)


def stated_before(
    concept: str,
    side: Side | None,
    earlier: Sequence[Entity],
    qualifiers: frozenset[str] = frozenset(),
) -> tuple[Entity, ...]:
    """Return the earlier mentions that state the finding, or a narrower one, on the same side.

    Of a "loculated effusion" (``qualifiers``) only those that call it so too.
    """
    return tuple(
        one
        for one in earlier
        if _counts(one)
        and one.assertion == Assertion.PRESENT
        and is_narrower(one.concept, concept)
        and sides_of(one.side) == sides_of(side)
        and qualifiers <= load_phrases().qualifiers(one.concept, one.text)
    )


def denied_in(mentions: Sequence[Entity], concept: str, side: Side | None) -> tuple[Entity, ...]:
    """Return the mentions of one report that deny a finding; none if others leave room for it."""
    said = sides_of(side)
    if any(
        _counts(one)
        and one.assertion in (Assertion.PRESENT, Assertion.UNCERTAIN)
        and is_kin(one.concept, concept)
        for one in mentions
    ):
        return ()
    return tuple(
        one
        for one in mentions
        if _counts(one)
        and one.assertion == Assertion.ABSENT
        and is_narrower(concept, one.concept)
        and one.severity is None
        and not load_phrases().qualifiers(one.concept, one.text)
        and not narrowed(one.locations)
        and (not sides_of(one.side) or (said and said <= sides_of(one.side)))
    )


def compared(statements: Sequence[Statement], earlier: Sequence[Entity]) -> Iterator[Statement]:
    """Yield the statements with the comparisons that the earlier report bears out, and no others.

    Args:
        statements: Of this study; a change that the report states itself may stand in them.
        earlier: Mentions of the earlier report, ids with ``p:``.
    """
    for one in statements:
        if one.claim == Claim.PRESENT and not one.device:
            yield _with_change(one, earlier)
        else:
            yield replace(one, change=None)
        if one.claim == Claim.ABSENT:
            yield from _gone(one, earlier)


def _with_change(one: Statement, earlier: Sequence[Entity]) -> Statement:
    before = stated_before(one.concept, one.side, earlier, one.qualifiers)
    if before and one.change in (None, Change.STABLE, *_GRADED):
        change = one.change or Change.STABLE
        extents = {entity.severity for entity in before}
        same = one.severity is not None and extents == {one.severity}
    else:
        fresh = not before and one.change in (None, Change.NEW)
        before = denied_in(earlier, one.concept, one.side) if fresh else ()
        change, same = Change.NEW, False
    if not before:
        return replace(one, change=None)
    evidence = (*one.evidence, *(entity.id for entity in before))
    return replace(one, change=change, same_extent=same, evidence=evidence)


def _gone(denial: Statement, earlier: Sequence[Entity]) -> Iterator[Statement]:
    """Yield what the earlier report states of what is denied now, once per finding and side."""
    gone: dict[tuple[str, Side | None], Statement] = {}
    for one in earlier:
        stated = _counts(one) and one.assertion == Assertion.PRESENT
        if not stated or not is_narrower(one.concept, denial.concept):
            continue
        side = one.side if sides_of(one.side) else None
        first = gone.get((one.concept, side))
        evidence = first.evidence if first else denial.evidence
        gone[one.concept, side] = Statement(
            concept=one.concept,
            claim=Claim.ABSENT,
            evidence=(*evidence, one.id),
            side=side,
            change=Change.RESOLVED,
            term=(first.term if first else None) or term_of(one),
        )
    yield from gone.values()


def narrowed(places: Iterable[str]) -> bool:
    """Tell whether places name a part of an organ, so that a denial there leaves room elsewhere."""
    return any(place in load_phrases().places for place in places)


def _counts(one: Entity) -> bool:
    return one.kind == EntityKind.FINDING and one.counts


__all__ = ["compared", "denied_in", "narrowed", "sides_of", "stated_before"]
