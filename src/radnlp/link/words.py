"""What the words around a mention say of places beyond its attributes.

That is ribs by number, and which of two sides is worse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radnlp.schema import Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.schema import Entity

_REACH = 300  # characters of the sentence on either side of the mention

_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip
_NUMBER = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{'|'.join(_ORDINALS)})"
_ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})"
_JOINT = r"\s?(?:,? and|,? or|,|&|through|thru|to|-|–|/)\s?"
_LIST = rf"{_NUMBER}(?:{_JOINT}{_NUMBER}){{0,11}}"
# Before the noun a bare number counts: "3 left ribs".
_BEFORE = rf"(?:{_NUMBER}{_JOINT}){{0,11}}{_ORDINAL}"
_WHERE = r"(?:(?:left|right|anterior|posterior|lateral|posterolateral|anterolateral)\s){0,3}"
_RIBS = re.compile(rf"\b(?:({_BEFORE})\s{_WHERE}ribs?\b|\bribs?\s(?:number\s)?({_LIST})\b)", re.I)
_PARTS = re.compile(rf"({_NUMBER})|(through|thru|to|-|–)", re.I)

_WORSE = "greater|larger|bigger|worse|more"
_THAN = re.compile(
    rf"\b(left|right|l|r)\b[^.;\n]{{0,25}}?(?:\b(?:{_WORSE})\b[^.;\n]{{0,25}}?\bthan\b|>)"
    r"[^.;\n]{0,15}?\b(?:left|right|l|r)\b",
    re.I,
)
_ON = re.compile(rf"\b(?:{_WORSE})\b(?:\s\w+)?\s(?:on|at|in)\s(?:the\s)?(left|right)\b", re.I)
_SIDE = re.compile(r"\b(left|right)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Places that the sentence of a mention gives.

    Attributes:
        ribs: Numbers of the ribs it names, 1 to 12, in order.
        worse: The side that it calls greater or worse than the other.
    """

    ribs: tuple[int, ...] = ()
    worse: Side | None = None


NOTHING_SAID = Said()


def said_of(entity: Entity, text: str) -> Said:
    """Read the sentence around a mention.

    Args:
        entity: A mention of ``text``.
        text: The whole report.

    Examples:
        >>> from radnlp import analyze
        >>> text = "Fractures of the left fifth to seventh ribs."
        >>> said_of(analyze(report=text).entities[0], text).ribs
        (5, 6, 7)
    """
    start, end = entity.span.start, entity.span.end
    before = re.split(r"[.;]\s|\n", text[max(0, start - _REACH) : start])[-1]
    after = re.split(r"[.;](?:\s|$)|\n", text[end : end + _REACH])[0]
    sentence = f"{before}{text[start:end]}{after}"
    return Said(ribs=_ribs(sentence, entity.side), worse=_worse(sentence))


def _worse(sentence: str) -> Side | None:
    found = _THAN.search(sentence) or _ON.search(sentence)
    if found is None:
        return None
    return Side.LEFT if found.group(1).lower().startswith("l") else Side.RIGHT


def _ribs(sentence: str, side: Side | None) -> tuple[int, ...]:
    """Return the numbers of all lists; where sides are told apart, of those of ``side``."""
    numbers: set[int] = set()
    for match in _RIBS.finditer(sentence):
        sides = _SIDE.findall(sentence[: match.end()])
        if side in (Side.LEFT, Side.RIGHT) and sides and sides[-1].lower() != side:
            continue
        numbers.update(_numbers(match.group(1) or match.group(2)))
    return tuple(sorted(numbers))


def _numbers(words: str) -> Iterator[int]:
    last: int | None = None
    to_come = False
    for number, through in _PARTS.findall(words):
        if through:
            to_come = True
            continue
        one = _value(number)
        if not 1 <= one <= len(_ORDINALS):
            return
        yield from range(last + 1, one) if to_come and last is not None else ()
        yield one
        last, to_come = one, False


def _value(number: str) -> int:
    digits = re.match(r"\d+", number)
    return int(digits.group()) if digits else _ORDINALS.index(number.lower()) + 1


__all__ = ["NOTHING_SAID", "Said", "said_of"]
