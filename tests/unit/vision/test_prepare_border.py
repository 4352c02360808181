"""Border goes, letters in it or not; what is no border stays, lungs first of all."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radnlp.schema.geometry import Box
from radnlp.vision.border import content_window
from radnlp.vision.steps import Prepared, crop_border

ROWS, COLUMNS = 600, 480


def chest(rows: int = ROWS, columns: int = COLUMNS) -> np.ndarray:
    """A grey body with two dark lungs, black air above both shoulders, and a white belly."""
    film = np.full((rows, columns), 0.6, np.float32)
    film[round(0.85 * rows) :] = 0.95
    for middle in (0.28, 0.72):
        place = round(middle * columns), round(0.45 * rows)
        cv2.ellipse(film, place, (round(0.17 * columns), round(0.33 * rows)), 0, 0, 360, 0.05, -1)
    corner = round(0.2 * rows)
    for side in (np.s_[:corner, : corner // 2], np.s_[:corner, -(corner // 2) :]):
        film[side] = 0.0
    noise = np.random.default_rng(0).normal(0, 0.01, film.shape).astype(np.float32)
    return (film + noise).clip(0, 1)


def framed(grey: float, top: int, bottom: int, left: int, right: int) -> np.ndarray:
    return np.pad(chest(), ((top, bottom), (left, right)), constant_values=grey)


def window(done: Prepared) -> Box:
    rows, columns = done.pixels.shape
    return done.pixel_map.box_to_stored(Box(0, 0, columns, rows))


def assert_is_content(done: Prepared, top: int, left: int, slack: float) -> None:
    box = window(done)
    found = (box.x0, box.y0, box.x1, box.y1)
    expected = (left, top, left + COLUMNS, top + ROWS)
    assert np.abs(np.subtract(found, expected)).max() <= slack
    assert found[0] <= expected[0] + 1
    assert found[3] >= expected[3] - 1


@pytest.mark.parametrize(
    ("grey", "sides"),
    [
        (0.0, (60, 60, 60, 60)),
        (0.0, (200, 0, 0, 0)),
        (0.0, (0, 90, 150, 0)),
        (0.0, (3, 0, 0, 240)),
        (1.0, (60, 60, 60, 60)),
        (1.0, (50, 0, 0, 240)),
    ],
    ids=str,
)
def test_a_border_is_cut_to_within_a_coarse_pixel(
    grey: float, sides: tuple[int, int, int, int]
) -> None:
    film = framed(grey, *sides)
    assert_is_content(crop_border(film), sides[0], sides[2], slack=2 * max(film.shape) / 256)


def test_letters_in_the_border_do_not_keep_it() -> None:
    film = framed(0.0, 80, 80, 100, 100)
    letters = np.zeros(film.shape, np.uint8)
    cv2.putText(letters, "R  PORTABLE AP", (20, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 255, 4)
    cv2.putText(letters, "L", (610, 400), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 255, 5)
    film = np.maximum(film, letters / np.float32(255))
    assert (film[:75] == 1).sum() > 500
    assert_is_content(crop_border(film), 80, 100, slack=2 * max(film.shape) / 256)


def test_a_noisy_border_is_cut() -> None:
    film = framed(0.0, 70, 70, 70, 70)
    noise = np.random.default_rng(1).normal(0, 0.02, film.shape).astype(np.float32)
    assert_is_content(crop_border((film + noise).clip(0, 1)), 70, 70, slack=6)


def test_a_slightly_turned_collimator_is_cut_as_far_as_it_is_straight() -> None:
    film = framed(0.0, 120, 120, 120, 120)
    rows, columns = film.shape
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), 2.0, 1.0)
    done = crop_border(np.asarray(cv2.warpAffine(film, turn, (columns, rows))))
    corners = np.array([(120, 120), (120 + COLUMNS, 120 + ROWS)], float)
    box = window(done)
    assert 80 < box.x0 <= corners[0][0]
    assert 80 < box.y0 <= corners[0][1]
    assert box.x1 >= corners[1][0]
    assert box.y1 >= corners[1][1]


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_a_film_without_border_is_left_alone(gamma: float) -> None:
    film = chest() ** np.float32(gamma)
    assert crop_border(film).pixels.shape == film.shape


@pytest.mark.parametrize("side", [1, 2, 3], ids=["belly", "right lung", "left lung"])
def test_a_white_part_of_the_body_is_not_border(side: int) -> None:
    film = chest()
    white = (np.s_[:30], np.s_[-150:], np.s_[:, :150], np.s_[:, -150:])[side]
    film[white] = 1.0
    assert crop_border(film).pixels.shape == film.shape


def test_dark_lungs_at_the_edge_of_the_film_are_not_border() -> None:
    film = chest()[:, round(0.28 * COLUMNS) : round(0.72 * COLUMNS)]
    assert crop_border(film).pixels.shape == film.shape


@settings(max_examples=60)
@given(
    sides=st.tuples(*[st.integers(0, 400)] * 4),
    grey=st.sampled_from([0.0, 1.0]),
    limit=st.floats(0, 0.49),
)
def test_no_side_loses_more_than_the_limit_and_the_content_stays(
    sides: tuple[int, int, int, int], grey: float, limit: float
) -> None:
    film = framed(grey, *sides)
    rows, columns = content_window(film, limit=limit)
    height, width = film.shape
    assert rows.start <= limit * height + 1
    assert height - rows.stop <= limit * height + 1
    assert columns.start <= limit * width + 1
    assert width - columns.stop <= limit * width + 1
    top, _, left, _ = sides
    # The whole of both lungs, which lie well inside of the content.
    assert rows.start <= top + 0.12 * ROWS
    assert rows.stop >= top + 0.78 * ROWS
    assert columns.start <= left + 0.11 * COLUMNS
    assert columns.stop >= left + 0.89 * COLUMNS
