from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, floating_dtypes, integer_dtypes

from radnlp.errors import ImageTooLarge, InputError
from radnlp.io import read_image


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([0, 51, 255], "u1", [0.0, 0.2, 1.0]),
        ([0, 51, 102], "u1", [0.0, 0.2, 0.4]),
        ([0, 51, 255], "i8", [0.0, 0.2, 1.0]),
        ([0, 819, 4095], "u2", [0.0, 0.2, 1.0]),
        ([0, 13107, 65535], "u2", [0.0, 0.2, 1.0]),
        ([-1000, 0, 1000], "i2", [0.0, 0.5, 1.0]),
        ([0, 1, 1], "?", [0.0, 1.0, 1.0]),
        ([0.25, 0.5, 0.75], "f4", [0.25, 0.5, 0.75]),
        ([-1.0, 0.0, 3.0], "f8", [0.0, 0.25, 1.0]),
        ([0, 0, 0], "u1", [0.0, 0.0, 0.0]),
        ([-5, -5, -5], "i4", [0.0, 0.0, 0.0]),
        ([7.0, 7.0, 7.0], "f4", [0.0, 0.0, 0.0]),
    ],
)
def test_each_number_type_has_its_scale(
    values: list[float], kind: str, expected: list[float]
) -> None:
    image = read_image(np.array([values]).astype(kind))
    np.testing.assert_allclose(image.pixels, [expected], atol=1e-6)


@pytest.mark.parametrize(("kind", "value"), [("i2", -1), ("f4", 1.5)])
def test_scaling_by_the_arrays_own_range_leaves_a_notice(kind: str, value: float) -> None:
    image = read_image(np.array([[0, value]]).astype(kind))
    assert [notice.name for notice in image.warnings] == ["ScaledToRange"]


def test_values_that_are_not_finite_are_black_and_told() -> None:
    image = read_image(np.array([[np.nan, np.inf, 0.5, 1.0]]))
    assert image.pixels.tolist() == [[0.0, 0.0, 0.5, 1.0]]
    assert [notice.name for notice in image.warnings] == ["NotFinite"]


def test_an_array_without_a_finite_value_is_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        read_image(np.full((2, 2), np.nan))


@pytest.mark.parametrize("shape", [(4,), (0, 4), (2, 2, 2), (1, 2, 2, 3), (2, 2, 4)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="shape"):
        read_image(np.zeros(shape))


@pytest.mark.parametrize("kind", ["c8", "U1", "O"])
def test_what_is_no_number_is_refused(kind: str) -> None:
    with pytest.raises(InputError, match="dtype"):
        read_image(np.zeros((2, 2)).astype(kind))


def test_a_large_array_is_refused() -> None:
    with pytest.raises(ImageTooLarge):
        read_image(np.zeros((4, 4)), max_pixels=15)


def test_rgb_becomes_its_luminance() -> None:
    array = np.array([[[0, 255, 0]]], dtype=np.uint8)
    np.testing.assert_allclose(read_image(array).pixels, [[0.587]], atol=1e-5)


@given(
    st.one_of(
        arrays(integer_dtypes(), array_shapes(min_dims=2, max_dims=2, max_side=5)),
        arrays(floating_dtypes(), array_shapes(min_dims=2, max_dims=2, max_side=5)),
    )
)
def test_any_array_gives_brightness_or_a_named_error(array: np.ndarray) -> None:
    before = array.copy()
    try:
        pixels = read_image(array).pixels
    except InputError:
        assert not np.isfinite(array).any()
        return
    assert pixels is not None
    assert np.isfinite(pixels).all()
    np.testing.assert_array_equal(array, before)


def test_a_tensor_is_read_like_an_array() -> None:
    torch = pytest.importorskip("torch")
    array = np.array([[0.0, 0.25], [0.5, 1.0]], dtype=np.float32)
    tensor = torch.tensor(array, requires_grad=True)
    for form in (tensor, tensor[None], tensor.to(torch.bfloat16)):
        np.testing.assert_allclose(read_image(form).pixels, array)
    with pytest.raises(InputError, match="shape"):
        read_image(torch.zeros(2, 3, 4))


def test_an_image_is_returned_as_it_is_under_the_id_asked_for() -> None:
    image = read_image(np.array([[-1.0, 2.0]]))
    assert read_image(image) is image
    renamed = read_image(image, id="i3")
    assert renamed.id == "i3"
    assert [notice.source for notice in renamed.warnings] == ["i3"]
