"""Reads a draft back and takes out of every sentence what its evidence does not carry.

The text stage reads each sentence as if it stood in a report. Every finding or device that it
reads must be carried by one piece of the sentence's evidence:

- *concept*: present or uncertain, the evidence names the same thing or a narrower one; absent,
  the same thing or a broader one;
- *assertion*: presence needs evidence of presence, a hedge any positive evidence ("likely" that of
  presence; "unlikely" is never carried), absence evidence of absence; nor is a hypothesis;
- *side*, *place*, *severity*: what the sentence says, the evidence says;
- *change*: the report's own word, or what the earlier report bears out (`radnlp.report.compare`).

An organ is called normal only where `phrases.toml` says so of a finding: "the lungs are clear"
denies more than an opacity. Every word must be part of something read, or one of the plain words of
`phrases.toml`; every number must stand in the evidence. A sentence in which nothing can be read was
not verified.

A sentence that fails is written anew from what its evidence carries of it: without side, place,
severity or comparison, with a hedge. If nothing is left, it is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radnlp.report.phrases import load_phrases
from radnlp.report.statement import Claim
from radnlp.report.style import Style
from radnlp.report.support import Evidence, Mention, Missing, Support, supports_of
from radnlp.report.template import said
from radnlp.schema import (
    Assertion,
    Change,
    Correction,
    Entity,
    EntityKind,
    ImageMeasurement,
    Report,
    Sentence,
    Side,
    TextReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from radnlp.report.plan import PlanOptions
    from radnlp.report.statement import Statement

_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# "T2" is a name; "3cm" holds a number.
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One sentence after it was read back.

    Attributes:
        kept: The sentence as it was, or what its evidence carries of it.
        entities: What was read in what is kept.
        correction: What was changed, and why; ``None`` if nothing was.
    """

    kept: tuple[Sentence, ...]
    entities: tuple[Entity, ...] = ()
    correction: Correction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A sentence, what was read in it, and what its evidence allows."""

    sentence: Sentence
    entities: tuple[Entity, ...]
    mentions: tuple[Mention, ...]
    supports: tuple[Support, ...]
    evidence: tuple[Evidence, ...]


class Verifier:
    """Reads sentences of one draft back.

    Args:
        evidence: Mentions, image findings, regions and measurements by id; mentions of the earlier
            report under ids with ``p:``.
        read: The text stage.
        options: What a positive image finding allows to be said outright.
        style: How a sentence that is written anew speaks.
    """

    def __init__(
        self,
        evidence: Mapping[str, Evidence],
        read: Callable[[Report], TextReading],
        options: PlanOptions,
        style: Style | None = None,
    ) -> None:
        self._evidence = evidence
        self._read = read
        self._options = options
        self._style = style or Style()

    def __call__(self, sentence: Sentence) -> Checked:
        """Return the sentence, what its evidence carries of it, or nothing."""
        back = self._back(sentence)
        reason = next(_objections(back), None)
        if reason is None:
            return Checked(kept=(sentence,), entities=back.entities)
        again = [
            self._back(said(one, sentence.section, self._style).sentence) for one in _left(back)
        ]
        sound = [one for one in again if next(_objections(one), None) is None]
        kept = tuple(one.sentence for one in sound)
        correction = Correction(
            section=sentence.section,
            before=sentence.text,
            after=" ".join(one.text for one in kept) or None,
            reason=reason,
        )
        entities = tuple(entity for one in sound for entity in one.entities)
        return Checked(kept=kept, entities=entities, correction=correction)

    def mentions(self, sentence: Sentence) -> tuple[Mention, ...]:
        """Return the findings and devices that are read in a sentence."""
        return self._back(sentence).mentions

    def _back(self, sentence: Sentence) -> _Read:
        reading = self._read(Report(text=sentence.text, id="draft", language="en"))
        entities = reading.entities
        return _Read(
            sentence=sentence,
            entities=entities,
            mentions=tuple(
                _mention(one, entities, sentence.text) for one in entities if one.kind in _NAMED
            ),
            supports=tuple(supports_of(sentence.evidence, self._evidence, self._options)),
            evidence=tuple(self._evidence[id] for id in sentence.evidence if id in self._evidence),
        )


def _mention(one: Entity, entities: Sequence[Entity], text: str) -> Mention:
    phrases = load_phrases()
    named = {entity.concept for entity in entities if entity.kind == EntityKind.ANATOMY}
    places = (
        ()
        if one.assertion == Assertion.ABSENT
        else tuple(
            place
            for place in one.locations
            if place in phrases.places or place in phrases.misplaced or place in named
        )
    )
    stable = one.change == Change.STABLE
    again = any(word in phrases.words["again"] for word in _words(text))
    hedge = text[one.cue.span.start : one.cue.span.end] if one.cue else ""
    return Mention(
        entity=one,
        places=places,
        unchanged=stable and not again,
        hedge=frozenset(_words(hedge) if one.assertion == Assertion.UNCERTAIN else ()),
    )


def _objections(back: _Read) -> Iterator[str]:
    """Yield what speaks against a sentence; it quotes none of its words."""
    measured = any(isinstance(one, ImageMeasurement) for one in back.evidence)
    if not back.mentions and not (measured and _NUMBER.search(back.sentence.text)):
        yield "no finding could be read in it"
    for one in back.mentions:
        missing = _missing(one, back.supports)
        if missing is not None:
            what = "" if missing == Missing.CONCEPT else f"the {missing.name.lower()} of "
            yield f"no evidence for {what}{one.entity.concept}"
    if any(_calls_normal(one.entity, back.sentence.text) for one in back.mentions):
        yield "it calls an organ normal, which denies more than was judged"
    if any(one.kind not in {*_NAMED, EntityKind.ANATOMY} for one in back.entities):
        yield "it speaks of a procedure or a size"
    if any(number not in _numbers(back.evidence) for number in _NUMBER.findall(back.sentence.text)):
        yield "it holds a number that is not in its evidence"
    if _unread(back, measured=measured):
        yield "it holds words that say more than was read in it"


def _calls_normal(one: Entity, text: str) -> bool:
    """Tell whether the mention denies by way of an organ more than a finding ("lungs are clear").

    "Heart size is normal" and "the heart is not enlarged" deny no more than an enlarged one; "the
    heart is normal" does.
    """
    if one.cue is None or not one.cue.rule.startswith("organ."):
        return False
    of_size = one.cue.rule == "organ.normal_size" or "size" in _words(text)
    return one.concept not in load_phrases().absent or not of_size


def _missing(said: Mention, supports: Sequence[Support]) -> Missing | None:
    """Return what the best of the evidence does not carry; ``None`` if it carries all."""
    lacking = [support.missing(said) for support in supports]
    if None in lacking:
        return None
    return max((one for one in lacking if one is not None), default=Missing.CONCEPT)


def _left(back: _Read) -> Iterator[Statement]:
    """Yield what the evidence carries of each mention, by the piece that carries most."""
    for one in back.mentions:
        carried = [support.weaker(one, back.sentence.evidence) for support in back.supports]
        found = [statement for statement in carried if statement is not None]
        if found:
            yield max(found, key=_richness)


def _richness(statement: Statement) -> tuple[bool, int]:
    told = (statement.side, statement.place, statement.severity, statement.change)
    return statement.claim != Claim.POSSIBLE, sum(one is not None for one in told)


def _unread(back: _Read, *, measured: bool) -> bool:
    """Tell whether some word is neither part of something read nor a plain word."""
    words = load_phrases().words
    plain = words["plain"]
    if any(one.entity.side for one in back.mentions):
        plain = plain | words["sides"]
    if any(one.entity.severity for one in back.mentions):
        plain = plain | words["extents"]
    if any(one.entity.change for one in back.mentions):
        plain = plain | words["comparison"]
    if back.mentions and all(one.entity.assertion == Assertion.ABSENT for one in back.mentions):
        plain = plain | words["denied"]
    if measured:
        plain = plain | words["cardiothoracic_ratio"]
    loose = _loose(back)
    if _unattached(back, loose):
        return True
    return any(word not in plain for word in loose)


def _loose(back: _Read) -> list[str]:
    """Return the words that are no part of a mention or its cue."""
    taken = [(one.span.start, one.span.end) for one in back.entities]
    taken += [(one.cue.span.start, one.cue.span.end) for one in back.entities if one.cue]
    return [
        match[0].lower()
        for match in _WORD.finditer(back.sentence.text)
        if not any(start <= match.start() and match.end() <= end for start, end in taken)
    ]


def _unattached(back: _Read, loose: Sequence[str]) -> bool:
    """Tell whether a word of side or extent belongs to none of the mentions."""
    sides = {side for one in back.mentions for side in one.sides}
    if any(side in loose and side not in sides for side in (Side.LEFT, Side.RIGHT)):
        return True
    graded = sum(one.entity.severity is not None for one in back.mentions)
    return sum(word in load_phrases().words["extents"] for word in loose) > graded


def _numbers(evidence: Sequence[Evidence]) -> set[str]:
    """Return the numbers that a sentence may hold, as it would write them."""
    numbers: set[str] = set()
    for one in evidence:
        if isinstance(one, ImageMeasurement):
            numbers.add(f"{one.value:.2f}")
    return numbers


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


__all__ = ["Checked", "Verifier"]
