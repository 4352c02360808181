"""Scores become findings; what cannot be measured stays silent."""

from __future__ import annotations

import numpy as np
import pytest

from radnlp.errors import ModelRejected
from radnlp.schema.geometry import PixelMap
from radnlp.schema.region import Provenance
from radnlp.vision.classify import ConceptCard, classify, concept_cards, unsupported
from radnlp.vision.encoder import Encoded

US = Provenance(producer="test", version="0")
CARDS = (
    ConceptCard(concept="mass", supported=True, slope=2.0, threshold=0.6, calibrated=True),
    ConceptCard(concept="nodule", supported=True, threshold=0.6),
    ConceptCard(concept="fibrosis", supported=False),
)


@pytest.fixture
def encoded() -> Encoded:
    evidence = np.zeros((3, 4, 4), np.float32)
    evidence[0, 1, 2] = 6
    return Encoded(
        evidence=evidence,
        findings=np.array([1.0, -1.0, 5.0], np.float32),
        boxed=(0,),
        likely=np.zeros((1, 8, 8), np.float32),
        boxes=np.zeros((1, 8, 8, 4), np.float32),
        layout=np.zeros((4, 3, 3), np.float32),
        size=64,
        pixel_map=PixelMap(scale_x=2.0, scale_y=2.0, offset_x=-32.0, offset_y=0.0),
    )


def test_every_concept_answers_in_the_order_of_the_card(encoded: Encoded) -> None:
    findings, _ = classify(encoded, CARDS, "i0", US)
    assert [finding.concept for finding in findings] == ["mass", "nodule", "fibrosis"]
    assert [finding.positive for finding in findings] == [True, False, False]


def test_an_unsupported_concept_has_no_confidence_whatever_its_score(encoded: Encoded) -> None:
    findings, _ = classify(encoded, CARDS, "i0", US)
    assert findings[2].supported is False
    assert findings[2].confidence is None


def test_confidence_is_the_calibrated_score(encoded: Encoded) -> None:
    findings, _ = classify(encoded, CARDS, "i0", US)
    assert findings[0].confidence is not None
    assert findings[0].confidence.value == pytest.approx(1 / (1 + np.exp(-2)))
    assert findings[0].confidence.calibrated
    assert findings[1].confidence is not None
    assert not findings[1].confidence.calibrated


def test_only_positive_findings_have_a_heat_map(encoded: Encoded) -> None:
    _, heatmaps = classify(encoded, CARDS, "i0", US)
    assert [heatmap.concept for heatmap in heatmaps] == ["mass"]


def test_a_cell_of_the_heat_map_leads_to_its_place_in_the_image(encoded: Encoded) -> None:
    _, (heatmap,) = classify(encoded, CARDS, "i0", US)
    row, column = np.unravel_index(int(heatmap.values.argmax()), heatmap.values.shape)
    corner = heatmap.pixel_map.to_stored(np.array([[column, row]], float))[0]
    # Cell (1, 2) begins at (32, 16) of the square; the image fills its middle half.
    assert corner.tolist() == [32.0, 32.0]


def test_all_are_silent_where_the_image_is_no_chest() -> None:
    findings = unsupported(CARDS, "i0", US)
    assert len(findings) == 3
    assert not any(finding.supported for finding in findings)


def test_a_card_without_support_is_refused() -> None:
    with pytest.raises(ModelRejected, match="supported"):
        concept_cards([{"concept": "mass"}])
