"""Finished parts, put together in input order: entities here, failures in the file beside."""

from __future__ import annotations

import csv
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from radnlp.archive.table import ENTITIES
from radnlp.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_ROW_GROUP = 100_000

#: What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def check_format(out: Path) -> None:
    """Refuse an output whose ending names no format.

    Raises:
        OutputError: The ending is not one of the three, or it is a folder.
    """
    if out.is_dir():
        raise OutputError(f"cannot write {out}: it is a folder; expected a file name")
    if out.suffix.lower() not in _WRITERS:
        raise OutputError(f"cannot write {out.name!r}; expected an ending of {', '.join(_WRITERS)}")


def merge(
    parts: Sequence[Path], out: Path, failures: Path, work: Path, *, reports: int
) -> tuple[int, int]:
    """Write the entities of all parts to ``out`` and the failures to ``failures``.

    Both files appear whole or not at all; without failures there is no failures file. If nothing
    could be read, an earlier ``out`` stays as it is.

    Args:
        parts: Parquet files of `RESULTS`, in input order.
        out: Ends in ``.parquet``, ``.jsonl`` or ``.csv``.
        failures: JSON lines.
        work: Folder for what is not finished, on the same disk.
        reports: Number of reports, failed ones included.

    Returns:
        Number of entities and number of failures.
    """
    failed = [row for part in parts for row in _failures(part)]
    written = 0

    def entities() -> Iterator[pa.Table]:
        nonlocal written
        for part in parts:
            table = pq.read_table(part)
            table = table.filter(pc.is_null(table["error"])).select(ENTITIES.names)
            written += table.num_rows
            yield table

    if not 0 < reports == len(failed):
        with whole_file(out, work) as draft:
            _WRITERS[out.suffix.lower()](entities(), draft)
    if failed:
        with whole_file(failures, work) as draft:
            _write_lines(failed, draft)
    else:
        failures.unlink(missing_ok=True)
    return written, len(failed)


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
    table = pq.read_table(part, columns=["report_id", "report_row", "source", "error", "message"])
    for row in table.filter(pc.is_valid(table["error"])).to_pylist():
        yield {"id": row.pop("report_id"), "row": row.pop("report_row"), **row}


def _write_parquet(tables: Iterable[pa.Table], path: Path) -> None:
    with pq.ParquetWriter(path, ENTITIES, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for table in tables:
            waiting.append(table)
            if sum(one.num_rows for one in waiting) >= _ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


def _write_jsonl(tables: Iterable[pa.Table], path: Path) -> None:
    _write_lines((row for table in tables for row in table.to_pylist()), path)


def _write_lines(rows: Iterable[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def _write_csv(tables: Iterable[pa.Table], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ENTITIES.names)
        for table in tables:
            rows = (map(_cell, row.values()) for row in table.to_pylist())
            writer.writerows(rows)


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return json.dumps(value)
        return ";".join(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


_WRITERS = {".parquet": _write_parquet, ".jsonl": _write_jsonl, ".csv": _write_csv}

__all__ = ["check_format", "merge", "whole_file"]
