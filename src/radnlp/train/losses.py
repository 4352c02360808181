"""What the network is asked to get right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from radnlp.train.places import evidence_loss, place_loss

if TYPE_CHECKING:
    from radnlp.nets.vision import VisionOutput
    from radnlp.train.targets import Targets

__all__ = ["anatomy_dice", "anatomy_loss", "drawing_loss", "total_loss", "with_union"]

_LABEL_NOISE = 0.02

#: Numbers of the masks in a batch of targets.
_LEFT, _RIGHT, _HEART, _LUNGS = range(4)

#: How far a heart may reach below the lungs, as a part of the film's side.
_BELOW = 0.13


def with_union(anatomy: Tensor) -> Tensor:
    """Return probabilities of left lung, right lung, heart and of either lung.

    Args:
        anatomy: Logits, shape (n, 3, h, w).
    """
    sure = torch.sigmoid(anatomy.float())
    either = 1 - (1 - sure[:, :1]) * (1 - sure[:, 1:2])
    return torch.cat([sure, either], dim=1)


def anatomy_dice(probabilities: Tensor, masks: Tensor) -> Tensor:
    """Return the soft Dice coefficient per film and structure, shape (n, 4)."""
    shared = (probabilities * masks).sum(dim=(2, 3))
    both = probabilities.sum(dim=(2, 3)) + masks.sum(dim=(2, 3))
    return (2 * shared + 1) / (both + 1)


def anatomy_loss(anatomy: Tensor, targets: Targets) -> Tensor:
    """Return binary cross-entropy plus 1 - Dice, over the structures that are known."""
    known = targets.masks_known
    if not known.any():
        return anatomy.sum() * 0
    sure = with_union(anatomy).clamp(1e-5, 1 - 1e-5)
    entropy = functional.binary_cross_entropy(sure, targets.masks, reduction="none")
    overlap = 1 - anatomy_dice(sure, targets.masks)
    each = entropy.mean(dim=(2, 3)) + overlap
    denied, asked = _no_heart(targets)
    astray = (functional.softplus(anatomy[:, _HEART].float()) * denied).mean(dim=(1, 2))
    return ((each * known).sum() + (astray * asked).sum()) / known.sum()


def _no_heart(targets: Targets) -> tuple[Tensor, Tensor]:
    """Return where no heart can be, given the lungs, and which films ask so little of it.

    Nobody outlined the heart on most films. Without this it spread there over whole films: it
    lies neither in a lung, nor above the lungs, beside them, or far below.

    Returns:
        Shape (n, h, w), 0 or 1; shape (n,), 1 where the lungs are known and the heart is not.
    """
    known = targets.masks_known
    lungs = (targets.masks * (known > 0)[:, :, None, None])[:, [_LEFT, _RIGHT, _LUNGS]].amax(1)
    inside = (lungs > 0.5).to(lungs.dtype)
    drawn = (known[:, _LEFT] * known[:, _RIGHT] + known[:, _LUNGS] > 0) & inside.any(2).any(1)
    asked = drawn & (known[:, _HEART] == 0)
    rows, columns = inside.amax(dim=2), inside.amax(dim=1)
    below = int(_BELOW * rows.shape[1])
    lower = functional.pad(rows, (below, 0))[:, : rows.shape[1]]
    frame = _spanned(torch.maximum(rows, lower))[:, :, None] * _spanned(columns)[:, None, :]
    return torch.maximum(inside, 1 - frame), asked.to(lungs.dtype)


def _spanned(marks: Tensor) -> Tensor:
    """Fill each row of ``marks`` from its first to its last 1."""
    before = marks.cummax(dim=1).values
    after = marks.flip(1).cummax(dim=1).values.flip(1)
    return before * after


def _finding_loss(findings: Tensor, targets: Targets) -> Tensor:
    """Return the cross-entropy over the findings that are known, with softened labels.

    Labels that were mined from reports are wrong now and then.
    """
    soft = targets.findings * (1 - 2 * _LABEL_NOISE) + _LABEL_NOISE
    each = functional.binary_cross_entropy_with_logits(
        findings, soft, pos_weight=targets.positive_weight, reduction="none"
    )
    return (each * targets.findings_known).sum() / targets.findings_known.sum().clamp(min=1)


def total_loss(output: VisionOutput, targets: Targets) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a network that weighs and places findings, and its parts for the log."""
    findings = _finding_loss(output.findings.float(), targets)
    evidence = evidence_loss(output.evidence.float(), targets)
    middles, reach = place_loss(output, targets)
    parts = {"findings": findings, "evidence": evidence, "middles": middles, "reach": reach}
    loss = 2 * findings + 0.25 * evidence + 0.25 * middles + 0.5 * reach
    return loss, {name: float(part.detach()) for name, part in parts.items()}


def drawing_loss(anatomy: Tensor, targets: Targets) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a network that only draws, and its one part for the log."""
    loss = anatomy_loss(anatomy, targets)
    return loss, {"anatomy": float(loss.detach())}
