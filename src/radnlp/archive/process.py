"""Reports in, entities out: the one function that every engine runs.

A process pool, Ray, Spark's ``mapInArrow`` or Dask can call it unchanged: batches in, batches
out, nothing else touched.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from radnlp.archive.table import RESULTS, entity_rows, failure_row
from radnlp.pipeline import Pipeline
from radnlp.registry import text_stages
from radnlp.schema import Failure, Report, Study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.schema import Analysis


def process(
    batch: pa.RecordBatch, *, text: str = "rules", language: str | None = None
) -> pa.RecordBatch:
    """Read a batch of reports.

    Args:
        batch: Columns of `REPORTS`; rows with an error are passed on.
        text: Name of the text stage; it is built once per process.
        language: ISO 639-1 code of all reports; ``None`` detects it.

    Returns:
        Columns of `RESULTS`, in input order: one row per entity, and one per failed report with
        ``error`` and ``message`` set and ``entity_id`` null.
    """
    reports = batch.to_pylist()
    studies = (_study(report, language) for report in reports if report["error"] is None)
    results = _pipeline(text).map(studies)
    rows: list[dict[str, Any]] = []
    for report in reports:
        origin = {name: report[name] for name in ("report_id", "report_row", "source")}
        if report["error"] is None:
            rows.extend({**origin, **row} for row in _rows(next(results)))
        else:
            rows.append({**origin, "error": report["error"], "message": report["message"]})
    columns = {name: [row.get(name) for row in rows] for name in RESULTS.names}
    return pa.RecordBatch.from_pydict(columns, schema=RESULTS)


def _rows(result: Analysis | Failure) -> Iterator[dict[str, Any]]:
    if isinstance(result, Failure):
        yield failure_row(result)
    else:
        yield from entity_rows(result)


def _study(report: dict[str, Any], language: str | None) -> Study:
    name = report["report_id"]
    return Study(
        id=name,
        report=Report(text=report["text"], id=name, language=language, source=report["source"]),
    )


@lru_cache(maxsize=4)
def _pipeline(text: str) -> Pipeline:
    # Built here and not in `Pipeline.map`: a stage that cannot be built ends the run, it does not
    # fail every report.
    return Pipeline(text=text_stages.get(text)(), vision=None, link=None, report=None)


__all__ = ["process"]
