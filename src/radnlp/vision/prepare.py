"""Brings an image to the size and grey scale of the network, and says how to come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from radnlp.schema.geometry import PixelMap

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["Fit", "normalise", "prepare"]

# Black collimator borders and burnt-in letters lie outside of these.
LOW, HIGH = 1.0, 99.0
GAMMA_RANGE = (0.4, 2.5)


def normalise(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Set three percentiles of an image to fixed greys: 1 % to 0, 50 % to 0.5, 99 % to 1.

    A linear window, and nearly any gamma, is undone by it, so that a display setting hardly
    changes what the network sees. A constant image becomes all 0.

    Args:
        pixels: Shape (rows, columns), any range, finite.

    Returns:
        Shape (rows, columns), values from 0 to 1.

    Examples:
        >>> import numpy as np
        >>> ramp = np.linspace(0, 1, 101, dtype=np.float32)[None, :]
        >>> bool(np.allclose(normalise(ramp), normalise(0.2 + 0.3 * ramp), atol=1e-4))
        True
    """
    low, middle, high = np.percentile(pixels, (LOW, 50.0, HIGH))
    if high - low <= np.finfo(np.float32).eps:
        return np.zeros_like(pixels)
    stretched = np.clip((pixels - low) / (high - low), 0.0, 1.0)
    median = float(np.clip((middle - low) / (high - low), 1e-3, 1 - 1e-3))
    gamma = float(np.clip(np.log(0.5) / np.log(median), *GAMMA_RANGE))
    return np.asarray(np.power(stretched, gamma), dtype=np.float32)


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
        small = functional.interpolate(
            images,
            size=(self.height, self.width),
            mode="bilinear",
            align_corners=False,
            antialias=True,
        )
        right, bottom = self.size - self.width - self.left, self.size - self.height - self.top
        return functional.pad(small, (self.left, right, self.top, bottom))


def prepare(pixels: NDArray[np.float32], size: int) -> tuple[Tensor, PixelMap]:
    """Normalise, resize with the aspect ratio kept, and pad with black to a square.

    Args:
        pixels: Shape (rows, columns), display-ready (0 is black).
        size: Side of the square that the network takes.

    Returns:
        A tensor of shape (1, 1, size, size) with values from 0 to 1, and the map from its
        pixels to those of ``pixels``.
    """
    rows, columns = pixels.shape
    fit = Fit.of(rows, columns, size)
    square = fit.place(torch.from_numpy(np.array(pixels, dtype=np.float32))[None, None])
    inside = (..., slice(fit.top, fit.top + fit.height), slice(fit.left, fit.left + fit.width))
    square[inside] = torch.from_numpy(normalise(square[inside][0, 0].numpy()))
    scale_x, scale_y = columns / fit.width, rows / fit.height
    pixel_map = PixelMap(
        scale_x=scale_x,
        scale_y=scale_y,
        offset_x=-fit.left * scale_x,
        offset_y=-fit.top * scale_y,
    )
    return square, pixel_map
