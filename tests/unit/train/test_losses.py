"""Only what is known is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from radnlp.nets.vision import VisionOutput
from radnlp.train.films import BOXED, CHEST, CONCEPTS
from radnlp.train.losses import (
    anatomy_dice,
    anatomy_loss,
    drawing_loss,
    total_loss,
    with_union,
)
from radnlp.train.targets import Targets


@pytest.fixture
def output() -> VisionOutput:
    torch.manual_seed(0)
    count, boxed = len(CONCEPTS), len(BOXED)
    return VisionOutput(
        findings=torch.randn(2, count, requires_grad=True),
        evidence=torch.randn(2, count, 4, 4, requires_grad=True),
        centres=torch.randn(2, boxed, 8, 8, requires_grad=True),
        extents=torch.randn(2, boxed, 4, 8, 8, requires_grad=True),
        layout=torch.zeros(2, 8, 3, 3),
    )


@pytest.fixture
def nothing_known() -> Targets:
    return Targets(
        masks=torch.zeros(2, 4, 8, 8),
        masks_known=torch.zeros(2, 4),
        boxes=(torch.zeros(0, 5), torch.zeros(0, 5)),
        side=64,
        findings=torch.zeros(2, len(CONCEPTS)),
        findings_known=torch.zeros(2, len(CONCEPTS)),
        positive_weight=torch.ones(len(CONCEPTS)),
        columns=CHEST.columns,
    )


def test_films_of_which_nothing_is_known_cost_nothing(
    output: VisionOutput, nothing_known: Targets
) -> None:
    loss, _ = total_loss(output, nothing_known)
    assert loss.item() == 0
    loss.backward()


def test_the_union_alone_teaches_both_lungs_and_not_the_heart(nothing_known: Targets) -> None:
    logits = torch.randn(2, 3, 8, 8, requires_grad=True)
    known = torch.tensor([[0.0, 0.0, 0.0, 1.0]] * 2)
    anatomy_loss(logits, replace(nothing_known, masks_known=known)).backward()
    gradient = logits.grad.abs().sum(dim=(0, 2, 3))
    assert (gradient[:2] > 0).all()
    assert gradient[2] == 0


def test_a_box_raises_its_own_map_inside_and_no_other(
    output: VisionOutput, nothing_known: Targets
) -> None:
    mass = float(BOXED.index("mass"))
    boxes = (torch.tensor([[mass, 17.0, 17.0, 47.0, 47.0]]), torch.zeros(0, 5))
    loss, parts = total_loss(output, replace(nothing_known, boxes=boxes))
    loss.backward()
    gradient = output.evidence.grad
    assert parts["evidence"] > 0
    assert (gradient[0, CONCEPTS.index("mass"), 1:3, 1:3] < 0).all()
    assert gradient[1].abs().sum() == 0
    assert output.extents.grad[0, BOXED.index("mass")].abs().sum() > 0
    assert output.extents.grad[1].abs().sum() == 0


def test_a_denied_finding_has_no_middle_anywhere(
    output: VisionOutput, nothing_known: Targets
) -> None:
    known = torch.zeros(2, len(CONCEPTS))
    known[0, CONCEPTS.index("nodule")] = 1
    loss, _ = total_loss(output, replace(nothing_known, findings_known=known))
    loss.backward()
    gradient = output.centres.grad
    assert (gradient[0, BOXED.index("nodule")] > 0).all()
    assert gradient[0, BOXED.index("mass")].abs().sum() == 0


def test_either_lung_is_at_least_as_likely_as_each() -> None:
    sure = with_union(torch.randn(1, 3, 4, 4))
    assert (sure[:, 3] >= sure[:, 0]).all()
    assert (sure[:, 3] >= sure[:, 1]).all()


def test_a_mask_overlaps_itself_fully() -> None:
    masks = (torch.rand(1, 4, 16, 16) > 0.5).float()
    torch.testing.assert_close(anatomy_dice(masks, masks), torch.ones(1, 4))


def test_a_right_drawing_costs_almost_nothing(nothing_known: Targets) -> None:
    masks = torch.zeros(2, 4, 8, 8)
    masks[:, 0, :, 5:], masks[:, 1, :, :3], masks[:, 2, 4:, 3:5] = 1, 1, 1
    masks[:, 3] = masks[:, 0] + masks[:, 1]
    targets = replace(nothing_known, masks=masks, masks_known=torch.ones(2, 4))
    right, parts = drawing_loss((masks[:, :3] - 0.5) * 40, targets)
    swapped, _ = drawing_loss((masks[:, [1, 0, 2]] - 0.5) * 40, targets)
    assert parts == {"anatomy": right.item()}
    assert right < 0.01 < swapped


def test_the_union_does_not_ask_which_side(nothing_known: Targets) -> None:
    masks = torch.zeros(2, 4, 8, 8)
    masks[:, 3, :, 5:], masks[:, 3, :, :3] = 1, 1
    known = torch.tensor([[0.0, 0.0, 0.0, 1.0]] * 2)
    targets = replace(nothing_known, masks=masks, masks_known=known)
    logits = torch.full((2, 3, 8, 8), -20.0)
    logits[:, 0, :, 5:], logits[:, 1, :, :3] = 20, 20
    assert drawing_loss(logits, targets)[0] < 0.01
    assert drawing_loss(logits[:, [1, 0, 2]], targets)[0] < 0.01


def test_where_only_lungs_are_known_a_heart_is_denied_in_and_around_them(
    nothing_known: Targets,
) -> None:
    masks = torch.zeros(2, 4, 8, 8)
    masks[:, 3, 2:6, 1:3], masks[:, 3, 2:6, 5:7] = 1, 1
    known = torch.tensor([[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    logits = torch.zeros(2, 3, 8, 8, requires_grad=True)
    drawing_loss(logits, replace(nothing_known, masks=masks, masks_known=known))[0].backward()
    denied = logits.grad[0, 2] > 0
    assert denied[2:6, 1:3].all()
    assert denied[:2].all()
    assert denied[:, :1].all()
    assert not denied[2:7, 3:5].any()
    masks_heart = logits.grad[1, 2]
    assert (masks_heart != 0).all()


def test_where_nothing_is_known_no_heart_is_denied(nothing_known: Targets) -> None:
    logits = torch.zeros(2, 3, 8, 8, requires_grad=True)
    drawing_loss(logits, nothing_known)[0].backward()
    assert logits.grad.abs().sum() == 0
