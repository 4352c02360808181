"""Connected parts of a mask."""

from __future__ import annotations

import numpy as np

from radnlp.vision.parts import main_parts, named_parts


def two_pieces() -> np.ndarray:
    inside = np.zeros((60, 60), bool)
    inside[5:25, 5:25] = True
    inside[40:50, 40:50] = True
    return inside


def test_each_part_has_its_own_number() -> None:
    names = named_parts(two_pieces())
    assert names[0, 0] == 0
    assert len(np.unique(names)) == 3
    assert len(np.unique(names[5:25, 5:25])) == 1


def test_corners_connect() -> None:
    assert len(np.unique(named_parts(np.eye(5, dtype=bool)))) == 2


def test_the_largest_part_is_kept() -> None:
    kept = main_parts(two_pieces(), 1.0)
    assert kept.sum() == 400


def test_a_part_of_enough_size_is_kept_too() -> None:
    assert main_parts(two_pieces(), 0.2).sum() == 500


def test_a_large_mask_keeps_its_exact_edge() -> None:
    inside = np.zeros((331, 333), bool)
    inside[31:221, 33:200] = True
    inside[300:310, 300:310] = True
    kept = main_parts(inside, 0.5)
    inside[300:, 300:] = False
    np.testing.assert_array_equal(kept, inside)


def test_nothing_has_no_part() -> None:
    assert not main_parts(np.zeros((9, 9), bool), 0.5).any()
