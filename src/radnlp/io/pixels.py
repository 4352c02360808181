"""The pixel module of a DICOM header, checked, and one frame of it decoded to stored values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import (
    ImageTooLarge,
    InvalidHeader,
    NotAnImage,
    UnsupportedPhotometric,
    UnsupportedPixelFormat,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radnlp.io.header import Header

MAX_PIXELS = 100_000_000
# 2**33 pixels over all frames: a 512 x 512 series of 32,768 slices.
MAX_OBJECT_PIXELS = 1 << 33
MAX_FRAMES = 2**31 - 1
GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
COLOUR = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
PALETTE = "PALETTE COLOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFormat:
    """How the pixels of an object are laid out (DICOM PS3.3 C.7.6.3).

    Attributes:
        rows: Height of a frame.
        columns: Width of a frame.
        frames: Number of frames.
        samples: Samples per pixel, 1 or 3.
        photometric: Photometric interpretation.
        bits_allocated: 8, 16 or 32.
        bits_stored: Bits that carry the value.
        high_bit: Highest of them.
        signed: Whether values are two's complement.
        planar: Planar configuration of colour.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: int

    @property
    def pixels(self) -> int:
        """Pixels of one frame."""
        return self.rows * self.columns

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.pixels * samples * self.bits_allocated // 8


def read_pixel_format(header: Header, *, max_pixels: int) -> PixelFormat:
    """Check the pixel module before anything is allocated.

    Raises:
        InvalidHeader: A value that cannot be, such as ``Rows`` = 0 or 12 bits allocated.
        ImageTooLarge: A frame over ``max_pixels``, or more than 2**33 pixels in all frames.
        UnsupportedPixelFormat: 1 bit or 64 bits per pixel.
        UnsupportedPhotometric: A photometric interpretation with no defined display.
    """
    rows = header.required_integer("Rows", low=1, high=65535, default=None)
    columns = header.required_integer("Columns", low=1, high=65535, default=None)
    frames = header.required_integer("NumberOfFrames", low=1, high=MAX_FRAMES, default=1)
    _check_size(header.name, rows, columns, frames, max_pixels)
    samples = header.required_integer("SamplesPerPixel", low=1, high=4, default=1)
    allocated = _bits_allocated(header)
    stored = header.required_integer("BitsStored", low=1, high=allocated, default=allocated)
    high_bit = header.required_integer(
        "HighBit", low=stored - 1, high=allocated - 1, default=stored - 1
    )
    signed = header.required_integer("PixelRepresentation", low=0, high=1, default=0)
    return PixelFormat(
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        photometric=_photometric(header, samples),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        signed=signed == 1,
        planar=header.required_integer("PlanarConfiguration", low=0, high=1, default=0),
    )


def require_pixels(header: Header) -> None:
    """Refuse an object that holds no integer pixels.

    Raises:
        NotAnImage: There are no rows and columns, or no pixel data.
        UnsupportedPixelFormat: The pixels are floating point numbers.
    """
    if "PixelData" in header.dataset and "Rows" in header.dataset:
        return
    if "FloatPixelData" in header.dataset or "DoubleFloatPixelData" in header.dataset:
        raise UnsupportedPixelFormat(
            f"{header.name}: holds floating point pixels, expected integer pixel data; "
            "export it as integers with a rescale slope"
        )
    raise NotAnImage(
        f"{header.name}: holds no image ({kind_of_object(header)}), expected rows, columns and "
        f"pixel data; {_what_else(header)}"
    )


def kind_of_object(header: Header) -> str:
    """Name what a DICOM object is, by its class or modality, without identifiers."""
    uid = header.raw("SOPClassUID") or _meta_class(header)
    name = getattr(uid, "name", "")
    if name and not name[0].isdigit():
        return str(name)
    modality = header.text("Modality")
    return f"modality {modality}" if modality else "no known class"


