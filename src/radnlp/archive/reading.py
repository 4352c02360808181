"""What is read of a file of reports, and how the user says that it is to be read."""

from __future__ import annotations

import codecs
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radnlp.errors import RadnlpError
from radnlp.io.reports import check_encoding
from radnlp.schema import Exam

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from radnlp.archive.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One report of a file, or why it could not be read.

    Attributes:
        id: Its name: from its id field, else the file's name and, in files of many reports, the
            line (csv, jsonl) or the number of the record.
        text: The report; ``None`` with an error.
        position: Bytes of the file that were read so far, for the progress bar.
        error: What is wrong with this record or, if it is the last one, with the rest of the file.
        exam: What other fields say of the examination; ``None``: nothing.
    """

    id: str
    text: str | None = None
    position: int = 0
    error: RadnlpError | None = None
    exam: Exam | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the user says that the files are to be read.

    Attributes:
        text_columns: Fields with the text; empty: found by name.
        id_column: Field with the report's name; ``None``: found by name.
        encoding: Of csv, jsonl, json, txt and hl7 files.

    Raises:
        InputError: No such encoding.
    """

    text_columns: tuple[str, ...] = ()
    id_column: str | None = None
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        check_encoding(self.encoding)


@contextmanager
def open_text(source: Source, reading: Reading) -> Iterator[TextIO]:
    """Open a text file so that bytes outside the encoding survive until their record is known."""
    encoding = codecs.lookup(reading.encoding).name
    with source.path.open(
        encoding="utf-8-sig" if encoding == "utf-8" else encoding,
        errors="surrogateescape",
        newline="" if source.path.suffix.lower() in {".csv", ".tsv"} else "\n",
    ) as lines:
        yield lines


__all__ = ["Reading", "Record", "open_text"]
