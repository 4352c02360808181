"""Lengths in the text: one to three axes in mm or cm, ranges, current or prior."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from radnlp.schema.entity import EntityKind, Measurement
from radnlp.schema.text import Span
from radnlp.text.mentions import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.text.lexicon import Item
    from radnlp.text.tokens import Tokens

_NUMBER = r"(?:\d{1,3},\d{1,2}(?!\d)|\d{1,4}(?:\.\d{1,3})?|\.\d{1,3})"
LENGTH_UNITS = frozenset(
    {"mm", "mms", "cm", "cms"}
    | {f"{unit}met{end}" for unit in ("milli", "centi") for end in ("er", "re", "ers", "res")}
)
LENGTH_UNIT = rf"(?:{'|'.join(sorted(LENGTH_UNITS, key=len, reverse=True))})"
_UNIT = rf"{LENGTH_UNIT}(?![^\W\d_])"
_AXIS = (
    r"\(?(?:in )?(?:ap|tra?ns|trv?|tv|cc|si|ml|rl|lr|w|l|h|d|t"
    r"|transverse|anteroposterior|craniocaudal|width|length|height|depth)\b\)?"
)
_LENGTH = rf"{_NUMBER}(?:(?: ?{_AXIS})?[ -]?{_UNIT})?"
_AXES = rf"{_LENGTH}(?:(?: ?{_AXIS})? ?(?:x|×|by) ?{_LENGTH}){{0,2}}"
_SIZE = re.compile(
    rf"(?<![\w.])(?<!\d,)(?:(?P<first>{_AXES}) ?(?P<joint>-+>|→|-|–|to|and) ?)?"
    rf"(?P<size>{_AXES})(?![^\W_])",
    re.IGNORECASE,
)
_PIECE = re.compile(rf"({_NUMBER})(?:(?: ?{_AXIS})?[ -]?({_UNIT}))?", re.IGNORECASE)
_ARROWS = frozenset({"->", "-->", "→"})
_YEARS = range(1900, 2101)  # a bare number of this size is no length
# After these "from 3 to 8 mm" is a range; after others it is the earlier and the present size.
_RANGING = frozenset(
    {"ranging", "range", "ranges", "ranged", "varying", "vary", "varies", "variable", "between"}
    | {"measuring", "measure", "measures", "sized", "size", "sizes"}
)
_EARLIER = frozenset(
    {"previously", "prior", "previous", "formerly", "earlier", "compared", "versus", "vs"}
)
_SAID_EARLIER = _EARLIER - {"compared", "versus", "vs"}
_BEFORE_EARLIER = frozenset({"on", "in", "at", "the", "as", "of", "a", "seen", "measured"})
_CHANGED = frozenset(
    {"decreased", "increased", "grown", "enlarged", "reduced", "changed", "up", "down", "shrunk"}
    | {"different", "progressed", "decrease", "increase", "change", "growth", "improved", "risen"}
)
_NOW = frozenset({"now", "today", "currently", "current", "presently"})
_MONTHS = frozenset(
    {"january", "february", "march", "april", "june", "july", "august", "september", "october"}
    | {"november", "december"}
)
_SHORT_MONTHS = frozenset(
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"}
)
# Between "previously" and the size these take no room: "previously measured up to 5 cm".
_FILLERS = frozenset(
    {"measured", "measuring", "measures", "measure", "up", "to", "at", "about", "approximately"}
    | {"it", "they", "was", "were"}
)
_WINDOW = 3
_LONGEST = 12  # words of a size of three axes: "3.1 x 2.2 x 4.0 cm"


class Size(NamedTuple):
    """One size of a sentence: what it says, and the mention of it."""

    measurement: Measurement
    mention: Mention


class _Said(NamedTuple):
    """Lengths as the words give them, before what stands around them is read."""

    values_mm: tuple[float, ...]
    start: int
    end: int
    low_mm: float | None = None
    prior: bool | None = None  # None: the words around it tell


def has_size(words: list[str]) -> bool:
    """Tell quickly whether a sentence with these words, in lower case, may hold a size."""
    return not LENGTH_UNITS.isdisjoint(words)


def find_measurements(
    text: str, tokens: Tokens, sentence: tuple[int, int], items: list[Item]
) -> list[Size]:
    """Return the sizes of one sentence in reading order.

    Args:
        text: The report.
        tokens: Its words.
        sentence: Range of words.
        items: Phrases of the sentence, to tell how far the words around a size are off.
    """
    first, last = sentence
    low, high = tokens.starts[first], tokens.ends[last - 1]
    found: list[Size] = []
    for match in _SIZE.finditer(text, low, high):
        for said in _said(match, tokens.words, bisect_left(tokens.starts, match.start())):
            start = bisect_left(tokens.starts, said.start)
            end = bisect_left(tokens.starts, said.end)
            if end <= start:
                continue  # inside a de-identified word
            prior = said.prior
            if prior is None:
                prior = _is_prior(tokens.words, (start, end), sentence, later=bool(found))
            measurement = Measurement(
                values_mm=said.values_mm,
                span=Span(said.start, said.end),
                prior=prior,
                low_mm=said.low_mm,
            )
            near = sum(item.end <= start for item in items)
            mention = Mention(near, near - 1, start, end, "measurement", EntityKind.MEASUREMENT)
            found.append(Size(measurement, mention))
    return found


def _said(match: re.Match[str], words: list[str], at: int) -> Iterator[_Said]:
    """Yield what one match gives: a size, a range, or the earlier size and the present one.

    Args:
        match: Of `_SIZE`.
        words: Of the sentence.
        at: Number of the word at which the match begins.
    """
    whole = _lengths(match, "size")
    if match["first"] is None or whole is None:
        first = _lengths(match, "first") if match["first"] else None
        yield from (said for said in (first, whole) if said is not None)
        return
    first = _lengths(match, "first", _unit(match["size"]))
    own = _unit(match["first"])
    if first is None or (not own and first.values_mm[0] in _YEARS):
        yield whole
        return
    before = words[max(0, at - _WINDOW - 1) : at]
    joint = match["joint"].lower()
    # "Increased by 3 mm to 15 mm" is no range.
    changed = not _CHANGED.isdisjoint(words[max(0, at - 2 * _WINDOW) : at])
    grown = own is not None and "by" in before and changed
    if _leads_over(joint, before):
        yield first._replace(prior=True)
        yield whole._replace(prior=False)
    elif not grown and _is_range(joint, before, first.values_mm, whole.values_mm):
        yield whole._replace(start=match.start(), low_mm=first.values_mm[0])
    else:
        if own or len(first.values_mm) > 1:
            yield first
        yield whole


def _unit(words: str) -> str | None:
    """Return the first unit that stands in the words of a size."""
    return next((unit for _, unit in _PIECE.findall(words) if unit), None)


def _lengths(match: re.Match[str], group: str, unit: str | None = None) -> _Said | None:
    """Return the lengths of a group in mm; ``None`` if no unit is given.

    A number without a unit has that of the next one that has it, the last ones ``unit`` or that
    of the last one that has it.
    """
    pieces = _PIECE.findall(match[group])
    unit = next((own for _, own in reversed(pieces) if own), unit)
    if unit is None:
        return None
    values = []
    for number, own in reversed(pieces):
        unit = own or unit
        factor = 10.0 if unit.lower().startswith("c") else 1.0
        values.append(round(float(number.replace(",", ".")) * factor, 4))
    return _Said(tuple(values[::-1]), match.start(group), match.end(group))


def _leads_over(joint: str, before: list[str]) -> bool:
    """Tell whether a joint leads from the earlier size to the present one."""
    if joint in _ARROWS:
        return True
    return joint == "to" and before[-1:] == ["from"] and _RANGING.isdisjoint(before)


def _is_range(
    joint: str, before: list[str], low: tuple[float, ...], high: tuple[float, ...]
) -> bool:
    if len(low) > 1 or low[0] > high[0]:
        return False
    return joint != "and" or before[-1:] == ["between"]


def _is_prior(
    words: list[str], size: tuple[int, int], sentence: tuple[int, int], *, later: bool
) -> bool:
    """Tell whether the words around a size say that it is of the earlier study."""
    before = _words_before(words, sentence[0], size[0])
    past = bool(_EARLIER.intersection(before)) or ("was" in before and later)
    when = "when" in before and not {"it", "they"}.isdisjoint(before)
    return (
        past
        or when
        or _from_earlier(before, later=later)
        or _earlier_follows(words, size, sentence, later=later)
    )


def _words_before(words: list[str], first: int, start: int) -> list[str]:
    """Return the words before a size back to the last comma; fillers take no room."""
    low, room = start, _WINDOW
    while low > first and room > 0 and words[low - 1] not in (",", ";"):
        low -= 1
        room -= words[low] not in _FILLERS
    return words[low:start]


def _from_earlier(before: list[str], *, later: bool) -> bool:
    """Tell whether "from" leads back: "to 4 cm from 3 cm", "decreased from 4 cm"."""
    return before[-1:] == ["from"] and (later or bool(_CHANGED.intersection(before)))


def _earlier_follows(
    words: list[str], size: tuple[int, int], sentence: tuple[int, int], *, later: bool
) -> bool:
    """Tell whether the size is said of the earlier study: "8 mm on the prior study".

    A date says so of a later size ("6 mm, 8 mm in 2019"), and where another is said of today.
    """
    for n in range(size[1], min(sentence[1], size[1] + _WINDOW + 1)):
        word = words[n]
        if word in _SAID_EARLIER:
            return not _size_begins(words, n + 1)  # "4 mm, previously 3 mm"
        if is_date(words, n):
            return later or not _NOW.isdisjoint(words[size[1] : sentence[1]])
        if word not in _BEFORE_EARLIER:
            return False
    return False


def _size_begins(words: list[str], n: int) -> bool:
    """Tell whether word ``n`` begins a size: a number that is no date, and a unit soon after."""
    while n < len(words) and words[n] in _FILLERS:
        n += 1
    if n == len(words) or not words[n].isdigit() or is_date(words, n):
        return False
    return not LENGTH_UNITS.isdisjoint(words[n : n + _LONGEST])


def is_date(words: list[str], n: int) -> bool:
    """Tell whether a date begins at word ``n``: a year, "3/4/2021", "March 2021", "Jan 2021"."""
    word = words[n]
    if word.isdigit():
        return (
            len(word) == 4 or words[n + 1 : n + 2] == ["/"] or words[n + 1 : n + 4 : 2] == ["-"] * 2
        )
    following = words[n + 1] if n + 1 < len(words) else ""
    return word in _MONTHS or (word in _SHORT_MONTHS and following.isdigit())


__all__ = ["LENGTH_UNIT", "LENGTH_UNITS", "Size", "find_measurements", "has_size", "is_date"]