def _meta_class(header: Header) -> Any:
    meta = getattr(header.dataset, "file_meta", None)
    return None if meta is None else meta.get("MediaStorageSOPClassUID")


def _what_else(header: Header) -> str:
    if "DirectoryRecordSequence" in header.dataset:
        return "this is the directory of a medium, give its folder to radnlp.load_study"
    if "ContentSequence" in header.dataset or "EncapsulatedDocument" in header.dataset:
        return "this is a report, use radnlp.read_report or pass it as report"
    return "choose the object of the study that holds the image"


def _check_size(name: str, rows: int, columns: int, frames: int, max_pixels: int) -> None:
    if rows * columns > max_pixels:
        raise ImageTooLarge(
            f"{name}: the header promises {columns} x {rows} pixels, expected at most "
            f"{max_pixels:,}; if it is genuine, raise max_pixels"
        )
    if rows * columns * frames > MAX_OBJECT_PIXELS:
        raise ImageTooLarge(
            f"{name}: the header promises {frames:,} frames of {columns} x {rows} pixels, "
            f"expected at most {MAX_OBJECT_PIXELS:,} pixels in all; split the object"
        )


def _bits_allocated(header: Header) -> int:
    allocated = header.required_integer("BitsAllocated", low=1, high=64, default=None)
    if allocated in {8, 16, 32}:
        return allocated
    if allocated in {1, 64}:
        raise UnsupportedPixelFormat(
            f"{header.name}: has {allocated} bit(s) per sample, expected 8, 16 or 32; "
            "a segmentation is not an image to read"
        )
    raise InvalidHeader(
        f"{header.name}: BitsAllocated is {allocated}, expected 8, 16 or 32; "
        "the header is damaged, export the file again"
    )


def _photometric(header: Header, samples: int) -> str:
    found = header.text("PhotometricInterpretation")
    if found is None and samples == 1:
        header.notice("HeaderWarning", "PhotometricInterpretation is missing; MONOCHROME2 assumed")
        return "MONOCHROME2"
    name = (found or "").upper()
    if name in GREY or name == PALETTE:
        expected = 1
    elif name in COLOUR:
        expected = 3
    else:
        raise UnsupportedPhotometric(
            f"{header.name}: its photometric interpretation is not one that can be shown, "
            f"expected {', '.join(sorted(GREY | COLOUR | {PALETTE}))}; convert the image first"
        )
    if samples != expected:
        raise InvalidHeader(
            f"{header.name}: {name} with {samples} sample(s) per pixel, expected {expected}; "
            "the header is damaged, export the file again"
        )
    return name


def value_bits(stored: NDArray[Any], layout: PixelFormat) -> NDArray[Any]:
    """Cut the value out of the bits allocated for it, and extend its sign.

    Args:
        stored: Unsigned integers of shape (rows, columns), as they lie in the file.
        layout: Says which bits hold the value.

    Returns:
        Integers of the same shape.

    Source:
        DICOM PS3.5 8.1.1: bits outside High Bit … High Bit + 1 - Bits Stored mean nothing.
    """
    unsigned = stored.view(f"u{stored.dtype.itemsize}")
    shift = layout.high_bit + 1 - layout.bits_stored
    if shift or layout.bits_stored < 8 * stored.dtype.itemsize:
        mask = unsigned.dtype.type((1 << layout.bits_stored) - 1)
        unsigned = (unsigned >> unsigned.dtype.type(shift)) & mask
    if not layout.signed:
        return unsigned
    wide: NDArray[Any] = unsigned.astype(np.int64 if stored.dtype.itemsize == 4 else np.int32)
    sign = 1 << (layout.bits_stored - 1)
    return np.asarray(np.bitwise_xor(wide, sign) - sign)


__all__ = [
    "MAX_PIXELS",
    "PixelFormat",
    "kind_of_object",
    "read_pixel_format",
    "require_pixels",
    "value_bits",
]
