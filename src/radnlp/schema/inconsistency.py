"""Where a report contradicts itself, or what is known of its examination."""

from __future__ import annotations

from dataclasses import dataclass

from radnlp.errors import InputError
from radnlp.schema.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconsistency:
    """Two places of a report, or a place and the examination, that do not go together.

    Attributes:
        rule: Id of the rule that fired.
        sentence: Says so in words; it names concepts, sides and sizes, and quotes nothing.
        spans: The words on both sides, in `Report.text`; one where the other side is no text.
        weight: How grave the rule is, in (0, 1]; the how-to on checking lists them.
        confidence: In (0, 1]: lower where the report hedges.

    Raises:
        InputError: A weight or confidence out of range, or no words.

    Examples:
        >>> slip = Inconsistency(rule="size.unit", sentence="…", spans=(Span(0, 4),), weight=0.8)
        >>> slip.score
        0.8
    """

    rule: str
    sentence: str
    spans: tuple[Span, ...]
    weight: float
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if not (0 < self.weight <= 1 and 0 < self.confidence <= 1 and self.spans):
            raise InputError(
                f"an inconsistency has words, a weight and a confidence in (0, 1]; got "
                f"{len(self.spans)} spans, {self.weight} and {self.confidence}"
            )

    @property
    def score(self) -> float:
        """Weight times confidence: what lists are sorted by."""
        return self.weight * self.confidence


__all__ = ["Inconsistency"]
