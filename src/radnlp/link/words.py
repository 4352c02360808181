"""What the words around a mention say of places beyond its attributes.

That is ribs by number, and which of two sides is worse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from radnlp.schema import Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.schema import Entity

_REACH = 300  # characters of the sentence on either side of the mention

_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip
_TOKEN = re.compile(
    r"(?P<rib>\bribs?\b(?:\snumber\b)?)"
    rf"|(?P<number>\b(?:\d{{1,2}}(?:st|nd|rd|th)?|{'|'.join(_ORDINALS)})\b(?!\.\d))"
    r"|(?P<on>\bon\sthe\s(?:left|right)\b(?=\s?(?:$|[,()]|and\b|or\b)))"
    r"|(?P<side>\b(?:left|right|both|bilateral)\b)"
    r"|(?P<through>\b(?:through|thru|to)\b|[-–])"
    r"|(?P<joint>\b(?:and|or)\b|[,&/])"
    r"|(?P<where>\b(?:the|(?:postero|antero)?lateral|anterior|posterior)\b)"
    r"|(?P<other>\w+|\S)",
    re.I,
)
_LISTED = frozenset({"number", "side", "through", "joint", "where"})

_WORSE = "greater|larger|bigger|worse|more"
_THAN = re.compile(
    r"\b(?P<side>left|right|l|r)\b[^.;\n]{0,25}?"
    rf"(?P<worse>\b(?:{_WORSE})\b[^.;\n]{{0,25}}?\bthan\b|>)[^.;\n]{{0,15}}?\b(?:left|right|l|r)\b",
    re.I,
)
_ON = re.compile(
    rf"(?P<worse>\b(?:{_WORSE})\b)(?:\s\w+)?\s(?:on|at|in)\s(?:the\s)?(?P<side>left|right)\b", re.I
)
# "no longer worse", "not clearly larger".
_DENIED = re.compile(r"\b(?:no|not|never)(?:\s(?:\w+ly|any|much|longer))?\s$", re.I)


class Rib(NamedTuple):
    """A rib by its number, 1 to 12; ``side`` is ``None`` where the words give none, or both."""

    number: int
    side: Side | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Places that the sentence of a mention gives.

    Attributes:
        ribs: The ribs it names, in order.
        worse: The side that it calls greater or worse than the other.
    """

    ribs: tuple[Rib, ...] = ()
    worse: Side | None = None

    def ribs_of(self, side: Side | None) -> tuple[int, ...]:
        """Return the numbers of the ribs on one side, in order."""
        return tuple(sorted({rib.number for rib in self.ribs if rib.side in (None, side)}))


NOTHING_SAID = Said()


def said_of(entity: Entity, text: str) -> Said:
    """Read the sentence around a mention.

    Args:
        entity: A mention of ``text``.
        text: The whole report.

    Examples:
        >>> from radnlp import analyze
        >>> text = "Fractures of the left fifth to seventh ribs."
        >>> said_of(analyze(report=text).entities[0], text).ribs_of(Side.LEFT)
        (5, 6, 7)
    """
    start, end = entity.span.start, entity.span.end
    before = re.split(r"[.;]\s|\n", text[max(0, start - _REACH) : start])[-1]
    after = re.split(r"[.;](?:\s|$)|\n", text[end : end + _REACH])[0]
    sentence = f"{before}{text[start:end]}{after}"
    return Said(ribs=_ribs(sentence, entity.side), worse=_worse(sentence))


def _worse(sentence: str) -> Side | None:
    for pattern in (_THAN, _ON):
        for found in pattern.finditer(sentence):
            if not _DENIED.search(sentence[: found.start("worse")]):
                return _side(found.group("side"))
    return None


def _side(word: str) -> Side | None:
    """Return the side that a word means, ``None`` for both of them."""
    return {"l": Side.LEFT, "r": Side.RIGHT}.get(word[0].lower())


def _ribs(sentence: str, side: Side | None) -> tuple[Rib, ...]:
    """Return the ribs of all lists, but for those on the other side of a one-sided mention."""
    tokens = list(_TOKEN.finditer(sentence))
    kinds = [token.lastgroup for token in tokens]
    found: set[Rib] = set()
    for at in (n for n, kind in enumerate(kinds) if kind == "rib"):
        first, last = at, at + 1
        while first and kinds[first - 1] in _LISTED:
            first -= 1
        while last < len(kinds) and kinds[last] in ("number", "through", "joint"):
            last += 1
        before, after = tokens[first:at], tokens[at + 1 : last]
        around = tokens[at + 1 : at + 2] if kinds[at + 1 : at + 2] == ["on"] else tokens[:first]
        told = _last_side(around)
        numbers = [token.group() for token in before if token.lastgroup == "number"]
        # Before the noun a bare number counts: "3 left ribs".
        if numbers and not numbers[-1].isdecimal():
            found.update(_numbered(before, told))
        if after and after[0].lastgroup == "number":
            found.update(_numbered(after, _last_side(before, told)))
    fits = side not in (Side.LEFT, Side.RIGHT)
    return tuple(sorted((rib for rib in found if fits or rib.side in (None, side)), key=_order))


def _last_side(tokens: Sequence[re.Match[str]], default: Side | None = None) -> Side | None:
    sides = [token.group() for token in tokens if token.lastgroup in ("side", "on")]
    return _side(sides[-1].split()[-1]) if sides else default


def _order(rib: Rib) -> tuple[int, str]:
    return rib.number, rib.side or ""


def _numbered(tokens: Sequence[re.Match[str]], side: Side | None) -> Iterator[Rib]:
    """Yield the ribs of one list; a side in it holds for the numbers after it.

    Where a side comes right after a number, as in "4th left and 6th right ribs", each holds for the
    numbers before it.
    """
    kinds = [token.lastgroup for token in tokens]
    if ("number", "side") in pairwise(kinds):
        start = 0
        for end in (n + 1 for n, kind in enumerate(kinds) if kind == "side"):
            side = _side(tokens[end - 1].group())
            yield from (Rib(one, side) for one in _numbers(tokens[start:end]))
            start = end
        tokens = tokens[start:]
    for told, part in _by_side(tokens, side):
        yield from (Rib(one, told) for one in _numbers(part))


def _by_side(
    tokens: Sequence[re.Match[str]], side: Side | None
) -> Iterator[tuple[Side | None, list[re.Match[str]]]]:
    part: list[re.Match[str]] = []
    for token in tokens:
        if token.lastgroup == "side":
            yield side, part
            side, part = _side(token.group()), []
        part.append(token)
    yield side, part


def _numbers(tokens: Sequence[re.Match[str]]) -> Iterator[int]:
    last: int | None = None
    to_come = False
    for token in tokens:
        if token.lastgroup == "through":
            to_come = True
        elif token.lastgroup == "number":
            one = _value(token.group())
            if not 1 <= one <= len(_ORDINALS):
                return
            yield from range(last + 1, one) if to_come and last is not None else ()
            yield one
            last, to_come = one, False


def _value(number: str) -> int:
    digits = re.match(r"\d+", number)
    return int(digits.group()) if digits else _ORDINALS.index(number.lower()) + 1


__all__ = ["NOTHING_SAID", "Rib", "Said", "said_of"]
