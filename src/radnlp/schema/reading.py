"""What each stage returns to the corridor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from radnlp.errors import InputError
from radnlp.schema.advice import Recommendation, Score
from radnlp.schema.entity import Entity, Relation
from radnlp.schema.geometry import PixelMap
from radnlp.schema.notice import Notice
from radnlp.schema.region import (
    Conflict,
    ConflictKind,
    ImageFinding,
    ImageMeasurement,
    Link,
    Region,
)
from radnlp.schema.text import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReading:
    """What the text stage found in one report.

    Attributes:
        sections: In order, not overlapping.
        entities: In reading order, ids ``e0``, ``e1``, …
        relations: Between those entities.
        recommendations: What the report says should be done next, in reading order.
        scores: Categories of standardised systems, in reading order.
        warnings: What was odd.
    """

    sections: tuple[Section, ...] = ()
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    scores: tuple[Score, ...] = ()
    warnings: tuple[Notice, ...] = ()

    @property
    def in_its_language(self) -> bool:
        """Whether the report looked as if it were in the language that it was read in."""
        return all(one.name != "LanguageWarning" for one in self.warnings)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeatMap:
    """Where a model saw a finding.

    Attributes:
        concept: Vocabulary id of the finding.
        values: float32, shape (h, w), in [0, 1]; read-only.
        pixel_map: From cells of ``values`` to stored pixels.

    Raises:
        InputError: Values of a wrong shape or range.
    """

    concept: str
    values: NDArray[np.float32]
    pixel_map: PixelMap

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float32)
        if values.ndim != 2 or values.size == 0 or not (values.min() >= 0 and values.max() <= 1):
            raise InputError(
                f"a heat map has shape (h, w) and values in [0, 1], got shape {values.shape}"
            )
        values.setflags(write=False)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Every box that a detector weighs for one finding, called or not.

    They say where the finding would be if it were there, so that words can choose among them.

    Attributes:
        concept: Vocabulary id of the finding.
        scores: float32, shape (n,), in [0, 1], comparable within the finding; read-only.
        boxes: float32, shape (n, 4), x0, y0, x1, y1 in stored pixels, not cut to the image;
            read-only.
        weights: ``name@sha256`` of what scored them.

    Raises:
        InputError: Arrays of a wrong shape or range.
    """

    concept: str
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]
    weights: str

    def __post_init__(self) -> None:
        scores = np.array(self.scores, dtype=np.float32)
        boxes = np.array(self.boxes, dtype=np.float32)
        if scores.ndim != 1 or not scores.size or boxes.shape != (scores.size, 4):
            raise InputError(
                f"candidates have scores of shape (n,) and boxes of shape (n, 4), n at least 1; "
                f"got {scores.shape} and {boxes.shape}"
            )
        if not (scores.min() >= 0 and scores.max() <= 1 and np.isfinite(boxes).all()):
            raise InputError("scores of candidates lie in [0, 1] and their boxes are finite")
        for name, values in (("scores", scores), ("boxes", boxes)):
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @property
    def logits(self) -> NDArray[np.float64]:
        """The logits of the scores, shape (n,), those of 0 and 1 cut to ±13.8."""
        sure = np.clip(self.scores.astype(np.float64), 1e-6, 1 - 1e-6)
        return np.asarray(np.log(sure / (1 - sure)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embedding:
    """What an image encoder made of one image; it says nothing by itself.

    Attributes:
        encoder: ``name@sha256`` of the weights; vectors of different encoders do not compare.
        vector: float32, shape (d,), of the whole image; read-only.
        patches: float32, shape (h, w, p), row by row from the top left; read-only.
        pixel_map: From cells of ``patches`` to stored pixels.

    Raises:
        InputError: Arrays of a wrong shape, or values that are not finite.
    """

    encoder: str
    vector: NDArray[np.float32]
    patches: NDArray[np.float32]
    pixel_map: PixelMap

    def __post_init__(self) -> None:
        for name, axes in (("vector", 1), ("patches", 3)):
            values = np.array(getattr(self, name), dtype=np.float32)
            if values.ndim != axes or values.size == 0 or not np.isfinite(values).all():
                raise InputError(
                    f"{name} of an embedding must be finite and have {axes} axes, got shape "
                    f"{values.shape}; check the encoder's weights"
                )
            values.setflags(write=False)
            object.__setattr__(self, name, values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageReading:
    """What the vision stage found in one image.

    Attributes:
        image_id: Which image.
        findings: One per concept the model was asked for, supported or not.
        regions: Anatomy with masks, and finding boxes where a detector gives them. The ids are
            the stage's own; the pipeline numbers them ``g0``, ``g1``, … before the link stage.
        heatmaps: Of positive findings.
        candidates: Of every finding the detector knows, positive or not, for words to choose from.
        embedding: Of the whole image and its patches, if the stage is an encoder.
        warnings: What was odd.
        measurements: On its regions. The pipeline numbers them ``m0``, ``m1``, … .
    """

    image_id: str
    findings: tuple[ImageFinding, ...] = ()
    regions: tuple[Region, ...] = ()
    heatmaps: tuple[HeatMap, ...] = ()
    candidates: tuple[Candidates, ...] = ()
    embedding: Embedding | None = None
    warnings: tuple[Notice, ...] = ()
    measurements: tuple[ImageMeasurement, ...] = ()

    def numbered(self, numbers: Mapping[str, Iterator[int]]) -> ImageReading:
        """Return the same with new ids, so that those of several images differ.

        Args:
            numbers: Next numbers of regions (``g``), findings (``f``) and measurements (``m``).
        """
        regions = tuple(replace(one, id=f"g{next(numbers['g'])}") for one in self.regions)
        named = {old.id: new.id for old, new in zip(self.regions, regions, strict=True)}
        measurements = (
            replace(one, region_ids=tuple(named.get(region, region) for region in one.region_ids))
            for one in self.measurements
        )
        return replace(
            self,
            regions=regions,
            findings=tuple(replace(one, id=f"f{next(numbers['f'])}") for one in self.findings),
            measurements=tuple(replace(one, id=f"m{next(numbers['m'])}") for one in measurements),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReading:
    """What the link stage made of text and images together.

    Attributes:
        regions: New ones only (zones, heat-map boxes), numbered after those of the images.
        links: Present findings tied to regions.
        conflicts: Where report and image disagree.
        warnings: What was odd.
    """

    regions: tuple[Region, ...] = ()
    links: tuple[Link, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[Notice, ...] = ()

    @property
    def side_conflicts(self) -> tuple[Conflict, ...]:
        """Those conflicts that are on a side."""
        return tuple(one for one in self.conflicts if one.kind is ConflictKind.SIDE)

    def borne_out_by(self, other: LinkReading) -> LinkReading:
        """Return this reading with those side conflicts alone that ``other`` has too.

        Args:
            other: Of the same mentions, from a second look at the images.
        """
        told = {one.entity_ids for one in other.side_conflicts}
        kept = (
            one
            for one in self.conflicts
            if one.kind is not ConflictKind.SIDE or one.entity_ids in told
        )
        return replace(self, conflicts=tuple(kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyReading:
    """All that was found in one study, as the report stage is given it.

    Attributes:
        entities: Mentions of the report; none if there is no report, or if it does not look to be
            in the language that it was read in: "Kein Pneumothorax" would be stated.
        earlier: Mentions of the earlier report, ids with ``p:``; likewise.
        images: One reading per image, with final ids.
        links: Zones and spots, links and conflicts.
    """

    entities: tuple[Entity, ...] = ()
    earlier: tuple[Entity, ...] = ()
    images: tuple[ImageReading, ...] = ()
    links: LinkReading = field(default_factory=LinkReading)


__all__ = [
    "Candidates",
    "Embedding",
    "HeatMap",
    "ImageReading",
    "LinkReading",
    "StudyReading",
    "TextReading",
]
