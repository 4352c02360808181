"""What is found in an image, how it is tied to the words, and how sure anyone is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from radnlp.errors import InputError
from radnlp.schema.geometry import Box, Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How sure a model is.

    Attributes:
        value: In [0, 1].
        calibrated: True if the value was fitted to observed frequencies; only then may it be
            printed as a percentage.

    Raises:
        InputError: The value is outside [0, 1] or not a number.
    """

    value: float
    calibrated: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and 0.0 <= self.value <= 1.0):
            raise InputError(f"confidence must lie in [0, 1], got {self.value}")

    def __str__(self) -> str:
        return f"{self.value:.0%}" if self.calibrated else f"score {self.value:.2f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who made a result.

    Attributes:
        producer: Stage or plug-in, for example ``radnlp.text.rules``.
        version: Version of the producer.
        rule: Rule id, if a rule decided.
        weights: ``name@sha256``, if weights decided.
    """

    producer: str
    version: str
    rule: str | None = None
    weights: str | None = None


class RegionSource(StrEnum):
    """What a region was cut from."""

    ANATOMY = "anatomy"
    IMAGE = "image"


class LinkSource(StrEnum):
    """Why a mention is tied to a region."""

    ANATOMY = "anatomy"
    IMAGE = "image"
    BOTH = "both"


class ImageMeasure(StrEnum):
    """What is measured on an image."""

    CARDIOTHORACIC_RATIO = "cardiothoracic_ratio"


class ConflictKind(StrEnum):
    """In what the report and the image disagree."""

    SIDE = "side"
    PRESENCE = "presence"
    COUNT = "count"
    POSITION = "position"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A place in an image.

    Attributes:
        id: ``g0``, ``g1``, …
        image_id: Which image.
        box: In stored pixels.
        label: Anatomy label (``left_lung``, ``right_upper_zone``, …) or the finding's concept.
        source: ``anatomy`` (cut from masks, or a finding's usual box that words alone placed) or
            ``image`` (a finding's box or heat map).
        confidence: ``None`` for what is cut by rule.
        mask: In stored pixels, where there is one.
        provenance: Who found it.
    """

    id: str
    image_id: str
    box: Box
    label: str
    source: RegionSource
    confidence: Confidence | None = None
    mask: Mask | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFinding:
    """What the vision stage says of one concept in one image.

    Attributes:
        id: ``f0``, ``f1``, …
        concept: Vocabulary id.
        image_id: Which image.
        confidence: ``None`` if the finding is not supported.
        supported: False: the model has no basis to speak on it.
        positive: True if the confidence reaches the model's operating point.
        provenance: Who found it.

    Raises:
        InputError: An unsupported finding carries a confidence or is positive, or a supported
            one has no confidence.
    """

    id: str
    concept: str
    image_id: str
    confidence: Confidence | None = None
    supported: bool = True
    positive: bool = False
    provenance: Provenance | None = None

    def __post_init__(self) -> None:
        if self.supported != (self.confidence is not None) or (self.positive > self.supported):
            raise InputError(
                f"image finding {self.concept}: supported={self.supported} with confidence "
                f"{self.confidence}; a supported finding has one, an unsupported one has none"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMeasurement:
    """A number that was measured on an image.

    Attributes:
        id: ``m0``, ``m1``, …
        image_id: Which image.
        measure: What it is; also the vocabulary id that a draft groups it by.
        value: Of the ratio: width of the heart over inner width of the chest, without a unit.
        region_ids: The outlines that it was measured on.
        provenance: Who measured.

    Raises:
        InputError: The value is not a finite number of at least 0, or no outline is named.
    """

    id: str
    image_id: str
    measure: ImageMeasure
    value: float
    region_ids: tuple[str, ...]
    provenance: Provenance | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0.0 and self.region_ids):
            raise InputError(
                f"an image measurement needs a finite value of at least 0 and the regions it was "
                f"measured on, got {self.value} on {len(self.region_ids)} regions"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A mention tied to a place.

    Attributes:
        entity_id: The mention; present findings only.
        region_id: The place.
        source: ``anatomy`` (the words name the place), ``image`` (the picture shows it), ``both``.
        confidence: ``None`` for what the words alone decide.
        provenance: Who made the link.
    """

    entity_id: str
    region_id: str
    source: LinkSource
    confidence: Confidence | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The report and the image disagree.

    Attributes:
        kind: In what.
        entity_ids: The mentions on the report's side.
        region_ids: The places on the image's side.
        finding_ids: The image findings on the image's side.
        sentence: Says so in words.
        provenance: Who noticed.
    """

    kind: ConflictKind
    entity_ids: tuple[str, ...]
    sentence: str
    region_ids: tuple[str, ...] = ()
    finding_ids: tuple[str, ...] = ()
    provenance: Provenance | None = None


__all__ = [
    "Confidence",
    "Conflict",
    "ConflictKind",
    "ImageFinding",
    "ImageMeasure",
    "ImageMeasurement",
    "Link",
    "LinkSource",
    "Provenance",
    "Region",
    "RegionSource",
]
