"""What a report tells, in the shape that the checks ask for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, Entity, EntityKind, Severity, Side, Subject
from radnlp.schema.inconsistency import Inconsistency
from radnlp.schema.text import SectionKind
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from radnlp.schema.exam import Exam
    from radnlp.schema.text import Section, Span
    from radnlp.text.consistency.book import Checkbook

OTHER_SIDE = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
#: The text stage cuts sentences at this length; it keeps the time linear.
_SENTENCE = 2000
_LARGE = (Severity.MODERATE, Severity.LARGE, Severity.SEVERE)


class Told:
    """A report, its mentions, and what is known of its examination.

    Args:
        text: The report's text.
        sections: Its sections.
        entities: Its mentions.
        exam: What is known from elsewhere.
        book: The rules.
    """

    def __init__(
        self,
        text: str,
        sections: Sequence[Section],
        entities: Sequence[Entity],
        exam: Exam,
        book: Checkbook,
    ) -> None:
        self.text = text
        self.sections = sections
        self.entities = entities
        self.exam = exam
        self.book = book

    @cached_property
    def current(self) -> tuple[Entity, ...]:
        """Findings and devices of the patient, now, but for the background sections."""
        return tuple(
            entity
            for entity in self.entities
            if entity.is_current
            and not entity.section.is_background
            and entity.assertion is not Assertion.HYPOTHETICAL
            and entity.section is not SectionKind.RECOMMENDATION
        )

    @cached_property
    def findings(self) -> tuple[Entity, ...]:
        """Those of them that the findings give."""
        return tuple(one for one in self.current if one.section is SectionKind.FINDINGS)

    @cached_property
    def impression(self) -> tuple[Entity, ...]:
        """Those of them that the impression gives."""
        return tuple(one for one in self.current if one.section is SectionKind.IMPRESSION)

    @cached_property
    def of_patient(self) -> tuple[Entity, ...]:
        """Every mention of the patient that says something is or was."""
        return tuple(
            entity
            for entity in self.entities
            if entity.subject is Subject.PATIENT and entity.assertion is not Assertion.HYPOTHETICAL
        )

    def alike(self, one: Entity, other: Entity) -> bool:
        """Tell whether two mentions may be of the same finding by their names."""
        if one.concept == other.concept:
            return True
        if one.is_a(other.concept):
            return other.concept not in self.book.too_broad
        return other.is_a(one.concept) and one.concept not in self.book.too_broad

    def may_be(self, one: Entity, other: Entity) -> bool:
        """Tell whether two mentions may be names of one shadow."""
        mine, theirs = {one.concept, *one.ancestors}, {other.concept, *other.ancestors}
        return self.alike(one, other) or any(
            group & mine and group & theirs for group in self.book.same_shadow
        )

    def same_place(self, one: Entity, other: Entity) -> bool:
        """Tell whether two mentions may lie at one place; what is not said leaves room."""
        return not opposite(one.side, other.side) and self.places_meet(one, other)

    def places_meet(self, one: Entity, other: Entity) -> bool:
        """Tell whether the places that are named, sides left out, may be one."""
        if not one.locations or not other.locations:
            return True
        wider = load_vocabulary().ancestors
        mine = {place for name in one.locations for place in (name, *wider(name))}
        theirs = {place for name in other.locations for place in (name, *wider(name))}
        if mine & set(other.locations) or theirs & set(one.locations):
            return True
        return any(group & mine and group & theirs for group in self.book.same_place)

    def denied_wholly(self, entity: Entity) -> bool:
        """Tell whether a denial leaves no room: no size, no "acute", no "otherwise"."""
        if entity.assertion is not Assertion.ABSENT or entity.severity in _LARGE:
            return False
        if entity.change is not None or entity.measurements:
            return False
        start, end = self.sentence(entity.span)
        limits, room = self.book.denial["limits"], self.book.denial["room"]
        words = self.text[max(start, entity.span.start - 40) : min(end, entity.span.end + 25)]
        return not limits.search(words) and not room.search(self.text, start, end)

    def sentence(self, span: Span) -> tuple[int, int]:
        """Return from where to where the sentence around ``span`` goes, roughly."""
        low, high = max(0, span.start - _SENTENCE), span.end + _SENTENCE
        starts = [self.text.rfind(mark, low, span.start) for mark in (". ", ".\n", "\n\n", ":")]
        ends = [self.text.find(mark, span.end, high) for mark in (". ", ".\n", "\n\n")]
        return max(low, *(start + 1 for start in starts)), min(
            (end for end in ends if end >= 0), default=min(high, len(self.text))
        )

    def slip(
        self, rule: str, mentions: Iterable[Entity], spans: Iterable[Span] = (), /, **words: object
    ) -> Inconsistency:
        """Return what a rule says of mentions and other words of the report."""
        mentions = tuple(mentions)
        book = self.book.rules[rule]
        hedged = any(one.assertion is Assertion.UNCERTAIN for one in mentions)
        sentence = book.sentence.format(**words)
        return Inconsistency(
            rule=rule,
            sentence=sentence[:1].upper() + sentence[1:],
            spans=(*(one.span for one in mentions), *spans),
            weight=book.weight,
            confidence=self.book.hedged if hedged else 1.0,
        )


def claims(entity: Entity) -> bool:
    """Tell whether the mention says that a finding or device is or may be there."""
    return entity.assertion in (Assertion.PRESENT, Assertion.UNCERTAIN)


def opposite(one: Side | None, other: Side | None) -> bool:
    """Tell whether one side is left and the other right."""
    return one is not None and OTHER_SIDE.get(one) is other


def name_of(entity: Entity) -> str:
    """Return a mention's concept as words."""
    return words_of(entity.concept)


def words_of(concept: str) -> str:
    """Return a vocabulary id as words."""
    return concept.replace("_", " ")


NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})

__all__ = [
    "NAMED",
    "OTHER_SIDE",
    "Told",
    "claims",
    "name_of",
    "opposite",
    "words_of",
]
