"""Mentions: terms of the vocabulary, and terms split by coordination."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from radnlp.schema.entity import (
    Assertion,
    Change,
    EntityKind,
    Measurement,
    Severity,
    Side,
    Subject,
    Temporality,
)

if TYPE_CHECKING:
    from radnlp.text.lexicon import Item, Lexicon

_LIST = frozenset({"and", "or", "comma"})
_JOINTS = frozenset({"and", "break"})
_SHARING = frozenset({"and", "or"})
_FINDING = EntityKind.FINDING
_PLACE_ENDINGS = ("al", "ar", "ic", "ary", "ac")
# Words after which a word of anatomy is a place and no part of a list of adjectives.
_LEADING = frozenset({"the", "a", "in", "of", "at", "within", "both", "to", "from", "near"})
_WITHIN_TERM = {
    "bilateral": Side.BILATERAL,
    "rightward": Side.RIGHT,
    "leftward": Side.LEFT,
}
_ADJECTIVE_ENDINGS = ("ed", "ic", "al", "ary", "ous", "ular", "malignant")


@dataclass(slots=True, eq=False)
class Mention:
    """One mention while a sentence is being read; becomes an `Entity` at the end.

    Attributes:
        first: Number of its first item in the sentence.
        last: Number of its last item.
        start: Its first word.
        end: One past its last word.
        concept: Vocabulary id.
        kind: What is named.
        cue: Words (half-open) of what decided the assertion, and the id of the rule.
        fixed: Whether the mention came with its assertion (organ statements).
        places: Mentions of anatomy where it is.
        suggests: Mentions of diagnoses that it may represent.
        modifiers: Mentions that stand as its adjectives: "loculated" of a loculated effusion.
        adjective: Whether the name of a finding or device is an adjective.
    """

    first: int
    last: int
    start: int
    end: int
    concept: str
    kind: EntityKind
    assertion: Assertion = Assertion.PRESENT
    cue: tuple[int, int, str] | None = None
    fixed: bool = False
    change: Change | None = None
    temporality: Temporality = Temporality.CURRENT
    subject: Subject = Subject.PATIENT
    side: Side | None = None
    severity: Severity | None = None
    locations: list[str] = field(default_factory=list)
    places: list[Mention] = field(default_factory=list)
    suggests: list[Mention] = field(default_factory=list)
    modifiers: list[Mention] = field(default_factory=list)
    adjective: bool = False
    measurements: list[Measurement] = field(default_factory=list)


class MentionFinder:
    """Finds the mentions of one sentence."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def __call__(self, items: list[Item], words: list[str]) -> list[Mention]:
        """Return the mentions in reading order."""
        mentions: list[Mention] = []
        for k, (start, end, entry) in enumerate(items):
            if entry.concept is not None and entry.kind is not None:
                mention = Mention(k, k, start, end, entry.concept, entry.kind)
                mention.side = entry.term_side or _WITHIN_TERM.get(words[start])
                if entry.kind is not EntityKind.ANATOMY:  # "ovary" and "canal" are nouns
                    mention.adjective = words[end - 1].endswith(_ADJECTIVE_ENDINGS)
                mentions.append(mention)
                if k > 1 and entry.kind is not EntityKind.ANATOMY:
                    mentions.extend(_other_side(items, k))
                if end - start > 1 and entry.kind is _FINDING:
                    mentions.extend(self._shared_start(items, k, words))
                if end - start > 1 and k:
                    for shared in self._shared_tail(items, k, words):
                        mentions = [m for m in mentions if m.first != shared.first]
                        mentions.append(shared)
        mentions.sort(key=reading_order)
        return mentions

    def _shared_start(self, items: list[Item], k: int, words: list[str]) -> list[Mention]:
        """Read "thickening" of "pleural effusion or thickening" as the finding that it names."""
        if k + 2 >= len(items):
            return []
        named, (low, high, joint), other = items[k], items[k + 1], items[k + 2]
        close = low == named.end and other.start == high
        if not close or joint.role not in _SHARING or other.entry.concept is not None:
            return []
        shared = (*words[named.start : named.end - 1], *words[other.start : other.end])
        entry = self._lexicon.look_up(shared)
        if entry is None or entry.kind is not _FINDING or entry.concept == named.entry.concept:
            return []
        return [Mention(k + 2, k + 2, other.start, other.end, str(entry.concept), _FINDING)]

    def _shared_tail(self, items: list[Item], k: int, words: list[str]) -> list[Mention]:
        """Read "pleural" of "pleural and pericardial effusions" as the finding that it names.

        The same with places, "upper" of "left upper and right lower lobe", and with longer lists.
        """
        found: list[Mention] = []
        t, reach = _past_side(items, k - 1, items[k].start)
        while True:
            joints = t
            while t >= 0 and items[t].entry.role in _LIST and items[t].end == reach:
                reach = items[t].start
                t -= 1
            if t == joints or reach == 0:
                return found
            named = t >= 0 and items[t].end == reach
            shared = self._by_tail(items, t if named else t + 1, items[k], words, named=named)
            if shared is None:
                return found
            found.append(shared)
            t, reach = _past_side(items, t - 1 if named else t, shared.start)

    def _by_tail(
        self, items: list[Item], first: int, head: Item, words: list[str], *, named: bool
    ) -> Mention | None:
        """Return what the word before a joint names together with the last words of the head."""
        own = items[first]
        word, end = (own.start, own.end) if named else (own.start - 1, own.start)
        if named and own.entry.kind is _FINDING:
            return None
        for tail in (head.start + 1, head.end - 1):
            entry = self._lexicon.look_up((*words[word:end], *words[tail : head.end]))
            if entry is None or entry.kind is None or entry.concept in (None, head.entry.concept):
                continue
            return Mention(first, first, word, end, str(entry.concept), entry.kind)
        lead = _past_side(items, first - 1, word)[1]
        free = lead == 0 or words[lead - 1] not in _LEADING
        if named and own.entry.kind is EntityKind.ANATOMY and free:
            return self._at_place(first, own, head, words)
        return None

    def _at_place(self, first: int, place: Item, head: Item, words: list[str]) -> Mention | None:
        """Return the head's plain finding at another place: "hilar or axillary adenopathy"."""
        if head.entry.kind is not _FINDING:
            return None
        adjective = words[place.start].endswith(_PLACE_ENDINGS)
        if not adjective and words[place.end] not in ("or", ","):
            return None
        plain = self._lexicon.look_up((words[head.end - 1],))
        if plain is None or plain.kind is not _FINDING or plain.concept is None:
            return None
        return Mention(
            first,
            first,
            place.start,
            place.end,
            plain.concept,
            _FINDING,
            locations=[str(place.entry.concept)],
        )


