"""Do the boxes of phrases lie where somebody drew them?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from radnlp.evaluate.figures import (
    ALL,
    CONSTANT,
    SHUFFLED,
    SYSTEM,
    Bootstrap,
    Figure,
    mean_of,
)
from radnlp.schema.geometry import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEVELS = (0.1, 0.3, 0.5)
_MEASURES = ("pointing", *(f"iou>={level:g}" for level in LEVELS), "mean_iou")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxCase:
    """One phrase on one image.

    Attributes:
        concept: What the phrase is about; figures are given per concept.
        truth: The drawn boxes, at least one.
        found: The box of the system, the likeliest first; empty if it gives none.
        image: The whole image.
        group: What is drawn whole for the interval: the patient, else the study.
    """

    concept: str
    truth: tuple[Box, ...]
    found: tuple[Box, ...]
    image: Box
    group: str


def score_boxes(
    cases: Sequence[BoxCase], *, draws: int = 1000, seed: int = 0
) -> tuple[Figure, ...]:
    """Return pointing game, IoU at three levels and mean IoU, over all and per concept.

    The likeliest box counts, against the drawn box it fits best. No box is a miss. Floors: the
    median drawn box of all cases, in parts of the image (``constant``); the boxes of the system,
    in parts of the image, dealt out anew among the cases (``shuffled``).

    Args:
        cases: What was found and what was drawn.
        draws: Of the bootstrap, over groups.
        seed: Of the bootstrap and the dealing.

    Source:
        Pointing game: Zhang et al., Top-down neural attention by excitation backprop, ECCV 2016;
        here the middle of the box stands for the peak.

    Examples:
        >>> case = BoxCase(concept="nodule", truth=(Box(0, 0, 2, 2),), found=(Box(0, 0, 2, 1),),
        ...                image=Box(0, 0, 9, 9), group="a")
        >>> [(one.measure, one.value) for one in score_boxes([case])[:2]]
        [('pointing', 1.0), ('iou>=0.1', 1.0)]
    """
    systems = {SYSTEM: list(cases)}
    if cases:
        systems[CONSTANT] = _constant(cases)
        systems[SHUFFLED] = _shuffled(cases, seed)
    names = np.asarray([case.concept for case in cases])
    parts = {ALL: np.ones(len(cases), dtype=bool)}
    parts |= {concept: names == concept for concept in sorted(set(names.tolist()))}
    again = Bootstrap([case.group for case in cases], draws=draws, seed=seed)
    figures = []
    for system, answered in systems.items():
        values = np.array([_values(case) for case in answered]).reshape(-1, len(_MEASURES))
        for part, inside in parts.items():
            for column, measure in enumerate(_MEASURES):
                sums = np.stack([values[:, column] * inside, inside], axis=1)
                figures.append(
                    again.figure(
                        sums,
                        mean_of,
                        system=system,
                        part=part,
                        measure=measure,
                        n=int(inside.sum()),
                    )
                )
    return tuple(figures)


def _values(case: BoxCase) -> list[float]:
    if not case.found:
        return [0.0] * len(_MEASURES)
    box = case.found[0]
    x, y = box.center
    best = max(box.iou(truth) for truth in case.truth)
    hit = any(one.x0 <= x <= one.x1 and one.y0 <= y <= one.y1 for one in case.truth)
    return [float(hit), *(float(best >= level) for level in LEVELS), best]


def _constant(cases: Sequence[BoxCase]) -> list[BoxCase]:
    drawn = np.array([_parts(box, case.image) for case in cases for box in case.truth])
    median = np.median(drawn, axis=0)
    return [replace(case, found=(_box(median, case.image),)) for case in cases]


def _shuffled(cases: Sequence[BoxCase], seed: int) -> list[BoxCase]:
    order = np.random.default_rng(seed).permutation(len(cases))
    dealt = []
    for case, other in zip(cases, (cases[n] for n in order), strict=True):
        found = tuple(_box(_parts(box, other.image), case.image) for box in other.found[:1])
        dealt.append(replace(case, found=found))
    return dealt


def _parts(box: Box, image: Box) -> NDArray[np.float64]:
    """Return the edges in parts of the image's width and height, shape (4,)."""
    edges = np.array([box.x0, box.y0, box.x1, box.y1])
    return np.asarray(edges / np.array([image.x1, image.y1] * 2))


def _box(parts: NDArray[np.float64], image: Box) -> Box:
    return Box(*(parts * np.array([image.x1, image.y1] * 2)).tolist())


__all__ = ["LEVELS", "BoxCase", "score_boxes"]
