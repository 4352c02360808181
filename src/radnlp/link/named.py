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
    from collections.abc import Callable

    from radnlp.link.frame import Floats, Frame
    from radnlp.link.ribs import Ribs

Bits: TypeAlias = NDArray[np.bool_]

_SIGN = {"left": 1.0, "right": -1.0}

# In parts of the frame's height: half a bone's thickness, half the strip along the diaphragm, the
# lower edge of the first lumbar vertebra. In half widths of the chest: the periphery of the lung,
# the width of the corner between heart and diaphragm.
_BONE, _RIM, _LUMBAR, _PERIPHERY, _CORNER = 0.025, 0.03, 1.14, 0.22, 0.34
_POINTS = 80
# The soft tissue beside the chest, half widths; the height of the third rib where it turns.
_SIDE, _THIRD_RIB = (0.92, 1.32), 0.29

# In heights of the lung: how far up its lower edge can be a diaphragm, and how far below it the
# heart may begin if the lung ends at the heart.
_LOWEST, _GAP = 0.4, 0.03

# The floor ends where it jumps by this part of the lung's height from one column to the next. An
# angle begins where the dome falls by 20 degrees and is at least this part of that height deep.
_STEP, _FALL, _DEEP, _SHORTEST = 0.04, 0.364, 0.02, 12


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
    return _without_steps(low, _STEP * (bottom - top))


def _without_steps(low: Floats, most: float) -> Floats:
    """Return the widest run of columns without a jump; beyond one the lung ends elsewhere."""
    columns = np.flatnonzero(np.isfinite(low))
    if not columns.size:
        return low
    ends = np.flatnonzero(np.abs(np.diff(low[columns])) > most * np.diff(columns)) + 1
    run = max(np.split(columns, ends), key=len)
    result = np.full_like(low, np.nan)
    result[run] = low[run]
    return result


def angle_of(lung: Bits, floor: Floats, outward: float) -> Bits | None:
    """Return the part of a lung lateral to and below where its dome falls by 20 degrees.

    Args:
        lung: bool (rows, columns).
        floor: Its `floor_of`.
        outward: 1 if the side wall lies at high x, -1 if at low x.

    Returns:
        ``None`` if the dome does not fall so far, as where fluid lies.
    """
    columns = np.flatnonzero(np.isfinite(floor))[:: int(outward)]
    if columns.size < _SHORTEST:
        return None
    low = floor[columns]
    crest = int(low.argmin())
    tip = crest + int(low[crest:].argmax()) + 1
    if tip - crest < _SHORTEST:
        return None
    # The curve through the dome's edge: rows of pixels are too coarse to have a slope.
    along = np.linspace(-1.0, 1.0, tip - crest)
    edge = np.polynomial.Polynomial.fit(along, low[crest:tip], 4, domain=[])
    flat = np.flatnonzero(edge.deriv()(along) * 2.0 / (tip - crest - 1) < _FALL)
    first = int(flat[-1]) + 1 if flat.size else 0
    if first >= along.size - 1:
        return None
    level = float(edge(along[first]))
    if low[tip - 1] - level < _DEEP * lung.any(axis=1).sum():
        return None
    start = columns[crest + first]
    x, y = np.arange(lung.shape[1]), np.arange(lung.shape[0])[:, None] + 0.5
    return np.asarray(lung & (x * outward >= start * outward) & (y > level))


def follows_ribs(label: str) -> bool:
    """Tell whether a place is bounded by ribs, so that they say where it lies."""
    table = load_proportions()
    side, _, name = label.partition("_")
    name = name if side in _SIGN else label
    return name.rstrip("_0123456789") in table.by_ribs


