"""Changes the greys of an image and leaves every pixel where it is.

All functions take pixels of shape (rows, columns), any range, finite, and return float32 of the
same shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["equalise", "normalise", "smooth"]

# Black collimator borders and burnt-in letters lie outside of these.
LOW, HIGH = 1.0, 99.0
GAMMA_RANGE = (0.4, 2.5)

#: Bins of a tile's histogram, and the least side of a tile that fills them.
_BINS, _LEAST_TILE = 256, 16

#: Sides of what is compared and of where it is looked for, in pixels: OpenCV's own defaults.
_TEMPLATE, _SEARCH = 7, 21
_DIAMETER = 5


def normalise(
    pixels: NDArray[np.float32], *, low: float = LOW, high: float = HIGH, gamma: bool = True
) -> NDArray[np.float32]:
    """Set three percentiles of an image to fixed greys: 1 % to 0, 50 % to 0.5, 99 % to 1.

    A linear window, and nearly any gamma, is undone by it, so that a display setting hardly
    changes what the network sees. A constant image becomes all 0.

    Args:
        pixels: Shape (rows, columns), any range, finite.
        low: Percentile that becomes 0; what lies below is cut.
        high: Percentile that becomes 1; what lies above is cut.
        gamma: Whether the median is brought to 0.5, or left where the window puts it.

    Returns:
        Shape (rows, columns), values from 0 to 1.

    Examples:
        >>> import numpy as np
        >>> ramp = np.linspace(0, 1, 101, dtype=np.float32)[None, :]
        >>> bool(np.allclose(normalise(ramp), normalise(0.2 + 0.3 * ramp), atol=1e-4))
        True
    """
    bottom, middle, top = np.percentile(pixels, (low, 50.0, high))
    if top - bottom <= np.finfo(np.float32).eps:
        return np.zeros_like(pixels)
    stretched = np.clip((pixels - bottom) / (top - bottom), 0.0, 1.0)
    if not gamma:
        return np.asarray(stretched, dtype=np.float32)
    median = float(np.clip((middle - bottom) / (top - bottom), 1e-3, 1 - 1e-3))
    power = float(np.clip(np.log(0.5) / np.log(median), *GAMMA_RANGE))
    return np.asarray(np.power(stretched, power), dtype=np.float32)


def equalise(pixels: NDArray[np.float32], *, clip: float, tiles: int) -> NDArray[np.float32]:
    """Equalise the histogram place by place, with a limit on the gain (CLAHE).

    Histograms have 256 bins whatever the depth of the pixels, and each pixel is carried over by
    interpolation between bins and tiles. So no depth is lost, and neither the size nor the depth
    of the file changes the result. OpenCV's own 16-bit CLAHE does change with them: its 65,536
    bins are seldom filled, so that the limit does not hold on small tiles and nothing is
    equalised in files of 8 bits. On 8-bit pixels this function and OpenCV's agree.

    Args:
        pixels: Shape (rows, columns), any range, finite.
        clip: Greatest slope of the mapping, 1 or more; what is cut off is spread out evenly, which
            adds up to 1 to every slope.
        tiles: Tiles along each side; fewer where one would be under 16 pixels.

    Returns:
        Shape (rows, columns), values from 0 to 1; all 0 for a constant image.

    Source:
        Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV, 1994;
        on OpenCV with 16 bits: opencv/opencv issues 4770 and 25837.
    """
    unit = _unit(pixels)
    if unit is None:
        return np.zeros(pixels.shape, np.float32)
    rows, columns = unit.shape
    down, across = (max(1, min(tiles, side // _LEAST_TILE)) for side in (rows, columns))
    mapping = torch.from_numpy(_mappings(unit, clip, down, across))
    # Each pixel's place among the bins and tiles, -1 to 1 from outer edge to outer edge. Knots
    # lie at the edges of bins, that is half a cell inside of the volume's outer edges.
    level = (torch.from_numpy(unit) * 2 - 1) * (_BINS / (_BINS + 1))
    y = ((torch.arange(rows) + 0.5) / rows * 2 - 1)[:, None].expand(rows, columns)
    x = ((torch.arange(columns) + 0.5) / columns * 2 - 1)[None, :].expand(rows, columns)
    grid = torch.stack([x, y, level], dim=-1)[None, None]
    equal = functional.grid_sample(
        mapping[None, None], grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    return np.asarray(equal[0, 0, 0].clamp(0, 1).numpy(), dtype=np.float32)


def _mappings(
    unit: NDArray[np.float32], clip: float, down: int, across: int
) -> NDArray[np.float32]:
    """Return each tile's limited cumulative histogram, shape (bins + 1, down, across)."""
    level = np.minimum((unit * _BINS).astype(np.int64), _BINS - 1)
    rows, columns = unit.shape
    tile = (np.arange(rows) * down // rows)[:, None] * across + np.arange(columns) * across // (
        columns
    )
    counts = np.bincount((tile * _BINS + level).ravel(), minlength=down * across * _BINS)
    share = counts.reshape(down * across, _BINS).astype(np.float64)
    share /= share.sum(axis=1, keepdims=True)
    limited = np.minimum(share, max(1.0, clip) / _BINS)
    limited += (1.0 - limited.sum(axis=1, keepdims=True)) / _BINS
    knots = np.concatenate([np.zeros((down * across, 1)), limited.cumsum(axis=1)], axis=1)
    return np.ascontiguousarray(knots.T.reshape(_BINS + 1, down, across), dtype=np.float32)


def smooth(
    pixels: NDArray[np.float32], *, method: Literal["median", "bilateral", "nlm"], strength: float
) -> NDArray[np.float32]:
    """Take noise away and keep edges.

    Args:
        pixels: Shape (rows, columns), any range, finite.
        method: ``median`` of 3 × 3 pixels; ``bilateral`` over 5 pixels; ``nlm``, non-local means
            (patches of 7 within 21 pixels, 16 bits), by far the slowest.
        strength: Differences that count as noise, as part of the image's range; the median does
            not need it.

    Returns:
        Shape and range as given.

    Source:
        Tomasi and Manduchi, ICCV 1998 (bilateral); Buades et al., CVPR 2005 (non-local means).
    """
    import cv2

    if method == "median":
        return np.asarray(cv2.medianBlur(np.ascontiguousarray(pixels), 3), dtype=np.float32)
    unit = _unit(pixels)
    if unit is None:
        return pixels
    low, span = float(pixels.min()), float(np.ptp(pixels))
    if method == "bilateral":
        clean = np.asarray(cv2.bilateralFilter(unit, _DIAMETER, strength, _DIAMETER / 2))
    else:
        whole = float(np.iinfo(np.uint16).max)
        coded = np.rint(unit * whole).astype(np.uint16)
        done = cv2.fastNlMeansDenoising(
            coded,
            h=[strength * whole],
            templateWindowSize=_TEMPLATE,
            searchWindowSize=_SEARCH,
            normType=cv2.NORM_L1,
        )
        clean = np.asarray(done, dtype=np.float32) / np.float32(whole)
    return np.asarray(clean * np.float32(span) + np.float32(low), dtype=np.float32)


def _unit(pixels: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Scale the range to 0 to 1; ``None`` for a constant image."""
    low, span = float(pixels.min()), float(np.ptp(pixels))
    if span <= np.finfo(np.float32).eps:
        return None
    return np.asarray((pixels - np.float32(low)) / np.float32(span), dtype=np.float32)
