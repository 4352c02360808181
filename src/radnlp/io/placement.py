"""Where a DICOM image lies: spacing, patient plane, orientation, view, body part."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from radnlp.errors import GeometryError
from radnlp.schema import (
    CONVENTION,
    Orientation,
    OrientationSource,
    PatientPlane,
    Spacing,
    SpacingKind,
    direction,
)

if TYPE_CHECKING:
    from radnlp.io.header import Header

# Modalities whose pixels are sums along a ray, so that PixelSpacing needs a calibration.
PROJECTION = frozenset({"CR", "DX", "RG", "XA", "RF", "MG", "IO", "PX"})
_CONVENTIONAL = frozenset({"CR", "DX", "RG"})
_CHEST = re.compile(r"CHEST|THORAX|LUNG|RIB")
_LATERAL = frozenset({"LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT"})
_DIRECTIONS = re.compile(r"[APLRHF]{1,3}")
_VIEW_MEANINGS = (
    (re.compile(r"postero[- ]?anterior"), "PA"),
    (re.compile(r"antero[- ]?posterior"), "AP"),
    (re.compile(r"lateral"), "LATERAL"),
)
_SIMULATED = re.compile(r"\bsimulated\b", re.IGNORECASE)
_SIMULATED_FIELDS = (
    "ImageComments",
    "SeriesDescription",
    "StudyDescription",
    "DerivationDescription",
    "AcquisitionDeviceProcessingDescription",
)
_SAME_MM = 1e-4


def read_view(header: Header) -> str | None:
    """Return ``PA``, ``AP``, ``LATERAL`` or another view position as the header names it."""
    said = (header.text("ViewPosition") or "").upper()
    if said:
        return "LATERAL" if said in _LATERAL else said
    for item in header.items("ViewCodeSequence"):
        meaning = (item.text("CodeMeaning") or "").lower()
        for pattern, view in _VIEW_MEANINGS:
            if pattern.search(meaning):
                return view
    return None


def read_body_part(header: Header) -> str | None:
    """Return the body part examined, upper case."""
    said = header.text("BodyPartExamined")
    if said is None:
        for item in header.items("AnatomicRegionSequence"):
            said = item.text("CodeMeaning")
    return said.upper() if said else None


def is_simulated(header: Header) -> bool:
    """Tell whether the header says that the image shows no patient."""
    return any(says_simulated(header.text(keyword) or "") for keyword in _SIMULATED_FIELDS)


def says_simulated(text: str) -> bool:
    """Tell whether a free text says that the image is simulated."""
    return _SIMULATED.search(text) is not None


def read_plane(header: Header, frame: int, modality: str | None) -> PatientPlane | None:
    """Return the plane of a slice; ``None`` for projections, or if the header gives none."""
    if modality in PROJECTION:
        return None
    place = header.for_frame(frame, "PlanePositionSequence")
    if place is header and frame > 0:
        return None  # the one position given is that of the first frame
    position = place.numbers("ImagePositionPatient")
    axes = header.for_frame(frame, "PlaneOrientationSequence").numbers("ImageOrientationPatient")
    spacing = header.for_frame(frame, "PixelMeasuresSequence").numbers("PixelSpacing")
    if len(position) != 3 or len(axes) != 6 or len(spacing) != 2:
        return None
    try:
        return PatientPlane(
            position_mm=(position[0], position[1], position[2]),
            row_cosines=(axes[0], axes[1], axes[2]),
            column_cosines=(axes[3], axes[4], axes[5]),
            row_mm=spacing[0],
            column_mm=spacing[1],
        )
    except GeometryError:
        header.notice(
            "GeometryWarning",
            "the patient plane cannot be (directions not orthogonal, or spacing not positive); "
            "it was left out",
        )
        return None


def read_spacing(header: Header, frame: int, modality: str | None) -> Spacing | None:
    """Return the pixel spacing and where it was measured.

    Source:
        DICOM PS3.3 10.7.1.3: in projections, PixelSpacing is corrected to the patient only where
        it differs from ImagerPixelSpacing or names its calibration.
    """
    measures = header.for_frame(frame, "PixelMeasuresSequence")
    pixel = _spacing(measures, "PixelSpacing", SpacingKind.PATIENT)
    detector = _spacing(header, "ImagerPixelSpacing", SpacingKind.DETECTOR) or _spacing(
        header, "NominalScannedPixelSpacing", SpacingKind.DETECTOR
    )
    if pixel is None or (detector is None and modality not in PROJECTION):
        return detector or pixel
    calibration = header.text("PixelSpacingCalibrationType")
    if detector is None:
        if calibration:
            return pixel
        header.notice(
            "SpacingWarning",
            "PixelSpacing of a projection without a calibration; taken as measured at the detector",
        )
        return Spacing(row_mm=pixel.row_mm, column_mm=pixel.column_mm, kind=SpacingKind.DETECTOR)
    if calibration is None and _same(pixel, detector):
        return detector
    if calibration is None:
        header.notice(
            "SpacingWarning",
            "PixelSpacing differs from ImagerPixelSpacing and names no calibration; "
            "taken as corrected to the patient",
        )
    return pixel


def _spacing(header: Header, keyword: str, kind: SpacingKind) -> Spacing | None:
    pair = header.numbers(keyword)
    if not pair:
        return None
    try:
        row_mm, column_mm = pair
        return Spacing(row_mm=row_mm, column_mm=column_mm, kind=kind)
    except (GeometryError, ValueError):
        header.notice("SpacingWarning", f"{keyword} is not two positive numbers and was left out")
        return None


def _same(one: Spacing, other: Spacing) -> bool:
    return (
        abs(one.row_mm - other.row_mm) < _SAME_MM
        and abs(one.column_mm - other.column_mm) < _SAME_MM
    )


def read_orientation(
    header: Header,
    *,
    plane: PatientPlane | None,
    modality: str | None,
    view: str | None,
    body_part: str | None,
) -> Orientation:
    """Return which way the image lies in the patient, and how that is known.

    The plane of a slice first; then PatientOrientation; then, for frontal chest radiographs only,
    the radiographic convention (image left is the patient's right). Pixels are never flipped.
    """
    if plane is not None:
        return Orientation(
            row_direction=direction(plane.row_cosines),
            column_direction=direction(plane.column_cosines),
            source=OrientationSource.PLANE,
        )
    said = [str(value).strip().upper() for value in header.values("PatientOrientation")]
    if len(said) == 2 and all(_DIRECTIONS.fullmatch(value) for value in said):
        return Orientation(
            row_direction=said[0], column_direction=said[1], source=OrientationSource.HEADER
        )
    if any(said):
        header.notice("HeaderWarning", "PatientOrientation is not two directions; left out")
    chest = body_part is None or _CHEST.search(body_part)
    if modality in _CONVENTIONAL and chest and view in {None, "PA", "AP"}:
        return CONVENTION
    return Orientation()


__all__ = [
    "PROJECTION",
    "is_simulated",
    "read_body_part",
    "read_orientation",
    "read_plane",
    "read_spacing",
    "read_view",
    "says_simulated",
]
