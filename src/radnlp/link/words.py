"""What the words around a mention say of places beyond its attributes.

That is ribs by number, and which of two sides is worse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from radnlp.schema import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.schema import Entity

_REACH = 300  # characters of the sentence on either side of the mention

_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
)  # fmt: skip
_THROUGH = r"\s?(?:through|thru|to|-|–)\s?(?:the\s)?"
_JOINT = r"(?:\s?,\s?(?:(?:and|or)\s)?|\s(?:and|or)\s|\s?[&/]\s?)(?:the\s|#)?"
_UNITS = "mm|cm|ml|cc|hu|days?|weeks?|months?|years?|views?"
_SIZE = r"\d{1,4}(?:\.\d{1,3})?"
_AMOUNT = (
    rf"\b{_SIZE}(?:\s?(?:[x×–-]|by|to)\s?{_SIZE}){{0,2}}+(?:\s?%|[\s-]?(?:{_UNITS})\b)"
    r"|\b\d{1,4}(?:\.\d|/\d{1,2}/(?:\d{4}|1[3-9]|[2-9]\d)\b)"
)
_ORDINAL = rf"\b(?!{_AMOUNT})(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})\b"
_CARDINAL = rf"\b(?!{_AMOUNT})\d{{1,2}}\b"
_NUMBER = f"(?:{_ORDINAL}|{_CARDINAL})"
# Of one sort: in "rib 4 and 6th rib" the second number goes with the noun after it.
_NUMBERS = "|".join(
    f"{one}(?:{_THROUGH}{_NUMBER})?(?:{_JOINT}{one}(?:{_THROUGH}{_NUMBER})?){{0,11}}"
    for one in (_ORDINAL, _CARDINAL)
)
_SIDE = r"(?:(?:left|right)(?:[\s-]sided)?|both|bilateral(?:ly)?|(?-i:[LR]|Lt|Rt)(?!-))\b"

# The words that phrases on ribs are made of; the name is the letter for the word in ``_PHRASE``.
_TOKEN = re.compile(
    rf"(?P<x>{_AMOUNT}|\ba(?:nother)?\s(?:second|third|fourth|2nd|3rd|4th)\b"
    rf"(?!(?:{_THROUGH}|{_JOINT}){_NUMBER}))"
    r"|(?P<r>\bribs?\b(?!\s?cage)(?:\snumbers?\b)?)"
    rf"|(?P<n>{_NUMBERS})"
    rf"|(?P<p>\b(?:(?:on|in|at|of)\s(?:the\s)?(?:{_SIDE})|bilaterally\b))"
    rf"|(?P<s>\b(?:{_SIDE}))"
    r"|(?P<f>\bfractures?\b)"
    r"|(?P<v>\b(?:fractured|is|are|was|were)\b)"
    r"|(?P<j>\b(?:and|or|with|without)\b|[,&/:])"
    r"|(?P<t>\b(?:through|thru|to)\b)"
    r"|(?P<passed>\b(?:the|of|in|on|at|from|involving|including|aspects?|sides?|hemithorax|"
    r"(?:(?:postero|antero)?(?:later|medi)al|anterior|posterior)(?:ly)?|acute|subacute|chronic|"
    r"old|new|heal(?:ed|ing)|(?:non-?)?displaced|minimally|mildly|comminuted)\b|[()#–-])"
    r"|(?P<other>\w+|\S)",
    re.I,
)
# Sides before numbers or the noun, and sides after them: "4th rib on the left".
_LEAD = "[sp](?:j[sp]){0,3}+f?"
_TRAIL = "(?:[sp](?!f?r?n)|js(?=j|$))(?:j[sp](?!j?f?r?n|x)){0,3}+"
_LISTED = rf"(?:{_LEAD}n|n(?:{_TRAIL})?)"
_LISTED_AFTER = rf"(?:{_LEAD}n|n(?:[fv]{{0,3}}{_TRAIL})?)"
_PHRASE = re.compile(
    # As in "left 4th and right 6th ribs", "4th rib on the left (and the fifth on the right)".
    rf"(?P<before>{_LISTED}(?:[jt]{{0,3}}{_LISTED}){{0,11}})r"
    rf"(?:[fv]{{0,3}}(?P<side>{_TRAIL}))?"
    rf"(?P<more>(?:[fv]{{0,3}}j{{1,3}}{_LISTED}(?=[jv]|$)){{0,11}})"
    # As in "left ribs 4-6 and 9", "ribs 4-6 on the right and 5-7 on the left".
    rf"|(?P<ribs>(?:{_LEAD}j?)?r)"
    rf"(?P<after>{_LISTED_AFTER}(?:[jt]{{1,3}}{_LISTED_AFTER}(?![sp]?r)){{0,11}})"
    # As in "rib fractures: right 4-6, left 5".
    rf"|(?P<fractures>(?:{_LEAD}j?)?rf(?:[sp](?!n))?j{{0,3}})"
    rf"(?P<broken>{_LISTED}(?![xr])(?:[jt]{{1,3}}{_LISTED}(?![xr])){{0,11}})"
)
_PIECE = re.compile(rf"(?P<lead>{_LEAD})n|n(?:[fv]{{0,3}}(?P<trail>{_TRAIL}))?")

_WORSE = "greater|larger|bigger|worse|more"
_THAN = re.compile(
    r"\b(?P<side>left|right|l|r)\b[^.;\n]{0,25}?"
    rf"(?P<worse>\b(?:{_WORSE})\b[^.;\n]{{0,25}}?\bthan\b|>)[^.;\n]{{0,15}}?\b(?:left|right|l|r)\b",
    re.I,
)
_ON = re.compile(
    rf"(?P<worse>\b(?:{_WORSE})\b)(?:\s\w+)?\s(?:on|at|in)\s(?:the\s)?(?P<side>left|right)\b", re.I
)
# Sides that are held against each other are no rib's side.
_COMPARED = re.compile(
    r"\b(?:left|right|l|r)\b[^.;\n\d]{0,25}?(?:\bthan\b|[<>])[^.;\n\d]{0,15}?\b(?:left|right|l|r)\b"
    rf"|\b(?:{_WORSE}|less|fewer)\b(?:\s\w+)?\s(?:on|at|in)\s(?:the\s)?(?:left|right)\b"
    r"(?:\sthan\s(?:on\s)?(?:the\s)?(?:left|right)\b)?",
    re.I,
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
    """Return the ribs of all phrases, but for those on the other side of a one-sided mention."""
    words = _words(_COMPARED.sub(",", sentence))
    letters = "".join(word.letter for word in words)
    found: set[Rib] = set()
    known = _NO_SIDES  # said so far, but for sides that end a phrase
    done = 0
    for phrase in _PHRASE.finditer(letters):
        known |= _sides(words[done : phrase.start()])
        done = phrase.end()
        ribs, led = _ribs_of_phrase(phrase, words, known)
        found.update(ribs)
        known |= led
    fits = side not in (Side.LEFT, Side.RIGHT)
    return tuple(sorted((rib for rib in found if fits or rib.side in (None, side)), key=_order))


def _order(rib: Rib) -> tuple[int, str]:
    return rib.number, rib.side or ""


_NO_SIDES: frozenset[Side] = frozenset()


class _Word(NamedTuple):
    """A word of a phrase on ribs: its letter in ``_PHRASE``, its text, and what it says."""

    letter: str
    text: str
    numbers: tuple[int, ...] = ()
    sides: frozenset[Side] = _NO_SIDES

    @property
    def counts(self) -> bool:
        """Tell whether it may be how many there are, as in "3 left ribs"."""
        return self.text.isdecimal()


def _words(sentence: str) -> list[_Word]:
    tokens = [token for token in _TOKEN.finditer(sentence) if token.lastgroup != "passed"]
    letters = "".join(
        "x" if token.lastgroup == "other" else str(token.lastgroup) for token in tokens
    )
    words = []
    for n, (letter, token) in enumerate(zip(letters, tokens, strict=True)):
        text = token.group()
        if letter == "n":
            numbers, other = _numbers(text, letters[n + 1 : n + 3])
            words.append(_Word(letter, text, numbers))
            if other:
                words.append(_Word("x", text))
        else:
            words.append(
                _Word(letter, text, sides=_sides_in(text) if letter in "sp" else _NO_SIDES)
            )
    return words


def _sides_in(text: str) -> frozenset[Side]:
    said = re.search(_SIDE, text, re.I)
    side = _side(said.group()) if said else None
    return frozenset((Side.LEFT, Side.RIGHT) if side is None else (side,))


def _sides(words: Sequence[_Word]) -> frozenset[Side]:
    return _NO_SIDES.union(*(word.sides for word in words))


def _ribs_of_phrase(
    phrase: re.Match[str], words: Sequence[_Word], known: frozenset[Side]
) -> tuple[list[Rib], frozenset[Side]]:
    """Return the ribs of a phrase and the sides that lead its numbers.

    Numbers are on the side that is said with them, else on the side that leads those before them,
    else on the side after the noun, else on the one side that the sentence has given so far. One
    side comes before both: "bilateral fractures of the 4th rib on the left and …".
    """

    def said(match: re.Match[str], group: str) -> frozenset[Side]:
        return _sides(words[slice(*match.span(group))]) if match[group] else _NO_SIDES

    lead = said(phrase, "ribs") | said(phrase, "fractures")
    led = lead
    ribs: list[Rib] = []
    for group in ("before", "more", "after", "broken"):
        if not phrase[group] or not _names_ribs(group, words[slice(*phrase.span(group))]):
            continue
        end = said(phrase, "side") if group == "before" else _NO_SIDES
        for piece in _PIECE.finditer(phrase.string, *phrase.span(group)):
            lead = said(piece, "lead") or lead
            led |= lead
            told = (said(piece, "lead"), said(piece, "trail"), lead, end)
            sides = min(filter(None, told), key=len, default=known)
            side = next(iter(sides)) if len(sides) == 1 else None
            numbers = (one for word in words[slice(*piece.span())] for one in word.numbers)
            ribs.extend(Rib(number, side) for number in numbers)
    return ribs, led


def _names_ribs(group: str, words: Sequence[_Word]) -> bool:
    """Tell numbers of ribs from a count of ribs or of other things: "3 left ribs"."""
    listed = [n for n, word in enumerate(words) if word.letter == "n"]
    if group == "before":
        last = words[listed[-1]]
        led = listed[-1] > 0 and words[listed[-1] - 1].letter in "sp"
        return not last.text[-1].isdecimal() or (led and not last.counts)
    return group == "after" or not all(words[n].counts for n in listed)


def _numbers(listed: str, following: str) -> tuple[tuple[int, ...], bool]:
    """Return the ribs of a list, and whether its last number counts something else.

    So it does in "rib 6 and 2 right lung nodules".

    Args:
        listed: The list.
        following: The letters of the next two words.
    """
    found: list[int] = []
    for part in re.finditer(
        rf"(?:(?P<through>{_THROUGH})|{_JOINT})?(?P<number>{_NUMBER})", listed, re.I
    ):
        one = _value(part["number"])
        if not 1 <= one <= len(_ORDINALS):
            break
        through = found and part["through"]
        if found and not through and part.end() == len(listed) and part["number"].isdecimal():
            falls = one < found[-1] and following[:1] in ("x", "r")
            if falls or following in ("sx", "sr"):
                return tuple(found), True
        if through:
            found.extend(range(min(one, found[-1]) + 1, max(one, found[-1])))
        found.append(one)
    return tuple(found), False


def _value(number: str) -> int:
    digits = re.match(r"\d+", number)
    return int(digits.group()) if digits else _ORDINALS.index(number.lower()) + 1


__all__ = ["NOTHING_SAID", "Rib", "Said", "said_of"]
