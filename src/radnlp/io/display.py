"""Stored values → what a screen shows: modality LUT, VOI LUT or window, MONOCHROME1, in that order.

Pure functions of arrays; DICOM PS3.3 C.11.1 (modality LUT) and C.11.2 (VOI LUT).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from radnlp.schema import VoiFunction, Window

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLE_SPAN = 1 << 17


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lut:
    """A look-up table (DICOM PS3.3 C.11.1.1).

    Attributes:
        first: Input value that the first entry stands for; inputs beyond the ends take the ends.
        entries: Output values, shape (n,).
        bits: Bits of an output value.
    """

    first: int
    entries: NDArray[np.float64]
    bits: int

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the entries that the values point to, of the same shape."""
        index = np.clip(np.rint(values) - self.first, 0, self.entries.size - 1)
        return np.asarray(self.entries[index.astype(np.int64)])

    def brightness(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the entries in [0, 1]: divided by the largest value that ``bits`` can hold."""
        return np.clip(self(values) / ((1 << self.bits) - 1), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Padding:
    """Stored values that fill the area outside the image (DICOM PS3.3 C.7.5.1.1.2).

    Attributes:
        low: Smallest of them.
        high: Largest of them.
    """

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyPipeline:
    """What is done to stored values before they are shown.

    Attributes:
        slope: Rescale slope, applied without a modality LUT.
        intercept: Rescale intercept, likewise.
        modality_lut: Modality LUT, if there is one.
        voi: Window or VOI LUT; ``None`` shows the full range of the values.
        inverted: MONOCHROME1: low values are shown white.
        padding: Stored values that are no image; shown black, and no part of the range.
    """

    slope: float = 1.0
    intercept: float = 0.0
    modality_lut: Lut | None = None
    voi: Window | Lut | None = None
    inverted: bool = False
    padding: Padding | None = None

    def show(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Return brightness in [0, 1], 0 black, of the shape of ``stored`` (integers)."""
        return by_table(stored, self._brightness)

    def modality(self, stored: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return modality units."""
        if self.modality_lut is not None:
            return self.modality_lut(stored)
        return stored * self.slope + self.intercept

    def _brightness(self, stored: NDArray[np.float64]) -> NDArray[np.float64]:
        shown = np.zeros(stored.shape)
        image = np.ones(stored.shape, dtype=bool)
        if self.padding is not None:
            image = (stored < self.padding.low) | (stored > self.padding.high)
        if not image.any():
            return shown
        values = self.modality(stored[image])
        low, high = float(values.min()), float(values.max())
        if isinstance(self.voi, Window):
            bright = self.voi(values)
        elif self.voi is not None:
            bright = self.voi.brightness(values)
        elif low < high:
            bright = (values - low) / (high - low)
        else:
            return shown
        shown[image] = 1.0 - bright if self.inverted else bright
        return shown


def by_table(
    stored: NDArray[Any], function: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float32]:
    """Apply a function of the value to every pixel, computing it once per value that occurs.

    Args:
        stored: Integers of any shape.
        function: Takes float64 values of any shape, returns as many.

    Returns:
        The results, of the shape of ``stored``.
    """
    low, high = int(stored.min()), int(stored.max())
    if high - low >= _TABLE_SPAN:
        return function(stored.astype(np.float64)).astype(np.float32)
    index = stored.astype(np.int32) - low if abs(low) < 1 << 30 else (stored - low).astype(np.int32)
    occurs = np.zeros(high - low + 1, dtype=bool)
    occurs[index] = True
    present = np.flatnonzero(occurs)
    table = np.zeros(occurs.size, dtype=np.float32)
    table[present] = function((present + low).astype(np.float64))
    return np.asarray(table[index])


def luminance(colour: NDArray[Any], *, white: float) -> NDArray[np.float32]:
    """Turn colour into brightness.

    Args:
        colour: RGB of shape (rows, columns, 3).
        white: The value of full brightness.

    Returns:
        Shape (rows, columns), in [0, 1].

    Source:
        ITU-R BT.601, the luma of YBR_FULL (DICOM PS3.3 C.7.6.3.1.2).
    """
    red, green, blue = (colour[..., channel].astype(np.float32) for channel in range(3))
    grey = (0.299 * red + 0.587 * green + 0.114 * blue) / np.float32(white)
    return np.asarray(np.clip(grey, 0.0, 1.0))


__all__ = [
    "GreyPipeline",
    "Lut",
    "Padding",
    "VoiFunction",
    "Window",
    "by_table",
    "luminance",
]
