"""Turns a finding's score into a probability, and says where to cut it and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from radnlp.schema import Platt

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["auroc", "auroc_interval", "calibration_error", "fit_platt", "youden_threshold"]


def fit_platt(scores: NDArray[np.float64], present: NDArray[np.bool_]) -> Platt:
    """Fit slope and offset by maximum likelihood, with a weak pull of the slope towards 1."""
    inputs, truth = torch.from_numpy(scores).double(), torch.from_numpy(present).double()
    weights = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        value = functional.binary_cross_entropy_with_logits(inputs * weights[0] + weights[1], truth)
        value = value + 0.5 * (weights[0] - 1) ** 2 / len(truth)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    solver.step(loss)  # type: ignore[no-untyped-call]
    slope, offset = weights.detach().tolist()
    # A negative slope would turn the ranking round: then the score carries nothing.
    return Platt(slope=max(slope, 1e-3), offset=offset)


def auroc(scores: NDArray[np.float64], present: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve (ties count half), NaN if one class is missing.

    Examples:
        >>> import numpy as np
        >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
        0.75
    """
    positives = int(present.sum())
    negatives = len(present) - positives
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    above = ranks[inverse][present].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def auroc_interval(
    scores: NDArray[np.float64],
    present: NDArray[np.bool_],
    patients: NDArray[np.str_],
    *,
    seed: int = 0,
    draws: int = 1000,
) -> tuple[float, float]:
    """Return the 95 % interval of the AUROC from a bootstrap over patients, not films."""
    _, owner = np.unique(patients, return_inverse=True)
    films = [np.flatnonzero(owner == patient) for patient in range(owner.max() + 1)]
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = np.concatenate([films[i] for i in random.integers(len(films), size=len(films))])
        values.append(auroc(scores[drawn], present[drawn]))
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return float(low), float(high)


def calibration_error(
    probabilities: NDArray[np.float64], present: NDArray[np.bool_], *, bins: int = 5
) -> float:
    """Return the expected calibration error over bins of equal numbers of films.

    Source:
        Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    parts = np.array_split(np.argsort(probabilities, kind="stable"), bins)
    gaps = [
        abs(probabilities[part].mean() - present[part].mean()) * len(part)
        for part in parts
        if len(part)
    ]
    return float(sum(gaps) / len(present))


def youden_threshold(probabilities: NDArray[np.float64], present: NDArray[np.bool_]) -> float:
    """Return a probability from which sensitivity + specificity - 1 is largest.

    It lies midway between the last that counts as positive and the next lower one.

    Source:
        Youden, "Index for rating diagnostic tests", Cancer 1950.
    """
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(present[order]) / max(int(present.sum()), 1)
    alarms = np.cumsum(~present[order]) / max(int((~present).sum()), 1)
    last = int(np.argmax(hits - alarms))
    return float(probabilities[order][last : last + 2].mean())
