"""The learned tagger: mentions that no lexicon has, found and named by the language model.

================  ==============================================================================
stage             who does what
================  ==============================================================================
``text="neural"``  the model finds, names and asserts mentions; side, extent, change, sizes and
                  relations are read by the rules around them
``text="hybrid"``  the rules read as always; where they know no term, the model's findings and
                  devices are added as if the lexicon had them, so the rules assert them too
================  ==============================================================================

A mention that the model found has a confidence (not calibrated) and says so in its provenance.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from radnlp.errors import InputError
from radnlp.nets.language import ASSERTIONS, KINDS, load_language, pieces_of, tag_names
from radnlp.schema.entity import Assertion, EntityKind
from radnlp.schema.region import Confidence, Provenance
from radnlp.text.additions import load_lexicon_with
from radnlp.text.lexicon import Entry, Item
from radnlp.text.reader import Found, Sentence, SentenceReader
from radnlp.text.sentences import split_sentences
from radnlp.text.stage import RuleText, RuleTextOptions
from radnlp.text.tokens import Tokens, split
from radnlp.version import __version__
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from radnlp.schema.entity import Entity, Side
    from radnlp.schema.reading import TextReading
    from radnlp.schema.text import Report
    from radnlp.text.lexicon import Lexicon

#: Texts that go through the network at once.
_BATCH = 32
_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})


class Tag(NamedTuple):
    """A mention as the model sees it. Offsets count from the sentence's start.

    Attributes:
        start: First character.
        end: One past the last.
        kind: What is named.
        concept: The nearest concept of that kind.
        assertion: What is claimed of it.
        sureness: How likely the words name something of that kind, 0 to 1, times the cosine of the
            concept; not calibrated.
        nearness: Cosine of the words with the concept.
    """

    start: int
    end: int
    kind: EntityKind
    concept: str
    assertion: Assertion
    sureness: float
    nearness: float


class Tagger:
    """Marks mentions in sentences and remembers what it has read. Threads may share it.

    Args:
        weights: A file, a folder, or the name of shipped weights.
        remembered: Most sentences whose tags are kept.

    Raises:
        ModelNotFound: There are no such weights.
        ModelRejected: They do not fit.
    """

    def __init__(self, weights: str | Path = "language-mini0", remembered: int = 10_000) -> None:
        loaded = load_language(weights)
        self._net, self._tokenizer = loaded.net, loaded.tokenizer
        self.weights = loaded.weights.name
        self._remembered = remembered
        self._known: dict[str, tuple[Tag, ...]] = {}
        self._named: dict[tuple[str, EntityKind], tuple[str, float]] = {}
        self._concepts = tuple(loaded.weights.card["concepts"])
        vocabulary = load_vocabulary()
        kinds = [vocabulary.get(id).kind if id in vocabulary else None for id in self._concepts]
        self._of_kind = {
            EntityKind(kind): torch.tensor([one == kind for one in kinds]) for kind in KINDS
        }
        self._lock = threading.Lock()

    def __call__(self, sentence: str) -> tuple[Tag, ...]:
        """Return the mentions of a sentence in reading order."""
        return self.read([sentence])[0]

    def read(self, sentences: Sequence[str]) -> list[tuple[Tag, ...]]:
        """Return the mentions of each sentence; those not known yet are read in batches."""
        known = self._known
        # By length, so that little of a batch is filling.
        new = sorted({one for one in sentences if one not in known}, key=len)
        fresh: dict[str, tuple[Tag, ...]] = {}
        for first in range(0, len(new), _BATCH):
            some = new[first : first + _BATCH]
            fresh |= dict(zip(some, self._tags(some), strict=True))
        found = [known[one] if one in known else fresh[one] for one in sentences]
        with self._lock:
            if len(known) + len(fresh) > self._remembered:
                self._known = {}
            self._known |= fresh
        return found

    def _tags(self, sentences: list[str]) -> list[tuple[Tag, ...]]:
        ids, mask, offsets = pieces_of(self._tokenizer, sentences)
        with torch.inference_mode():
            output = self._net(ids, mask)
            tags = torch.softmax(output.tags, dim=-1)
            claims = torch.softmax(output.assertions, dim=-1)
        found = [
            list(_mentions(sentence, offsets[row], tags[row]))
            for row, sentence in enumerate(sentences)
        ]
        words = {
            (sentence[one.start : one.end], one.kind)
            for sentence, marks in zip(sentences, found, strict=True)
            for one in marks
        }
        self._name(words)
        return [
            tuple(self._tag(sentence, one, claims[row]) for one in marks)
            for row, (sentence, marks) in enumerate(zip(sentences, found, strict=True))
        ]

    def _tag(self, sentence: str, mark: _Mark, claims: torch.Tensor) -> Tag:
        concept, nearness = self._named[sentence[mark.start : mark.end], mark.kind]
        claim = claims[mark.pieces].mean(dim=0).argmax()
        return Tag(
            start=mark.start,
            end=mark.end,
            kind=mark.kind,
            concept=concept,
            assertion=Assertion(ASSERTIONS[int(claim)]),
            sureness=max(0.0, min(1.0, mark.sureness * nearness)),
            nearness=nearness,
        )

    def _name(self, words: Iterable[tuple[str, EntityKind]]) -> None:
        """Find the nearest concept for words that were not named yet."""
        if len(self._named) > self._remembered:
            self._named = {}
        new = sorted(one for one in words if one not in self._named)
        for first in range(0, len(new), _BATCH):
            some = new[first : first + _BATCH]
            ids, mask, _ = pieces_of(self._tokenizer, [text for text, _ in some])
            with torch.inference_mode():
                near = self._net.near_concepts(self._net.phrase_of(ids, mask))
            for row, one in enumerate(some):
                fitting = near[row].masked_fill(~self._of_kind[one[1]], -1.0)
                best = int(fitting.argmax())
                self._named[one] = (self._concepts[best], float(fitting[best]))

    def meanings(self, texts: Sequence[str]) -> torch.Tensor:
        """Return where sentences lie, shape (n, 128), of length 1."""
        lie = []
        for first in range(0, len(texts), _BATCH):
            ids, mask, _ = pieces_of(self._tokenizer, texts[first : first + _BATCH])
            with torch.inference_mode():
                lie.append(self._net.meaning_of(ids, mask))
        return torch.cat(lie) if lie else torch.zeros(0, self._net.shape.meaning_width)


@dataclass(slots=True)
class _Mark:
    """Pieces that belong together."""

    start: int
    end: int
    kind: EntityKind
    chance: list[float] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)

    @property
    def sureness(self) -> float:
        return sum(self.chance) / len(self.chance)


def _mentions(
    sentence: str, offsets: Sequence[tuple[int, int]], tags: torch.Tensor
) -> Iterable[_Mark]:
    """Yield the runs of pieces that are tagged as one mention, grown to whole words."""
    best = tags.argmax(dim=-1).tolist()
    names = tag_names()
    running: _Mark | None = None
    for piece, (start, end) in enumerate(offsets):
        if start == end:
            continue
        # A piece within a word goes the way of the word.
        within = running is not None and start == running.end and sentence[start].isalnum()
        within = within and sentence[start - 1].isalnum()
        place, _, kind = names[best[piece]].partition("-")
        if running is not None and (within or (place == "I" and kind == running.kind)):
            running.end = end
        elif place == "O" or (
            start and sentence[start - 1].isalnum() and sentence[start].isalnum()
        ):
            if running is not None:
                yield running
            running = None
            continue
        else:
            if running is not None:
                yield running
            running = _Mark(start, end, EntityKind(kind))
        running.pieces.append(piece)
        running.chance.append(float(tags[piece, best[piece]]) if place != "O" else 0.0)
    if running is not None:
        yield running


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggerOptions:
    """Options of `NeuralText` and `HybridText`.

    Attributes:
        rules: Language and limits of the rules around the model.
        weights: A file, a folder, or the name of shipped weights.
        nearness: Least cosine of a mention with its concept; below it there is no mention.
        sureness: Least sureness of a mention.

    Raises:
        InputError: A least value is not between 0 and 1.
    """

    rules: RuleTextOptions = field(default_factory=RuleTextOptions)
    weights: str | Path = "language-mini0"
    nearness: float = 0.5
    sureness: float = 0.4

    def __post_init__(self) -> None:
        if not (0 <= self.nearness <= 1 and 0 <= self.sureness <= 1):
            raise InputError(
                f"nearness and sureness lie between 0 and 1, got {self.nearness}, {self.sureness}"
            )


class _TaggedReader(SentenceReader):
    """Reads a sentence with the model's mentions among the phrases of the lexicon."""

    def __init__(
        self, lexicon: Lexicon, tagger: Tagger, options: TaggerOptions, *, alone: bool
    ) -> None:
        super().__init__(lexicon, options.rules.remembered_sentences)
        self._tagger = tagger
        self._options = options
        self._alone = alone
        if alone:
            # The model has learned what statements about organs deny.
            self._state_organs = lambda _, mentions: mentions  # type: ignore[assignment]

    def added(self, sentence: str) -> dict[tuple[int, int], Tag]:
        """Return the mentions that the model adds to a sentence, by start and end."""
        tokens = split(sentence)
        items = super()._scan(sentence, tokens, self._lexicon.typos.corrected(tokens.words))
        return {
            (tokens.starts[first], tokens.ends[last - 1]): tag
            for first, last, tag in self._own(sentence, tokens, items)
        }

    def _own(
        self, sentence: str, tokens: Tokens, items: list[Item]
    ) -> Iterator[tuple[int, int, Tag]]:
        """Yield first word, one past the last, and tag of what the lexicon leaves free."""
        taken = [one for one in items if one.entry.cue or (one.entry.concept and not self._alone)]
        for tag in self._tagger(sentence):
            if tag.nearness < self._options.nearness or tag.sureness < self._options.sureness:
                continue
            if tag.kind not in _NAMED and not self._alone:
                continue
            first = bisect_right(tokens.ends, tag.start)
            last = bisect_left(tokens.starts, tag.end)
            if first < last and not any(one.start < last and first < one.end for one in taken):
                yield first, last, tag

    def _scan(self, sentence: str, tokens: Tokens, words: list[str]) -> list[Item]:
        items = super()._scan(sentence, tokens, words)
        own = [
            Item(first, last, Entry(concept=tag.concept, kind=tag.kind))
            for first, last, tag in self._own(sentence, tokens, items)
        ]
        known = [
            item
            for item in items
            if not (self._alone and item.entry.concept is not None)
            and not any(item.start < one.end and one.start < item.end for one in own)
        ]
        return sorted([*known, *own], key=lambda item: (item.start, item.end))

    def _read(self, sentence: str, side: Side | None = None) -> Sentence:
        said = super()._read(sentence, side)
        if not self._alone or not said.found:
            return said
        added = self.added(sentence)
        return said._replace(found=tuple([_claimed(found, added) for found in said.found]))


