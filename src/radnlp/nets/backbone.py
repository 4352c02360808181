"""What the networks share: timm's backbone on grey images, started from photographs, and bricks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import timm
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["block", "enlarge", "grey_backbone", "load_photographs"]


def grey_backbone(name: str) -> Any:
    """Return timm's untrained backbone with one input channel; it gives one map per stride."""
    return timm.create_model(name, pretrained=False, features_only=True, in_chans=1)


def load_photographs(backbone: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Start a backbone from a classifier trained on colour photographs.

    The tensors are taken in order, whatever their names, and the three colour channels of the
    stem are summed: the same photograph in grey gives the same features. What the classifier has
    beyond the backbone is left out.

    Raises:
        ValueError: a tensor's shape does not fit the backbone.
    """
    own = backbone.state_dict()
    for (name, mine), theirs in zip(own.items(), state.values(), strict=False):
        given = theirs.sum(dim=1, keepdim=True) if name.startswith("conv_stem") else theirs
        if given.shape != mine.shape:
            raise ValueError(
                f"{name} has shape {tuple(mine.shape)}, the given tensor {tuple(given.shape)}; "
                "expected the weights of the same backbone"
            )
        own[name] = given
    backbone.load_state_dict(own)


def block(inputs: int, outputs: int, kernel: int = 1) -> nn.Sequential:
    """Return convolution, batch normalisation and ReLU; the side of the map stays."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def enlarge(features: Tensor, like: Tensor) -> Tensor:
    """Return ``features`` resized to the rows and columns of ``like``."""
    return functional.interpolate(
        features, size=like.shape[-2:], mode="bilinear", align_corners=False
    )
