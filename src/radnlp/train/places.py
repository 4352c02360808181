"""Boxes while training: how they move with a film, and what a network is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from radnlp.nets.vision import PLACE_STRIDE, boxes_of_cells

if TYPE_CHECKING:
    from radnlp.nets.vision import VisionOutput
    from radnlp.train.targets import Targets

__all__ = ["box_iou", "evidence_loss", "move_boxes", "place_loss"]

_LEAST_SIDE = 4.0
#: A cell learns the box where the bump around its middle is this high.
_NEAR = 0.35
_SHARPNESS = 3.0
_PEAK = 0.98


def move_boxes(boxes: Tensor, warp: Tensor, before: int, after: int) -> Tensor:
    """Return boxes where a warp of their film puts them; those that leave it are dropped.

    Args:
        boxes: Shape (m, 5): number of the boxed concept, x0, y0, x1, y1.
        warp: Shape (2, 3), from places in the new film to places in the old one, both from -1 to
            1, as `torch.nn.functional.affine_grid` takes it.
        before: Side of the film that the boxes are drawn in.
        after: Side of the film that comes out.
    """
    if not len(boxes):
        return boxes
    x0, y0, x1, y1 = boxes[:, 1:].unbind(dim=1)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    # The middles of the edges, so that a small turn does not make a box grow.
    edges = torch.stack(
        [torch.stack(pair, dim=1) for pair in ((x0, y), (x1, y), (x, y0), (x, y1))], dim=1
    )
    there = edges / before * 2 - 1
    back = torch.linalg.inv(warp[:, :2])
    moved = ((there - warp[:, 2]) @ back.T + 1) * after / 2
    sides = torch.stack(
        [moved[:, 0, 0], moved[:, 2, 1], moved[:, 1, 0], moved[:, 3, 1]], dim=1
    ).clamp(0, after)
    kept = (sides[:, 2:] - sides[:, :2] > _LEAST_SIDE).all(dim=1)
    return torch.cat([boxes[:, :1], sides], dim=1)[kept]


def _shared(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return the common and the joint area of boxes (..., 4)."""
    width = torch.minimum(one[..., 2], other[..., 2]) - torch.maximum(one[..., 0], other[..., 0])
    height = torch.minimum(one[..., 3], other[..., 3]) - torch.maximum(one[..., 1], other[..., 1])
    common = width.clamp(min=0) * height.clamp(min=0)
    areas = [
        (box[..., 2] - box[..., 0]).clamp(min=0) * (box[..., 3] - box[..., 1]).clamp(min=0)
        for box in (one, other)
    ]
    return common, areas[0] + areas[1] - common


def box_iou(one: Tensor, other: Tensor) -> Tensor:
    """Return the common area over the joint one; shapes (..., 4) that fit one another."""
    common, joint = _shared(one, other)
    return common / joint.clamp(min=1e-6)


def _generalised(one: Tensor, other: Tensor) -> Tensor:
    """Return the generalised IoU, -1 to 1.

    Source:
        Rezatofighi et al., "Generalized intersection over union", CVPR 2019.
    """
    common, joint = _shared(one, other)
    width = torch.maximum(one[..., 2], other[..., 2]) - torch.minimum(one[..., 0], other[..., 0])
    height = torch.maximum(one[..., 3], other[..., 3]) - torch.minimum(one[..., 1], other[..., 1])
    hull = (width * height).clamp(min=1e-6)
    return common / joint.clamp(min=1e-6) - (hull - joint) / hull


def evidence_loss(evidence: Tensor, targets: Targets) -> Tensor:
    """Inside a box the map should be high, outside low; the outside counts less.

    One box per finding was drawn even where a film shows more, so the outside is not sure.
    """
    cells = evidence.shape[-1]
    side = targets.side / cells
    low_edge = torch.arange(cells) * side
    total, count = evidence.sum() * 0, 0
    for film, boxes in enumerate(targets.boxes):
        for number in sorted({int(number) for number in boxes[:, 0]}):
            inside = torch.zeros(cells, cells)
            for _, x0, y0, x1, y1 in boxes[boxes[:, 0] == number].tolist():
                across = (low_edge + side > x0) & (low_edge < x1)
                down = (low_edge + side > y0) & (low_edge < y1)
                inside = torch.maximum(inside, (down[:, None] & across[None, :]).float())
            plane, outside = evidence[film, targets.columns[number]], 1 - inside
            high = (functional.softplus(-plane) * inside).sum() / inside.sum().clamp(min=1)
            low = (functional.softplus(plane) * outside).sum() / outside.sum().clamp(min=1)
            total, count = total + high + 0.4 * low, count + 1
    return total / max(count, 1)


def place_loss(output: VisionOutput, targets: Targets) -> tuple[Tensor, Tensor]:
    """Return the loss of the middles and that of the boxes.

    Middles are asked for where boxes are drawn, and where a finding is known to be absent: there
    is none then. A film that shows a finding without a drawn box says nothing of its place.

    Source:
        Zhou et al., "Objects as points", 2019 (the penalty-reduced focal loss).
    """
    centres, boxes = output.centres.float(), boxes_of_cells(output.extents)
    columns = list(targets.columns)
    asked = targets.findings_known[:, columns] * (1 - targets.findings[:, columns])
    bumps = torch.zeros_like(centres)
    reach, count = centres.sum() * 0, 0
    for film, drawn in enumerate(targets.boxes):
        for number, *edges in drawn.tolist():
            plane = int(number)
            bump = _bump(edges, centres.shape[-1])
            bumps[film, plane] = torch.maximum(bumps[film, plane], bump)
            near = bump > _NEAR
            truth = torch.tensor(edges).expand(int(near.sum()), 4)
            missed = 1 - _generalised(boxes[film, plane][near], truth)
            reach = reach + (missed * bump[near]).sum() / bump[near].sum()
            asked[film, plane] = 1
            count += 1
    sure = torch.sigmoid(centres).clamp(1e-4, 1 - 1e-4)
    peak = (bumps > _PEAK).float()
    focal = peak * (1 - sure) ** 2 * sure.log()
    focal = focal + (1 - peak) * (1 - bumps) ** 4 * sure**2 * (1 - sure).log()
    middles = -(focal.sum(dim=(2, 3)) * asked).sum() / peak.sum().clamp(min=1)
    return middles, reach / max(count, 1)


def _bump(edges: list[float], cells: int) -> Tensor:
    """Return a bump over the cells that is 1 in the middle of a box and falls with its size."""
    x0, y0, x1, y1 = edges
    middle = (torch.arange(cells) + 0.5) * PLACE_STRIDE
    x, y = middle - (x0 + x1) / 2, middle - (y0 + y1) / 2
    far = (2 * x / (x1 - x0))[None, :] ** 2 + (2 * y / (y1 - y0))[:, None] ** 2
    bump = torch.exp(-_SHARPNESS * far)
    nearest = int((x.abs()[None, :] + y.abs()[:, None]).argmin())
    bump.view(-1)[nearest] = 1.0
    return bump
