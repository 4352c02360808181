"""Where a finding that the words place shows in the picture: one box from both.

Each box that the detector weighs is scored by the picture and by how usual it is for the finding in
the zone that the words name; the best one on the named side is taken. Where the picture says
nothing there, the box of the usual size at the usual place in the zone is taken, and it is said
that the words alone placed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from radnlp.schema import Box, Confidence

if TYPE_CHECKING:
    from radnlp.link.usual import Habit, Measure, Usual
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
        value = 1.0 / (1.0 + np.exp(-(usual.slope * chosen.score + usual.offset)))
        # Another network's scores were not fitted.
        known = usual.calibrated and candidates.weights == usual.weights
        sure = Confidence(value=float(value), calibrated=known)
    else:
        box, sure = measure.box(habit.mean).intersection(image), None
    return None if box is None else Placed(box=box, confidence=sure)


def choose(
    habit: Habit, measure: Measure, candidates: Candidates, usual: Usual, *, one_side: bool
) -> Choice | None:
    """Return the best candidate by picture and words; ``None`` if none lies on the named side."""
    own = measure.own(candidates.boxes)
    logits = candidates.logits
    scores = logits + usual.prior_weight * habit.log_density(own)
    width, height = (candidates.boxes[:, [2, 3]] - candidates.boxes[:, [0, 1]]).T
    fits = (width > 0) & (height > 0)
    if one_side:
        fits &= own[:, 0] > 0
    if not fits.any():
        return None
    index = int(np.where(fits, scores, -np.inf).argmax())
    return Choice(index=index, logit=float(logits[index]), score=float(scores[index]))


__all__ = ["Choice", "Placed", "choose", "place"]
