"""Connected parts of a volume's mask, and growing and shrinking it, without leaving numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Islands", "grown", "islands", "shrunk"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Islands:
    """Connected parts of a mask of shape (slices, rows, columns), as runs along columns.

    Attributes:
        shape: Of the mask.
        starts: Where each run starts, shape (runs,), counted in a matrix that has one more row
            and column than the mask, so that no run meets the next row's.
        ends: Where each run ends, exclusive, likewise.
        labels: Which part each run belongs to, from 0.
        sizes: Voxels of each part, shape (parts,).
    """

    shape: tuple[int, int, int]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    labels: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def mask(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Draw the parts for which ``kept``, of shape (parts,), is true."""
        slices, rows, columns = self.shape
        edges = np.zeros(slices * (rows + 1) * (columns + 1) + 1, dtype=np.int8)
        drawn = kept[self.labels]
        edges[self.starts[drawn]] = 1
        edges[self.ends[drawn]] -= 1
        inside = np.cumsum(edges[:-1], dtype=np.int8, out=edges[:-1]).view(np.bool_)
        return inside.reshape(slices, rows + 1, columns + 1)[:, :rows, :columns]

    def touching_edge(self) -> NDArray[np.bool_]:
        """Tell which parts reach the first or last row or column of a slice, shape (parts,)."""
        _, rows, columns = self.shape
        row = self.starts // (columns + 1) % (rows + 1)
        at_edge = (row == 0) | (row == rows - 1)
        at_edge |= self.starts % (columns + 1) == 0
        at_edge |= self.ends % (columns + 1) == columns
        found = np.zeros(len(self.sizes), dtype=bool)
        found[self.labels[at_edge]] = True
        return found


def islands(mask: NDArray[np.bool_], *, in_plane: bool = False) -> Islands:
    """Find the parts of a mask that touch by their faces.

    Args:
        mask: Shape (slices, rows, columns).
        in_plane: Parts of different slices stay apart.

    Source:
        Runs joined by hooking the larger root onto the smaller and jumping pointers: Shiloach and
        Vishkin, An O(log n) parallel connectivity algorithm, J. Algorithms 3 (1982) 57-67.
    """
    slices, rows, columns = mask.shape
    padded = np.zeros((slices, rows + 1, columns + 1), dtype=np.int8)
    padded[:, :rows, :columns] = mask
    flat = padded.ravel()
    changes = np.flatnonzero(np.diff(flat, prepend=np.int8(0)))
    starts, ends = changes[::2], changes[1::2]  # the padding ends every run
    shifts = [columns + 1] if in_plane else [columns + 1, (rows + 1) * (columns + 1)]
    pairs = [_overlaps(starts, ends, shift) for shift in shifts]
    labels = _joined(
        len(starts),
        np.concatenate([one for one, _ in pairs]),
        np.concatenate([other for _, other in pairs]),
    )
    parts = int(labels.max()) + 1 if len(labels) else 0
    sizes = np.bincount(labels, weights=ends - starts, minlength=parts).astype(np.int64)
    return Islands(
        shape=(slices, rows, columns), starts=starts, ends=ends, labels=labels, sizes=sizes
    )


def _overlaps(
    starts: NDArray[np.int64], ends: NDArray[np.int64], shift: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair each run with those that it overlaps once it is moved by ``shift``."""
    first = np.searchsorted(ends, starts + shift, side="right")
    last = np.searchsorted(starts, ends + shift, side="left")
    counts = last - first
    one = np.repeat(np.arange(len(starts)), counts)
    offset = np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts, counts)
    return one, np.repeat(first, counts) + offset


def _joined(count: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    parent = np.arange(count)
    while True:
        low, high = np.minimum(parent[one], parent[other]), np.maximum(parent[one], parent[other])
        apart = low != high
        if not apart.any():
            return np.unique(parent, return_inverse=True)[1].astype(np.int64)
        np.minimum.at(parent, high[apart], low[apart])
        while True:
            grand = parent[parent]
            if np.array_equal(grand, parent):
                break
            parent = grand


def grown(mask: NDArray[np.bool_], steps: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Dilate a mask by a box that reaches so many voxels to each side along each axis."""
    for axis, count in enumerate(steps):
        reach, most = 0, min(count, mask.shape[axis] - 1)
        while reach < most:  # each round reaches as far again as the rounds before it
            step = min(most - reach, max(1, reach))
            after, before = [slice(None)] * 3, [slice(None)] * 3
            after[axis], before[axis] = slice(step, None), slice(None, -step)
            wider = mask.copy()
            wider[tuple(after)] |= mask[tuple(before)]
            wider[tuple(before)] |= mask[tuple(after)]
            mask = wider
            reach += step
    return mask


def shrunk(mask: NDArray[np.bool_], steps: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Erode a mask by such a box; beyond its edges the mask is taken to go on as it ends."""
    return ~grown(~mask, steps)
