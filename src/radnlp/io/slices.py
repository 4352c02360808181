"""The slices that a DICOM object holds: where each lies, and what tells series and patients apart.

Headers only; pixels are decoded when the stack is known to be one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from radnlp.errors import NotAVolume
from radnlp.io.lookup import read_unit
from radnlp.io.patient import Patient, read_patient
from radnlp.io.pixels import GREY, read_pixel_format, require_pixels
from radnlp.io.placement import PROJECTION, is_simulated, read_body_part, read_plane
from radnlp.schema import PatientPlane

if TYPE_CHECKING:
    from radnlp.io.header import Header

# What may tell apart two slices at one place: of the data set, or of a frame's functional group.
_PHASES: tuple[tuple[str, str], ...] = (
    ("", "AcquisitionNumber"),
    ("", "EchoTime"),
    ("", "EchoNumbers"),
    ("", "InversionTime"),
    ("", "TemporalPositionIdentifier"),
    ("", "TriggerTime"),
    ("", "ImageType"),
    ("FrameContentSequence", "TemporalPositionIndex"),
    ("FrameContentSequence", "StackID"),
    ("FrameContentSequence", "FrameAcquisitionNumber"),
    ("MREchoSequence", "EffectiveEchoTime"),
    ("MRDiffusionSequence", "DiffusionBValue"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slice:
    """One slice, not yet decoded.

    Attributes:
        source: The path of its file, or the data set in memory.
        frame: Which frame of it.
        name: File name, for messages.
        patient: Whom it shows; it never leaves `radnlp.io`.
        series: SeriesInstanceUID, or empty; likewise.
        instance: SOPInstanceUID, or empty; likewise.
        modality: DICOM modality code.
        unit: Unit of its values, see `radnlp.io.lookup.read_unit`.
        rows: Height in pixels.
        columns: Width in pixels.
        plane: Where it lies.
        inverted: MONOCHROME1.
        body_part: Body part examined.
        simulated: True if the header says that it shows no patient.
        phases: Values of what may tell it from another slice at the same place.
        tilt_degrees: Gantry tilt that the header states, if it does.
    """

    source: Any
    frame: int
    name: str
    patient: Patient
    series: str
    instance: str
    modality: str | None
    unit: str | None
    rows: int
    columns: int
    plane: PatientPlane
    inverted: bool
    body_part: str | None
    simulated: bool
    phases: tuple[str, ...]
    tilt_degrees: float | None


def slices_of(header: Header, source: Any, *, max_pixels: int) -> list[Slice]:
    """Return the slices of an object, one for each frame.

    Raises:
        NotAVolume: It is a projection or in colour, or does not say where its frames lie.
        FileError: It holds no pixels, or a header that cannot be.
    """
    if "Rows" not in header.dataset:  # the pixels themselves need not be read yet
        require_pixels(header)
    layout = read_pixel_format(header, max_pixels=max_pixels)
    modality = header.text("Modality")
    if modality in PROJECTION or layout.photometric not in GREY:
        raise NotAVolume(
            f"{header.name}: is a projection or in colour ({modality or 'no modality'}, "
            f"{layout.photometric}), expected grey slices; use radnlp.read_image"
        )
    # A damaged header may promise frames without end; those that lie apart have groups that say so.
    told = len(header.values("PerFrameFunctionalGroupsSequence")) if layout.frames > 1 else 1
    planes = [read_plane(header, frame, modality) for frame in range(min(told, layout.frames))]
    if len(planes) < layout.frames or any(plane is None for plane in planes):
        raise NotAVolume(
            f"{header.name}: does not say where its slices lie, expected a usable "
            "ImagePositionPatient, ImageOrientationPatient and PixelSpacing for each; "
            "use radnlp.read_image, which needs none"
        )
    return [
        Slice(
            source=source,
            frame=frame,
            name=header.name,
            patient=read_patient(header),
            series=header.text("SeriesInstanceUID") or "",
            instance=header.text("SOPInstanceUID") or "",
            modality=modality,
            unit=read_unit(header, frame),
            rows=layout.rows,
            columns=layout.columns,
            plane=plane,
            inverted=layout.photometric == "MONOCHROME1",
            body_part=read_body_part(header),
            simulated=is_simulated(header),
            phases=_phases(header, frame),
            tilt_degrees=header.number("GantryDetectorTilt"),
        )
        for frame, plane in enumerate(planes)
        if plane is not None
    ]


def _phases(header: Header, frame: int) -> tuple[str, ...]:
    values = []
    for sequence, keyword in _PHASES:
        place = header.for_frame(frame, sequence) if sequence else header
        values.append("\\".join(str(value) for value in place.values(keyword)))
    return tuple(values)


def phase_names(one: Slice, other: Slice) -> list[str]:
    """Name the attributes in which two slices differ, of those that may tell phases apart."""
    return [
        keyword
        for (_, keyword), left, right in zip(_PHASES, one.phases, other.phases, strict=True)
        if left != right
    ]


def series_id(uid: str) -> str | None:
    """Return 12 digits that tell series apart, and from which the UID cannot be had back."""
    return hashlib.sha256(uid.encode()).hexdigest()[:12] if uid else None


__all__ = ["Slice", "phase_names", "series_id", "slices_of"]
