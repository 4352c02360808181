"""The report's text with every mention highlighted, exactly by its offsets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radnlp.output.page.lights import Lights, advice_id, cue_id, score_id
from radnlp.output.page.markup import element, escaped, opening
from radnlp.schema import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from radnlp.output.marks import Mark
    from radnlp.schema import Analysis, Entity


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An element around a range of the text.

    Attributes:
        span: The range.
        name: The element's name.
        first: Its opening tag.
        again: Its opening tag after it had to be closed because it crosses another piece.
    """

    span: Span
    name: str
    first: str
    again: str


def report_html(analysis: Analysis, marks: Sequence[Mark], lights: Lights) -> str:
    """Return the whole text with all that can be lit in it; empty without a report."""
    if analysis.report is None:
        return ""
    hues = {one: mark.hue for mark in marks for one in mark.entity_ids}
    pieces = [
        Piece(span=section.title, name="b", first='<b class="title">', again='<b class="title">')
        for section in analysis.sections
        if section.title
    ]
    pieces += [_mention(entity, hues.get(entity.id), lights) for entity in analysis.entities]
    pieces += _cues(analysis.entities)
    pieces += _passages(analysis, lights)
    text = woven(analysis.report.text, pieces)
    return element("div", text, class_="report-text", lang=analysis.report.language, dir="auto")


def woven(text: str, pieces: Iterable[Piece]) -> str:
    """Return the escaped text with all pieces around their ranges, nested or crossing.

    Args:
        text: The whole text; none of it is lost or changed.
        pieces: In any order; empty ranges are left out.
    """
    waiting = sorted(
        (piece for piece in pieces if len(piece.span)),
        key=lambda piece: (piece.span.start, -piece.span.end),
    )
    places = sorted({edge for piece in waiting for edge in (piece.span.start, piece.span.end)})
    written, opened, here = [], list[Piece](), 0
    for place in places:
        written.append(escaped(text[here:place]))
        here = place
        crossing = []
        while any(piece.span.end == place for piece in opened):
            piece = opened.pop()
            written.append(f"</{piece.name}>")
            if piece.span.end != place:
                crossing.append(piece)
        for piece in reversed(crossing):
            written.append(piece.again)
            opened.append(piece)
        while waiting and waiting[0].span.start == place:
            piece = waiting.pop(0)
            written.append(piece.first)
            opened.append(piece)
    written.append(escaped(text[here:]))
    return "".join(written)


def _mention(entity: Entity, hue: int | None, lights: Lights) -> Piece:
    kind = f"mention {entity.assertion} {entity.kind}"
    if hue is not None:
        kind += f" placed hue-{hue}"
    lit = lights.of(entity.id)
    common = {
        "data_id": entity.id,
        "data_lights": lit,
        "data_tip": entity.id,
        "data_hue": None if hue is None else str(hue),
    }
    again = opening("span", class_=kind, **common)
    first = opening(
        "span",
        class_=f"{kind} first",
        **common,
        tabindex="0",
        role="button",
        aria_label=f"{entity.text}: {entity.assertion}",
    )
    return Piece(span=entity.span, name="span", first=first, again=again)


def _cues(entities: Iterable[Entity]) -> list[Piece]:
    """Return one piece per deciding range, which may decide for several mentions."""
    ids: defaultdict[Span, list[str]] = defaultdict(list)
    for entity in entities:
        if entity.cue is not None:
            ids[entity.cue.span].append(cue_id(entity.id))
    pieces = []
    for span, cues in ids.items():
        tag = opening("span", class_="cue", data_id=" ".join(cues))
        pieces.append(Piece(span=span, name="span", first=tag, again=tag))
    return pieces


def _passages(analysis: Analysis, lights: Lights) -> list[Piece]:
    """Return one piece per recommendation and score."""
    spans = {advice_id(number): one.span for number, one in enumerate(analysis.recommendations)}
    spans |= {score_id(number): one.span for number, one in enumerate(analysis.scores)}
    pieces = []
    for own_id, span in spans.items():
        tag = opening("span", class_="passage", data_id=own_id, data_lights=lights.of(own_id))
        pieces.append(Piece(span=span, name="span", first=tag, again=tag))
    return pieces


__all__ = ["Piece", "report_html", "woven"]
