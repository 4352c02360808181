"""Reports in, what they say out: the one function that every engine runs.

A process pool, Ray, Spark's ``mapInArrow`` or Dask can call it unchanged: batches in, batches
out, nothing else touched.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from radnlp.archive.rows import Rows
from radnlp.pipeline import Pipeline
from radnlp.schema import Failure, Report, Study

if TYPE_CHECKING:
    import pyarrow as pa


def process(
    batch: pa.RecordBatch, *, text: str = "rules", language: str | None = None
) -> pa.RecordBatch:
    """Read a batch of reports.

    Args:
        batch: Columns of `REPORTS`; rows with an error are passed on.
        text: Name of the text stage; it is built once per process.
        language: ISO 639-1 code of all reports; ``None`` detects it.

    Returns:
        Columns of `RESULTS`, in input order: one row per entity, one per recommendation and one
        per score, which stand in a struct of their own; one per notice with ``notice`` and
        ``message``; one per failed report with ``error`` and ``message``.
    """
    reports = batch.to_pylist()
    read = _pipeline(text).map(
        study_of(report, language) for report in reports if report["error"] is None
    )
    rows = Rows()
    for report in reports:
        rows.add(report, _unread(report) or next(read))
    return rows.batch()


def _unread(report: dict[str, Any]) -> Failure | None:
    if report["error"] is None:
        return None
    return Failure(id=report["report_id"], error=report["error"], message=report["message"])


def study_of(report: dict[str, Any], language: str | None) -> Study:
    """Return the study of a report's row."""
    name = report["report_id"]
    return Study(
        id=name,
        report=Report(text=report["text"], id=name, language=language, source=report["source"]),
    )


@lru_cache(maxsize=4)
def _pipeline(text: str) -> Pipeline:
    # Built here and not in `Pipeline.map`: a stage that cannot be built ends the run, it does not
    # fail every report.
    return Pipeline(text=text, vision=None, link=None, report=None).build()


__all__ = ["process", "study_of"]
