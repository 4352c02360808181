"""Anatomy logits → masks in stored pixels, as far as they can be true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from radnlp.vision.parts import main_parts

if TYPE_CHECKING:
    from radnlp.vision.encoder import Drawing
    from radnlp.vision.prepare import Fit

__all__ = ["Anatomy", "Plausibility", "segment"]

_LUNGS = ("left_lung", "right_lung")
_FAR = -20.0

#: How far a heart reaches below the lungs, and how near to their top, in heights of the lungs.
_BELOW, _TOP = 0.2, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """What lungs and heart of a frontal chest film are like.

    Attributes:
        lung: Least and greatest part of the area that one lung covers of what the network saw.
        both_lungs: The same for both together.
        heart: The same for the heart; a heart outside of it is left out.
        slender: Least height of one lung over its width. A lung lies down in other views, and in
            animals.
        lung_certainty: Least mean probability inside each lung. On other images shapes like lungs
            are found, but with less.
        heart_certainty: The same for the heart.
    """

    lung: tuple[float, float] = (0.01, 0.35)
    both_lungs: tuple[float, float] = (0.08, 0.6)
    heart: tuple[float, float] = (0.01, 0.30)
    slender: float = 0.7
    lung_certainty: float = 0.87
    heart_certainty: float = 0.85


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anatomy:
    """Masks by label, bool (rows, columns) of the image, and the mean probability inside each.

    Both are empty where no plausible lungs were found; ``reason`` then says why.
    """

    masks: dict[str, NDArray[np.bool_]]
    certainty: dict[str, float]
    reason: str | None = None


def segment(
    drawing: Drawing, labels: tuple[str, ...], shape: tuple[int, int], limits: Plausibility
) -> Anatomy:
    """Draw each structure, keep its main part, and check that the lungs can be lungs.

    Args:
        drawing: Of one image.
        labels: Names of the structures, in the network's order.
        shape: Rows and columns of the image.
        limits: What is taken for true.
    """
    rows, columns = _seen(drawing, shape)
    seen = rows.stop - rows.start, columns.stop - columns.start
    masks: dict[str, NDArray[np.bool_]] = {}
    certainty: dict[str, float] = {}
    for label, logits in zip(labels, _cleaned(drawing.logits, labels), strict=True):
        drawn = _stored(logits, drawing.fit, seen)
        masks[label] = drawn > 0
        if masks[label].any():
            certainty[label] = float(_sigmoid(drawn[masks[label]]).mean())
    reason = _lung_fault(masks, limits) or _doubt(certainty, limits)
    if reason is not None:
        return Anatomy(masks={}, certainty={}, reason=reason)
    if "heart" in masks and not _is_heart(masks, limits):
        del masks["heart"]
        certainty.pop("heart", None)
    for label, mask in masks.items():
        masks[label] = np.zeros(shape, dtype=np.bool_)
        masks[label][rows, columns] = mask
    return Anatomy(masks=masks, certainty=certainty)


def _seen(drawing: Drawing, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of the image that the network saw; a crop is left out."""
    frame = drawing.frame
    return (
        slice(max(0, round(frame.y0)), min(shape[0], round(frame.y1))),
        slice(max(0, round(frame.x0)), min(shape[1], round(frame.x1))),
    )


def _cleaned(logits: NDArray[np.float32], labels: tuple[str, ...]) -> NDArray[np.float32]:
    """Give a cell that both lungs claim to the likelier side; drop what lies apart.

    What is no lung lies within the rectangle around the lungs, or a little below it.
    """
    clean = logits.copy()
    left, right = (labels.index(label) for label in _LUNGS)
    left_wins = logits[left] >= logits[right]
    clean[left] = np.where(left_wins, clean[left], np.minimum(clean[left], _FAR))
    clean[right] = np.where(left_wins, np.minimum(clean[right], _FAR), clean[right])
    for plane in (clean[left], clean[right]):
        # Disease can cut a lung in two.
        plane[~_near(main_parts(plane > 0, 0.2))] = _FAR
    chest = _frame(np.maximum(clean[left], clean[right]) > 0)
    for label, plane in zip(labels, clean, strict=True):
        if label not in _LUNGS:
            plane[~chest] = _FAR
            plane[~_near(main_parts(plane > 0, 1.0))] = _FAR
    return clean


def _frame(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the smallest upright rectangle around all that is inside, with some rows below."""
    frame = np.zeros_like(inside)
    ys, xs = np.nonzero(inside)
    if ys.size:
        below = round(_BELOW * float(np.ptp(ys)))
        frame[ys.min() : ys.max() + 1 + below, xs.min() : xs.max() + 1] = True
    return frame


def _near(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add one cell all round, so that the edge can still fall between cells."""
    grown = functional.max_pool2d(torch.from_numpy(inside).float()[None], 3, stride=1, padding=1)
    return grown[0].numpy() > 0


def _stored(logits: NDArray[np.float32], fit: Fit, shape: tuple[int, int]) -> NDArray[np.float32]:
    plane = torch.from_numpy(logits)[None, None]
    square = functional.interpolate(
        plane, size=(fit.size, fit.size), mode="bilinear", align_corners=False
    )
    inside = square[:, :, fit.top : fit.top + fit.height, fit.left : fit.left + fit.width]
    full = functional.interpolate(inside, size=shape, mode="bilinear", align_corners=False)
    return full[0, 0].numpy()


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)), dtype=np.float32)


def _within(mask: NDArray[np.bool_], limits: tuple[float, float]) -> bool:
    return limits[0] <= float(mask.mean()) <= limits[1]


def _is_heart(masks: dict[str, NDArray[np.bool_]], limits: Plausibility) -> bool:
    """Tell whether the heart has a heart's size and stays below the tops of the lungs."""
    if not _within(masks["heart"], limits.heart):
        return False
    lungs = np.flatnonzero(np.logical_or(*(masks[label] for label in _LUNGS)).any(axis=1))
    top = np.flatnonzero(masks["heart"].any(axis=1))[0]
    return bool(top >= lungs[0] + _TOP * (lungs[-1] - lungs[0]))


def _lung_fault(masks: dict[str, NDArray[np.bool_]], limits: Plausibility) -> str | None:
    left, right = (masks[label] for label in _LUNGS)
    for label in _LUNGS:
        if not _within(masks[label], limits.lung):
            return f"{label.replace('_', ' ')} would cover {masks[label].mean():.0%} of the image"
    if not _within(left | right, limits.both_lungs):
        return f"both lungs would cover {(left | right).mean():.0%} of the image"
    for label in _LUNGS:
        if _slenderness(masks[label]) < limits.slender:
            return f"the {label.replace('_', ' ')} would lie down"
    if _middle(left) <= _middle(right):
        return "the left lung would lie on the image's left"
    return None


def _slenderness(mask: NDArray[np.bool_]) -> float:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return float((rows[-1] + 1 - rows[0]) / (columns[-1] + 1 - columns[0]))


def _doubt(certainty: dict[str, float], limits: Plausibility) -> str | None:
    for label, value in certainty.items():
        least = limits.lung_certainty if label in _LUNGS else limits.heart_certainty
        if value < least:
            return f"the {label.replace('_', ' ')} was not clear (mean probability {value:.2f})"
    return None


def _middle(mask: NDArray[np.bool_]) -> float:
    columns = mask.sum(axis=0)
    return float((columns * np.arange(len(columns))).sum() / columns.sum())
