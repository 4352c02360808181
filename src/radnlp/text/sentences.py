"""Where sentences end. Offsets are characters."""

from __future__ import annotations

import re

_ABBREVIATIONS = (
    *("dr", "mr", "mrs", "ms", "vs", "approx", "pt", "st", "e", "i", "g"),
    *("rt", "lt", "bilat", "mod", "min", "sup", "inf", "cf"),
)
_LETTER = r"(?![^\W\d_A-Z])"  # no small letter follows
# A question and its bare answer are one sentence: "Fracture? No."
_ANSWER = r"\s+(?:[Nn]o|NO|[Nn]one|NONE|[Yy]es|YES)\s*(?:[.;\n]|\Z)"
# A mark that ends a sentence, with the white space after it, or a line break that may end one.
# "?" after a blank is a hedge ("? pneumonia"); before a digit a full stop is a decimal point
# unless it follows a letter.
# Every alternative begins with one character: so the search leaps from mark to mark.
_END = re.compile(
    rf"(?:;|\?(?<=[^\s(]\?){_LETTER}(?!{_ANSWER})"
    + "".join(rf"|{mark}{_LETTER}" for mark in "!•●▪")
    + rf"|\.{_LETTER}(?!(?<=[\d\s(]\.)\d)"
    + "".join(rf"(?<!\b{word}\.)(?<!\b{word.title()}\.)" for word in _ABBREVIATIONS)
    + r"|\n)\s*"
)
_LAST_WORD = re.compile(r"((?<![^\W\d_])[^\W\d_]+|(?<!\d)\d+|(?<!_)_+|[^\w\s])\s*\Z")
_BULLETS = frozenset("-*•●▪–")
# A sentence is cut here at the latest, so that the work on a text stays linear in its length.
_MOST_CHARACTERS = 2_000
_LONGEST_WORD = 16
# A line that ends in one of these goes on in the next, however that begins.
_GO_ON = frozenset(
    {",", "the", "of", "and", "or", "a", "an", "in", "with", "at", "for", "to", "no", "is", "are"}
    | {"without", "(", "/", "-", "mild", "moderate", "small", "left", "right", "dr"}
)


def split_sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the sentences of ``text[start:end]`` as half-open ranges without outer white space.

    A sentence ends at a full stop, semicolon, exclamation or question mark, at an empty line, and
    at a line break before a bullet, a number or a capital, unless the line plainly goes on.

    Example:
        >>> split_sentences("No mass. 1.5 cm cyst.", 0, 21)
        [(0, 8), (9, 21)]
    """
    found: list[tuple[int, int]] = []
    begin = start
    for match in _END.finditer(text, start, end):
        at = match.start()
        if text[at] != "\n":
            at += 1
            if at - begin > _MOST_CHARACTERS or at - begin == 1:
                _add(found, text, begin, at)
            else:
                found.append((begin, at))
            begin = match.end()
        elif _breaks(text, begin, match):
            _add(found, text, begin, at)
            begin = match.end()
    _add(found, text, begin, end)
    return found


def _add(found: list[tuple[int, int]], text: str, begin: int, end: int) -> None:
    """Add the sentence of a range, in pieces if it is too long, without white space around it."""
    while end - begin > _MOST_CHARACTERS:
        cut = text.rfind(" ", begin, begin + _MOST_CHARACTERS) + 1 or begin + _MOST_CHARACTERS
        _add(found, text, begin, cut)
        begin = cut
    piece = text[begin:end]
    bare = piece.strip()
    if bare:
        begin += len(piece) - len(piece.lstrip())
        found.append((begin, begin + len(bare)))


def _breaks(text: str, begin: int, match: re.Match[str]) -> bool:
    """Tell whether a line break ends a sentence."""
    if match[0].count("\n") > 1:
        return True
    first = text[match.end() : match.end() + 1]
    if first in _BULLETS:
        return True
    if not (first.isupper() or first.isdigit()):
        return False
    end = match.start()
    before = _LAST_WORD.search(text[max(begin, end - _LONGEST_WORD) : end])
    return before is None or before[1].lower() not in _GO_ON


__all__ = ["split_sentences"]
