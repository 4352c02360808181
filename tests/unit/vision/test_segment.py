"""Masks are single pieces of plausible size, each on its side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from radnlp.schema.geometry import PixelMap
from radnlp.vision.encoder import Drawing
from radnlp.vision.prepare import Fit
from radnlp.vision.segment import Plausibility, segment

LABELS = ("left_lung", "right_lung", "heart")
SHAPE = (128, 128)


def logits(*, left: slice, right: slice, heart: slice) -> Drawing:
    planes = np.full((3, 32, 32), -5.0, np.float32)
    for plane, columns in zip(planes, (left, right, heart), strict=True):
        plane[8:26, columns] = 5.0
    planes[2, 8:13] = -5.0
    return Drawing(logits=planes, fit=Fit.of(*SHAPE, 128), pixel_map=PixelMap())


@pytest.fixture
def chest() -> Drawing:
    return logits(left=slice(19, 28), right=slice(4, 13), heart=slice(13, 19))


def test_masks_come_back_in_stored_pixels(chest: Drawing) -> None:
    twice = replace(chest, pixel_map=PixelMap(scale_x=2.0, scale_y=2.0))
    anatomy = segment(twice, LABELS, (256, 256), Plausibility())
    left = np.argwhere(anatomy.masks["left_lung"])
    assert anatomy.masks["left_lung"].shape == (256, 256)
    assert abs(left[:, 1].min() - 19 * 8) <= 2
    assert abs(left[:, 1].max() - 28 * 8) <= 2


def test_a_small_island_is_dropped(chest: Drawing) -> None:
    planes = chest.logits.copy()
    planes[0, 1:3, 1:3] = 5.0
    anatomy = segment(replace(chest, logits=planes), LABELS, SHAPE, Plausibility())
    assert not anatomy.masks["left_lung"][:20, :20].any()


def test_a_lung_cut_in_two_keeps_both_parts(chest: Drawing) -> None:
    planes = chest.logits.copy()
    planes[1, 16:18] = -5.0
    anatomy = segment(replace(chest, logits=planes), LABELS, SHAPE, Plausibility())
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
    drawing = logits(left=left, right=right, heart=slice(13, 19))
    anatomy = segment(drawing, LABELS, SHAPE, Plausibility())
    assert anatomy.masks == {}
    assert said in (anatomy.reason or "")


def test_a_heart_reaches_little_further_than_the_lungs(chest: Drawing) -> None:
    planes = chest.logits.copy()
    planes[2, 13:32, 13:19] = 5.0
    anatomy = segment(replace(chest, logits=planes), LABELS, SHAPE, Plausibility())
    lowest_lung = np.flatnonzero(anatomy.masks["left_lung"].any(axis=1)).max()
    lowest_heart = np.flatnonzero(anatomy.masks["heart"].any(axis=1)).max()
    lungs = lowest_lung - np.flatnonzero(anatomy.masks["left_lung"].any(axis=1)).min()
    # A fifth of the lungs' height is allowed below them; the edge falls within a cell of 4 pixels.
    assert abs(lowest_heart - lowest_lung - 0.2 * lungs) <= 4


def test_a_heart_that_reaches_the_tops_of_the_lungs_is_left_out(chest: Drawing) -> None:
    planes = chest.logits.copy()
    planes[2, 4:26, 13:19] = 5.0
    anatomy = segment(replace(chest, logits=planes), LABELS, SHAPE, Plausibility())
    assert set(anatomy.masks) == set(anatomy.certainty) == {"left_lung", "right_lung"}


def test_lungs_that_are_not_clear_are_not_shown(chest: Drawing) -> None:
    faint = np.where(chest.logits > 0, 0.5, -5.0).astype(np.float32)
    anatomy = segment(replace(chest, logits=faint), LABELS, SHAPE, Plausibility())
    assert anatomy.masks == {}
    assert "not clear" in (anatomy.reason or "")


def test_a_heart_of_no_size_is_left_out(chest: Drawing) -> None:
    planes = chest.logits.copy()
    planes[2] = -5.0
    anatomy = segment(replace(chest, logits=planes), LABELS, SHAPE, Plausibility())
    assert set(anatomy.masks) == {"left_lung", "right_lung"}


def test_lungs_that_lie_down_are_not_shown(chest: Drawing) -> None:
    planes = np.full_like(chest.logits, -5.0)
    planes[0, 14:22, 17:31] = 5.0
    planes[1, 14:22, 1:14] = 5.0
    anatomy = segment(replace(chest, logits=planes), LABELS, SHAPE, Plausibility())
    assert anatomy.masks == {}
    assert "lie down" in (anatomy.reason or "")


def test_a_heart_is_asked_for_less_certainty_than_a_lung(chest: Drawing) -> None:
    planes = chest.logits.copy()
    planes[2] = np.where(planes[2] > 0, 2.0, -5.0)
    assert "heart" in segment(replace(chest, logits=planes), LABELS, SHAPE, Plausibility()).masks
    planes[0] = np.where(planes[0] > 0, 2.0, -5.0)
    assert segment(replace(chest, logits=planes), LABELS, SHAPE, Plausibility()).masks == {}
