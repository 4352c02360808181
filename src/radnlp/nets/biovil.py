"""The image encoder of BioViL-T, built from what its paper and its public code describe."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from radnlp.nets.encoders import Preprocessing, TrunkEncoder

__all__ = ["biovil_t_encoder"]


class _BioVilTImage(nn.Module):
    """ResNet-50 and a 1 × 1 convolution to 256 features per cell.

    With an earlier film a transformer adds 256 features of the difference; without one, which is
    all this path knows, a learned vector stands in for them.
    """

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import resnet50

        self.encoder = resnet50(weights=None)
        self.encoder.fc = nn.Identity()
        self.backbone_to_vit = nn.Conv2d(2048, 256, 1, bias=False)
        self.missing_previous_emb = nn.Parameter(torch.zeros(1, 256, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        net = self.encoder
        features = net.maxpool(net.relu(net.bn1(net.conv1(images))))
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
            features = layer(features)
        current = self.backbone_to_vit(features)
        return torch.cat([current, self.missing_previous_emb.expand_as(current)], dim=1)


class _Projector(nn.Module):
    """Two 1 × 1 convolutions into the space that image and text share."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(512, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(inplace=True),
            nn.Conv2d(128, 128, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        projected: Tensor = self.model(features)
        return projected


class _BioVilT(nn.Module):
    """The single-image path of BioViL-T; the embedding is the mean of the projected patches."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _BioVilTImage()
        self.projector = _Projector()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        patches = self.projector(self.encoder(images))
        return patches.mean(dim=(2, 3)), patches


def biovil_t_encoder(name: str) -> TrunkEncoder:
    """Build the image encoder of BioViL-T for one film without an earlier one.

    It sees values from 0 to 1 as they are: 512 pixels, 448 of them from the middle.

    Source:
        Bannur et al., "Learning to exploit temporal structure for biomedical vision-language
        processing", CVPR 2023; sizes as in microsoft/hi-ml, hi-ml-multimodal.
    """
    return TrunkEncoder(
        name,
        _BioVilT(),
        Preprocessing(size=448, resize=512, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)),
        dimension=128,
        spare=("encoder.encoder.fc.", "encoder.vit_pooler.", "classifier."),
    )
