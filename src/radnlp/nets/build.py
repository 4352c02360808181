"""Builds the network that a weights file was made for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from radnlp.nets.pretrained import PretrainedNet
    from radnlp.nets.weights import Weights

__all__ = ["NETWORKS", "build_network"]

#: Architecture on a card → module and network.
NETWORKS = {
    "radnlp-vision-2": ("radnlp.nets.vision", "VisionNet"),
    "radnlp-anatomy-1": ("radnlp.nets.anatomy", "AnatomyNet"),
}


def build_network(weights: Weights) -> PretrainedNet:
    """Return the network of a card with its tensors.

    Args:
        weights: Of one of the `NETWORKS`.

    Raises:
        ModelRejected: the tensors do not fit the shape on the card, or it has none.
    """
    module, name = NETWORKS[weights.card["architecture"]]
    network = getattr(importlib.import_module(module), name)
    return cast("PretrainedNet", network.from_weights(weights))
