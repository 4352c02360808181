"""Boxes, masks and the maps between pixel spaces and patient space.

One convention everywhere: x runs right, y runs down, both counted in pixels of the stored matrix
from the outer corner of its top-left pixel, so the whole image is ``Box(0, 0, columns, rows)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """An axis-parallel rectangle in stored pixels.

    Attributes:
        x0: Left edge.
        y0: Top edge.
        x1: Right edge.
        y1: Bottom edge.

    Raises:
        GeometryError: An edge is not finite, or the box is empty or inside out.

    Examples:
        >>> Box(0, 0, 2, 2).iou(Box(1, 0, 3, 2))
        0.3333333333333333
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        edges = (self.x0, self.y0, self.x1, self.y1)
        if not all(math.isfinite(edge) for edge in edges):
            raise GeometryError(f"box edges must be finite numbers, got {edges}")
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise GeometryError(
                f"box must satisfy x0 < x1 and y0 < y1, got {edges}; "
                "if these are (x, y, width, height), use Box.from_xywh"
            )
        for name, edge in zip(("x0", "y0", "x1", "y1"), edges, strict=True):
            object.__setattr__(self, name, float(edge))

    @classmethod
    def from_xywh(cls, x: float, y: float, width: float, height: float) -> Box:
        """Build a box from its top-left corner, width and height."""
        return cls(x, y, x + width, y + height)

    @property
    def width(self) -> float:
        """Extent along x, in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Extent along y, in pixels."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Width times height, in square pixels."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """Centre (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def intersection(self, other: Box) -> Box | None:
        """Return the common rectangle, or ``None`` if the boxes do not overlap."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        common = self.intersection(other)
        if common is None:
            return 0.0
        return common.area / (self.area + other.area - common.area)

    def contains_point(self, x: float, y: float) -> bool:
        """Tell whether the point lies inside or on the left or top edge."""
        return self.x0 <= x < self.x1 and self.y0 <= y < self.y1

    def clip(self, columns: float, rows: float) -> Box | None:
        """Cut the box to the image; ``None`` if nothing of it is left."""
        return self.intersection(Box(0, 0, columns, rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A region of pixels of the stored matrix, run-length coded.

    Attributes:
        rows: Height of the matrix.
        columns: Width of the matrix.
        counts: Lengths of runs in row-major order, outside and inside in turn, starting outside.

    Raises:
        GeometryError: The runs do not fill the matrix exactly.
    """

    rows: int
    columns: int
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1 or min(self.counts, default=-1) < 0:
            raise GeometryError(
                f"mask must be at least 1 x 1 with run lengths >= 0, got {self.rows} x "
                f"{self.columns} and {len(self.counts)} runs"
            )
        if sum(self.counts) != self.rows * self.columns:
            raise GeometryError(
                f"mask runs cover {sum(self.counts)} pixels, expected {self.rows} x {self.columns}"
            )

    @classmethod
    def from_array(cls, array: ArrayLike) -> Mask:
        """Code a boolean array of shape (rows, columns).

        Raises:
            GeometryError: The array is not two-dimensional or is empty.
        """
        inside = np.asarray(array, dtype=bool)
        if inside.ndim != 2 or inside.size == 0:
            raise GeometryError(f"mask must have shape (rows, columns), got {inside.shape}")
        flat = inside.ravel()
        edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        counts = np.diff(np.concatenate(([0], edges, [flat.size])))
        runs = tuple(int(count) for count in counts)
        rows, columns = inside.shape
        return cls(rows=rows, columns=columns, counts=(0, *runs) if flat[0] else runs)

    def to_array(self) -> NDArray[np.bool_]:
        """Return a boolean array of shape (rows, columns) in stored pixels."""
        inside = np.arange(len(self.counts)) % 2 == 1
        return np.repeat(inside, self.counts).reshape(self.rows, self.columns)

    @property
    def area(self) -> int:
        """Number of pixels inside."""
        return sum(self.counts[1::2])

    def box(self) -> Box | None:
        """Return the tightest box around the region; ``None`` if the mask is empty."""
        ends = np.cumsum(self.counts)
        start, end = ends[:-1:2], ends[1::2]
        full = end > start
        start, end = start[full], end[full]
        if not start.size:
            return None
        top, bottom = start // self.columns, (end - 1) // self.columns
        # A run over the end of a row reaches both edges.
        left = np.where(top == bottom, start % self.columns, 0)
        right = np.where(top == bottom, (end - 1) % self.columns + 1, self.columns)
        return Box(left.min(), top[0], right.max(), bottom[-1] + 1)

    def enlarged(self, times: int, rows: int, columns: int) -> Mask:
        """Return the mask with every pixel ``times`` as high and wide, cut to a matrix.

        Args:
            times: At least 1.
            rows: Of the new matrix, at most ``times`` those of this one.
            columns: The same.

        Raises:
            GeometryError: The new matrix is larger than that, or not larger than 0.
        """
        if not (0 < rows <= times * self.rows and 0 < columns <= times * self.columns):
            raise GeometryError(
                f"a mask of {self.rows} x {self.columns} times {times} does not fill "
                f"{rows} x {columns}"
            )
        inside = np.zeros((self.rows, self.columns + 2), dtype=np.int8)
        inside[:, 1:-1] = self.to_array()
        steps = np.diff(inside, axis=1)
        row, first = np.nonzero(steps > 0)
        last = np.nonzero(steps < 0)[1]
        below = (row[:, None] * times + np.arange(times)).ravel()
        start = below * columns + np.repeat(np.minimum(first * times, columns), times)
        end = below * columns + np.repeat(np.minimum(last * times, columns), times)
        kept = (below < rows) & (end > start)
        order = np.argsort(start[kept], kind="stable")
        start, end = start[kept][order], end[kept][order]
        # Runs that touch over the end of a row are one.
        apart = np.flatnonzero(start[1:] > end[:-1]) + 1
        edges = np.stack(
            [start[np.r_[0, apart]], end[np.r_[apart - 1, -1]]] if start.size else [start, end], 1
        ).ravel()
        counts = np.diff(np.concatenate(([0], edges, [rows * columns])))
        if counts.size > 1 and counts[-1] == 0:
            counts = counts[:-1]
        return Mask(rows=rows, columns=columns, counts=tuple(counts.tolist()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelMap:
    """How the pixels a model saw lie in the stored matrix.

    ``stored = model * scale + offset`` along each axis, both counted from the outer corner.

    Attributes:
        scale_x: Stored columns per model column.
        scale_y: Stored rows per model row.
        offset_x: Stored x of the model's left edge.
        offset_y: Stored y of the model's top edge.

    Raises:
        GeometryError: A scale is not positive, or a value is not finite.
    """

    scale_x: float = 1.0
    scale_y: float = 1.0
    offset_x: float = 0.0
    offset_y: float = 0.0

    def __post_init__(self) -> None:
        values = (self.scale_x, self.scale_y, self.offset_x, self.offset_y)
        if not all(math.isfinite(value) for value in values):
            raise GeometryError(f"a pixel map needs finite numbers, got {values}")
        if self.scale_x <= 0 or self.scale_y <= 0:
            raise GeometryError(
                f"a pixel map's scales must be positive, got ({self.scale_x}, {self.scale_y}); "
                "flips are not allowed: image left is the patient's right"
            )

    def to_stored(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points of shape (n, 2), (x, y), from model to stored pixels."""
        return _points(points) * (self.scale_x, self.scale_y) + (self.offset_x, self.offset_y)

    def to_model(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points of shape (n, 2), (x, y), from stored to model pixels."""
        return (_points(points) - (self.offset_x, self.offset_y)) / (self.scale_x, self.scale_y)

    def box_to_stored(self, box: Box) -> Box:
        """Map a box from model to stored pixels."""
        (x0, y0), (x1, y1) = self.to_stored([(box.x0, box.y0), (box.x1, box.y1)])
        return Box(x0, y0, x1, y1)

    def box_to_model(self, box: Box) -> Box:
        """Map a box from stored to model pixels."""
        (x0, y0), (x1, y1) = self.to_model([(box.x0, box.y0), (box.x1, box.y1)])
        return Box(x0, y0, x1, y1)

    def after(self, inner: PixelMap) -> PixelMap:
        """Return the map that applies ``inner`` first and then this one."""
        return PixelMap(
            scale_x=self.scale_x * inner.scale_x,
            scale_y=self.scale_y * inner.scale_y,
            offset_x=self.scale_x * inner.offset_x + self.offset_x,
            offset_y=self.scale_y * inner.offset_y + self.offset_y,
        )


class SpacingKind(StrEnum):
    """Where a pixel spacing was measured."""

    DETECTOR = "detector"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """Distance between pixel centres.

    Attributes:
        row_mm: Between rows, in mm.
        column_mm: Between columns, in mm.
        kind: ``detector`` (ImagerPixelSpacing: at the image receptor, magnified) or ``patient``.

    Raises:
        GeometryError: A distance is not a positive number.
    """

    row_mm: float
    column_mm: float
    kind: SpacingKind

    def __post_init__(self) -> None:
        pair = (self.row_mm, self.column_mm)
        if not all(math.isfinite(value) and value > 0 for value in pair):
            raise GeometryError(f"pixel spacing must be positive mm, got {pair}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPlane:
    """The plane of a slice in patient space (LPS axes, mm).

    Attributes:
        position_mm: ImagePositionPatient: centre of the top-left pixel, (x, y, z).
        row_cosines: Direction in which columns increase.
        column_cosines: Direction in which rows increase.
        row_mm: Distance between rows.
        column_mm: Distance between columns.

    Raises:
        GeometryError: The directions are not orthogonal unit vectors, or a spacing is not positive.
    """

    position_mm: tuple[float, float, float]
    row_cosines: tuple[float, float, float]
    column_cosines: tuple[float, float, float]
    row_mm: float
    column_mm: float

    def __post_init__(self) -> None:
        row, column = np.asarray(self.row_cosines), np.asarray(self.column_cosines)
        norms = np.linalg.norm(row), np.linalg.norm(column)
        if not (np.allclose(norms, 1, atol=1e-2) and abs(float(row @ column)) < 1e-2):
            raise GeometryError(
                "ImageOrientationPatient must be two orthogonal unit vectors, got lengths "
                f"{norms[0]:.3f}, {norms[1]:.3f} and dot product {float(row @ column):.3f}"
            )
        if not (self.row_mm > 0 and self.column_mm > 0 and np.isfinite(self.position_mm).all()):
            raise GeometryError(
                f"plane needs positive spacing and a finite position, got "
                f"({self.row_mm}, {self.column_mm}) mm"
            )

    def to_patient(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map pixel points to patient coordinates.

        Args:
            points: Shape ``(n, 2)``; (x, y) in the pixel space of `Box`.

        Returns:
            Shape ``(n, 3)``; (x, y, z) in mm, LPS axes of the frame of reference.

        Raises:
            GeometryError: ``points`` does not have shape ``(n, 2)``.

        Source:
            DICOM PS3.3 C.7.6.2.1.1, shifted by half a pixel because `Box` counts from the
            pixel's corner and DICOM from its centre.
        """
        steps = (_points(points) - 0.5) * (self.column_mm, self.row_mm)
        axes = np.array([self.row_cosines, self.column_cosines])
        return np.asarray(np.asarray(self.position_mm) + steps @ axes, dtype=np.float64)

    def to_pixels(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Project patient points of shape (n, 3), mm, onto the plane: (x, y) of shape (n, 2)."""
        offset = np.asarray(points_mm, dtype=np.float64) - np.asarray(self.position_mm)
        axes = np.array([self.row_cosines, self.column_cosines])
        return np.asarray(offset @ axes.T / (self.column_mm, self.row_mm) + 0.5)

    @property
    def normal(self) -> tuple[float, float, float]:
        """Unit normal: row direction x column direction."""
        x, y, z = np.cross(self.row_cosines, self.column_cosines)
        return float(x), float(y), float(z)


def direction(cosines: tuple[float, float, float]) -> str:
    """Return the DICOM letters of a direction in LPS axes, largest component first.

    Examples:
        >>> direction((0.9, 0.0, -0.43))
        'LF'
    """
    letters = sorted(
        (
            (abs(cosine), "LPH"[axis] if cosine > 0 else "RAF"[axis])
            for axis, cosine in enumerate(cosines)
        ),
        reverse=True,
    )
    return "".join(letter for size, letter in letters if size > 0.1)


def _points(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise GeometryError(f"points must have shape (n, 2) as (x, y), got {array.shape}")
    return array


__all__ = ["Box", "Mask", "PatientPlane", "PixelMap", "Spacing", "SpacingKind", "direction"]
