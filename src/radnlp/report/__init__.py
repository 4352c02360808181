"""The report stage: everything found → a draft in which every sentence has evidence."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from radnlp.report.plan import Claim, PlanOptions, plan
from radnlp.report.template import findings_of, impression_of, made_by, nothing_seen
from radnlp.report.verify import Dropped, Verified, verify
from radnlp.schema import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from radnlp.report.verify import Evidence
    from radnlp.schema import (
        Entity,
        ImageReading,
        LinkReading,
        Report,
        Study,
        TextReading,
    )

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReportOptions:
    """Options of `TemplateReport`.

    Attributes:
        plan: How sure an image must be to be quoted.
    """

    plan: PlanOptions = field(default_factory=PlanOptions)


class TemplateReport:
    """Writes a draft from fixed sentences and reads it back before handing it over.

    Args:
        options: All have defaults.
    """

    def __init__(self, options: TemplateReportOptions | None = None) -> None:
        self.options = options or TemplateReportOptions()
        self.provenance = made_by()

    def __call__(
        self,
        study: Study,
        entities: Sequence[Entity],
        readings: Sequence[ImageReading],
        links: LinkReading,
        read: Callable[[Report], TextReading],
    ) -> Draft | None:
        """Return a draft, or ``None`` if there is no image or nothing to say.

        Args:
            study: What is drafted for.
            entities: The report's mentions; none if there is no report.
            readings: What the vision stage said, with final ids.
            links: Zones and spots, links and conflicts.
            read: The text stage, to read the draft back.
        """
        if not study.images:
            return None
        statements = plan(entities, readings, links, self.options.plan)
        sentences = (*findings_of(statements), *impression_of(statements))
        checked = verify(sentences, _evidence(entities, readings, links), read, self.options.plan)
        if checked.dropped:
            _log.info(
                "%d of %d draft sentences had no evidence when read back and were dropped",
                len(checked.dropped),
                len(sentences),
            )
        judged = [
            finding.id for reading in readings for finding in reading.findings if finding.supported
        ]
        kept = checked.kept
        if judged and all(one.claim == Claim.ABSENT for one in statements):
            kept = (*kept, nothing_seen(judged))
        return Draft(sentences=kept) if kept else None


def _evidence(
    entities: Sequence[Entity], readings: Sequence[ImageReading], links: LinkReading
) -> dict[str, Evidence]:
    every: list[Evidence] = [*entities, *links.regions]
    for reading in readings:
        every += [*reading.findings, *reading.regions]
    return {one.id: one for one in every}


__all__ = [
    "Dropped",
    "PlanOptions",
    "TemplateReport",
    "TemplateReportOptions",
    "Verified",
    "verify",
]
