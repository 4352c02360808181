"""The readable summary, for a terminal or a text file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from radnlp.output.wording import (
    REGION_SOURCE_WORDS,
    category_words,
    concept_words,
    confidence_words,
    correction_words,
    critical_words,
    cue_words,
    detail_words,
    image_words,
    measured_words,
    modality_words,
    one_line,
    place_words,
    ratio_words,
    speakers,
    subject_words,
)
from radnlp.schema import DISCLAIMER, Assertion, EntityKind, cardiothoracic_ratio_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType
    from rich.table import Table

    from radnlp.schema import Analysis, Entity, ImageFinding

_WIDTH = 110
_LISTED = (EntityKind.FINDING, EntityKind.DEVICE, EntityKind.PROCEDURE)
_UNBROKEN = ("id", "says")
_STYLES = {
    Assertion.PRESENT: "bold",
    Assertion.ABSENT: "dim",
    Assertion.UNCERTAIN: "magenta",
    Assertion.HYPOTHETICAL: "dim italic",
}


def render(analysis: Analysis) -> bytes:
    """Return the plain summary as UTF-8."""
    return summary_text(analysis).encode("utf-8")


def summary_text(analysis: Analysis) -> str:
    """Return the summary as plain text, at most 110 characters wide, ending with a newline."""
    from rich.console import Console

    console = Console(
        file=io.StringIO(), width=_WIDTH, color_system=None, force_terminal=False, highlight=False
    )
    with console.capture() as capture:
        print_summary(analysis, console)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def print_summary(analysis: Analysis, console: Console) -> None:
    """Write the summary to a rich console."""
    parts = [
        _head(analysis),
        *_findings(analysis),
        *_recommendations(analysis),
        *_scores(analysis),
        *_image_findings(analysis),
        *_listed("Report and image disagree", [item.sentence for item in analysis.conflicts]),
        *_draft(analysis),
        *_listed("Warnings", [str(notice) for notice in analysis.warnings]),
        *_listed("Who spoke", speakers(analysis)),
        _text(f"\n{DISCLAIMER}", "bold"),
    ]
    for part in parts:
        console.print(part, highlight=False)


def _head(analysis: Analysis) -> RenderableType:
    images = ", ".join(image_words(image) for image in analysis.images)
    about = [
        "report" if analysis.report else "no report",
        f"images: {images}" if images else "no image",
    ]
    if any(image.simulated for image in analysis.images):
        about.append("SIMULATED, no patient")
    return _text(f"radnlp · {' · '.join(about)} · {DISCLAIMER}", "bold")


def _findings(analysis: Analysis) -> Iterable[RenderableType]:
    listed = [entity for entity in analysis.entities if entity.kind in _LISTED]
    if not listed:
        return
    table = _table("id", "finding", "says", "where", "details", "cue", "regions")
    for section in dict.fromkeys(entity.section for entity in listed):
        table.add_section()
        table.add_row("", _text(section.upper()))
        for entity in listed:
            if entity.section == section:
                cells = _finding_cells(analysis, entity)
                table.add_row(*(_text(cell) for cell in cells), style=_STYLES[entity.assertion])
    yield _text("\nReport", "bold")
    yield table
    yield from _regions(analysis)


def _regions(analysis: Analysis) -> Iterable[RenderableType]:
    """Return one line that says what the region ids of the table are."""
    linked = {link.region_id for link in analysis.links}
    names = [
        f"{region.id} {concept_words(region.label)} ({REGION_SOURCE_WORDS[region.source]})"
        for region in analysis.regions
        if region.id in linked
    ]
    if names:
        yield _text(f"\nRegions: {', '.join(names)}", "dim")


def _finding_cells(analysis: Analysis, entity: Entity) -> tuple[str, ...]:
    cue = cue_words(analysis, entity)
    regions = analysis.regions_of(entity)
    return (
        entity.id,
        concept_words(entity.concept),
        str(entity.assertion),
        " ".join(part for part in (str(entity.side or ""), place_words(entity)) if part),
        ", ".join(detail_words(entity)),
        f"“{cue}”" if cue else "",
        " ".join(region.id for region in regions),
    )


def _recommendations(analysis: Analysis) -> Iterable[RenderableType]:
    if not analysis.recommendations:
        return
    table = _table("what", "says", "modality", "when", "condition", "section")
    for item in analysis.recommendations:
        cells = (
            one_line(item.what),
            "not needed" if item.negated else "recommended",
            modality_words(item),
            one_line(item.when or ""),
            one_line(item.condition or ""),
            str(item.section),
        )
        table.add_row(*map(_text, cells), style="dim" if item.negated else "bold")
    yield _text("\nRecommendations", "bold")
    yield table


def _scores(analysis: Analysis) -> Iterable[RenderableType]:
    if not analysis.scores:
        return
    table = _table("system", "category", "id", "finding", "section")
    for item in analysis.scores:
        cells = (
            one_line(item.system),
            category_words(item),
            item.entity_id or "",
            subject_words(analysis, item),
            str(item.section),
        )
        table.add_row(*map(_text, cells), style="dim" if item.prior else "bold")
    yield _text("\nScores", "bold")
    yield table


def _image_findings(analysis: Analysis) -> Iterable[RenderableType]:
    for image in analysis.images:
        findings = [item for item in analysis.image_findings if item.image_id == image.id]
        supported = [item for item in findings if item.supported]
        measured = cardiothoracic_ratio_of(image, analysis.regions)
        if findings or measured:
            yield _text(f"\nImage {image_words(image)}", "bold")
        limits = measured[1] if measured else "by the outlines"
        named = [one for one in analysis.image_measurements if one.image_id == image.id]
        for one in named:
            yield _text(f"  {one.id}  {measured_words(one)}, {limits}")
        if measured and not named:
            yield _text(f"  {ratio_words(measured[0])}, {limits}")
        if supported:
            table = _table("id", "finding", "the model says", "confidence")
            for finding in sorted(supported, key=_most_confident_first):
                table.add_row(
                    finding.id,
                    _text(concept_words(finding.concept)),
                    "above its threshold" if finding.positive else "below its threshold",
                    confidence_words(finding.confidence),
                    style="bold" if finding.positive else "dim",
                )
            yield table
        silent = [concept_words(item.concept) for item in findings if not item.supported]
        if silent:
            yield _text(f"  Not supported, so not judged: {', '.join(silent)}", "dim")


def _most_confident_first(finding: ImageFinding) -> tuple[bool, float]:
    value = finding.confidence.value if finding.confidence else 0.0
    return not finding.positive, -value


def _draft(analysis: Analysis) -> Iterable[RenderableType]:
    if analysis.draft is None:
        return
    yield _text(f"\nDraft. {analysis.draft.disclaimer.removeprefix('Draft. ')}", "bold")
    for section in dict.fromkeys(item.section for item in analysis.draft.sentences):
        yield _text(f"  {section.capitalize()}")
        for sentence in analysis.draft.sentences:
            if sentence.section == section:
                evidence = ", ".join(sentence.evidence)
                flag = critical_words(sentence)
                text = f"{flag}: {one_line(sentence.text)}" if flag else one_line(sentence.text)
                yield _text(f"    {text}  [{evidence}]", "bold red" if flag else "")
    yield from _listed("Corrected in the draft", map(correction_words, analysis.draft.corrections))


def _listed(title: str, lines: Iterable[str]) -> Iterable[RenderableType]:
    lines = tuple(lines)
    if lines:
        yield _text(f"\n{title}", "bold")
    for line in lines:
        yield _text(f"  {one_line(line)}")


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in _UNBROKEN)
    return table


def _text(words: str, style: str = "") -> RenderableType:
    """Return words that rich shows as they are: brackets in a report are no markup."""
    from rich.text import Text

    return Text(words, style=style)


__all__ = ["print_summary", "render", "summary_text"]
