"""Finished parts, put together in input order: one file per table, failures in a file beside."""

from __future__ import annotations

import csv
import json
import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from radnlp.archive.notices import Noted, count_notices
from radnlp.archive.sources import FAILURES
from radnlp.archive.table import ENTITIES, RECOMMENDATIONS, REPORT_COLUMNS, SCORES
from radnlp.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_ROW_GROUP = 100_000

#: What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Outputs(NamedTuple):
    """The files of a run.

    Attributes:
        entities: What the user named.
        recommendations: Beside it.
        scores: Beside it.
        failures: JSON lines; not there without failures.
    """

    entities: Path
    recommendations: Path
    scores: Path
    failures: Path


class Counts(NamedTuple):
    """Rows of each file, and what was odd about the reports."""

    entities: int
    recommendations: int
    scores: int
    failures: int
    notices: tuple[Noted, ...]


def result_files(out: Path, endings: Collection[str]) -> tuple[Path, Path]:
    """Return the file that a run is to write, and that of its failures: ``OUT.failures.jsonl``.

    Raises:
        OutputError: The ending is none of ``endings``, there is no such folder, or a folder has
            the name of a file.
    """
    if out.suffix.lower() not in endings and not out.is_dir():
        raise OutputError(f"cannot write {out.name!r}; expected an ending of {', '.join(endings)}")
    if not out.parent.is_dir():
        raise OutputError(f"cannot write {out}: there is no folder {out.parent}; make it")
    files = out, out.with_name(f"{out.name}{FAILURES}")
    _refuse_folders(files)
    return files


def outputs_of(out: Path) -> Outputs:
    """Return the files of a run that writes to ``out``.

    Raises:
        OutputError: The ending is not ``.parquet``, ``.jsonl`` or ``.csv``, there is no such
            folder, or a folder has the name of a table.
    """
    entities, failures = result_files(out, WRITERS)
    outputs = Outputs(
        entities=entities,
        recommendations=out.with_suffix(f".recommendations{out.suffix}"),
        scores=out.with_suffix(f".scores{out.suffix}"),
        failures=failures,
    )
    _refuse_folders(outputs)
    return outputs


def _refuse_folders(files: Iterable[Path]) -> None:
    for path in files:
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; expected a file name")


def merge(parts: Sequence[Path], outputs: Outputs, work: Path, *, reports: int) -> Counts:
    """Write the tables and the failures of all parts.

    Each file appears whole or not at all, and the tables only when all of them are written, the
    entities last; without failures there is no failures file. If nothing could be read, earlier
    tables stay as they are.

    Args:
        parts: Parquet files of `RESULTS`, in input order.
        outputs: Where to write.
        work: Folder for what is not finished, on the same disk.
        reports: Number of reports, failed ones included.

    Returns:
        Rows of each file, and the notices by kind.
    """
    failed = [row for part in parts for row in _failures(part)]
    entities = recommendations = scores = 0
    if not 0 < reports == len(failed):
        entities, recommendations, scores = _write_tables(parts, outputs, work)
    write_failures(failed, outputs.failures, work)
    notices = count_notices(notice for part in parts for notice in _notices(part))
    return Counts(entities, recommendations, scores, failures=len(failed), notices=notices)


def write_failures(failed: Sequence[Mapping[str, Any]], path: Path, work: Path) -> None:
    """Write a JSON line per failure; without failures there is no file."""
    if failed:
        with whole_file(path, work) as draft:
            _write_lines(failed, draft)
    else:
        path.unlink(missing_ok=True)


def _write_tables(parts: Sequence[Path], outputs: Outputs, work: Path) -> list[int]:
    tables = (
        (outputs.entities, ENTITIES, map(_entities, parts)),
        (
            outputs.recommendations,
            RECOMMENDATIONS,
            _structs(parts, "recommendation", RECOMMENDATIONS),
        ),
        (outputs.scores, SCORES, _structs(parts, "score", SCORES)),
    )
    write = WRITERS[outputs.entities.suffix.lower()]
    with ExitStack() as drafts:  # It moves the last draft first, so the entities come last.
        return [
            write(rows, drafts.enter_context(whole_file(path, work)), schema)
            for path, schema, rows in tables
        ]


@contextmanager
def whole_file(path: Path, work: Path) -> Iterator[Path]:
    """Give a name in ``work`` to write to; the file is moved to its place when all of it is there.

    The name is this process's own: another one, left over from a run that was killed, may be
    writing the same file.

    Raises:
        OutputError: The file cannot be written.
    """
    draft = work / f".{path.name}.{os.getpid()}"
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}; "
            "finished work is kept, run again when this is solved"
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def _failures(part: Path) -> Iterator[dict[str, Any]]:
    table = pq.read_table(part, columns=[*REPORT_COLUMNS, "error", "message"])
    for row in table.filter(pc.is_valid(table["error"])).to_pylist():
        yield {"id": row.pop("report_id"), "row": row.pop("report_row"), **row}


def _notices(part: Path) -> Iterator[tuple[int, str, str]]:
    table = pq.read_table(part, columns=["report_row", "notice", "message"])
    for row in table.filter(pc.is_valid(table["notice"])).to_pylist():
        yield row["report_row"], row["notice"], row["message"]


def _entities(part: Path) -> pa.Table:
    table = pq.read_table(part, columns=ENTITIES.names)
    return table.filter(pc.is_valid(table["entity_id"]))


def _structs(parts: Iterable[Path], column: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of parts whose struct in ``column`` is there, its fields as columns."""
    for part in parts:
        table = pq.read_table(part, columns=[*REPORT_COLUMNS, column])
        given = table.filter(pc.is_valid(table[column]))
        yield given.flatten().rename_columns(schema.names)


def _write_parquet(tables: Iterable[pa.Table], path: Path, schema: pa.Schema) -> int:
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for table in tables:
            waiting.append(table)
            written += table.num_rows
            if sum(one.num_rows for one in waiting) >= _ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
    return written


def _write_jsonl(tables: Iterable[pa.Table], path: Path, _: pa.Schema) -> int:
    return _write_lines((row for table in tables for row in table.to_pylist()), path)


def _write_lines(rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
            written += 1
    return written


def _write_csv(tables: Iterable[pa.Table], path: Path, schema: pa.Schema) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(schema.names)
        for table in tables:
            rows = (map(_cell, row.values()) for row in table.to_pylist())
            writer.writerows(rows)
            written += table.num_rows
    return written


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return json.dumps(value)
        return ";".join(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


WRITERS = {".parquet": _write_parquet, ".jsonl": _write_jsonl, ".csv": _write_csv}

__all__ = [
    "WRITERS",
    "Counts",
    "Outputs",
    "merge",
    "outputs_of",
    "result_files",
    "whole_file",
    "write_failures",
]
