"""Lets the network's own good drawings teach it anatomy on films that nobody outlined.

Outlined films are mostly crisp and upright; portable films of the ill are neither. A drawing is
taken over only if it passes the checks of the vision stage almost as it came out of the network.

Source:
    Lee, "Pseudo-label", ICML workshop 2013; the check of each drawing takes the place of its
    confidence threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from radnlp.schema.geometry import PixelMap
from radnlp.train.films import MASKS
from radnlp.vision.encoder import Drawing
from radnlp.vision.prepare import Fit
from radnlp.vision.segment import Plausibility, segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from radnlp.train.batches import FilmSet
    from radnlp.train.films import Film

__all__ = ["guess_anatomy"]

_STRUCTURES = MASKS[:3]
_BATCH = 16

#: Least part of a structure's cells, as drawn, that the checks must leave standing.
_KEPT = 0.85
#: Least mean probability inside a structure.
_SURE = 0.8
#: What a guessed outline counts beside a drawn one.
_WEIGHT = 0.5


@torch.inference_mode()
def guess_anatomy(
    draw: Callable[[Tensor], Tensor], films: FilmSet, *, most: int | None = None
) -> int:
    """Put trusted drawings in place of the missing masks of ``films``.

    What somebody outlined is left alone; earlier guesses are replaced.

    Args:
        draw: Takes images (n, 1, size, size), returns the three structures' logits (n, 3, k, k).
        films: Changed in place, and so is the cache in memory.
        most: How many films are tried, of those without any outline and of those with some;
            always the same ones. ``None`` for all.

    Returns:
        Number of films that now have guessed masks.
    """
    bare = [index for index, film in enumerate(films.films) if not film.masks]
    partly = [index for index, film in enumerate(films.films) if film.masks and _missing(film)]
    chosen = _sample(bare, most) + _sample(partly, most)
    wanted = [(index, _missing(films.films[index])) for index in chosen]
    taken = 0
    for start in range(0, len(wanted), _BATCH):
        some = wanted[start : start + _BATCH]
        images = films.images(np.array([index for index, _ in some]))
        anatomy = draw(images.contiguous(memory_format=torch.channels_last)).numpy()
        for (index, structures), logits in zip(some, anatomy, strict=True):
            drawn = _trusted(logits, films.cache.masks.shape[-1])
            guessed = [structure for structure in structures if structure in drawn]
            films.masks_known[index, structures] = 0
            for structure in guessed:
                films.cache.masks[films.rows[index], structure] = drawn[structure]
                films.masks_known[index, structure] = _WEIGHT
            taken += bool(guessed)
    return taken


def _sample(indices: list[int], most: int | None) -> list[int]:
    if most is None or most >= len(indices):
        return indices
    chosen: list[int] = np.random.default_rng(0).choice(indices, most, replace=False).tolist()
    return chosen


def _missing(film: Film) -> list[int]:
    """Return the numbers of the structures that nobody outlined."""
    names = {name for name, _ in film.masks}
    lungs = [] if names & {"lungs", "left_lung", "right_lung"} else [0, 1]
    return lungs + ([] if "heart" in names else [2])


def _trusted(logits: NDArray[np.float32], size: int) -> dict[int, NDArray[np.uint8]]:
    """Return masks of shape (size, size) by number of structure: both lungs, or none, and heart."""
    drawing = Drawing(logits=logits, fit=Fit.of(size, size, size), pixel_map=PixelMap())
    anatomy = segment(drawing, _STRUCTURES, (size, size), Plausibility())
    trusted = {
        number: anatomy.masks[label].astype(np.uint8) * 255
        for number, (label, plane) in enumerate(zip(_STRUCTURES, logits, strict=True))
        if label in anatomy.masks
        and anatomy.certainty[label] >= _SURE
        and anatomy.masks[label].mean() >= _KEPT * (plane > 0).mean()
    }
    return trusted if {0, 1} <= set(trusted) else {}
