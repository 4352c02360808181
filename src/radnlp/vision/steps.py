"""The steps of preparation: each takes pixels and returns pixels with the way back.

A step takes pixels of shape (rows, columns), any range, finite, and changes nothing in place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from radnlp.errors import InputError
from radnlp.schema.geometry import PixelMap
from radnlp.vision.border import content_window
from radnlp.vision.grey import HIGH, LOW, equalise, normalise, smooth

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Fit",
    "Prepared",
    "clahe",
    "crop_border",
    "denoise",
    "pad",
    "percentile",
    "resize",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """What a step, or a chain of them, made of an image.

    Attributes:
        pixels: float32, shape (rows, columns).
        pixel_map: From these pixels to those that the step was given.
    """

    pixels: NDArray[np.float32]
    pixel_map: PixelMap = field(default_factory=PixelMap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Where an image of any shape comes to lie in the square of the network."""

    height: int
    width: int
    top: int
    left: int
    size: int

    @classmethod
    def of(cls, rows: int, columns: int, size: int) -> Fit:
        """Return the largest centred place for ``rows`` by ``columns`` with that aspect ratio."""
        scale = max(rows, columns) / size
        height, width = max(1, round(rows / scale)), max(1, round(columns / scale))
        return cls(
            height=height,
            width=width,
            top=(size - height) // 2,
            left=(size - width) // 2,
            size=size,
        )

    def place(self, images: Tensor) -> Tensor:
        """Resize images of shape (n, channels, rows, columns) and pad them with 0."""
        right, bottom = self.size - self.width - self.left, self.size - self.height - self.top
        return functional.pad(self.resize(images), (self.left, right, self.top, bottom))

    def resize(self, images: Tensor) -> Tensor:
        """Resize images of shape (n, channels, rows, columns) to (height, width)."""
        return functional.interpolate(
            images,
            size=(self.height, self.width),
            mode="bilinear",
            align_corners=False,
            antialias=True,
        )


def percentile(
    pixels: NDArray[np.float32], *, low: float = LOW, high: float = HIGH, gamma: bool = True
) -> Prepared:
    """Window by percentiles to 0 to 1, the median at 0.5 if ``gamma``; see `normalise`."""
    return Prepared(pixels=normalise(pixels, low=low, high=high, gamma=gamma))


def clahe(pixels: NDArray[np.float32], *, clip: float = 2.0, tiles: int = 8) -> Prepared:
    """Equalise place by place to 0 to 1, the gain limited by ``clip``; see `equalise`."""
    return Prepared(pixels=equalise(pixels, clip=clip, tiles=tiles))


def denoise(
    pixels: NDArray[np.float32],
    *,
    method: Literal["median", "bilateral", "nlm"] = "median",
    strength: float = 0.05,
) -> Prepared:
    """Take noise away and keep edges; see `smooth`."""
    return Prepared(pixels=smooth(pixels, method=method, strength=strength))


def crop_border(pixels: NDArray[np.float32], *, limit: float = 0.35) -> Prepared:
    """Cut off black or white border, ``limit`` of each side at most; see `content_window`."""
    rows, columns = content_window(pixels, limit=limit)
    return Prepared(
        pixels=np.ascontiguousarray(pixels[rows, columns]),
        pixel_map=PixelMap(offset_x=float(columns.start), offset_y=float(rows.start)),
    )


def resize(pixels: NDArray[np.float32], *, size: int) -> Prepared:
    """Bring the longer side to ``size`` and keep the aspect ratio, no side under one pixel."""
    rows, columns = pixels.shape
    fit = Fit.of(rows, columns, size)
    small = fit.resize(torch.from_numpy(np.array(pixels, dtype=np.float32))[None, None])
    return Prepared(
        pixels=np.asarray(small[0, 0].numpy(), dtype=np.float32),
        pixel_map=PixelMap(scale_x=columns / fit.width, scale_y=rows / fit.height),
    )


def pad(pixels: NDArray[np.float32], *, size: int) -> Prepared:
    """Put pixels of at most ``size`` a side into the middle of a black square of that side.

    Raises:
        InputError: a side is longer.
    """
    rows, columns = pixels.shape
    if max(rows, columns) > size:
        raise InputError(
            f"pad makes a square of {size} pixels a side, got {rows} rows and {columns} columns; "
            "resize first"
        )
    top, left = (size - rows) // 2, (size - columns) // 2
    square = np.zeros((size, size), np.float32)
    square[top : top + rows, left : left + columns] = pixels
    return Prepared(pixels=square, pixel_map=PixelMap(offset_x=-float(left), offset_y=-float(top)))
