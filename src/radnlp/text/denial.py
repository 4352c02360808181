"""Cues of several words: negations of a change or of another negation, "evaluation of … for"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from radnlp.errors import InputError
from radnlp.schema.entity import Assertion
from radnlp.text.lexicon import Item

if TYPE_CHECKING:
    from radnlp.text.lexicon import Lexicon


_MINUS = frozenset({"-", "−", "–"})
_APART = frozenset({",", ";", ":"})


class Folder:
    """Joins the negations of a sentence that deny a change or another negation, and the like.

    Args:
        lexicon: Vocabulary and rules.

    Raises:
        InputError: The rules lack "unchanged", "no doubt", "negative" or "evaluate for".
    """

    def __init__(self, lexicon: Lexicon) -> None:
        stable, plain = lexicon.look_up(("unchanged",)), lexicon.look_up(("no", "doubt"))
        negative, sought = lexicon.look_up(("negative",)), lexicon.look_up(("evaluate", "for"))
        if stable is None or plain is None or negative is None or sought is None:
            raise InputError(
                "the rules must know 'unchanged', 'no doubt', 'negative' and 'evaluate for'"
            )
        self._stable, self._plain, self._negative, self._sought = stable, plain, negative, sought
        self._examined, self._limited = lexicon.examined, lexicon.limited
        self._before_change = lexicon.before_change
        self._before_negation = lexicon.before_negation

    def __call__(self, items: list[Item], words: list[str]) -> list[Item]:
        """Return the phrases, "no significant interval change in" as one that says "stable".

        A double negation ("not absent", "has not resolved") becomes one that says nothing.

        Args:
            items: Phrases of a sentence.
            words: Words of the sentence.
        """
        if "(" in words:
            items = self._marked(items, words)
        if not self._examined.isdisjoint(words):
            items = self._with_sought(items, words)
        folded: list[Item] = []
        skip = -1
        for k, item in enumerate(items):
            if item.start < skip:
                continue
            cue = item.entry.cue
            if cue is not None and cue.means is Assertion.ABSENT and cue.reach == "after":
                item = self._joined(items, k, words)  # noqa: PLW2901  (the item as it is read)
                skip = item.end
            folded.append(item)
        return folded

    def _marked(self, items: list[Item], words: list[str]) -> list[Item]:
        """Return the phrases, the sign after a finding ("effusion (-)") as "negative"."""
        marked: list[Item] = []
        for item in items:
            marked.append(item)
            first, sign, last = (*words[item.end : item.end + 3], "", "", "")[:3]
            if (first, last) == ("(", ")") and sign in _MINUS and item.entry.concept:
                marked.append(Item(item.end, item.end + 3, self._negative))
        return marked

    def _with_sought(self, items: list[Item], words: list[str]) -> list[Item]:
        """Return the phrases, with the "for" of "evaluation of the apices for … is limited"."""
        held = {word for item in items for word in range(item.start, item.end)}
        found = []
        start = 0  # of the clause
        for end in (*(n for n, word in enumerate(words) if word in _APART), len(words)):
            clause = words[start:end]
            if "for" in clause:
                place = clause.index("for")
                before = pairwise(clause[:place])
                asked = any(word in self._examined and then == "of" for word, then in before)
                limited = not self._limited.isdisjoint(clause[place + 2 :])
                if asked and limited and start + place not in held:
                    found.append(Item(start + place, start + place + 1, self._sought))
            start = end + 1
        return sorted([*items, *found], key=lambda item: item.start) if found else items

    def _joined(self, items: list[Item], k: int, words: list[str]) -> Item:
        """Return the negation at item ``k``, with what it denies if that is a change or a cue."""
        start, end, _ = items[k]
        for denied in items[k + 1 : k + 4]:
            if not self._before_negation.issuperset(words[end : denied.start]):
                break
            cue = denied.entry.cue
            if cue is not None and cue.means is Assertion.ABSENT and cue.reach != "next":
                return Item(start, denied.end, self._plain)
            end = denied.start
        change = _negated_change(items, k, words, self._before_change)
        return items[k] if change is None else Item(start, change.end, self._stable)


def _negated_change(
    items: list[Item], k: int, words: list[str], fillers: frozenset[str]
) -> Item | None:
    """Return the change that the negation at item ``k`` denies, if it does."""
    reach = items[k].end
    for t in range(k + 1, len(items)):
        item = items[t]
        if any(word not in fillers for word in words[reach : item.start]):
            return None
        change = item.entry.change
        if change is not None and change.noun:
            following = items[t + 1] if t + 1 < len(items) else None
            attached = (
                following is not None
                and following.start == item.end
                and (following.entry.concept or following.entry.side or following.entry.severity)
                and words[item.end - 1] not in ("in", "of")
            )
            return None if attached or words[item.end : item.end + 1] == ["of"] else item
        if item.entry.concept is not None:
            return None
        if any(word not in fillers for word in words[item.start : item.end]):
            return None
        reach = item.end
    return None


__all__ = ["Folder"]
