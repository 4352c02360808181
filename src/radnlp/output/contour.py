"""Outlines of masks as polygons, in stored pixels."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radnlp.schema import Mask

_FEWEST_POINTS = 3


def outlines(mask: Mask, tolerance: float = 0.5) -> list[NDArray[np.float64]]:
    """Return the closed outlines of a mask, of its holes too.

    Args:
        mask: The region.
        tolerance: How far, in stored pixels, an outline may leave the mask's edge.

    Returns:
        Polygons of shape (n, 2), (x, y) from the outer corner of the top-left pixel; the last
        point joins the first. Largest first.

    Source:
        Edges between pixels chained into loops; their midpoints thinned by Douglas and Peucker
        (Cartographica 10(2), 1973).
    """
    inside = np.pad(mask.to_array(), 1)
    loops = _loops(*_edges(inside))
    width = inside.shape[1]
    polygons = []
    for loop in loops:
        corners = np.array([(corner % width, corner // width) for corner in loop], dtype=np.float64)
        middles = (corners + np.roll(corners, -1, axis=0)) / 2 - 1
        polygons.append(_thinned(middles, tolerance))
    return sorted(polygons, key=lambda polygon: -float(np.prod(np.ptp(polygon, axis=0))))


def _edges(inside: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """Return start and end corner of every edge between inside and outside, inside on the right.

    A corner (x, y) is the number ``y * width + x`` and lies at the pixel's outer corner.
    """
    width = inside.shape[1]
    starts, ends = [], []
    # Per side of a pixel: the neighbour across it, and its two corners relative to the pixel's own.
    sides = ((0, -1, 0, 1), (1, 1, 1, width + 1), (0, 1, width + 1, width), (1, -1, width, 0))
    for axis, step, first, second in sides:
        border = inside & ~np.roll(inside, -step, axis=axis)
        pixels = np.flatnonzero(border)
        starts += (pixels + first).tolist()
        ends += (pixels + second).tolist()
    return starts, ends


def _loops(starts: list[int], ends: list[int]) -> list[list[int]]:
    following: dict[int, list[int]] = defaultdict(list)
    for start, end in zip(starts, ends, strict=True):
        following[start].append(end)
    loops = []
    while following:
        start = here = next(iter(following))
        loop = []
        while True:
            loop.append(here)
            onward = following[here]
            after = onward.pop()
            if not onward:
                del following[here]
            here = after
            if here == start:
                break
        loops.append(loop)
    return loops


def _thinned(points: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    far = int(np.argmax(np.hypot(*(points - points[0]).T)))
    closed = np.concatenate((points, points[:1]))
    keep = np.zeros(len(closed), dtype=bool)
    keep[[0, far]] = True
    pending = [(0, far), (far, len(points))]
    while pending:
        first, last = pending.pop()
        if last - first <= 1:
            continue
        distances = _distances(closed[first + 1 : last], closed[first], closed[last])
        worst = int(np.argmax(distances))
        if distances[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            pending += [(first, middle), (middle, last)]
    thinned: NDArray[np.float64] = points[keep[:-1]]
    return thinned if len(thinned) >= _FEWEST_POINTS else points


def _distances(
    points: NDArray[np.float64], first: NDArray[np.float64], last: NDArray[np.float64]
) -> NDArray[np.float64]:
    chord, offset = last - first, points - first
    length = float(np.hypot(*chord))
    if length == 0:
        return np.asarray(np.hypot(*offset.T))
    return np.asarray(np.abs(chord[0] * offset[:, 1] - chord[1] * offset[:, 0]) / length)


__all__ = ["outlines"]
