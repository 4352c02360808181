"""Where a finding that the words place shows in the picture: one box from both.

Each box that the detector weighs is scored by the picture and by how usual it is for the finding in
the zone that the words name; the best one on the named side is taken. Where the picture says
nothing there, the box of the usual size at the usual place in the zone is taken, and it is said
that the words alone placed it.

A finding that the detector does not know is placed by what it shows of all others: the mean of
their candidates, weighted by the network's odds and by how near they lie to the named zone.
Decision 8 has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from radnlp.schema import Box, Confidence, Platt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from radnlp.link.usual import Floats, Habit, Measure, Usual
    from radnlp.schema import Candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A box for a mention.

    Attributes:
        box: In stored pixels, inside the image.
        confidence: That it is well placed, IoU over 0.3 with a reader's; ``None`` if the words
            alone placed it.
    """

    box: Box
    confidence: Confidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The best candidate: its number, the network's logit and the score of both together."""

    index: int
    logit: float
    score: float


def place(
    habit: Habit,
    measure: Measure,
    candidates: Candidates | None,
    usual: Usual,
    image: Box,
    *,
    one_side: bool,
) -> Placed | None:
    """Return the box of a finding that is said to be there.

    Args:
        habit: Of the finding in the named zone.
        measure: The lung's on the named side.
        candidates: What the detector weighs for the finding, if it knows it.
        usual: The table.
        image: The whole image; boxes are cut to it.
        one_side: The words name a side; candidates with their middle on the other one do not count.

    Returns:
        ``None`` if the box would lie outside the image.
    """
    chosen = candidates and choose(habit, measure, candidates, usual, one_side=one_side)
    if candidates and chosen and chosen.logit >= usual.silent_below:
        box = Box(*candidates.boxes[chosen.index].tolist()).intersection(image)
        value = Platt(slope=usual.slope, offset=usual.offset)(chosen.score)
        # Another network's scores were not fitted.
        known = usual.calibrated and candidates.weights == usual.weights
        sure = Confidence(value=value, calibrated=known)
    else:
        box, sure = measure.box(habit.mean).intersection(image), None
    return None if box is None else Placed(box=box, confidence=sure)


def choose(
    habit: Habit, measure: Measure, candidates: Candidates, usual: Usual, *, one_side: bool
) -> Choice | None:
    """Return the best candidate by picture and words; ``None`` if none lies on the named side."""
    own, logits, fits = _weighed(measure, candidates, one_side=one_side)
    if not fits.any():
        return None
    scores = logits + usual.prior_weight * habit.log_density(own)
    index = int(np.where(fits, scores, -np.inf).argmax())
    return Choice(index=index, logit=float(logits[index]), score=float(scores[index]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What the candidates of several findings say together.

    Attributes:
        box: Their mean in the lung's measure, each weighted by its odds and by how usual it is.
        logit: The network's, with the same weights.
        score: The logarithm of the sum of the weights.
    """

    box: tuple[float, float, float, float]
    logit: float
    score: float


def place_by_others(
    habit: Habit, measure: Measure, candidates: Sequence[Candidates], usual: Usual, image: Box
) -> Placed | None:
    """Return the box of a finding that is said to be there, from what the picture shows of others.

    Args:
        habit: Where it is looked for in the named zone, see `Usual.common_habit`.
        measure: The lung's on the named side.
        candidates: What the detector weighs for all findings it knows.
        usual: The table.
        image: The whole image; boxes are cut to it.

    Returns:
        ``None`` if the picture shows nothing on that side.
    """
    common = gather(habit, measure, candidates, usual)
    if common is None or common.logit < usual.silent_below:
        return None
    box = measure.box(common.box).intersection(image)
    slope, offset = usual.others
    value = Platt(slope=slope, offset=offset)(common.score)
    sure = Confidence(value=value, calibrated=False)
    return None if box is None else Placed(box=box, confidence=sure)


def gather(
    habit: Habit, measure: Measure, candidates: Sequence[Candidates], usual: Usual
) -> Common | None:
    """Weigh the candidates of all findings; ``None`` if none lies on the named side."""
    weighed = [_weighed(measure, one, one_side=True) for one in candidates]
    if not any(fits.any() for _, _, fits in weighed):
        return None
    own, logits = (np.concatenate([one[n][one[2]] for one in weighed]) for n in (0, 1))
    scores = logits + usual.prior_weight * habit.log_density(own)
    weights = np.exp(scores - scores.max())
    score = float(scores.max() + np.log(weights.sum()))
    weights /= weights.sum()
    u, v, width, height = (weights @ own).tolist()
    return Common(box=(u, v, width, height), logit=float(weights @ logits), score=score)


def _weighed(
    measure: Measure, candidates: Candidates, *, one_side: bool
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return candidates in the lung's measure, their logits, and which of them count."""
    own = measure.own(candidates.boxes)
    width, height = (candidates.boxes[:, [2, 3]] - candidates.boxes[:, [0, 1]]).T
    fits = (width > 0) & (height > 0)
    if one_side:
        fits &= own[:, 0] > 0
    return own, candidates.logits, fits


__all__ = ["Choice", "Common", "Placed", "choose", "gather", "place", "place_by_others"]
