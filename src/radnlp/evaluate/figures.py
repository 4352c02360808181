"""Figures, and their intervals by drawing whole groups again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Sums: TypeAlias = NDArray[np.float64]
#: From sums of shape (draws, k) to values of shape (draws,); NaN where there is none.
Statistic: TypeAlias = Callable[[Sums], Sums]

SYSTEM, CONSTANT, SHUFFLED = "system", "constant", "shuffled"
ALL = "all"
#: Draws times groups that are held as numbers of eight bytes at a time.
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number.

    Attributes:
        system: ``system``: what was evaluated; ``constant`` and ``shuffled``: floors.
        part: ``all``, or a concept or label.
        measure: What was measured, for example ``micro_f1``.
        value: The number; ``None`` where there is nothing to measure.
        low: Lower end of the 95 % bootstrap interval over groups.
        high: Its upper end.
        n: Cases it rests on.
    """

    system: str
    part: str
    measure: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


class Bootstrap:
    """Intervals by drawing groups of cases with replacement; the same draws for every figure.

    Args:
        groups: One per case: what is drawn whole, such as the patient.
        draws: How many times is drawn.
        seed: Of the drawing.

    Source:
        Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 1979;
        percentile interval over clusters.

    Examples:
        >>> hits = np.array([[1.0, 1], [0, 1], [1, 1], [1, 1]])
        >>> Bootstrap(["a", "a", "b", "b"]).interval(hits, mean_of)
        (0.75, 0.5, 1.0)
    """

    def __init__(self, groups: Sequence[str], *, draws: int = 1000, seed: int = 0) -> None:
        owners, self._which = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
        self._count = len(owners)
        random = np.random.default_rng(seed)
        even = np.full(self._count, 1 / max(self._count, 1))
        step = max(1, _CELLS // max(self._count, 1))
        self._times = [
            random.multinomial(self._count, even, size=min(step, draws - first)).astype(np.uint16)
            for first in range(0, draws if self._count else 0, step)
        ]

    def interval(
        self, sums: NDArray[np.floating], statistic: Statistic
    ) -> tuple[float | None, float | None, float | None]:
        """Return a value and the ends of its 95 % interval; all ``None`` if it is no number.

        Args:
            sums: What each case adds up, shape (n, k): counts, or values and a 1.
            statistic: The value of added-up sums.

        Raises:
            InputError: Another number of cases than of groups.
        """
        if len(sums) != len(self._which):
            raise InputError(f"{len(self._which)} groups for {len(sums)} cases; expected as many")
        if not len(sums):
            return None, None, None
        value = float(_quiet(statistic, sums.sum(axis=0, keepdims=True))[0])
        if not np.isfinite(value):
            return None, None, None
        grouped = np.zeros((self._count, sums.shape[1]))
        np.add.at(grouped, self._which, sums)
        drawn = np.concatenate(
            [_quiet(statistic, times.astype(np.float64) @ grouped) for times in self._times]
        )
        low, high = np.nanpercentile(drawn, (2.5, 97.5))
        return value, float(low), float(high)

    def figure(
        self,
        sums: NDArray[np.floating],
        statistic: Statistic,
        *,
        system: str,
        part: str,
        measure: str,
        n: int,
    ) -> Figure:
        """Return the figure that `interval` gives."""
        value, low, high = self.interval(sums, statistic)
        return Figure(
            system=system, part=part, measure=measure, value=value, low=low, high=high, n=n
        )


def mean_of(sums: Sums) -> Sums:
    """Return the mean where the first column adds up values and the second counts them."""
    return np.asarray(sums[:, 0] / sums[:, 1])


def f1_of(sums: Sums) -> Sums:
    """Return F1 of columns with true positives, false positives and false negatives.

    NaN where nothing was there and nothing was found.
    """
    right, extra, missed = sums[:, 0], sums[:, 1], sums[:, 2]
    return np.asarray(2 * right / (2 * right + extra + missed))


def means_over(statistics: Iterable[Statistic]) -> Statistic:
    """Return the statistic that is the mean of others, those without a value left out."""
    every = tuple(statistics)

    def mean(sums: Sums) -> Sums:
        values = np.stack([one(sums) for one in every])
        there = np.isfinite(values)
        return np.asarray(np.where(there, values, 0).sum(axis=0) / there.sum(axis=0))

    return mean


def _quiet(statistic: Statistic, sums: Sums) -> Sums:
    with np.errstate(divide="ignore", invalid="ignore"):
        return statistic(sums)


__all__ = [
    "ALL",
    "CONSTANT",
    "SHUFFLED",
    "SYSTEM",
    "Bootstrap",
    "Figure",
    "Statistic",
    "Sums",
    "f1_of",
    "mean_of",
    "means_over",
]
