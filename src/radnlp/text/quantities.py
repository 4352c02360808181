"""How many, and values in other units than mm: volumes in ml, attenuation in HU, uptake as SUV."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from radnlp.schema.entity import Entity, EntityKind, Quantity, QuantityKind
from radnlp.schema.text import Span
from radnlp.text.casing import in_small_letters
from radnlp.text.measurements import LENGTH_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.schema.text import SectionKind

_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})
_COUNTS = {
    "one": 1, "single": 1, "solitary": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_SIZE = rf"\d+(?:\.\d+)?(?:\s?(?:-|–|to|x|×)\s?\d+(?:\.\d+)?)*[\s-]?{LENGTH_UNIT}\b"
# Between a number and what it counts: sizes and adjectives, no comma, verb or preposition.
_COUNTED = re.compile(
    rf"(?<![\w./-])(?P<number>\d{{1,2}}|{'|'.join(_COUNTS)})\s+(?:(?:{_SIZE}|(?!(?:{_SIZE}|of|and|or"
    rf"|to|in|at|on|with|from|the|is|are|no|by|{LENGTH_UNIT}|ml|cc|hu|views?|days?|weeks?|months?|years?|images?"
    r"|was|were|has|other|than|x|st|nd|rd|th)\b)[a-z][a-z-]*)\s+){0,5}$",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"\b(?:levels?|grade|type|stage|segments?|zone|class|category|image|series|[ltcs]|station|number|#)"
    r"\s*$",
    re.IGNORECASE,
)
_NUMBER = r"(?<![\w.])(?<!\d,)(-?\d{1,4}(?:,\d{3})?(?:[.,]\d{1,2})?)"
_RANGE = rf"{_NUMBER}(?:\s?(?:-|–|to)\s?(-?\d{{1,4}}(?:[.,]\d{{1,2}})?))?"
_UNITS = (
    (
        QuantityKind.VOLUME,
        re.compile(
            rf"{_RANGE}[\s-]?(?P<unit>ml|milliliters?|millilitres?|cc|cm3|cm\^3|cm³"
            r"|cubic (?:cm|centimet(?:er|re)s?)|l|liters?|litres?)(?!\w|/|\)? ?[cm]m\b)",
            re.IGNORECASE,
        ),
    ),
    (
        QuantityKind.ATTENUATION,
        re.compile(rf"{_RANGE}[\s-]?(?P<unit>hu|hounsfield units?)(?!\w)", re.IGNORECASE),
    ),
    (
        QuantityKind.UPTAKE,
        re.compile(
            rf"\bsuv(?:[ -]?(?:max|mean|peak|value|lbm))?(?:\s?(?:of|is|was|=|:|up to))?\s?{_RANGE}"
            r"(?P<unit>)(?!\w)",
            re.IGNORECASE,
        ),
    ),
)
_UNIT = {QuantityKind.VOLUME: "ml", QuantityKind.ATTENUATION: "hu", QuantityKind.UPTAKE: "suv"}
_EARLIER = re.compile(
    r"\b(?:previously|prior|previous|formerly|earlier|compared)\b[^,;.]{0,20}$", re.I
)
_GIVEN = re.compile(
    r"\b(?:contrast|iohexol|iopamidol|omnipaque|isovue|visipaque|gadolinium)\b", re.I
)


def add_counts(
    text: str, sentences: Sequence[tuple[int, int, SectionKind]], entities: tuple[Entity, ...]
) -> tuple[Entity, ...]:
    """Return the entities, with a count where a number stands before a plural ("two nodules").

    "One", "single" and "solitary" count a singular. The same tuple comes back if none is counted.

    Args:
        text: The report.
        sentences: Start, end and section of the sentences that hold a number.
        entities: All mentions of the report.
    """
    counted: dict[int, Entity] = {}
    for n, start in _within(sentences, entities):
        entity = entities[n]
        if entity.kind in _NAMED:
            plural = _is_plural(entity.text.lower())
            count = _count(text, max(start, entity.span.start - 80), entity.span.start, plural)
            if count is not None:
                counted[n] = replace(entity, count=count)
    if not counted:
        return entities
    return tuple(counted.get(n, entity) for n, entity in enumerate(entities))


def _within(
    sentences: Sequence[tuple[int, int, SectionKind]], entities: tuple[Entity, ...]
) -> Iterator[tuple[int, int]]:
    """Yield the number of each entity in the sentences, with the start of its sentence."""
    n = 0
    for start, end, _ in sentences:
        while n < len(entities) and entities[n].span.start < start:
            n += 1
        while n < len(entities) and entities[n].span.start < end:
            yield n, start
            n += 1


def _is_plural(text: str) -> bool:
    return text.endswith(("s", "ae")) and not text.endswith(("ss", "is", "us"))


def _count(text: str, low: int, at: int, plural: bool) -> int | None:  # noqa: FBT001
    match = _COUNTED.search(text, low, at)
    if match is None or _LEVEL.search(text, max(low, match.start() - 12), match.start()):
        return None
    word = in_small_letters(match["number"])
    number = _COUNTS.get(word) or int(word)
    return number if (number > 1) == plural and number > 0 else None


def add_quantities(
    text: str,
    sentences: Sequence[tuple[int, int, SectionKind]],
    entities: tuple[Entity, ...],
) -> tuple[Entity, ...]:
    """Return the entities, each with the volumes, attenuation and uptake said of it.

    A value belongs to the nearest finding or device of its sentence, or to the nearest anatomy
    where neither is named. What was injected ("100 ml of contrast") is no finding's volume.
    """
    said: dict[str, list[Quantity]] = {}
    starts = [entity.span.start for entity in entities]
    for start, end, _ in sentences:
        if _GIVEN.search(text, start, end):
            continue
        named = entities[bisect_left(starts, start) : bisect_left(starts, end)]
        for quantity in _find(text, start, end):
            owner = _owner(quantity.span, named)
            if owner is not None:
                said.setdefault(owner.id, []).append(quantity)
    if not said:
        return entities
    return tuple(
        replace(entity, quantities=_in_order(entity.quantities, said[entity.id]))
        if entity.id in said
        else entity
        for entity in entities
    )


def _in_order(known: Sequence[Quantity], more: Sequence[Quantity]) -> tuple[Quantity, ...]:
    return tuple(sorted((*known, *more), key=lambda quantity: quantity.span))


def _find(text: str, start: int, end: int) -> list[Quantity]:
    found = []
    for kind, pattern in _UNITS:
        for match in pattern.finditer(text, start, end):
            factor = 1000.0 if match["unit"].lower().startswith("l") else 1.0
            low = _value(match[1]) * factor
            high = _value(match[2]) * factor if match[2] else low
            negative = low < 0 and kind is not QuantityKind.ATTENUATION
            if negative or low > high:
                continue
            before = text[max(start, match.start() - 40) : match.start()]
            quantity = Quantity(
                kind=kind,
                low=low,
                high=high,
                unit=_UNIT[kind],
                span=Span(*match.span()),
                prior=_EARLIER.search(before) is not None,
            )
            found.append(quantity)
    return sorted(found, key=lambda quantity: quantity.span)


def _value(number: str) -> float:
    """Return what a number says: a comma before three digits parts thousands, another decimals."""
    return float(re.sub(r",(?=\d{3})", "", number).replace(",", "."))


def _owner(span: Span, entities: Sequence[Entity]) -> Entity | None:
    for kinds in (_NAMED, frozenset({EntityKind.ANATOMY})):
        named = [entity for entity in entities if entity.kind in kinds]
        if named:
            return min(named, key=lambda entity: abs(entity.span.start - span.start))
    return None


__all__ = ["add_counts", "add_quantities"]
