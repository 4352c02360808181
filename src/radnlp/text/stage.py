"""The rule-based text stage: `Report` in, `TextReading` out."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from radnlp.errors import InputError, LanguageNotSupported, ReportTooLong
from radnlp.schema.entity import (
    Assertion,
    Cue,
    Entity,
    EntityKind,
    Measurement,
    Quantity,
    Relation,
    RelationKind,
    Side,
    Temporality,
)
from radnlp.schema.notice import Notice
from radnlp.schema.reading import TextReading
from radnlp.schema.region import Provenance
from radnlp.schema.text import Report, Section, SectionKind, Span
from radnlp.text.additions import load_lexicon_with
from radnlp.text.conclusions import conclude
from radnlp.text.reader import SentenceReader
from radnlp.text.sections import SectionReader
from radnlp.text.sentences import split_sentences
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.text.reader import Found, Sentence

# Short words that reports cannot do without: of English, and of German, French, Spanish, Italian,
# Portuguese and Dutch where English has no such word.
_ENGLISH = frozenset({"the", "of", "no", "and", "is", "are", "with", "there", "without", "or"})
_FOREIGN = frozenset(
    {
        "kein",
        "keine",
        "keinen",
        "und",
        "der",
        "das",
        "ist",
        "mit",
        "ohne",
        "nicht",
        "links",
        "rechts",
    }
    | {"pas", "le", "les", "une", "et", "du", "sans", "est", "el", "los", "las", "se", "sin", "del"}
    | {"y", "nessun", "nessuna", "non", "il", "della", "senza", "não", "sem", "da"}
    | {"geen", "het", "een", "van", "niet"}
)
_FUNCTION_WORDS = re.compile(rf"\b(?:{'|'.join(sorted(_ENGLISH | _FOREIGN))})\b")
_PROVENANCE = Provenance(producer="radnlp.text.rules", version=__version__)
_PAST_SECTIONS = frozenset({SectionKind.HISTORY, SectionKind.COMPARISON})
# An entity is made field by field: its constructor checks what is known to hold here, and would
# take a third of the time of a report. Fields that are not set here get their default.
_NEW = object.__new__
_GIVEN = (
    *("id", "span", "section", "cue", "measurements", "quantities", "assertion", "temporality"),
    *("text", "kind", "concept", "ancestors", "change", "subject", "side", "severity"),
    *("locations", "provenance"),
)
_OTHERS = tuple(field for field in fields(Entity) if field.name not in _GIVEN)
_PUT = tuple(getattr(Entity, name).__set__ for name in (*_GIVEN, *(f.name for f in _OTHERS)))
_LAST = (_PROVENANCE, *(field.default for field in _OTHERS))
_NOT_FINDINGS = _PAST_SECTIONS | {SectionKind.INDICATION, SectionKind.RECOMMENDATION}
_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})
Said = TypeVar("Said", Measurement, Quantity)
#: First character, one past the last, and section of a sentence.
Place: TypeAlias = tuple[int, int, Section]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTextOptions:
    """Options of `RuleText`.

    Attributes:
        language: ISO 639-1 code of the reports.
        max_characters: Longer reports are refused.
        remembered_sentences: Most sentences whose reading is kept, for archives repeat
            themselves; 0 reads every sentence anew. The outcome is the same.
        additions: A TOML file with more concepts, terms and rules, or ``None``.

    Raises:
        InputError: ``max_characters`` is not positive, or ``remembered_sentences`` negative.
    """

    language: str = "en"
    max_characters: int = 1_000_000
    remembered_sentences: int = 10_000
    additions: str | Path | None = None

    def __post_init__(self) -> None:
        if self.max_characters < 1:
            raise InputError(f"max_characters must be at least 1, got {self.max_characters}")
        if self.remembered_sentences < 0:
            raise InputError(
                f"remembered_sentences must be at least 0, got {self.remembered_sentences}"
            )


class RuleText:
    """Reads reports by rules. Threads may share it.

    Args:
        options: Language and limits.
        reader: Reads the sentences; ``None`` for one that the options describe.

    Raises:
        LanguageNotSupported: There are no rules in that language.

    Examples:
        >>> reading = RuleText()(Report(text="Small left effusion. No pneumothorax."))
        >>> [(e.concept, str(e.assertion)) for e in reading.entities]
        [('pleural_effusion', 'present'), ('pneumothorax', 'absent')]
    """

    provenance = _PROVENANCE

    def __init__(
        self, options: RuleTextOptions | None = None, *, reader: SentenceReader | None = None
    ) -> None:
        self.options = options or RuleTextOptions()
        lexicon = load_lexicon_with(self.options.language, self.options.additions)
        self._sections = SectionReader(lexicon.rules.titles, lexicon.rules.implicit_sections)
        self._reader = reader or SentenceReader(lexicon, self.options.remembered_sentences)

    def __call__(self, report: Report) -> TextReading:
        """Return sections, entities and relations of a report.

        Raises:
            LanguageNotSupported: The report is in another language.
            ReportTooLong: The text is longer than ``max_characters``.
        """
        return self.read(report)[0]

    def read(self, report: Report) -> tuple[TextReading, list[Place], list[Sentence]]:
        """Return what a call returns, the places of its sentences, and what these say.

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
            return TextReading(warnings=(notice,)), [], []
        sections = self._sections(text)
        entities: list[Entity] = []
        more: list[tuple[int, int, SectionKind]] = []
        relations: list[Relation] = []
        loose = _LooseSizes(entities)
        side: Side | None = None
        seen = 0  # of the entities before, the last side is known
        places = [
            (start, end, section)
            for section in sections
            for start, end in split_sentences(text, section.span.start, section.span.end)
        ]
        every = self._reader([text[start:end] for start, end, _ in places])
        for (start, end, section), said in zip(places, every, strict=True):
            if said.more or section.kind is SectionKind.RECOMMENDATION:
                more.append((start, end, section.kind))
            if said.relative:
                side, seen = _last_side(entities, seen) or side, len(entities)
                said = self._reader.after(text[start:end], side)  # noqa: PLW2901
            first = len(entities)
            for n, found in enumerate(said.found, first):
                entities.append(_entity(f"e{n}", start, found, section))
            for head, tail, kind in said.relations:
                relations.append(
                    Relation(head=f"e{first + head}", tail=f"e{first + tail}", kind=kind)
                )
            if said.loose:
                sizes = [(first + n, _moved(size, start)) for n, size in said.loose]
                relations.extend(loose.give(sizes, section.kind))
        loose.put()
        reading = TextReading(
            sections=sections,
            entities=tuple(entities),
            relations=tuple(relations),
            warnings=_other_language(report),
        )
        return conclude(text, more, reading), places, every

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


