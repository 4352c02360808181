"""Builds the network that a weights file was made for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from radnlp.errors import ModelRejected

if TYPE_CHECKING:
    from torch import nn

    from radnlp.nets.weights import Weights

__all__ = ["NETWORKS", "build_network"]

#: Architecture on a card → module, network and shape that it is built with.
NETWORKS = {
    "radnlp-vision-2": ("radnlp.nets.vision", "VisionNet", "VisionShape"),
    "radnlp-anatomy-1": ("radnlp.nets.anatomy", "AnatomyNet", "AnatomyShape"),
}


def build_network(weights: Weights) -> nn.Module:
    """Return the network of a card with its tensors.

    Args:
        weights: Of one of the `NETWORKS`.

    Raises:
        ModelRejected: the tensors do not fit the shape on the card, or it has none.
    """
    module, network, shape = NETWORKS[weights.card["architecture"]]
    place = importlib.import_module(module)
    try:
        net: nn.Module = getattr(place, network)(getattr(place, shape)(**weights.card["shape"]))
        net.load_state_dict(dict(weights.tensors))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelRejected(
            f"the weights {weights.name} do not fit the network of their card "
            f"({type(error).__name__}); train them again with this version of radnlp"
        ) from error
    return net
