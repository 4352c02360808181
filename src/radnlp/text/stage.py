"""The rule-based text stage: `Report` in, `TextReading` out."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from radnlp.errors import InputError, LanguageNotSupported, ReportTooLong
from radnlp.schema.entity import (
    Assertion,
    Cue,
    Entity,
    EntityKind,
    Relation,
    Temporality,
)
from radnlp.schema.notice import Notice
from radnlp.schema.reading import TextReading
from radnlp.schema.region import Provenance
from radnlp.schema.text import Report, Section, SectionKind, Span
from radnlp.text.assertion import ClauseReader, fold_unchanged, mark_other_subject
from radnlp.text.attributes import AttributeReader
from radnlp.text.lexicon import Item, load_lexicon
from radnlp.text.measurements import attach_measurements, find_measurements
from radnlp.text.mentions import Mention, MentionFinder
from radnlp.text.relations import Pair, find_relations
from radnlp.text.sections import SectionReader
from radnlp.text.sentences import split_sentences
from radnlp.text.tokens import Splitter, Tokens
from radnlp.version import __version__

_PROVENANCE = Provenance(producer="radnlp.text.rules", version=__version__)
_PAST_SECTIONS = frozenset({SectionKind.HISTORY, SectionKind.COMPARISON})
_ASKING_SECTIONS = {
    SectionKind.INDICATION: "section.indication",
    SectionKind.RECOMMENDATION: "section.recommendation",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTextOptions:
    """Options of `RuleText`.

    Attributes:
        language: ISO 639-1 code of the reports.
        max_characters: Longer reports are refused.

    Raises:
        InputError: ``max_characters`` is not positive.
    """

    language: str = "en"
    max_characters: int = 1_000_000

    def __post_init__(self) -> None:
        if self.max_characters < 1:
            raise InputError(f"max_characters must be at least 1, got {self.max_characters}")


class RuleText:
    """Reads reports by rules. Threads may share it.

    Args:
        options: Language and limits.

    Raises:
        LanguageNotSupported: There are no rules in that language.

    Examples:
        >>> reading = RuleText()(Report(text="Small left effusion. No pneumothorax."))
        >>> [(e.concept, str(e.assertion)) for e in reading.entities]
        [('pleural_effusion', 'present'), ('pneumothorax', 'absent')]
    """

    provenance = _PROVENANCE

    def __init__(self, options: RuleTextOptions | None = None) -> None:
        self.options = options or RuleTextOptions()
        self._lexicon = load_lexicon(self.options.language)
        self._sections = SectionReader(self._lexicon.rules.titles)
        self._find_mentions = MentionFinder(self._lexicon)
        self._split = Splitter()
        stable = self._lexicon.look_up(("unchanged",))
        if stable is None:
            raise InputError("the rules of change do not know 'unchanged'; it is needed")
        self._stable = Item(0, 1, stable)

    def __call__(self, report: Report) -> TextReading:
        """Return sections, entities and relations of a report.

        Raises:
            LanguageNotSupported: The report is in another language.
            ReportTooLong: The text is longer than ``max_characters``.
        """
        self._check(report)
        text = report.text
        if not text.strip():
            notice = Notice(
                name="EmptyReport",
                message="the report holds no text; nothing was read",
                source=report.id,
            )
            return TextReading(warnings=(notice,))
        sections = self._sections(text)
        tokens = self._split(text)
        items = self._lexicon.scan(tokens.words)
        entities: list[tuple[Mention, Section]] = []
        pairs: list[Pair] = []
        sized = "mm" in text.lower() or "cm" in text.lower() or "met" in text.lower()
        for sentence, phrases, section in _by_sentence(text, tokens, items, sections):
            mentions, found = self._read(text, tokens, sentence, phrases, sized=sized)
            _by_section(mentions, section)
            entities.extend((mention, section) for mention in mentions)
            pairs.extend(found)
        return self._assemble(text, tokens, sections, entities, pairs)

    def _check(self, report: Report) -> None:
        language = report.language
        if language is not None and language.split("-")[0].lower() != self.options.language:
            raise LanguageNotSupported(
                f"the report is marked as language {language!r}, this text stage reads "
                f"{self.options.language!r}; build it with RuleTextOptions(language=...)"
            )
        if len(report.text) > self.options.max_characters:
            raise ReportTooLong(
                f"the report has {len(report.text)} characters, the limit is "
                f"{self.options.max_characters}; split it, or raise "
                "RuleTextOptions.max_characters"
            )

    def _read(
        self,
        text: str,
        tokens: Tokens,
        sentence: tuple[int, int],
        items: list[Item],
        *,
        sized: bool,
    ) -> tuple[list[Mention], list[Pair]]:
        """Read one sentence: its mentions with all they carry, and how they belong together."""
        items = fold_unchanged(items, tokens.words, self._lexicon.before_change, self._stable)
        mentions = self._find_mentions(items, tokens.words)
        if mentions:
            ClauseReader(items, mentions, self._lexicon.lasting).read()
            AttributeReader(items, mentions).read()
            mark_other_subject(items, mentions)
            for mention in mentions:
                self._find_mentions.refine(mention)
        if not sized:
            return mentions, find_relations(mentions, [])
        found = find_measurements(text, tokens, sentence, items)
        sizes = attach_measurements(found, mentions)
        pairs = find_relations(mentions, sizes)
        return mentions + [size for _, size in found], pairs

    def _assemble(
        self,
        text: str,
        tokens: Tokens,
        sections: tuple[Section, ...],
        placed: list[tuple[Mention, Section]],
        pairs: list[Pair],
    ) -> TextReading:
        placed.sort(key=lambda pair: (pair[0].start, pair[0].end))
        ids = {mention: f"e{n}" for n, (mention, _) in enumerate(placed)}
        entities = tuple(
            self._entity(text, tokens, mention, section, ids[mention])
            for mention, section in placed
        )
        relations = tuple(
            Relation(head=ids[head], tail=ids[tail], kind=kind)
            for head, tail, kind in pairs
            if head in ids and tail in ids
        )
        return TextReading(sections=sections, entities=entities, relations=relations)

    def _entity(
        self, text: str, tokens: Tokens, mention: Mention, section: Section, id: str
    ) -> Entity:
        start, end = tokens.starts[mention.start], tokens.ends[mention.end - 1]
        cue = None
        if mention.cue is not None:
            first, last, rule = mention.cue
            span = Span(tokens.starts[first], tokens.ends[last - 1]) if last > first else None
            cue = Cue(span=span or section.title or section.span, rule=rule)
        return Entity(
            id=id,
            text=text[start:end],
            span=Span(start, end),
            section=section.kind,
            kind=mention.kind,
            concept=mention.concept,
            ancestors=self._lexicon.vocabulary.ancestors(mention.concept),
            assertion=mention.assertion,
            cue=cue,
            change=mention.change,
            temporality=mention.temporality,
            subject=mention.subject,
            side=mention.side,
            severity=mention.severity,
            locations=tuple(dict.fromkeys(mention.locations)),
            measurements=tuple(mention.measurements),
            provenance=_PROVENANCE,
        )


def _by_sentence(
    text: str, tokens: Tokens, items: list[Item], sections: tuple[Section, ...]
) -> list[tuple[tuple[int, int], list[Item], Section]]:
    """Return each sentence's words, phrases and section; sentences end where sections do."""
    starts = [item.start for item in items]
    found: list[tuple[tuple[int, int], list[Item], Section]] = []
    for section in sections:
        low = bisect_right(tokens.starts, section.span.start - 1)
        high = bisect_right(tokens.starts, section.span.end - 1)
        for begin, end in split_sentences(text, tokens, low, high):
            phrases = items[bisect_right(starts, begin - 1) : bisect_right(starts, end - 1)]
            phrases = [item for item in phrases if item.end <= end]
            if phrases or any(word[0].isdigit() for word in tokens.words[begin:end]):
                found.append(((begin, end), phrases, section))
    return found


def _by_section(mentions: list[Mention], section: Section) -> None:
    """Apply what a section says of all its mentions: the past, or what to look for."""
    if section.kind in _PAST_SECTIONS:
        for mention in mentions:
            mention.temporality = Temporality.HISTORICAL
    rule = _ASKING_SECTIONS.get(section.kind)
    if rule is None:
        return
    for mention in mentions:
        named = mention.kind in (EntityKind.FINDING, EntityKind.DEVICE)
        current = mention.temporality is Temporality.CURRENT
        if named and current and mention.assertion is Assertion.PRESENT:
            mention.assertion = Assertion.HYPOTHETICAL
            mention.cue = (0, 0, rule)


__all__ = ["RuleText", "RuleTextOptions"]