def named_place(
    label: str, lung: Bits | None, floor: Floats | None, frame: Frame, ribs: Ribs | None
) -> Bits | Box | None:
    """Return a place by its label.

    Args:
        label: For example ``right_rib_7`` or ``aortic_knob``.
        lung: bool (rows, columns); the lung field of the label's side, ``None`` if it has none.
        floor: Its `floor_of`.
        frame: The chest's.
        ribs: Of the same chest, for what follows them.

    Returns:
        A mask of the shape of ``lung``, or a box that may reach out of the image, or ``None`` if
        there is no such place.
    """
    table = load_proportions()
    down = None if ribs is None else ribs.down
    if label in table.boxes:
        u0, v0, u1, v1 = table.boxes[label]
        return _around(frame.to_pixels([(u, v) for u in (u0, u1) for v in (v0, v1)], down))
    side, _, name = label.partition("_")
    if lung is None or floor is None or side not in _SIGN:
        return None
    if name in table.sided:
        u0, v0, u1, v1 = table.sided[name] * np.array([_SIGN[side], 1.0, _SIGN[side], 1.0])
        u, v = (u0 + u1) / 2, (v0 + v1) / 2
        # The middles of the edges: what lies across a turned chest has no corners to reach for.
        return _around(frame.to_pixels([(u0, v), (u1, v), (u, v0), (u, v1)], down))
    if label in table.bands:
        return _band(lung, frame, ribs, table.bands[label])
    if name in table.axes:
        corners = np.array(table.axes[name]) * (_SIGN[side], 1.0)
        return _bone(corners, lung.shape, frame, down)
    if name == "subdiaphragmatic" and ribs is not None:
        return _below_dome(floor, frame, ribs, _SIGN[side])
    if name == "soft_tissue" and ribs is not None:
        return _beside(lung, frame, ribs, _SIGN[side])
    return _edge_of_lung(name, lung, floor, frame, _SIGN[side] * frame.sign)


def _band(lung: Bits, frame: Frame, ribs: Ribs | None, edges: tuple[float, float]) -> Bits:
    """Return a band of a lung by the ribs, or by the lungs where it would miss a short lung."""
    below = frame.down_of(lung.shape)
    low, high = (frame.depth(v) if ribs is None else ribs.level(v) for v in edges)
    band = np.asarray(lung & (below >= low) & (below <= high))
    return band if ribs is None or band.any() else _band(lung, frame, None, edges)


def _around(corners: Floats) -> Box:
    return Box(*corners.min(axis=0), *corners.max(axis=0))


def _bone(
    corners: Floats,
    shape: tuple[int, ...],
    frame: Frame,
    down: Callable[[Floats, Floats], Floats] | None,
) -> Bits:
    at, known = np.linspace(0, len(corners) - 1, _POINTS), np.arange(len(corners))
    path = np.stack([np.interp(at, known, part) for part in corners.T], axis=1)
    axis = frame.to_pixels(path, down)
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


def _below_dome(floor: Floats, frame: Frame, ribs: Ribs, sign: float) -> Box | None:
    """Return what lies under the dome's highest point, down to the first lumbar vertebra."""
    if np.isnan(floor).all():
        return None
    column = int(np.nanargmin(floor))
    crest, lowest = float(floor[column]), ribs.level(_LUMBAR)
    middle = (frame.down_at(column + 0.5, crest) + lowest) / 2
    # A slanted midline is taken halfway down.
    x, _ = frame.at(np.array([0.0, sign]), np.full(2, middle))
    _, y = frame.at(np.array([0.0, sign]), np.full(2, lowest))
    return Box(x.min(), crest, x.max(), y.max()) if crest < y.max() else None


def _beside(lung: Bits, frame: Frame, ribs: Ribs, sign: float) -> Box | None:
    """Return what lies beside the chest, from the third rib's turn down to the lung's tip."""
    u = sign * np.array(_SIDE)
    x, y = frame.at(u, np.full(2, ribs.level(_THIRD_RIB)))
    bottom = float(np.flatnonzero(lung.any(axis=1))[-1] + 1)
    return Box(x.min(), y.mean(), x.max(), bottom) if y.mean() < bottom else None


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


__all__ = ["angle_of", "floor_of", "follows_ribs", "named_place"]
