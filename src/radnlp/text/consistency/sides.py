"""Left and right: between findings and impression, and against the examination."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from radnlp.schema.entity import Side
from radnlp.schema.text import SectionKind, Span
from radnlp.text.consistency.told import OTHER_SIDE, claims, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.schema.entity import Entity
    from radnlp.schema.inconsistency import Inconsistency
    from radnlp.text.consistency.told import Told


def side_slips(told: Told) -> Iterator[Inconsistency]:
    """Yield sides that do not go together."""
    yield from _between_sections(told)
    yield from _against_the_exam(told)


def _between_sections(told: Told) -> Iterator[Inconsistency]:
    """Yield one slip per concept of the impression whose side the findings do not know."""
    concluded = [one for one in told.impression if claims(one)]
    for concept in dict.fromkeys(one.concept for one in concluded):
        mentions = [one for one in concluded if one.concept == concept]
        side = _only_side(mentions)
        if side is None:
            continue
        # Only the words that give a side can be wrong about it.
        first = next(one for one in mentions if one.side is side)
        if _room(told, first, side):
            continue
        other = OTHER_SIDE[side]
        for rule, is_same in (
            ("side.findings_impression", told.alike),
            ("side.alike", told.may_be),
        ):
            described = [one for one in told.findings if claims(one) and is_same(one, first)]
            here = [one for one in described if told.places_meet(one, first)]
            if _only_side(here) is other:
                against = next(one for one in here if one.side is other)
                words = {"concept": name_of(against), "conclusion": name_of(first)}
                spans = (_with_side(told, against), _with_side(told, first))
                slip = told.slip(rule, (against, first), one=other, other=side, **words)
                yield replace(slip, spans=spans)
                break


def _room(told: Told, mention: Entity, side: Side) -> bool:
    """Tell whether the findings have anything on that side that may be what is meant."""
    return any(
        claims(one)
        and one.side in (side, Side.BILATERAL)
        and told.may_be(one, mention)
        and told.places_meet(one, mention)
        for one in told.findings
    )


def _only_side(mentions: list[Entity]) -> Side | None:
    sides = {one.side for one in mentions if one.side is not None}
    return sides.pop() if len(sides) == 1 and sides <= set(OTHER_SIDE) else None


def _with_side(told: Told, entity: Entity) -> Span:
    """Return the mention's words, drawn out to the nearest words of its side."""
    start, end = told.sentence(entity.span)
    words = [
        match.span()
        for match in told.book.exam["side"].finditer(told.text, start, end)
        if match.lastgroup == entity.side
    ]
    if not words:
        return entity.span
    first, last = min(
        words, key=lambda word: max(entity.span.start - word[0], word[1] - entity.span.end)
    )
    return Span(min(first, entity.span.start), max(last, entity.span.end))


def _against_the_exam(told: Told) -> Iterator[Inconsistency]:
    examined = _examined_side(told)
    if examined is None:
        return
    side, spans = examined
    sided = [one for one in told.current if one.side is not None]
    other = OTHER_SIDE[side]
    if not sided or any(one.side is not other for one in sided):
        return
    if any(one.side is side and not one.section.is_background for one in told.entities):
        return
    slip = told.slip("side.exam", sided[:1], spans, one=side, other=other)
    yield replace(slip, spans=(_with_side(told, sided[0]), *spans))


def _examined_side(told: Told) -> tuple[Side, tuple[Span, ...]] | None:
    """Return the one side that the record or the report's own title says was examined."""
    if told.exam.side is not None:
        return (told.exam.side, ()) if told.exam.side in OTHER_SIDE else None
    titles = [(told.exam.name, ())] if told.exam.name else list(_own_titles(told))
    sides = {}
    for title, spans in titles:
        side = _side_of(told, title)
        if side is not None:
            sides[side] = spans
    return sides.popitem() if len(sides) == 1 else None


def _own_titles(told: Told) -> Iterator[tuple[str, tuple[Span, ...]]]:
    is_title = told.book.exam["titles"].match
    for section in told.sections:
        if section.kind is not SectionKind.TECHNIQUE:
            continue
        body = section.span.of(told.text)
        line = body.strip().partition("\n")[0]
        start = section.span.start + body.index(line) if line else section.span.start
        if line and (section.title is None or is_title(section.title.of(told.text).strip(" :"))):
            yield line, (Span(start, start + len(line)),)


def _side_of(told: Told, title: str) -> Side | None:
    """Return the side of a title that names a part of the body with two of them."""
    words = told.book.exam
    if not words["parts"].search(title) or words["not_a_side"].search(title):
        return None
    named = {match.lastgroup for match in words["side"].finditer(title)}
    if len(named) != 1 or named == {"both"}:
        return None
    return Side(str(named.pop()))


__all__ = ["side_slips"]
