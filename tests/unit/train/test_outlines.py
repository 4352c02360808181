"""Outlines of several collections come to mean the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from radnlp.train.batches import FilmSet, film_set
from radnlp.train.cache import FilmCache
from radnlp.train.films import CHEST, MASKS, Film
from radnlp.train.outlines import share_one_definition, sides_of

LEFT, RIGHT, HEART, LUNGS = (
    MASKS.index(name) for name in ("left_lung", "right_lung", "heart", "lungs")
)


def both_lungs() -> np.ndarray:
    lungs = np.zeros((40, 40), np.uint8)
    lungs[8:30, 4:14] = 255
    lungs[8:32, 24:36] = 255
    return lungs


def films(names: tuple[str, ...], masks: np.ndarray) -> FilmSet:
    film = Film(
        path=Path("a.png"),
        pool="shenzhen",
        patient="1",
        split="train",
        view="PA",
        labels=frozenset(),
        opacity=None,
        boxes=(),
        masks=tuple((name, Path(name)) for name in names),
    )
    cache = FilmCache(
        images=np.zeros((1, 80, 80), np.uint8),
        masks=masks[None],
        sides=np.array([[80, 80]], np.int32),
    )
    return film_set([film], [0], cache, CHEST)


def test_the_piece_at_the_image_s_left_is_the_right_lung() -> None:
    sides = sides_of(both_lungs())
    assert sides is not None
    left, right = sides
    assert np.nonzero(left)[1].min() == 24
    assert np.nonzero(right)[1].max() == 13


def test_a_speck_does_not_keep_lungs_from_being_parted() -> None:
    lungs = both_lungs()
    lungs[2, 2] = 255
    assert sides_of(lungs) is not None


def test_lungs_that_touch_are_not_parted() -> None:
    lungs = both_lungs()
    lungs[10, 4:36] = 255
    assert sides_of(lungs) is None


def test_a_lung_in_pieces_is_not_taken_for_two_lungs() -> None:
    lungs = both_lungs()
    lungs[18:20, 24:36] = 0
    assert sides_of(lungs) is None


def test_no_lungs_have_no_sides() -> None:
    assert sides_of(np.zeros((8, 8), np.uint8)) is None


def test_joined_lungs_teach_sides_instead_of_their_union() -> None:
    masks = np.zeros((4, 40, 40), np.uint8)
    masks[LUNGS] = both_lungs()
    chosen = films(("lungs",), masks)
    assert share_one_definition(chosen) == 1
    assert chosen.masks_known[0].tolist() == [1, 1, 0, 0]
    np.testing.assert_array_equal(
        np.maximum(chosen.cache.masks[0, LEFT], chosen.cache.masks[0, RIGHT]), both_lungs()
    )


def test_lungs_that_cannot_be_parted_still_teach_their_union() -> None:
    masks = np.zeros((4, 40, 40), np.uint8)
    masks[LUNGS, 5:30, 5:30] = 255
    chosen = films(("lungs",), masks)
    assert share_one_definition(chosen) == 0
    assert chosen.masks_known[0].tolist() == [0, 0, 0, 1]


def test_a_lung_ends_at_the_heart() -> None:
    masks = np.zeros((4, 40, 40), np.uint8)
    masks[LEFT, 8:30, 20:36] = 255
    masks[RIGHT, 8:30, 4:14] = 255
    masks[HEART, 18:30, 14:26] = 255
    chosen = films(("left_lung", "right_lung", "heart"), masks)
    share_one_definition(chosen)
    assert not (chosen.cache.masks[0, LEFT] & chosen.cache.masks[0, HEART]).any()
    assert chosen.cache.masks[0, LEFT, 10, 20] == 255
