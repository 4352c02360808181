"""Masks are single pieces of plausible size, each on its side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from radnlp.schema.geometry import PixelMap
from radnlp.vision.encoder import Encoded
from radnlp.vision.prepare import Fit
from radnlp.vision.segment import Plausibility, segment

LABELS = ("left_lung", "right_lung", "heart")
SHAPE = (128, 128)


def logits(*, left: slice, right: slice, heart: slice) -> Encoded:
    planes = np.full((3, 32, 32), -5.0, np.float32)
    for plane, columns in zip(planes, (left, right, heart), strict=True):
        plane[8:26, columns] = 5.0
    return Encoded(
        anatomy=planes,
        evidence=np.zeros((1, 8, 8), np.float32),
        findings=np.zeros(1, np.float32),
        fit=Fit.of(*SHAPE, 128),
        pixel_map=PixelMap(scale_x=1.0, scale_y=1.0, offset_x=0.0, offset_y=0.0),
    )


@pytest.fixture
def chest() -> Encoded:
    return logits(left=slice(19, 28), right=slice(4, 13), heart=slice(13, 19))


def test_masks_come_back_in_stored_pixels(chest: Encoded) -> None:
    twice = replace(chest, pixel_map=PixelMap(scale_x=2.0, scale_y=2.0))
    anatomy = segment(twice, LABELS, (256, 256), Plausibility())
    left = np.argwhere(anatomy.masks["left_lung"])
    assert anatomy.masks["left_lung"].shape == (256, 256)
    assert abs(left[:, 1].min() - 19 * 8) <= 2
    assert abs(left[:, 1].max() - 28 * 8) <= 2


def test_a_small_island_is_dropped(chest: Encoded) -> None:
    planes = chest.anatomy.copy()
    planes[0, 1:3, 1:3] = 5.0
    anatomy = segment(replace(chest, anatomy=planes), LABELS, SHAPE, Plausibility())
    assert not anatomy.masks["left_lung"][:20, :20].any()


def test_a_lung_cut_in_two_keeps_both_parts(chest: Encoded) -> None:
    planes = chest.anatomy.copy()
    planes[1, 16:18] = -5.0
    anatomy = segment(replace(chest, anatomy=planes), LABELS, SHAPE, Plausibility())
    rows = np.flatnonzero(anatomy.masks["right_lung"].any(axis=1))
    assert rows.min() < 40
    assert rows.max() > 90


def test_no_pixel_belongs_to_both_lungs() -> None:
    anatomy = segment(
        logits(left=slice(15, 28), right=slice(4, 17), heart=slice(13, 19)),
        LABELS,
        SHAPE,
        Plausibility(),
    )
    assert not (anatomy.masks["left_lung"] & anatomy.masks["right_lung"]).any()


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (slice(4, 13), slice(19, 28), "image's left"),
        (slice(20, 20), slice(4, 13), "left lung would cover 0%"),
        (slice(0, 32), slice(4, 13), "left lung would cover"),
    ],
)
def test_lungs_that_cannot_be_are_not_shown(left: slice, right: slice, said: str) -> None:
    encoded = logits(left=left, right=right, heart=slice(13, 19))
    anatomy = segment(encoded, LABELS, SHAPE, Plausibility())
    assert anatomy.masks == {}
    assert said in (anatomy.reason or "")


def test_a_heart_reaches_no_further_than_the_lungs(chest: Encoded) -> None:
    planes = chest.anatomy.copy()
    planes[2, 8:32, 13:19] = 5.0
    anatomy = segment(replace(chest, anatomy=planes), LABELS, SHAPE, Plausibility())
    lowest_lung = np.flatnonzero(anatomy.masks["left_lung"].any(axis=1)).max()
    lowest_heart = np.flatnonzero(anatomy.masks["heart"].any(axis=1)).max()
    assert abs(lowest_heart - lowest_lung) <= 4


def test_lungs_that_are_not_clear_are_not_shown(chest: Encoded) -> None:
    faint = np.where(chest.anatomy > 0, 0.5, -5.0).astype(np.float32)
    anatomy = segment(replace(chest, anatomy=faint), LABELS, SHAPE, Plausibility())
    assert anatomy.masks == {}
    assert "not clear" in (anatomy.reason or "")


def test_a_heart_of_no_size_is_left_out(chest: Encoded) -> None:
    planes = chest.anatomy.copy()
    planes[2] = -5.0
    anatomy = segment(replace(chest, anatomy=planes), LABELS, SHAPE, Plausibility())
    assert set(anatomy.masks) == {"left_lung", "right_lung"}
