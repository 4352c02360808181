"""What a report concludes beyond its mentions: what to do next, and standardised scores."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from radnlp.errors import InputError
from radnlp.schema.text import SectionKind, Span


class Modality(StrEnum):
    """How an examination is made."""

    CT = "ct"
    MR = "mr"
    ULTRASOUND = "ultrasound"
    RADIOGRAPH = "radiograph"
    MAMMOGRAPHY = "mammography"
    PET = "pet"
    NUCLEAR = "nuclear"
    FLUOROSCOPY = "fluoroscopy"
    ANGIOGRAPHY = "angiography"


class TimeUnit(StrEnum):
    """Unit of an interval."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A time from now, as the report gives it: "in 3-6 months".

    Attributes:
        low: The shortest time; equal to ``high`` where one number is given.
        high: The longest time.
        unit: Of both.

    Raises:
        InputError: Unless ``0 < low <= high``.
    """

    low: float
    high: float
    unit: TimeUnit

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high < float("inf"):
            raise InputError(f"an interval needs 0 < low <= high, got {self.low} to {self.high}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What a report says should be done next.

    Attributes:
        text: The words; always ``report.text[span.start:span.end]``.
        span: Where they stand.
        section: Kind of the section they stand in.
        what: What is recommended, in the report's words.
        modalities: Of the examinations recommended, in the order of the text.
        when: When, in the report's words; ``None`` if nothing is said.
        interval: The same as numbers, where the words give numbers.
        condition: Under which condition ("if symptoms persist"), in the report's words.
        negated: True: the report says that it is not needed.
        rule: Id of the rule that fired.

    Raises:
        InputError: The text is empty or does not have the span's length.
    """

    text: str
    span: Span
    section: SectionKind
    what: str
    modalities: tuple[Modality, ...] = ()
    when: str | None = None
    interval: Interval | None = None
    condition: str | None = None
    negated: bool = False
    rule: str

    def __post_init__(self) -> None:
        _check_length("a recommendation", self.text, self.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A category of a standardised system, as the report gives it.

    Attributes:
        text: The words; always ``report.text[span.start:span.end]``.
        span: Where they stand.
        section: Kind of the section they stand in.
        system: ``BI-RADS``, ``LI-RADS``, ``Lung-RADS``, ``PI-RADS``, ``TI-RADS``, ``O-RADS``,
            ``Fleischner`` and what else ``rules/scores.toml`` lists.
        category: In capitals, without the system: ``4A``, ``M``, ``3``; for ``Fleischner`` the
            follow-up in the report's words, such as ``6-12 months``.
        prior: True if the report gives it for the earlier study.
        entity_id: The finding it is said of, where the same sentence names one.

    Raises:
        InputError: The text is empty or does not have the span's length.
    """

    text: str
    span: Span
    section: SectionKind
    system: str
    category: str
    prior: bool = False
    entity_id: str | None = None

    def __post_init__(self) -> None:
        _check_length("a score", self.text, self.span)


def _check_length(noun: str, text: str, span: Span) -> None:
    if not text or len(text) != len(span):
        raise InputError(
            f"{noun} has {len(text)} characters of text and a span of {len(span)}; "
            "expected the same, at least 1"
        )


__all__ = ["Interval", "Modality", "Recommendation", "Score", "TimeUnit"]
