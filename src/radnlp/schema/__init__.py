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
from radnlp.schema.exam import Exam, Sex
from radnlp.schema.geometry import (
    Box,
    Mask,
    PatientPlane,
    PixelMap,
    Spacing,
    SpacingKind,
    direction,
)
from radnlp.schema.image import (
    CONVENTION,
    Image,
    Orientation,
    OrientationSource,
    SliceOf,
    SliceView,
    Study,
)
from radnlp.schema.inconsistency import Inconsistency
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
from radnlp.schema.volume import Volume
from radnlp.schema.window import VoiFunction, Window, choose_window

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
    "Exam",
    "Failure",
    "HeatMap",
    "Image",
    "ImageFinding",
    "ImageReading",
    "Inconsistency",
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
    "Sex",
    "Side",
    "SliceOf",
    "SliceView",
    "Spacing",
    "SpacingKind",
    "Span",
    "Study",
    "Subject",
    "Temporality",
    "TextReading",
    "TimeUnit",
    "VoiFunction",
    "Volume",
    "Window",
    "choose_window",
    "direction",
]
