"""Connected parts of a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["main_parts", "named_parts"]

#: Rows of the grid on which parts are told apart: finding them takes a step per row.
_GRID = 80


def named_parts(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a positive number for each connected part (eight neighbours) and 0 elsewhere."""
    names = torch.arange(1, inside.size + 1, dtype=torch.float32).reshape(1, *inside.shape)
    within = torch.from_numpy(inside)[None]
    parts = names * within
    while True:
        grown = functional.max_pool2d(parts, 3, stride=1, padding=1) * within
        if torch.equal(grown, parts):
            break
        parts = grown
    return parts[0].numpy().astype(np.int64)


def main_parts(inside: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """Keep the largest connected part, and others of at least ``share`` of its area.

    What is less than a cell of a grid of about ``_GRID`` rows apart counts as connected.
    """
    coarse = max(1, max(inside.shape) // _GRID)
    cells = functional.max_pool2d(
        torch.from_numpy(inside).float()[None], coarse, stride=coarse, ceil_mode=True
    )
    names = named_parts(cells[0].numpy() > 0).repeat(coarse, axis=0).repeat(coarse, axis=1)
    names = names[: inside.shape[0], : inside.shape[1]]
    found, counts = np.unique(names[inside], return_counts=True)
    kept = found[counts >= share * counts.max()] if len(found) else found
    return np.isin(names, kept) & inside
