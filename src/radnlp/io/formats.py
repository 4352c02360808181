"""What a file really holds, told from its first bytes and never from its name."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from radnlp.errors import FileError, FileMissing

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 4096


class Content(StrEnum):
    """Kinds of content; the value reads as a noun phrase in messages."""

    DICOM = "a DICOM file"
    BARE_DICOM = "DICOM elements without the 128-byte preamble and the DICM mark"
    PNG = "a PNG image"
    JPEG = "a JPEG image"
    EMPTY = "an empty file (0 bytes)"
    LFS_POINTER = "a git LFS pointer (the real file was never fetched)"
    HTML = "an HTML page"
    XML = "an XML document"
    RTF = "an RTF document"
    PDF = "a PDF document"
    ZIP = "a ZIP archive"
    GZIP = "a gzip archive"
    PARQUET = "a Parquet file"
    JPEG_2000 = "a bare JPEG 2000 image"
    GIF = "a GIF image"
    TIFF = "a TIFF image"
    BMP = "a BMP image"
    WEBP = "a WebP image"
    NIFTI = "a NIfTI volume"
    TEXT = "text"
    BINARY = "bytes of an unknown kind"


_SIGNATURES: tuple[tuple[bytes, Content], ...] = (
    (b"\x89PNG\r\n\x1a\n", Content.PNG),
    (b"\xff\xd8\xff", Content.JPEG),
    (b"version https://git-lfs", Content.LFS_POINTER),
    (b"%PDF-", Content.PDF),
    (b"PK\x03\x04", Content.ZIP),
    (b"PK\x05\x06", Content.ZIP),
    (b"\x1f\x8b", Content.GZIP),
    (b"PAR1", Content.PARQUET),
    (b"\x00\x00\x00\x0cjP  ", Content.JPEG_2000),
    (b"\xff\x4f\xff\x51", Content.JPEG_2000),
    (b"GIF87a", Content.GIF),
    (b"GIF89a", Content.GIF),
    (b"II*\x00", Content.TIFF),
    (b"MM\x00*", Content.TIFF),
    (b"{\\rtf", Content.RTF),
)
_HTML = re.compile(
    rb"\A\s*+(?:<!--.{0,200}?-->\s*+)?<(?:!doctype html|html|head|body)\b", re.I | re.S
)
# First element of a data set (group 0002 or 0008): little endian, then explicit big endian.
_LITTLE_ELEMENT = re.compile(rb"[\x02\x08]\x00.[\x00-\x20](?:[A-Z]{2}|..\x00\x00)", re.S)
_BIG_ELEMENT = re.compile(rb"\x00[\x02\x08][\x00-\x20].[A-Z]{2}", re.S)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file.

    Raises:
        FileMissing: There is no such file.
        FileError: It is a folder, or cannot be opened.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except FileNotFoundError:
        raise FileMissing(
            f"{path.name}: no such file; expected the path of an existing file, check its folder"
        ) from None
    except IsADirectoryError:
        raise FileError(
            f"{path.name or path}: is a folder, expected a file; use radnlp.load_study for a folder"
        ) from None
    except (OSError, ValueError) as error:
        raise FileError(
            f"{path.name}: cannot be opened ({type(error).__name__}), expected a readable file; "
            "check its name and permissions"
        ) from None


def sniff(head: bytes) -> Content:
    """Tell what kind of file begins with these bytes.

    Examples:
        >>> str(sniff(b"<!DOCTYPE html><html>"))
        'an HTML page'
    """
    if head[128:132] == b"DICM":
        return Content.DICOM
    if not head:
        return Content.EMPTY
    for signature, content in _SIGNATURES:
        if head.startswith(signature):
            return content
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return Content.BMP
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Content.WEBP
    if head[344:347] in {b"n+1", b"ni1"} or head[4:8] in {b"n+2\0", b"ni2\0"}:
        return Content.NIFTI
    if _LITTLE_ELEMENT.match(head) or _BIG_ELEMENT.match(head):
        return Content.BARE_DICOM
    return _textual(head)


def _textual(head: bytes) -> Content:
    if _HTML.match(head):
        return Content.HTML
    if head.lstrip().startswith(b"<?xml"):
        return Content.XML
    if head.startswith(_TEXT_MARKS) or not any(byte in _CONTROL for byte in head):
        return Content.TEXT
    return Content.BINARY


__all__ = ["Content", "read_head", "sniff"]
