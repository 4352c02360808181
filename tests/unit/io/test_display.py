from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from radnlp.errors import InvalidHeader
from radnlp.io.display import GreyPipeline, Lut, Padding, VoiFunction, Window, by_table, luminance

stored_values = arrays(np.uint16, st.tuples(st.integers(1, 6), st.integers(1, 6)))
windows = st.builds(
    Window,
    center=st.floats(-100, 70_000),
    width=st.floats(1, 70_000),
    function=st.sampled_from(VoiFunction),
)


def show(values: list[float], window: Window) -> list[float]:
    return [round(float(value), 6) for value in window(np.array(values, dtype=np.float64))]


def test_a_linear_window_follows_the_standards_formula() -> None:
    # C.11.2.1.2.1 with c = 2048, w = 4096: the note's own example, y from 0 to 1.
    window = Window(center=2048, width=4096)
    assert show([-1, 0, 2047.5, 4095, 5000], window) == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert show([1], window) == [round((1 - 2047.5) / 4095 + 0.5, 6)]


def test_a_linear_window_of_width_one_is_a_threshold() -> None:
    window = Window(center=10, width=1)
    assert show([9, 9.5, 9.6, 10], window) == [0.0, 0.0, 1.0, 1.0]


def test_a_linear_exact_window_follows_the_standards_formula() -> None:
    window = Window(center=2048, width=4096, function=VoiFunction.LINEAR_EXACT)
    assert show([0, 1024, 2048, 4096], window) == [0.0, 0.25, 0.5, 1.0]


def test_a_sigmoid_window_follows_the_standards_formula() -> None:
    window = Window(center=100, width=40, function=VoiFunction.SIGMOID)
    expected = [1 / (1 + np.exp(4.0)), 0.5, 1 / (1 + np.exp(-4.0))]
    assert show([60, 100, 140], window) == [round(value, 6) for value in expected]


def test_a_sigmoid_far_from_its_center_does_not_overflow() -> None:
    window = Window(center=0, width=1e-6, function=VoiFunction.SIGMOID)
    assert show([-65535, 65535], window) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("width", "function"),
    [(0.5, "LINEAR"), (0, "LINEAR_EXACT"), (-3, "SIGMOID"), (float("nan"), "LINEAR")],
)
def test_a_window_that_is_too_narrow_is_refused(width: float, function: str) -> None:
    with pytest.raises(InvalidHeader, match="width"):
        Window(center=0, width=width, function=VoiFunction(function))


def test_a_lut_holds_its_ends_beyond_its_range() -> None:
    lut = Lut(first=10, entries=np.array([0.0, 128.0, 255.0]), bits=8)
    assert lut(np.array([0.0, 10.0, 11.0, 12.0, 99.0])).tolist() == [0, 0, 128, 255, 255]
    assert lut.brightness(np.array([12.0])).tolist() == [1.0]


def test_the_modality_lut_comes_before_the_window() -> None:
    stored = np.array([[0, 1000, 2000]], dtype=np.uint16)
    pipeline = GreyPipeline(
        slope=1,
        intercept=-1000,
        voi=Window(center=0, width=2000, function=VoiFunction.LINEAR_EXACT),
    )
    assert pipeline.show(stored).tolist() == [[0.0, 0.5, 1.0]]


def test_without_a_window_the_full_range_is_shown() -> None:
    assert GreyPipeline().show(np.array([[10, 15, 20]])).tolist() == [[0.0, 0.5, 1.0]]


def test_padding_is_black_and_no_part_of_the_range() -> None:
    stored = np.array([[-2000, 10, 15, 20]], dtype=np.int16)
    for inverted, expected in ((False, [0.0, 0.0, 0.5, 1.0]), (True, [0.0, 1.0, 0.5, 0.0])):
        pipeline = GreyPipeline(padding=Padding(low=-2000, high=-2000), inverted=inverted)
        assert pipeline.show(stored).tolist() == [expected]


@pytest.mark.parametrize("inverted", [False, True])
def test_a_constant_image_is_black(inverted: bool) -> None:
    assert not GreyPipeline(inverted=inverted).show(np.full((2, 2), 7)).any()


def test_an_image_of_padding_alone_is_black() -> None:
    pipeline = GreyPipeline(padding=Padding(low=0, high=9), inverted=True)
    assert not pipeline.show(np.full((2, 2), 7)).any()


@given(stored_values)
def test_monochrome1_of_the_complement_is_monochrome2(stored: np.ndarray) -> None:
    plain = GreyPipeline().show(stored)
    inverted = GreyPipeline(inverted=True).show(65535 - stored)
    np.testing.assert_allclose(plain, inverted, atol=1e-6)


@given(stored_values, st.floats(0, 65535), st.floats(2, 70_000))
def test_monochrome1_of_the_complement_is_monochrome2_through_a_mirrored_window(
    stored: np.ndarray, center: float, width: float
) -> None:
    plain = GreyPipeline(voi=Window(center=center, width=width)).show(stored)
    # Mirrored about the middle of the values; LINEAR's own center lies half a unit lower.
    mirrored = Window(center=65536 - center, width=width)
    inverted = GreyPipeline(voi=mirrored, inverted=True).show(65535 - stored)
    np.testing.assert_allclose(plain, inverted, atol=1e-5)


@given(stored_values, windows)
def test_brightness_stays_within_0_and_1_and_keeps_the_order(
    stored: np.ndarray, window: Window
) -> None:
    shown = GreyPipeline(voi=window).show(stored)
    assert 0.0 <= shown.min() <= shown.max() <= 1.0
    order = np.argsort(stored.ravel(), kind="stable")
    assert (np.diff(shown.ravel()[order]) >= 0).all()


@given(arrays(np.int32, 5, elements=st.integers(-(2**31), 2**31 - 1)))
def test_a_table_gives_what_the_function_gives(stored: np.ndarray) -> None:
    expected = (stored.astype(np.float64) * 0.5).astype(np.float32)
    np.testing.assert_array_equal(by_table(stored, lambda values: values * 0.5), expected)


def test_luminance_weighs_colours_as_bt_601_does() -> None:
    colour = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], dtype=np.uint8)
    np.testing.assert_allclose(
        luminance(colour, white=255), [[0.299, 0.587, 0.114, 1.0]], rtol=1e-5
    )
