"""The grey-scale part of a DICOM header → `GreyPipeline`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import InvalidHeader
from radnlp.io.display import GreyPipeline, Lut, Padding, VoiFunction, Window
from radnlp.io.pydicom_guard import pydicom_errors

if TYPE_CHECKING:
    from radnlp.io.header import Header
    from radnlp.io.pixels import PixelFormat

_LONGEST_LUT = 1 << 16


def read_grey_pipeline(
    header: Header, layout: PixelFormat, frame: int, *, window: Window | None = None
) -> GreyPipeline:
    """Read what is to be done to the stored values of one frame.

    Args:
        header: The object.
        layout: Its pixel module, checked.
        frame: Index of the frame.
        window: Used instead of the header's own VOI LUT or window.

    Raises:
        InvalidHeader: A modality LUT that cannot be read (a VOI LUT or window that cannot be used
            only leaves a notice, and the full range of the values is shown).
    """
    modality_lut = _modality_lut(header, layout)
    slope, intercept = (1.0, 0.0) if modality_lut else _rescale(header, frame)
    voi: Window | Lut | None = window
    if voi is None:
        signed = modality_lut is None and (layout.signed or intercept < 0)
        voi = _voi_lut(header, signed=signed)
    return GreyPipeline(
        slope=slope,
        intercept=intercept,
        modality_lut=modality_lut,
        voi=voi if voi is not None else _window(header, frame),
        inverted=layout.photometric == "MONOCHROME1",
        padding=_padding(header, layout),
    )


def _rescale(header: Header, frame: int) -> tuple[float, float]:
    place = header.for_frame(frame, "PixelValueTransformationSequence")
    slope, intercept = place.number("RescaleSlope"), place.number("RescaleIntercept")
    if slope == 0:
        header.notice("HeaderWarning", "RescaleSlope is 0, which would erase the image; 1 was used")
        slope = None
    return (1.0 if slope is None else slope), (intercept or 0.0)


def read_unit(header: Header, frame: int) -> str | None:
    """Return the unit of the rescaled values, ``None`` where the header says or implies none.

    Source:
        DICOM PS3.3 C.11.1.1.2 (Rescale Type; ``US`` is unspecified), C.8.2.1 (CT Image: the rescale
        gives Hounsfield units, unless its type says otherwise), C.8.9.1 (PET: Units).
    """
    place = header.for_frame(frame, "PixelValueTransformationSequence")
    said = place.text("RescaleType")
    for item in header.items("ModalityLUTSequence"):
        said = item.text("ModalityLUTType") or "US"
    said = said or header.text("Units")
    if said is None and header.text("Modality") == "CT":
        return "HU" if place.number("RescaleIntercept") is not None else None
    return None if said is None or said.upper() == "US" else said.upper()


def _window(header: Header, frame: int) -> Window | None:
    place = header.for_frame(frame, "FrameVOILUTSequence")
    centers, widths = place.numbers("WindowCenter"), place.numbers("WindowWidth")
    if not centers or not widths:
        return None
    if len(centers) > 1 or len(widths) > 1:
        header.notice("WindowChosen", f"the header has {len(centers)} windows; the first was used")
    said = (place.text("VOILUTFunction") or "LINEAR").upper()
    if said not in set(VoiFunction):
        header.notice("WindowWarning", "VOILUTFunction is not one of DICOM's; LINEAR was used")
        said = "LINEAR"
    function = VoiFunction(said)
    if function is VoiFunction.LINEAR and 0 < widths[0] < 1:
        header.notice(
            "WindowWarning",
            "the window is narrower than LINEAR allows (1); LINEAR_EXACT was used",
        )
        function = VoiFunction.LINEAR_EXACT
    try:
        return Window(center=centers[0], width=widths[0], function=function)
    except InvalidHeader:
        header.notice(
            "WindowWarning",
            "the window's width is not positive; the full range of values is shown instead",
        )
        return None


def _modality_lut(header: Header, layout: PixelFormat) -> Lut | None:
    items = header.items("ModalityLUTSequence")
    if not items:
        return None
    lut = read_lut(items[0], signed=layout.signed)
    if lut is None:
        raise InvalidHeader(
            f"{header.name}: its modality LUT cannot be read, expected a descriptor of 3 numbers "
            "and as many entries as it says; export the file again"
        )
    return lut


def _voi_lut(header: Header, *, signed: bool) -> Lut | None:
    """Read the VOI LUT; its input values are signed where the rescaled ones can be below 0."""
    items = header.items("VOILUTSequence")
    if not items:
        return None
    lut = read_lut(items[0], signed=signed)
    if lut is None:
        header.notice("WindowWarning", "the VOI LUT cannot be read and was left out")
    elif len(items) > 1:
        header.notice("WindowChosen", f"the header has {len(items)} VOI LUTs; the first was used")
    return lut


def read_lut(item: Header, *, signed: bool) -> Lut | None:
    """Read a LUT item (DICOM PS3.3 C.11.1.1); ``None`` if it makes no sense.

    Args:
        item: The item with LUTDescriptor and LUTData.
        signed: Whether the first input value is to be read as signed.
    """
    descriptor = item.numbers("LUTDescriptor")
    if len(descriptor) != 3:
        return None
    count, first, bits = (int(number) for number in descriptor)
    count = count % _LONGEST_LUT or _LONGEST_LUT
    if not 1 <= bits <= 16:
        return None
    if signed and first > 0x7FFF:
        first -= 0x10000
    entries = _lut_entries(item, count)
    if entries is None or entries.size < count:
        return None
    return Lut(first=first, entries=entries[:count].astype(np.float64), bits=bits)


def _lut_entries(item: Header, count: int) -> np.ndarray[Any, np.dtype[Any]] | None:
    try:
        data = item.dataset["LUTData"].value
        little = item.dataset.original_encoding[1] is not False
        if not isinstance(data, bytes):
            return np.atleast_1d(np.asarray(data, dtype=np.int64)) & 0xFFFF
        # 8-bit entries may be packed two to a word.
        if len(data) < 2 * count:
            return np.frombuffer(data, dtype=np.uint8)
        return np.frombuffer(data, dtype="<u2" if little else ">u2", count=count)
    except pydicom_errors():
        return None


def _padding(header: Header, layout: PixelFormat) -> Padding | None:
    value = header.number("PixelPaddingValue")
    if value is None:
        return None
    limit = header.number("PixelPaddingRangeLimit")
    ends = [_as_stored(int(end), layout) for end in (value, value if limit is None else limit)]
    return Padding(low=min(ends), high=max(ends))


def _as_stored(value: int, layout: PixelFormat) -> int:
    """Read a padding value with the pixels' sign, however its VR was written."""
    bits = layout.bits_allocated
    if layout.signed and value >= 1 << (bits - 1):
        return value - (1 << bits)
    if not layout.signed and value < 0:
        return value + (1 << bits)
    return value


__all__ = ["read_grey_pipeline", "read_lut", "read_unit"]
