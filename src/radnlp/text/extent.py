"""Extent and change of each mention: words of change, and what is small now and was large."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, Change, EntityKind, Severity
from radnlp.text.heads import head_of
from radnlp.text.lexicon import BREAKS, VERBS
from radnlp.text.measurements import LENGTH_UNITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from radnlp.text.lexicon import Entry, Item
    from radnlp.text.mentions import Mention

_ORDER = tuple(Severity).index  # from least to most
_MOST_UNKNOWN = 3
_FARTHEST = 40  # phrases between a word of change and its mention; sentences have no such lists
_KEPT_IF_ABSENT = frozenset({Change.RESOLVED, Change.REMOVED})
_MOVES = frozenset({Change.WORSE, Change.IMPROVED, Change.RESOLVED})
# A phrase of change that ends in one of these is a noun: "marked decrease in the effusion".
_NOUNS = frozenset(
    {"of", "in", "improvement", "decrease", "increase", "reduction", "progression", "growth"}
    | {"enlargement", "resolution", "clearing", "regression", "shrinkage"}
)
_SIZE_WORDS = LENGTH_UNITS | {".", "x", "×", "-", "–", "by"}
_NOW = frozenset({"now", "currently", "today", "presently"})
_PLURAL = frozenset({"are", "remain", "have", "were", "appear"})


def degrees_of_change(items: list[Item], words: list[str]) -> frozenset[int]:
    """Return the numbers of the items that say how far something changed, and not its extent.

    "Marked" of "marked decrease in the effusion", "slightly" of "slightly increased edema"; but
    "small" of "small increasing effusion" is the effusion's.
    """
    found = set()
    for k, item in enumerate(items):
        if item.entry.severity is None or k + 1 == len(items):
            continue
        following = items[k + 1]
        rule = following.entry.change
        if rule is None or following.start - item.end > 1:
            continue
        noun = words[following.end - 1] in _NOUNS
        adverb = words[item.end - 1].endswith("ly") and rule.change in _MOVES
        if noun or adverb:
            found.add(k)
    return frozenset(found)


class ExtentReader:
    """Reads what is said of change in one sentence; used once per sentence.

    Args:
        items: Phrases of the sentence.
        words: Its words, in lower case.
        findings: Findings, devices and procedures by the numbers of their items.
        named: The same in reading order, with all other attributes; their change is set.
        degrees: Items that say how far something changed.
        modifies: Tells whether an item says a side, an extent or a part.
    """

    def __init__(
        self,
        items: list[Item],
        words: list[str],
        findings: dict[int, Mention],
        named: list[Mention],
        *,
        degrees: frozenset[int],
        modifies: Callable[[int], bool],
    ) -> None:
        self._items = items
        self._words = words
        self._findings = findings
        self._named = named
        self._degrees = degrees
        self._modifies = modifies

    def read(self) -> None:
        """Set the change of every mention, and the extent where two are told apart by time."""
        extents: list[int] = []
        for k, (_, _, entry) in enumerate(self._items):
            if entry.severity is not None and k not in self._degrees:
                extents.append(k)
            rule = entry.change
            if rule is None or rule.change is None:
                continue
            inside = self._findings.get(k)
            if inside is None:
                self._compare(k, rule.change)
            elif entry.concept is None and inside.change is None:
                inside.change = rule.change  # "the silhouette is stably enlarged"
        if len(extents) > 1:
            self._then_and_now(extents)
        for mention in self._named:
            if mention.assertion is Assertion.ABSENT and mention.change not in _KEPT_IF_ABSENT:
                mention.change = None

    def _compare(self, k: int, change: Change) -> None:
        """Attach a word of change to the mention after it, otherwise to those before it."""
        mention = self._mention_after(k)
        targets = self._with_twin(mention) if mention is not None else self._mentions_before(k)
        for target in targets:
            if target.change is None:
                target.change = change

    def _with_twin(self, mention: Mention) -> list[Mention]:
        """Return a mention with its other side: "the moderate right and small left effusions"."""
        at = self._named.index(mention)
        if self._items[mention.first].entry.concept is not None:
            return [mention]
        twins = [mention]
        for other in self._named[at + 1 : at + 2]:
            between = self._items[mention.last + 1 : other.first]
            joined = any(item.entry.role == "and" for item in between)
            if other.concept == mention.concept and joined:
                twins.append(other)
        return twins

    def _mention_after(self, k: int) -> Mention | None:
        reach, unknown = self._items[k].end, 0
        for t in range(k + 1, min(len(self._items), k + _FARTHEST)):
            item = self._items[t]
            entry = item.entry
            unknown += sum(not _is_size(word) for word in self._words[reach : item.start])
            if unknown > _MOST_UNKNOWN:
                return None
            if t in self._findings:
                return self._findings[t]
            if entry.role in ("and", "or"):
                if not (self._modifies(t - 1) and self._modifies(t + 1)):
                    return None
            elif not (_leads_on(entry) or (entry.role == "seen" and t == k + 1)):
                return None
            reach = item.end
        return None

    def _said_before(self, k: int) -> bool:
        return any(item.entry.role in VERBS for item in self._items[:k])

    def _mentions_before(self, k: int) -> list[Mention]:
        found: list[Mention] = []
        joined, closed = True, False
        if k and self._items[k - 1].entry.role == "and" and not self._said_before(k):
            return found  # the word opens the next phrase of a list
        for t in range(k - 1, max(-1, k - _FARTHEST), -1):
            role = self._items[t].entry.role
            if t in self._findings:
                mention = self._findings[t]
                if mention in found or self._is_inner(mention):
                    continue
                if not joined:
                    break
                found.append(mention)
                joined = False
            elif role in BREAKS or (role == "colon" and t > 1):  # a heading is no break
                break
            elif role in ("and", "or", "with"):
                closed = closed or (role == "and" and len(found) < 2 and self._is_plural(k))
                joined = True
            elif role == "comma" and closed:
                joined = True
            elif role in VERBS and found:
                break
        return found

    def _is_inner(self, mention: Mention) -> bool:
        """Tell whether a mention is only the place of another: "nodule at the cavity has grown"."""
        head = head_of(self._items, self._findings, mention)
        return head is not None and head.assertion is not Assertion.ABSENT

    def _is_plural(self, k: int) -> bool:
        """Tell whether the word of change is said of several: "… are unchanged"."""
        item = self._items[k]
        return not _PLURAL.isdisjoint(self._words[max(0, item.start - 2) : item.end])

    def _then_and_now(self, extents: list[int]) -> None:
        """Tell the extent of today from the earlier one: "previously moderate, now small"."""
        for then, now in pairwise(extents):
            mention = self._of(then, now) if self._is_then(then, now) else None
            before, after = self._items[then].entry.severity, self._items[now].entry.severity
            if mention is None or before is None or after is None:
                continue
            mention.severity = after
            if mention.change is None:
                mention.change = _change(before, after)

    def _word_before(self, k: int) -> str:
        start = self._items[k].start
        return self._words[start - 1] if start else ""

    def _is_then(self, then: int, now: int) -> bool:
        """Tell whether the first of two extents is the earlier one."""
        from_to = self._word_before(then) == "from" and self._word_before(now) == "to"
        return from_to or self._word_before(now) in _NOW

    def _of(self, then: int, now: int) -> Mention | None:
        """Return the finding of which two extents are said; it stands before the second.

        The first stands after it ("effusion, previously large, now small") or is its adjective.
        """
        if self._mention_after(now) is not None:
            return None  # "mild edema, now moderate effusion"
        at = self._items[now].start
        before = [m for m in self._named if m.kind is EntityKind.FINDING and m.end <= at]
        if not before:
            return None
        between = any(t in self._findings for t in range(then + 1, now))
        return before[-1] if not between or self._mention_after(then) is before[-1] else None


def _leads_on(entry: Entry) -> bool:
    """Tell whether a word may stand between a word of change and its mention."""
    passes = entry.role in (None, "article", "adjective", "ordinal", "place", "dimension")
    return passes and (entry.cue is None or entry.cue.reach == "nearest")


def _is_size(word: str) -> bool:
    return word.isdigit() or word in _SIZE_WORDS


def _change(before: Severity, after: Severity) -> Change:
    if before is after:
        return Change.STABLE
    return Change.WORSE if _ORDER(after) > _ORDER(before) else Change.IMPROVED


__all__ = ["ExtentReader", "degrees_of_change"]
