"""Boxes, masks and pixel maps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from radnlp.errors import GeometryError
from radnlp.schema import Box, Mask, PatientPlane, PixelMap, Spacing, SpacingKind

coordinates = st.floats(-1e4, 1e4, allow_nan=False)
sizes = st.floats(0.01, 1e4)
boxes = st.builds(Box.from_xywh, coordinates, coordinates, sizes, sizes)
scales = st.floats(0.01, 100)
maps = st.builds(
    PixelMap, scale_x=scales, scale_y=scales, offset_x=coordinates, offset_y=coordinates
)


@given(boxes, boxes)
def test_iou_is_symmetric_and_bounded(a: Box, b: Box) -> None:
    assert a.iou(b) == b.iou(a)
    assert 0.0 <= a.iou(b) <= 1.0 + 1e-9


@given(boxes)
def test_a_box_overlaps_itself_fully(box: Box) -> None:
    assert box.iou(box) == pytest.approx(1.0)


@given(boxes, boxes)
def test_the_intersection_lies_in_both_boxes(a: Box, b: Box) -> None:
    common = a.intersection(b)
    if common is not None:
        for box in (a, b):
            assert box.x0 <= common.x0 < common.x1 <= box.x1
            assert box.y0 <= common.y0 < common.y1 <= box.y1


@pytest.mark.parametrize("edges", [(0, 0, 0, 1), (2, 0, 1, 1), (0, 0, float("nan"), 1)])
def test_an_empty_or_broken_box_is_refused(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(GeometryError, match="box"):
        Box(*edges)


def test_the_message_of_an_inverted_box_names_from_xywh() -> None:
    with pytest.raises(GeometryError, match="from_xywh"):
        Box(10, 10, 5, 5)


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_a_mask_returns_the_array_it_was_made_of(array: np.ndarray) -> None:
    mask = Mask.from_array(array)
    assert (mask.to_array() == array).all()
    assert mask.area == array.sum()


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_a_masks_box_is_tight(array: np.ndarray) -> None:
    box = Mask.from_array(array).box()
    if box is None:
        assert not array.any()
        return
    inside = array[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)]
    assert inside.sum() == array.sum()
    assert inside[0].any()
    assert inside[-1].any()
    assert inside[:, 0].any()
    assert inside[:, -1].any()


@given(
    arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 6))),
    st.integers(1, 4),
    st.data(),
)
def test_an_enlarged_mask_is_its_array_enlarged_and_cut(
    array: np.ndarray, times: int, data: st.DataObject
) -> None:
    rows, columns = (data.draw(st.integers(1, times * size)) for size in array.shape)
    large = np.kron(array, np.ones((times, times), bool)).astype(bool)[:rows, :columns]
    enlarged = Mask.from_array(array).enlarged(times, rows, columns)
    assert enlarged == Mask.from_array(large)


def test_a_mask_is_not_enlarged_beyond_its_pixels() -> None:
    with pytest.raises(GeometryError, match="does not fill"):
        Mask.from_array(np.ones((2, 2), bool)).enlarged(3, 7, 6)


def test_runs_that_do_not_fill_the_matrix_are_refused() -> None:
    with pytest.raises(GeometryError, match="cover 3 pixels"):
        Mask(rows=2, columns=2, counts=(1, 2))


@given(maps, boxes)
def test_a_pixel_map_and_its_inverse_give_the_box_back(pixel_map: PixelMap, box: Box) -> None:
    back = pixel_map.box_to_stored(pixel_map.box_to_model(box))
    for name in ("x0", "y0", "x1", "y1"):
        assert getattr(back, name) == pytest.approx(getattr(box, name), rel=1e-6, abs=1e-5)


@given(maps, maps, coordinates, coordinates)
def test_composed_maps_equal_one_after_the_other(
    outer: PixelMap, inner: PixelMap, x: float, y: float
) -> None:
    stepwise = outer.to_stored(inner.to_stored([(x, y)]))
    assert outer.after(inner).to_stored([(x, y)]) == pytest.approx(stepwise, rel=1e-6, abs=1e-4)


def test_a_flip_is_not_a_pixel_map() -> None:
    with pytest.raises(GeometryError, match="flips"):
        PixelMap(scale_x=-1.0)


def test_the_first_pixels_centre_lies_at_image_position_patient() -> None:
    plane = PatientPlane(
        position_mm=(-100.0, -50.0, 30.0),
        row_cosines=(1.0, 0.0, 0.0),
        column_cosines=(0.0, 1.0, 0.0),
        row_mm=2.0,
        column_mm=0.5,
    )
    assert plane.to_patient([(0.5, 0.5), (1.5, 1.5)]).tolist() == [
        [-100.0, -50.0, 30.0],
        [-99.5, -48.0, 30.0],
    ]
    assert plane.normal == (0.0, 0.0, 1.0)


@given(coordinates, coordinates)
def test_patient_space_and_back_gives_the_point(x: float, y: float) -> None:
    plane = PatientPlane(
        position_mm=(1.0, 2.0, 3.0),
        row_cosines=(0.6, 0.8, 0.0),
        column_cosines=(0.0, 0.0, -1.0),
        row_mm=0.7,
        column_mm=0.3,
    )
    assert plane.to_pixels(plane.to_patient([(x, y)])) == pytest.approx(
        np.array([[x, y]]), rel=1e-9, abs=1e-6
    )


def test_skewed_directions_are_no_plane() -> None:
    with pytest.raises(GeometryError, match="orthogonal"):
        PatientPlane(
            position_mm=(0.0, 0.0, 0.0),
            row_cosines=(1.0, 0.0, 0.0),
            column_cosines=(1.0, 0.0, 0.0),
            row_mm=1.0,
            column_mm=1.0,
        )


@pytest.mark.parametrize("row_mm", [0.0, -1.0, float("inf")])
def test_a_spacing_is_positive(row_mm: float) -> None:
    with pytest.raises(GeometryError, match="spacing"):
        Spacing(row_mm=row_mm, column_mm=1.0, kind=SpacingKind.PATIENT)
