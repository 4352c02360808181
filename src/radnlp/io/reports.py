"""A file that holds one report → `Report`."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.errors import (
    EncodingError,
    InputError,
    InvalidHL7,
    ReportTooLong,
    UnknownFormat,
)
from radnlp.io.dicomfile import claims_dicom, read_dataset
from radnlp.io.formats import Content, read_head, sniff
from radnlp.io.header import Header
from radnlp.io.hl7 import is_hl7, read_message, recoded, split_messages
from radnlp.io.jsonreport import report_from_json
from radnlp.io.message import Message
from radnlp.io.nifti import holds_nifti
from radnlp.io.pdf import pdf_text
from radnlp.io.pixels import kind_of_object
from radnlp.io.pydicom_guard import guarded
from radnlp.io.raster import RASTER_SUFFIXES
from radnlp.io.structured import report_text
from radnlp.schema import Exam, Report

if TYPE_CHECKING:
    from pydicom import Dataset

MAX_CHARACTERS = 1_000_000
# UTF-8 and UTF-16 need at most 4 bytes for a character.
_MOST_BYTES = 4
_ARCHIVE_SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".zip", ".gz"})
_IMAGES = frozenset({Content.PNG, Content.JPEG, Content.JPEG_2000, Content.TIFF, Content.GIF,
                     Content.BMP, Content.WEBP, Content.NIFTI})  # fmt: skip
_GB2312_RUN = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe]){2,}")


def read_report(
    source: str | Path,
    *,
    id: str = "r0",
    language: str | None = None,
    encoding: str = "utf-8",
    max_characters: int = MAX_CHARACTERS,
) -> Report:
    """Read one report from a file.

    Args:
        source: A text file, a JSON file (``text``, ``report``, or fields named like sections; or a
            FHIR DiagnosticReport), an HL7 v2 message, a DICOM structured report or encapsulated
            PDF, or a PDF with a text layer (needs the extra ``pdf``). Its content decides, not its
            name.
        id: The report's id.
        language: ISO 639-1 code; ``None`` takes what the file says, if it does.
        encoding: Encoding of a text or JSON file; it is never guessed.
        max_characters: Longest text.

    Returns:
        The text, unchanged but for a byte order mark. An empty file gives an empty report.

    Raises:
        FileMissing: No such file.
        EncodingError: The bytes are not in ``encoding``; the message names the first wrong one.
        ReportTooLong: More than ``max_characters``.
        ReportIsPdf: A PDF document, bare or inside DICOM, whose text cannot be read.
        InvalidRecord: JSON or HL7 that is broken, or has no report or several in it.
        UnknownFormat: The content is no report.
        DicomError: A damaged DICOM file.
        InputError: ``source`` is no path, or ``encoding`` no encoding.
    """
    return report_and_exam(
        source, id=id, language=language, encoding=encoding, max_characters=max_characters
    )[0]


def report_and_exam(
    source: str | Path,
    *,
    id: str = "r0",
    language: str | None = None,
    encoding: str = "utf-8",
    max_characters: int = MAX_CHARACTERS,
) -> tuple[Report, Exam | None]:
    """Return what `read_report` gives, and what the file says of the examination.

    A DICOM object says it in its header, which `load_study` reads.
    """
    if not isinstance(source, str | Path):
        raise InputError(
            f"read_report takes the path of a file, got {type(source).__name__}; "
            "make a Report(text=…) of text"
        )
    path = Path(source)
    content = sniff(read_head(path))
    if content is Content.DICOM:
        found = _from_dicom(path, max_characters)
    elif content is Content.PDF:
        found = Message(
            text=pdf_text(path.read_bytes(), name=path.name, max_characters=max_characters)
        )
    else:
        _refuse(path, content)
        found = _from_text(path, encoding, max_characters)
    if len(found.text) > max_characters:
        raise _too_long(path, f"{len(found.text):,} characters", max_characters)
    report = Report(text=found.text, id=id, language=language or found.language, source=path.name)
    return report, found.exam


def _refuse(path: Path, content: Content) -> None:
    """Refuse what is no text; unknown bytes pass, as they may be text in another encoding."""
    name, suffix = path.name, path.suffix.lower()
    if content in {Content.NIFTI, Content.GZIP} and holds_nifti(path):
        raise UnknownFormat(
            f"{name}: found {Content.NIFTI}, expected a report; read it with radnlp.read_volume, "
            "and pass a slice of it as image"
        )
    if suffix in _ARCHIVE_SUFFIXES or content is Content.PARQUET:
        raise UnknownFormat(
            f"{name}: is an archive of reports by its name or content, expected a single report; "
            "use radnlp extract"
        )
    if content in _IMAGES or content is Content.BARE_DICOM:
        raise UnknownFormat(
            f"{name}: found {content}, expected a report; pass images to radnlp.read_image"
        )
    misnamed = content is Content.EMPTY and (claims_dicom(path) or suffix in RASTER_SUFFIXES)
    if misnamed or content not in {Content.TEXT, Content.EMPTY, Content.BINARY}:
        raise UnknownFormat(
            f"{name}: found {content}, expected text, JSON or a DICOM structured report; "
            "save the report as plain text"
        )


def _from_text(path: Path, encoding: str, max_characters: int) -> Message:
    size = path.stat().st_size
    if size > _MOST_BYTES * max_characters:
        raise _too_long(path, f"{size:,} bytes", max_characters)
    data, suffix = path.read_bytes(), path.suffix.lower()
    try:
        text = decode(data, name=path.name, encoding=encoding)
    except EncodingError:
        # A message may name its character set itself.
        messages = split_messages(data.decode("utf-8", "surrogateescape"))
        text = "\r".join(map(recoded, messages))
        if not messages or text.encode("utf-8", "ignore").decode() != text:
            raise
    return message_from_text(text, name=path.name, suffix=suffix)


def message_from_text(text: str, *, name: str, suffix: str = "") -> Message:
    """Take the report out of a text: JSON, HL7 or the report itself.

    Args:
        text: All of it.
        name: Of the file, for messages.
        suffix: Of the file's name; ``.json`` and ``.hl7`` say what the text must be.

    Raises:
        InvalidRecord: JSON or HL7 that is broken, or has no report or several in it.
    """
    if suffix == ".json" or text.lstrip().startswith("{"):
        return report_from_json(text, name=name)
    return _only_message(text, name) if suffix == ".hl7" or is_hl7(text) else Message(text=text)


def _only_message(text: str, name: str) -> Message:
    messages = split_messages(text)
    if len(messages) != 1:
        raise InvalidHL7(
            f"{name}: {len(messages)} HL7 messages or patients, expected a single one; use radnlp "
            "extract"
        )
    try:
        return read_message(messages[0])
    except InvalidHL7 as error:
        raise InvalidHL7(f"{name}: {error}") from None


def decode(data: bytes, *, name: str, encoding: str = "utf-8") -> str:
    """Decode a report's bytes strictly, without a byte order mark.

    Raises:
        EncodingError: Names the offset of the first wrong byte and suggests an encoding.
        UnknownFormat: The bytes are no text in any encoding that is in use.
        InputError: There is no such encoding.
    """
    check_encoding(encoding)
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        suggestion = suggest_encoding(data)
        if suggestion is None:
            raise UnknownFormat(
                f"{name}: found {Content.BINARY}, expected text, JSON or a DICOM structured report"
            ) from None
        raise EncodingError(
            f"{name}: byte {error.start} (0x{data[error.start]:02x}) is not valid {encoding}, "
            f"expected {encoding} throughout; perhaps it is {suggestion}: read it with "
            f"encoding={suggestion!r} and check the text, or convert the file"
        ) from None
    if "\0" in text:
        if suggest_encoding(data) == "utf-16":
            raise EncodingError(
                f"{name}: byte {data.index(0)} is zero, expected {encoding} text without zero "
                "bytes; perhaps it is utf-16: read it with encoding='utf-16' (or utf-16-le)"
            )
        raise UnknownFormat(
            f"{name}: found {Content.BINARY}, expected text, JSON or a DICOM structured report"
        )
    return text


def check_encoding(encoding: str) -> None:
    """Refuse an encoding that does not exist.

    Raises:
        InputError: There is no such encoding.
    """
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise InputError(
            f"there is no encoding called {encoding!r}, expected a name such as utf-8 or cp1252"
        ) from None


def suggest_encoding(data: bytes) -> str | None:
    """Name an encoding that the bytes could be in; ``None`` if they look like no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:400].count(0) * 3 > len(data[:400]):
        return "utf-16"
    if any(byte < 9 or 14 <= byte < 27 for byte in data):
        return None
    # Chinese comes in runs of pairs of high bytes; a lone accent has ASCII letters around it.
    pairs = sum(map(len, _GB2312_RUN.findall(data)))
    chinese = ["gb18030"] if pairs > 0.8 * sum(byte > 0x7F for byte in data) else []
    for candidate in (*chinese, "cp1252", "latin-1"):
        try:
            data.decode(candidate)
        except UnicodeDecodeError:
            continue
        return candidate
    return None


