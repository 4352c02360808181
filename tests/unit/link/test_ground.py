from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from radnlp.link.ground import GroundOptions, boxes_of, hot_cells
from radnlp.schema import Box, HeatMap, PixelMap

IMAGE = Box(0, 0, 100, 80)


def heat(values: np.ndarray, **place: float) -> HeatMap:
    pixel_map = PixelMap(**{"scale_x": 10.0, "scale_y": 10.0, **place})
    return HeatMap(concept="opacity", values=values.astype(np.float32), pixel_map=pixel_map)


def test_two_patches_give_two_boxes_the_hotter_one_first() -> None:
    values = np.zeros((8, 10))
    values[1, 1] = 0.8
    values[4:6, 6:9] = 0.9
    assert boxes_of(heat(values), IMAGE, GroundOptions(least_share=0.1)) == (
        Box(60, 40, 90, 60),
        Box(10, 10, 20, 20),
    )


def test_a_patch_with_little_of_the_heat_is_dropped() -> None:
    values = np.zeros((8, 10))
    values[1, 1] = 0.8
    values[4:6, 6:9] = 0.9
    assert boxes_of(heat(values), IMAGE, GroundOptions()) == (Box(60, 40, 90, 60),)


def test_cells_that_touch_at_a_corner_belong_together() -> None:
    values = np.zeros((8, 10))
    values[2, 2] = values[3, 3] = 1.0
    assert boxes_of(heat(values), IMAGE, GroundOptions()) == (Box(20, 20, 40, 40),)


def test_a_box_is_mapped_to_stored_pixels_and_cut_to_the_image() -> None:
    values = np.zeros((4, 4))
    values[0, :2] = 1.0
    moved = heat(values, offset_x=-15.0, scale_x=20.0)
    assert boxes_of(moved, IMAGE, GroundOptions()) == (Box(0, 0, 25, 10),)


def test_a_patch_outside_the_image_gives_no_box() -> None:
    values = np.zeros((4, 4))
    values[0, 0] = 1.0
    assert boxes_of(heat(values, offset_x=-50.0), IMAGE, GroundOptions()) == ()


def test_a_cold_map_gives_nothing() -> None:
    cold = heat(np.zeros((3, 3)))
    assert boxes_of(cold, IMAGE, GroundOptions()) == ()
    assert hot_cells(cold, 0.5) is None


def test_hot_cells_are_the_centres_of_cells_in_stored_pixels() -> None:
    values = np.zeros((3, 3))
    values[2, 1] = 0.6
    cells = hot_cells(heat(values), 0.5)
    assert cells is not None
    assert cells.points.tolist() == [[15.0, 25.0]]
    assert cells.weights.tolist() == pytest.approx([0.6])


@given(arrays(np.float32, (6, 5), elements=st.floats(0, 1, width=32)))
def test_every_box_lies_in_the_image_and_the_hottest_cell_is_hot(values: np.ndarray) -> None:
    found = heat(values)
    for box in boxes_of(found, IMAGE, GroundOptions()):
        assert IMAGE.intersection(box) == box
    cells = hot_cells(found, 0.5)
    if values.max() > 0:
        assert cells is not None
        assert cells.weights.max() == pytest.approx(float(values.max()))
