"""A convolutional network that draws anatomy and weighs findings on one grey image.

The backbone is timm's; two small heads share it. The finding head is linear on every cell of a
stride-16 map and pools those cells afterwards, so its map *is* the class activation map.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from radnlp.nets.backbone import block, enlarge, grey_backbone, load_photographs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ARCHITECTURE", "VisionNet", "VisionOutput", "VisionShape"]

#: Name that a card gives to what this module builds; it changes when old weights no longer fit.
ARCHITECTURE = "radnlp-vision-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionShape:
    """What is needed to build the network again before its weights are read."""

    backbone: str = "tf_efficientnet_lite0"
    concepts: int
    anatomy: int = 3
    finding_width: int = 256
    anatomy_width: int = 48

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as plain values for a JSON card."""
        return asdict(self)


class VisionOutput(NamedTuple):
    """What one forward pass gives, all of it before any sigmoid.

    ``anatomy`` has shape (n, anatomy, size / 4, size / 4), ``evidence`` (n, concepts, size / 16,
    size / 16) and ``findings`` (n, concepts).
    """

    anatomy: Tensor
    evidence: Tensor
    findings: Tensor


class _AnatomyHead(nn.Module):
    """Top-down sum of the backbone's levels, from stride 32 to stride 4."""

    def __init__(self, channels: list[int], width: int, classes: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(block(count, width) for count in channels)
        self.smooth = nn.ModuleList(block(width, width, 3) for _ in channels[:-1])
        self.classes = nn.Conv2d(width, classes, 1)

    def forward(self, levels: list[Tensor]) -> Tensor:
        sides = [lateral(level) for lateral, level in zip(self.lateral, levels, strict=True)]
        merged = sides[-1]
        for side, smooth in zip(reversed(sides[:-1]), reversed(self.smooth), strict=True):
            merged = smooth(side + enlarge(merged, side))
        logits: Tensor = self.classes(merged)
        return logits


class _FindingHead(nn.Module):
    """One evidence map per concept and its log-mean-exp over the image.

    Source:
        Pinheiro and Collobert, "From image-level to pixel-level labeling with convolutional
        networks", CVPR 2015 (log-sum-exp pooling); the sharpness is learned per concept.
    """

    def __init__(self, mid: int, deep: int, width: int, concepts: int) -> None:
        super().__init__()
        self.mid = block(mid, width // 4)
        self.deep = block(deep, width - width // 4)
        self.dropout = nn.Dropout(0.3)
        self.evidence = nn.Conv2d(width, concepts, 1)
        self.sharpness = nn.Parameter(torch.full((concepts,), 1.0))

    def forward(self, mid: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        side = self.mid(mid)
        features = torch.cat([side, enlarge(self.deep(deep), side)], dim=1)
        evidence = self.evidence(self.dropout(features))
        sharpness = functional.softplus(self.sharpness)[None, :, None]
        cells = evidence.flatten(2)
        total = torch.logsumexp(sharpness * cells, dim=2, keepdim=True)
        offset = torch.log(torch.tensor(float(cells.shape[2])))
        pooled = (total - offset) / sharpness
        return evidence, pooled[:, :, 0]


class VisionNet(nn.Module):
    """Anatomy and findings of a grey image; sides of the image must be multiples of 32.

    Args:
        shape: Backbone and widths; a checkpoint fits only the shape it was trained with.

    Examples:
        >>> import torch
        >>> net = VisionNet(VisionShape(concepts=2)).eval()
        >>> output = net(torch.zeros(1, 1, 64, 64))
        >>> tuple(output.anatomy.shape), tuple(output.evidence.shape), tuple(output.findings.shape)
        ((1, 3, 16, 16), (1, 2, 4, 4), (1, 2))
    """

    # timm's backbones are untyped; without this their parts count as tensors.
    backbone: Any

    def __init__(self, shape: VisionShape) -> None:
        super().__init__()
        self.shape = shape
        self.backbone = grey_backbone(shape.backbone)
        channels = list(self.backbone.feature_info.channels())
        self.anatomy = _AnatomyHead(channels[1:], shape.anatomy_width, shape.anatomy)
        self.findings = _FindingHead(
            channels[-2], channels[-1], shape.finding_width, shape.concepts
        )

    def forward(self, images: Tensor) -> VisionOutput:
        """Return logits for images of shape (n, 1, size, size) with values about -1 to 1."""
        levels = self.backbone(images)
        anatomy = self.anatomy(levels[1:])
        evidence, findings = self.findings(levels[-2], levels[-1])
        return VisionOutput(anatomy=anatomy, evidence=evidence, findings=findings)

    def weigh(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return evidence and findings as `forward` does, without drawing the anatomy."""
        levels = self.backbone(images)
        evidence, findings = self.findings(levels[-2], levels[-1])
        return evidence, findings

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Start the backbone from photographs, see `load_photographs`."""
        load_photographs(self.backbone, state)
