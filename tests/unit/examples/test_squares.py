"""Simulated films as the networks take them."""

from __future__ import annotations

import numpy as np

from radnlp.examples.squares import COUNT, network_squares


def test_the_squares_are_greys_from_minus_one_to_one_and_always_the_same() -> None:
    squares = network_squares(64)
    assert (squares.shape, squares.dtype) == ((COUNT, 64, 64), np.float32)
    assert (squares.min(), squares.max()) == (-1.0, 1.0)
    assert len({square.tobytes() for square in squares}) == COUNT
    np.testing.assert_array_equal(network_squares(64), squares)
