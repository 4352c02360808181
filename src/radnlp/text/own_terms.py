"""The text stage with terms that only one document has: spans that other components found."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from radnlp.schema.entity import EntityKind
from radnlp.schema.text import Report
from radnlp.text.lexicon import Entry, Item
from radnlp.text.stage import RuleText, RuleTextOptions

if TYPE_CHECKING:
    from radnlp.schema.reading import TextReading
    from radnlp.text.lexicon import Lexicon

#: (words in lower case, label) of each.
Terms: TypeAlias = tuple[tuple[tuple[str, ...], str], ...]


@lru_cache(maxsize=8)
def stage(language: str) -> RuleText:
    """Return the text stage of a language; it is built once per process."""
    return RuleText(RuleTextOptions(language=language))


@lru_cache(maxsize=64)
def read(language: str, text: str, terms: Terms) -> TextReading:
    """Return the reading of a text; the components of a pipeline ask for the same one in turn."""
    return _stage_with(language, terms)(Report(text=text))


@lru_cache(maxsize=64)
def _stage_with(language: str, terms: Terms) -> RuleText:
    """Return the text stage, knowing more terms."""
    plain = stage(language)
    if not terms:
        return plain
    more = copy.copy(plain)
    sentence = copy.copy(plain._sentence)
    corrected = sentence._lexicon.typos.corrected  # as the words of a text are before the scan
    known = {tuple(corrected(list(words))): label for words, label in terms}
    sentence._lexicon = _MoreTerms(sentence._lexicon, known)  # type: ignore[assignment]
    sentence._known = {}
    more._sentence = sentence
    return more


class _MoreTerms:
    """A lexicon that also knows some terms of the user, whatever their label."""

    def __init__(self, lexicon: Lexicon, terms: dict[tuple[str, ...], str]) -> None:
        self._lexicon = lexicon
        self._terms = terms
        self.vocabulary = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lexicon, name)

    def ancestors(self, concept: str) -> tuple[str, ...]:
        """Return the broader ids of a concept; none for a label that is no concept."""
        vocabulary = self._lexicon.vocabulary
        return vocabulary.ancestors(concept) if concept in vocabulary else ()

    def scan(self, words: list[str]) -> list[Item]:
        """Return the phrases, the user's terms before all others, the longest first."""
        own: list[Item] = []
        taken: set[int] = set()
        for term in sorted(self._terms, key=len, reverse=True):
            for k in range(len(words) - len(term) + 1):
                place = range(k, k + len(term))
                if tuple(words[k : k + len(term)]) == term and taken.isdisjoint(place):
                    entry = Entry(concept=self._terms[term], kind=EntityKind.FINDING)
                    own.append(Item(k, k + len(term), entry))
                    taken.update(place)
        known = (
            item
            for item in self._lexicon.scan(words)
            if taken.isdisjoint(range(item.start, item.end))
        )
        return sorted([*own, *known], key=lambda item: (item.start, item.end))


__all__ = ["Terms", "read", "stage"]
