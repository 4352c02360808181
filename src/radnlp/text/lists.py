"""Where the list of a cue ends: "no effusion, nodule, or mass" against "no effusion, old scar"."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, Change, EntityKind, Severity
from radnlp.text.lexicon import BREAKS, VERBS
from radnlp.text.measurements import LENGTH_UNITS

if TYPE_CHECKING:
    from radnlp.text.lexicon import Item
    from radnlp.text.mentions import Mention
    from radnlp.text.rulebook import CueRule

_JOINTS = frozenset({"comma", "and", "or", "with", "colon"})
_FRESH_CHANGE = frozenset({Change.STABLE, Change.IMPROVED, Change.WORSE})
# "No effusion, large opacity or …" goes on as a list; other sizes begin a new statement.
_LIST_SEVERITY = frozenset({Severity.LARGE})


class ListReader:
    """Tells lists from new statements in one sentence.

    Args:
        items: Phrases of the sentence.
        at: Its mentions by the item where they begin, anatomy left out.
        words: Its words, in lower case.
        fresh: Words that open a statement of its own after a comma.
        natures: Words for what a finding is like; two of them joined are said of one finding.
    """

    def __init__(
        self,
        items: list[Item],
        at: dict[int, list[Mention]],
        words: list[str],
        fresh: frozenset[str],
        natures: frozenset[str],
    ) -> None:
        self._items = items
        self._at = at
        self._words = words
        self._fresh = fresh
        self._natures = natures

    # What follows an item is told for all items in one pass from the last one back: looked up at
    # every comma, it would take the square of the sentence's length.

    def goes_on(self, k: int, cue: CueRule, cue_item: int, *, covered: bool) -> bool:
        """Tell whether a cue reaches over the comma at item ``k``: is it a list?

        Args:
            k: The comma.
            cue: The cue in force.
            cue_item: Where it stands.
            covered: Whether it has decided a mention.
        """
        following = self._items[k + 1].entry if k + 1 < len(self._items) else None
        if following is None or following.role == "or":
            return True
        if following.role == "and":
            return not self.begins_after_and(k + 2, cue, covered=covered)
        if self._items[k - 1].entry.role == "seen" and covered:
            return False  # "no effusion is seen, small nodule"
        if self._or_follows[k + 1]:
            return True
        if cue.means is Assertion.ABSENT and self._or_closes[k] and self._noted_alone[k + 1]:
            return False  # "no effusion or edema, cardiomegaly noted"
        if cue.means is Assertion.UNCERTAIN and not cue.lists:
            return False
        if cue.means is Assertion.ABSENT and self._stands_alone(k, cue_item):
            return False
        return not self.begins(k + 1, cue)

    def _stands_alone(self, k: int, cue_item: int) -> bool:
        """Tell "no effusion, old rib fracture" from a list: the phrase after the comma is fuller.

        It says of itself that it is old or known, gives a number or a side, or names a device
        where the list names findings.
        """
        start = self._items[k].end
        if self._items[k + 1].entry.side is not None and self._items[k + 1].start == start:
            return True
        t = self._telling[k + 1]
        if t is None:
            return False
        if self._is_fresh(t):
            return True
        kinds = {mention.kind for mention in self._at[t]}
        return EntityKind.FINDING not in kinds and self._last_other[k - 1] <= cue_item

    @cached_property
    def _telling(self) -> list[int | None]:
        """The next item that begins a mention, or stands in a phrase with a fresh word."""
        told: list[int | None] = [None] * (len(self._items) + 1)
        for t in range(len(self._items) - 1, 0, -1):
            told[t] = t if t in self._at or self._is_fresh(t) else told[t + 1]
        return told

    def _is_fresh(self, t: int) -> bool:
        words = self._words[self._items[t - 1].end : self._items[t].end]
        return any(word.isdigit() or word in self._fresh for word in words)

    @cached_property
    def _last_other(self) -> list[int]:
        """The last item up to here that begins a mention which is no finding; -1 for none."""
        told, last = [], -1
        for t in range(len(self._items)):
            if t in self._at and self._at[t][0].kind is not EntityKind.FINDING:
                last = t
            told.append(last)
        return told

    @cached_property
    def _or_follows(self) -> list[bool]:
        """Whether an "or" follows, with no verb or break before it."""
        told = [False] * (len(self._items) + 1)
        for t in range(len(self._items) - 1, -1, -1):
            role, cue = self._items[t].entry.role, self._items[t].entry.cue
            if role == "or" or (cue is not None and cue.reach == "both"):
                told[t] = True
            elif role not in VERBS and role not in BREAKS and role not in ("colon", "with"):
                told[t] = told[t + 1]
        return told

    @cached_property
    def _or_closes(self) -> list[bool]:
        """Whether an "or" stands before, with no comma, break or cue between."""
        told, seen = [], False
        for item in self._items:
            told.append(seen)
            role = item.entry.role
            if role == "or":
                seen = True
            elif role == "comma" or role in BREAKS or item.entry.cue is not None:
                seen = False
        return told

    @cached_property
    def _noted_alone(self) -> list[bool]:
        """Whether "noted" follows, with no joint, break or cue before it."""
        told = [False] * (len(self._items) + 1)
        for t in range(len(self._items) - 1, -1, -1):
            item = self._items[t]
            role = item.entry.role
            if role == "seen":
                told[t] = self._words[item.end - 1] == "noted"
            elif role not in _JOINTS and role not in BREAKS and item.entry.cue is None:
                told[t] = told[t + 1]
        return told

    def begins(self, k: int, cue: CueRule) -> bool:
        """Tell whether a new statement begins at item ``k`` rather than the list of a cue."""
        if k >= len(self._items):
            return False
        entry = self._items[k].entry
        if entry.severity is not None and entry.severity not in _LIST_SEVERITY:
            return True
        if entry.change is not None and entry.change.change in _FRESH_CHANGE:
            return True
        if entry.role == "ordinal":
            return False  # "no third and fourth rib fractures"
        if entry.role in BREAKS or entry.role == "article":
            return entry.role in BREAKS or not cue.lists
        if entry.cue is not None and entry.cue.means is not None and entry.cue.reach != "before":
            return entry.cue.means is not Assertion.ABSENT
        return self._is_clause[k]

    def begins_after_and(self, k: int, cue: CueRule, *, covered: bool) -> bool:
        """Tell whether "and" leads to a new statement at item ``k``.

        Beyond what begins one after a comma, a word such as "old" or a size does: "no pneumothorax
        and old rib fractures"; but "no acute and old fractures" denies both.

        Args:
            k: What follows the "and".
            cue: The cue in force.
            covered: Whether it has decided a mention.
        """
        if self.begins(k, cue):
            return True
        t = self._telling[k] if k < len(self._items) else None
        if t is None or not covered or cue.means is not Assertion.ABSENT:
            return False
        if self._words[self._items[k - 1].start - 1] in self._natures:
            return False  # "no acute and chronic infarct"
        change = self._items[k].entry.change
        words = self._words[self._items[k - 1].end : self._items[t].end]
        fresh = not (self._fresh.isdisjoint(words) and LENGTH_UNITS.isdisjoint(words))
        return fresh or (change is not None and change.change is Change.NEW)

    @cached_property
    def _is_clause(self) -> list[bool]:
        """Whether a verb with its own statement follows ("… the heart is enlarged")."""
        told = [False] * (len(self._items) + 1)
        named = False  # what follows, if something is named before it
        for t in range(len(self._items) - 1, -1, -1):
            entry = self._items[t].entry
            if any(mention.fixed or mention.last > t for mention in self._at.get(t, ())):
                told[t] = named = True
            elif entry.concept is not None:
                told[t] = named
            elif entry.role == "comma" or entry.role in BREAKS:
                named = False
            elif entry.role in VERBS:
                told[t], named = told[t + 1], not self._only_seen(t + 1)
            elif entry.cue is not None and entry.cue.links:
                told[t], named = told[t + 1], True  # "… a dense nodule suggests a granuloma"
            else:
                told[t] = told[t + 1]
        return told

    def _only_seen(self, k: int) -> bool:
        if k >= len(self._items):
            return True
        entry = self._items[k].entry
        return entry.role == "seen" or entry.cue is not None


__all__ = ["ListReader"]