def _from_dicom(path: Path, max_characters: int) -> Message:
    dataset, _ = read_dataset(path)
    with guarded() as notices:
        header = Header(dataset, name=path.name, notices=notices)
        document = _encapsulated_pdf(header, dataset)
        if document is not None:
            text = pdf_text(document, name=path.name, max_characters=max_characters)
            return Message(text=text)
        text, language = report_text(header)
        if not text:
            raise UnknownFormat(
                f"{path.name}: a DICOM {kind_of_object(header)} without any text, expected a "
                "report; choose the object that holds the report"
            )
    return Message(text=text, language=language)


def _encapsulated_pdf(header: Header, dataset: Dataset) -> bytes | None:
    if "EncapsulatedDocument" not in dataset:
        return None
    kind = header.text("MIMETypeOfEncapsulatedDocument") or "an unnamed type"
    if "pdf" in kind.lower() or "PDF" in kind_of_object(header):
        return bytes(dataset.EncapsulatedDocument)
    raise UnknownFormat(
        f"{header.name}: an encapsulated document that is no PDF, expected a structured "
        "report; save the report as plain text"
    )


def _too_long(path: Path, found: str, max_characters: int) -> ReportTooLong:
    return ReportTooLong(
        f"{path.name}: found {found}, expected a report of at most {max_characters:,} characters; "
        "split it, or raise max_characters"
    )


__all__ = [
    "check_encoding",
    "decode",
    "message_from_text",
    "read_report",
    "report_and_exam",
    "suggest_encoding",
]
