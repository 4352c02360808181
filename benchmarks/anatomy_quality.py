"""How well does the vision stage draw? Dice, cardiothoracic ratio and refusals, beside floors.

`vision_quality.py` runs it. The dev split is measured; ``jsrt`` is external: no film of it was used
for anything else. Floors: the mean outline of the train films for Dice, their median for the ratio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from radnlp.schema.image import Image
from radnlp.train.cache import read_grey
from radnlp.vision import EmbeddedVision, cardiothoracic_ratio
from radnlp.vision.prepare import Fit

if TYPE_CHECKING:
    from radnlp.schema.reading import ImageReading
    from radnlp.train.films import Film

STRUCTURES = ("left_lung", "right_lung", "heart", "lungs")
#: A lung that shares more than this part of itself with the heart was drawn through it.
THROUGH = 0.05
SEED = 1


def turned_away(reading: ImageReading) -> bool:
    """Tell whether a film was refused; other notices do not count."""
    return any(notice.name == "NotFrontalChest" for notice in reading.warnings)


def mean_interval(values: np.ndarray, draws: int) -> list[float]:
    """95 % bootstrap interval of a mean; one film a patient."""
    random = np.random.default_rng(SEED)
    means = [values[random.integers(len(values), size=len(values))].mean() for _ in range(draws)]
    return [round(float(edge), 4) for edge in np.percentile(means, (2.5, 97.5))]


def summed(values: list[float], draws: int) -> dict[str, Any]:
    """Number, mean and interval."""
    array = np.array(values)
    return {
        "n": len(values),
        "value": round(float(array.mean()), 4),
        "interval": mean_interval(array, draws),
    }


def outlines(film: Film) -> dict[str, np.ndarray]:
    """The film's masks; with both sides, "lungs" is their union."""
    truth = {name: read_grey(path) > 0.5 for name, path in film.masks}
    if {"left_lung", "right_lung"} <= set(truth):
        truth["lungs"] = truth["left_lung"] | truth["right_lung"]
    return truth


def drawn_through(truth: dict[str, np.ndarray]) -> bool:
    """Tell whether a lung was outlined through the heart, against the collection's custom."""
    if not {"left_lung", "heart"} <= set(truth):
        return False
    shared = (truth["left_lung"] & truth["heart"]).sum()
    return bool(shared > THROUGH * truth["left_lung"].sum())


def overlap(ours: np.ndarray, truth: np.ndarray) -> float:
    """Dice coefficient."""
    return float(2 * (ours & truth).sum() / max(1, ours.sum() + truth.sum()))


def ratio_of(masks: dict[str, np.ndarray]) -> float | None:
    """Cardiothoracic ratio, if all three are there."""
    if not {"left_lung", "right_lung", "heart"} <= set(masks):
        return None
    return cardiothoracic_ratio(masks["left_lung"], masks["right_lung"], masks["heart"])


