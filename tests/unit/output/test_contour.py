"""Outlines of masks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from radnlp.output.contour import outlines
from radnlp.schema import Mask


@settings(max_examples=60, deadline=None)
@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_outlines_reach_exactly_to_the_edges_of_the_mask(array: np.ndarray) -> None:
    mask = Mask.from_array(array)
    polygons = outlines(mask, tolerance=0)
    box = mask.box()
    if box is None:
        assert polygons == []
        return
    points = np.concatenate(polygons)
    assert (box.x0, box.y0) == tuple(points.min(axis=0))
    assert (box.x1, box.y1) == tuple(points.max(axis=0))


def test_a_hole_has_its_own_outline() -> None:
    array = np.ones((9, 9), dtype=bool)
    array[3:6, 3:6] = False
    outer, inner = outlines(Mask.from_array(array))
    assert np.ptp(outer, axis=0).tolist() == [9, 9]
    assert np.ptp(inner, axis=0).tolist() == [3, 3]


def test_two_islands_are_two_outlines_the_larger_first() -> None:
    array = np.zeros((9, 20), dtype=bool)
    array[1:3, 1:3] = True
    array[2:8, 8:18] = True
    large, small = outlines(Mask.from_array(array))
    assert large[:, 0].min() >= 8 - 0.5
    assert small[:, 0].max() <= 3 + 0.5


def test_an_outline_stays_within_the_tolerance_of_a_disc() -> None:
    y, x = np.mgrid[:200, :200] + 0.5
    disc = np.hypot(x - 100, y - 100) <= 80
    (outline,) = outlines(Mask.from_array(disc), tolerance=1.0)
    radii = np.hypot(*(outline - 100).T)
    assert np.all(np.abs(radii - 80) < 1)
    assert len(outline) < 60
