"""Bones of the phantom: ribs, clavicles, scapulae, humeri and spine."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.examples.anatomy import Torso, cage_depth, cage_half_width, chord, smooth_step
from radnlp.examples.projection import Cloud, join, tube

__all__ = ["bones", "clavicle_path", "rib_path", "scapula_paths", "spine", "vertebra_edges"]

Floats: TypeAlias = NDArray[np.float64]

# Attenuation per mm above soft tissue, around 70 keV effective.
CORTEX = 0.040
MARROW = 0.006

# per rib: drop from the spine to the front end, and the angle at which the bone ends
_RIBS = [
    (34, 150), (58, 150), (76, 152), (88, 152), (96, 150), (100, 146), (102, 140), (98, 128),
    (90, 114), (80, 100), (60, 74), (40, 48),
]  # fmt: skip


def bones(step_mm: float) -> Cloud:
    """Return ribs, clavicles, scapulae and humeri as one cloud."""
    parts = []
    for sign in (-1.0, 1.0):
        parts += [_rib(index, sign, step_mm) for index in range(len(_RIBS))]
        parts += [_clavicle(sign, step_mm), *_shoulder(sign, step_mm)]
    return join(parts)


def rib_path(index: int, sign: float) -> Floats:
    """Return the axis of a rib from the spine to its front end, shape (60, 3), mm.

    Args:
        index: 0 for the first rib.
        sign: -1 for the patient's right, 1 for the left.
    """
    drop, _ = _RIBS[index]
    angle = _rib_angles(index)
    fall = drop * (1.0 - np.cos(angle)) / (1.0 - np.cos(np.radians(150.0)))
    y = -13.0 + 23.2 * index + fall - 9.0 * np.exp(-((angle / 0.5) ** 2)) * (index > 0)
    half, depth = cage_half_width(np.maximum(y + 6.0, 12.0)), cage_depth(np.maximum(y, 22.0)) - 2.0
    half *= 1.0 - 0.20 * (index == 0) - 0.05 * (index == 1)
    x = sign * (half + 2.0) * np.sin(angle) ** 0.9
    return np.stack([x, y, depth * np.cos(angle)], axis=1)


def _rib_angles(index: int) -> Floats:
    return np.radians(np.linspace(7.0, _RIBS[index][1], 60))


def _rib(index: int, sign: float, step_mm: float) -> Cloud:
    path, angle = rib_path(index, sign), _rib_angles(index)
    outward = np.stack([sign * np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)
    tall = 5.8 + 1.2 * smooth_step((angle - 0.4) / 1.6)
    radii = np.stack([np.full_like(angle, 3.4), tall * (0.85 if index > 8 else 1.0)], axis=1)
    cloud = tube(
        path, radii, step_mm=step_mm, core=MARROW, shell=CORTEX, shell_mm=0.95, flat=outward
    )
    fade = np.clip(np.linspace(8.0, 0.0, cloud.mass.size) * 4.0, 0.0, 1.0)
    return Cloud(points=cloud.points, mass=cloud.mass * fade)


def clavicle_path(sign: float) -> Floats:
    """Return the axis of a clavicle from the sternum to the shoulder, shape (40, 3), mm."""
    path = np.array(
        [(15, 40, -78), (32, 36, -82), (60, 25, -80), (92, 12, -62), (122, 0, -40), (152, -8, -26)],
        dtype=np.float64,
    )
    return _smooth(path * [sign, 1.0, 1.0])


def _clavicle(sign: float, step_mm: float) -> Cloud:
    path = clavicle_path(sign)
    along = np.linspace(0.0, 1.0, len(path))
    radius = 5.0 + 3.2 * np.exp(-((along / 0.16) ** 2)) + 1.2 * smooth_step((along - 0.6) / 0.4)
    radii = np.stack([radius, radius], axis=1)
    return tube(path, radii, step_mm=step_mm, core=MARROW, shell=CORTEX, shell_mm=1.3)


# Ridges of the scapula (spine, two borders, coracoid, glenoid): axis, end radii and wall, mm.
_RIDGES = [
    ([(104, 34, 92), (130, 8, 92), (156, -12, 70), (168, -14, 50)], 4.0, 5.0, 0.8),
    ([(150, 32, 60), (146, 62, 78), (138, 100, 92), (128, 138, 98)], 3.0, 4.2, 0.8),
    ([(101, 30, 92), (100, 70, 98), (108, 110, 100), (127, 140, 98)], 1.6, 2.0, 0.8),
    ([(146, 12, 50), (136, 8, 34), (130, 16, 24)], 5.0, 5.0, 1.0),
    ([(147, 10, 56), (152, 26, 56), (148, 44, 58)], 5.0, 5.0, 0.8),
]


def scapula_paths(sign: float) -> list[Floats]:
    """Return the axes of a scapula's ridges, each of shape (40, 3), mm."""
    return [_smooth(np.array(points, float) * [sign, 1.0, 1.0]) for points, *_ in _RIDGES]


