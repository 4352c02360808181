"""A convolutional network that draws the lungs and the heart on one grey image, at half its side.

timm's backbone without its last, widest stage goes down to stride 32; a U-shaped decoder comes back
to stride 2, where the costophrenic angles are still sharp.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from radnlp.nets.backbone import block, enlarge, grey_backbone, load_photographs
from radnlp.nets.pretrained import PretrainedNet

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ARCHITECTURE", "AnatomyNet", "AnatomyShape"]

#: Name that a card gives to what this module builds; it changes when old weights no longer fit.
ARCHITECTURE = "radnlp-anatomy-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnatomyShape:
    """What is needed to build the network again before its weights are read.

    Attributes:
        backbone: timm's name.
        stages: How many of its stages are used.
        structures: Planes that come out.
        widths: Channels of the decoder at each stride, from 2 to 32.
    """

    backbone: str = "tf_efficientnet_lite0"
    stages: int = 6
    structures: int = 3
    widths: tuple[int, ...] = (24, 48, 64, 96, 128)

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as plain values for a JSON card."""
        return {**asdict(self), "widths": list(self.widths)}


class AnatomyNet(PretrainedNet):
    """Lungs and heart of a grey image; sides of the image must be multiples of 32.

    Args:
        shape: Backbone and widths; a checkpoint fits only the shape it was trained with.

    Examples:
        >>> import torch
        >>> net = AnatomyNet(AnatomyShape()).eval()
        >>> tuple(net(torch.zeros(1, 1, 64, 64)).shape)
        (1, 3, 32, 32)
    """

    architecture = ARCHITECTURE
    shape_type = AnatomyShape
    # timm's backbones are untyped; without this their parts count as tensors.
    backbone: Any

    def __init__(self, shape: AnatomyShape) -> None:
        super().__init__()
        self.shape = shape
        self.backbone = grey_backbone(shape.backbone)
        self.backbone.blocks = self.backbone.blocks[: shape.stages]
        channels = [level.shape[1] for level in self._levels(torch.zeros(1, 1, 64, 64))]
        self.lateral = nn.ModuleList(
            block(count, width) for count, width in zip(channels, shape.widths, strict=True)
        )
        self.narrow = nn.ModuleList(
            block(deep, width)
            for deep, width in zip(shape.widths[1:], shape.widths[:-1], strict=True)
        )
        self.smooth = nn.ModuleList(block(width, width, 3) for width in shape.widths[:-1])
        # What the whole chest looks like is told to every cell of the coarsest map.
        self.whole = nn.Linear(shape.widths[-1], shape.widths[-1])
        self.structures = nn.Conv2d(shape.widths[0], shape.structures, 1)

    def _levels(self, images: Tensor) -> list[Tensor]:
        """Return the last map of each stride, from 2 to 32."""
        features = self.backbone.bn1(self.backbone.conv_stem(images))
        levels: list[Tensor] = []
        for stage in self.backbone.blocks:
            features = stage(features)
            if levels and levels[-1].shape[-1] == features.shape[-1]:
                levels[-1] = features
            else:
                levels.append(features)
        return levels

    def forward(self, images: Tensor) -> Tensor:
        """Return logits at half the side for images (n, 1, size, size), values about -1 to 1."""
        sides = [
            lateral(level)
            for lateral, level in zip(self.lateral, self._levels(images), strict=True)
        ]
        merged = sides[-1]
        merged = merged + self.whole(merged.mean(dim=(2, 3)))[:, :, None, None]
        for side, narrow, smooth in zip(
            reversed(sides[:-1]), reversed(self.narrow), reversed(self.smooth), strict=True
        ):
            merged = smooth(side + enlarge(narrow(merged), side))
        logits: Tensor = self.structures(merged)
        return logits.float()

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Start the backbone from photographs, see `load_photographs`."""
        load_photographs(self.backbone, state)
