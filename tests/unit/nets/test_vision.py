"""The network has the shapes it promises, and its map is what its score is pooled from."""

from __future__ import annotations

import pytest
import torch

from radnlp.nets.vision import VisionNet, VisionShape, boxes_of_cells, place_scores


@pytest.fixture(scope="module")
def net() -> VisionNet:
    torch.manual_seed(0)
    return VisionNet(VisionShape(concepts=4, boxed=(0, 2))).eval()


def test_maps_lie_at_an_eighth_and_a_sixteenth_of_the_image(net: VisionNet) -> None:
    with torch.inference_mode():
        output = net(torch.zeros(2, 1, 128, 128))
    assert output.evidence.shape == (2, 4, 8, 8)
    assert output.findings.shape == (2, 4)
    assert output.centres.shape == (2, 2, 16, 16)
    assert output.extents.shape == (2, 2, 4, 16, 16)
    assert output.layout.shape[2:] == (3, 3)


def test_a_cell_speaks_for_a_box_around_its_middle() -> None:
    boxes = boxes_of_cells(torch.log(torch.full((4, 8, 8), 0.5)))
    assert boxes.shape == (8, 8, 4)
    # Half of half a side of 64 to each edge, from the middle of the cell at (20, 12).
    torch.testing.assert_close(boxes[1, 2], torch.tensor([4.0, -4.0, 36.0, 28.0]))


def test_a_place_needs_both_its_middle_and_the_evidence(net: VisionNet) -> None:
    with torch.inference_mode():
        output = net(torch.rand(1, 1, 64, 64))
    likely = place_scores(output, net.shape.boxed)
    assert likely.shape == output.centres.shape
    assert (likely <= torch.sigmoid(output.centres)).all()
    silenced = output._replace(evidence=torch.full_like(output.evidence, -30.0))
    assert place_scores(silenced, net.shape.boxed).max() < 1e-6


def test_a_score_lies_between_the_mean_and_the_peak_of_its_evidence(net: VisionNet) -> None:
    with torch.inference_mode():
        output = net(torch.rand(3, 1, 128, 128))
    cells = output.evidence.flatten(2)
    assert (output.findings >= cells.mean(dim=2) - 1e-4).all()
    assert (output.findings <= cells.amax(dim=2) + 1e-4).all()


def test_colour_weights_see_the_same_in_a_grey_photograph() -> None:
    import timm

    torch.manual_seed(1)
    colour = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    grey = VisionNet(VisionShape(concepts=1, boxed=(0,))).eval()
    grey.load_backbone(colour.state_dict())
    photograph = torch.rand(1, 1, 64, 64) * 2 - 1
    with torch.inference_mode():
        ours = grey.backbone(photograph)[-1]
        theirs = colour(photograph.expand(-1, 3, -1, -1))[-1]
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_weights_of_another_backbone_are_refused(net: VisionNet) -> None:
    with pytest.raises(ValueError, match="same backbone"):
        net.load_backbone({"conv_stem.weight": torch.zeros(8, 3, 5, 5)})
