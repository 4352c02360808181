"""Lengths that are no sizes: how far something is from a place, displaced, or to be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from radnlp.schema.entity import EntityKind, Quantity, QuantityKind
from radnlp.text.measurements import is_date

if TYPE_CHECKING:
    from radnlp.text.measurements import Size
    from radnlp.text.mentions import Mention

_DIRECTIONS = frozenset({"above", "below", "beyond", "past", "short", "off", "beneath", "behind"})
_RELATIVE = frozenset(
    {"proximal", "distal", "deep", "superficial", "superior", "inferior", "cephalad", "cephalic"}
    | {"cranial", "caudal", "caudad", "anterior", "posterior", "medial", "lateral", "left", "right"}
    | {"upstream", "downstream"}
)
_ARTICLES = frozenset({"the", "a", "an", "its", "level", "of"})
# What follows "from" in a comparison.
_COMPARED = frozenset(
    {"prior", "previous", "previously", "before", "last", "earlier", "study", "studies", "exam"}
    | {"examination", "comparison", "baseline", "outside", "top", "side", "front", "one", "end"}
)
_DISPLACED = frozenset(
    {"retraction", "step", "stepoff", "displacement", "gap", "diastasis", "distraction"}
    | {"depression", "translation", "separation", "abutment", "contact", "excursion"}
    | {"shortening", "overriding", "override", "offset", "incongruity"}
)
_DISPLACING = frozenset({"retracted", "displaced", "depressed", "distracted", "translated"})
_MOVES = frozenset(
    {"withdraw", "withdrawn", "withdrawing", "advance", "advanced", "advancing", "pull", "pulled"}
    | {"back", "retracting", "repositioning"}
)
_CHANGING = frozenset(
    {"increased", "decreased", "grown", "enlarged", "changed", "reduced", "shrunk", "larger"}
    | {"smaller", "increase", "decrease", "progressed"}
)
_TOUCHING = ("abut", "contact", "encas")
_BEFORE = frozenset({"approximately", "about", "by", "at", "least", "additional", "another", "an"})
_MEASURED = frozenset({"measuring", "measures", "measured", "measure"})
_ENDS = frozenset({",", ";", "(", ")", "with", "and", "without", "no", "in", "at"})
_MOST_BETWEEN = 4


class Distance(NamedTuple):
    """A length that is no size.

    Attributes:
        quantity: ``None`` for a difference ("grown by 2 mm") and a way to go ("withdraw 2 cm").
    """

    quantity: Quantity | None


class DistanceReader:
    """Tells the distances of one sentence from its sizes.

    Args:
        words: Of the sentence, in lower case.
        mentions: Its mentions.
    """

    def __init__(self, words: list[str], mentions: list[Mention]) -> None:
        self._words = words
        self._mentions = mentions

    def read(self, sizes: list[Size]) -> list[Distance | None]:
        """Return for each length what it is as a distance; ``None`` for a size."""
        found: list[Distance | None] = []
        for n, size in enumerate(sizes):
            one = self._distance(size)
            before = found[-1] if found else None
            if one is None and before is not None and self._repeats(sizes[n - 1], size):
                reference = before.quantity.reference if before.quantity else None
                one = Distance(_quantity(size, reference))
            found.append(one)
        return found

    def _repeats(self, before: Size, size: Size) -> bool:
        """Tell whether a size gives the distance before it anew: "previously 2 cm"."""
        gap = range(before.mention.end, size.mention.start)
        names = any(m.start in gap and m.kind is not EntityKind.ANATOMY for m in self._mentions)
        return (size.measurement.prior or before.measurement.prior) and not names

    def _distance(self, size: Size) -> Distance | None:
        start, end = size.mention.start, size.mention.end
        low = start
        while low and self._words[low - 1] in _BEFORE:
            low -= 1
        changing = not _CHANGING.isdisjoint(self._words[max(0, low - 3) : low])
        grown = changing and "by" in self._words[low:start]
        if grown or (low and self._words[low - 1] in _MOVES):
            return Distance(None)
        at = self._reference_at(low, start, end)
        if at is not None:
            return Distance(_quantity(size, self._reference(at)))
        if self._touches(start):
            return Distance(_quantity(size, self._touched(start)))
        if self._is_displaced(start, end):
            return Distance(_quantity(size, None))
        return None

    def _reference_at(self, low: int, start: int, end: int) -> int | None:
        """Return the word at which the place begins that a length is counted from."""
        at = end + (self._words[end : end + 1] == ["away"])
        word, following = (*self._words[at : at + 2], "", "")[:2]
        measured = low > 0 and self._words[low - 1] in _MEASURED and not self._on_device(start)
        within = word == "of" and self._words[start - 1 : start] == ["within"]
        if word == "from" or within:
            at += 1
        elif word in _DIRECTIONS and not measured:
            at += 1 + (following == "of")
        elif word in _RELATIVE and following in ("to", "of") and not measured:
            at += 2
        else:
            return None
        while self._words[at : at + 1] and self._words[at] in _ARTICLES:
            at += 1
        word, following = (*self._words[at : at + 2], "", "")[:2]
        if word in _COMPARED or (word in _RELATIVE and following == "to"):
            return None  # "from anterior to posterior" tells the direction of a size
        named = word.isalnum() and not word.isdigit() and not is_date(self._words, at)
        return at if named else None

    def _on_device(self, at: int) -> bool:
        named = [m for m in self._mentions if m.end <= at and m.kind is not EntityKind.ANATOMY]
        return bool(named) and named[-1].kind is EntityKind.DEVICE

    def _reference(self, at: int) -> str | None:
        for w in range(at, min(len(self._words), at + _MOST_BETWEEN)):
            if self._words[w] in _ENDS:
                return None
            for mention in self._mentions:
                if mention.start == w:
                    return mention.concept
        return None

    def _touches(self, start: int) -> bool:
        """Tell "abuts the vein over 2 cm"."""
        if self._words[start - 1 : start] not in (["over"], ["along"], ["for"]):
            return False
        return any(word.startswith(_TOUCHING) for word in self._words[max(0, start - 10) : start])

    def _touched(self, start: int) -> str | None:
        organs = [m for m in self._mentions if m.end < start and m.kind is EntityKind.ANATOMY]
        return organs[-1].concept if organs else None

    def _is_displaced(self, start: int, end: int) -> bool:
        """Tell "2.5 cm retraction", "retracted by 2.5 cm" and "retraction of 2.5 cm"."""
        before = self._words[max(0, start - 2) : start]
        if before[-1:] == ["of"] or before[-1:] == ["by"]:
            word = before[0]
            if word in _DISPLACED or word in _DISPLACING:
                return True
        if before[-1:] and before[-1] in _DISPLACING:
            return True
        named = {m.start for m in self._mentions if m.kind is not EntityKind.ANATOMY}
        for w in range(end, min(len(self._words), end + _MOST_BETWEEN)):
            if self._words[w] in _ENDS or w in named:
                return False
            if self._words[w] in _DISPLACED:
                return True
        return False


def _quantity(size: Size, reference: str | None) -> Quantity:
    measurement = size.measurement
    high = measurement.values_mm[0]
    return Quantity(
        kind=QuantityKind.DISTANCE,
        low=high if measurement.low_mm is None else measurement.low_mm,
        high=high,
        unit="mm",
        span=measurement.span,
        prior=measurement.prior,
        reference=reference,
    )


__all__ = ["Distance", "DistanceReader"]
