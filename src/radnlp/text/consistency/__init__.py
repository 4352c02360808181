"""Where a report contradicts itself, or what is known of its examination.

Slips of dictation and templates: a side that changes between findings and impression, a finding
that is denied and stated, a size ten times too large, a change without anything to compare with,
an organ that the patient cannot have. The rules, each with its weight and with an example that
fires and one that does not, are in ``rules/consistency.toml``.

A false alarm costs more trust than a missed slip, so a rule speaks only where no other mention
leaves room for agreement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.exam import Exam
from radnlp.text.consistency.book import load_checkbook
from radnlp.text.consistency.change import change_slips, size_slips
from radnlp.text.consistency.patient import patient_slips, removal_slips
from radnlp.text.consistency.presence import presence_slips
from radnlp.text.consistency.sides import side_slips
from radnlp.text.consistency.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.schema.entity import Entity
    from radnlp.schema.inconsistency import Inconsistency
    from radnlp.schema.text import Report, Section

_CHECKS = (
    side_slips,
    presence_slips,
    size_slips,
    change_slips,
    patient_slips,
    removal_slips,
)


def check_report(
    report: Report,
    sections: Sequence[Section],
    entities: Sequence[Entity],
    exam: Exam | None = None,
) -> tuple[Inconsistency, ...]:
    """Return what does not go together, worst first.

    Args:
        report: What was read.
        sections: Its sections.
        entities: Its mentions.
        exam: What is known of the examination from elsewhere.

    Examples:
        >>> from radnlp import analyze
        >>> text = "FINDINGS: Small left effusion. IMPRESSION: Small right effusion."
        >>> read = analyze(report=text)
        >>> [slip.rule for slip in check_report(read.report, read.sections, read.entities)]
        ['side.findings_impression']
    """
    told = Told(report.text, sections, entities, exam or Exam(), load_checkbook())
    found = [slip for check in _CHECKS for slip in check(told)]
    return tuple(sorted(found, key=lambda slip: (-slip.score, slip.spans[0])))


__all__ = ["check_report"]
