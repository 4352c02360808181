"""Which mention a size is said of: the one it stands before, or the one that it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from radnlp.schema.entity import Assertion, Change, EntityKind
from radnlp.text.distances import Distance, DistanceReader
from radnlp.text.heads import head_of, is_led
from radnlp.text.measurements import LENGTH_UNITS

if TYPE_CHECKING:
    from radnlp.schema.entity import Quantity
    from radnlp.text.lexicon import Entry, Item
    from radnlp.text.measurements import Size
    from radnlp.text.mentions import Mention

_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})
_MOST_UNKNOWN = 3
# Words that no rule knows and that end the reach of a size to a mention after it.
_STOPS = frozenset(
    {"which", "that", "who", "it", "by", "for", "as", "per", "than", "when", "since", "previously"}
    | {"now", "currently", "nor", "not", "so", "can", "may", "could", "would", "should", "without"}
    | {"with", "no", "and", "or", "to", "from", "on", "in", "at", "today", "formerly", "versus"}
)
# After these a size is said of what stands before them ("nodule measuring 8 mm").
_SAID_OF = frozenset({"measuring", "measures", "measure", "measured", "to", "at", "from", "by"})
_ABOUT = frozenset(
    {"approximately", "about", "roughly", "nearly", "almost", "up", "least", "~", "≈", "approx"}
    | {"maximally", "currently", "now"}
)
_THAN = frozenset({"than", "exceeding", "over", ">", "<", "above"})
_LEADING = frozenset({"a", "an", "the", "with", "and", "another"})
_LISTED = frozenset({"and", "or", ",", "&", "a", "an"})
_DIMENSIONS = frozenset(
    {"diameter", "thickness", "thick", "length", "long", "width", "wide", "height", "deep", "depth"}
    | {"size", "dimension", "dimensions", "maximum", "maximal", "max", "axis", "short", "longest"}
    | {"transverse", "greatest", "largest", "craniocaudal", "ap", "anteroposterior", "respectively"}
    | {"cc", "tr", "trv", "sagittal", "axial", "caliber", "calibre", "across", "each", "span"}
)
_GONE = frozenset({Change.RESOLVED, Change.REMOVED})


class Owned(NamedTuple):
    """What the lengths of one sentence are said of.

    Attributes:
        sizes: (mention, size) pairs.
        distances: (mention, distance) pairs.
    """

    sizes: list[tuple[Mention, Mention]]
    distances: list[tuple[Mention, Quantity]]


class OwnerReader:
    """Gives the lengths of one sentence to their mentions; used once per sentence.

    Args:
        words: Of the sentence, in lower case.
        items: Its phrases.
        mentions: Its mentions with their attributes; their measurements are set.
    """

    def __init__(self, words: list[str], items: list[Item], mentions: list[Mention]) -> None:
        self._words = words
        self._items = items
        self._mentions = mentions
        self._at = {item.start: k for k, item in enumerate(items)}
        self._named = [m for m in mentions if m.kind in _NAMED and not m.fixed]
        self._starts = {mention.start: mention for mention in reversed(self._named)}
        self._findings = {
            k: mention for mention in self._named for k in range(mention.first, mention.last + 1)
        }
        self._owners = [
            mention
            for mention in mentions
            if mention.kind is EntityKind.ANATOMY or (mention.kind in _NAMED and not mention.fixed)
        ]

    def read(self, sizes: list[Size]) -> Owned:
        """Attach every length to what it is said of, if anything."""
        owned = Owned([], [])
        distances = DistanceReader(self._words, self._mentions).read(sizes)
        group: list[Size] = []
        for size, distance in zip(sizes, distances, strict=True):
            if distance is not None:
                self._give(group, owned)
                group = []
                self._give_distance(distance, size, owned)
            elif group and self._goes_on(group, size):
                group.append(size)
            else:
                self._give(group, owned)
                group = [size]
        self._give(group, owned)
        return owned

    def _give_distance(self, distance: Distance, size: Size, owned: Owned) -> None:
        if distance.quantity is None:
            return  # a way to go ("withdraw 2 cm")
        at = size.mention.start
        owner = self._before(at, than=False, organs=False) or self._before(at, than=False)
        if owner is None:
            after = (m for m in self._named if m.start >= at and not _is_denied(m))
            owner = next(after, None)
        if owner is not None:
            owned.distances.append((owner, distance.quantity))

    def _goes_on(self, group: list[Size], size: Size) -> bool:
        """Tell whether a size is said of the same as the one before it."""
        before, low, high = group[-1], group[-1].mention.end, size.mention.start
        gap = self._words[low:high]
        if any(low <= mention.start < high for mention in self._mentions):
            return False
        if size.measurement.prior or before.measurement.prior:
            return True
        return _LISTED.issuperset(gap) and not self._is_said_of(group[0].mention)

    def _give(self, group: list[Size], owned: Owned) -> None:
        if not group:
            return
        owner = self._owner(group, owned)
        if owner is None:
            return
        for measurement, mention in group:
            owner.measurements.append(measurement)
            owned.sizes.append((owner, mention))

    def _owner(self, group: list[Size], owned: Owned) -> Mention | None:
        first, last = group[0].mention, group[-1].mention
        than = not _THAN.isdisjoint(self._words[max(0, first.start - 2) : first.start])
        before = self._before(first.start, than=than)
        if before is not None and self._is_said_of(first):
            return before
        after = self._after(last.end)
        if after is None:
            after = self._after(self._past_parenthesis(first.end))
        if after is not None:
            return after
        if self._is_of_another(first, last):
            return self._organ_after(last.end)
        if group[0].measurement.prior and owned.sizes:
            lately = owned.sizes[-1][0]
            return before if before is not None and before.measurements else lately
        return before or self._after_comma(last.end)

    def _after_comma(self, at: int) -> Mention | None:
        """Return the mention of "decreased to 5 mm, the nodule"."""
        if self._words[at : at + 1] != [","]:
            return None
        return self._after(at + 1 + (self._words[at + 1 : at + 2] == ["the"]))

    def _past_parenthesis(self, at: int) -> int:
        """Return the word after "(…)" that opens at word ``at``: "8 mm (AP) nodule"."""
        if self._words[at : at + 1] == ["("] and ")" in self._words[at:]:
            return self._words.index(")", at) + 1
        return at

    def _bare(self, at: int) -> int:
        """Return the word at which "approximately" and its like before word ``at`` begin."""
        while at and self._words[at - 1] in _ABOUT:
            at -= 1
        return at

    def _is_said_of(self, size: Mention) -> bool:
        """Tell whether a size is said of what stands before it even if a mention follows."""
        at = self._bare(size.start)
        if at < size.start and self._words[at : at + 1] == ["up"]:
            return True
        led = self._words[max(0, at - 2) : at]
        if led[-1:] == ["to"] and self._words[at : size.start] == []:
            return True
        if led and led[-1] in _SAID_OF:
            return True
        if led[-1:] == ["of"]:
            return led[0] in _DIMENSIONS or any(m.end == at - 1 for m in self._named)
        return any(
            mention.end == at and not (mention.adjective or self._words[at - 1].endswith("ing"))
            for mention in self._named
        )

    def _after(self, at: int) -> Mention | None:
        """Return the mention that a size stands before: adjectives and parts may lie between."""
        w, unknown = at, 0
        if self._words[w : w + 1] == ["of"]:  # "5 mm of midline shift"
            w += 1
        while w < len(self._words):
            mention = self._starts.get(w)
            if mention is not None:
                return self._noun(mention)
            k = self._at.get(w)
            if k is not None:
                if not self._describes(self._items[k].entry):
                    return None
                w = self._items[k].end
                continue
            word = self._words[w]
            unknown += 1
            if unknown > _MOST_UNKNOWN or word in _STOPS or not (word.isalpha() or word == "-"):
                return None
            w += 1
        return None

    def _noun(self, mention: Mention) -> Mention:
        """Return the finding whose adjective a mention is, otherwise itself."""
        following = self._starts.get(mention.end)
        return following if mention.adjective and following is not None else mention

    def _describes(self, entry: Entry) -> bool:
        """Tell whether a phrase may stand between a size and its mention."""
        if entry.concept is not None and entry.kind is not EntityKind.ANATOMY:
            return False
        if entry.cue is not None:
            return entry.cue.means is not Assertion.ABSENT and entry.cue.reach == "nearest"
        return entry.role in (None, "adjective", "ordinal", "dimension")

    def _is_of_another(self, first: Mention, last: Mention) -> bool:
        """Tell whether a size belongs to a noun after it that no rule knows: "a 1 cm component"."""
        at = self._bare(first.start)
        if not at or self._words[at - 1] not in _LEADING:
            return False
        word = self._words[last.end] if last.end < len(self._words) else ""
        if not word.isalpha() or word in _STOPS or word in _DIMENSIONS or word.endswith("ly"):
            return False
        k = self._at.get(last.end)
        return k is None or self._describes(self._items[k].entry)

    def _organ_after(self, at: int) -> Mention | None:
        """Return the organ that a size stands before: "a 3 mm gallbladder wall"."""
        for mention in self._mentions:
            if mention.kind is EntityKind.ANATOMY and at <= mention.start <= at + 2:
                word = self._words[mention.end] if mention.end < len(self._words) else ""
                known = self._at.get(mention.end)
                plain = known is not None and not self._describes(self._items[known].entry)
                return mention if plain or not word.isalpha() else None
        return None

    def _before(self, at: int, *, than: bool, organs: bool = True) -> Mention | None:
        """Return what the words before a size speak of; what is absent only if nothing else is.

        Args:
            at: First word of the size.
            than: Whether it is a limit ("no nodule larger than 6 mm").
            organs: Whether it may be an organ.
        """
        denied: Mention | None = None
        for mention in reversed(self._owners):
            if mention.end > at or mention.adjective:
                continue
            if mention.kind is EntityKind.ANATOMY:
                if organs and self._is_subject(mention, at):
                    return mention
                continue
            head = head_of(self._items, self._findings, mention)
            if head is not None and not _is_denied(head):
                continue
            if than or not _is_denied(mention):
                return mention
            denied = denied or mention
        if denied is not None and "," not in self._words[denied.end : at]:
            return denied
        return None

    def _is_subject(self, organ: Mention, at: int) -> bool:
        """Tell whether a size at word ``at`` may be an organ's, not that of a finding in it."""
        for mention in self._named:
            if mention.start <= organ.start < mention.end or mention.start == organ.end:
                return False
            if mention.end <= at and organ in mention.places and not _is_denied(mention):
                return False
        before = self._words[max(0, organ.start - 3) : organ.start]
        if not LENGTH_UNITS.isdisjoint(before) and "," not in before:
            return False  # "8 mm right upper lobe, 6 mm left lower lobe"
        led = is_led(self._items, organ)
        if led is None:
            return True
        if head_of(self._items, self._findings, organ) is not None:
            return False
        return self._words[self._items[led].start] == "of"


def _is_denied(mention: Mention) -> bool:
    """Tell whether a finding is not there and never was; what has resolved had its size."""
    return mention.assertion is Assertion.ABSENT and mention.change not in _GONE


__all__ = ["Owned", "OwnerReader"]
