"""The report stages: everything found → a draft in which every sentence has evidence.

All of them plan, verify and conclude in the same way (`radnlp.report.compose`); they differ in who
words the findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.report.compose import ReportOptions, Writer, compose
from radnlp.report.generate import WriterReport
from radnlp.report.plan import PlanOptions
from radnlp.report.retrieve import RetrieveReport
from radnlp.report.statement import Claim, Statement
from radnlp.report.style import Form, Style, read_style
from radnlp.report.template import made_by
from radnlp.report.verify import Checked, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from radnlp.schema import (
        Draft,
        Report,
        Study,
        StudyReading,
        TextReading,
    )


class TemplateReport:
    """Writes a draft from fixed sentences and reads it back before handing it over.

    Args:
        options: All have defaults.
    """

    def __init__(self, options: ReportOptions | None = None) -> None:
        self.options = options or ReportOptions()
        self.provenance = made_by()

    def __call__(
        self, study: Study, found: StudyReading, read: Callable[[Report], TextReading]
    ) -> Draft | None:
        """Return a draft, or ``None`` if there is no image or nothing to say.

        Args:
            study: What is drafted for.
            found: All that was found in it; with what the earlier report says the draft compares.
            read: The text stage, to read the draft back.
        """
        return compose(study, found, read, self.options)


__all__ = [
    "Checked",
    "Claim",
    "Form",
    "PlanOptions",
    "ReportOptions",
    "RetrieveReport",
    "Statement",
    "Style",
    "TemplateReport",
    "Verifier",
    "Writer",
    "WriterReport",
    "read_style",
]