def _shoulder(sign: float, step_mm: float) -> list[Cloud]:
    """Scapula (ridges and blade) and the upper humerus of one side."""
    parts = []
    for path, (_, start, stop, wall) in zip(scapula_paths(sign), _RIDGES, strict=True):
        radius = np.linspace(start, stop, len(path))
        radius = radius * (1.02 - np.linspace(-1.0, 1.0, len(path)) ** 10) ** 0.5
        radii = np.stack([radius, radius], axis=1)
        parts.append(tube(path, radii, step_mm=step_mm, core=MARROW, shell=CORTEX, shell_mm=wall))
    shaft = np.array([(170, 8, 30), (178, 18, 30), (188, 46, 30), (212, 110, 30), (236, 170, 30)])
    path = _smooth(shaft * [sign, 1.0, 1.0])
    along = np.linspace(0.0, 1.0, len(path))
    radius = 12.0 + 11.0 * np.exp(-(((along - 0.08) / 0.14) ** 2))
    radii = np.stack([radius, radius], axis=1)
    parts.append(tube(path, radii, step_mm=step_mm, core=MARROW, shell=CORTEX, shell_mm=1.6))
    blade = np.array(
        [(102, 40, 94), (112, 72, 96), (122, 104, 98), (127, 132, 98)], dtype=np.float64
    )
    path = _smooth(blade * [sign, 1.0, 1.0] + [sign * 20.0, -6.0, 0.0])
    wide = np.linspace(21.0, 4.0, len(path))
    radii = np.stack([wide, np.full(len(path), 1.6)], axis=1)
    across = np.tile([sign * 1.0, 0.0, 0.0], (len(path), 1))
    parts.append(tube(path, radii, step_mm=step_mm, core=CORTEX * 0.35, flat=across))
    return parts


def spine(torso: Torso) -> Floats:
    """Return the attenuation of the vertebrae above soft tissue along each ray."""
    y = torso.grid[1]
    x = torso.x_at(66.0)
    result = np.zeros(y.shape)
    for index, (top, bottom) in enumerate(vertebra_edges()):
        half = 13.5 + 0.42 * index
        result += _vertebra(x, y - (top + bottom) / 2, half=half, tall=bottom - top)
    return result


def vertebra_edges() -> list[tuple[float, float]]:
    """Return top and bottom (y, mm) of 21 vertebral bodies; the first rib is at number 4, T1."""
    edges, top = [], -96.0
    for index in range(21):
        tall = 15.0 + 0.62 * index
        edges.append((top, top + tall))
        top += tall + 2.6 + 0.08 * index
    return edges


def _vertebra(x: Floats, y: Floats, *, half: float, tall: float) -> Floats:
    near = np.abs(y) < tall
    result = np.zeros(y.shape)
    x, y = x[near], y[near]
    waist = half * (0.90 + 0.10 * (2 * y / tall) ** 2)
    width = np.maximum(1.0 - np.abs(x / waist) ** 3.0, 0.0) ** 0.6
    body = 0.0040 * 32.0 * width * smooth_step((tall / 2 - np.abs(y)) / 1.8 + 0.5)
    plates = 0.10 * width * np.exp(-(((np.abs(y) - tall / 2 + 0.9) / 1.0) ** 2))
    sides = 0.06 * np.exp(-(((np.abs(x) - waist + 1.2) / 1.1) ** 2)) * (np.abs(y) < tall / 2)
    oval = np.hypot((np.abs(x) - 0.62 * half) / 3.2, (y + 0.22 * tall) / 4.6)
    pedicles = 0.15 * np.exp(-(((oval - 1.0) / 0.28) ** 2)) + 0.06 * (oval < 1.0)
    process = 0.15 * chord((x / 3.0) ** 2, ((y - 0.36 * tall) / 6.5) ** 2)
    wing = np.exp(-(((y + 0.2 * tall + 0.12 * (np.abs(x) - half)) / 4.0) ** 2))
    wings = (
        0.10
        * wing
        * smooth_step((np.abs(x) - 0.6 * half) / 4)
        * smooth_step((half + 15.0 - np.abs(x)) / 4)
    )
    result[near] = body + plates + sides + pedicles + process + wings
    return result


def _smooth(points: Floats, count: int = 40) -> Floats:
    """Return a rounded path through about the given corners (quadratic B-spline, ends kept)."""
    knots = np.linspace(0.0, 1.0, len(points))
    at = np.linspace(0.0, 1.0, 4 * count)
    path = np.stack([np.interp(at, knots, column) for column in points.T], axis=1)
    window = 2 * (2 * count // len(points)) + 1
    for _ in range(2):
        edge = window // 2
        head = 2 * path[0] - path[edge:0:-1]
        tail = 2 * path[-1] - path[-2 : -edge - 2 : -1]
        padded = np.concatenate([head, path, tail])
        sums = np.cumsum(np.concatenate([np.zeros((1, 3)), padded]), axis=0)
        path = (sums[window:] - sums[:-window]) / window
    return path[::4]
