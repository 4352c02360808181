"""Brings the outlines of several collections to one definition.

Montgomery and Shenzhen draw both lungs into one mask; a few films of Wingspan draw the left lung
through the heart, the others along it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radnlp.train.films import MASKS
from radnlp.vision.parts import named_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radnlp.train.batches import FilmSet

__all__ = ["share_one_definition", "sides_of"]

_LEFT, _RIGHT, _HEART, _LUNGS = (
    MASKS.index(name) for name in ("left_lung", "right_lung", "heart", "lungs")
)

#: Part of the greater lung that the smaller one has at least, and that a third piece may have.
_SECOND, _THIRD = 0.25, 0.05


def sides_of(lungs: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return left and right lung of a mask with both, or ``None`` if it has not two clear pieces.

    Args:
        lungs: Shape (rows, columns), 255 for lung; the image's left is the patient's right.
    """
    names = named_parts(lungs > 0)
    found, counts = np.unique(names[names > 0], return_counts=True)
    order = np.argsort(-counts)
    if len(order) < 2 or counts[order[1]] < _SECOND * counts[order[0]]:
        return None
    if len(order) > 2 and counts[order[2]] > _THIRD * counts[order[0]]:
        return None
    pieces = sorted(
        (np.where(names == found[index], lungs, 0).astype(np.uint8) for index in order[:2]),
        key=lambda piece: float(np.nonzero(piece)[1].mean()),
    )
    return pieces[1], pieces[0]


def share_one_definition(films: FilmSet) -> int:
    """Part joined lungs into sides and take the heart out of lungs, in memory.

    Returns:
        Number of films whose lungs were parted.
    """
    parted = 0
    for index, film in enumerate(films.films):
        names = {name for name, _ in film.masks}
        masks = films.cache.masks[films.rows[index]]
        if {"left_lung", "right_lung", "heart"} <= names:
            for side in (_LEFT, _RIGHT):
                masks[side] = np.minimum(masks[side], 255 - masks[_HEART])
        elif names == {"lungs"}:
            sides = sides_of(masks[_LUNGS])
            if sides is not None:
                masks[_LEFT], masks[_RIGHT] = sides
                films.masks_known[index, [_LEFT, _RIGHT]] = 1
                films.masks_known[index, _LUNGS] = 0
                parted += 1
    return parted
