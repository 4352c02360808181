"""A DICOM file → pydicom's data set, or the named error that says why not."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from radnlp.errors import (
    CorruptDicom,
    InflateLimit,
    InvalidHeader,
    NestingLimit,
    NotDicom,
    TruncatedFile,
    UnknownTransferSyntax,
)
from radnlp.io.formats import Content, read_head, sniff
from radnlp.io.pydicom_guard import add_once, guarded, pydicom_errors
from radnlp.schema import Notice

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

DEFLATED = "1.2.840.10008.1.2.1.99"
MAX_INFLATED_BYTES = 1 << 28
_CHUNK = 1 << 20
_EXECUTABLE_MARKS = (b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
_DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".dic", ".ima"})


def read_dataset(
    path: Path, *, force: bool = False, pixels: bool = True
) -> tuple[Dataset, tuple[Notice, ...]]:
    """Read a DICOM file.

    Args:
        path: The file.
        force: Read elements that lack the preamble and the DICM mark, too.
        pixels: False stops before the pixel data.

    Returns:
        The data set, and what was odd about it.

    Raises:
        FileMissing: No such file.
        NotDicom: The content is something else, or lacks the preamble and ``force`` is off.
        UnknownTransferSyntax: The file meta does not say how the elements are encoded.
        TruncatedFile: The file ends before its elements do.
        NestingLimit: Its sequences are nested too deep to be walked.
        InflateLimit: Its deflated elements would fill more than 256 MiB.
        InvalidHeader: An element has a value of the wrong type.
        CorruptDicom: The structure of its elements is broken.
    """
    head = read_head(path)
    content = sniff(head)
    if content is not Content.DICOM and not (force and content is Content.BARE_DICOM):
        raise NotDicom(_why_not_dicom(path, content))
    with guarded() as notices:
        if content is Content.DICOM:
            _check_inflated_size(path)
        dataset = _parse(path, force=force, pixels=pixels)
    _check_parsed(path, dataset, notices, bare=content is Content.BARE_DICOM)
    if head.startswith(_EXECUTABLE_MARKS):
        add_once(
            notices,
            Notice(
                name="PreambleWarning",
                message="the DICOM preamble begins like an executable program; it was not used",
            ),
        )
    return dataset, tuple(notices)


def claims_dicom(path: Path) -> bool:
    """Tell whether the file's name says that it is DICOM."""
    return path.suffix.lower() in _DICOM_SUFFIXES


def _why_not_dicom(path: Path, content: Content) -> str:
    advice = {
        Content.BARE_DICOM: "if you trust it, pass force=True to have it read",
        Content.LFS_POINTER: "fetch the real file with 'git lfs pull'",
        Content.EMPTY: "copy the file again",
        Content.PDF: "pass the report as text",
        Content.JPEG: "rename it to .jpg to have it read as a plain JPEG",
        Content.PNG: "rename it to .png to have it read as a plain PNG",
        Content.ZIP: "unpack it first",
        Content.GZIP: "unpack it first",
        Content.TEXT: "pass reports to radnlp.read_report",
    }.get(content, "export it as DICOM, PNG or JPEG")
    return f"{path.name}: found {content}, expected a DICOM file; {advice}"


def _parse(path: Path, *, force: bool, pixels: bool) -> Dataset:
    import pydicom

    try:
        return pydicom.dcmread(path, force=force, stop_before_pixels=not pixels)
    except RecursionError:
        raise NestingLimit(
            f"{path.name}: its sequences are nested too deep to be read, expected a few levels; "
            "the file is damaged or hostile, export it again from its source"
        ) from None
    except zlib.error:
        raise CorruptDicom(
            f"{path.name}: its deflated elements cannot be inflated, expected a zlib stream; "
            "copy the file again"
        ) from None
    except (TypeError, AttributeError, NotImplementedError) as error:
        raise InvalidHeader(
            f"{path.name}: a header element has a value of the wrong type "
            f"({type(error).__name__}), expected a value as its VR says; export the file again"
        ) from None
    except pydicom_errors() as error:
        raise CorruptDicom(
            f"{path.name}: the structure of its elements is broken ({type(error).__name__}), "
            "expected a complete DICOM data set; copy or export the file again"
        ) from None


def _check_parsed(path: Path, dataset: Dataset, notices: list[Notice], *, bare: bool) -> None:
    if bare and ("Rows" not in dataset and "SOPClassUID" not in dataset):
        raise NotDicom(
            f"{path.name}: found no DICOM object even with force=True, expected elements such as "
            "SOP Class UID or Rows; the file is something else"
        )
    if len(dataset) == 0:
        raise TruncatedFile(
            f"{path.name}: the file ends before its elements are complete, expected a whole "
            "data set; copy or export the file again"
        )
    cut = any(notice.name == "TruncatedWarning" for notice in notices)
    if cut and "Rows" in dataset and "PixelData" not in dataset:
        raise TruncatedFile(
            f"{path.name}: the file ends before its pixel data, expected a complete image; "
            "copy or export the file again"
        )
    meta = getattr(dataset, "file_meta", None)
    if not bare and (meta is None or not meta.get("TransferSyntaxUID")):
        raise UnknownTransferSyntax(
            f"{path.name}: the file meta has no TransferSyntaxUID, expected it to say how the "
            "elements are encoded; export the file again"
        )


def _check_inflated_size(path: Path) -> None:
    """Inflate a deflated data set piece by piece, without keeping it, and stop at the limit."""
    with path.open("rb") as stream:
        start = _deflated_start(stream.read(2048))
        if start is None:
            return
        stream.seek(start)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        total = 0
        while not inflater.eof:
            piece = inflater.unconsumed_tail or stream.read(_CHUNK)
            if not piece:
                return
            try:
                total += len(inflater.decompress(piece, _CHUNK))
            except zlib.error:
                return
            if total > MAX_INFLATED_BYTES:
                raise InflateLimit(
                    f"{path.name}: its deflated elements fill more than "
                    f"{MAX_INFLATED_BYTES >> 20} MiB, expected a data set below that; "
                    "save it with another transfer syntax if it is genuine"
                )


def _deflated_start(head: bytes) -> int | None:
    """Return where the deflated elements begin; ``None`` if the file is not deflated."""
    uid = DEFLATED.encode()
    at = head.find(uid)
    if at < 0 or head[at + len(uid) : at + len(uid) + 1].isdigit():
        return None
    if head[132:140] == b"\x02\x00\x00\x00UL\x04\x00":
        return 144 + int.from_bytes(head[140:144], "little")
    return at + len(uid) + len(uid) % 2


__all__ = ["claims_dicom", "read_dataset"]
