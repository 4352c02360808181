"""Scores → findings with calibrated confidence, and heat maps for those that are positive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from radnlp.errors import ModelRejected
from radnlp.schema.geometry import PixelMap
from radnlp.schema.platt import Platt
from radnlp.schema.reading import HeatMap
from radnlp.schema.region import Confidence, ImageFinding, Provenance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.vision.encoder import Encoded

__all__ = ["ConceptCard", "classify", "concept_cards", "unsupported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptCard:
    """What the card of the weights says of one concept.

    A score becomes a probability by `Platt`; from ``threshold`` on it is positive.
    """

    concept: str
    supported: bool
    slope: float = 1.0
    offset: float = 0.0
    threshold: float = 0.5
    calibrated: bool = False

    def confidence(self, score: float) -> Confidence:
        """Return the confidence for the network's score."""
        return Confidence(value=self.platt(score), calibrated=self.calibrated)

    @property
    def platt(self) -> Platt:
        """From the network's scores to probabilities."""
        return Platt(slope=self.slope, offset=self.offset)


def concept_cards(entries: Sequence[dict[str, Any]]) -> tuple[ConceptCard, ...]:
    """Read the concepts of a card, in the network's order.

    Raises:
        ModelRejected: an entry lacks its concept or its support.
    """
    names = ConceptCard.__slots__
    try:
        return tuple(
            ConceptCard(**{name: entry[name] for name in names if name in entry})
            for entry in entries
        )
    except TypeError as error:
        raise ModelRejected(
            "a concept of the weights' card lacks 'concept' or 'supported'; copy the card again"
        ) from error


def classify(
    encoded: Encoded, cards: Sequence[ConceptCard], image_id: str, provenance: Provenance
) -> tuple[tuple[ImageFinding, ...], tuple[HeatMap, ...]]:
    """Return one finding per concept, in the card's order, and heat maps of positive ones.

    A heat map is the evidence of which the score is the pooled value, brought to [0, 1] in the
    same way as the score; its cells cover the whole square of the network, padding included.
    """
    findings, heatmaps = [], []
    cells = encoded.evidence.shape[-1]
    for index, card in enumerate(cards):
        if not card.supported:
            findings.append(_silent(index, card, image_id, provenance))
            continue
        confidence = card.confidence(float(encoded.findings[index]))
        positive = confidence.value >= card.threshold
        findings.append(
            ImageFinding(
                id=f"f{index}",
                concept=card.concept,
                image_id=image_id,
                confidence=confidence,
                positive=positive,
                provenance=provenance,
            )
        )
        if positive:
            cell = PixelMap(scale_x=encoded.size / cells, scale_y=encoded.size / cells)
            heatmaps.append(
                HeatMap(
                    concept=card.concept,
                    values=card.platt(encoded.evidence[index]),
                    pixel_map=encoded.pixel_map.after(cell),
                )
            )
    return tuple(findings), tuple(heatmaps)


def unsupported(
    cards: Sequence[ConceptCard], image_id: str, provenance: Provenance
) -> tuple[ImageFinding, ...]:
    """Return every concept as one that the model cannot speak on."""
    return tuple(_silent(index, card, image_id, provenance) for index, card in enumerate(cards))


def _silent(index: int, card: ConceptCard, image_id: str, provenance: Provenance) -> ImageFinding:
    return ImageFinding(
        id=f"f{index}",
        concept=card.concept,
        image_id=image_id,
        supported=False,
        provenance=provenance,
    )
