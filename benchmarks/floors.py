"""Floors for image findings: what is to be had without learning to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from radnlp.nets.vision import VisionNet, VisionShape
from radnlp.train.calibrate import auroc

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_linear", "pooled", "random_backbone", "random_features", "tiny_pixels"]

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)


def tiny_pixels(squares: NDArray[np.float32]) -> NDArray[np.float32]:
    """16 × 16 mean greys of squares of shape (n, size, size), as (n, 256)."""
    images = torch.from_numpy(squares)[:, None]
    return functional.adaptive_avg_pool2d(images, 16).flatten(1).numpy()


@torch.inference_mode()
def random_backbone(squares: NDArray[np.float32], seed: int) -> nn.Module:
    """The network's backbone with random weights, its normalisation fitted to 128 of the films."""
    torch.manual_seed(seed)
    net = VisionNet(VisionShape(concepts=1, boxed=(0,)))
    images = torch.from_numpy(squares)[:, None] * 2 - 1
    # Random weights need the normalisation of real films, or nothing passes through.
    net.train()
    for start in range(0, min(len(images), 128), 16):
        net.backbone(images[start : start + 16])
    return net.eval().backbone


@torch.inference_mode()
def pooled(
    backbone: nn.Module, squares: NDArray[np.float32], *, deepest: int = 1
) -> NDArray[np.float32]:
    """Means of the deepest maps of a backbone over each film, shape (n, channels)."""
    parts = []
    for start in range(0, len(squares), 16):
        images = torch.from_numpy(squares[start : start + 16])[:, None] * 2 - 1
        levels = backbone(images)[-deepest:]
        parts.append(torch.cat([level.mean(dim=(2, 3)) for level in levels], dim=1).numpy())
    return np.concatenate(parts)


def random_features(squares: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Pooled last features of the network with random weights, shape (n, channels)."""
    return pooled(random_backbone(squares, seed), squares)


def _fit(inputs: torch.Tensor, truth: torch.Tensor, penalty: float) -> torch.Tensor:
    weights = torch.zeros(inputs.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        scores = inputs @ weights[:-1] + weights[-1]
        value = functional.binary_cross_entropy_with_logits(scores, truth)
        value = value + penalty * weights[:-1].square().sum()
        value.backward()
        return value

    solver.step(loss)
    return weights.detach()


def fit_linear(
    train: NDArray[np.float32],
    present: NDArray[np.bool_],
    chosen_on: NDArray[np.bool_],
    test: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Scores of a logistic regression on ``test``.

    Args:
        train: Features of the train split, shape (n, k).
        present: The finding, shape (n,).
        chosen_on: The part of the train split on which the penalty is chosen.
        test: Features to score, shape (m, k).
    """
    middle, spread = train.mean(axis=0), train.std(axis=0) + 1e-6
    inputs = torch.from_numpy((train - middle) / spread).double()
    truth = torch.from_numpy(present).double()
    fit = torch.from_numpy(~chosen_on)
    ranked = []
    for penalty in PENALTIES:
        weights = _fit(inputs[fit], truth[fit], penalty)
        scores = (inputs[~fit] @ weights[:-1]).numpy()
        ranked.append((auroc(scores, present[chosen_on]), penalty))
    weights = _fit(inputs, truth, max(ranked)[1])
    return (torch.from_numpy((test - middle) / spread).double() @ weights[:-1]).numpy()
