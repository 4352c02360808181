"""Files of reports, read record by record; a bad record never takes another one with it."""

from __future__ import annotations

import csv
import json
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from radnlp.archive.messages import fhir_records, read_hl7
from radnlp.archive.reading import Reading, Record, open_text
from radnlp.archive.table import REPORT_COLUMNS
from radnlp.errors import CorruptArchive, InvalidRecord, MalformedRow, RadnlpError
from radnlp.io.exam import exam_of
from radnlp.io.fhir import is_fhir
from radnlp.io.hl7 import is_hl7
from radnlp.io.record import choose_columns, id_of, text_of, valid_unicode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from radnlp.archive.sources import Source

#: Longest csv field that is read; the text stage has a limit of its own below it.
FIELD_LIMIT = 4_000_000


def read_records(source: Source, reading: Reading) -> Iterator[Record]:
    """Yield the records of one file in order; whatever is wrong becomes a record with an error."""
    try:
        yield from _READERS[source.path.suffix.lower()](source, reading)
    except RadnlpError as error:
        yield Record(id=source.name, position=source.size, error=error)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its encoding is not as expected"
        problem = CorruptArchive(f"the file cannot be read: {reason or type(error).__name__}")
        yield Record(id=source.name, position=source.size, error=problem)


def _record(place: str, fields: dict[str, Any], position: int, reading: Reading) -> Record:
    """Turn the fields of one row or object into a record."""
    name = place
    try:
        columns = choose_columns(
            tuple(fields), text=reading.text_columns, identity=reading.id_column
        )
        name = id_of(fields, columns) or place
        said = {what: fields[field] for what, field in columns.exam}
        return Record(
            id=name,
            text=text_of(fields, columns),
            position=position,
            exam=exam_of(said) if said else None,
        )
    except RadnlpError as error:
        return Record(id=name, position=position, error=error)


def _refuse_own(names: Collection[str], reading: Reading) -> None:
    """Refuse a table that a run wrote: its ``text`` is words of a report, and no report.

    Raises:
        InvalidRecord: It has the columns of one, and the user names no other column.
    """
    if not reading.text_columns and set(REPORT_COLUMNS) <= set(names):
        raise InvalidRecord(
            "a table that radnlp wrote, expected reports; leave the file out, or name the column "
            "of the text if it does hold reports"
        )


def _read_txt(source: Source, reading: Reading) -> Iterator[Record]:
    from radnlp.io.reports import report_and_exam

    with source.path.open("rb") as file:
        head = file.read(4096).decode(reading.encoding, "replace")
    if is_hl7(head):
        yield from read_hl7(source, reading)
        return
    report, exam = report_and_exam(source.path, encoding=reading.encoding)
    yield Record(id=source.name, text=report.text, position=source.size, exam=exam)


# csv


def _read_csv(source: Source, reading: Reading) -> Iterator[Record]:
    with open_text(source, reading) as lines, _field_limit():
        blank, first = 0, lines.readline()
        while first and not first.strip():
            blank, first = blank + 1, lines.readline()
        if not first:
            raise CorruptArchive("the file is empty; expected a first line that names the columns")
        valid_unicode(first)
        tabs = source.path.suffix.lower() == ".tsv"
        delimiter = "\t" if tabs else max(",;\t|", key=first.count)
        rows = _rows(chain([first], lines), delimiter, line=blank + 1)
        line, header = next(rows)
        if isinstance(header, MalformedRow):
            raise header
        names = tuple(name.strip() for name in header)
        _refuse_twins(names)
        _refuse_own(names, reading)
        choose_columns(names, text=reading.text_columns, identity=reading.id_column)
        for line, row in rows:
            place, position = f"{source.name}:{line}", lines.buffer.tell()
            if isinstance(row, MalformedRow):
                yield Record(id=place, position=position, error=row)
            elif len(row) == len(names):
                fields = dict(zip(names, row, strict=True))
                yield _record(place, fields, position, reading)
            elif row:
                problem = MalformedRow(
                    f"the row at line {line} has {len(row)} fields and the header {len(names)}; "
                    "expected the same: put fields that hold the delimiter or line ends in quotes"
                )
                yield Record(id=place, position=position, error=problem)


