"""Where named places of the phantom's chest show in its film.

Every place is taken from the phantom's own bodies: organs and domes in closed form, bones by their
axes, levels by vertebrae and ribs. Nothing here looks at how zones are cut from masks, so these
boxes can judge zones. A place that lies outside the film has no box.

What has no outline of its own is bounded by neighbours that have: the apex by the clavicle, the
minor fissure by the right hilum and the sixth rib in the axillary line, lobes by the fissures, the
spine of the chest by its first and twelfth vertebra, what lies below the domes by the first lumbar
vertebra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.examples.anatomy import HILUM, Torso, cage_half_width
from radnlp.examples.skeleton import clavicle_path, rib_path, scapula_paths, vertebra_edges
from radnlp.schema.geometry import Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["landmarks"]

Floats: TypeAlias = NDArray[np.float64]
Bits: TypeAlias = NDArray[np.bool_]

SIGN = {"right": -1.0, "left": 1.0}
_FIRST_THORACIC = 4  # in `vertebra_edges`
_RIB_RADIUS, _CLAVICLE_RADIUS, _SCAPULA_RADIUS = 6.5, 6.0, 4.5
_SPINE_HALF = 21.0  # with the transverse processes' roots
_PARATRACHEAL = 12.0
_SKIN = 3.0
_BASE, _RIM = 43.0, 8.0


def landmarks(torso: Torso) -> dict[str, Box]:
    """Return the box of every place by its label, stored pixels, cut to the film."""
    return {label: box for label, box in (*_middle(torso), *_sides(torso)) if box is not None}


def _middle(torso: Torso) -> Iterator[tuple[str, Box | None]]:
    y = torso.grid[1]
    heart = torso.masks["heart"]
    vessels = [part > 0.0 for part in torso.mediastinum_parts]
    lowest = float(y[heart].max())
    middle = np.any([heart, *vessels], axis=0) & (y > 0.0) & (y < lowest)
    level = vertebra_edges()
    first, last = level[_FIRST_THORACIC], level[_FIRST_THORACIC + 11]
    yield "cardiac_silhouette", _around(heart)
    yield "mediastinum", _around(middle)
    # Down to the lower edge of the fourth thoracic vertebra.
    fourth = level[_FIRST_THORACIC + 3][1]
    yield "superior_mediastinum", _around(np.any(vessels, axis=0) & (y > 0.0) & (y < fourth))
    yield "aortic_knob", _around(vessels[2])
    spine = np.abs(torso.x_at(68.0)) < _SPINE_HALF
    yield "spine", _around(spine & (y > first[0]) & (y < last[1]))
    yield "trachea", _swept(torso, np.array([(-1, -20, 24), (-4, 40, 20), (-5, 82, 14)]), 9.2)
    fork = np.array([(-18, 98, 12), (-5, 80, 14), (14, 98, 12)])
    yield "carina", _swept(torso, fork, 6.0)
    # Between the lower edge of the knob and the left pulmonary artery's lower edge.
    window = (torso.x_at(0.0) > 0.0) & (torso.x_at(0.0) < 40.0) & (y > 76.0) & (y < 104.0)
    yield "aortopulmonary_window", _around(window)


def _sides(torso: Torso) -> Iterator[tuple[str, Box | None]]:
    for side, sign in SIGN.items():
        places = (
            _fields(torso, side),
            _roots(torso, side),
            _lobes(torso, side),
            _bones(torso, sign),
            _outside(torso, side),
        )
        for place in places:
            for name, box in place:
                yield f"{side}_{name}", box


def _fields(torso: Torso, side: str) -> Iterator[tuple[str, Box | None]]:
    """Parts of the lung field."""
    y, field = torso.grid[1], torso.masks[f"{side}_lung"]
    outward = torso.x_at(-20.0) * SIGN[side]
    dome = torso.dome(side)
    over = dome - y
    yield "apex", _around(field & (y < float(clavicle_path(SIGN[side])[0, 1])))
    yield "base", _around(field & (over < _BASE))
    # The angle begins where the dome falls by 20 degrees towards the side wall.
    yield "costophrenic_angle", _around(field & _steep(torso, side))
    heart = float(outward[torso.masks["heart"] & (np.abs(over) < _RIM)].max(initial=0.0))
    yield "cardiophrenic_angle", _around(field & (over < _BASE) & (outward < heart + 40.0))
    rim = (np.abs(over) < _RIM) & (outward > 0.0) & (outward < cage_half_width(y))
    yield "diaphragm", _around(rim & (field & (over < _RIM)).any(axis=0))
    inner = cage_half_width(y) - 30.0
    yield "lung_periphery", _around(field & (np.abs(torso.grid[0]) > inner))
    yield "retrocardiac", _around(torso.masks["heart"] & (torso.grid[0] * SIGN[side] > 0.0))


def _steep(torso: Torso, side: str) -> Bits:
    """Return the recess lateral to and below the place where the dome falls by 20 degrees."""
    frame = torso.frame
    dome = torso.dome(side)
    outward = torso.x_at(-20.0) * SIGN[side]
    fall = np.gradient(dome, axis=1) / np.gradient(outward, axis=1)
    start = (fall > np.tan(np.radians(20.0))) & (outward > 0.0)
    if not start.any():
        return np.zeros((frame.rows, frame.columns), dtype=np.bool_)
    inner = float(outward[start].min())
    level = float(dome[start & (outward < inner + 2.0)].min())
    return np.asarray((outward > inner) & (torso.grid[1] > level))


def _roots(torso: Torso, side: str) -> Iterator[tuple[str, Box | None]]:
    """What surrounds the root of the lung."""
    x, y, z = HILUM[side]
    sign = SIGN[side]
    outward = torso.x_at(z) * sign
    down = torso.grid[1]
    yield "hilum", _around((np.abs(outward - abs(x)) < 26.0) & (np.abs(down - y) < 38.0))
    near = (outward > 0.0) & (outward < abs(x) + 52.0) & (np.abs(down - y) < 52.0)
    yield "perihilar", _around(near)
    beside = (torso.x_at(17.0) + 3.0) * sign
    stripe = (beside > 0.0) & (beside < 9.0 + _PARATRACHEAL) & (down > 0.0) & (down < 82.0)
    yield "paratracheal", _around(stripe)


def _lobes(torso: Torso, side: str) -> Iterator[tuple[str, Box | None]]:
    """Lobes overlap: the oblique fissure falls from behind to the front.

    It starts behind at the neck of the fourth rib and ends in front at the end of the sixth.
    """
    y, field = torso.grid[1], torso.masks[f"{side}_lung"]
    sign = SIGN[side]
    oblique_top = float(rib_path(3, sign)[0, 1])
    oblique_low = float(rib_path(5, sign)[-1, 1])
    minor = sorted((HILUM["right"][1], _axillary(5)))
    yield "lower_lobe", _around(field & (y > oblique_top))
    if side == "right":
        yield "upper_lobe", _around(field & (y < minor[1]))
        yield "middle_lobe", _around(field & (y > minor[0]))
        yield "fissure", _around(field & (y > minor[0]) & (y < minor[1]))
    else:
        yield "upper_lobe", _around(field & (y < oblique_low))
        yield "lingula", _around(field & (y > minor[0]) & (y < oblique_low))
        yield "fissure", _around(field & (y > oblique_top) & (y < oblique_low))


def _axillary(index: int) -> float:
    """Return the height of a rib where it is farthest from the midline."""
    path = rib_path(index, 1.0)
    return float(path[np.argmax(path[:, 0]), 1])


def _bones(torso: Torso, sign: float) -> Iterator[tuple[str, Box | None]]:
    for index in range(12):
        yield f"rib_{index + 1}", _swept(torso, rib_path(index, sign), _RIB_RADIUS)
    yield "clavicle", _swept(torso, clavicle_path(sign), _CLAVICLE_RADIUS)
    yield "scapula", _swept(torso, np.concatenate(scapula_paths(sign)), _SCAPULA_RADIUS)


def _outside(torso: Torso, side: str) -> Iterator[tuple[str, Box | None]]:
    """What lies beside and below the lung."""
    x, y = torso.grid
    outward = x * SIGN[side]
    field = torso.masks[f"{side}_lung"]
    inside_body = torso.body > 2.0 * _SKIN
    # Above the third rib in the axillary line the shoulder begins.
    level = (y > _axillary(2)) & (y < float(y[field].max()))
    beside = inside_body & (outward > cage_half_width(y)) & level
    yield "soft_tissue", _around(beside)
    lumbar = vertebra_edges()[_FIRST_THORACIC + 12][1]
    below = (y > torso.dome(side)) & (y < lumbar) & (outward > 0.0)
    yield "subdiaphragmatic", _around(below & (outward < cage_half_width(y)))


def _around(inside: Bits) -> Box | None:
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return None
    return Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def _swept(torso: Torso, path: Floats | Sequence[tuple[float, ...]], radius: float) -> Box | None:
    """Return the box of a tube around a path, shape (n, 3), mm, cut to the film."""
    frame = torso.frame
    columns, rows = frame.pixels(np.asarray(path, dtype=np.float64))
    margin = radius * frame.size / frame.spacing_mm
    edges = (columns.min() - margin, rows.min() - margin)
    ends = (columns.max() + margin, rows.max() + margin)
    if edges[0] >= frame.columns or edges[1] >= frame.rows or ends[0] <= 0 or ends[1] <= 0:
        return None
    return Box(*edges, *ends).clip(frame.columns, frame.rows)
