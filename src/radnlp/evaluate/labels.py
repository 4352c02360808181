"""Report labels against gold ones: F1 per label, macro and micro."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import InputError
from radnlp.evaluate.figures import (
    ALL,
    SYSTEM,
    Bootstrap,
    Figure,
    Statistic,
    Sums,
    f1_of,
    means_over,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCase:
    """The labels of one report.

    Attributes:
        gold: 1 present, 0 absent, -1 uncertain, ``None`` not mentioned, by label.
        found: The same, of the system.
        group: What is drawn whole for the interval: the patient, else the report.
    """

    gold: Mapping[str, int | None]
    found: Mapping[str, int | None]
    group: str


def score_labels(
    cases: Sequence[LabelCase],
    *,
    uncertain_is_present: bool = True,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[Figure, ...]:
    """Return F1 per label, and macro- and micro-F1 over the labels that have positives.

    Absent and not mentioned are both negative. A label without a positive in the gold has no F1
    and takes no part in the means.

    Args:
        cases: With the same labels each.
        uncertain_is_present: Whether -1 is positive; else it is negative.
        draws: Of the bootstrap, over groups.
        seed: Of the bootstrap.

    Raises:
        InputError: Cases with other labels than the first.

    Examples:
        >>> cases = [LabelCase(gold={"Edema": 1}, found={"Edema": -1}, group="a")]
        >>> [(one.measure, one.value) for one in score_labels(cases)]
        [('macro_f1', 1.0), ('micro_f1', 1.0), ('f1', 1.0)]
    """
    names = label_names(cases)
    gold = positives([case.gold for case in cases], names, uncertain_is_present)
    found = positives([case.found for case in cases], names, uncertain_is_present)
    again = Bootstrap([case.group for case in cases], draws=draws, seed=seed)
    return tuple(f1_figures(SYSTEM, names, gold, found, again))


def label_names(cases: Sequence[LabelCase]) -> tuple[str, ...]:
    """Return the labels that all cases have.

    Raises:
        InputError: A case has others than the first.
    """
    names = tuple(cases[0].gold) if cases else ()
    for case in cases:
        if {*case.gold, *case.found} != set(names):
            odd = sorted({*case.gold, *case.found} ^ set(names))
            raise InputError(f"cases have different labels, among them {odd[0]!r}")
    return names


def positives(
    labels: Sequence[Mapping[str, int | None]],
    names: Sequence[str],
    uncertain_is_present: bool,  # noqa: FBT001
) -> NDArray[np.bool_]:
    """Return which labels are positive, shape (cases, labels)."""
    yes = {1, -1} if uncertain_is_present else {1}
    rows = [[one[name] in yes for name in names] for one in labels]
    return np.array(rows, dtype=bool).reshape(len(labels), len(names))


def f1_figures(
    system: str,
    names: Sequence[str],
    gold: NDArray[np.bool_],
    found: NDArray[np.bool_],
    again: Bootstrap,
) -> Iterator[Figure]:
    """Yield macro- and micro-F1 over the labels with positives, then F1 of each label.

    Args:
        system: Whose figures these are.
        names: Labels.
        gold: Positive or not, shape (cases, labels).
        found: The same, of the system.
        again: Draws of the cases.
    """
    sums = np.stack([gold & found, ~gold & found, gold & ~found], axis=2).astype(float)
    cases = len(gold)
    flat = sums.reshape(cases, 3 * len(names))
    counted = [n for n in range(len(names)) if gold[:, n].any()]

    def figure(part: str, measure: str, statistic: Statistic, n: int) -> Figure:
        if not counted:
            return Figure(system=system, part=part, measure=measure, value=None, n=n)
        return again.figure(flat, statistic, system=system, part=part, measure=measure, n=n)

    yield figure(ALL, "macro_f1", means_over(_one(n) for n in counted), cases)
    yield figure(ALL, "micro_f1", _together(counted), cases)
    for n, name in enumerate(names):
        if n in counted:
            yield figure(name, "f1", _one(n), int(gold[:, n].sum()))
        else:
            yield Figure(system=system, part=name, measure="f1", value=None)


def _one(label: int) -> Statistic:
    def statistic(sums: Sums) -> Sums:
        return f1_of(sums[:, 3 * label : 3 * label + 3])

    return statistic


def _together(labels: Sequence[int]) -> Statistic:
    def statistic(sums: Sums) -> Sums:
        return f1_of(sum(sums[:, 3 * n : 3 * n + 3] for n in labels))  # type: ignore[arg-type]

    return statistic


__all__ = ["LabelCase", "f1_figures", "label_names", "positives", "score_labels"]