def _rows(
    lines: Iterable[str], delimiter: str, *, line: int
) -> Iterator[tuple[int, list[str] | MalformedRow]]:
    """Yield each row with the number of its first line; the first of all is ``line``.

    After a row that cannot be parsed, reading goes on at the line below the row's first, so that
    an open quote costs one row and not the rest of the file.
    """
    again: deque[str] = deque()
    taken: list[str] = []
    source = iter(lines)

    def feed() -> Iterator[str]:
        while True:
            line = again.popleft() if again else next(source, None)
            if line is None:
                return
            taken.append(line)
            yield line

    parser = csv.reader(feed(), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(parser, None)
        except csv.Error as error:
            yield line, _malformed(line, error)
            again.extendleft(reversed(taken[1:]))
            del taken[1:]
            parser = csv.reader(feed(), delimiter=delimiter, strict=True)
        else:
            if row is None:
                return
            yield line, row
        line += len(taken)
        taken.clear()


def _malformed(line: int, error: csv.Error) -> MalformedRow:
    return MalformedRow(
        f"the row at line {line} cannot be parsed ({error}); a quote is probably left open or a "
        'quote inside a quoted field is not doubled (""): correct the row'
    )


def _refuse_twins(names: Sequence[str]) -> None:
    for number, name in enumerate(names, start=1):
        if name in names[: number - 1]:
            # Not the name: in a table without a header it is what a row says of a patient.
            raise MalformedRow(
                f"column {number} has the name of column {names.index(name) + 1}; expected "
                "distinct names in the header (of a csv file, is the first line a header?)"
            )


@contextmanager
def _field_limit() -> Iterator[None]:
    """Lift the csv module's global limit of 131,072 characters while a file is open."""
    before = csv.field_size_limit(FIELD_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(before)


# json


def _read_jsonl(source: Source, reading: Reading) -> Iterator[Record]:
    if not source.size:
        raise CorruptArchive("the file is empty; expected one JSON object on each line")
    with open_text(source, reading) as lines:
        looked = False
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            place = f"{source.name}:{number}"
            if not looked:
                looked = True
                _refuse_own_lines(line, reading)
            yield from _json_records(place, partial(_json, line), lines.buffer.tell(), reading)


def _refuse_own_lines(first: str, reading: Reading) -> None:
    with suppress(ValueError, RecursionError):
        value = json.loads(first)
        if isinstance(value, dict):
            _refuse_own(value, reading)


def _read_json(source: Source, reading: Reading) -> Iterator[Record]:
    with open_text(source, reading) as lines:
        value = _json(lines.read())
    if isinstance(value, dict):
        yield from _json_records(source.name, lambda: value, source.size, reading)
        return
    if not isinstance(value, list):
        raise InvalidRecord(f"the file holds a JSON {type(value).__name__}; {_EXPECTED}")
    for number, item in enumerate(value):
        position = source.size * (number + 1) // len(value)
        place = f"{source.name}#{number}"
        yield from _json_records(place, partial(_same, item), position, reading)


def _json_records(
    place: str, read: Callable[[], object], position: int, reading: Reading
) -> Iterator[Record]:
    try:
        value = read()
    except RadnlpError as error:
        yield Record(id=place, position=position, error=error)
        return
    if not isinstance(value, dict):
        problem = InvalidRecord(f"the record is a JSON {type(value).__name__}; {_EXPECTED}")
        yield Record(id=place, position=position, error=problem)
    elif is_fhir(value) and not (reading.text_columns or reading.id_column):
        yield from fhir_records(place, value, position)
    else:
        yield _record(place, value, position, reading)


def _json(text: str) -> object:
    """Parse strict JSON: no NaN, no duplicate keys, no nesting that exhausts the stack."""
    try:
        return json.loads(
            valid_unicode(text), parse_constant=_no_constant, object_pairs_hook=_distinct
        )
    except RecursionError:
        raise InvalidRecord("the JSON is nested too deeply to be a report") from None
    except json.JSONDecodeError as error:
        raise InvalidRecord(
            f"not JSON ({error.msg} at character {error.pos}); expected one complete object: "
            "the line may be cut"
        ) from None
    except ValueError:
        raise InvalidRecord("not JSON: a number has too many digits") from None


def _no_constant(name: str) -> None:
    raise InvalidRecord(f"the JSON holds {name}, which is not JSON; expected null or a number")


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidRecord("the JSON object has a key twice; expected distinct keys")
    return fields


def _same(value: object) -> object:
    return value


_EXPECTED = "expected an object such as {'id': …, 'text': …}"


# parquet


def _read_parquet(source: Source, reading: Reading) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(source.path) as file:
            names = tuple(file.schema_arrow.names)
            _refuse_twins(names)
            _refuse_own(names, reading)
            columns = choose_columns(names, text=reading.text_columns, identity=reading.id_column)
            wanted = list(columns.all)
            exact = replace(reading, text_columns=columns.text, id_column=columns.id)
            number = 0
            for batch in file.iter_batches(batch_size=1000, columns=wanted):
                for row in range(batch.num_rows):
                    position = source.size * (number + 1) // file.metadata.num_rows
                    fields = {name: _cell(batch.column(name)[row]) for name in wanted}
                    yield _record(f"{source.name}#{number}", fields, position, exact)
                    number += 1
    except (pa.ArrowException, OSError) as error:
        raise CorruptArchive(
            f"not a readable Parquet file ({type(error).__name__}); it is cut, empty or something "
            "else: write or copy it again"
        ) from None


def _cell(scalar: Any) -> object:
    try:
        return scalar.as_py()
    except UnicodeDecodeError as error:
        return error.object.decode("utf-8", "surrogateescape")


_READERS: dict[str, Callable[[Source, Reading], Iterator[Record]]] = {
    ".csv": _read_csv,
    ".hl7": read_hl7,
    ".json": _read_json,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
    ".tsv": _read_csv,
    ".txt": _read_txt,
}

__all__ = ["FIELD_LIMIT", "Reading", "Record", "read_records"]
