"""One thing that a draft says, before it has words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from radnlp.report.phrases import load_phrases
from radnlp.schema import Assertion, Change, Critical, Severity, Side
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from radnlp.schema import Entity


class Claim(StrEnum):
    """How a statement is meant."""

    PRESENT = "present"
    POSSIBLE = "possible"
    ABSENT = "absent"
    MEASURED = "measured"

    @classmethod
    def of(cls, assertion: Assertion) -> Claim | None:
        """Return the claim that an assertion makes; ``None`` for a hypothesis.

        Examples:
            >>> Claim.of(Assertion.UNCERTAIN)
            <Claim.POSSIBLE: 'possible'>
        """
        return next((one for one, said in _ASSERTED.items() if said == assertion), None)

    @property
    def assertion(self) -> Assertion | None:
        """What the text stage reads where it is said; ``None`` for a measurement."""
        return _ASSERTED.get(self)


_ASSERTED = {
    Claim.PRESENT: Assertion.PRESENT,
    Claim.POSSIBLE: Assertion.UNCERTAIN,
    Claim.ABSENT: Assertion.ABSENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing to say.

    Attributes:
        concept: Vocabulary id, or what was measured.
        claim: How it is meant.
        evidence: Ids of mentions, image findings, regions and measurements; ids with ``p:`` are
            mentions of the earlier report.
        side: If known.
        place: Anatomy concept, if known; of a device only where it must not lie.
        severity: If the report gives one.
        change: Against the earlier report, if that bears it out.
        same_extent: True if both reports give the same extent of something stable.
        device: True for a device.
        term: What the report calls it, where that says more than the name of the concept
            ("loculated effusion").
        value: What was measured.
        view: Of the image that was measured: ``PA``, ``AP``, or not known.
    """

    concept: str
    claim: Claim
    evidence: tuple[str, ...]
    side: Side | None = None
    place: str | None = None
    severity: Severity | None = None
    change: Change | None = None
    same_extent: bool = False
    device: bool = False
    term: str | None = None
    value: float | None = None
    view: str | None = None

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.term or load_phrases().name(self.concept)

    @property
    def qualifiers(self) -> frozenset[str]:
        """The words of its name that say more than the concept."""
        return load_phrases().qualifiers(self.concept, self.term or "")

    @property
    def positive(self) -> bool:
        """Whether it states a finding or device, surely or possibly."""
        return self.claim in (Claim.PRESENT, Claim.POSSIBLE)

    @property
    def misplaced(self) -> bool:
        """Whether it states a device where it must not lie."""
        return self.device and self.place is not None

    @property
    def critical(self) -> Critical | None:
        """How surely it states what somebody must be told at once; ``None`` if it does not."""
        if not self.positive:
            return None
        if not self.misplaced and not load_phrases().is_critical(self.concept):
            return None
        return Critical.PRESENT if self.claim == Claim.PRESENT else Critical.POSSIBLE


def term_of(entity: Entity) -> str | None:
    """Return what the report calls a finding, if that is a term which says more than its name.

    It must be the name itself with more words before it: "loculated effusion", but neither
    "loculated" alone nor "acute CHF".
    """
    term = " ".join(entity.text.lower().split())
    phrases = load_phrases()
    more = phrases.qualifiers(entity.concept, term)
    named = [word for word in term.split() if word not in more]
    stems = {word[:4] for word in phrases.name(entity.concept).split()}
    if (
        not more
        or not named
        or term.split()[-1] in more
        or not stems.issuperset(word[:4] for word in named)
    ):
        return None
    vocabulary = load_vocabulary()
    known = entity.concept in vocabulary and term in vocabulary.get(entity.concept).terms
    return term if known else None


__all__ = ["Claim", "Statement", "term_of"]
