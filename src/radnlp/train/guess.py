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
from radnlp.vision.encoder import Encoded
from radnlp.vision.prepare import Fit
from radnlp.vision.segment import Plausibility, segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radnlp.nets.vision import VisionNet
    from radnlp.train.batches import FilmSet

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
def guess_anatomy(net: VisionNet, films: FilmSet) -> int:
    """Put trusted drawings of ``net`` in place of the missing masks of ``films``.

    Films with any outline of their own are left alone; earlier guesses are replaced.

    Returns:
        Number of films that now have guessed masks.
    """
    net.eval()
    bare = np.array([index for index, film in enumerate(films.films) if not film.masks])
    taken = 0
    for indices in np.array_split(bare, max(1, len(bare) // _BATCH)):
        if not len(indices):
            continue
        anatomy = net(films.images(indices)).anatomy.numpy()
        for index, logits in zip(indices, anatomy, strict=True):
            drawn = _trusted(logits, films.cache.masks.shape[-1])
            films.masks_known[index] = 0
            for structure, mask in drawn.items():
                films.cache.masks[films.rows[index], structure] = mask
                films.masks_known[index, structure] = _WEIGHT
            taken += bool(drawn)
    return taken


def _trusted(logits: NDArray[np.float32], size: int) -> dict[int, NDArray[np.uint8]]:
    """Return masks of shape (size, size) by number of structure: both lungs, or none, and heart."""
    encoded = Encoded(
        anatomy=logits,
        evidence=np.zeros((0, 1, 1), np.float32),
        findings=np.zeros(0, np.float32),
        fit=Fit.of(size, size, size),
        pixel_map=PixelMap(),
    )
    anatomy = segment(encoded, _STRUCTURES, (size, size), Plausibility())
    trusted = {
        number: anatomy.masks[label].astype(np.uint8) * 255
        for number, (label, plane) in enumerate(zip(_STRUCTURES, logits, strict=True))
        if label in anatomy.masks
        and anatomy.certainty[label] >= _SURE
        and anatomy.masks[label].mean() >= _KEPT * (plane > 0).mean()
    }
    return trusted if {0, 1} <= set(trusted) else {}
