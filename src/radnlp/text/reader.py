"""Reads one sentence: every step in its order. The outcome depends on the sentence alone."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from radnlp.schema.entity import EntityKind, RelationKind, Side
from radnlp.text.assertion import ClauseReader, mark_other_subject
from radnlp.text.attributes import AttributeReader
from radnlp.text.denial import Folder
from radnlp.text.lexicon import Entry, Item, Lexicon
from radnlp.text.measurements import find_measurements, has_size
from radnlp.text.mentions import Mention, MentionFinder
from radnlp.text.organs import OrganReader
from radnlp.text.owners import OwnerReader
from radnlp.text.refinement import Refiner
from radnlp.text.relations import Pair, find_relations
from radnlp.text.tokens import Tokens, split
from radnlp.text.triggers import says_more

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.schema.entity import Assertion, Measurement, Quantity, Temporality
    from radnlp.text.measurements import Size
    from radnlp.text.tagger import Tag

_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})
_MASKED = "xxxx"
_OPPOSITE = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
# A sentence that begins with one of these and names nothing gives sizes of what was named before.
_REFERRING = frozenset(
    {"it", "this", "these", "they", "which", "measures", "measuring", "measured", "previously"}
    | {"size", "now", "currently", "today", "prior", "formerly", "largest", "the"}
)


class Found(NamedTuple):
    """One mention of a sentence. Offsets count from the sentence's start.

    Attributes:
        start: First character.
        end: One past the last.
        cue: Start, end and rule of what decided the assertion; an empty range for the section.
        measurements: Sizes said of it, their spans counted from the sentence's start.
        distances: Distances said of it, likewise.
        named: Whether it is a finding or a device.
        assertion: What the sentence claims.
        temporality: When it holds.
        fixed: The remaining fields of `Entity`, as `radnlp.text.stage` orders them.
    """

    start: int
    end: int
    cue: tuple[int, int, str] | None
    measurements: tuple[Measurement, ...]
    distances: tuple[Quantity, ...]
    named: bool
    assertion: Assertion
    temporality: Temporality
    fixed: tuple[object, ...]


class Sentence(NamedTuple):
    """What one sentence says.

    Attributes:
        found: Its mentions in reading order.
        relations: (head, tail, kind), by number in ``found``.
        relative: Whether it needs to know which side was said before it ("contralateral").
        loose: Sizes of what an earlier sentence names ("It measures 9 mm."), by number in
            ``found``.
        more: Whether it may hold a recommendation, a score, a count or a quantity.
        tags: What a model marked in it: start and end in the sentence, and the tag.
    """

    found: tuple[Found, ...] = ()
    relations: tuple[tuple[int, int, RelationKind], ...] = ()
    relative: bool = False
    loose: tuple[tuple[int, Measurement], ...] = ()
    more: bool = False
    tags: tuple[tuple[int, int, Tag], ...] = ()


class Split(NamedTuple):
    """A sentence in words.

    Attributes:
        sentence: As it stands in the report.
        tokens: Its words and their places.
        words: The same words as the rules read them: typos corrected, identifiers masked.
        sized: Whether it holds a size or distance.
    """

    sentence: str
    tokens: Tokens
    words: list[str]
    sized: bool


_NOTHING = Sentence()
_MORE = Sentence(more=True)


class SentenceReader:
    """Reads sentences and remembers them, for archives repeat themselves. Threads may share it.

    A reader that knows more than the lexicon overrides `_read`, and nothing else.

    Args:
        lexicon: Vocabulary and rules.
        remembered: Most sentences to remember; 0 for none.
        organs: Whether statements about organs ("the lungs are clear") deny findings.
    """

    def __init__(self, lexicon: Lexicon, remembered: int, *, organs: bool = True) -> None:
        self._lexicon = lexicon
        self._find_mentions = MentionFinder(lexicon)
        self._state_organs = OrganReader(lexicon) if organs else None
        self._refiner = Refiner(lexicon)
        self._fold = Folder(lexicon)
        vocabulary = lexicon.vocabulary
        self._ancestors = {concept.id: vocabulary.ancestors(concept.id) for concept in vocabulary}
        self._remembered = remembered
        self._known: dict[str, Sentence] = {}

    def __call__(self, sentences: Sequence[str]) -> list[Sentence]:
        """Return what each sentence says, read by itself."""
        known = self._known
        try:
            return [known[one] for one in sentences]
        except KeyError:
            fresh = [one for one in dict.fromkeys(sentences) if one not in known]
        said = dict(zip(fresh, self._read(fresh), strict=True))
        found = [said[one] if one in said else known[one] for one in sentences]
        if self._remembered:
            if len(known) + len(said) > self._remembered:
                self._known = dict(islice(said.items(), self._remembered))
            else:
                known.update(said)
        return found

    def after(self, sentence: str, side: Side | None) -> Sentence:
        """Return what ``sentence`` says after one that spoke of a side."""
        return self._read([sentence], side)[0]

    def _read(self, sentences: Sequence[str], side: Side | None = None) -> list[Sentence]:
        """Read sentences that are not remembered; the hook of readers that know more."""
        said = []
        for sentence in sentences:
            split_up = self._split(sentence)
            said.append(self._understand(split_up, self._lexicon.scan(split_up.words), side))
        return said

    def _split(self, sentence: str) -> Split:
        """Return a sentence in the words that the lexicon is searched for."""
        tokens = split(sentence)
        words = self._lexicon.typos.corrected(tokens.words)
        sized = has_size(tokens.words)
        if sized and "," in sentence:
            words = _with_points(words, tokens)
        if "[**" in sentence:
            words = [_MASKED if word.startswith("[**") else word for word in words]
        return Split(sentence, tokens, words, sized)

    def _understand(self, given: Split, items: list[Item], side: Side | None) -> Sentence:
        """Return what a sentence says, given the phrases in it."""
        sentence, tokens, words, sized = given
        relative = False
        for item in items:
            if item[2].relative:
                relative = True
        if relative:
            items = _with_sides(items, side)
        items = self._fold(items, words)
        if not sized:
            mentions = self._mentions(items, words)
            return self._said(sentence, tokens, mentions, find_relations(mentions, []), relative)
        sizes = find_measurements(sentence, tokens, (0, len(words)), items)
        mentions = self._mentions(items, words, sizes)
        owned = OwnerReader(words, items, mentions).read(sizes)
        pairs = find_relations(mentions, owned.sizes)
        if sizes:
            mentions = sorted([*mentions, *(size for _, size in sizes)], key=_order)
        said = self._said(sentence, tokens, mentions, pairs, relative)
        if owned.distances:
            said = said._replace(found=_with_distances(said.found, mentions, owned.distances))
        if sizes and len(mentions) == len(sizes) and words[0] in _REFERRING:
            said = said._replace(loose=_loose(mentions, sizes))
        return said

    def _mentions(
        self,
        items: list[Item],
        words: list[str],
        sizes: Sequence[Size] = (),
    ) -> list[Mention]:
        """Return the mentions with all they carry but sizes."""
        mentions = self._find_mentions(items, words) if items else []
        if mentions:
            if self._state_organs is not None:
                mentions = self._state_organs(items, mentions)
            self._refiner.measure(mentions, sizes)
            ClauseReader(items, mentions, words, self._lexicon).read()
            AttributeReader(items, words, mentions).read()
            mark_other_subject(items, mentions)
            self._refiner.refine(mentions)
        return mentions

    def _said(
        self,
        sentence: str,
        tokens: Tokens,
        mentions: list[Mention],
        pairs: list[Pair],
        relative: bool,  # noqa: FBT001  (a field of the outcome)
    ) -> Sentence:
        more = says_more(tokens.words)
        if not mentions:
            return _MORE if more else _NOTHING
        found = tuple([self._found(sentence, tokens.starts, tokens.ends, m) for m in mentions])
        return Sentence(found, _numbered(mentions, pairs), relative, more=more)

    def _found(self, sentence: str, starts: list[int], ends: list[int], mention: Mention) -> Found:
        start, end = starts[mention.start], ends[mention.end - 1]
        cue = None
        if mention.cue is not None:
            first, last, rule = mention.cue
            cue = (starts[first], ends[last - 1], rule)
        return Found(
            start,
            end,
            cue,
            tuple(mention.measurements) if mention.measurements else (),
            (),
            mention.kind in _NAMED,
            mention.assertion,
            mention.temporality,
            (
                sentence[start:end],
                mention.kind,
                mention.concept,
                self._ancestors.get(mention.concept, ()),
                mention.change,
                mention.subject,
                mention.side,
                mention.severity,
                tuple(dict.fromkeys(mention.locations)) if mention.locations else (),
            ),
        )


def _with_points(words: list[str], tokens: Tokens) -> list[str]:
    """Return the words, the comma of "1,2 cm" as a point: it is no joint of a list."""
    return [
        "."
        if word == "," and _is_decimal(words, n) and tokens.ends[n - 1] + 1 == tokens.starts[n + 1]
        else word
        for n, word in enumerate(words)
    ]


def _is_decimal(words: list[str], n: int) -> bool:
    """Tell whether digits stand on both sides of the comma at word ``n``."""
    return 0 < n < len(words) - 1 and words[n - 1].isdigit() and words[n + 1].isdigit()


def _order(mention: Mention) -> tuple[int, int]:
    return (mention.start, mention.end)


def _with_sides(items: list[Item], side: Side | None) -> list[Item]:
    """Give "contralateral" and "same side" the side they mean, counted from the last one said."""
    known: list[Item] = []
    for item in items:
        relative = item.entry.relative
        if relative and side in _OPPOSITE:
            meant = _OPPOSITE[side] if relative == "opposite" else side
            known.append(Item(item.start, item.end, Entry(side=meant)))
        else:
            known.append(item)
            side = item.entry.side or item.entry.term_side or side
    return known


def _loose(mentions: list[Mention], sizes: list[Size]) -> tuple[tuple[int, Measurement], ...]:
    return tuple((mentions.index(mention), size) for size, mention in sizes)


def _with_distances(
    found: tuple[Found, ...], mentions: list[Mention], distances: list[tuple[Mention, Quantity]]
) -> tuple[Found, ...]:
    held: dict[Mention, list[Quantity]] = {}
    for mention, distance in distances:
        held.setdefault(mention, []).append(distance)
    return tuple(
        one._replace(distances=tuple(held[mention])) if mention in held else one
        for one, mention in zip(found, mentions, strict=True)
    )


def _numbered(
    mentions: list[Mention], pairs: list[Pair]
) -> tuple[tuple[int, int, RelationKind], ...]:
    if not pairs:
        return ()
    numbers = {mention: n for n, mention in enumerate(mentions)}
    return tuple(
        (numbers[head], numbers[tail], kind)
        for head, tail, kind in pairs
        if head in numbers and tail in numbers
    )


__all__ = ["Found", "Sentence", "SentenceReader", "Split"]
