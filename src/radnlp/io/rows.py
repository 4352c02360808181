"""Small tables of a user's own, csv or JSON lines → rows by column."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radnlp.errors import EncodingError, FileMissing, InvalidRecord, MalformedRow, UnknownFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")


def read_rows(path: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each row of a csv, tsv or jsonl file with its place, such as ``gold.csv:2``.

    Cells of csv are text; an empty cell is no value, and neither is null.

    Args:
        path: UTF-8, with a header if csv.

    Raises:
        FileMissing: No such file.
        UnknownFormat: Another ending.
        EncodingError: Not UTF-8.
        MalformedRow: A csv row with more or fewer fields than the header.
        InvalidRecord: A line that is no JSON object.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if not path.is_file():
        raise FileMissing(f"no file {path}; expected a csv or jsonl file with one case per row")
    if kind not in {*_DELIMITERS, *_LINES}:
        raise UnknownFormat(f"{path.name} ends in {kind!r}; expected .csv, .tsv or .jsonl")
    read = _json_lines if kind in _LINES else _csv_rows
    try:
        for place, row in read(path):
            yield place, {name: value for name, value in row.items() if value not in (None, "")}
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{path.name}: byte {error.start} is not valid UTF-8; save the file as UTF-8"
        ) from None


def _csv_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    delimiter = _DELIMITERS[path.suffix.lower()]
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, delimiter=delimiter)
        header = next(reader, [])
        for row in reader:
            place = f"{path.name}:{reader.line_num}"
            if not row:
                continue
            if len(row) != len(header):
                raise MalformedRow(
                    f"{place}: {len(row)} fields and the header has {len(header)}; expected as many"
                )
            yield place, dict(zip(header, row, strict=True))


def _json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            place = f"{path.name}:{number}"
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise InvalidRecord(f"{place}: not JSON; expected one object per line") from None
            if not isinstance(row, dict):
                raise InvalidRecord(f"{place}: a JSON {type(row).__name__}; expected an object")
            yield place, row


__all__ = ["read_rows"]
