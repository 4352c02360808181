"""The text stages with the language model.

================  ==============================================================================
stage             who does what
================  ==============================================================================
``text="neural"``  the model finds, names and asserts mentions; side, extent, change, sizes and
                  relations are read by the rules around them
``text="hybrid"``  the rules read as always; where they know no term, or only a part of a longer
                  name, the model's findings and devices are added as if the lexicon had them, so
                  the rules assert them too
================  ==============================================================================

A mention that the model found has a confidence (not calibrated) and says so in its provenance.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.errors import InputError
from radnlp.schema.entity import Assertion, EntityKind
from radnlp.schema.region import Confidence, Provenance
from radnlp.text.additions import load_lexicon_with
from radnlp.text.lexicon import Entry, Item
from radnlp.text.reader import SentenceReader
from radnlp.text.stage import RuleText, RuleTextOptions
from radnlp.text.tagger import Tagger
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from radnlp.schema.entity import Entity, Side
    from radnlp.schema.reading import TextReading
    from radnlp.schema.text import Report
    from radnlp.text.lexicon import Lexicon
    from radnlp.text.reader import Found, Sentence, Split
    from radnlp.text.tagger import Tag
    from radnlp.text.tokens import Tokens

_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})


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
    sureness: float = 0.45

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
        # Alone, the model has learned what statements about organs deny.
        super().__init__(lexicon, options.rules.remembered_sentences, organs=not alone)
        self._tagger = tagger
        self._options = options
        self._alone = alone

    def _read(self, sentences: Sequence[str], side: Side | None = None) -> list[Sentence]:
        marked = zip(sentences, self._tagger.read(sentences), strict=True)
        return [self._with_tags(self._split(one), tags, side) for one, tags in marked]

    def _with_tags(self, given: Split, tags: Sequence[Tag], side: Side | None) -> Sentence:
        tokens, items = given.tokens, self._lexicon.scan(given.words)
        own = list(self._own(tokens, items, tags))
        said = self._understand(given, self._together(items, own), side)
        added = {(tokens.starts[first], tokens.ends[last - 1]): tag for first, last, tag in own}
        found = said.found
        if self._alone:
            found = tuple([_claimed(one, added) for one in found])
        return said._replace(
            found=found, tags=tuple([(*place, tag) for place, tag in added.items()])
        )

    def _own(
        self, tokens: Tokens, items: list[Item], tags: Sequence[Tag]
    ) -> Iterator[tuple[int, int, Tag]]:
        """Yield first word, one past the last, and tag of what the lexicon leaves free."""
        for tag in tags:
            if tag.nearness < self._options.nearness or tag.sureness < self._options.sureness:
                continue
            if tag.kind not in _NAMED and not self._alone:
                continue
            first = bisect_right(tokens.ends, tag.start)
            last = bisect_left(tokens.starts, tag.end)
            near = [one for one in items if one.start < last and first < one.end]
            if first == last or any(one.entry.cue for one in near):
                continue
            # The model reads what stands in the mask of a removed identifier; it means nothing.
            if any(word.startswith("[**") for word in tokens.words[first:last]):
                continue
            if self._alone or self._goes_further(tag, first, last, near):
                yield first, last, tag

    def _goes_further(self, tag: Tag, first: int, last: int, near: Sequence[Item]) -> bool:
        """Tell whether a tag says more than the terms of the lexicon that it touches.

        It does if it holds all of them and more words, and names none of them.
        """
        known = [one for one in near if one.entry.concept is not None]
        if not known:
            return True
        inside = all(first <= one.start and one.end <= last for one in known)
        if not inside or any(one.end - one.start == last - first for one in known):
            return False
        # The lexicon may hold concepts of the user's own.
        return not any(
            tag.concept in (one.entry.concept, *self._ancestors.get(str(one.entry.concept), ()))
            for one in known
        )

    def _together(
        self, items: Sequence[Item], tagged: Sequence[tuple[int, int, Tag]]
    ) -> list[Item]:
        """Return the phrases of the lexicon and those that are tagged, the latter first."""
        own = [
            Item(first, last, Entry(concept=tag.concept, kind=tag.kind))
            for first, last, tag in tagged
        ]
        known = [
            item
            for item in items
            if not (self._alone and item.entry.concept is not None)
            and not any(item.start < one.end and one.start < item.end for one in own)
        ]
        return sorted([*known, *own], key=lambda item: (item.start, item.end))


def _claimed(found: Found, added: Mapping[tuple[int, int], Tag]) -> Found:
    """Let the model say what is claimed, in place of the rules."""
    tag = added.get((found.start, found.end))
    if tag is None or tag.assertion is None or not found.named:
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
        self.tagger = Tagger(self.options.weights, rules.remembered_sentences)
        reader = _TaggedReader(
            lexicon or load_lexicon_with(rules.language, rules.additions),
            self.tagger,
            self.options,
            alone=self._alone,
        )
        self._rules = RuleText(rules, reader=reader)
        self.provenance = Provenance(
            producer=self._producer, version=__version__, weights=self.tagger.weights
        )

    def __call__(self, report: Report) -> TextReading:
        """Return sections, entities and relations of a report.

        Raises:
            LanguageNotSupported: The report is in another language.
            ReportTooLong: The text is longer than the options allow.
        """
        reading, places, sentences = self._rules.read(report)
        added = {
            (start + first, start + last): tag
            for (start, _, _), said in zip(places, sentences, strict=True)
            for first, last, tag in said.tags
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


__all__ = ["HybridText", "NeuralText", "TaggerOptions"]
