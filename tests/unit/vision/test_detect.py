"""Boxes of positive findings, in stored pixels."""

from __future__ import annotations

import numpy as np
import pytest

from radnlp.errors import ModelRejected
from radnlp.schema.geometry import Box, PixelMap
from radnlp.schema.region import Confidence, ImageFinding, RegionSource
from radnlp.vision.detect import DetectOptions, PlaceCard, detect, likeliest_boxes, place_card
from radnlp.vision.encoder import Encoded

CARD = PlaceCard(slope=1.0, offset=0.0, calibrated=True)


def maps(*peaks: tuple[int, int, float, tuple[float, float, float, float]]) -> tuple:
    likely = np.full((8, 8), 0.01, np.float32)
    boxes = np.zeros((8, 8, 4), np.float32)
    for row, column, score, box in peaks:
        likely[row, column] = score
        boxes[row, column] = box
    return likely, boxes


def encoded(likely: np.ndarray, boxes: np.ndarray) -> Encoded:
    return Encoded(
        evidence=np.zeros((2, 4, 4), np.float32),
        findings=np.zeros(2, np.float32),
        boxed=(1,),
        likely=likely[None],
        boxes=boxes[None],
        layout=np.zeros((4, 3, 3), np.float32),
        size=64,
        pixel_map=PixelMap(scale_x=2.0, scale_y=2.0, offset_x=-10.0, offset_y=0.0),
    )


def findings(*, positive: bool) -> tuple[ImageFinding, ...]:
    sure = Confidence(value=0.7)
    return tuple(
        ImageFinding(id=f"f{n}", concept=concept, image_id="i0", confidence=sure, positive=positive)
        for n, concept in enumerate(("edema", "nodule"))
    )


def test_the_likeliest_comes_first_and_its_doubles_go() -> None:
    likely, boxes = maps(
        (1, 1, 0.9, (4, 4, 20, 20)), (1, 2, 0.8, (5, 4, 21, 20)), (6, 6, 0.7, (40, 40, 60, 60))
    )
    found = list(likeliest_boxes(likely, boxes, DetectOptions()))
    assert [tuple(box) for _, box in found] == [(4, 4, 20, 20), (40, 40, 60, 60)]


def test_what_is_much_less_likely_is_no_box() -> None:
    likely, boxes = maps((1, 1, 0.9, (4, 4, 20, 20)), (6, 6, 0.3, (40, 40, 60, 60)))
    assert len(list(likeliest_boxes(likely, boxes, DetectOptions()))) == 1


def test_boxes_come_back_in_stored_pixels_cut_to_the_image() -> None:
    likely, boxes = maps((1, 1, 0.75, (4, 4, 20, 20)))
    (region,) = detect(
        encoded(likely, boxes),
        findings(positive=True),
        Box(0, 0, 100, 30),
        CARD,
        DetectOptions(),
    )
    assert region.box == Box(0, 8, 30, 30)
    assert (region.label, region.source) == ("nodule", RegionSource.IMAGE)
    assert region.confidence is not None
    assert (region.confidence.value, region.confidence.calibrated) == (pytest.approx(0.75), True)


def test_a_finding_that_is_not_called_has_no_box() -> None:
    likely, boxes = maps((1, 1, 0.75, (4, 4, 20, 20)))
    image = Box(0, 0, 100, 100)
    assert not detect(
        encoded(likely, boxes), findings(positive=False), image, CARD, DetectOptions()
    )


def test_a_card_without_calibration_gives_scores_as_they_are() -> None:
    card = place_card({})
    assert card == PlaceCard()
    given = card.confidence(0.3)
    assert (given.value, given.calibrated) == (pytest.approx(0.3), False)


def test_a_calibration_that_lacks_a_value_is_refused() -> None:
    with pytest.raises(ModelRejected, match="copy the card again"):
        place_card({"places": {"slope": 1.0}})
