"""Images with their geometry, and studies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from radnlp.errors import InputError
from radnlp.schema.entity import Side
from radnlp.schema.exam import Exam
from radnlp.schema.geometry import Box, PatientPlane, Spacing
from radnlp.schema.notice import Notice
from radnlp.schema.text import Report


class OrientationSource(StrEnum):
    """How it is known which side of the image is the patient's right."""

    HEADER = "header"
    PLANE = "plane"
    CONVENTION = "convention"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """Which way the image lies in the patient.

    Attributes:
        row_direction: Patient direction in which x grows: a DICOM letter code such as ``L``
            (towards the patient's left), or ``None``.
        column_direction: Patient direction in which y grows, such as ``F`` (feet), or ``None``.
        source: ``header`` (PatientOrientation), ``plane`` (ImageOrientationPatient),
            ``convention`` (radiographic: image left is the patient's right) or ``unknown``.
    """

    row_direction: str | None = None
    column_direction: str | None = None
    source: OrientationSource = OrientationSource.UNKNOWN

    @property
    def image_left(self) -> Side | None:
        """The patient's side at the image's left edge; ``None`` if x does not run left-right."""
        first = (self.row_direction or "")[:1].upper()
        return {"L": Side.RIGHT, "R": Side.LEFT}.get(first)


CONVENTION = Orientation(
    row_direction="L", column_direction="F", source=OrientationSource.CONVENTION
)


class SliceView(StrEnum):
    """From where a slice of a volume is seen."""

    STORED = "stored"
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceOf:
    """Which slice of a volume or series an image is.

    Attributes:
        index: Which one, from 0, along the direction that ``view`` cuts across.
        count: How many there are.
        view: ``stored``: a slice as it was acquired; else a cut through the whole volume.
        series: Which series, told apart without identifiers (see `Volume.series`), if known.
        window_name: Name of the window it is shown with, if it has one.

    Raises:
        InputError: There is no such slice.
    """

    index: int
    count: int
    view: SliceView = SliceView.STORED
    series: str | None = None
    window_name: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise InputError(f"slice {self.index} of {self.count}: expected 0 to {self.count - 1}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Image:
    """One frame, ready to be shown or fed to a model.

    Attributes:
        pixels: float32, shape (rows, columns), in [0, 1], 0 is shown black; after modality LUT,
            VOI LUT or window, and MONOCHROME1 inversion, in that order. Read-only. ``None`` in an
            analysis that was read back from JSON.
        id: ``i0``, ``i1``, … within a study.
        rows: Height in stored pixels.
        columns: Width in stored pixels.
        modality: DICOM modality code (``DX``, ``CT``, …), if known.
        view: ``PA``, ``AP``, ``LATERAL``, …, if known.
        body_part: DICOM body part examined, upper case, if known.
        spacing: Pixel spacing and where it was measured, if known.
        plane: Patient plane, for slices.
        orientation: Which way the image lies in the patient.
        frame: Index of the chosen frame of a multi-frame object.
        frames: Number of frames of the object it was chosen from.
        slice: Which slice of a volume or series it is, if it was taken from one.
        window: (centre, width) that was applied, in modality units, if one was.
        source: Where it came from (a file name), if anywhere.
        simulated: True if the file says that it shows no patient.
        warnings: What was odd about it.

    Raises:
        InputError: Pixels of a wrong shape or range, or not finite.
    """

    pixels: NDArray[np.float32] | None
    id: str = "i0"
    rows: int = 0
    columns: int = 0
    modality: str | None = None
    view: str | None = None
    body_part: str | None = None
    spacing: Spacing | None = None
    plane: PatientPlane | None = None
    orientation: Orientation = CONVENTION
    frame: int = 0
    frames: int = 1
    slice: SliceOf | None = None
    window: tuple[float, float] | None = None
    source: str | None = None
    simulated: bool = False
    warnings: tuple[Notice, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels is None:
            if self.rows < 1 or self.columns < 1:
                raise InputError("an image without pixels must say its rows and columns")
            return
        pixels = np.array(self.pixels, dtype=np.float32)
        if pixels.ndim != 2 or pixels.size == 0:
            raise InputError(
                f"image pixels must have shape (rows, columns), got {pixels.shape}; "
                "use radnlp.read_image for colour or multi-frame input"
            )
        low, high = float(pixels.min()), float(pixels.max())
        if not (0.0 <= low <= high <= 1.0):
            raise InputError(
                f"image pixels must be finite and lie in [0, 1], got {low} to {high}; "
                "use radnlp.read_image to scale other values"
            )
        pixels.setflags(write=False)
        object.__setattr__(self, "pixels", pixels)
        object.__setattr__(self, "rows", int(pixels.shape[0]))
        object.__setattr__(self, "columns", int(pixels.shape[1]))

    @property
    def box(self) -> Box:
        """The whole image."""
        return Box(0, 0, self.columns, self.rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """What belongs together: one report, its images, and the earlier report.

    Attributes:
        id: Name within an archive.
        report: The report, if there is one.
        images: The images, in reading order, ids distinct.
        prior: The earlier report, so that change words have something to refer to.
        exam: What the files say of the examination, if anything.
        warnings: What was odd about the input, files that could not be used among them.

    Raises:
        InputError: Two images share an id.
    """

    id: str = "s0"
    report: Report | None = None
    images: tuple[Image, ...] = ()
    prior: Report | None = None
    exam: Exam | None = None
    warnings: tuple[Notice, ...] = ()

    def __post_init__(self) -> None:
        ids = [image.id for image in self.images]
        if len(set(ids)) != len(ids):
            raise InputError(f"images of a study must have distinct ids, got {ids}")


__all__ = [
    "CONVENTION",
    "Image",
    "Orientation",
    "OrientationSource",
    "SliceOf",
    "SliceView",
    "Study",
]
