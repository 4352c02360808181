"""Sizes in the text: one to three lengths in mm or cm, current or prior."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from radnlp.schema.entity import EntityKind, Measurement
from radnlp.schema.text import Span
from radnlp.text.mentions import Mention

if TYPE_CHECKING:
    from radnlp.text.lexicon import Item
    from radnlp.text.tokens import Tokens

_NUMBER = r"(\d{1,4}(?:\.\d{1,3})?)"
_UNIT = r"(mm|cm|millimet(?:er|re)s?|centimet(?:er|re)s?)"
# The lower end of a range is part of the words; the value is the upper end.
_SIZE = re.compile(
    rf"(?<![\d.])(?:\d{{1,4}}(?:\.\d{{1,3}})? ?(?:-|–|to) ?)?{_NUMBER}[ -]?{_UNIT}?"
    rf"(?: ?(?:x|×|by) ?{_NUMBER}[ -]?{_UNIT}?)?"
    rf"(?: ?(?:x|×|by) ?{_NUMBER}[ -]?{_UNIT}?)?(?![a-z\d])",
    re.IGNORECASE,
)
_HINT = re.compile(r"\d[ -]?(?:mm|cm|milli|centi)", re.IGNORECASE)
_EARLIER = frozenset(
    {"previously", "prior", "previous", "formerly", "earlier", "compared", "versus", "vs"}
)
_SAID_EARLIER = _EARLIER - {"compared", "versus", "vs"}
_BEFORE_EARLIER = frozenset({"on", "in", "at", "the", "as", "of", "a", "seen", "measured"})
_CHANGED = frozenset(
    {"decreased", "increased", "grown", "enlarged", "reduced", "changed", "up", "down", "shrunk"}
    | {"different", "progressed", "decrease", "increase", "change", "growth", "improved", "risen"}
)
_WINDOW = 3


def has_size(text: str) -> bool:
    """Tell quickly whether a text may hold a size."""
    return _HINT.search(text) is not None


def find_measurements(
    text: str, tokens: Tokens, sentence: tuple[int, int], items: list[Item]
) -> list[tuple[Measurement, Mention]]:
    """Return the sizes of one sentence, each with the mention of it.

    Args:
        text: The report.
        tokens: Its words.
        sentence: Range of words.
        items: Phrases of the sentence, to tell how far the words around a size are off.
    """
    first, last = sentence
    low, high = tokens.starts[first], tokens.ends[last - 1]
    matches = [match for match in _SIZE.finditer(text, low, high) if _units(match)]
    found: list[tuple[Measurement, Mention]] = []
    for n, match in enumerate(matches):
        start = bisect_left(tokens.starts, match.start())
        end = bisect_left(tokens.starts, match.end())
        if end <= start:
            continue  # inside a de-identified word
        following = matches[n + 1] if n + 1 < len(matches) else None
        measurement = Measurement(
            values_mm=_values_mm(match),
            span=Span(match.start(), match.end()),
            prior=_is_prior(tokens, (start, end), sentence, later=n > 0)
            or _goes_from(text, tokens, start, match, following),
        )
        near = sum(item.end <= start for item in items)
        mention = Mention(near, near - 1, start, end, "measurement", EntityKind.MEASUREMENT)
        found.append((measurement, mention))
    return found


def _units(match: re.Match[str]) -> list[str]:
    return [unit for unit in match.group(2, 4, 6) if unit]


def _values_mm(match: re.Match[str]) -> tuple[float, ...]:
    """Return the lengths in mm; a number without a unit has that of the next one that has it."""
    values = []
    unit = _units(match)[-1]
    for number, own in ((5, 6), (3, 4), (1, 2)):
        if match.group(number):
            unit = match.group(own) or unit
            factor = 10.0 if unit.lower().startswith("c") else 1.0
            values.append(round(float(match.group(number)) * factor, 4))
    return tuple(values[::-1])


def _is_prior(
    tokens: Tokens, words: tuple[int, int], sentence: tuple[int, int], *, later: bool
) -> bool:
    """Tell whether the words around a size say that it is of the earlier study."""
    start, _ = words
    before = tokens.words[max(sentence[0], start - _WINDOW) : start]
    if "," in before:
        before = before[len(before) - before[::-1].index(",") :]
    past = bool(_EARLIER.intersection(before)) or ("was" in before and later)
    return (
        past
        or _from_earlier(before, later=later)
        or _earlier_follows(tokens.words, words, sentence, later=later)
    )


def _from_earlier(before: list[str], *, later: bool) -> bool:
    """Tell whether "from" leads back: "to 4 cm from 3 cm", "decreased from 4 cm"."""
    return before[-1:] == ["from"] and (later or bool(_CHANGED.intersection(before)))


def _earlier_follows(
    words: list[str], size: tuple[int, int], sentence: tuple[int, int], *, later: bool
) -> bool:
    """Tell whether the size is said of the earlier study: "8 mm on the prior study".

    A year says so of a later size ("6 mm, 8 mm in 2019").
    """
    for word in words[size[1] : min(sentence[1], size[1] + _WINDOW + 1)]:
        if word in _SAID_EARLIER:
            return True
        if word.isdigit() and len(word) == 4:
            return later
        if word not in _BEFORE_EARLIER:
            return False
    return False


def _goes_from(
    text: str,
    tokens: Tokens,
    start: int,
    match: re.Match[str],
    following: re.Match[str] | None,
) -> bool:
    """Tell whether the size is the first of "from 8 mm to 12 mm"."""
    if following is None or tokens.words[max(0, start - 1) : start] != ["from"]:
        return False
    return text[match.end() : following.start()].strip() == "to"


def attach_measurements(
    found: list[tuple[Measurement, Mention]], mentions: list[Mention]
) -> list[tuple[Mention, Mention]]:
    """Give each size to the mention it describes; return (mention, size) pairs.

    A size stands right before its mention ("8 mm nodule") or after it ("nodule measuring 8 mm").
    """
    named = [
        mention
        for mention in mentions
        if mention.kind in (EntityKind.FINDING, EntityKind.DEVICE) and not mention.fixed
    ]
    pairs: list[tuple[Mention, Mention]] = []
    for measurement, size in found:
        after = [mention for mention in named if 0 <= mention.start - size.end <= _WINDOW]
        before = [mention for mention in named if mention.end <= size.start]
        owner = after[0] if after else before[-1] if before else None
        if owner is not None:
            owner.measurements.append(measurement)
            pairs.append((owner, size))
    return pairs


__all__ = ["attach_measurements", "find_measurements", "has_size"]
