"""A convolutional network that weighs findings on one grey image and says where they are.

The backbone is timm's; two small heads share it. The finding head is linear on every cell of a
stride-16 map and pools those cells afterwards, so its map *is* the class activation map. The place
head gives, on a stride-8 map, how likely a cell is the middle of a finding's box, and how far the
box reaches from there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from radnlp.nets.backbone import block, enlarge, grey_backbone, load_photographs
from radnlp.nets.pretrained import PretrainedNet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ARCHITECTURE",
    "VisionNet",
    "VisionOutput",
    "VisionShape",
    "boxes_of_cells",
    "place_scores",
]

#: Name that a card gives to what this module builds; it changes when old weights no longer fit.
ARCHITECTURE = "radnlp-vision-2"

#: Fields of the layout along each side.
FIELDS = 3

#: Stride of the place head's maps.
PLACE_STRIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionShape:
    """What is needed to build the network again before its weights are read.

    Attributes:
        backbone: timm's name.
        concepts: Findings that are weighed.
        boxed: Numbers of the findings that get boxes; without any the network has no place head.
        finding_width: Channels of the finding head.
        place_width: Channels of the place head.
        fine_width: Channels of the stride-8 level in the place head.
    """

    backbone: str = "tf_efficientnet_lite0"
    concepts: int
    boxed: tuple[int, ...]
    finding_width: int = 256
    place_width: int = 96
    fine_width: int = 32

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as plain values for a JSON card."""
        return {**asdict(self), "boxed": list(self.boxed)}


class VisionOutput(NamedTuple):
    """What one forward pass gives, all of it before any sigmoid.

    ``findings`` has shape (n, concepts), ``evidence`` (n, concepts, size / 16, size / 16),
    ``centres`` (n, boxed, size / 8, size / 8) and ``extents`` (n, boxed, 4, size / 8, size / 8):
    the logarithm of the way to the left, upper, right and lower edge, as parts of half the size.
    ``layout``, shape (n, channels, 3, 3), is the deepest map in nine fields: what is where.
    """

    findings: Tensor
    evidence: Tensor
    centres: Tensor
    extents: Tensor
    layout: Tensor


def boxes_of_cells(extents: Tensor) -> Tensor:
    """Return the box that each cell speaks for, in pixels of the network's square.

    Args:
        extents: Shape (..., 4, k, k).

    Returns:
        Shape (..., k, k, 4): x0, y0, x1, y1.
    """
    cells = extents.shape[-1]
    half = cells * PLACE_STRIDE / 2
    reach = torch.exp(extents.float().clamp(-6.0, 1.5)) * half
    middle = (torch.arange(cells) + 0.5) * PLACE_STRIDE
    x, y = middle[None, :], middle[:, None]
    left, upper, right, lower = reach.unbind(dim=-3)
    return torch.stack([x - left, y - upper, x + right, y + lower], dim=-1)


def place_scores(output: VisionOutput, boxed: Sequence[int]) -> Tensor:
    """Return how likely each cell is the middle of a finding, shape (n, boxed, k, k), 0 to 1.

    The place head's word, tempered by the finding's own evidence there.

    Args:
        output: Of the network.
        boxed: Its shape's ``boxed``.
    """
    centres = torch.sigmoid(output.centres.float())
    if not boxed:
        return centres
    evidence = output.evidence[:, list(boxed)].float()
    return centres * torch.sigmoid(enlarge(evidence, centres)).sqrt()


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

    def forward(self, mid: Tensor, deep: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        side = self.mid(mid)
        features = torch.cat([side, enlarge(self.deep(deep), side)], dim=1)
        evidence = self.evidence(self.dropout(features))
        sharpness = functional.softplus(self.sharpness)[None, :, None]
        cells = evidence.flatten(2)
        total = torch.logsumexp(sharpness * cells, dim=2, keepdim=True)
        offset = torch.log(torch.tensor(float(cells.shape[2])))
        pooled = (total - offset) / sharpness
        return features, evidence, pooled[:, :, 0]


class _PlaceHead(nn.Module):
    """A middle and four reaches per cell and boxed finding.

    Source:
        Zhou et al., "Objects as points", 2019 (middles as a heat map); Tian et al., "FCOS", ICCV
        2019 (reaches to the four edges).
    """

    def __init__(self, fine: int, shape: VisionShape) -> None:
        super().__init__()
        width = shape.place_width
        self.boxed = len(shape.boxed)
        self.near = block(shape.finding_width, width)
        self.fine = block(fine, shape.fine_width)
        self.smooth = nn.Sequential(
            block(width + shape.fine_width, width, 3), block(width, width, 3)
        )
        self.centre = nn.Conv2d(width, self.boxed, 1)
        self.extent = nn.Conv2d(width, 4 * self.boxed, 1)
        # Rare middles, and boxes of a tenth of the image to each side, to begin with.
        nn.init.normal_(self.centre.weight, std=0.01)
        nn.init.constant_(self.centre.bias, -4.0)  # type: ignore[arg-type]
        nn.init.zeros_(self.extent.weight)
        nn.init.constant_(self.extent.bias, -1.6)  # type: ignore[arg-type]

    def forward(self, fine: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        side = self.fine(fine)
        merged = self.smooth(torch.cat([enlarge(self.near(features), side), side], dim=1))
        extents = self.extent(merged)
        return self.centre(merged), extents.unflatten(1, (self.boxed, 4))


class VisionNet(PretrainedNet):
    """Findings of a grey image and their places; sides of the image must be multiples of 32.

    Args:
        shape: Backbone and widths; a checkpoint fits only the shape it was trained with.

    Examples:
        >>> import torch
        >>> net = VisionNet(VisionShape(concepts=3, boxed=(0, 2))).eval()
        >>> output = net(torch.zeros(1, 1, 64, 64))
        >>> tuple(output.findings.shape), tuple(output.evidence.shape)
        ((1, 3), (1, 3, 4, 4))
        >>> tuple(output.centres.shape), tuple(output.extents.shape)
        ((1, 2, 8, 8), (1, 2, 4, 8, 8))
    """

    architecture = ARCHITECTURE
    shape_type = VisionShape
    # timm's backbones are untyped; without this their parts count as tensors.
    backbone: Any

    def __init__(self, shape: VisionShape) -> None:
        super().__init__()
        self.shape = shape
        self.backbone = grey_backbone(shape.backbone)
        channels = list(self.backbone.feature_info.channels())
        self.findings = _FindingHead(
            channels[-2], channels[-1], shape.finding_width, shape.concepts
        )
        self.places = _PlaceHead(channels[-3], shape) if shape.boxed else None

    def forward(self, images: Tensor) -> VisionOutput:
        """Return logits for images of shape (n, 1, size, size) with values about -1 to 1."""
        levels = self.backbone(images)
        features, evidence, findings = self.findings(levels[-2], levels[-1])
        if self.places is None:
            # Cut to nothing, so that the batch stays free in an export.
            centres, extents = levels[-3][:, :0], levels[-3][:, None, :4][:, :0]
        else:
            centres, extents = self.places(levels[-3], features)
        return VisionOutput(
            findings=findings,
            evidence=evidence,
            centres=centres,
            extents=extents,
            layout=functional.adaptive_avg_pool2d(levels[-1], FIELDS),
        )

    def load_backbone(self, state: Mapping[str, Tensor]) -> None:
        """Start the backbone from photographs, see `load_photographs`."""
        load_photographs(self.backbone, state)
