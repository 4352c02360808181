"""Reads a draft back and drops every sentence that says more than its evidence.

The text stage reads each sentence as if it stood in a report. Every finding or device that it
reads must be carried by one piece of the sentence's evidence:

- *concept*: present or uncertain, the evidence names the same thing or a narrower one; absent,
  the same thing or a broader one;
- *assertion*: presence needs evidence of presence, a hedge any positive evidence, absence
  evidence of absence; a hypothesis is never carried;
- *side*, *place*, *severity*, *change*: what the sentence says, the evidence says.

A sentence in which nothing can be read is dropped too: it was not verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from radnlp.report.phrases import broader, is_narrower, load_phrases
from radnlp.report.plan import Claim, PlanOptions, claim_of
from radnlp.schema import (
    Assertion,
    Change,
    Entity,
    EntityKind,
    ImageFinding,
    Region,
    Report,
    Sentence,
    Severity,
    Side,
    TextReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Evidence: TypeAlias = Entity | ImageFinding | Region

_SIDES = {
    Side.LEFT: frozenset({Side.LEFT}),
    Side.RIGHT: frozenset({Side.RIGHT}),
    Side.BILATERAL: frozenset({Side.LEFT, Side.RIGHT}),
}
_NONE: frozenset[Side] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A sentence that was taken out of a draft.

    Attributes:
        sentence: The sentence.
        reason: What in it has no evidence.
    """

    sentence: Sentence
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A draft's sentences, sorted.

    Attributes:
        kept: All that is said in them has evidence.
        dropped: The others.
    """

    kept: tuple[Sentence, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Support:
    """What one piece of evidence allows to be said."""

    concept: str
    assertion: Assertion
    sides: frozenset[Side] = _NONE
    places: frozenset[str] = frozenset()
    severity: Severity | None = None
    change: Change | None = None


def verify(
    sentences: Iterable[Sentence],
    evidence: Mapping[str, Evidence],
    read: Callable[[Report], TextReading],
    options: PlanOptions,
) -> Verified:
    """Sort sentences into those that their evidence carries and those that it does not.

    Args:
        sentences: Of a draft, by whomever.
        evidence: Mentions, image findings and regions by id.
        read: The text stage.
        options: What a positive image finding allows to be said outright.
    """
    kept, dropped = [], []
    for sentence in sentences:
        supports = _supports([evidence[id] for id in sentence.evidence if id in evidence], options)
        reason = _objection(sentence, supports, read)
        if reason is None:
            kept.append(sentence)
        else:
            dropped.append(Dropped(sentence=sentence, reason=reason))
    return Verified(kept=tuple(kept), dropped=tuple(dropped))


def _objection(
    sentence: Sentence, supports: Sequence[_Support], read: Callable[[Report], TextReading]
) -> str | None:
    said = [
        one
        for one in read(Report(text=sentence.text, id="draft", language="en")).entities
        if one.kind in (EntityKind.FINDING, EntityKind.DEVICE)
    ]
    if not said:
        return "no finding could be read in it"
    for one in said:
        if not any(_carries(support, one) for support in supports):
            return f"no evidence for {one.assertion} {one.concept} as it is said"
    return None


def _supports(evidence: Sequence[Evidence], options: PlanOptions) -> list[_Support]:
    phrases = load_phrases()
    shown = [phrases.place_of(one.label) for one in evidence if isinstance(one, Region)]
    sides = frozenset(side for side, _ in shown if side)
    places = frozenset(place for _, place in shown if place)
    supports = []
    for one in evidence:
        if isinstance(one, Entity):
            supports.append(
                _Support(
                    concept=one.concept,
                    assertion=one.assertion,
                    sides=_SIDES.get(one.side or Side.MIDLINE, _NONE),
                    places=frozenset(one.locations),
                    severity=one.severity,
                    change=one.change,
                )
            )
        elif isinstance(one, ImageFinding):
            assertion = _ALLOWED.get(claim_of(one, options))
            if assertion is not None:
                supports.append(
                    _Support(concept=one.concept, assertion=assertion, sides=sides, places=places)
                )
    return supports


_ALLOWED: Mapping[Claim | None, Assertion] = {
    Claim.PRESENT: Assertion.PRESENT,
    Claim.POSSIBLE: Assertion.UNCERTAIN,
    Claim.ABSENT: Assertion.ABSENT,
}
_WEAKER = {
    Assertion.PRESENT: (Assertion.PRESENT,),
    Assertion.UNCERTAIN: (Assertion.PRESENT, Assertion.UNCERTAIN),
    Assertion.ABSENT: (Assertion.ABSENT,),
}


def _carries(support: _Support, said: Entity) -> bool:
    if support.assertion not in _WEAKER.get(said.assertion, ()):
        return False
    if said.assertion == Assertion.ABSENT:
        return is_narrower(said.concept, support.concept) and _denies_there(support, said)
    return (
        is_narrower(support.concept, said.concept)
        and _sides(said) <= support.sides
        and all(_place_is_in(place, support.places) for place in _spoken(said))
        and said.severity in (None, support.severity)
        and said.change in (None, support.change)
    )


def _denies_there(support: _Support, said: Entity) -> bool:
    """Tell whether the evidence denies all that is denied: a part does not speak for the whole."""
    if not support.sides:
        return True
    return bool(_sides(said)) and _sides(said) <= support.sides


def _sides(said: Entity) -> frozenset[Side]:
    return _SIDES.get(said.side or Side.MIDLINE, _NONE)


def _spoken(said: Entity) -> list[str]:
    """Return the places that a draft chooses to say; others come with the finding's own name."""
    return [place for place in said.locations if place in load_phrases().places]


def _place_is_in(place: str, places: frozenset[str]) -> bool:
    return any(place == one or place in broader(one) for one in places)


__all__ = ["Dropped", "Evidence", "Verified", "verify"]
