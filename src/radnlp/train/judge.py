"""Measures a network on films that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from radnlp.nets.vision import boxes_of_cells, place_scores
from radnlp.train.calibrate import (
    auroc,
    auroc_interval,
    calibration_error,
    fit_platt,
    youden_threshold,
)
from radnlp.train.device import run
from radnlp.train.films import MASKS
from radnlp.train.losses import with_union
from radnlp.train.places import box_iou

if TYPE_CHECKING:
    from radnlp.nets.anatomy import AnatomyNet
    from radnlp.nets.vision import VisionNet
    from radnlp.train.batches import FilmSet

__all__ = [
    "Judgement",
    "concept_cards",
    "cross_fitted",
    "dice_of",
    "judge",
    "mean_auroc",
    "measured",
    "place_entry",
]

#: Children's films help to learn, but their frequencies are not those of adults.
_NOT_MEASURED = frozenset({"kermany"})

_BATCH = 16

#: The IoU from which a box counts as well placed.
_WELL = 0.3

#: The calibration error up to which a confidence is shown as a percentage.
_CALIBRATED = 0.05

#: Films of either kind, held out, that an AUROC and an operating point need.
_LEAST_FILMS = 5

#: Boxes of either kind that a calibration of boxes needs.
_LEAST_BOXES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a network says of a set of films.

    ``scores`` has shape (n, concepts), logits; ``overlaps`` (n, boxed): the IoU of the likeliest
    box with the best of the drawn ones, NaN where none is drawn; ``likely``, of the same shape, the
    score of that box. ``boxed`` names those concepts.
    """

    boxed: tuple[str, ...]

    scores: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    likely: NDArray[np.float64]

    def placed(self) -> float:
        """Return the share of boxes with an IoU over 0.3, the heart's apart; 0 if there is none.

        The heart is always in the same place, so its boxes say little.
        """
        columns = [n for n, concept in enumerate(self.boxed) if concept != "cardiomegaly"]
        known = self.overlaps[:, columns]
        known = known[~np.isnan(known)]
        return float((known > _WELL).mean()) if len(known) else 0.0


@torch.inference_mode()
def judge(net: VisionNet, films: FilmSet) -> Judgement:
    """Run the network over a set of films, as they are."""
    net.eval()
    scores = np.zeros((len(films), len(films.task.concepts)))
    overlaps = np.full((len(films), len(films.task.boxed)), np.nan)
    scored = np.zeros_like(overlaps)
    for indices in _batches(films):
        output = run(net, films.images(indices))
        scores[indices] = output.findings.numpy()
        likely, boxes = place_scores(output, net.shape.boxed), boxes_of_cells(output.extents)
        for row, index in enumerate(indices):
            for plane in sorted({int(number) for number in films.boxes[index][:, 0]}):
                best = int(likely[row, plane].argmax())
                box = boxes[row, plane].reshape(-1, 4)[best]
                drawn = films.boxes[index]
                drawn = drawn[drawn[:, 0] == plane, 1:]
                overlaps[index, plane] = float(box_iou(box, drawn).max())
                scored[index, plane] = float(likely[row, plane].max())
    return Judgement(boxed=films.task.boxed, scores=scores, overlaps=overlaps, likely=scored)


@torch.inference_mode()
def dice_of(net: AnatomyNet, films: FilmSet) -> NDArray[np.float64]:
    """Return the Dice of each film and mask, shape (n, 4), NaN where there is no mask."""
    net.eval()
    dice = np.full((len(films), len(MASKS)), np.nan)
    for indices in _batches(films):
        anatomy = run(net, films.images(indices))
        dice[indices] = _overlap(anatomy, films, indices)
    return dice


def _batches(films: FilmSet) -> list[NDArray[np.int64]]:
    return [
        np.arange(start, min(start + _BATCH, len(films))) for start in range(0, len(films), _BATCH)
    ]


def _overlap(
    anatomy: torch.Tensor, films: FilmSet, indices: NDArray[np.int64]
) -> NDArray[np.float64]:
    drawn = (with_union(anatomy) > 0.5).float().numpy()
    truth = (films.masks(indices) > 0.5).float().numpy()
    shared = 2 * (drawn * truth).sum(axis=(2, 3))
    both = drawn.sum(axis=(2, 3)) + truth.sum(axis=(2, 3))
    known = films.masks_known[indices] > 0
    return np.where(known & (both > 0), shared / np.maximum(both, 1), np.nan)


def measured(films: FilmSet, column: int) -> NDArray[np.bool_]:
    """Tell which films a concept is measured on, shape (n,).

    Only collections that hold the finding: films from elsewhere could be told by their look.
    """
    pools = np.array([film.pool for film in films.films])
    with_finding = set(pools[films.findings[:, column] > 0]) - _NOT_MEASURED
    return (films.known[:, column] > 0) & np.isin(pools, sorted(with_finding))


