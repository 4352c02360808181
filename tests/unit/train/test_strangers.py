"""Drawn images of other things."""

from __future__ import annotations

import numpy as np
import pytest

from radnlp.train.strangers import FAMILIES, stranger


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stranger_fills_the_grey_scale_and_is_repeatable(family: str) -> None:
    first = stranger(family, 96, np.random.default_rng(3))
    assert first.shape == (96, 96)
    assert first.dtype == np.float32
    assert (first.min(), first.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(first, stranger(family, 96, np.random.default_rng(3)))


@pytest.mark.parametrize("family", FAMILIES)
def test_no_two_strangers_are_alike(family: str) -> None:
    random = np.random.default_rng(0)
    one, other = stranger(family, 64, random), stranger(family, 64, random)
    assert np.abs(one - other).mean() > 0.001
