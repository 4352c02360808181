"""Places that are cut only when words name them, in the pixels of the masks they are cut from.

Lobes and fissures are bands of a lung field, ribs and clavicles are bands around their axes, other
places are boxes; `zones.toml` has their proportions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.link.frame import load_proportions
from radnlp.schema import Box

if TYPE_CHECKING:
    from radnlp.link.frame import Floats, Frame

Bits: TypeAlias = NDArray[np.bool_]

_SIGN = {"left": 1.0, "right": -1.0}

# In parts of the frame's height: half a bone's thickness, half the strip along the diaphragm, the
# lower edge of the first lumbar vertebra. In half widths of the chest: the periphery of the lung,
# the width of the corner between heart and diaphragm.
_BONE, _RIM, _LUMBAR, _PERIPHERY, _CORNER = 0.025, 0.03, 1.14, 0.22, 0.25
_POINTS = 80

# In heights of the lung: how far up its lower edge can be a diaphragm, and how far below it the
# heart may begin if the lung ends at the heart.
_LOWEST, _GAP = 0.4, 0.03


def floor_of(lung: Bits, heart: Bits | None) -> Floats:
    """Return the row of the lung's lower edge in each column, NaN where it is no diaphragm.

    It is none over the heart, and none high up, where the side wall or the mediastinum curves.

    Args:
        lung: bool (rows, columns), not empty.
        heart: The same shape; ``None`` if it is not known.
    """
    rows = np.flatnonzero(lung.any(axis=1))
    top, bottom = rows[0], rows[-1] + 1
    low = lung.shape[0] - np.argmax(lung[::-1], axis=0).astype(np.float64)
    low[~lung.any(axis=0) | (low < bottom - _LOWEST * (bottom - top))] = np.nan
    if heart is not None:
        for column in np.flatnonzero(heart.any(axis=0) & np.isfinite(low)):
            first = int(low[column])
            gap = max(int(_GAP * (bottom - top)), 2)
            if heart[first : first + gap, column].any():
                low[column] = np.nan
    return np.asarray(low)


def named_place(
    label: str, lung: Bits | None, floor: Floats | None, frame: Frame
) -> Bits | Box | None:
    """Return a place by its label.

    Args:
        label: For example ``right_rib_7`` or ``aortic_knob``.
        lung: bool (rows, columns); the lung field of the label's side, ``None`` if it has none.
        floor: Its `floor_of`.
        frame: The chest's.

    Returns:
        A mask of the shape of ``lung``, or a box that may reach out of the image, or ``None`` if
        there is no such place.
    """
    table = load_proportions()
    if label in table.middle:
        u0, v0, u1, v1 = table.middle[label]
        return _around(frame, [(u, v) for u in (u0, u1) for v in (v0, v1)], 1.0)
    side, _, name = label.partition("_")
    if lung is None or floor is None or side not in _SIGN:
        return None
    if name in table.sided:
        u0, v0, u1, v1 = table.sided[name]
        u, v = (u0 + u1) / 2, (v0 + v1) / 2
        # The middles of the edges: what lies across a turned chest has no corners to reach for.
        return _around(frame, [(u0, v), (u1, v), (u, v0), (u, v1)], _SIGN[side])
    if label in table.bands:
        low, high = table.bands[label]
        depth = frame.v_of(lung.shape)
        return np.asarray(lung & (depth >= low) & (depth <= high))
    if name in table.axes:
        return _bone(table.axes[name], lung.shape, frame, _SIGN[side])
    if name == "subdiaphragmatic":
        return _below_dome(floor, frame, _SIGN[side])
    return _edge_of_lung(name, lung, floor, frame, _SIGN[side] * frame.sign)


def _around(frame: Frame, points: list[tuple[float, float]], sign: float) -> Box:
    """Return the upright box around points of the frame."""
    corners = frame.to_pixels([(sign * u, v) for u, v in points])
    return Box(*corners.min(axis=0), *corners.max(axis=0))


def _bone(
    path: tuple[tuple[float, float], ...], shape: tuple[int, ...], frame: Frame, sign: float
) -> Bits:
    corners = np.array(path) * (sign, 1.0)
    at, known = np.linspace(0, len(path) - 1, _POINTS), np.arange(len(path))
    axis = frame.to_pixels(np.stack([np.interp(at, known, part) for part in corners.T], axis=1))
    radius = max(_BONE * frame.height, 1.0)
    band = np.zeros(shape, dtype=np.bool_)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    for x, y in axis:
        near = tuple(
            slice(max(int(middle - radius), 0), max(int(middle + radius) + 2, 0))
            for middle in (y, x)
        )
        far = (rows[near[0]] + 0.5 - y) ** 2 + (columns[:, near[1]] + 0.5 - x) ** 2
        band[near] |= far <= radius**2
    return band


def _below_dome(floor: Floats, frame: Frame, sign: float) -> Box | None:
    """Return what lies under the dome's highest point, down to the first lumbar vertebra."""
    if np.isnan(floor).all():
        return None
    ends = frame.to_pixels([(0.0, _LUMBAR), (sign, _LUMBAR)])
    (x0, _), (x1, y1) = ends.min(axis=0), ends.max(axis=0)
    crest = float(np.nanmin(floor))
    return Box(x0, crest, x1, y1) if crest < y1 else None


def _edge_of_lung(
    name: str, lung: Bits, floor: Floats, frame: Frame, outward: float
) -> Bits | None:
    """Return a strip of a lung field; ``outward`` is 1 if the side wall lies at high x."""
    x = (np.arange(lung.shape[1]) + 0.5) * outward
    if name == "lung_periphery":
        edge = np.where(lung, x, -np.inf).max(axis=1, keepdims=True)
        return np.asarray(lung & (x > edge - _PERIPHERY * frame.half_width))
    above = floor - (np.arange(lung.shape[0])[:, None] + 0.5)
    if name == "diaphragm":
        return np.asarray(np.abs(above) <= _RIM * frame.height)
    if name == "cardiophrenic_angle":
        start = np.min(x, where=np.isfinite(floor), initial=np.inf)
        medial = x < start + _CORNER * frame.half_width
        return np.asarray(lung & medial & (above < frame.height / 6))
    return None


__all__ = ["floor_of", "named_place"]
