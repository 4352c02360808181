"""Branching pulmonary vessels and the airway of the phantom."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.examples.anatomy import HILUM, Torso
from radnlp.examples.projection import Cloud, join, tube

__all__ = ["airway", "vessels"]

Floats: TypeAlias = NDArray[np.float64]

GENERATIONS = 6
_STEPS = 7
_SIGN = {"right": -1.0, "left": 1.0}

# Central arteries: axis (x to the patient's left, both signs as given) and end radii, mm.
_CENTRAL = {
    "right": [
        ([(-12, 112, -4), (-32, 113, 0), (-42, 122, 6), (-47, 142, 14), (-53, 168, 24)], 8.5, 4.2),
        ([(-30, 113, 0), (-40, 104, -4), (-48, 92, -8)], 6.0, 4.0),
        ([(-18, 140, 10), (-36, 146, 6), (-52, 152, 2)], 6.0, 3.2),
    ],
    "left": [
        ([(20, 100, -8), (36, 100, 4), (43, 110, 14), (46, 132, 22), (54, 160, 32)], 8.5, 4.0),
        ([(34, 100, 0), (42, 92, -4), (48, 82, -8)], 5.6, 3.6),
        ([(24, 134, 10), (40, 138, 4), (56, 142, 0)], 5.6, 3.0),
    ],
}


def vessels(torso: Torso, rng: np.random.Generator, step_mm: float, *, excess: float) -> Cloud:
    """Return arteries and veins of both lungs.

    Args:
        torso: Where the lungs are.
        rng: Decides the branching.
        step_mm: Distance between points.
        excess: Attenuation of blood per mm, above lung.
    """
    parts = []
    for side, central in _CENTRAL.items():
        for corners, start, stop in central:
            path = np.array(corners, dtype=np.float64)
            radius = np.linspace(start, stop, len(path))
            radii = np.stack([radius, radius], axis=1)
            parts.append(tube(path, radii, step_mm=step_mm, core=excess * 0.8))
        parts += _tree(torso, side, rng, step_mm, excess)
    return join(parts)


def _tree(
    torso: Torso, side: str, rng: np.random.Generator, step_mm: float, excess: float
) -> list[Cloud]:
    """Grow branches generation by generation; one that leaves the lung ends there."""
    sign = _SIGN[side]
    starts, directions = _trunks(side, rng)
    radius = rng.uniform(2.4, 4.0, len(starts))
    length = np.full(len(starts), 27.0)
    parts = []
    for generation in range(GENERATIONS):
        steps = [starts]
        heading, alive = directions, np.ones(len(starts), dtype=bool)
        for _ in range(_STEPS):
            heading = _unit(heading + rng.normal(0.0, 0.13, heading.shape))
            steps.append(steps[-1] + heading * (length / _STEPS)[:, None])
            alive &= torso.contains(side, steps[-1]) | (np.abs(steps[-1][:, 0]) < 42.0)
        axis = np.stack(steps)
        taper = np.linspace(1.0, 0.80, _STEPS + 1)[:, None] * radius
        parts.append(_segments(axis, taper, step_mm, excess))
        starts, heading = steps[-1][alive], heading[alive]
        radius, length = radius[alive], length[alive]
        if not len(starts):
            break
        spread = 0.55 if generation else 0.45
        side_step = _unit(np.cross(heading, rng.normal(size=heading.shape)))
        share = rng.uniform(0.35, 0.75, len(starts))
        directions = np.concatenate(
            [_unit(heading + spread * share[:, None] * side_step),
             _unit(heading - spread * (1.3 - share)[:, None] * side_step)]
        )  # fmt: skip
        radius = np.concatenate([radius * 0.84, radius * (0.84 - 0.25 * share)]) * 0.93
        length = np.tile(length, 2) * rng.uniform(0.62, 0.92, 2 * len(length))
        starts = np.tile(starts, (2, 1))
        directions[:, 0] += 0.04 * sign
    return parts


def _trunks(side: str, rng: np.random.Generator) -> tuple[Floats, Floats]:
    sign = _SIGN[side]
    x, y, z = HILUM[side]
    fan = np.radians(np.linspace(-82.0, 80.0, 15)) + rng.normal(0.0, 0.06, 15)
    starts = np.stack(
        [x + sign * 8.0 * np.cos(fan), y + 12.0 + 34.0 * np.sin(fan), z + rng.uniform(-8, 18, 15)],
        axis=1,
    )
    depth = rng.uniform(-0.7, 0.7, 15)
    directions = np.stack([sign * np.cos(fan), np.sin(fan), depth], axis=1)
    return starts, _unit(directions)


def _segments(axis: Floats, radii: Floats, step_mm: float, excess: float) -> Cloud:
    """Return points in all segments ``(steps, n, 3)`` of one generation at once."""
    pieces = max(2, int(np.ceil(np.linalg.norm(axis[1] - axis[0], axis=1).max() / step_mm)))
    share = (np.arange(pieces) + 0.5) / pieces
    centre = axis[:-1, None] + np.diff(axis, axis=0)[:, None] * share[None, :, None, None]
    radius = radii[:-1, None] + np.diff(radii, axis=0)[:, None] * share[None, :, None]
    span = np.linalg.norm(np.diff(axis, axis=0), axis=-1)[:, None] / pieces
    count = max(4, int(np.pi * radii.max() ** 2 / (3.0 * step_mm**2)))
    turn = np.arange(centre.shape[0] * pieces).reshape(-1, pieces, 1) * 2.4
    points, mass = [], []
    tangent = _unit(np.diff(axis, axis=0))[:, None]
    first = _unit(np.cross(tangent, np.array([0.3, 0.2, 0.93])))
    second = np.cross(tangent, first)
    for index in range(count):
        reach = np.sqrt((index + 0.5) / count)
        angle = index * 2.399963 + turn
        points.append(
            centre
            + (radius * reach * np.cos(angle))[..., None] * first
            + (radius * reach * np.sin(angle))[..., None] * second
        )
        mass.append(excess * np.pi * radius**2 * span / count)
    return Cloud(
        points=np.concatenate(points).reshape(-1, 3), mass=np.concatenate(mass).reshape(-1)
    )


def airway(step_mm: float, *, deficit: float) -> Cloud:
    """Return the air of trachea and main bronchi; ``deficit`` is the (positive) loss per mm."""
    trunk = np.array([(0, -90, 20), (-1, -20, 24), (-4, 40, 20), (-5, 82, 14)], dtype=np.float64)
    right = np.array([(-5, 80, 14), (-18, 98, 12), (-34, 116, 10)], dtype=np.float64)
    left = np.array([(-3, 80, 14), (14, 98, 12), (36, 114, 10)], dtype=np.float64)
    parts = []
    for path, start, stop in ((trunk, 8.6, 9.4), (right, 6.8, 5.0), (left, 6.2, 4.6)):
        radius = np.linspace(start, stop, len(path))
        radii = np.stack([radius, radius], axis=1)
        parts.append(tube(path, radii, step_mm=step_mm, core=-deficit))
    return join(parts)


def _unit(vectors: Floats) -> Floats:
    length: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-9)
