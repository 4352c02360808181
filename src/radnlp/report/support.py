"""What a piece of evidence allows to be said, and what of a mention it carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

from radnlp.report.compare import denied_in, narrowed, sides_of, stated_before
from radnlp.report.phrases import load_phrases
from radnlp.report.plan import PlanOptions, claim_of
from radnlp.report.statement import Claim, Statement, term_of
from radnlp.schema import (
    PRIOR_PREFIX,
    Assertion,
    Change,
    Entity,
    EntityKind,
    ImageFinding,
    ImageMeasurement,
    Region,
    Severity,
    Side,
)
from radnlp.vocabulary import broader, is_narrower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Evidence: TypeAlias = Entity | ImageFinding | ImageMeasurement | Region

_CARRIED_BY = {
    Assertion.PRESENT: (Assertion.PRESENT,),
    Assertion.UNCERTAIN: (Assertion.PRESENT, Assertion.UNCERTAIN),
    Assertion.ABSENT: (Assertion.ABSENT,),
}
_NONE: frozenset[Side] = frozenset()


class Missing(IntEnum):
    """What of a mention a piece of evidence does not carry, the worst first."""

    CONCEPT = 0
    ASSERTION = 1
    SIDE = 2
    PLACE = 3
    SEVERITY = 4
    NAME = 5
    CHANGE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """What is read in a sentence.

    Attributes:
        entity: A finding or device.
        places: What it says of the place; other locations come with the finding's own name.
        unchanged: True if the sentence says more of something stable than that it is there again.
        hedge: The words that make it uncertain, if it is.
    """

    entity: Entity
    places: tuple[str, ...]
    unchanged: bool = False
    hedge: frozenset[str] = frozenset()

    @property
    def qualifiers(self) -> frozenset[str]:
        """The words of its name that say more than the concept."""
        return load_phrases().qualifiers(self.entity.concept, self.entity.text)

    @property
    def sides(self) -> frozenset[Side]:
        """Left, right or both; nothing where no side is said."""
        return sides_of(self.entity.side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What one piece of evidence allows to be said.

    Attributes:
        concept: Of what.
        assertion: How surely.
        sides: On which sides.
        places: Where.
        severity: How large.
        qualifiers: Words of its name that say more than the concept.
        change: What the report itself says of it against the earlier study.
        cited: Mentions of the earlier report in the same evidence.
        earlier: All mentions of the earlier report.
    """

    concept: str
    assertion: Assertion
    sides: frozenset[Side] = _NONE
    places: frozenset[str] = frozenset()
    severity: Severity | None = None
    qualifiers: frozenset[str] = frozenset()
    change: Change | None = None
    cited: tuple[Entity, ...] = ()
    earlier: tuple[Entity, ...] = field(default=(), repr=False)

    def missing(self, said: Mention) -> Missing | None:
        """Return what of the mention it does not carry; ``None`` if it carries all."""
        one = said.entity
        if not self._names(one):
            return Missing.CONCEPT
        if self.assertion not in _CARRIED_BY.get(one.assertion, ()) or self._leans(said):
            return Missing.ASSERTION
        if not self._is_there(said):
            return Missing.SIDE
        if one.assertion == Assertion.ABSENT:
            return self._missing_of_denial(said)
        if not all(_is_in(place, self.places) for place in said.places):
            return Missing.PLACE
        if one.severity not in (None, self.severity):
            return Missing.SEVERITY
        if not said.qualifiers <= self.qualifiers:
            return Missing.NAME
        return None if self._bears_out(said) else Missing.CHANGE

    def _missing_of_denial(self, said: Mention) -> Missing | None:
        """Return what is missing.

        "No large effusion", "no loculated effusion", "none at the apex" leave room for others.
        """
        if narrowed(self.places):
            return Missing.PLACE
        if self.severity not in (None, said.entity.severity):
            return Missing.SEVERITY
        if not self.qualifiers <= said.qualifiers:
            return Missing.NAME
        return None if self._bears_out(said) else Missing.CHANGE

    def weaker(self, said: Mention, evidence: tuple[str, ...]) -> Statement | None:
        """Return what it carries of a mention; ``None`` if that is nothing.

        What the evidence does not carry of side, place, severity, name and change is left unsaid,
        what it holds for possible is hedged. Nothing is said of another finding, and presence and
        absence are never turned into each other.
        """
        one = said.entity
        claim = self._claim(one.assertion)
        if claim is None or not self._names(one):
            return None
        if claim == Claim.ABSENT:
            return self._denial(said, evidence)
        kept = [place for place in said.places if _is_in(place, self.places)]
        graded = one.severity is not None and one.severity == self.severity
        borne_out = claim == Claim.PRESENT and self._bears_out(said)
        return Statement(
            concept=one.concept,
            claim=claim,
            evidence=evidence,
            side=_side(said.sides & self.sides),
            place=kept[0] if kept and said.sides <= self.sides else None,
            severity=one.severity if graded else None,
            change=one.change if borne_out else None,
            same_extent=said.unchanged and borne_out,
            device=one.kind == EntityKind.DEVICE,
            term=term_of(one) if said.qualifiers <= self.qualifiers else None,
        )

    def _denial(self, said: Mention, evidence: tuple[str, ...]) -> Statement | None:
        sides = said.sides & self.sides if said.sides and self.sides else said.sides | self.sides
        if self.sides and not sides:
            return None
        one = said.entity
        return Statement(
            concept=one.concept,
            claim=Claim.ABSENT,
            evidence=evidence,
            side=_side(sides),
            change=one.change if self._bears_out(said) else None,
        )

    def _names(self, one: Entity) -> bool:
        if one.assertion == Assertion.ABSENT:
            return is_narrower(one.concept, self.concept)
        return is_narrower(self.concept, one.concept)

    def _leans(self, said: Mention) -> bool:
        """Tell whether a hedge holds the finding for less likely, or more, than this does."""
        words = load_phrases().words
        if said.hedge & words["unlikely"]:
            return True
        return self.assertion == Assertion.UNCERTAIN and bool(said.hedge & words["likely"])

    def _claim(self, assertion: Assertion) -> Claim | None:
        if assertion == Assertion.PRESENT and self.assertion == Assertion.UNCERTAIN:
            return Claim.POSSIBLE
        carried = self.assertion in _CARRIED_BY.get(assertion, ())
        return Claim.of(assertion) if carried else None

    def _is_there(self, said: Mention) -> bool:
        """Tell whether the sides agree; a part does not deny the whole."""
        if said.entity.assertion == Assertion.ABSENT:
            return not self.sides or (bool(said.sides) and said.sides <= self.sides)
        return said.sides <= self.sides

    def _bears_out(self, said: Mention) -> bool:
        """Tell whether the report itself, or the earlier one, gives what is said of a change."""
        one = said.entity
        if one.change is None or one.change == self.change:
            return True
        if self.assertion == Assertion.UNCERTAIN or self.change is not None:
            return False
        if one.change == Change.NEW:
            before = denied_in(self.earlier, one.concept, one.side)
        elif one.change in (Change.STABLE, Change.RESOLVED):
            before = stated_before(one.concept, one.side, self.earlier, said.qualifiers)
        else:
            return False
        if said.unchanged and {entity.severity for entity in before} != {one.severity}:
            return False
        if said.unchanged and one.severity is None:
            return False
        return any(entity in self.cited for entity in before)


