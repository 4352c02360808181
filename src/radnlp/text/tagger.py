"""The language model as it marks a sentence: which words are mentions, of what, claimed how."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import torch

from radnlp.nets.language import ASSERTIONS, KINDS, load_language, pieces_of, tag_names
from radnlp.schema.entity import Assertion, EntityKind
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


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
        self._concepts = tuple(loaded.weights.card["named"])
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

    def nearest(self, phrases: Sequence[str]) -> list[str]:
        """Return the nearest concept of each bare phrase, of whatever kind."""
        found: list[str] = []
        for first in range(0, len(phrases), _BATCH):
            ids, mask, _ = pieces_of(self._tokenizer, phrases[first : first + _BATCH])
            with torch.inference_mode():
                near = self._net.near_concepts(self._net.phrase_of(ids, mask))
            found.extend(self._concepts[int(best)] for best in near.argmax(dim=-1))
        return found

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


__all__ = ["Tag", "Tagger"]
