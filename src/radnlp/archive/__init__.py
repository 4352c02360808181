"""Archives of reports: plan, run, resume."""

from __future__ import annotations

from radnlp.archive.process import process
from radnlp.archive.records import Reading
from radnlp.archive.run import ExtractOptions, Progress, Summary, available_processors, extract
from radnlp.archive.sentences import IndexSummary, build_index
from radnlp.archive.table import ENTITIES, RECOMMENDATIONS, REPORTS, RESULTS, SCORES
from radnlp.io.record import join_sections

__all__ = [
    "ENTITIES",
    "RECOMMENDATIONS",
    "REPORTS",
    "RESULTS",
    "SCORES",
    "ExtractOptions",
    "IndexSummary",
    "Progress",
    "Reading",
    "Summary",
    "available_processors",
    "build_index",
    "extract",
    "join_sections",
    "process",
]
