"""Finds the part of a film that is not black or white border."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["content_window"]

#: Longest side on which the border is looked for; noise and thin letters fade at this size.
_SIDE = 256
#: How far from the darkest or brightest grey a border may lie, as part of the image's range.
_TOLERANCE = 0.03
#: Least part of a line that must be border. A lung is dark as well, but never from edge to edge.
_SHARE = 0.95
#: Islands in the border up to this part of the image are letters and marks.
_LETTER = 0.01
#: Percentiles taken as the darkest and the brightest grey.
_ENDS = (0.5, 99.5)


def content_window(pixels: NDArray[np.float32], *, limit: float) -> tuple[slice, slice]:
    """Return the rows and columns that are left when the border is peeled off line by line.

    A line at the edge is border if nearly all of it is as dark as the darkest of the image, letters
    and marks aside: collimator shutters parallel to the image's sides, and air beside the body
    where it is black. White border is only believed if the film has it at the top as well: a belly
    is white at the bottom, a lung without air at a side, but nothing of a chest at the top. White
    border beyond the limit is not believed either, nor black border beyond it on opposite sides:
    the image may be all of one grey.

    Args:
        pixels: Shape (rows, columns), any range, finite.
        limit: Greatest part of the height that top and bottom may each lose, and of the width
            that left and right may.

    Returns:
        Rows and columns of the content, never empty; all of them where there is no border.
    """
    import cv2

    rows, columns = pixels.shape
    shrink = max(1.0, max(rows, columns) / _SIDE)
    size = (max(1, round(columns / shrink)), max(1, round(rows / shrink)))
    small = np.asarray(cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA))
    small = np.asarray(cv2.medianBlur(small, 5), dtype=np.float32)
    low, high = np.percentile(small, _ENDS)
    if high - low <= np.finfo(np.float32).eps:
        return slice(0, rows), slice(0, columns)
    near = _TOLERANCE * (high - low)
    dark, bright = _without_letters(small <= low + near), _without_letters(small >= high - near)
    white_top = float(bright[0].mean()) >= _SHARE
    edges = (_peeled([dark, bright], limit) if white_top else None) or _peeled([dark], limit)
    if edges is None:
        return slice(0, rows), slice(0, columns)
    top, bottom, left, right = edges
    down, across = rows / small.shape[0], columns / small.shape[1]
    return (
        slice(int(np.floor(top * down)), int(np.ceil(bottom * down))),
        slice(int(np.floor(left * across)), int(np.ceil(right * across))),
    )


def _without_letters(border: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import cv2

    _, names, stats, _ = cv2.connectedComponentsWithStats((~border).astype(np.uint8))
    letters = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] <= _LETTER * border.size)
    return border | np.isin(names, letters[letters > 0])


def _peeled(kinds: list[NDArray[np.bool_]], limit: float) -> tuple[int, int, int, int] | None:
    """Return top, bottom, left and right (half open) once no edge line is border any more.

    ``None`` where a side is still of the second kind, or opposite sides border, at the limit.
    """
    rows, columns = kinds[0].shape
    edges = [0, rows, 0, columns]
    room = [int(limit * rows)] * 2 + [int(limit * columns)] * 2

    def is_border(side: int, kind: NDArray[np.bool_]) -> bool:
        top, bottom, left, right = edges
        lines = (
            kind[top, left:right],
            kind[bottom - 1, left:right],
            kind[top:bottom, left],
            kind[top:bottom, right - 1],
        )
        return float(lines[side].mean()) >= _SHARE

    peeling = True
    while peeling:
        peeling = False
        for side, inward in enumerate((1, -1, 1, -1)):
            if room[side] > 0 and any(is_border(side, kind) for kind in kinds):
                edges[side] += inward
                room[side] -= 1
                peeling = True
    still = [any(is_border(side, kind) for kind in kinds) for side in range(4)]
    white = len(kinds) > 1 and any(is_border(side, kinds[-1]) for side in range(4))
    if white or (still[0] and still[1]) or (still[2] and still[3]):
        return None
    top, bottom, left, right = edges
    return top, bottom, left, right
