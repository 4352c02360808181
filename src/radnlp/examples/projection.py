"""Parallel X-ray projection of a body given in millimetres onto a pixel grid.

Body axes (mm): x grows to the patient's left, which is the image's right; y grows down, from the
apex of the lungs; z grows to the back. Rays run along z. A filled tube such as a rib or a vessel
is a cloud of points that each carry a share of its attenuation; large organs are given by the
length of the ray inside them, in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cloud", "Frame", "blur", "join", "tube"]

Floats: TypeAlias = NDArray[np.float64]

GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cloud:
    """Points of a body part.

    Attributes:
        points: Shape ``(n, 3)``; x, y, z in mm.
        mass: Shape ``(n,)``; attenuation per mm times volume, so mm².
    """

    points: Floats
    mass: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where the body lies on the detector.

    Attributes:
        rows: Rows of the image.
        columns: Columns of the image.
        field_mm: Height of the field of view at the detector.
        top_mm: Distance from the upper edge of the field to the apex of the lungs.
        size: Size of the body against the reference body, in all directions.
        width: Further stretch along x.
        height: Further stretch along y.
        shift_mm: (right, down) displacement of the body in the image.
        tilt_degrees: Rotation of the body in the image plane.
        turn_degrees: Rotation of the body about its long axis.
    """

    rows: int
    columns: int
    field_mm: float = 410.0
    top_mm: float = 78.0
    size: float = 1.0
    width: float = 1.0
    height: float = 1.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    tilt_degrees: float = 0.0
    turn_degrees: float = 0.0

    @property
    def spacing_mm(self) -> float:
        """Distance between pixel centres at the detector."""
        return self.field_mm / self.rows

    @property
    def lean(self) -> float:
        """How far a point moves along x for each mm that it lies behind the centre."""
        return float(np.sin(np.radians(self.turn_degrees)))

    @property
    def step_mm(self) -> float:
        """Distance between cloud points that leaves no gaps after a blur of 0.8 pixels."""
        return max(0.8 * self.spacing_mm / self.size, 0.42)

    def grid(self) -> tuple[Floats, Floats]:
        """Return body x and y (mm) of every pixel centre, each ``(rows, columns)``."""
        spacing = self.spacing_mm
        right = (np.arange(self.columns) + 0.5 - self.columns / 2) * spacing - self.shift_mm[0]
        down = (np.arange(self.rows) + 0.5) * spacing - self.top_mm - self.shift_mm[1]
        horizontal, vertical = np.meshgrid(right, down)
        tilt = np.radians(self.tilt_degrees)
        x = np.cos(tilt) * horizontal + np.sin(tilt) * vertical
        y = np.cos(tilt) * vertical - np.sin(tilt) * horizontal
        return x / (self.size * self.width), y / (self.size * self.height)

    def pixels(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the pixel (column, row) that points ``(n, 3)`` project to.

        Both count from the outer corner of the first pixel.
        """
        x = (points[:, 0] + self.lean * points[:, 2]) * self.size * self.width
        y = points[:, 1] * self.size * self.height
        tilt = np.radians(self.tilt_degrees)
        right = np.cos(tilt) * x - np.sin(tilt) * y + self.shift_mm[0]
        down = np.cos(tilt) * y + np.sin(tilt) * x + self.shift_mm[1] + self.top_mm
        return right / self.spacing_mm + self.columns / 2, down / self.spacing_mm

    def project(self, cloud: Cloud) -> Floats:
        """Return the attenuation along each ray, ``(rows, columns)``, that a cloud causes."""
        column, row = self.pixels(cloud.points)
        column, row = column - 0.5, row - 0.5
        left, above = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
        inside = (left >= 0) & (left < self.columns - 1) & (above >= 0) & (above < self.rows - 1)
        left, above = left[inside], above[inside]
        across, along = column[inside] - left, row[inside] - above
        area = (self.spacing_mm / self.size) ** 2 / (self.width * self.height)
        mass = cloud.mass[inside] / area
        start = above * self.columns + left
        image = np.zeros(self.rows * self.columns)
        for offset, share in (
            (0, (1 - across) * (1 - along)),
            (1, across * (1 - along)),
            (self.columns, (1 - across) * along),
            (self.columns + 1, across * along),
        ):
            image += np.bincount(start + offset, weights=mass * share, minlength=image.size)
        return image.reshape(self.rows, self.columns)


def join(clouds: list[Cloud]) -> Cloud:
    """Return one cloud of all points."""
    return Cloud(
        points=np.concatenate([cloud.points for cloud in clouds]),
        mass=np.concatenate([cloud.mass for cloud in clouds]),
    )


def blur(image: Floats, sigma: float) -> Floats:
    """Return the image convolved with a Gaussian of ``sigma`` pixels, edges repeated."""
    pad = int(np.ceil(3 * sigma))
    # Sizes without large prime factors keep the transform fast.
    extra = [-(size + 2 * pad) % 32 for size in image.shape]
    padded = np.pad(image, [(pad, pad + more) for more in extra], mode="edge")
    rows, columns = padded.shape
    vertical = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(rows)) ** 2)
    horizontal = np.exp(-2 * (np.pi * sigma * np.fft.rfftfreq(columns)) ** 2)
    spectrum = np.fft.rfft2(padded) * vertical[:, None] * horizontal[None, :]
    smooth = np.fft.irfft2(spectrum, s=padded.shape)
    return smooth[pad : pad + image.shape[0], pad : pad + image.shape[1]]


def tube(
    path: Floats,
    radii: Floats,
    *,
    step_mm: float,
    core: float,
    shell: float = 0.0,
    shell_mm: float = 0.0,
    flat: Floats | None = None,
) -> Cloud:
    """Return a tube of elliptic cross-section along a path.

    Args:
        path: Shape ``(n, 3)``; the axis, mm.
        radii: Shape ``(n, 2)``; semi-axes along ``flat`` and across it, mm.
        step_mm: Distance between points along the axis.
        core: Attenuation of the filling per mm, above what surrounds it.
        shell: Attenuation of the wall per mm, above the filling.
        shell_mm: Thickness of the wall.
        flat: Shape ``(n, 3)``; direction of the first semi-axis; any direction if None.
    """
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
    distance = np.concatenate([[0.0], np.cumsum(lengths)])
    count = max(2, int(np.ceil(distance[-1] / step_mm)))
    at = (np.arange(count) + 0.5) * distance[-1] / count
    axis = _interpolate(at, distance, path)
    radius = _interpolate(at, distance, radii)
    tangent = _unit(np.gradient(axis, axis=0))
    toward = np.array([0.31, 0.11, 0.94]) if flat is None else _interpolate(at, distance, flat)
    first = _unit(toward - (toward * tangent).sum(1, keepdims=True) * tangent)
    second = np.cross(tangent, first)
    slice_mm = distance[-1] / count
    fill = max(6, int(np.pi * radii.max() ** 2 / (6 * step_mm**2)))
    wall = max(8, int(2 * np.pi * radii.max() / (1.5 * step_mm))) if shell else 0
    turn = np.arange(count)[:, None] * GOLDEN_ANGLE
    ring = np.concatenate(
        [np.arange(fill) * GOLDEN_ANGLE, np.arange(wall) * 2 * np.pi / max(wall, 1)]
    )
    reach = np.concatenate([np.sqrt((np.arange(fill) + 0.5) / fill), np.ones(wall)])
    angle = ring[None, :] + turn
    a, b = radius[:, :1], radius[:, 1:]
    along, across = a * reach * np.cos(angle), b * reach * np.sin(angle)
    points = (
        axis[:, None, :]
        + along[..., None] * first[:, None, :]
        + across[..., None] * second[:, None, :]
    )
    mass = np.empty(angle.shape)
    mass[:, :fill] = core * np.pi * a * b / fill * slice_mm
    if wall:
        # An ellipse drawn at equal parameter steps: the arc of each step is its share of wall.
        around = angle[:, fill:]
        arc = np.hypot(a * np.sin(around), b * np.cos(around)) * 2 * np.pi / wall
        mass[:, fill:] = shell * shell_mm * arc * slice_mm
    return Cloud(points=points.reshape(-1, 3), mass=mass.reshape(-1))


def _interpolate(at: Floats, known: Floats, values: Floats) -> Floats:
    return np.stack([np.interp(at, known, column) for column in values.T], axis=1)


def _unit(vectors: Floats) -> Floats:
    length: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-9)