def supports_of(
    ids: Sequence[str], evidence: Mapping[str, Evidence], options: PlanOptions
) -> list[Support]:
    """Return what pieces of evidence allow to be said together.

    Args:
        ids: The pieces that a sentence names; an id that is not in ``evidence`` carries nothing.
        evidence: All there is, by id.
        options: What a positive image finding allows to be said outright.
    """
    named = [evidence[id] for id in ids if id in evidence]
    earlier = tuple(
        one
        for id, one in evidence.items()
        if isinstance(one, Entity) and id.startswith(PRIOR_PREFIX)
    )
    cited = tuple(one for one in earlier if one.id in ids)
    phrases = load_phrases()
    shown = [phrases.place_of(one.label) for one in named if isinstance(one, Region)]
    sides = frozenset(side for side, _ in shown if side)
    places = frozenset(place for _, place in shown if place)
    supports = []
    for one in named:
        if isinstance(one, Entity) and not one.id.startswith(PRIOR_PREFIX):
            supports.append(
                Support(
                    concept=one.concept,
                    assertion=one.assertion,
                    sides=sides_of(one.side),
                    places=frozenset(one.locations),
                    severity=one.severity,
                    qualifiers=phrases.qualifiers(one.concept, one.text),
                    change=one.change,
                    cited=cited,
                    earlier=earlier,
                )
            )
        elif isinstance(one, ImageFinding):
            claim = claim_of(one, options)
            if claim is not None and (assertion := claim.assertion) is not None:
                supports.append(
                    Support(
                        concept=one.concept,
                        assertion=assertion,
                        # Where something lies says nothing of what is not there.
                        sides=_NONE if assertion == Assertion.ABSENT else sides,
                        places=frozenset() if assertion == Assertion.ABSENT else places,
                        cited=cited,
                        earlier=earlier,
                    )
                )
    return supports


def _side(sides: frozenset[Side]) -> Side | None:
    if len(sides) == 2:
        return Side.BILATERAL
    return next(iter(sides), None)


def _is_in(place: str, places: frozenset[str]) -> bool:
    return any(place == one or place in broader(one) for one in places)


__all__ = ["Evidence", "Mention", "Missing", "Support", "supports_of"]
