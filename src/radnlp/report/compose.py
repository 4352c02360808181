"""Plan → sentences → verification → draft: what all report stages share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from radnlp.report.phrases import load_phrases
from radnlp.report.plan import PlanOptions, plan
from radnlp.report.statement import Claim, Statement
from radnlp.report.style import Style
from radnlp.report.template import findings_of, impression_of, nothing_seen
from radnlp.report.verify import Verifier
from radnlp.schema import (
    Correction,
    Critical,
    Draft,
    Report,
    Sentence,
    Study,
    StudyReading,
    TextReading,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from radnlp.report.support import Evidence
    from radnlp.report.verify import Checked

#: Words statements: takes them in the reader's order, and the style, and returns sentences for the
#: findings. Each names as evidence that of the statements it says. It may say several in one
#: sentence, and leave out what it has no words for: the templates say that.
Writer: TypeAlias = Callable[[Sequence[Statement], Style], Sequence[Sentence]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """Options of every report stage.

    Attributes:
        plan: How sure an image must be to be quoted.
        style: How the draft is to sound.
    """

    plan: PlanOptions = field(default_factory=PlanOptions)
    style: Style = field(default_factory=Style)


def compose(
    study: Study,
    found: StudyReading,
    read: Callable[[Report], TextReading],
    options: ReportOptions,
    write: Writer | None = None,
) -> Draft | None:
    """Return a draft of which every sentence was read back; ``None`` without an image or words.

    Args:
        study: What is drafted for.
        found: All that was found in it.
        read: The text stage, to read the draft back.
        options: Plan and style.
        write: Words for the findings; what it leaves unsaid, or says with more than its evidence,
            the templates say. ``None``: the templates say all.
    """
    if not study.images:
        return None
    statements = plan(
        found.entities,
        found.images,
        found.links,
        options.plan,
        views={image.id: image.view for image in study.images},
        earlier=found.earlier,
    )
    verifier = Verifier(_evidence(found), read, options.plan, options.style)
    spoken = [one for one in statements if options.style.normals or not _is_normal(one)]
    findings, corrections = _findings(spoken, verifier, options.style, write)
    impression = [
        verifier(written.sentence) for written in impression_of(statements, options.style)
    ]
    sentences = [*findings, *_distinct(one for checked in impression for one in checked.kept)]
    corrections += [one.correction for one in impression if one.correction]
    judged = [one for reading in found.images for one in reading.findings if one.supported]
    if judged and not any(one.positive for one in statements):
        sentences.append(nothing_seen(judged, options.style))
    if corrections:
        _log.info("%d draft sentences said more than their evidence", len(corrections))
    if not sentences:
        return None
    return Draft(sentences=tuple(sentences), corrections=tuple(corrections))


def _is_normal(one: Statement) -> bool:
    """Tell whether it is a plain normal: "no longer seen" is news."""
    return one.claim == Claim.ABSENT and one.change is None


def _findings(
    statements: Sequence[Statement], verifier: Verifier, style: Style, write: Writer | None
) -> tuple[list[Sentence], list[Correction]]:
    """Return the findings in the order of their statements, and what was corrected in them."""
    places: list[tuple[int, Sentence]] = []
    unsaid = dict(enumerate(statements))
    corrections = []
    for one in map(verifier, write(statements, style) if write else ()):
        says = [number for number, what in unsaid.items() if _says(one, what)]
        if says and one.correction is None:
            (sentence,) = one.kept
            told = _most_critical([unsaid.pop(number) for number in says])
            places.append((says[0], replace(sentence, critical=told)))
        elif one.correction is not None:
            # The template says what the plan asked for, which is more than what would be left.
            corrections.append(replace(one.correction, after=None))
    checked = []
    for written in findings_of(list(unsaid.values()), style):
        back = verifier(written.sentence)
        checked.append(back)
        at = min(number for number, what in unsaid.items() if what in written.says)
        places += [(at, sentence) for sentence in back.kept]
    places.sort(key=lambda place: place[0])
    corrections += [one.correction for one in checked if one.correction]
    return _distinct(sentence for _, sentence in places), corrections


def _says(checked: Checked, what: Statement) -> bool:
    """Tell whether a sentence says all of a statement; measurements are left to the templates."""
    evidence = {id for one in checked.kept for id in one.evidence}
    return set(what.evidence) <= evidence and any(
        one.concept == what.concept
        and one.assertion == what.claim.assertion
        and (one.side, one.severity, one.change) == (what.side, what.severity, what.change)
        and (what.place is None or what.place in one.locations)
        and load_phrases().qualifiers(one.concept, one.text) == what.qualifiers
        for one in checked.entities
    )


def _most_critical(statements: Sequence[Statement]) -> Critical | None:
    found = {one.critical for one in statements}
    return next((one for one in Critical if one in found), None)


def _distinct(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Leave out what was said before: two corrected sentences may come out the same."""
    return list({(one.section, one.text): one for one in reversed(list(sentences))}.values())[::-1]


def _evidence(found: StudyReading) -> dict[str, Evidence]:
    every: list[Evidence] = [*found.entities, *found.links.regions, *found.earlier]
    for reading in found.images:
        every += [*reading.findings, *reading.regions, *reading.measurements]
    return {one.id: one for one in every}


__all__ = ["ReportOptions", "Writer", "compose"]
