"""The nouns: immutable values that every room takes and returns."""

from __future__ import annotations

from radnlp.schema.advice import Interval, Modality, Recommendation, Score, TimeUnit
from radnlp.schema.analysis import SCHEMA_VERSION, Analysis, Failure
from radnlp.schema.draft import DISCLAIMER, Draft, DraftSection, Sentence
from radnlp.schema.entity import (
    Assertion,
    Change,
    Cue,
    Entity,
    EntityKind,
    Measurement,
    Quantity,
    QuantityKind,
    Relation,
    RelationKind,
    Severity,
    Side,
    Subject,
    Temporality,
)
from radnlp.schema.geometry import Box, Mask, PatientPlane, PixelMap, Spacing, SpacingKind
from radnlp.schema.image import CONVENTION, Image, Orientation, OrientationSource, Study
from radnlp.schema.notice import Notice
from radnlp.schema.reading import Embedding, HeatMap, ImageReading, LinkReading, TextReading
from radnlp.schema.region import (
    Confidence,
    Conflict,
    ConflictKind,
    ImageFinding,
    Link,
    LinkSource,
    Provenance,
    Region,
    RegionSource,
)
from radnlp.schema.text import Report, Section, SectionKind, Span

__all__ = [
    "CONVENTION",
    "DISCLAIMER",
    "SCHEMA_VERSION",
    "Analysis",
    "Assertion",
    "Box",
    "Change",
    "Confidence",
    "Conflict",
    "ConflictKind",
    "Cue",
    "Draft",
    "DraftSection",
    "Embedding",
    "Entity",
    "EntityKind",
    "Failure",
    "HeatMap",
    "Image",
    "ImageFinding",
    "ImageReading",
    "Interval",
    "Link",
    "LinkReading",
    "LinkSource",
    "Mask",
    "Measurement",
    "Modality",
    "Notice",
    "Orientation",
    "OrientationSource",
    "PatientPlane",
    "PixelMap",
    "Provenance",
    "Quantity",
    "QuantityKind",
    "Recommendation",
    "Region",
    "RegionSource",
    "Relation",
    "RelationKind",
    "Report",
    "Score",
    "Section",
    "SectionKind",
    "Sentence",
    "Severity",
    "Side",
    "Spacing",
    "SpacingKind",
    "Span",
    "Study",
    "Subject",
    "Temporality",
    "TextReading",
    "TimeUnit",
]
