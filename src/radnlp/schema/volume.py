"""Volumes: slices in order, in the units of their modality, with their place in the patient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from radnlp.errors import GeometryError, InputError
from radnlp.schema.geometry import PatientPlane, Spacing, SpacingKind, direction
from radnlp.schema.image import Image, Orientation, OrientationSource, SliceOf, SliceView
from radnlp.schema.notice import Notice
from radnlp.schema.window import Window, choose_window

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Vector = tuple[float, float, float]

_ORTHOGONAL = 1e-2
_STEEPEST_TILT_DEGREES = 45.0
# Of each view: the patient axis it cuts across, those in which x and y grow, and their signs.
# Radiological convention: the patient's right and front, or right and head, at the top left.
_VIEWS = {
    SliceView.AXIAL: (2, (0, 1.0), (1, 1.0)),
    SliceView.CORONAL: (1, (0, 1.0), (2, -1.0)),
    SliceView.SAGITTAL: (0, (1, 1.0), (2, -1.0)),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """A stack of slices, evenly spaced and sorted by position along the normal.

    Attributes:
        values: float32, shape (slices, rows, columns), in ``unit``. Read-only; a numpy array that
            is read-only already is kept without a copy, but no memory map and no tensor. Voxels
            outside the scanned field (pixel padding) hold the measured value that is shown darkest:
            the smallest, or the largest where ``inverted``.
        position_mm: Centre of voxel (0, 0, 0), LPS axes.
        row_cosines: Direction in which columns increase.
        column_cosines: Direction in which rows increase.
        slice_cosines: Direction from slice to slice. With a tilted gantry it is not the normal
            row_cosines × column_cosines, but it never points against it.
        spacing_mm: Distance between the centres of (slices, rows, columns); between slices along
            ``slice_cosines``.
        modality: DICOM modality code, if known.
        unit: ``HU`` for CT; another rescale type the header names; ``None`` for arbitrary units.
        body_part: DICOM body part examined, upper case, if known.
        series: 12 hexadecimal digits that tell series apart and identify nobody.
        sources: File name of each slice, if they came from files.
        frames: Frame of each slice in its file, if that is a multi-frame object.
        window: The header's own window (of the middle slice), if there is one.
        windows: Named windows that apply, from `radnlp.io.named_windows` for CT in HU.
        inverted: MONOCHROME1: low values are shown white.
        simulated: True if the file says that it shows no patient.
        warnings: What was odd about it.

    Raises:
        InputError: Values of a wrong shape, or not finite.
        GeometryError: Directions or distances that cannot be.

    Examples:
        >>> volume = Volume(values=np.zeros((2, 4, 4)), spacing_mm=(5, 1, 1), modality="CT")
        >>> volume.slice_image(1, window=(40, 400)).slice.index
        1
    """

    values: NDArray[np.float32]
    position_mm: Vector = (0.0, 0.0, 0.0)
    row_cosines: Vector = (1.0, 0.0, 0.0)
    column_cosines: Vector = (0.0, 1.0, 0.0)
    slice_cosines: Vector = (0.0, 0.0, 1.0)
    spacing_mm: Vector = (1.0, 1.0, 1.0)
    modality: str | None = None
    unit: str | None = None
    body_part: str | None = None
    series: str | None = None
    sources: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    window: Window | None = None
    windows: Mapping[str, Window] = field(default_factory=dict)
    inverted: bool = False
    simulated: bool = False
    warnings: tuple[Notice, ...] = ()

    def __post_init__(self) -> None:
        # What a file or another library's tensor holds could be changed behind the volume's back.
        kept = type(self.values) is np.ndarray and not self.values.flags.writeable
        given = np.asarray(self.values)
        values = np.array(given, dtype=np.float32, copy=None if kept else True)
        if values.ndim != 3 or values.size == 0:
            raise InputError(
                f"a volume must have shape (slices, rows, columns), got {values.shape}; "
                "choose one time point or channel"
            )
        # NaN and infinity come through; no array of flags is needed.
        if not (math.isfinite(float(values.min())) and math.isfinite(float(values.max()))):
            raise InputError(
                "a volume must hold finite numbers, got some that are not; put a number such as "
                "that of air in their place"
            )
        values.setflags(write=False)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "windows", dict(self.windows))
        self._check_sources()
        self._check_geometry()

    def _check_sources(self) -> None:
        for told in (self.sources, self.frames):
            if told and len(told) != self.shape[0]:
                raise InputError(
                    f"a volume of {self.shape[0]} slices must name as many sources and frames or "
                    f"none, got {len(told)}"
                )

    def _check_geometry(self) -> None:
        if not all(math.isfinite(mm) and mm > 0 for mm in self.spacing_mm):
            raise GeometryError(f"voxel spacing must be positive mm, got {self.spacing_mm}")
        _plane(self.position_mm, self.row_cosines, self.column_cosines, self.spacing_mm[1:])
        norm = float(np.linalg.norm(self.slice_cosines))
        if not abs(norm - 1) < _ORTHOGONAL or not self.tilt_degrees < _STEEPEST_TILT_DEGREES:
            raise GeometryError(
                "the direction from slice to slice must be a unit vector along the normal "
                f"row × column, got length {norm:.3f}; reverse the slices if it points against it"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of (slices, rows, columns)."""
        slices, rows, columns = self.values.shape
        return slices, rows, columns

    @property
    def normal(self) -> Vector:
        """Unit normal of the slices: row direction × column direction."""
        return _vector(np.cross(self.row_cosines, self.column_cosines))

    @property
    def tilt_degrees(self) -> float:
        """Angle between the normal and the direction from slice to slice; 0 without a tilt."""
        cosine = float(np.dot(self.normal, self.slice_cosines))
        return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))

    @property
    def affine(self) -> NDArray[np.float64]:
        """Shape (4, 4); maps (slice, row, column, 1) at voxel centres to LPS mm."""
        axes = np.array([self.slice_cosines, self.column_cosines, self.row_cosines])
        matrix = np.eye(4)
        matrix[:3, :3] = (axes * np.array(self.spacing_mm)[:, None]).T
        matrix[:3, 3] = self.position_mm
        return matrix

    @property
    def ras_affine(self) -> NDArray[np.float64]:
        """Shape (4, 4); maps (column, row, slice, 1) to RAS mm, as NIfTI has it."""
        flipped = np.diag([-1.0, -1.0, 1.0, 1.0]) @ self.affine
        return np.asarray(flipped[:, [2, 1, 0, 3]])

    def to_patient(self, voxels: ArrayLike) -> NDArray[np.float64]:
        """Map voxels of shape (n, 3), (slice, row, column), centres at whole numbers, to LPS mm."""
        return _triples(voxels) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_voxels(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Map LPS points of shape (n, 3), mm, to (slice, row, column), not rounded."""
        offset = _triples(points_mm) - self.affine[:3, 3]
        return np.asarray(np.linalg.solve(self.affine[:3, :3], offset.T).T)

    def axis_of(self, view: SliceView | str) -> int:
        """Return the axis of ``values`` that a view cuts across: 0 slices, 1 rows, 2 columns.

        Raises:
            InputError: No view of that name.
        """
        view = _view(view)
        return 0 if view is SliceView.STORED else self._patient_axes().index(_VIEWS[view][0])

    def slice_image(
        self,
        index: int,
        *,
        window: str | tuple[float, float] | None = None,
        view: SliceView | str = SliceView.STORED,
        id: str = "i0",
    ) -> Image:
        """Return one slice, ready to be shown.

        Args:
            index: Which one, in the order of ``values`` along the axis that is cut across; see
                `axis_of`.
            window: Name of a window (``lung``, see ``windows``), or (centre, width) in ``unit``;
                ``None`` takes the header's own, else the full range of the volume.
            view: ``stored`` for a slice as acquired, its pixels never flipped; ``axial``,
                ``coronal`` or ``sagittal`` for a cut along voxel rows through the whole volume,
                turned as a reader expects it (patient's right, front or head at the image's
                left and top). An oblique volume is cut along its nearest axes. Pixels need not
                be square: see the image's ``spacing``.
            id: The image's id.

        Returns:
            The image with its plane; ``image.slice`` says which slice and window it is.

        Raises:
            InputError: No such slice or view, or a window that cannot be.
            WindowNotFound: No such named window for this volume.
            GeometryError: A coronal or sagittal cut of a tilted volume, which would be sheared.
        """
        view = _view(view)
        chosen = self.window if window is None else choose_window(window, self.windows)
        axis = self.axis_of(view)
        place = SliceOf(
            index=index,
            count=self.shape[axis],
            view=view,
            series=self.series,
            window_name=next((name for name, one in self.windows.items() if one == chosen), None),
        )
        values, plane = self._cut(view, axis, index)
        framed = self.frames and axis == 0
        return Image(
            pixels=self._shown(values, chosen),
            id=id,
            frame=self.frames[index] if framed else 0,
            frames=max(self.frames) + 1 if framed else 1,
            modality=self.modality,
            body_part=self.body_part,
            spacing=Spacing(
                row_mm=plane.row_mm, column_mm=plane.column_mm, kind=SpacingKind.PATIENT
            ),
            plane=plane,
            orientation=Orientation(
                row_direction=direction(plane.row_cosines),
                column_direction=direction(plane.column_cosines),
                source=OrientationSource.PLANE,
            ),
            slice=place,
            window=(chosen.center, chosen.width) if chosen else None,
            source=self.sources[index] if self.sources and axis == 0 else None,
            simulated=self.simulated,
            warnings=tuple(
                Notice(name=one.name, message=one.message, source=id) for one in self.warnings
            ),
        )

    def _shown(self, values: NDArray[np.float32], window: Window | None) -> NDArray[np.float32]:
        if window is not None:
            bright = window(values.astype(np.float64))
        else:
            low, high = float(self.values.min()), float(self.values.max())
            if low == high:
                return np.zeros(values.shape, dtype=np.float32)
            bright = (values.astype(np.float64) - low) / (high - low)
        return (1.0 - bright if self.inverted else bright).astype(np.float32)

    def _cut(
        self, view: SliceView, axis: int, index: int
    ) -> tuple[NDArray[np.float32], PatientPlane]:
        """Return the values of one slice, and where they lie."""
        steps = self.affine[:3, :3].T  # of one slice, row, column
        y, x = (1, 2)
        signs = (1.0, 1.0)
        if view is not SliceView.STORED:
            axes = self._patient_axes()
            _, (x_axis, x_sign), (y_axis, y_sign) = _VIEWS[view]
            x, y = axes.index(x_axis), axes.index(y_axis)
            signs = (
                y_sign * math.copysign(1.0, steps[y][y_axis]),
                x_sign * math.copysign(1.0, steps[x][x_axis]),
            )
        values = np.take(self.values, index, axis=axis)
        values = values if y < x else values.T
        corner = np.array(self.position_mm) + index * steps[axis]
        vectors: list[Vector] = []
        for along, (sign, which) in enumerate(zip(signs, (y, x), strict=True)):
            if sign < 0:
                values = np.flip(values, axis=along)
                corner = corner + (self.shape[which] - 1) * steps[which]
            vectors.append(_vector(sign * steps[which] / self.spacing_mm[which]))
        if abs(float(np.dot(vectors[0], vectors[1]))) >= _ORTHOGONAL:
            raise GeometryError(
                f"a {view} cut of this volume would be sheared, as its slices are shifted by a "
                f"tilted gantry ({self.tilt_degrees:.1f}°), expected slices straight above one "
                "another; resample the volume first, or take the slices as they were acquired"
            )
        spacing = (self.spacing_mm[y], self.spacing_mm[x])
        return values, _plane(_vector(corner), vectors[1], vectors[0], spacing)

    def _patient_axes(self) -> tuple[int, int, int]:
        """Return the patient axis (x, y, z) nearest to each of (slices, rows, columns)."""
        cosines = np.abs([self.slice_cosines, self.column_cosines, self.row_cosines])
        slices, rows, columns = max(
            permutations(range(3)), key=lambda axes: float(cosines[range(3), axes].sum())
        )
        return slices, rows, columns


def _plane(
    position: Vector, row: Vector, column: Vector, spacing: tuple[float, ...]
) -> PatientPlane:
    return PatientPlane(
        position_mm=position,
        row_cosines=row,
        column_cosines=column,
        row_mm=spacing[0],
        column_mm=spacing[1],
    )


def _view(view: SliceView | str) -> SliceView:
    try:
        return SliceView(view)
    except ValueError:
        raise InputError(f"no view is called {view!r}; expected {', '.join(SliceView)}") from None


def _vector(values: NDArray[np.float64]) -> Vector:
    x, y, z = (float(value) + 0.0 for value in values)  # no -0.0
    return x, y, z


def _triples(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 3:
        raise GeometryError(f"points must have shape (n, 3), got {array.shape}")
    return array


__all__ = ["Volume"]
