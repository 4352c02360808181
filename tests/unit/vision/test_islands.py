from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from radnlp.vision.islands import grown, islands, shrunk

masks = arrays(np.bool_, st.tuples(*[st.integers(1, 5)] * 3))


def flooded(mask: np.ndarray, *, in_plane: bool) -> list[frozenset[tuple[int, ...]]]:
    """Find the parts the slow way: start at a voxel and visit its neighbours."""
    axes = (1, 2) if in_plane else (0, 1, 2)
    left = {tuple(int(i) for i in voxel) for voxel in np.argwhere(mask)}
    parts = []
    while left:
        waiting, part = [left.pop()], set()
        while waiting:
            voxel = waiting.pop()
            part.add(voxel)
            for axis in axes:
                for step in (-1, 1):
                    near = tuple(i + step * (axis == a) for a, i in enumerate(voxel))
                    if near in left:
                        left.remove(near)
                        waiting.append(near)
        parts.append(frozenset(part))
    return parts


def drawn(mask: np.ndarray, *, in_plane: bool) -> list[frozenset[tuple[int, ...]]]:
    found = islands(mask, in_plane=in_plane)
    ids = np.arange(len(found.sizes))
    return [
        frozenset(tuple(int(i) for i in voxel) for voxel in np.argwhere(found.mask(ids == one)))
        for one in ids
    ]


@given(masks, st.booleans())
def test_the_parts_are_those_that_a_flood_finds(mask: np.ndarray, in_plane: bool) -> None:
    found = drawn(mask, in_plane=in_plane)
    assert set(found) == set(flooded(mask, in_plane=in_plane))
    assert [len(part) for part in found] == islands(mask, in_plane=in_plane).sizes.tolist()


@given(masks)
def test_parts_at_the_edge_of_a_slice_are_told(mask: np.ndarray) -> None:
    found = islands(mask, in_plane=True)
    ids = np.arange(len(found.sizes))
    expected = [
        any(y in {0, mask.shape[1] - 1} or x in {0, mask.shape[2] - 1}
            for _, y, x in np.argwhere(found.mask(ids == one)))
        for one in ids
    ]  # fmt: skip
    assert found.touching_edge().tolist() == expected


def test_a_long_winding_part_is_one() -> None:
    mask = np.zeros((1, 41, 41), dtype=bool)
    mask[0, ::2] = True
    mask[0, 1::4, -1] = mask[0, 3::4, 0] = True
    assert islands(mask).sizes.tolist() == [int(mask.sum())]


@pytest.mark.parametrize("full", [False, True])
def test_an_empty_mask_has_no_part_and_a_full_one_has_one(full: bool) -> None:
    assert len(islands(np.full((2, 3, 4), full)).sizes) == int(full)


@given(masks, st.tuples(*[st.integers(0, 7)] * 3))
def test_a_mask_grows_by_a_box(mask: np.ndarray, steps: tuple[int, int, int]) -> None:
    padded = np.pad(mask, [(count, count) for count in steps])
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, tuple(2 * count + 1 for count in steps)
    )
    np.testing.assert_array_equal(grown(mask, steps), windows.any(axis=(3, 4, 5)))


@given(masks, st.tuples(*[st.integers(0, 3)] * 3))
def test_a_mask_shrinks_by_a_box_but_not_at_the_edges_of_the_volume(
    mask: np.ndarray, steps: tuple[int, int, int]
) -> None:
    padded = np.pad(mask, [(count, count) for count in steps], constant_values=True)
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, tuple(2 * count + 1 for count in steps)
    )
    np.testing.assert_array_equal(shrunk(mask, steps), windows.all(axis=(3, 4, 5)))
