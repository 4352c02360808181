"""Where sentences end. Offsets are word numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radnlp.text.tokens import Tokens

_ENDS = frozenset({".", ";", "!", "?", "•", "●", "▪"})
_BULLETS = frozenset({"-", "*", "•", "●", "▪", "–"})
_ABBREVIATIONS = frozenset({"dr", "mr", "mrs", "ms", "vs", "approx", "pt", "st", "e", "i", "g"})
# A sentence is cut here at the latest, so that the work on a text stays linear in its length.
_MOST_WORDS = 400
# A line that ends in one of these goes on in the next, however that begins.
_GO_ON = frozenset(
    {",", "the", "of", "and", "or", "a", "an", "in", "with", "at", "for", "to", "no", "is", "are"}
    | {"without", "(", "/", "-", "mild", "moderate", "small", "left", "right", "dr"}
)


def split_sentences(text: str, tokens: Tokens, first: int, last: int) -> list[tuple[int, int]]:
    """Return the sentences of words ``first`` to ``last`` as half-open ranges, without gaps.

    A sentence ends at a full stop, semicolon, exclamation or question mark, at an empty line, and
    at a line break before a bullet, a number or a capital, unless the line plainly goes on.
    """
    breaks = tokens.line_breaks
    sentences: list[tuple[int, int]] = []
    begin = first
    for k in range(first, last):
        word = tokens.words[k]
        ends = k - begin >= _MOST_WORDS or k + 1 == last
        if not ends and word in _ENDS:
            ends = word == ";" or _stops(text, tokens, k)
        if not ends and k + 1 in breaks:
            ends = _breaks(text, tokens, k)
        if ends:
            sentences.append((begin, k + 1))
            begin = k + 1
    return sentences


def _stops(text: str, tokens: Tokens, k: int) -> bool:
    """Tell whether the mark at word ``k`` ends a sentence."""
    end = tokens.ends[k]
    before = tokens.words[k - 1] if k else ""
    following = text[end : end + 1]
    if following.islower() or (following.isdigit() and before.isdigit()):
        return False
    return before not in _ABBREVIATIONS


def _breaks(text: str, tokens: Tokens, k: int) -> bool:
    """Tell whether the line break after word ``k`` ends a sentence."""
    if tokens.line_breaks[k + 1] > 1:
        return True
    following = tokens.words[k + 1]
    if following in _BULLETS:
        return True
    first = text[tokens.starts[k + 1]]
    if not (first.isupper() or first.isdigit()):
        return False
    return tokens.words[k] not in _GO_ON


__all__ = ["split_sentences"]
