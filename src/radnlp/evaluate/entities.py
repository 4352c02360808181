"""Mentions against gold ones: F1 over concept and assertion."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from radnlp.evaluate.figures import ALL, SYSTEM, Bootstrap, Figure, f1_of
from radnlp.schema.entity import Assertion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCase:
    """What one report says, as pairs of concept and assertion; a pair may stand twice.

    Attributes:
        gold: Pairs that the report holds.
        found: Pairs of the system.
        group: What is drawn whole for the interval: the patient, else the report.
    """

    gold: tuple[tuple[str, Assertion], ...]
    found: tuple[tuple[str, Assertion], ...]
    group: str


def score_entities(
    cases: Sequence[EntityCase], *, system: str = SYSTEM, draws: int = 1000, seed: int = 0
) -> tuple[Figure, ...]:
    """Return micro-F1 over concept and assertion and over the concept alone, and F1 per concept.

    Args:
        cases: What was found and what was there.
        system: Whose figures these are.
        draws: Of the bootstrap, over groups.
        seed: Of the bootstrap.

    Examples:
        >>> case = EntityCase(
        ...     gold=(("edema", Assertion.PRESENT),), found=(("edema", Assertion.ABSENT),),
        ...     group="a",
        ... )
        >>> [(one.measure, one.value) for one in score_entities([case])]
        [('entity_f1', 0.0), ('concept_f1', 1.0), ('entity_f1', 0.0)]
    """
    concepts = sorted({concept for case in cases for concept, _ in (*case.gold, *case.found)})
    again = Bootstrap([case.group for case in cases], draws=draws, seed=seed)

    def figure(part: str, measure: str, sums: NDArray[np.float64], n: int) -> Figure:
        return again.figure(sums, f1_of, system=system, part=part, measure=measure, n=n)

    def figures() -> Iterator[Figure]:
        yield figure(ALL, "entity_f1", _sums(cases), len(cases))
        yield figure(ALL, "concept_f1", _sums(cases, assertions=False), len(cases))
        for concept in concepts:
            there = sum(one == concept for case in cases for one, _ in case.gold)
            yield figure(concept, "entity_f1", _sums(cases, concept), there)

    return tuple(figures())


def _sums(
    cases: Sequence[EntityCase], concept: str | None = None, *, assertions: bool = True
) -> NDArray[np.float64]:
    """Return true positives, false positives and false negatives, shape (cases, 3)."""
    rows = []
    for case in cases:
        gold, found = (
            Counter(
                (name, assertion if assertions else None)
                for name, assertion in pairs
                if concept in (None, name)
            )
            for pairs in (case.gold, case.found)
        )
        right = (gold & found).total()
        rows.append((right, found.total() - right, gold.total() - right))
    return np.array(rows, dtype=float).reshape(len(rows), 3)


__all__ = ["EntityCase", "score_entities"]
