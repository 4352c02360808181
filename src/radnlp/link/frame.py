"""The frame of a chest: where its midline runs, how it is turned, how wide and high it is.

Places that no mask shows, such as ribs, lie at usual proportions of it (`zones.toml`). Coordinates
are ``u``, from the midline to the patient's left in half widths of the chest, and ``v``, from the
tops of the lungs downwards, 1 at their lowest tips in full inspiration. Bones, and what is bounded
by them, follow the ribs instead of the lungs (`ribs.py`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Bits: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

# Height of the lungs in full inspiration over the chest's half width, and what the two estimates of
# the height count: lungs are lower in poor inspiration or under fluid, ribs and spine are not.
_USUAL_HEIGHT, _OWN_SHARE = 1.9, 0.65
_STEEPEST = 0.27  # 15 degrees; more is a fault of the outlines, or no film as it is hung


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportions:
    """What `zones.toml` holds; it explains the fields."""

    by_ribs: frozenset[str]
    bands: Mapping[str, tuple[float, float]]
    sided: Mapping[str, tuple[float, float, float, float]]
    boxes: Mapping[str, tuple[float, float, float, float]]
    axes: Mapping[str, tuple[tuple[float, float], ...]]


@lru_cache(maxsize=1)
def load_proportions() -> Proportions:
    """Return the table of `zones.toml`; it is read once per process."""
    table: dict[str, Any] = tomllib.loads(
        (files("radnlp.link") / "zones.toml").read_text(encoding="utf-8")
    )
    return Proportions(
        by_ribs=frozenset(table["by_ribs"]),
        bands={label: tuple(band) for label, band in table["bands"].items()},
        sided={label: tuple(box) for label, box in table["sided"].items()},
        boxes={label: tuple(box) for label, box in table["boxes"].items()},
        axes={label: tuple((u, v) for u, v in path) for label, path in table["axes"].items()},
    )


class Frame:
    """The frame of one chest, from both its lungs.

    Args:
        left: bool (rows, columns), the patient's left lung, not empty.
        right: The same for the right lung.

    Examples:
        >>> left, right = np.zeros((60, 60), bool), np.zeros((60, 60), bool)
        >>> right[10:50, 5:25], left[10:50, 35:55] = True, True
        >>> frame = Frame(left, right)
        >>> frame.slope, frame.half_width
        (0.0, 25.0)
        >>> frame.to_pixels([(0.0, 0.0)]).tolist()
        [[30.0, 10.0]]
    """

    def __init__(self, left: Bits, right: Bits) -> None:
        self.sign = 1.0 if _middle(left) > _middle(right) else -1.0
        both = left | right
        rows = np.flatnonzero(left.any(axis=1) & right.any(axis=1))
        if not rows.size:
            rows = np.flatnonzero(both.any(axis=1))
        first = both[rows].argmax(axis=1).astype(np.float64)
        last = both.shape[1] - both[rows][:, ::-1].argmax(axis=1)
        self.slope = _slope(rows, (first + last) / 2, (last - first) / 2)
        self._cosine = float(1.0 / np.hypot(1.0, self.slope))
        # Where the chest is widest it widens no more, so the row's middle is the midline's.
        broad = (last - first) >= 0.9 * (last - first).max()
        middles = ((first + last) / 2 - self.slope * (rows + 0.5))[broad]
        self._x = float(np.median(middles))
        self.half_width = float((last - first).max() / 2 * self._cosine)
        heights = [self._down(lung) for lung in (left, right)]
        self._top = float(np.mean([edges[0] for edges in heights]))
        own = max(edges[1] for edges in heights) - self._top
        self.height = _OWN_SHARE * own + (1 - _OWN_SHARE) * _USUAL_HEIGHT * self.half_width

    def to_pixels(
        self,
        points: Sequence[tuple[float, float]] | Floats,
        down: Callable[[Floats, Floats], Floats] | None = None,
    ) -> Floats:
        """Map points (u, v), shape (n, 2), to pixels (x, y).

        Args:
            points: Of the table.
            down: How far below the lungs' tops (u, v) lie, half widths; by default as the lungs
                say, `Ribs.down` as the ribs do.
        """
        u, v = np.asarray(points, dtype=np.float64).reshape(-1, 2).T
        return np.stack(self.at(u, self.depth(v) if down is None else down(u, v)), axis=1)

    def at(self, u: Floats, down: Floats) -> tuple[Floats, Floats]:
        """Return x and y, pixels, of places by ``u`` and half widths below the lungs' tops."""
        across = u * self.half_width * self.sign
        below = self._top + down * self.half_width
        x = self._x + self._cosine * (across + self.slope * below)
        return x, self._cosine * (below - self.slope * across)

    def depth(self, v: Any) -> Any:
        """Return ``v`` in half widths below the lungs' tops."""
        return v * (self.height / self.half_width)

    def down_of(self, shape: tuple[int, ...]) -> Floats:
        """Return how far below the lungs' tops every pixel centre lies, half widths."""
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        return np.asarray(self.down_at(columns + 0.5, rows + 0.5))

    def down_at(self, x: Any, y: Any) -> Any:
        """Return how far below the lungs' tops places (x, y), pixels, lie, half widths."""
        below = self._cosine * (y + self.slope * (x - self._x))
        return (below - self._top) / self.half_width

    def u_of(self, shape: tuple[int, ...]) -> Floats:
        """Return ``u`` of every pixel centre, shape (rows, columns)."""
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        across = self._cosine * (columns + 0.5 - self._x - self.slope * (rows + 0.5))
        return np.asarray(across * self.sign / self.half_width)

    def _down(self, lung: Bits) -> tuple[float, float]:
        """Return how far down the midline a lung begins and ends, in pixels."""
        rows = np.flatnonzero(lung.any(axis=1))
        # The first and last touched pixel of each row are enough: the extremes are among them.
        ends = (lung[rows].argmax(axis=1), lung.shape[1] - lung[rows][:, ::-1].argmax(axis=1))
        down = [self._cosine * (rows + self.slope * (end - self._x)) for end in ends]
        return float(np.min(down)), float(np.max(down)) + 1.0


def _slope(rows: NDArray[np.int_], middles: Floats, halves: Floats) -> float:
    """Return columns per row along the midline: the median slope of halves against each other.

    Where a chest widens, a row of the turned chest cuts its two sides at different levels, which
    moves the row's middle by slope · half width · widening; that is allowed for. The tops and the
    lowest parts are left out: apices are round, and fluid hides the angles.
    """
    if rows.size < 20:
        return 0.0
    window = max(rows.size // 20, 1)
    smooth = np.convolve(np.pad(halves, window, mode="edge"), np.ones(2 * window + 1), "valid")
    smooth /= 2 * window + 1
    level = rows + smooth * np.gradient(smooth)
    kept = slice(int(0.15 * rows.size), int(0.75 * rows.size))
    y, x = level[kept], middles[kept]
    half = y.size // 2
    down = y[half : 2 * half] - y[:half]
    apart = down > 0.1 * rows.size
    if not apart.any():
        return 0.0
    slope = float(np.median((x[half : 2 * half] - x[:half])[apart] / down[apart]))
    return float(np.clip(slope, -_STEEPEST, _STEEPEST))


def _middle(mask: Bits) -> float:
    touched = np.flatnonzero(mask.any(axis=0))
    return float(touched[0] + touched[-1]) / 2


__all__ = ["Frame", "Proportions", "load_proportions"]
