"""Where findings are: boxes from the network's middles and reaches, in stored pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import ModelRejected
from radnlp.schema.geometry import Box
from radnlp.schema.platt import Platt
from radnlp.schema.reading import Candidates
from radnlp.schema.region import Confidence, Provenance, Region, RegionSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from radnlp.schema.region import ImageFinding
    from radnlp.vision.encoder import Encoded

__all__ = [
    "DetectOptions",
    "PlaceCard",
    "candidates_of",
    "detect",
    "likeliest_boxes",
    "place_card",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectOptions:
    """How boxes are chosen among the cells.

    Attributes:
        most: Boxes of one finding at most.
        least_share: A further box needs this part of the likeliest one's score.
        overlap: Of two boxes with a greater IoU only the likelier one stays.
    """

    most: int = 3
    least_share: float = 0.6
    overlap: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCard:
    """What the card of the weights says of its boxes.

    The logit of a score becomes, by `Platt`, the share of boxes on held-out films that had an IoU
    over 0.3 with a drawn one.
    """

    slope: float = 1.0
    offset: float = 0.0
    calibrated: bool = False

    def confidence(self, score: float) -> Confidence:
        """Return the confidence for a cell's score in (0, 1)."""
        sure = min(max(score, 1e-6), 1 - 1e-6)
        logit = float(np.log(sure / (1 - sure)))
        value = Platt(slope=self.slope, offset=self.offset)(logit)
        return Confidence(value=value, calibrated=self.calibrated)


def place_card(card: Mapping[str, Any]) -> PlaceCard:
    """Read the calibration of boxes from a card; without one, scores are shown as they are.

    Raises:
        ModelRejected: It lacks a value.
    """
    try:
        given = card.get("places", {})
        names = ("slope", "offset", "calibrated")
        return PlaceCard(**{name: given[name] for name in names if given})
    except KeyError as error:
        raise ModelRejected(
            f"the weights' card lacks {error} of its boxes; copy the card again"
        ) from error


def likeliest_boxes(
    likely: NDArray[np.float32], boxes: NDArray[np.float32], options: DetectOptions
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Yield (score, box) of one finding, the likeliest first.

    Args:
        likely: Shape (k, k), in [0, 1].
        boxes: Shape (k, k, 4), in pixels of the network's square.
        options: How to choose.
    """
    kept: list[NDArray[np.float32]] = []
    scores, places = likely.ravel(), boxes.reshape(-1, 4)
    best = float(scores.max())
    for cell in np.argsort(-scores, kind="stable"):
        score, box = float(scores[cell]), places[cell]
        if len(kept) == options.most or score < options.least_share * best:
            return
        if all(_iou(box, other) <= options.overlap for other in kept):
            kept.append(box)
            yield score, box


def detect(
    encoded: Encoded,
    findings: Sequence[ImageFinding],
    image: Box,
    card: PlaceCard,
    options: DetectOptions,
) -> tuple[Region, ...]:
    """Return the boxes of the positive findings.

    Args:
        encoded: Of one image.
        findings: All findings of the image, in the network's order.
        image: The whole image; boxes are cut to it.
        card: The calibration of the scores.
        options: How to choose.
    """
    regions = []
    for plane, number in enumerate(encoded.boxed):
        finding = findings[number]
        if not finding.positive:
            continue
        chosen = likeliest_boxes(encoded.likely[plane], encoded.boxes[plane], options)
        for n, (score, (x0, y0, x1, y1)) in enumerate(chosen):
            there = encoded.pixel_map.box_to_stored(Box(x0, y0, x1, y1)).intersection(image)
            if there is not None:
                regions.append(_region(finding, n, there, card.confidence(score)))
    return tuple(regions)


def candidates_of(
    encoded: Encoded, concepts: Sequence[str], weights: str
) -> tuple[Candidates, ...]:
    """Return every cell's box and score of the findings that have boxes.

    Args:
        encoded: Of one image.
        concepts: All concepts of the network, in its order.
        weights: ``name@sha256`` of the network.
    """
    there = encoded.pixel_map
    scale = np.array([there.scale_x, there.scale_y] * 2, dtype=np.float32)
    offset = np.array([there.offset_x, there.offset_y] * 2, dtype=np.float32)
    return tuple(
        Candidates(
            concept=concepts[number],
            scores=encoded.likely[plane].ravel(),
            boxes=encoded.boxes[plane].reshape(-1, 4) * scale + offset,
            weights=weights,
        )
        for plane, number in enumerate(encoded.boxed)
    )


def _region(finding: ImageFinding, n: int, box: Box, confidence: Confidence) -> Region:
    made = finding.provenance
    return Region(
        id=f"{finding.concept}_{n}",
        image_id=finding.image_id,
        box=box,
        label=finding.concept,
        source=RegionSource.IMAGE,
        confidence=confidence,
        provenance=Provenance(
            producer=made.producer, version=made.version, rule="box", weights=made.weights
        )
        if made
        else None,
    )


def _iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = float(width * height)
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    return common / (sum(areas) - common)
