"""One tree of words for everything the rules know, matched in one pass over a report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from radnlp.errors import InputError
from radnlp.schema.entity import EntityKind, Severity, Side
from radnlp.text.rulebook import ChangeRule, CueRule, Rulebook, load_rulebook, spelled_out
from radnlp.text.typos import Typos
from radnlp.vocabulary import Vocabulary, load_vocabulary
from radnlp.vocabulary.spelling import split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VERBS = frozenset({"verb", "shows"})
# "under" leads to what the phrase before it comes from or lies on: "superimposed on".
BREAKS = frozenset({"break", "under"})
_END = ""  # key of a node's entry; no word is empty
_MARKS = frozenset({"-", "xxxx", "_", "__", "___", "____", "_____", "*", "**"})


@dataclass(slots=True)
class Entry:
    """What one phrase stands for. A phrase may fill several fields ("large": severity, quality).

    Attributes:
        concept: Vocabulary id.
        kind: Kind of that concept.
        term_side: Side that the term itself says ("RLL").
        cue: Rule of assertion.
        change: Rule of change.
        quality: What it says of an organ (``organs.toml``).
        side: Side.
        severity: Severity.
        role: Part in the grammar (``scope.toml``).
        time: ``historical``, ``prior`` (the next mention only), ``past`` (the one before) or
            ``study`` (an earlier study).
        other_subject: Whether it speaks of another person.
        relative: ``opposite`` or ``same``: the side, counted from the last one said.
    """

    concept: str | None = None
    kind: EntityKind | None = None
    term_side: Side | None = None
    cue: CueRule | None = None
    change: ChangeRule | None = None
    quality: str | None = None
    side: Side | None = None
    severity: Severity | None = None
    role: str | None = None
    time: str | None = None
    other_subject: bool = False
    relative: str | None = None


class Item(NamedTuple):
    """A phrase found in a text: words ``start`` to ``end``, half-open."""

    start: int
    end: int
    entry: Entry


class Lexicon:
    """Vocabulary and rules of one language as a tree of words. Immutable once built.

    Raises:
        InputError: Two rules claim the same phrase for the same purpose.
    """

    def __init__(self, vocabulary: Vocabulary, rules: Rulebook) -> None:
        self.vocabulary = vocabulary
        self.rules = rules
        self.kinds = {concept.id: concept.kind for concept in vocabulary}
        self._root: dict[str, Any] = {}
        self._inside = _MARKS | frozenset(rules.scope["inside"]["words"])
        for words, form in vocabulary.forms.items():
            entry = self._entry(words)
            if entry.concept is not None and not self._plain(words):
                continue  # a spelling without words that may stand inside has the first say
            entry.concept = form.concept
            entry.kind = self.kinds[form.concept]
            entry.term_side = form.side
        for phrase, field, value in _rule_phrases(rules):
            entry = self._entry(split_words(phrase))
            if getattr(entry, field) not in (None, False, value):
                raise InputError(f"two rules claim {phrase!r} as {field}; keep it in one")
            setattr(entry, field, value)
        self.typos = Typos(_words_of(self._root), rules.scope["never_typo"]["words"])
        self.lasting = frozenset(
            concept.id
            for concept in vocabulary
            for broader in rules.attributes["prior"]["lasting"]
            if vocabulary.is_a(concept.id, broader)
        )
        self.fresh = frozenset(rules.scope["fresh"]["words"])
        self.natures = frozenset(rules.scope["natures"]["words"])
        self.before_change = frozenset(rules.scope["before_change"]["words"])
        self.before_negation = frozenset(rules.scope["before_negation"]["words"])
        self.examined = frozenset(rules.scope["examined"]["words"])
        self.limited = frozenset(rules.scope["examined"]["limited"])

    def _entry(self, words: tuple[str, ...]) -> Entry:
        first, *others = words
        node = self._root.setdefault(first, {})
        for word in others:
            if word not in self._inside:
                node = node.setdefault(word, {})
        entry: Entry | None = node.get(_END)
        if entry is None:
            entry = node[_END] = Entry()
        return entry

    def _plain(self, words: tuple[str, ...]) -> bool:
        return self._inside.isdisjoint(words[1:])

    def look_up(self, words: Iterable[str]) -> Entry | None:
        """Return the entry of exactly these words."""
        node: dict[str, Any] | None = self._root
        for word in words:
            node = node.get(word) if node else None
        return node.get(_END) if node else None

    def scan(self, words: list[str]) -> list[Item]:
        """Return the longest phrases from left to right, not overlapping.

        Hyphens, de-identification marks and adverbs of degree may stand inside a phrase. The time
        is linear in the number of words: a walk never goes further than the longest phrase.
        """
        items: list[Item] = []
        root, inside = self._root, self._inside
        total, i = len(words), 0
        while i < total:
            node = root.get(words[i])
            if node is None:
                i += 1
                continue
            best, end, j, skipped = node.get(_END), i + 1, i + 1, 0
            while j < total:
                following = node.get(words[j])
                if following is None:
                    if skipped == 3 or words[j] not in inside:
                        break
                    skipped += 1
                    j += 1
                    continue
                node = following
                j += 1
                entry = node.get(_END)
                if entry is not None:
                    best, end = entry, j
            if best is None:
                i += 1
            else:
                items.append(Item(i, end, best))
                i = end
        return items


def _words_of(node: dict[str, Any]) -> Iterator[str]:
    for word, following in node.items():
        if word != _END:
            yield word
            yield from _words_of(following)


def _rule_phrases(rules: Rulebook) -> Iterator[tuple[str, str, Any]]:
    """Yield (phrase, field of `Entry`, value) for everything that the rule files list."""
    for cue in rules.cues:
        yield from ((phrase, "cue", cue) for phrase in cue.phrases)
    for change in rules.changes:
        yield from ((phrase, "change", change) for phrase in change.phrases)
    for role, phrases in rules.scope["role"].items():
        yield from ((phrase, "role", role) for phrase in spelled_out(phrases))
    for quality, phrases in rules.organs["quality"].items():
        yield from ((phrase, "quality", quality) for phrase in phrases)
    words = rules.attributes
    for side, phrases in words["side"].items():
        yield from ((phrase, "side", Side(side)) for phrase in phrases)
    for severity, phrases in words["severity"].items():
        yield from ((phrase, "severity", Severity(severity)) for phrase in phrases)
    once = spelled_out(words["historical"]["words"])
    yield from ((phrase, "time", "historical") for phrase in once)
    yield from ((phrase, "time", "prior") for phrase in words["prior"]["words"])
    past = spelled_out(words["in_the_past"]["words"])
    yield from ((phrase, "time", "past") for phrase in past)
    yield from ((phrase, "time", "study") for phrase in words["earlier_study"]["words"])
    for relative, phrases in words["relative_side"].items():
        yield from ((phrase, "relative", relative) for phrase in phrases)
    others = spelled_out(words["other_subject"]["words"])
    yield from ((phrase, "other_subject", True) for phrase in others)


@lru_cache(maxsize=8)
def load_lexicon(language: str = "en") -> Lexicon:
    """Return the lexicon of a language; it is built once per process.

    Raises:
        LanguageNotSupported: There are no rules in that language.
    """
    return Lexicon(load_vocabulary(language), load_rulebook(language))


__all__ = ["BREAKS", "VERBS", "Entry", "Item", "Lexicon", "load_lexicon"]
