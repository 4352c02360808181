"""Simulated films as the networks take them, to try a network on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radnlp.examples.film import MAX_VALUE
from radnlp.examples.simulation import simulate
from radnlp.examples.variety import random_phantom

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COUNT", "network_squares"]

#: How many films are made.
COUNT = 4


def network_squares(side: int) -> NDArray[np.float32]:
    """Simulate films and prepare them as the vision stage does; always the same ones.

    Args:
        side: Side of the network's square, in pixels.

    Returns:
        Shape (`COUNT`, side, side), greys from -1 to 1.
    """
    from radnlp.vision.prepare import prepare, to_network

    films = []
    for number in range(COUNT):
        phantom = random_phantom(np.random.default_rng(number))
        study = simulate(phantom, rows=side, columns=side, seed=number)
        square, _ = prepare(np.asarray(study.pixels / MAX_VALUE, dtype=np.float32), side)
        films.append(to_network(square)[0, 0].numpy())
    return np.stack(films)
