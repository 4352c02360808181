"""The network draws at half the side of the image, from a shorter backbone."""

from __future__ import annotations

import json

import pytest
import torch

from radnlp.nets.anatomy import AnatomyNet, AnatomyShape


@pytest.fixture(scope="module")
def net() -> AnatomyNet:
    torch.manual_seed(0)
    return AnatomyNet(AnatomyShape()).eval()


@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (96, 128)])
def test_one_plane_per_structure_at_half_the_side(net: AnatomyNet, rows: int, columns: int) -> None:
    with torch.inference_mode():
        logits = net(torch.zeros(2, 1, rows, columns))
    assert logits.shape == (2, 3, rows // 2, columns // 2)


def test_the_last_stage_of_the_backbone_is_left_out(net: AnatomyNet) -> None:
    assert len(net.backbone.blocks) == net.shape.stages
    assert sum(weight.numel() for weight in net.parameters()) < 3_000_000


def test_a_card_brings_the_shape_back(net: AnatomyNet) -> None:
    again = AnatomyNet(AnatomyShape(**json.loads(json.dumps(net.shape.to_dict()))))
    again.load_state_dict(net.state_dict())


def test_the_backbone_starts_from_a_longer_one() -> None:
    import timm

    torch.manual_seed(1)
    colour = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    grey = AnatomyNet(AnatomyShape()).eval()
    grey.load_backbone(colour.state_dict())
    for name, value in grey.backbone.state_dict().items():
        if name != "conv_stem.weight":
            torch.testing.assert_close(value, colour.state_dict()[name])


def test_what_lies_far_off_reaches_every_cell(net: AnatomyNet) -> None:
    images = torch.zeros(2, 1, 256, 256)
    images[1, :, 224:, 224:] = 1
    with torch.inference_mode():
        plain, marked = net(images)
    assert (plain[:, :8, :8] != marked[:, :8, :8]).any()
