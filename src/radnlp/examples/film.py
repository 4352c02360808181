"""From attenuation to a finished film: scatter, quantum noise, tone, marker, collimation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.examples.projection import blur

__all__ = ["MAX_VALUE", "Film", "develop"]

Floats: TypeAlias = NDArray[np.float64]
Bits: TypeAlias = NDArray[np.bool_]

MAX_VALUE = 4095

_GLYPHS = {
    "A": "01110 10001 10001 11111 10001 10001 10001",
    "D": "11110 10001 10001 10001 10001 10001 11110",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "I": "111 010 010 010 010 010 111",
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "M": "10001 11011 10101 10101 10001 10001 10001",
    "S": "01111 10000 10000 01110 00001 00001 11110",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    "U": "10001 10001 10001 10001 10001 10001 01110",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """How the film was taken and processed.

    Attributes:
        photons: Quanta per mm² that reach the detector beside the body.
        scatter: Scattered against primary radiation behind the anti-scatter grid.
        lung_level: Display value, 0 to 1, at which the lungs lie.
        heart_level: Display value at which the heart lies.
        equalise: Share of the slow brightness changes that processing takes out.
        marker: Draw an "L" at the patient's left and the word SIMULATED below.
        border_mm: Width of the collimated edge.
    """

    photons: float = 9e4
    scatter: float = 0.35
    lung_level: float = 0.25
    heart_level: float = 0.70
    equalise: float = 0.30
    marker: bool = True
    border_mm: float = 5.0


def develop(
    attenuation: Floats,
    film: Film,
    rng: np.random.Generator,
    *,
    spacing_mm: float,
    lungs: Bits,
    heart: Bits,
) -> NDArray[np.uint16]:
    """Return stored values 0 (black) to `MAX_VALUE`, shape of ``attenuation``.

    Intensity follows Beer and Lambert, exp(-attenuation); scatter is a broad blur of it; noise
    grows with the square root of the quanta in a pixel; the detector answers with the logarithm.

    Args:
        attenuation: Line integral along each ray.
        film: Exposure and processing.
        rng: Source of the noise.
        spacing_mm: Distance between pixels.
        lungs: Pixels from which processing takes the lungs' exposure.
        heart: Likewise for the heart.
    """
    primary = np.exp(-attenuation)
    intensity = primary + film.scatter * blur(primary, 22.0 / spacing_mm)
    quanta = film.photons * spacing_mm**2 * intensity
    noisy = np.maximum(quanta + np.sqrt(quanta) * rng.standard_normal(quanta.shape), 1.0)
    signal = -np.log(blur(noisy, 0.55) / (film.photons * spacing_mm**2))
    slow = blur(signal, 28.0 / spacing_mm)
    signal = signal - film.equalise * (slow - slow.mean())
    low, high = float(np.median(signal[lungs])), float(np.median(signal[heart]))
    tone = film.lung_level + (signal - low) / (high - low) * (film.heart_level - film.lung_level)
    shown = _shoulder(tone)
    shown *= _edge(attenuation.shape, film.border_mm / spacing_mm)
    if film.marker:
        _stamp(shown, "L", height_mm=17.0, right_mm=24.0, top_mm=22.0, spacing_mm=spacing_mm)
        bottom = attenuation.shape[0] * spacing_mm - 14.0
        _stamp(
            shown, "SIMULATED", height_mm=4.2, right_mm=12.0, top_mm=bottom, spacing_mm=spacing_mm
        )
    return np.rint(np.clip(shown, 0.0, 1.0) * MAX_VALUE).astype(np.uint16)


def _shoulder(tone: Floats) -> Floats:
    """Bend the straight part of the characteristic curve into a toe and a shoulder."""
    toe, top = 0.16, 0.70
    high = top + (1.0 - top) * (1.0 - np.exp(-np.maximum(tone - top, 0.0) / (1.0 - top)))
    low = toe * np.exp(np.minimum(tone - toe, 0.0) / toe)
    return np.where(tone > top, high, np.where(tone < toe, low, tone))


def _edge(shape: tuple[int, ...], border: float) -> Floats:
    rows, columns = shape
    down = np.minimum(np.arange(rows) + 0.5, rows - np.arange(rows) - 0.5)
    right = np.minimum(np.arange(columns) + 0.5, columns - np.arange(columns) - 0.5)
    inward: Floats = np.minimum(down[:, None], right[None, :]) - border
    return np.clip(inward / 1.5, 0.0, 1.0)


def _stamp(
    shown: Floats, text: str, *, height_mm: float, right_mm: float, top_mm: float, spacing_mm: float
) -> None:
    """Draw lead letters into ``shown``; the text ends ``right_mm`` before the right edge."""
    dot = max(1, round(height_mm / 7.0 / spacing_mm))
    glyphs = [
        np.array([[bit == "1" for bit in row] for row in _GLYPHS[letter].split()])
        for letter in text
    ]
    spaced = [np.pad(glyph, ((0, 0), (0, 1))) for glyph in glyphs]
    bits = np.kron(np.concatenate(spaced, axis=1), np.ones((dot, dot))) > 0
    right = shown.shape[1] - round(right_mm / spacing_mm)
    top = round(top_mm / spacing_mm)
    left = max(right - bits.shape[1], 0)
    area = shown[top : top + bits.shape[0], left : left + bits.shape[1]]
    area[bits[: area.shape[0], : area.shape[1]]] = 0.97
