"""Times from now: "in 3-6 months", "annually", "after treatment"."""

from __future__ import annotations

import re
from typing import NamedTuple

from radnlp.schema.advice import Interval, TimeUnit
from radnlp.text.casing import in_small_letters

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "eighteen": 18, "twenty-four": 24,
}  # fmt: skip
_NUMBER = rf"(?:\d{{1,3}}(?:\.\d)?|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_UNIT = r"(?P<unit>days?|weeks?|wks?|months?|mos?|mths?|years?|yrs?)"
_LEAD = r"(?:in|at|within|after|every|each|over the next|during the next)"
_NUMBERS = re.compile(
    rf"(?:\b(?P<lead>{_LEAD})\s+)?(?:(?:approximately|about|around|roughly|an?|the next|another"
    rf"|an? additional|no more than)\s+)?"
    rf"(?<![\w.])(?P<low>{_NUMBER})(?:(?:\s*,\s*{_NUMBER}){{0,4}}\s*(?:-|–|,?\s?and|,?\s?to|,?\s?or)"
    rf"\s*(?P<high>{_NUMBER}))?[\s-]{{0,3}}{_UNIT}\b(?:'?s?'? (?:time|interval|from now))?",
    re.IGNORECASE,
)
_EVERY_YEAR = re.compile(r"\b(?:annual(?:ly)?|yearly|(?:every|in|within) (?:a|one )?year)\b", re.I)
_PLAIN = re.compile(
    r"\b(?:short[ -](?:term|interval)|(?:non[ -]?)?(?:emergent|urgent)(?:ly)?|immediate(?:ly)?|stat"
    r"|today|tomorrow|next[ -]day"
    r"|(?:after|following|upon)\s+(?:(?:the|completion|of|appropriate|adequate|medical|antibiotic"
    r"|antibiotics|course|full|a|clinical|interval)\s+){0,5}(?:treatment|therapy|antibiotics|diuresis"
    r"|chemotherapy|radiation|radiotherapy|surgery|drainage|resolution|recovery|improvement))\b",
    re.IGNORECASE,
)
_PAST_BEFORE = re.compile(
    r"\b(?:over|past|last|since|for|than|previous|prior|age|x)(?: the| at least)?\s*$", re.I
)
_PAST_AFTER = re.compile(r"^[\s-]*(?:ago|old|prior|earlier|of age|of stability|history)\b", re.I)


class When(NamedTuple):
    """A time found in a text: characters ``start`` to ``end``, and its numbers if it has some."""

    start: int
    end: int
    interval: Interval | None


def find_when(text: str, start: int, end: int) -> When | None:
    """Return the first time from now in ``text[start:end]``; numbers go before words.

    Times that are over ("3 months ago", "for 2 years") are none.

    Example:
        >>> find_when("CT in 3-6 months", 0, 16)
        When(start=3, end=16, interval=Interval(low=3.0, high=6.0, unit=<TimeUnit.MONTH: 'month'>))
    """
    for match in _NUMBERS.finditer(text, start, end):
        past = _PAST_BEFORE.search(text[max(start, match.start() - 24) : match.start()])
        if (past and not match["lead"]) or _PAST_AFTER.search(text[match.end() : match.end() + 16]):
            continue
        interval = _interval(match)
        if interval is not None:
            return When(match.start(), match.end(), interval)
    yearly = _EVERY_YEAR.search(text, start, end)
    if yearly is not None:
        return When(yearly.start(), yearly.end(), Interval(low=1.0, high=1.0, unit=TimeUnit.YEAR))
    plain = _PLAIN.search(text, start, end)
    return When(plain.start(), plain.end(), None) if plain else None


def _interval(match: re.Match[str]) -> Interval | None:
    low = _value(match["low"])
    high = _value(match["high"]) if match["high"] else low
    unit = next(one for one in TimeUnit if match["unit"][0].lower() == one[0])
    return Interval(low=low, high=high, unit=unit) if 0 < low <= high else None


def _value(number: str) -> float:
    return float(_WORDS.get(in_small_letters(number), 0) or number)


__all__ = ["When", "find_when"]
