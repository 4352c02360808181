"""The text stage with terms that only one document has: spans that other components found."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from radnlp.schema.entity import EntityKind
from radnlp.schema.text import Report
from radnlp.text.lexicon import Entry, Item, load_lexicon
from radnlp.text.reader import SentenceReader
from radnlp.text.stage import RuleText, RuleTextOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.schema.entity import Side
    from radnlp.schema.reading import TextReading
    from radnlp.text.lexicon import Lexicon
    from radnlp.text.reader import Sentence

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
    if not terms:
        return stage(language)
    reader = _TermReader(load_lexicon(language), terms)
    return RuleText(RuleTextOptions(language=language), reader=reader)


class _TermReader(SentenceReader):
    """Reads a sentence with some terms of the user, whatever their label."""

    def __init__(self, lexicon: Lexicon, terms: Terms) -> None:
        super().__init__(lexicon, RuleTextOptions().remembered_sentences)
        corrected = lexicon.typos.corrected  # as the words of a text are before the scan
        known = {tuple(corrected(list(words))): label for words, label in terms}
        self._terms = sorted(known.items(), key=lambda term: -len(term[0]))

    def _read(self, sentences: Sequence[str], side: Side | None = None) -> list[Sentence]:
        split = [self._split(one) for one in sentences]
        return [self._understand(one, self._phrases(one.words), side) for one in split]

    def _phrases(self, words: list[str]) -> list[Item]:
        """Return the phrases, the user's terms before all others, the longest first."""
        own: list[Item] = []
        taken: set[int] = set()
        for term, label in self._terms:
            for k in range(len(words) - len(term) + 1):
                place = range(k, k + len(term))
                if tuple(words[k : k + len(term)]) == term and taken.isdisjoint(place):
                    own.append(Item(k, k + len(term), Entry(label, EntityKind.FINDING)))
                    taken.update(place)
        known = (
            item
            for item in self._lexicon.scan(words)
            if taken.isdisjoint(range(item.start, item.end))
        )
        return sorted([*own, *known], key=lambda item: (item.start, item.end))


__all__ = ["Terms", "read", "stage"]
