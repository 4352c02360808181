"""What the header rules out is not looked at."""

from __future__ import annotations

import numpy as np
import pytest

from radnlp.schema.image import Image
from radnlp.vision.guard import objection

PIXELS = np.random.default_rng(0).random((100, 90)).astype(np.float32)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"modality": "DX", "body_part": "CHEST", "view": "PA"},
        {"modality": "CR", "view": "AP"},
        {"modality": "CR", "body_part": "CHEST_TO_ABDOMEN"},
    ],
)
def test_a_frontal_film_may_be_read(header: dict[str, str]) -> None:
    assert objection(Image(pixels=PIXELS, **header)) is None


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"modality": "CT"}, "modality is CT"),
        ({"modality": "MG"}, "modality is MG"),
        ({"modality": "DX", "body_part": "HAND"}, "not the chest"),
        ({"modality": "CR", "body_part": "CHEST", "view": "LATERAL"}, "not frontal"),
        ({"modality": "CR", "view": "LL"}, "not frontal"),
    ],
)
def test_another_kind_of_image_is_refused(header: dict[str, str], said: str) -> None:
    assert said in (objection(Image(pixels=PIXELS, **header)) or "")


@pytest.mark.parametrize("shape", [(1, 1), (30, 30), (64, 2000)])
def test_an_image_of_no_chests_shape_is_refused(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).random(shape).astype(np.float32)
    assert "rows and" in (objection(Image(pixels=pixels)) or "")


def test_an_image_without_contrast_is_refused() -> None:
    assert objection(Image(pixels=np.full((99, 99), 0.5, np.float32))) == "it has no contrast"
