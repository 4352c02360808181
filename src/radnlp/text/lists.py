"""Where the list of a cue ends: "no effusion, nodule, or mass" against "no effusion, old scar"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, Change, EntityKind, Severity
from radnlp.text.lexicon import BREAKS, VERBS

if TYPE_CHECKING:
    from radnlp.text.lexicon import Item
    from radnlp.text.mentions import Mention
    from radnlp.text.rulebook import CueRule

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
    """

    def __init__(
        self,
        items: list[Item],
        at: dict[int, list[Mention]],
        words: list[str],
        fresh: frozenset[str],
    ) -> None:
        self._items = items
        self._at = at
        self._words = words
        self._fresh = fresh

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
            return not self.begins(k + 2, cue)
        if self._items[k - 1].entry.role == "seen" and covered:
            return False  # "no effusion is seen, small nodule"
        if self._or_follows(k + 1):
            return True
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
        for t in range(k + 1, len(self._items)):
            item = self._items[t]
            fresh = self._fresh
            if any(word.isdigit() or word in fresh for word in self._words[start : item.end]):
                return True
            if t in self._at:
                kinds = {mention.kind for mention in self._at[t]}
                return EntityKind.FINDING not in kinds and self._denies_findings(k, cue_item)
            start = item.end
        return False

    def _denies_findings(self, k: int, cue_item: int) -> bool:
        before = (self._at[t][0] for t in range(k - 1, cue_item, -1) if t in self._at)
        return all(mention.kind is EntityKind.FINDING for mention in before)

    def _or_follows(self, k: int) -> bool:
        for item in self._items[k:]:
            role = item.entry.role
            if role == "or" or (item.entry.cue and item.entry.cue.reach == "both"):
                return True
            if role in VERBS or role in BREAKS or role in ("colon", "with"):
                return False
        return False

    def begins(self, k: int, cue: CueRule) -> bool:
        """Tell whether a new statement begins at item ``k`` rather than the list of a cue."""
        if k >= len(self._items):
            return False
        entry = self._items[k].entry
        if entry.severity is not None and entry.severity not in _LIST_SEVERITY:
            return True
        if entry.change is not None and entry.change.change in _FRESH_CHANGE:
            return True
        if entry.role in BREAKS or entry.role == "article":
            return entry.role in BREAKS or not cue.lists
        if entry.cue is not None and entry.cue.means is not None and entry.cue.reach != "before":
            return entry.cue.means is not Assertion.ABSENT
        return self._is_clause(k)

    def _is_clause(self, k: int) -> bool:
        """Tell whether a verb with its own statement follows ("… the heart is enlarged")."""
        named = False
        for t in range(k, len(self._items)):
            entry = self._items[t].entry
            if any(mention.fixed or mention.last > t for mention in self._at.get(t, ())):
                return True
            if entry.concept is not None:
                named = True
            elif entry.role == "comma" or entry.role in BREAKS:
                return False
            elif entry.role in VERBS and named:
                return not self._only_seen(t + 1)
            elif entry.cue is not None and entry.cue.links and named:
                return True  # "… a dense nodule suggests a granuloma"
        return False

    def _only_seen(self, k: int) -> bool:
        if k >= len(self._items):
            return True
        entry = self._items[k].entry
        return entry.role == "seen" or entry.cue is not None


__all__ = ["ListReader"]
