"""Sizes that are ten times off, and changes without anything to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.text import SectionKind
from radnlp.text.consistency.told import claims, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.schema.entity import Entity, Measurement
    from radnlp.schema.inconsistency import Inconsistency
    from radnlp.text.consistency.told import Told

#: Sizes are given to two figures, so ten times is not met exactly.
_TENFOLD = (9.5, 10.5)
_SHOWN = 80


def size_slips(told: Told) -> Iterator[Inconsistency]:
    """Yield sizes of one finding that are ten times apart between findings and impression."""
    measured = [(one, size) for one in told.findings if claims(one) for size in _sizes(one)]
    for concluded in told.impression:
        for size in _sizes(concluded):
            described = [
                other
                for one, other in measured
                if told.alike(one, concluded) and told.same_place(one, concluded)
            ]
            ratios = [_ratio(size, other) for other in described]
            tenfold = [_TENFOLD[0] <= ratio <= _TENFOLD[1] for ratio in ratios]
            # A size that the findings also give is no slip.
            if not any(tenfold) or any(ratio < 2 for ratio in ratios):
                continue
            other = described[tenfold.index(True)]
            yield told.slip(
                "size.unit",
                (),
                (other.span, size.span),
                concept=name_of(concluded),
                one=_shown(other),
                other=_shown(size),
            )


def _sizes(entity: Entity) -> list[Measurement]:
    return [size for size in entity.measurements if not size.prior and max(size.values_mm) > 0]


def _ratio(one: Measurement, other: Measurement) -> float:
    small, large = sorted((max(one.values_mm), max(other.values_mm)))
    return large / small


def _shown(size: Measurement) -> str:
    return f"{max(size.values_mm):g}"


def change_slips(told: Told) -> Iterator[Inconsistency]:
    """Yield one change that is said of a finding though the report has nothing to compare with."""
    words = told.book.comparison
    changed = [
        one
        for one in told.current
        if one.change in told.book.changes
        and claims(one)
        and words["compares"].search(told.text, *told.sentence(one.span))
    ]
    if not changed:
        return
    given = [one for one in told.sections if one.kind is SectionKind.COMPARISON]
    bodies = [one.span.of(told.text).strip() for one in given]
    denied = [len(body) <= _SHOWN and bool(words["none"].match(body)) for body in bodies]
    first = changed[0]
    said = {"concept": name_of(first), "change": first.change}
    if given and all(denied):
        titles = tuple(section.title or section.span for section in given)
        yield told.slip("change.comparison_denied", (first,), titles, **said)
    elif not any(bodies) and not words["named"].search(told.text):
        yield told.slip("change.no_comparison", (first,), **said)


__all__ = ["change_slips", "size_slips"]
