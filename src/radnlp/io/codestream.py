"""What a compressed frame says of itself, checked before any decoder allocates memory for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_STANDALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
_START_OF_SCAN, _END = 0xDA, 0xD9
_MOST_PADDING = 64
# No DICOM header can hold more; larger numbers are garbage.
_LARGEST_SIDE = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSize:
    """Size of a compressed frame by its own header.

    Attributes:
        rows: Height in pixels.
        columns: Width in pixels.
        components: Samples per pixel.
        precision: Bits per sample.
    """

    rows: int
    columns: int
    components: int
    precision: int


def jpeg_size(data: bytes) -> FrameSize | None:
    """Read the frame header of a JPEG or JPEG-LS codestream; ``None`` if there is none.

    Source:
        ITU-T T.81 B.2.2 (SOF0 to SOF15), ITU-T T.87 C.2.2 (SOF55).
    """
    for marker, at in _jpeg_segments(data):
        if marker in _START_OF_FRAME:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            return _jpeg_frame_header(data[at + 4 : at + 10], length)
    return None


def jpeg_has_scan(data: bytes) -> bool:
    """Tell whether any pixel data follows the headers; decoders invent pixels where none does."""
    return any(marker == _START_OF_SCAN for marker, _ in _jpeg_segments(data))


def ends_properly(data: bytes) -> bool:
    """Tell whether a JPEG, JPEG-LS or JPEG 2000 codestream has its end mark, padding apart."""
    return b"\xff\xd9" in data.rstrip(b"\0")[-_MOST_PADDING:]


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield each marker and where it stands, up to the first scan."""
    if data[:2] != b"\xff\xd8":
        return
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        yield marker, at
        if marker in {_START_OF_SCAN, _END}:
            return
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))


def _jpeg_frame_header(fields: bytes, length: int) -> FrameSize | None:
    if len(fields) < 6 or length != 8 + 3 * fields[5]:
        return None
    return FrameSize(
        precision=fields[0],
        rows=int.from_bytes(fields[1:3], "big"),
        columns=int.from_bytes(fields[3:5], "big"),
        components=fields[5],
    )


def jpeg2000_size(data: bytes) -> FrameSize | None:
    """Read the SIZ segment of a JPEG 2000 codestream, bare or in a JP2 file.

    Returns:
        ``None`` if there is none, or it contradicts itself.

    Source:
        ITU-T T.800 A.5.1.
    """
    start = 0 if data.startswith(b"\xff\x4f\xff\x51") else data.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start < 0 or len(data) < start + 43:
        return None
    siz = data[start + 4 :]

    def long(at: int) -> int:
        return int.from_bytes(siz[at : at + 4], "big")

    components = int.from_bytes(siz[36:38], "big")
    rows, columns = long(8) - long(16), long(4) - long(12)
    if int.from_bytes(siz[:2], "big") != 38 + 3 * components:
        return None
    if not (0 < rows <= _LARGEST_SIDE and 0 < columns <= _LARGEST_SIDE):
        return None
    return FrameSize(
        columns=columns, rows=rows, components=components, precision=(siz[38] & 0x7F) + 1
    )


__all__ = ["FrameSize", "ends_properly", "jpeg2000_size", "jpeg_has_scan", "jpeg_size"]