def _past_side(items: list[Item], t: int, reach: int) -> tuple[int, int]:
    """Step over a side that stands right before word ``reach``."""
    if t >= 0 and items[t].entry.side is not None and items[t].end == reach:
        return t - 1, items[t].start
    return t, reach


def _other_side(items: list[Item], k: int) -> list[Mention]:
    """Read "right" of "moderate right and small left effusion" as an effusion of its own.

    The two sides are told apart by what is said of the second: its extent, or a cue ("no").
    """
    reach, apart, sides, joint = items[k].start, False, 0, False
    for t in range(k - 1, -1, -1):
        start, end, entry = items[t]
        if reach - end > 1 or entry.concept is not None:
            break
        if entry.side is not None and entry.side is not Side.BILATERAL:
            sides += 1
            if joint:
                named = items[k].entry
                return [Mention(t, t, start, end, str(named.concept), named.kind or _FINDING)]
        elif entry.role in _JOINTS and sides == 1 and apart:
            joint = True
        elif joint or not (entry.severity or entry.cue or entry.role in ("article", "comma")):
            break
        apart = apart or entry.severity is not None or entry.cue is not None
        reach = start
    return []


def reading_order(mention: Mention) -> tuple[int, int, str]:
    """Return the key that puts mentions in reading order."""
    return (mention.start, mention.end, mention.concept)


__all__ = ["Mention", "MentionFinder", "reading_order"]
