"""Where the ribs run in one picture: its own ribs if they show, else those of most chests.

Lungs alone do not tell where ribs are: a deep breath moves the domes, not the ribs behind them. The
ribs of `zones.toml` are laid over the picture, stretched, moved and bent in all ways that chests
differ, and the fit that covers most brightness is taken if it beats what chance gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.link.frame import load_proportions

if TYPE_CHECKING:
    from radnlp.link.frame import Frame

Bits: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

#: Where ribs begin at the spine, half widths of the chest: tilt and arch count from there.
_NECK = 0.15

# The picture of a chest in its own frame: pixels a half width, and how far above the tops of the
# lungs it begins and how far down it reaches, half widths.
_FINE, _ABOVE, _DEEP = 96, 0.15, 2.15

# Spreads of the two blurs whose difference shows bands as wide as ribs, and of the one that evens
# out contrast, half widths; and the most that one pixel may count.
_NARROW, _WIDE, _AROUND, _MOST = 0.024, 0.07, 0.13, 1.5

# What is tried. The neck of the tenth rib may lie within `_TENTH` half widths below the top.
_SCALES = np.arange(1.0, 2.4, 0.05)
_OFFSETS = np.arange(-0.13, 0.131, 0.02)
_GROWTHS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8)
_BENDS = ((0.0, 0.0), (-0.1, 0.15), (-0.2, 0.3), (-0.3, 0.45), (-0.1, 0.0), (0.1, -0.15))
_TENTH_AT, _TENTH = 0.73, (1.09, 2.12)

# What a fit loses for being unlike most chests: the square of the distance from the first number
# in units of the second, times the third. Chosen on simulated films and on training films of
# wingspan; without it one simulated film in thirteen is a rib off.
_USUAL_OFFSET, _USUAL_TILT, _GROWTH_COSTS = (0.04, 0.08, 0.15), (-0.1, 0.1, 0.08), 0.3

# Of patients' films turned upside down at most 1 of 100 reaches this score (`benchmarks/ribs.py`).
_SEEN = 4.0
_FEWEST = 60  # points in the lungs, below which a score is no better than with so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribs:
    """How the bones of `zones.toml` lie in one chest; lengths in half widths of the chest.

    A point (u, v) of the table lies ``offset + scale · (v + growth · v · |v|) + tilt · w + arch ·
    w²`` below the tops of the lungs, with ``w = |u| - 0.15``.

    Attributes:
        offset: Of the whole cage.
        scale: Of the distances between ribs.
        growth: How distances grow downwards.
        tilt: How much steeper ribs fall than in the table.
        arch: How much rounder they are.
        seen: The picture shows them so; otherwise they are those of most chests.
    """

    offset: float
    scale: float
    growth: float
    tilt: float
    arch: float
    seen: bool

    def down(self, u: Floats, v: Floats) -> Floats:
        """Return how far below the tops of the lungs points (u, v) lie, half widths."""
        far = np.abs(u) - _NECK
        return np.asarray(self.level(v) + self.tilt * far + self.arch * far**2)

    def level(self, v: Any) -> Any:
        """Return the same at the spine."""
        return self.offset + self.scale * (v + self.growth * v * np.abs(v))


#: Medians of the 81 of 190 training films of wingspan whose ribs are seen (`benchmarks/ribs.py`).
USUAL = Ribs(offset=0.05, scale=1.85, growth=0.2, tilt=-0.1, arch=0.0, seen=False)


def find_ribs(
    pixels: NDArray[np.floating[Any]], lungs: Bits, frame: Frame, *, least: float = _SEEN
) -> Ribs:
    """Fit the ribs of the table to a picture.

    Args:
        pixels: Shape (rows, columns), bone brighter than air.
        lungs: bool, the same shape: both lung fields.
        frame: Of the same pixels.
        least: Score from which ribs count as seen.

    Returns:
        The best fit, or `USUAL` if none is clear.

    Source:
        A matched filter over bands at two scales (difference of Gaussians); the threshold, what is
        tried and the evenness of contrast are ours.
    """
    picture = _bands(pixels, lungs, frame)
    best, found = -np.inf, USUAL
    for growth in _GROWTHS:
        tenth = _SCALES * (_TENTH_AT + growth * _TENTH_AT**2)
        scales = _SCALES[(tenth >= _TENTH[0]) & (tenth <= _TENTH[1])]
        for tilt, arch in _BENDS:
            scores = _scores(picture, scales, growth, (tilt, arch))
            scores -= _oddity(_OFFSETS, *_USUAL_OFFSET) + _oddity(tilt, *_USUAL_TILT)
            scores -= _GROWTH_COSTS * growth
            at = np.unravel_index(scores.argmax(), scores.shape)
            if scores[at] > best:
                best = float(scores[at])
                found = Ribs(
                    offset=float(_OFFSETS[at[1]]), scale=float(scales[at[0]]), growth=growth,
                    tilt=tilt, arch=arch, seen=True,
                )  # fmt: skip
    return found if best >= least else USUAL


def _oddity(value: Any, usual: float, spread: float, cost: float) -> Any:
    return cost * ((value - usual) / spread) ** 2


def _scores(
    picture: tuple[Floats, Floats], scales: Floats, growth: float, bend: tuple[float, float]
) -> Floats:
    """Return the score by scale and offset: brightness along the ribs over what chance spreads."""
    (bands, inside), (tilt, arch) = picture, bend
    u, v = _necks()
    far = np.abs(u) - _NECK
    down = scales[:, None, None] * (v + growth * v * np.abs(v)) + _OFFSETS[:, None]
    rows = ((down + tilt * far + arch * far**2 + _ABOVE) * _FINE).astype(np.int64)
    columns = ((u + 1.0) * _FINE).astype(np.int64)
    fits = (rows >= 0) & (rows < len(bands))
    at = np.where(fits, rows, 0) * bands.shape[1] + columns
    sums = np.where(fits, bands.ravel()[at], 0.0).sum(axis=-1)
    counts = np.where(fits, inside.ravel()[at], 0.0).sum(axis=-1)
    return np.asarray(sums / np.sqrt(np.maximum(counts, _FEWEST)))


@lru_cache(maxsize=1)
def _necks() -> tuple[Floats, Floats]:
    """Return u and v of points along the backs of ribs 2 to 10 on both sides."""
    axes = load_proportions().axes
    points = []
    for number in range(2, 11):
        axis = np.array(axes[f"rib_{number}"])
        back = axis[: int(axis[:, 0].argmax()) + 1]
        at = np.linspace(0, len(back) - 1, 24)
        along = np.stack([np.interp(at, range(len(back)), part) for part in back.T])
        along = along[:, (along[0] > _NECK - 0.02) & (along[0] < 0.99)]
        points += [along, along * [[-1.0], [1.0]]]
    u, v = np.concatenate(points, axis=1)
    return u, v


def _bands(pixels: NDArray[np.floating[Any]], lungs: Bits, frame: Frame) -> tuple[Floats, Floats]:
    """Return bright bands of a rib's width in the chest's own frame, and where lungs are.

    Both have rows from `_ABOVE` over the tops of the lungs, and 2 · `_FINE` columns, the patient's
    right first.
    """
    u = (np.arange(2 * _FINE) + 0.5) / _FINE - 1.0
    down = (np.arange(int((_ABOVE + _DEEP) * _FINE)) + 0.5) / _FINE - _ABOVE
    x, y = frame.at(*np.meshgrid(u, down))
    columns, rows = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fits = (rows >= 0) & (columns >= 0) & (rows < lungs.shape[0]) & (columns < lungs.shape[1])
    at = np.where(fits, rows, 0), np.where(fits, columns, 0)
    inside = (lungs[at] & fits).astype(np.float64)
    picture = pixels[at].astype(np.float64)
    weights = inside + 1e-3

    def smooth(values: Floats, spread: float) -> Floats:
        across, along = _blur(len(u), spread), _blur(len(down), spread)
        return np.asarray((along @ (values * weights) @ across) / (along @ weights @ across))

    wide = smooth(picture, _WIDE)
    contrast = np.sqrt(smooth((picture - wide) ** 2, _AROUND)) + 1e-9
    even = (smooth(picture, _NARROW) - wide) / contrast
    return np.clip(even, -_MOST, _MOST) * inside, inside


@lru_cache(maxsize=8)
def _blur(size: int, spread: float) -> Floats:
    """Return the symmetric matrix (size, size) that blurs by a Gaussian, half widths."""
    steps = np.arange(size)
    return np.asarray(np.exp(-0.5 * ((steps[:, None] - steps) / (spread * _FINE)) ** 2))


__all__ = ["USUAL", "Ribs", "find_ribs"]