def mean_auroc(judgement: Judgement, films: FilmSet) -> float:
    """Return the mean AUROC over concepts with at least five films of either kind, else 0."""
    values = []
    for column in range(len(films.task.concepts)):
        known = measured(films, column)
        present = films.findings[known, column] > 0
        if min(int(present.sum()), int((~present).sum())) >= _LEAST_FILMS:
            values.append(auroc(judgement.scores[known, column], present))
    return float(np.mean(values)) if values else 0.0


def concept_cards(
    judgement: Judgement, films: FilmSet, elsewhere: NDArray[np.int64], *, needed: int, seed: int
) -> list[dict[str, Any]]:
    """Return one card entry per concept: calibration, operating point, support and why not.

    Args:
        judgement: Of the held-out slice.
        films: That slice.
        elsewhere: Positive films per concept in the dev split, where it will be measured.
        needed: Positive films, slice and dev together, under which a concept is not supported.
        seed: Of the bootstrap and of the halves that check the calibration.
    """
    patients = np.array([film.patient for film in films.films])
    entries = []
    for column, concept in enumerate(films.task.concepts):
        known = measured(films, column)
        present = films.findings[known, column] > 0
        scores = judgement.scores[known, column]
        positives = int(present.sum())
        entry: dict[str, Any] = {
            "concept": concept,
            "supported": False,
            "reason": None,
            "held_out_films": len(present),
            "held_out_positives": positives,
        }
        if positives + int(elsewhere[column]) < needed:
            entry["reason"] = (
                f"{positives + int(elsewhere[column])} positive films to measure on, "
                f"fewer than {needed}"
            )
        elif min(positives, int((~present).sum())) < _LEAST_FILMS:
            entry["reason"] = (
                f"{positives} positive and {int((~present).sum())} negative films held out, "
                f"fewer than {_LEAST_FILMS} of a kind"
            )
        else:
            owners = patients[known]
            low, high = auroc_interval(scores, present, owners, seed=seed)
            entry |= {
                "held_out_auroc": round(auroc(scores, present), 4),
                "held_out_auroc_interval": [round(low, 4), round(high, 4)],
                **_operating_point(scores, present, owners, seed),
            }
            entry["calibrated"] &= concept not in films.task.case_control
            entry["supported"] = low > 0.5
            if not entry["supported"]:
                entry["reason"] = f"not told from chance: AUROC from {low:.2f} to {high:.2f}"
        entries.append(entry)
    return entries


def place_entry(judgement: Judgement, films: FilmSet, *, seed: int) -> dict[str, Any] | None:
    """Return the card's entry on boxes: how a score becomes the chance of a well placed box.

    Fitted on the held-out films with drawn boxes, all findings together, the heart's too; ``None``
    if they are too few to fit.
    """
    drawn = ~np.isnan(judgement.overlaps)
    well = judgement.overlaps[drawn] > _WELL
    if min(int(well.sum()), int((~well).sum())) < _LEAST_BOXES:
        return None
    sure = np.clip(judgement.likely[drawn], 1e-6, 1 - 1e-6)
    scores = np.log(sure / (1 - sure))
    owners = np.array([film.patient for film in films.films])[np.nonzero(drawn)[0]]
    crossed = cross_fitted(scores, well, owners, seed)
    error = calibration_error(crossed, well)
    platt = fit_platt(scores, well)
    return {
        "slope": platt.slope,
        "offset": platt.offset,
        "boxes": len(well),
        "well_placed": round(float(well.mean()), 4),
        "calibration_error": round(error, 4),
        "calibrated": error <= _CALIBRATED,
    }


def cross_fitted(
    scores: NDArray[np.float64],
    present: NDArray[np.bool_],
    patients: NDArray[np.str_],
    seed: int,
) -> NDArray[np.float64]:
    """Return probabilities of each half of the patients by the calibration of the other half."""
    names = np.unique(patients)
    half = np.random.default_rng(seed).permutation(len(names)) % 2 == 0
    first = half[np.searchsorted(names, patients)]
    crossed = np.empty_like(scores)
    for fit, use in ((first, ~first), (~first, first)):
        crossed[use] = fit_platt(scores[fit], present[fit])(scores[use])
    return crossed


def _operating_point(
    scores: NDArray[np.float64],
    present: NDArray[np.bool_],
    patients: NDArray[np.str_],
    seed: int,
) -> dict[str, Any]:
    platt = fit_platt(scores, present)
    probabilities = platt(scores)
    # The error is measured on the half that the calibration was not fitted to.
    error = calibration_error(cross_fitted(scores, present, patients, seed), present)
    return {
        "slope": platt.slope,
        "offset": platt.offset,
        "threshold": youden_threshold(probabilities, present),
        "calibration_error": round(error, 4),
        "calibrated": error <= _CALIBRATED,
    }