class MeanChest:
    """The mean of all train outlines, as a drawing and as a ratio: what needs no network."""

    def __init__(self, train: list[Film], size: int = 128) -> None:
        sums = {name: torch.zeros(1, 1, size, size) for name in STRUCTURES}
        counts = dict.fromkeys(STRUCTURES, 0)
        ratios = []
        for film in train:
            truth = outlines(film)
            ratio = ratio_of(truth)
            ratios += [] if ratio is None else [ratio]
            for name, mask in truth.items():
                fit = Fit.of(*mask.shape, size)
                sums[name] += fit.place(torch.from_numpy(mask).float()[None, None])
                counts[name] += 1
        self.size = size
        self.means = {name: sums[name] / max(1, counts[name]) for name in STRUCTURES}
        self.ratio = float(np.median(ratios))

    def drawn(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        """The mean outline in an image of that shape."""
        fit = Fit.of(*shape, self.size)
        inside = self.means[name][
            :, :, fit.top : fit.top + fit.height, fit.left : fit.left + fit.width
        ]
        full = torch.nn.functional.interpolate(inside, size=shape, mode="bilinear")
        return full[0, 0].numpy() > 0.5


def anatomy_quality(films: list[Film], stage: EmbeddedVision, draws: int) -> dict[str, Any]:
    """Dice, ratio and refusals of the stage on the dev split and on jsrt."""
    floor = MeanChest([film for film in films if film.split == "train" and film.pool != "jsrt"])
    dice: dict[tuple[str, str], list[tuple[float, float]]] = {}
    ratios: dict[str, list[tuple[float, float]]] = {}
    refused: dict[str, list[bool]] = {}
    for film in films:
        if film.split != "dev" and film.pool != "jsrt":
            continue
        reading = stage(Image(pixels=read_grey(film.path)))
        refused.setdefault(film.pool, []).append(turned_away(reading))
        drawn = {region.label: region.mask.to_array() for region in reading.regions if region.mask}
        if {"left_lung", "right_lung"} <= set(drawn):
            drawn["lungs"] = drawn["left_lung"] | drawn["right_lung"]
        truth = outlines(film)
        kinds = [film.pool]
        if film.pool == "wingspan" and not drawn_through(truth):
            kinds.append("wingspan, lungs beside the heart")
        for name, mask in truth.items():
            ours = drawn.get(name, np.zeros_like(mask))
            pair = (overlap(ours, mask), overlap(floor.drawn(name, mask.shape), mask))
            for kind in kinds:
                dice.setdefault((kind, name), []).append(pair)
        theirs, mine = ratio_of(truth), ratio_of(drawn)
        if theirs is not None:
            # A film without a drawing is answered like the floor.
            answer = floor.ratio if mine is None else mine
            ratios.setdefault(film.pool, []).append(
                (abs(answer - theirs), abs(floor.ratio - theirs))
            )
    return {
        "dice": dice_rows(dice, refused, draws),
        "ratio": [
            {
                "pool": pool,
                **summed([pair[0] for pair in pairs], draws),
                "floor": round(float(np.mean([pair[1] for pair in pairs])), 4),
                "constant": round(floor.ratio, 4),
            }
            for pool, pairs in sorted(ratios.items())
        ],
        "refused": {
            pool: {"n": len(flags), "refused": sum(flags)}
            for pool, flags in sorted(refused.items())
        },
    }


def dice_rows(
    found: dict[tuple[str, str], list[tuple[float, float]]],
    refused: dict[str, list[bool]],
    draws: int,
) -> list[dict[str, Any]]:
    """One row per collection and structure."""
    rows = []
    for (pool, name), pairs in sorted(found.items()):
        ours = summed([pair[0] for pair in pairs], draws)
        rows.append(
            {
                "pool": pool,
                "structure": name,
                "n": ours["n"],
                "dice": ours["value"],
                "interval": ours["interval"],
                "worst": round(min(pair[0] for pair in pairs), 4),
                "floor": round(float(np.mean([pair[1] for pair in pairs])), 4),
                "refused": sum(refused.get(pool, [])),
            }
        )
    return rows


def show_anatomy(found: dict[str, Any]) -> None:
    print("\nDice (films refused count as 0)")
    for row in found["dice"]:
        low, high = row["interval"]
        print(
            f"  {row['pool']:32} {row['structure']:11} n={row['n']:4}  {row['dice']:.3f} "
            f"[{low:.3f}, {high:.3f}]  worst {row['worst']:.3f}  mean outline {row['floor']:.3f}"
        )
    print("\nCardiothoracic ratio, mean absolute error")
    for row in found["ratio"]:
        low, high = row["interval"]
        print(
            f"  {row['pool']:11} n={row['n']:4}  {row['value']:.4f} [{low:.4f}, {high:.4f}]  "
            f"always {row['constant']:.3f}: {row['floor']:.4f}"
        )
    print("\nRefused:", found["refused"])
