"""Where the picture shows a finding: heat maps to boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from radnlp.schema import Box

if TYPE_CHECKING:
    from radnlp.schema import HeatMap


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundOptions:
    """How a heat map is cut into boxes.

    Attributes:
        threshold: A cell is hot from this part of the map's maximum on.
        least_share: A patch is kept if it holds at least this share of all hot cells' heat.
    """

    threshold: float = 0.75
    least_share: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HotCells:
    """The hot cells of a heat map, in stored pixels.

    Attributes:
        points: Shape (n, 2), (x, y) of the cells' centres.
        weights: Shape (n,), their values, all over 0.
    """

    points: NDArray[np.float64]
    weights: NDArray[np.float64]


def hot_cells(heat: HeatMap, threshold: float) -> HotCells | None:
    """Return the cells from ``threshold`` of the maximum on; ``None`` if all are 0."""
    hot = _hot(heat, threshold)
    ys, xs = np.nonzero(hot)
    if ys.size == 0:
        return None
    return HotCells(
        points=heat.pixel_map.to_stored(np.stack([xs, ys], axis=1) + 0.5),
        weights=heat.values[hot].astype(np.float64),
    )


def boxes_of(heat: HeatMap, image: Box, options: GroundOptions) -> tuple[Box, ...]:
    """Return one box per connected hot patch, the one with the most heat first.

    Args:
        heat: Of one finding.
        image: The whole image; boxes are cut to it.
        options: How to cut.

    Examples:
        >>> import numpy as np
        >>> from radnlp.schema import HeatMap, PixelMap
        >>> values = np.zeros((4, 4), np.float32)
        >>> values[1, 2:] = 0.9
        >>> heat = HeatMap(
        ...     concept="nodule", values=values, pixel_map=PixelMap(scale_x=10, scale_y=10)
        ... )
        >>> boxes_of(heat, Box(0, 0, 40, 40), GroundOptions())
        (Box(x0=20.0, y0=10.0, x1=40.0, y1=20.0),)
    """
    hot = _hot(heat, options.threshold)
    total = float(heat.values[hot].sum())
    found = []
    for cells in _patches(hot):
        ys, xs = cells[:, 0], cells[:, 1]
        mass = float(heat.values[ys, xs].sum())
        if mass < options.least_share * total:
            continue
        box = Box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        clipped = heat.pixel_map.box_to_stored(box).intersection(image)
        if clipped is not None:
            found.append((-mass, clipped))
    return tuple(box for _, box in sorted(found))


def _hot(heat: HeatMap, threshold: float) -> NDArray[np.bool_]:
    values = heat.values
    return np.asarray((values >= threshold * values.max()) & (values > 0))


def _patches(hot: NDArray[np.bool_]) -> list[NDArray[np.int_]]:
    """Return the (row, column) cells of each patch; cells that touch at a corner belong together.

    A flood fill: a heat map has some hundred cells, and scipy is no dependency.
    """
    waiting = {(int(y), int(x)) for y, x in zip(*np.nonzero(hot), strict=True)}
    patches = []
    while waiting:
        front = [waiting.pop()]
        patch = []
        while front:
            y, x = front.pop()
            patch.append((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & waiting
            waiting -= near
            front.extend(near)
        patches.append(np.array(sorted(patch)))
    return patches


__all__ = ["GroundOptions", "HotCells", "boxes_of", "hot_cells"]
