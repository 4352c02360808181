"""The display window does not change what the network sees; every pixel finds its way back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from radnlp.vision.prepare import Fit, normalise, prepare


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    random = np.random.default_rng(0)
    smooth = np.add.outer(np.linspace(0, 1, 90), np.sin(np.linspace(0, 3, 120)))
    return (smooth / smooth.max() * 0.8 + random.random((90, 120)) * 0.1).astype(np.float32)


@given(scale=st.floats(0.2, 5), shift=st.floats(-2, 2))
def test_a_linear_window_changes_nothing(scale: float, shift: float) -> None:
    ramp = np.random.default_rng(3).random((40, 50)).astype(np.float32)
    windowed = (scale * ramp + shift).astype(np.float32)
    np.testing.assert_allclose(normalise(windowed), normalise(ramp), atol=2e-3)


@pytest.mark.parametrize("gamma", [0.6, 1.5])
def test_a_gamma_changes_little(film: np.ndarray, gamma: float) -> None:
    changed = normalise((film / film.max()) ** np.float32(gamma))
    assert np.abs(changed - normalise(film)).mean() < 0.03


def test_a_constant_image_becomes_black() -> None:
    assert not normalise(np.full((8, 9), 0.7, np.float32)).any()


@given(rows=st.integers(1, 3000), columns=st.integers(1, 3000))
def test_every_shape_fits_into_the_square(rows: int, columns: int) -> None:
    fit = Fit.of(rows, columns, 256)
    assert max(fit.height, fit.width) == 256
    assert 0 <= fit.top <= fit.top + fit.height <= 256
    assert 0 <= fit.left <= fit.left + fit.width <= 256


@pytest.mark.parametrize("shape", [(100, 60), (60, 100), (64, 64), (300, 200)])
def test_the_pixel_map_leads_back_to_the_corners(shape: tuple[int, int]) -> None:
    rows, columns = shape
    square, pixel_map = prepare(np.random.default_rng(1).random(shape).astype(np.float32), 64)
    fit = Fit.of(rows, columns, 64)
    corners = [(fit.left, fit.top), (fit.left + fit.width, fit.top + fit.height)]
    assert square.shape == (1, 1, 64, 64)
    np.testing.assert_allclose(
        pixel_map.to_stored(np.array(corners, float)), [(0, 0), (columns, rows)], atol=1e-9
    )


def test_padding_is_black_and_the_image_is_not_mirrored() -> None:
    pixels = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (80, 1))
    square, _ = prepare(pixels, 64)
    assert torch.count_nonzero(square[..., :16]) == 0
    assert square[0, 0, 32, 20] < square[0, 0, 32, 44]
