"""The language model as it marks a sentence: which words are mentions, of what, claimed how."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import torch

from radnlp.nets.language import (
    ASSERTIONS,
    KINDS,
    LONGEST,
    load_language,
    pieces_of,
    tag_names,
)
from radnlp.schema.entity import Assertion, EntityKind
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


#: Texts that go through the network at once.
_BATCH = 32


class Tag(NamedTuple):
    """A mention as the model sees it. Offsets count from the sentence's start.

    Attributes:
        start: First character.
        end: One past the last.
        kind: What is named.
        concept: The nearest concept of that kind.
        assertion: What is claimed of it; ``None`` in a sentence that was read in parts, where a
            denial may stand in another part.
        sureness: How likely the words name something of that kind, 0 to 1, times the cosine of the
            concept; not calibrated.
        nearness: Cosine of the words with the concept.
    """

    start: int
    end: int
    kind: EntityKind
    concept: str
    assertion: Assertion | None
    sureness: float
    nearness: float


class Tagger:
    """Marks mentions in sentences. Threads may share it.

    Args:
        weights: A file, a folder, or the name of shipped weights.
        remembered: Most phrases whose nearest concept is kept; 0 names every phrase anew. The
            outcome is the same.

    Raises:
        ModelNotFound: There are no such weights.
        ModelRejected: They do not fit.
    """

    def __init__(self, weights: str | Path = "language-mini0", remembered: int = 10_000) -> None:
        loaded = load_language(weights)
        self._net, self._tokenizer = loaded.net, loaded.tokenizer
        self.weights = loaded.weights.name
        self._remembered = remembered
        self._named: dict[tuple[str, EntityKind], tuple[str, float]] = {}
        self._concepts = tuple(loaded.weights.card["named"])
        vocabulary = load_vocabulary()
        kinds = [vocabulary.get(id).kind if id in vocabulary else None for id in self._concepts]
        self._of_kind = {
            EntityKind(kind): torch.tensor([one == kind for one in kinds]) for kind in KINDS
        }

    def __call__(self, sentence: str) -> tuple[Tag, ...]:
        """Return the mentions of a sentence in reading order."""
        return self.read([sentence])[0]

    def read(self, sentences: Sequence[str]) -> list[tuple[Tag, ...]]:
        """Return the mentions of each sentence; equal sentences are read once, all in batches.

        A sentence of more word pieces than the network holds is read in parts.
        """
        found = self._read(sorted(set(sentences)))
        return [found[one] for one in sentences]

    def _read(self, sentences: list[str]) -> dict[str, tuple[Tag, ...]]:
        # By length, so that little of a batch is filling.
        parts = sorted(
            ((one, start, text) for one in sentences for start, text in self._parts(one)),
            key=lambda part: len(part[2]),
        )
        found: dict[str, list[Tag]] = {one: [] for one in sentences}
        for first in range(0, len(parts), _BATCH):
            some = parts[first : first + _BATCH]
            for (sentence, start, text), tags in zip(
                some, self._tags([text for _, _, text in some]), strict=True
            ):
                whole = len(text) == len(sentence)
                found[sentence].extend(
                    tag
                    if whole
                    else tag._replace(start=start + tag.start, end=start + tag.end, assertion=None)
                    for tag in tags
                )
        return {one: tuple(sorted(tags, key=_place)) for one, tags in found.items()}

    def _parts(self, sentence: str) -> Iterator[tuple[int, str]]:
        """Yield start and text of the parts that the network can hold, cut before a word."""
        offsets = self._tokenizer.encode(sentence, add_special_tokens=False).offsets
        most = LONGEST - 2  # beside the pieces that begin and end a text
        first = begin = 0
        while len(offsets) - first > most:
            last = first + most
            words = (n for n in range(last, first, -1) if sentence[offsets[n][0] - 1].isspace())
            last = next(words, last)
            end = max(begin + 1, offsets[last][0])
            yield begin, sentence[begin:end]
            first, begin = last, end
        yield begin, sentence[begin:]

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
        named = self._name(words)
        return [
            tuple(
                _tag(one, claims[row], *named[sentence[one.start : one.end], one.kind])
                for one in marks
            )
            for row, (sentence, marks) in enumerate(zip(sentences, found, strict=True))
        ]

    def _name(
        self, words: Iterable[tuple[str, EntityKind]]
    ) -> Mapping[tuple[str, EntityKind], tuple[str, float]]:
        """Return a table with the nearest concept, and its cosine, of all these words."""
        # Another thread may put a new table there meanwhile; this one stays as it is.
        known = self._named
        new = sorted(one for one in words if one not in known)
        named: dict[tuple[str, EntityKind], tuple[str, float]] = {}
        for first in range(0, len(new), _BATCH):
            some = new[first : first + _BATCH]
            ids, mask, _ = pieces_of(self._tokenizer, [text for text, _ in some])
            with torch.inference_mode():
                near = self._net.near_concepts(self._net.phrase_of(ids, mask))
            for row, one in enumerate(some):
                fitting = near[row].masked_fill(~self._of_kind[one[1]], -1.0)
                best = int(fitting.argmax())
                named[one] = (self._concepts[best], float(fitting[best]))
        if named:
            kept = known if len(known) + len(named) <= self._remembered else {}
            self._named = kept | dict(islice(named.items(), self._remembered))
        return ChainMap(named, known)

    def nearest(self, phrases: Sequence[str]) -> list[str]:
        """Return the nearest concept of each bare phrase, of whatever kind."""
        found: list[str] = []
        for first in range(0, len(phrases), _BATCH):
            ids, mask, _ = pieces_of(self._tokenizer, phrases[first : first + _BATCH])
            with torch.inference_mode():
                near = self._net.near_concepts(self._net.phrase_of(ids, mask))
            found.extend(self._concepts[int(best)] for best in near.argmax(dim=-1))
        return found


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


def _place(tag: Tag) -> tuple[int, int]:
    return tag.start, tag.end


def _tag(mark: _Mark, claims: torch.Tensor, concept: str, nearness: float) -> Tag:
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
