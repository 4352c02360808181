"""Soft tissue, lungs, heart and mediastinum of the phantom, as ray lengths in closed form.

All numbers are mm of the reference body in the axes of `projection`. They were drawn for this
phantom by eye from the textbook proportions of an adult chest; they measure nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.examples.projection import Frame

__all__ = ["HILUM", "Anatomy", "Torso", "cage_depth", "cage_half_width", "chord", "smooth_step"]

Floats: TypeAlias = NDArray[np.float64]
Bits: TypeAlias = NDArray[np.bool_]

HILUM = {"right": (-36.0, 114.0, 2.0), "left": (38.0, 106.0, 2.0)}
_DOME = {"right": (-68.0, 212.0), "left": (76.0, 224.0)}
_SIGN = {"right": -1.0, "left": 1.0}

# y, half width and half depth of the body's outline without the arms
_OUTLINE = np.array(
    [
        (-120, 56, 62), (-78, 57, 62), (-62, 60, 62), (-46, 84, 62), (-34, 130, 64), (-22, 168, 68),
        (0, 190, 74),
        (40, 196, 88), (70, 178, 99), (95, 163, 105), (130, 160, 109), (180, 163, 112),
        (230, 164, 113), (280, 160, 114), (400, 162, 116),
    ],
    dtype=np.float64,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """How this body differs from the reference body.

    Attributes:
        heart: Size of the heart; 1 is normal, above about 1.15 the silhouette counts as enlarged.
        inspiration_mm: How far the domes stand lower than in the reference body.
        fat_mm: Extra thickness of the chest wall on each side.
        breasts: Size of the breast shadows; 0 for none.
        knob: Size of the aortic knob.
        apex: Roundness of the apices; larger is broader.
        density: Density of the lung against soft tissue.
    """

    heart: float = 1.0
    inspiration_mm: float = 0.0
    fat_mm: float = 0.0
    breasts: float = 0.0
    knob: float = 1.0
    apex: float = 1.0
    density: float = 0.26


def cage_half_width(y: Floats) -> Floats:
    """Return the distance from the midline to the outer edge of the lungs at height y."""
    u = np.clip(y / 180.0, 0.0, 1.0)
    return 50.0 + 86.0 * (1.0 - (1.0 - u) ** 3.2) ** 0.66 + 0.03 * np.maximum(y - 180.0, 0.0)


def cage_depth(y: Floats) -> Floats:
    """Return half the depth of the inner chest at height y."""
    u = np.clip(y / 150.0, 0.0, 1.0)
    return 86.0 * (1.0 - (1.0 - u) ** 2.6) ** 0.6


def chord(*squares: Floats) -> Floats:
    """Return ``sqrt(1 - sum)`` where the sum of squared, scaled distances is below 1, else 0."""
    return np.sqrt(np.maximum(1.0 - sum(squares), 0.0))


def smooth_step(x: Floats) -> Floats:
    """Return 0 below 0, 1 above 1 and a smooth rise between."""
    t = np.clip(x, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


@dataclass(frozen=True, kw_only=True, eq=False)
class Torso:
    """Ray lengths and outlines of one anatomy seen in one frame.

    Every array has the frame's shape ``(rows, columns)``; lengths are mm of the reference body.
    """

    anatomy: Anatomy
    frame: Frame

    @cached_property
    def grid(self) -> tuple[Floats, Floats]:
        """Body x and y of every pixel centre."""
        return self.frame.grid()

    def x_at(self, z: float) -> Floats:
        """Return body x of the points at depth z that each ray passes."""
        return self.grid[0] - self.frame.lean * z

    @cached_property
    def body(self) -> Floats:
        """Length of the ray inside the body, air spaces not yet taken out."""
        x, y = self.grid
        height, width, depth = (
            np.interp(np.arange(-140.0, 420.0), _OUTLINE[:, 0], column) for column in _OUTLINE.T
        )
        kernel = np.exp(-0.5 * (np.arange(-24, 25) / 8.0) ** 2)
        kernel /= kernel.sum()
        width = np.convolve(np.pad(width, 24, mode="edge"), kernel, mode="valid")
        depth = np.convolve(np.pad(depth, 24, mode="edge"), kernel, mode="valid")
        height = np.arange(-140.0, 420.0)
        half_width = np.interp(y, height, width) + self.anatomy.fat_mm
        half_depth = np.interp(y, height, depth) + self.anatomy.fat_mm
        trunk = 2.0 * half_depth * np.maximum(1.0 - np.abs(x / half_width) ** 3.2, 0.0) ** 0.42
        return np.maximum(trunk, self._arms()) + self._breasts()

    def _arms(self) -> Floats:
        """Upper arms hanging away from the trunk, mostly outside the picture."""
        x, y = self.grid
        along = (np.abs(x) - 178.0) * 0.42 + (y - 10.0) * 0.91
        across = (np.abs(x) - 178.0) * 0.91 - (y - 10.0) * 0.42
        radius = 46.0 + 0.5 * self.anatomy.fat_mm
        return 2.0 * radius * chord((across / radius) ** 2) * smooth_step((along + 40.0) / 40.0)

    def _breasts(self) -> Floats:
        if self.anatomy.breasts <= 0.0:
            return np.zeros(self.grid[0].shape)
        x, y = self.x_at(-110.0), self.grid[1]
        size = self.anatomy.breasts
        dx, dy = (np.abs(x) - 92.0) / (64.0 * size), (y - 180.0) / (58.0 * size)
        bulge = np.maximum(1.0 - dx**2 - dy**2, 0.0) ** 0.75
        return 40.0 * size * bulge * smooth_step((dy + 0.9) / 1.3)

    @cached_property
    def cage(self) -> Floats:
        """Length of the ray inside the rib cage, both sides, before organs are taken out."""
        x, y = self.grid
        across = np.abs(x) / cage_half_width(y)
        depth = 2.0 * cage_depth(y) * np.maximum(1.0 - across**2.6, 0.0) ** 0.45
        return np.where((y > 0.0) & self._apex(np.abs(x), y), depth, 0.0)

    def _apex(self, x: Floats, y: Floats) -> Bits:
        """Return where the rounded medial shoulder of the apices leaves room for lung."""
        reach = 46.0 * self.anatomy.apex
        bend = 1.0 - np.clip(y / reach, 0.0, 1.0)
        return x > 52.0 - 52.0 * np.sqrt(np.maximum(1.0 - bend**2, 0.0))

    def dome(self, side: str) -> Floats:
        """Return the height y of the diaphragm's silhouette of one side at each ray's x."""
        x0, y0 = _DOME[side]
        dx = (self.x_at(-20.0) - x0) * _SIGN[side]
        outward = np.maximum(dx, 0.0) / 66.0
        inward = np.maximum(-dx, 0.0) / 66.0
        return y0 + self.anatomy.inspiration_mm + 42.0 * outward**3.4 + 8.0 * inward**2

    def _below_dome(self, side: str) -> Floats:
        """Return the length inside the cage that the diaphragm's dome takes up."""
        half = cage_depth(self.grid[1])
        under = np.maximum(self.grid[1] - self.dome(side), 0.0)
        reach = np.sqrt(2.0 * 95.0 * under)
        front, back = np.maximum(-20.0 - reach, -half), np.minimum(-20.0 + reach, half)
        return np.where(under > 0.0, np.maximum(back - front, 0.0), 0.0)

    @cached_property
    def heart_parts(self) -> list[Floats]:
        """Ray lengths in the ventricles, the right atrium and the outflow tract."""
        size, low = self.anatomy.heart, 0.6 * self.anatomy.inspiration_mm
        parts = [
            (31.0, 183.0, 63.0, 42.0, 0.52, 112.0),
            (-8.0, 174.0, 36.0, 48.0, -0.10, 100.0),
            (14.0, 150.0, 31.0, 44.0, -0.30, 90.0),
            (28.0, 212.0, 51.0, 25.0, 0.10, 96.0),
        ]
        lengths = []
        for cx, cy, rx, ry, angle, depth in parts:
            dx = self.x_at(-28.0) - cx * size
            dy = self.grid[1] - (210.0 + (cy - 210.0) * (0.5 + 0.5 * size)) - low
            u = (np.cos(angle) * dx + np.sin(angle) * dy) / (rx * size)
            v = (np.cos(angle) * dy - np.sin(angle) * dx) / (ry * (0.5 + 0.5 * size))
            lengths.append(depth * chord(u**2, v**2))
        return lengths

    @cached_property
    def mediastinum_parts(self) -> list[Floats]:
        """Ray lengths in great vessels and the tissue around them."""
        y = self.grid[1]
        knob = self.anatomy.knob
        descending = np.interp(y, [60.0, 150.0, 240.0], [21.0, 17.0, 8.0])
        widening = smooth_step((y - 20.0) / 60.0)
        cava = (
            0.5 + 15.5 * (smooth_step((y - 12.0) / 75.0) * smooth_step((205.0 - y) / 50.0)) ** 0.5
        )
        return [
            100.0 * chord((self.x_at(0.0) / (19.0 + 7.0 * widening)) ** 2),
            4.0 * cava * chord(((self.x_at(-10.0) + 15.0) / cava) ** 2),
            92.0 * chord(((self.x_at(8.0) - 18.0) / (18.0 * knob)) ** 2, ((y - 64.0) / 19.0) ** 2),
            48.0
            * chord(((self.x_at(55.0) - descending) / 14.0) ** 2)
            * smooth_step((y - 55.0) / 15),
            84.0 * chord(((self.x_at(-20.0) - 19.0) / 20.0) ** 2, ((y - 108.0) / 31.0) ** 2),
        ]

    @cached_property
    def midline(self) -> Floats:
        """Length of the ray in heart, mediastinum and spine, as one smooth union."""
        parts = [*self.heart_parts, *self.mediastinum_parts]
        spine = 44.0 * chord((self.x_at(70.0) / 21.0) ** 2)
        return sum(part**6 for part in [*parts, spine]) ** (1.0 / 6.0)

    @cached_property
    def lungs(self) -> dict[str, Floats]:
        """Length of the ray in aerated lung, per side of the patient."""
        x = self.grid[0]
        gap = smooth_step(np.abs(x) / 30.0)
        lengths = {}
        for side, sign in _SIGN.items():
            room = np.where(x * sign > 0.0, self.cage, 0.0)
            taken = (self._below_dome(side) ** 4 + self.midline**4) ** 0.25
            lengths[side] = gap * np.maximum(room - taken, 0.0)
        return lengths

    @cached_property
    def masks(self) -> dict[str, Bits]:
        """Outlines as readers draw them.

        The lung fields end at the heart's and the mediastinum's edge and at the top of the
        diaphragm's silhouette; the heart is the whole shadow down to its lower border.
        """
        heart = np.any([part > 0.0 for part in self.heart_parts], axis=0)
        middle = np.any([part > 0.0 for part in self.mediastinum_parts], axis=0)
        masks = {"heart": heart}
        for side, sign in _SIGN.items():
            field = (self.cage > 0.0) & (self.grid[0] * sign > 0.0)
            masks[f"{side}_lung"] = field & ~heart & ~middle & (self.grid[1] < self.dome(side))
        return masks

    def contains(self, side: str, points: Floats) -> Bits:
        """Return which points ``(n, 3)`` lie in the lung, a few mm away from its surface."""
        x, y, z = points.T
        sign = _SIGN[side]
        half, depth = cage_half_width(y) - 5.0, cage_depth(y) - 5.0
        inside: Bits = np.abs(x / half) ** 2.4 + np.abs(z / np.maximum(depth, 1.0)) ** 2.4 < 1.0
        x0, y0 = _DOME[side]
        outward = np.maximum((x - x0) * sign, 0.0) / 66.0
        low = y0 + self.anatomy.inspiration_mm + 42.0 * outward**3.4 + (z + 20.0) ** 2 / 190.0
        inside &= (x * sign > 20.0) & (y > 8.0) & (y < low - 4.0)
        return inside
