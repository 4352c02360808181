"""What the text stage finds: mentions with their assertion and attributes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from radnlp.errors import InputError
from radnlp.schema.region import Confidence, Provenance
from radnlp.schema.text import SectionKind, Span

#: Begins the ids of what the earlier report says.
PRIOR_PREFIX = "p:"


class EntityKind(StrEnum):
    """What a mention names."""

    FINDING = "finding"
    DEVICE = "device"
    ANATOMY = "anatomy"
    MEASUREMENT = "measurement"
    PROCEDURE = "procedure"


class Assertion(StrEnum):
    """What the report claims about a mention."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    HYPOTHETICAL = "hypothetical"


class Change(StrEnum):
    """How a finding compares with the earlier study."""

    NEW = "new"
    WORSE = "worse"
    STABLE = "stable"
    IMPROVED = "improved"
    RESOLVED = "resolved"
    REMOVED = "removed"


class Temporality(StrEnum):
    """When a finding holds."""

    CURRENT = "current"
    HISTORICAL = "historical"


class Subject(StrEnum):
    """Of whom a finding is said."""

    PATIENT = "patient"
    OTHER = "other"


class Side(StrEnum):
    """The patient's side."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"
    MIDLINE = "midline"


class Severity(StrEnum):
    """Extent or grade, as reports say it."""

    TRACE = "trace"
    SMALL = "small"
    MILD = "mild"
    MODERATE = "moderate"
    LARGE = "large"
    SEVERE = "severe"


class QuantityKind(StrEnum):
    """What a value that is no size measures."""

    DISTANCE = "distance"
    VOLUME = "volume"
    ATTENUATION = "attenuation"
    UPTAKE = "uptake"


class RelationKind(StrEnum):
    """How two mentions belong together."""

    LOCATED_AT = "located_at"
    MODIFY = "modify"
    SUGGESTIVE_OF = "suggestive_of"
    MEASURED_AS = "measured_as"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What decided an assertion.

    Attributes:
        span: The deciding words in `Report.text`.
        rule: Id of the rule that fired, or ``neural``.
    """

    span: Span
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A size given in the report.

    Attributes:
        values_mm: One to three lengths, in mm, in the order of the text; of a range its upper end.
        span: The words that give it.
        prior: True if the report gives it for the earlier study.
        low_mm: Lower end of the range whose upper end is the first length; ``None`` if the report
            gives no range.

    Raises:
        InputError: Not one to three finite lengths of at least zero, or a range that is upside
            down.
    """

    values_mm: tuple[float, ...]
    span: Span
    prior: bool = False
    low_mm: float | None = None

    def __post_init__(self) -> None:
        good = all(math.isfinite(value) and value >= 0 for value in self.values_mm)
        if not (good and 1 <= len(self.values_mm) <= 3):
            raise InputError(
                f"a measurement holds one to three lengths in mm, got {self.values_mm}"
            )
        if self.low_mm is not None and not 0 <= self.low_mm <= self.values_mm[0]:
            raise InputError(
                f"the lower end of a range lies between 0 and its upper end "
                f"({self.values_mm[0]} mm), got {self.low_mm}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A measured value that is no size.

    Attributes:
        kind: What was measured.
        low: The value; the lower one of a range.
        high: The upper value of a range; equal to ``low`` where one number is given.
        unit: ``mm``, ``ml``, ``hu``, or ``suv``; other units of the text are converted.
        span: The words that give it.
        prior: True if the report gives it for the earlier study.
        reference: Vocabulary id of what a distance is measured from ("3 cm above the carina");
            ``None`` where the words name no such concept.

    Raises:
        InputError: Not finite numbers with ``low <= high``.
    """

    kind: QuantityKind
    low: float
    high: float
    unit: str
    span: Span
    prior: bool = False
    reference: str | None = None

    def __post_init__(self) -> None:
        if not -math.inf < self.low <= self.high < math.inf:
            raise InputError(f"a quantity needs finite low <= high, got {self.low} to {self.high}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One mention in a report. Absence is an entity; what is not mentioned is none.

    Attributes:
        id: ``e0``, ``e1``, … in reading order.
        text: The words; always ``report.text[span.start:span.end]``.
        span: Where they stand.
        section: Kind of the section they stand in.
        kind: What is named.
        concept: Vocabulary id.
        ancestors: Broader vocabulary ids, nearest first.
        assertion: What the report claims.
        cue: What decided the assertion; ``None`` for plain presence.
        change: Against the earlier study; ``None`` if nothing is said.
        temporality: Current or historical.
        subject: The patient or someone else.
        side: The patient's side; ``None`` if nothing is said.
        severity: Extent or grade; ``None`` if nothing is said.
        locations: Vocabulary ids of anatomy.
        measurements: Sizes said of this mention.
        quantities: Distances, volumes, attenuation and uptake said of this mention.
        count: How many the report counts; ``None`` if it gives no number.
        confidence: ``None`` for rules.
        provenance: Who found it.

    Raises:
        InputError: The text is empty or does not have the span's length.
    """

    id: str
    text: str
    span: Span
    section: SectionKind
    kind: EntityKind
    concept: str
    ancestors: tuple[str, ...] = ()
    assertion: Assertion = Assertion.PRESENT
    cue: Cue | None = None
    change: Change | None = None
    temporality: Temporality = Temporality.CURRENT
    subject: Subject = Subject.PATIENT
    side: Side | None = None
    severity: Severity | None = None
    locations: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    count: int | None = None
    confidence: Confidence | None = None
    provenance: Provenance | None = None

    def __post_init__(self) -> None:
        if not self.text or len(self.text) != len(self.span):
            raise InputError(
                f"entity {self.id} has {len(self.text)} characters of text and a span of "
                f"{len(self.span)}; expected the same, at least 1"
            )
        if self.count is not None and self.count < 1:
            raise InputError(f"entity {self.id} has count {self.count}; expected at least 1")

    @property
    def is_current(self) -> bool:
        """Whether it is a finding or device of the patient, said of this study."""
        return (
            self.kind in {EntityKind.FINDING, EntityKind.DEVICE}
            and self.temporality == Temporality.CURRENT
            and self.subject == Subject.PATIENT
        )

    def is_a(self, concept: str) -> bool:
        """Tell whether the mention's concept is ``concept`` or narrower.

        Examples:
            >>> entity = Entity(
            ...     id="e0", text="consolidation", span=Span(0, 13), section=SectionKind.FINDINGS,
            ...     kind=EntityKind.FINDING, concept="consolidation", ancestors=("opacity",),
            ... )
            >>> entity.is_a("opacity")
            True
        """
        return concept == self.concept or concept in self.ancestors

    @property
    def counts(self) -> bool:
        """Whether it is said of the patient at this study, and as a finding of it.

        What stands under history, indication or comparison is known from before.
        """
        return self.is_current and not self.section.is_background

    def of_prior(self) -> Entity:
        """Return the mention as evidence of the earlier report: ``e3`` becomes ``p:e3``."""
        return replace(self, id=f"{PRIOR_PREFIX}{self.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Two mentions that belong together.

    Attributes:
        head: Entity id.
        tail: Entity id.
        kind: ``head`` is located at, modifies, suggests or is measured as ``tail``.

    Raises:
        InputError: An entity is related to itself.
    """

    head: str
    tail: str
    kind: RelationKind

    def __post_init__(self) -> None:
        if self.head == self.tail:
            raise InputError(f"relation {self.kind} joins entity {self.head} with itself")


__all__ = [
    "PRIOR_PREFIX",
    "Assertion",
    "Change",
    "Cue",
    "Entity",
    "EntityKind",
    "Measurement",
    "Quantity",
    "QuantityKind",
    "Relation",
    "RelationKind",
    "Severity",
    "Side",
    "Subject",
    "Temporality",
]
