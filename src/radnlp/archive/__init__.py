"""Archives of reports: plan, run, resume."""

from __future__ import annotations

from radnlp.archive.checking import Checked, CheckOptions, check, check_reports, check_studies
from radnlp.archive.notices import Noted
from radnlp.archive.process import process
from radnlp.archive.records import Reading
from radnlp.archive.run import ExtractOptions, Summary, extract
from radnlp.archive.sentences import IndexSummary, build_index
from radnlp.archive.shards import Progress, available_processors
from radnlp.archive.slips import SLIPS
from radnlp.archive.table import ENTITIES, RECOMMENDATIONS, REPORTS, RESULTS, SCORES
from radnlp.io.record import join_sections

__all__ = [
    "ENTITIES",
    "RECOMMENDATIONS",
    "REPORTS",
    "RESULTS",
    "SCORES",
    "SLIPS",
    "CheckOptions",
    "Checked",
    "ExtractOptions",
    "IndexSummary",
    "Noted",
    "Progress",
    "Reading",
    "Summary",
    "available_processors",
    "build_index",
    "check",
    "check_reports",
    "check_studies",
    "extract",
    "join_sections",
    "process",
]
