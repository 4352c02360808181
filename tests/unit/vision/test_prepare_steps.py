"""Each step keeps finite pixels finite, does what its name says, and gives the way back."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.errors import InputError
from radnlp.schema.geometry import PixelMap
from radnlp.vision.steps import (
    Prepared,
    clahe,
    crop_border,
    denoise,
    pad,
    percentile,
    resize,
)

STEPS: dict[str, Callable[[np.ndarray], Prepared]] = {
    "percentile": percentile,
    "clahe": clahe,
    "denoise median": denoise,
    "denoise bilateral": lambda pixels: denoise(pixels, method="bilateral"),
    "denoise nlm": lambda pixels: denoise(pixels, method="nlm"),
    "crop_border": crop_border,
    "resize": lambda pixels: resize(pixels, size=64),
    "pad": lambda pixels: pad(pixels, size=max(pixels.shape)),
}
SHAPES = [(1, 1), (1, 9), (5, 5), (97, 64), (2000, 3)]


def picture(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Smooth greys from 0 to 1."""
    coarse = np.random.default_rng(seed).random((9, 8)).astype(np.float32)
    smooth = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray((smooth - smooth.min()) / np.ptp(smooth), np.float32)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", ["noise", "constant", "black", "negative"])
def test_any_finite_image_stays_finite(name: str, shape: tuple[int, int], kind: str) -> None:
    noise = np.random.default_rng(0).random(shape).astype(np.float32)
    pixels = {
        "noise": noise,
        "constant": np.full(shape, 0.3, np.float32),
        "black": np.zeros(shape, np.float32),
        "negative": noise * 4000 - 1000,
    }[kind]
    given = pixels.copy()
    done = STEPS[name](pixels)
    assert done.pixels.dtype == np.float32
    assert done.pixels.ndim == 2
    assert done.pixels.size > 0
    assert np.isfinite(done.pixels).all()
    np.testing.assert_array_equal(pixels, given)


@pytest.mark.parametrize("name", [name for name in STEPS if "nlm" not in name and name != "pad"])
def test_a_strip_of_20000_pixels_is_prepared(name: str) -> None:
    strip = np.random.default_rng(0).random((20_000, 30)).astype(np.float32)
    assert np.isfinite(STEPS[name](strip).pixels).all()


@pytest.mark.parametrize("name", [name for name in STEPS if name.split()[0] in {
    "percentile", "clahe", "denoise"
}])  # fmt: skip
def test_a_step_that_changes_greys_moves_nothing(name: str) -> None:
    done = STEPS[name](picture(60, 50))
    assert done.pixels.shape == (60, 50)
    assert done.pixel_map == PixelMap()


def test_a_window_without_gamma_is_linear() -> None:
    ramp = np.linspace(2, 4, 101, dtype=np.float32)[None, :] ** 2
    plain = percentile(ramp, low=0, high=100, gamma=False).pixels
    np.testing.assert_allclose(plain, (ramp - 4) / 12, atol=1e-6)
    assert abs(float(np.median(percentile(ramp).pixels)) - 0.5) < 0.01


def test_clahe_agrees_with_opencv_on_8_bits() -> None:
    grey = (picture(1280, 1024) * 255).round()
    theirs = cv2.createCLAHE(2.0, (8, 8)).apply(grey.astype(np.uint8)).astype(np.float32)
    ours = clahe(grey.astype(np.float32), clip=2.0, tiles=8).pixels * 255
    unchanged = np.abs(theirs - grey).mean()
    assert unchanged > 10
    assert np.abs(theirs - ours).mean() < 2


def test_clahe_keeps_16_bits_apart() -> None:
    deep = (picture(600, 500) * 65535).round().astype(np.float32)
    done = clahe(deep).pixels
    levels = len(np.unique(deep))
    assert len(np.unique(np.round(done * 65535))) > 0.5 * levels > 10_000


def test_clahe_does_the_same_to_8_and_16_bits_and_to_other_sizes() -> None:
    film = picture(640, 512)
    deep = clahe(film).pixels
    shallow = clahe((film * 255).round() / np.float32(255)).pixels
    large = clahe(np.repeat(np.repeat(film, 2, axis=0), 2, axis=1)).pixels
    assert np.abs(deep - film).mean() > 0.04
    assert np.abs(deep - shallow).mean() < 0.01
    assert np.abs(deep - large[::2, ::2]).mean() < 0.01


def test_clahe_never_gains_more_than_its_limit() -> None:
    step = np.full((128, 128), 0.2, np.float32)
    step[:, 64:] = 0.25
    step[0, 0], step[0, 1] = 0.0, 1.0
    equal = clahe(step, clip=3.0, tiles=1).pixels
    assert 0.05 < float(equal[64, 100] - equal[64, 20]) <= (3 + 1) * (0.05 + 1 / 256)


@pytest.mark.parametrize("name", [name for name in STEPS if name.startswith("denoise")])
def test_noise_goes_and_the_edge_stays(name: str) -> None:
    clean = np.full((64, 64), 0.2, np.float32)
    clean[:, 32:] = 0.8
    noisy = clean + np.random.default_rng(0).normal(0, 0.03, clean.shape).astype(np.float32)
    done = STEPS[name](noisy).pixels
    flat = done[8:-8, 4:28]
    assert flat.std() < 0.6 * noisy[8:-8, 4:28].std()
    assert float(done[:, 33].mean() - done[:, 30].mean()) > 0.5
    assert abs(float(done.mean() - clean.mean())) < 0.01


def test_the_median_takes_a_dead_pixel_out() -> None:
    film = np.full((20, 20), 0.5, np.float32)
    film[10, 10] = 1.0
    assert denoise(film).pixels.max() == np.float32(0.5)


@given(rows=st.integers(1, 400), columns=st.integers(1, 400), size=st.integers(8, 128))
def test_resize_and_pad_lead_the_corners_back(rows: int, columns: int, size: int) -> None:
    small = resize(np.zeros((rows, columns), np.float32), size=size)
    square = pad(small.pixels, size=size)
    assert max(small.pixels.shape) == size
    assert square.pixels.shape == (size, size)
    height, width = small.pixels.shape
    corners = square.pixel_map.to_model(np.array([(0, 0), (width, height)], float))
    whole = small.pixel_map.after(square.pixel_map).to_stored(corners)
    np.testing.assert_allclose(whole, [(0, 0), (columns, rows)], atol=1e-9)


def test_pad_puts_black_around_the_middle() -> None:
    square = pad(np.ones((4, 2), np.float32), size=6).pixels
    assert square.sum() == 8
    assert square[1:5, 2:4].all()


def test_pad_refuses_what_is_larger_than_its_square() -> None:
    with pytest.raises(InputError, match="resize first"):
        pad(np.ones((4, 9), np.float32), size=6)
