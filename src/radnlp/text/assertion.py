"""What the report claims about each mention, by the cues around it.

One pass from left to right keeps the cue that is in force; a cue that speaks of what stands before
it looks back. The rules are in ``rules/``; the policy is that of the documentation: plain is
present, negated is absent, hedged is uncertain, only looked for is hypothetical.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, Change, EntityKind, Subject, Temporality
from radnlp.text.lexicon import BREAKS, VERBS, Item
from radnlp.text.lists import ListReader
from radnlp.text.measurements import LENGTH_UNITS

if TYPE_CHECKING:
    from radnlp.text.lexicon import Lexicon
    from radnlp.text.mentions import Mention
    from radnlp.text.rulebook import CueRule

_NOT_EXCLUDED = frozenset({"hedge.not_excluded_before", "hedge.difficult"})
_LOOK_FOR = "hypothetical.look_for"
# "Evaluate for a nodule that has grown" still asks.
_OWNS = frozenset({"has", "have", "had", "contains"})
_BE = frozenset({"is", "are", "was", "were", "remains", "remain"})
_STOPS = VERBS | {"break", "colon", "with"}
_SKIPPED = frozenset({"article", "adjective", "dimension", "place", "seen"})


class ClauseReader:
    """Decides the assertions of one sentence; used once per sentence.

    Args:
        items: Phrases of the sentence.
        mentions: Its mentions; their assertion, cue and time are set.
        words: Its words, in lower case.
        lexicon: Vocabulary and rules.
    """

    def __init__(
        self, items: list[Item], mentions: list[Mention], words: list[str], lexicon: Lexicon
    ) -> None:
        self._items = items
        self._words = words
        self._lexicon = lexicon
        self._at: dict[int, list[Mention]] = {}
        for mention in mentions:
            if mention.kind is not EntityKind.ANATOMY:
                self._at.setdefault(mention.first, []).append(mention)
        self._lists = ListReader(items, self._at, words, lexicon.fresh, lexicon.natures)
        self._cue: CueRule | None = None
        self._cue_item = 0
        self._covered = False
        self._joint = ""
        self._clause = 0
        self._past: str | None = None

    def read(self) -> None:
        """Set the assertion of every mention."""
        for k, item in enumerate(self._items):
            entry = item.entry
            for mention in self._at.get(k, ()):
                self._decide(mention)
            if entry.role is not None:
                self._step(k, entry.role)
            if entry.cue is not None and entry.cue.means is not None:
                self._meet(k, entry.cue)
            if entry.time == "past":
                self._put_back(k)
            elif entry.time is not None:
                self._past = entry.time
        self._mark_alternatives()
        self._mark_heading()

    def _decide(self, mention: Mention) -> None:
        if self._past == "prior" and mention.concept in self._lexicon.lasting:
            self._past = None
        if self._past in ("historical", "prior"):
            mention.temporality = Temporality.HISTORICAL
        if self._past == "prior":
            self._past = None
        if mention.fixed:
            self._cue = self._cue if self._hypothetical() else None
            return
        inner = self._cue_inside(mention) or self._prefix(mention)
        if inner is not None:
            self._apply(mention, *inner)
        elif self._cue is not None:
            self._apply(mention, self._cue, self._cue_item)
            if self._cue.links:
                self._tie(mention)
        self._covered = True

    def _put_back(self, k: int) -> None:
        """Put the mention before "in the past" there, unless the words compare two studies."""
        if any(item.entry.change or item.entry.time for item in self._items[self._clause : k]):
            return
        for t in range(k - 1, self._clause - 1, -1):
            if t in self._at:
                for mention in self._at[t]:
                    mention.temporality = Temporality.HISTORICAL
                return

    def _cue_inside(self, mention: Mention) -> tuple[CueRule, int] | None:
        for k in range(mention.first, mention.last + 1 if mention.last > mention.first else 0):
            cue = self._items[k].entry.cue
            if cue is not None and cue.means is not None:
                return cue, k
        return None

    def _prefix(self, mention: Mention) -> tuple[CueRule, int] | None:
        """Return the "non" that stands right before a mention."""
        k = mention.first - 1
        cue = self._items[k].entry.cue if k >= 0 else None
        if cue is None or cue.reach != "next" or mention.start - self._items[k].end > 1:
            return None
        return cue, k

    def _apply(self, mention: Mention, cue: CueRule, k: int) -> None:
        if cue.means is None or mention.fixed:
            return
        if mention.assertion is Assertion.HYPOTHETICAL and cue.means is Assertion.UNCERTAIN:
            return  # "if pneumonia is suspected" only asks
        mention.assertion = cue.means
        mention.cue = (self._items[k].start, self._items[k].end, cue.id)
        if cue.change is not None and not (
            cue.change is Change.REMOVED and mention.kind is EntityKind.FINDING
        ):
            mention.change = cue.change

    def _tie(self, mention: Mention) -> None:
        """Note the observation before a linking cue ("opacity may represent pneumonia")."""
        for k in range(self._cue_item - 1, self._clause - 1, -1):
            for observed in self._at.get(k, ()):
                if observed.kind is EntityKind.FINDING:
                    observed.suggests.append(mention)
                    return

    def _hypothetical(self) -> bool:
        return self._cue is not None and self._cue.means is Assertion.HYPOTHETICAL

    def _step(self, k: int, role: str) -> None:
        """Let a grammar word end what is in force."""
        if role in BREAKS:
            self._end(k)
            self._past = None
            self._clause = k + 1
        elif role == "comma":
            self._joint = "comma"
            self._past = None
            if self._cue is not None and self._cue_item < k - 1 and not self._list_goes_on(k):
                self._end(k)
        elif role == "and":
            if (
                self._cue is not None
                and not self._hypothetical()
                and self._lists.begins_after_and(k + 1, self._cue, covered=self._covered)
            ):
                self._end(k)
            self._joint = "and"
        elif role == "or":
            self._joint = "or"
        elif role in ("with", "shows"):
            if self._covered and self._leads_on(k, role):
                self._end(k)
        elif role == "colon" and not self._lists_after(k):
            self._cue = None

    def _leads_on(self, k: int, role: str) -> bool:
        """Tell whether what follows is a statement of its own: "evaluation for abscess shows …"."""
        if role == "with":
            return not self._hypothetical()
        asked = self._cue is not None and self._cue.id == _LOOK_FOR
        return asked and self._words[self._items[k].end - 1] not in _OWNS

    def _list_goes_on(self, k: int) -> bool:
        """Tell whether the cue in force reaches over the comma at item ``k``."""
        if self._cue is None:
            return True
        if self._hypothetical():
            # "Evaluation for pneumothorax is limited, small effusion."
            return not (self._covered and self._cue.id == _LOOK_FOR and self._is_limited(k))
        return self._lists.goes_on(k, self._cue, self._cue_item, covered=self._covered)

    def _is_limited(self, k: int) -> bool:
        """Tell whether the words between the cue in force and item ``k`` say "is limited"."""
        nearest = bisect_left(self._limits, self._items[k].start) - 1
        return nearest >= 0 and self._limits[nearest] >= self._items[self._cue_item].end

    @cached_property
    def _limits(self) -> list[int]:
        limited = self._lexicon.limited
        return [
            n
            for n, word in enumerate(self._words)
            if word in limited and not _BE.isdisjoint(self._words[max(0, n - 2) : n])
        ]

    def _lists_after(self, k: int) -> bool:
        """Tell whether the colon at item ``k`` opens the list of its cue ("Differential: …")."""
        return (
            self._cue is not None and self._cue.lists and self._items[k - 1].entry.cue == self._cue
        )

    def _end(self, k: int) -> None:
        self._cue = None
        self._covered = False
        self._joint = ""

    def _meet(self, k: int, cue: CueRule) -> None:
        """Take up the cue at item ``k``, forward or backward."""
        if cue.reach == "next" or (cue.opens and (k > 0 or self._items[k].start > 2)):
            return
        if self._speaks_of_else(k, cue):
            return
        if cue.reach == "before" or (cue.reach == "nearest" and not self._followed(k)):
            if not self._look_back(k, cue) and cue.reach == "nearest":
                self._take(k, cue)
            return
        if cue.reach == "both" or (cue.reach == "after" and self._after_colon(k)):
            self._look_back(k, cue)
        self._take(k, cue)

    def _speaks_of_else(self, k: int, cue: CueRule) -> bool:
        """Tell whether a cue is of no finding: "22 mm vs 18 mm", "withdrawn 2 cm".

        So is a hedge of its nature: "the fracture is probably chronic".
        """
        start, end, _ = self._items[k]
        before = self._words[start - 1] if start else ""
        after = self._words[end] if end < len(self._words) else ""
        if cue.change is Change.REMOVED and after.isdigit():
            return True
        if cue.means is not Assertion.UNCERTAIN:
            return False
        if cue.reach == "both":
            return before in LENGTH_UNITS and after.isdigit()
        if cue.closes and after and not self._followed(k):
            return True  # "known tumor, ?progression"
        return cue.reach == "nearest" and after in self._lexicon.natures and not self._followed(k)

    def _take(self, k: int, cue: CueRule) -> None:
        if not self._held(cue):
            self._cue, self._cue_item, self._covered = cue, k, False
            self._joint = ""

    def _after_colon(self, k: int) -> bool:
        """Tell whether a bare "no" answers a line or a question ("Pneumothorax: no")."""
        alone = k + 1 >= len(self._items) or self._items[k + 1].entry.role == "comma"
        if not alone or k == 0:
            return False
        entry = self._items[k - 1].entry
        return entry.role == "colon" or (entry.cue is not None and entry.cue.closes)

    def _held(self, new: CueRule) -> bool:
        """Tell whether the cue in force stays in force against a new one."""
        old = self._cue
        if old is None:
            return False
        if old.means is Assertion.HYPOTHETICAL:
            return True
        if old.means is Assertion.ABSENT and new.means is not Assertion.ABSENT:
            return new.id not in _NOT_EXCLUDED and self._joint != "comma"
        return False

    def _followed(self, k: int) -> bool:
        """Tell whether a mention follows the cue at once, with only its own adjectives between."""
        reach = self._items[k].end
        aside = k > 0 and self._items[k - 1].entry.role in ("comma", "or")
        for t in range(k + 1, len(self._items)):
            item = self._items[t]
            entry = item.entry
            if item.start - reach > 3:
                return False
            if t in self._at:
                return True
            if aside and t == k + 1 and entry.role == "comma":
                reach = item.end  # "osteomyelitis or, less likely, a tumor"
                continue
            if self._joins(t, reach):
                reach = item.end
                continue
            passes = entry.concept or entry.side or entry.severity or entry.quality or entry.change
            if not (passes or entry.role in _SKIPPED or entry.time):
                return False
            reach = item.end
        return False

    def _joins(self, t: int, reach: int) -> bool:
        """Tell whether a joint stands among adjectives: "third and fourth", "healing or old"."""
        role = self._items[t].entry.role
        if role == "ordinal":
            return True
        if role == "or" and self._items[t].start > reach:
            return True
        beside = self._items[t - 1 : t + 2 : 2]
        return role in ("and", "or", "comma") and all(
            item.entry.role == "ordinal" for item in beside
        )

    def _look_back(self, k: int, cue: CueRule) -> bool:
        """Apply a cue to the mentions before it: all of a list, else the nearest one."""
        found = False
        joined = False
        for t in range(k - 1, -1, -1):
            entry = self._items[t].entry
            if t in self._at:
                if found and not joined:
                    break
                for mention in self._at[t]:
                    if mention.last < k:
                        self._apply(mention, cue, k)
                found, joined = True, False
            elif entry.role in ("and", "or", "under"):
                joined = True
            elif entry.role == "comma" and found:
                joined = joined or self._list_closes(t, k)
            elif found and (entry.cue or entry.role in _STOPS):
                break
        return found

    def _list_closes(self, t: int, k: int) -> bool:
        """Tell whether an "and" or "or" makes the comma at ``t`` part of a list before ``k``."""
        return any(item.entry.role in ("and", "or") for item in self._items[t + 1 : k])

    def _mark_alternatives(self) -> None:
        """Make both findings of a plain "atelectasis or pneumonia" uncertain."""
        for k, item in enumerate(self._items):
            if item.entry.role != "or":
                continue
            left = self._neighbour(range(k - 1, -1, -1))
            right = self._neighbour(range(k + 1, len(self._items)))
            pair = [m for m in (left, right) if m is not None and _plain(m)]
            if len(pair) == 2 and pair[0].concept != pair[1].concept:
                for mention in pair:
                    mention.assertion = Assertion.UNCERTAIN
                    mention.cue = (item.start, item.end, "hedge.or")

    def _mark_heading(self) -> None:
        """Let a heading say what is said under it: "Fractures: no acute fracture"."""
        heading = self._at.get(0)
        if not heading or len(self._items) < 3 or self._items[1].entry.role != "colon":
            return
        first = heading[0]
        for mentions in self._at.values():
            same = mentions[0]
            if same is not first and same.concept == first.concept and first.cue is None:
                first.assertion, first.cue = same.assertion, same.cue

    def _neighbour(self, order: range) -> Mention | None:
        for k in order:
            entry = self._items[k].entry
            if k in self._at:
                return self._at[k][0]
            if not (entry.side or entry.severity or entry.concept or entry.quality):
                return None
        return None


def _plain(mention: Mention) -> bool:
    return mention.assertion is Assertion.PRESENT and mention.kind is EntityKind.FINDING


def mark_other_subject(items: list[Item], mentions: list[Mention]) -> None:
    """Set the subject of all mentions of a sentence that speaks of somebody else."""
    if any(item.entry.other_subject for item in items):
        for mention in mentions:
            mention.subject = Subject.OTHER


__all__ = ["ClauseReader", "mark_other_subject"]