def _claimed(found: Found, added: Mapping[tuple[int, int], Tag]) -> Found:
    """Let the model say what is claimed, in place of the rules."""
    tag = added.get((found.start, found.end))
    if tag is None or not found.named:
        return found
    cue = None if tag.assertion is Assertion.PRESENT else (found.start, found.end, "neural")
    return found._replace(assertion=tag.assertion, cue=cue)


class HybridText:
    """Reads reports by rules, and adds what only the model knows. Threads may share it.

    Args:
        options: All have defaults.
        lexicon: Vocabulary and rules in place of the usual ones.

    Raises:
        LanguageNotSupported: There are no rules in that language.
        ModelNotFound: There are no such weights.
    """

    _alone = False
    _producer = "radnlp.text.hybrid"

    def __init__(
        self, options: TaggerOptions | None = None, *, lexicon: Lexicon | None = None
    ) -> None:
        self.options = options or TaggerOptions()
        rules = self.options.rules
        self.tagger = Tagger(self.options.weights, rules.remembered_sentences or 1)
        self._rules = RuleText(rules)
        self._reader = _TaggedReader(
            lexicon or load_lexicon_with(rules.language, rules.additions),
            self.tagger,
            self.options,
            alone=self._alone,
        )
        self._rules._sentence = self._reader
        self.provenance = Provenance(
            producer=self._producer, version=__version__, weights=self.tagger.weights
        )

    def __call__(self, report: Report) -> TextReading:
        """Return sections, entities and relations of a report.

        Raises:
            LanguageNotSupported: The report is in another language.
            ReportTooLong: The text is longer than the options allow.
        """
        text = report.text
        self._rules._check(report)
        places = [
            place
            for section in self._rules._sections(text)
            for place in split_sentences(text, section.span.start, section.span.end)
        ]
        self.tagger.read([text[start:end] for start, end in places])
        reading = self._rules(report)
        added = {
            (start + first, start + last): tag
            for start, end in places
            for (first, last), tag in self._reader.added(text[start:end]).items()
        }
        if not added:
            return reading
        return replace(
            reading, entities=tuple([self._signed(one, added) for one in reading.entities])
        )

    def _signed(self, entity: Entity, added: Mapping[tuple[int, int], Tag]) -> Entity:
        """Say of a mention that the model found it, and how sure it is."""
        tag = added.get((entity.span.start, entity.span.end))
        if tag is None or tag.kind is not entity.kind:
            return entity
        return replace(
            entity,
            confidence=Confidence(value=round(tag.sureness, 4), calibrated=False),
            provenance=self.provenance,
        )


class NeuralText(HybridText):
    """Reads reports by the model: it finds, names and asserts; the rules read the rest.

    Args:
        options: All have defaults.
        lexicon: Rules in place of the usual ones; its terms are not used.

    Raises:
        LanguageNotSupported: There are no rules in that language.
        ModelNotFound: There are no such weights.
    """

    _alone = True
    _producer = "radnlp.text.neural"


__all__ = ["HybridText", "NeuralText", "Tag", "Tagger", "TaggerOptions"]