def _other_language(report: Report) -> tuple[Notice, ...]:
    """Say so if a report of no stated language does not look English."""
    if report.language is not None:
        return ()
    text = report.text
    lower = text.lower()
    foreign = False
    if not _FOREIGN.isdisjoint(lower.split()):
        words = _FUNCTION_WORDS.findall(lower)
        foreign = 2 * sum(word in _FOREIGN for word in words) > len(words)
    if not foreign and not text.isascii():
        letters = [letter for letter in text if letter.isalpha()]
        # Latin Extended-B ends at U+024F.
        foreign = 2 * sum(letter > "\u024f" for letter in letters) > len(letters)
    if not foreign:
        return ()
    notice = Notice(
        name="LanguageWarning",
        message="the report does not look English; it was read as English all the same",
        source=report.id,
    )
    return (notice,)


def _entity(id: str, offset: int, found: Found, section: Section) -> Entity:
    """Place what a sentence says in the report: its offset, and what its section makes of it."""
    start, end, said, measurements, distances, named, assertion, temporality, fixed = found
    cue = None
    if said is not None:
        cue = Cue(span=Span(offset + said[0], offset + said[1]), rule=said[2])
    if section.kind in _NOT_FINDINGS and named and temporality is Temporality.CURRENT:
        assertion, temporality = _by_section(section.kind, assertion)
        if cue is None and assertion is Assertion.HYPOTHETICAL:
            cue = Cue(span=section.title or section.span, rule=f"section.{section.kind}")
    entity = _NEW(Entity)
    values = (
        id,
        Span(offset + start, offset + end),
        section.kind,
        cue,
        tuple(_moved(size, offset) for size in measurements) if measurements else (),
        tuple(_moved(one, offset) for one in distances) if distances else (),
        assertion,
        temporality,
        *fixed,
        *_LAST,
    )
    for put, value in zip(_PUT, values, strict=True):
        put(entity, value)
    return entity


def _by_section(kind: SectionKind, assertion: Assertion) -> tuple[Assertion, Temporality]:
    """Return what a section makes of a current finding: the past, or what to look for.

    A history that asks ("history: ?fracture") is an indication.
    """
    doubtful = assertion in (Assertion.UNCERTAIN, Assertion.HYPOTHETICAL)
    if kind in _PAST_SECTIONS and not (doubtful and kind is SectionKind.HISTORY):
        return assertion, Temporality.HISTORICAL
    if assertion is Assertion.ABSENT:
        return assertion, Temporality.CURRENT
    return Assertion.HYPOTHETICAL, Temporality.CURRENT


def _last_side(entities: list[Entity], low: int) -> Side | None:
    sides = (entities[n].side for n in range(len(entities) - 1, low - 1, -1))
    return next((side for side in sides if side in (Side.LEFT, Side.RIGHT)), None)


class _LooseSizes:
    """Gives sizes to the last finding or device named before them in the same section.

    Every mention is looked at once, and every owner made anew once, so that the time stays linear.

    Args:
        entities: Of the report so far; it grows while the report is read.
    """

    def __init__(self, entities: list[Entity]) -> None:
        self._entities = entities
        self._seen = 0
        self._owner: int | None = None
        self._given: dict[int, list[Measurement]] = {}

    def give(
        self, sizes: list[tuple[int, Measurement]], section: SectionKind
    ) -> Iterator[Relation]:
        """Yield the relations of the owner of ``sizes`` with them, if it has one."""
        self._look_back(sizes[0][0], section)
        if self._owner is None:
            return
        self._given.setdefault(self._owner, []).extend(size for _, size in sizes)
        head = self._entities[self._owner].id
        for tail, _ in sizes:
            yield Relation(head=head, tail=f"e{tail}", kind=RelationKind.MEASURED_AS)

    def _look_back(self, end: int, section: SectionKind) -> None:
        """Find the owner among the mentions before ``end``; the old one holds if none is newer."""
        for n in range(end - 1, self._seen - 1, -1):
            entity = self._entities[n]
            named = entity.kind in _NAMED and entity.assertion is not Assertion.ABSENT
            if entity.section is not section or named:
                self._owner = n if named and entity.section is section else None
                break
        self._seen = end

    def put(self) -> None:
        """Put the sizes into their owners."""
        for n, given in self._given.items():
            owner = self._entities[n]
            self._entities[n] = replace(owner, measurements=(*owner.measurements, *given))


def _moved(said: Said, offset: int) -> Said:
    span = Span(said.span.start + offset, said.span.end + offset)
    return replace(said, span=span)


__all__ = ["RuleText", "RuleTextOptions"]
