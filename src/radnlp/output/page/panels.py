"""The lists beside the text: findings, advice, scores, image side, conflicts, draft, notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.output.page.lights import advice_id, score_id
from radnlp.output.page.markup import element, escaped
from radnlp.output.wording import (
    SOURCE_WORDS,
    category_words,
    concept_title,
    concept_words,
    confidence_words,
    correction_words,
    critical_words,
    detail_words,
    image_words,
    measured_words,
    modality_words,
    one_line,
    place_words,
    speakers,
    subject_words,
)
from radnlp.schema import Assertion, EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from radnlp.output.marks import Mark
    from radnlp.output.page.lights import Lights
    from radnlp.schema import Analysis, Entity, Image, ImageFinding, Sentence

_LISTED = (EntityKind.FINDING, EntityKind.DEVICE, EntityKind.PROCEDURE)
_HEADINGS = {
    Assertion.PRESENT: "Present",
    Assertion.UNCERTAIN: "Uncertain",
    Assertion.HYPOTHETICAL: "Asked for",
    Assertion.ABSENT: "Absent",
}


def findings_html(analysis: Analysis, marks: Sequence[Mark], lights: Lights) -> str:
    """Return what the report says, one row per finding, side and assertion."""
    rows: dict[tuple[Assertion, str, str], list[Entity]] = {}
    for entity in analysis.entities:
        if entity.kind in _LISTED:
            key = (entity.assertion, entity.concept, str(entity.side or ""))
            rows.setdefault(key, []).append(entity)
    groups = []
    for assertion, heading in _HEADINGS.items():
        chosen = [mentions for key, mentions in rows.items() if key[0] is assertion]
        if chosen:
            items = "".join(_finding_row(mentions, marks, lights) for mentions in chosen)
            groups.append(element("h3", heading) + element("ul", items, class_="rows"))
    return _card("Findings in the report", "".join(groups), "findings")


def recommendations_html(analysis: Analysis, lights: Lights) -> str:
    """Return what the report says should be done next; every row lights its words."""
    rows = []
    for number, item in enumerate(analysis.recommendations):
        denied = "not needed" if item.negated else ""
        chips = (denied, modality_words(item), item.when or "", item.condition or "")
        rows.append(
            _row(
                _label(item.what, chips, item.section),
                kind="row advice denied" if item.negated else "row advice",
                lit=lights.of(advice_id(number)),
                ids=advice_id(number),
            )
        )
    body = element("ul", "".join(rows), class_="rows") if rows else ""
    return _card("Recommendations", body, "recommendations")


def scores_html(analysis: Analysis, lights: Lights) -> str:
    """Return the standardised scores; every row lights its words and its finding."""
    rows = [
        _row(
            _label(
                f"{item.system} {category_words(item)}",
                (subject_words(analysis, item),),
                item.section,
            ),
            kind="row score",
            lit=lights.of(score_id(number)),
            ids=score_id(number),
        )
        for number, item in enumerate(analysis.scores)
    ]
    body = element("ul", "".join(rows), class_="rows") if rows else ""
    return _card("Scores", body, "scores")


def image_findings_html(analysis: Analysis, marks: Sequence[Mark], lights: Lights) -> str:
    """Return what the model says of each image, the strongest first."""
    parts = []
    for image in analysis.images:
        findings = [item for item in analysis.image_findings if item.image_id == image.id]
        if findings:
            parts.append(_of_image(image, findings, marks, lights))
        rows = [
            _row(
                escaped(f"{measured_words(one)}, by the outlines"),
                kind="row measured",
                lit=lights.of_evidence((one.id, *one.region_ids)),
                ids=one.id,
            )
            for one in analysis.image_measurements
            if one.image_id == image.id
        ]
        parts += [element("ul", "".join(rows), class_="rows")] if rows else []
    return _card("Findings in the image", "".join(parts), "image-findings")


def conflicts_html(analysis: Analysis, lights: Lights) -> str:
    """Return where report and image disagree."""
    rows = [
        _row(
            escaped(item.sentence),
            kind="row conflict",
            lit=lights.of_evidence((*item.entity_ids, *item.region_ids, *item.finding_ids)),
        )
        for item in analysis.conflicts
    ]
    body = element("ul", "".join(rows), class_="rows") if rows else ""
    return _card("Report and image disagree", body, "conflicts")


def draft_html(analysis: Analysis, lights: Lights) -> str:
    """Return the draft; every sentence lights its evidence."""
    if analysis.draft is None:
        return ""
    parts = []
    for section in dict.fromkeys(item.section for item in analysis.draft.sentences):
        rows = [
            _row(
                _flag(item)
                + escaped(item.text)
                + element("span", escaped(" ".join(item.evidence)), class_="evidence"),
                kind="row sentence critical" if item.critical else "row sentence",
                lit=lights.of_evidence(item.evidence),
            )
            for item in analysis.draft.sentences
            if item.section == section
        ]
        parts.append(element("h3", section.capitalize()))
        parts.append(element("ul", "".join(rows), class_="rows"))
    if analysis.draft.corrections:
        lines = [escaped(correction_words(one)) for one in analysis.draft.corrections]
        parts.append(element("h3", "Corrected in the draft"))
        parts.append(element("ul", "".join(element("li", one) for one in lines), class_="plain"))
    body = "".join(parts) or element("p", "No sentence has evidence.", class_="quiet")
    note = element("p", escaped(analysis.draft.disclaimer), class_="disclaimer")
    return _card("Draft report", note + body, "draft")


def _flag(sentence: Sentence) -> str:
    words = critical_words(sentence)
    return element("span", escaped(words), class_="flag") if words else ""


def warnings_html(analysis: Analysis) -> str:
    """Return what was odd about the input."""
    rows = "".join(element("li", escaped(str(notice))) for notice in analysis.warnings)
    return _card("Warnings", element("ul", rows, class_="plain") if rows else "", "warnings")


def provenance_html(analysis: Analysis) -> str:
    """Return who spoke."""
    rows = "".join(element("li", escaped(line)) for line in speakers(analysis))
    return element("ul", rows, class_="speakers") if rows else ""


def _finding_row(mentions: list[Entity], marks: Sequence[Mark], lights: Lights) -> str:
    first = mentions[0]
    ids = [mention.id for mention in mentions]
    mine = [mark for mark in marks if set(ids) & set(mark.entity_ids)]
    chips = [*([str(first.side)] if first.side else [])]
    chips += dict.fromkeys(one for mention in mentions for one in detail_words(mention))
    where = ", ".join(dict.fromkeys(filter(None, map(place_words, mentions))))
    seen = "".join(element("span", escaped(_said(mark)), class_="said") for mark in mine[:1])
    content = _swatch(mine) + _label(concept_title(first.concept), chips, where) + seen
    return _row(
        content,
        kind=f"row finding {first.assertion}",
        lit=lights.of(*ids),
        ids=" ".join(ids),
        tip=first.id,
        hue=str(mine[0].hue) if mine else None,
    )


def _label(name: str, chips: Iterable[str], where: str) -> str:
    return (
        element("span", escaped(one_line(name)), class_="name")
        + "".join(element("span", escaped(one_line(chip)), class_="chip") for chip in chips if chip)
        + (element("span", escaped(where), class_="where") if where else "")
    )


def _said(mark: Mark) -> str:
    words = (SOURCE_WORDS[mark.source], confidence_words(mark.confidence))
    return " · ".join(word for word in words if word)


def _of_image(
    image: Image, findings: list[ImageFinding], marks: Sequence[Mark], lights: Lights
) -> str:
    supported = [item for item in findings if item.confidence is not None]
    supported.sort(key=_strongest_first)
    rows = "".join(_image_finding_row(item, marks, lights) for item in supported)
    silent = ", ".join(concept_words(item.concept) for item in findings if not item.supported)
    note = f"Not supported, so not judged: {silent}." if silent else ""
    return (
        element("h3", escaped(image_words(image)))
        + element("ul", rows, class_="rows")
        + (element("p", escaped(note), class_="quiet") if note else "")
    )


def _strongest_first(finding: ImageFinding) -> tuple[bool, float]:
    return not finding.positive, -(finding.confidence.value if finding.confidence else 0.0)


def _image_finding_row(finding: ImageFinding, marks: Sequence[Mark], lights: Lights) -> str:
    lit = lights.of(finding.id)
    mine = [mark for mark in marks if set(lit.split()) & set(mark.region_ids)]
    content = (
        _swatch(mine)
        + element("span", escaped(concept_title(finding.concept)), class_="name")
        + _bar(finding)
        + element("span", escaped(confidence_words(finding.confidence)), class_="value")
    )
    kind = "row image-finding " + ("positive" if finding.positive else "below")
    return _row(content, kind=kind, lit=lit, ids=finding.id)


def _bar(finding: ImageFinding) -> str:
    """Return a bar for a calibrated confidence; an uncalibrated score has no honest length."""
    if finding.confidence is None or not finding.confidence.calibrated:
        return element("span", "uncalibrated", class_="bar none")
    width = f"{100 * finding.confidence.value:.0f}"
    bar = (
        f'<rect class="rail" width="100" height="6"></rect><rect width="{width}" height="6"></rect>'
    )
    return (
        f'<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f"{bar}</svg>"
    )


def _swatch(marks: Sequence[Mark]) -> str:
    if not marks:
        return element("span", "", class_="swatch empty")
    return element("span", str(marks[0].number), class_=f"swatch hue-{marks[0].hue}")


def _row(
    content: str,
    *,
    kind: str,
    lit: str,
    ids: str | None = None,
    tip: str | None = None,
    hue: str | None = None,
) -> str:
    row = element(
        "div",
        content,
        class_=kind,
        data_id=ids,
        data_lights=lit,
        data_tip=tip,
        data_hue=hue,
        tabindex="0",
        role="button",
    )
    return element("li", row)


def _card(title: str, body: str, kind: str) -> str:
    if not body:
        return ""
    return element("section", element("h2", title) + body, class_=f"card {kind}")


__all__ = [
    "conflicts_html",
    "draft_html",
    "findings_html",
    "image_findings_html",
    "provenance_html",
    "recommendations_html",
    "scores_html",
    "warnings_html",
]
