"""Could the same network outline better, and where does it differ from the people who outlined?

    python benchmarks/outlines.py --data ../shared/data/cxr
    python benchmarks/outlines.py --data ../shared/data/cxr --part dev
    python benchmarks/outlines.py --data ../shared/data/cxr --part jsrt

Each way changes what the network sees (the side of its square; the mean of the logits of several
sides), its logits (threshold, smoothing), or its masks (opening and closing, the heart's convex
hull), or takes other weights (``--others``, each with its own side). ``held_out`` are the train
patients that gave no gradient: what is chosen is chosen on them.
The Dice of each way stands beside the difference from the drawing as it is, film by film, with 95 %
bootstrap intervals. "Where" is the disputed area of the lungs as a part of both areas' sum, which
is the loss of Dice, once for what we add and once for what we leave out.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from anatomy_quality import drawn_through, mean_interval, outlines, overlap, summed
from radnlp.train.cache import read_grey
from radnlp.train.films import EVALUATION_POOLS, Film, read_films
from radnlp.vision.encoder import Drawing, Outliner
from radnlp.vision.segment import Plausibility, segment
from results import append

if TYPE_CHECKING:
    from collections.abc import Callable

    Finish = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]

Masks = dict[str, np.ndarray]
Drawings = dict[int | str, Drawing]

HELD_OUT, SEED = 0.15, 1
SIDES = (288, 320, 352)
#: The least certainties were set for the drawing as it is; another threshold would need others.
LIMITS = Plausibility(lung_certainty=0.0, heart_certainty=0.0)


def chosen(films: list[Film], part: str) -> list[Film]:
    """Films of a part that somebody outlined."""
    tests = {
        "held_out": lambda film: film.split == "train" and film.share(SEED) < HELD_OUT,
        "dev": lambda film: film.split == "dev",
        "jsrt": lambda film: True,
    }
    return [
        film
        for film in films
        if film.masks and (film.pool in EVALUATION_POOLS) == (part == "jsrt") and tests[part](film)
    ]


class Drawers:
    """The network on squares of several sides, and other weights by the name of their file."""

    def __init__(self, weights: str, sides: list[int], others: list[Path]) -> None:
        self.first = Outliner(weights)
        self.size = self.first.size
        self.sides = tuple(sorted({self.size, *sides}))
        self.others = {path.stem: Outliner(path) for path in others}

    def __call__(self, film: Film) -> Drawings:
        """What each draws, by side or by name."""
        grey = read_grey(film.path)
        found: Drawings = {name: other(grey) for name, other in self.others.items()}
        for side in self.sides:
            self.first.size = side
            found[side] = self.first(grey)
        return found


def mean_drawing(drawn: Drawings, sides: tuple[int, ...]) -> Drawing:
    """The mean of the logits, on the grid of the largest side."""
    large = drawn[max(sides)]
    planes = [
        cv2.resize(drawn[side].logits.transpose(1, 2, 0), large.logits.shape[1:]) for side in sides
    ]
    return replace(large, logits=np.mean(planes, axis=0).transpose(2, 0, 1))


def raised(drawing: Drawing, by: float) -> Drawing:
    """The same with another threshold."""
    return replace(drawing, logits=drawing.logits - np.float32(by))


def smoothed(drawing: Drawing, cells: float) -> Drawing:
    """Logits under a Gaussian; ``cells`` is its standard deviation, in cells of two pixels."""
    planes = [cv2.GaussianBlur(np.clip(one, -8, 8), (0, 0), cells) for one in drawing.logits]
    return replace(drawing, logits=np.stack(planes))


def opened(masks: Masks, reach: int) -> Masks:
    """Masks whose border no disc of that radius, in stored pixels, finds rough."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    found = {}
    for name, mask in masks.items():
        wide = np.pad(mask.astype(np.uint8), reach)
        for how in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN):
            wide = cv2.morphologyEx(wide, how, disc)
        found[name] = wide[reach:-reach, reach:-reach] > 0
    return found


def convex(masks: Masks) -> Masks:
    """The heart as its convex hull."""
    if "heart" not in masks:
        return masks
    full = np.zeros(masks["heart"].shape, np.uint8)
    points = np.argwhere(masks["heart"])[:, ::-1].astype(np.int32)
    cv2.fillConvexPoly(full, cv2.convexHull(points), 1)
    return masks | {"heart": full > 0}


def ways(drawers: Drawers) -> dict[str, tuple[Callable[[Drawings], Drawing], Finish]]:
    """Each way by its name: how it makes a drawing, and what it does to the masks."""
    size, sides = drawers.size, drawers.sides
    steps: dict[str, Any] = {"as it is": (lambda drawn: drawn[size], dict)}
    for side in sides:
        if side != size:
            steps[f"side {side}"] = (lambda drawn, side=side: drawn[side], dict)
    if len(sides) > 1:
        name = "mean of " + ", ".join(map(str, sides))
        steps[name] = (lambda drawn: mean_drawing(drawn, sides), dict)
    for name in drawers.others:
        steps[name] = (lambda drawn, name=name: drawn[name], dict)
    for by in (-0.5, -0.25, 0.25, 0.5):
        steps[f"threshold {by:+}"] = (lambda drawn, by=by: raised(drawn[size], by), dict)
    for cells in (0.5, 1.0):
        steps[f"smoothed {cells}"] = (lambda drawn, c=cells: smoothed(drawn[size], c), dict)
    for reach in (3, 6):
        steps[f"opened {reach}"] = (lambda drawn: drawn[size], lambda m, r=reach: opened(m, r))
    steps["heart convex"] = (lambda drawn: drawn[size], convex)
    return steps


def kinds_of(film: Film, truth: Masks) -> list[str]:
    """Rows of the table that a film belongs to."""
    beside = film.pool == "wingspan" and not drawn_through(truth)
    return [film.pool, *(["wingspan, lungs beside the heart"] if beside else [])]


def whole(masks: Masks, shape: tuple[int, ...]) -> Masks:
    """All four masks; what was not drawn is empty."""
    names = ("left_lung", "right_lung", "heart")
    found = {name: masks.get(name, np.zeros(shape, bool)) for name in names}
    return found | {"lungs": found["left_lung"] | found["right_lung"]}


def lung_places(truth: np.ndarray) -> dict[str, np.ndarray]:
    """Parts of the chest by height (fifths of the lungs) and by distance from the middle."""
    rows, columns = np.nonzero(truth)
    row, column = np.indices(truth.shape)
    height = (row - rows.min()) / max(1, np.ptp(rows))
    middle = (columns.min() + columns.max()) / 2
    inner = np.abs(column - middle) < np.ptp(columns) / 4
    between = (height >= 0.2) & (height < 0.8)
    return {
        "apex, upper fifth": height < 0.2,
        "outer wall": between & ~inner,
        "heart and mediastinum, left": between & inner & (column > middle),
        "heart and mediastinum, right": between & inner & (column <= middle),
        "base, outer (costophrenic)": (height >= 0.8) & ~inner,
        "base, inner": (height >= 0.8) & inner,
    }


def heart_places(truth: np.ndarray) -> dict[str, np.ndarray]:
    """Quarters of the heart's height, and its sides between."""
    rows, columns = np.nonzero(truth)
    row, column = np.indices(truth.shape)
    height = (row - rows.min()) / max(1, np.ptp(rows))
    left = column > (columns.min() + columns.max()) / 2
    between = (height >= 0.25) & (height < 0.75)
    return {
        "top quarter": height < 0.25,
        "left border": between & left,
        "right border": between & ~left,
        "bottom quarter": height >= 0.75,
    }


def where(ours: np.ndarray, truth: np.ndarray, pixel: float, name: str) -> dict[str, Any]:
    """Added and left out by place; the part near the border; what one pixel all round costs."""
    both = ours.sum() + truth.sum()
    wrong = ours ^ truth
    away = cv2.distanceTransform(truth.astype(np.uint8), cv2.DIST_L2, 5)
    away += cv2.distanceTransform((~truth).astype(np.uint8), cv2.DIST_L2, 5)
    places = heart_places(truth) if name == "heart" else lung_places(truth)
    found: dict[str, Any] = {}
    for spot, place in places.items():
        found[f"{spot}: added"] = float((ours & ~truth & place).sum() / both)
        found[f"{spot}: left out"] = float((truth & ~ours & place).sum() / both)
    found["within 2 pixels of the border"] = float(
        (wrong & (away <= 2 * pixel)).sum() / wrong.sum()
    )
    found["area, ours over theirs"] = float(ours.sum() / truth.sum())
    found["Dice of one pixel inside all round"] = overlap(truth & (away > pixel), truth)
    return found


def measured(films: list[Film], drawers: Drawers, draws: int) -> dict[str, Any]:
    """Dice of each way beside the drawing as it is, and where that one differs."""
    steps = ways(drawers)
    dice: dict[tuple[str, str, str], list[float]] = {}
    spots: dict[tuple[str, str], list[dict[str, Any]]] = {}
    refused = dict.fromkeys(steps, 0)
    for film in films:
        truth = outlines(film)
        shape = next(iter(truth.values())).shape
        drawn = drawers(film)
        kinds = kinds_of(film, truth)
        for way, (draw, finish) in steps.items():
            anatomy = segment(draw(drawn), drawers.first.labels, shape, LIMITS)
            refused[way] += anatomy.reason is not None
            masks = whole(finish(anatomy.masks), shape)
            for kind in kinds:
                for name, mask in truth.items():
                    dice.setdefault((way, kind, name), []).append(overlap(masks[name], mask))
                if way == "as it is":
                    for name in {"lungs", "heart"} & truth.keys():
                        spot = where(masks[name], truth[name], max(shape) / drawers.size, name)
                        spots.setdefault((kind, name), []).append(spot)
    rows = []
    for (way, kind, name), values in dice.items():
        more = np.array(values) - np.array(dice["as it is", kind, name])
        rows.append(
            {
                "way": way,
                "pool": kind,
                "structure": name,
                **summed(values, draws),
                "more": round(float(more.mean()), 4),
                "more_interval": mean_interval(more, draws),
            }
        )
    places = [
        {
            "pool": kind,
            "structure": name,
            "n": len(found),
            **{key: round(float(np.mean([one[key] for one in found])), 4) for key in found[0]},
        }
        for (kind, name), found in spots.items()
    ]
    return {"ways": rows, "where": places, "who": losses(films, dice, draws), "refused": refused}


def losses(
    films: list[Film], dice: dict[tuple[str, str, str], list[float]], draws: int
) -> list[dict[str, Any]]:
    """Whose lungs are drawn worst: the share of the worst tenth, and Dice by tuberculosis."""
    rows = []
    for pool in sorted({film.pool for film in films}):
        values = np.array(dice["as it is", pool, "lungs"])
        lost = np.sort(1 - values)[::-1]
        tenth = max(1, round(len(lost) / 10))
        row = {
            "pool": pool,
            "n": len(lost),
            "median": round(float(np.median(values)), 4),
            "loss_in_worst_tenth": round(float(lost[:tenth].sum() / lost.sum()), 4),
        }
        ill = np.array(["Tuberculosis" in film.labels for film in films if film.pool == pool])
        if ill.any():
            row["tuberculosis"] = summed(list(values[ill]), draws)
            row["others"] = summed(list(values[~ill]), draws)
        rows.append(row)
    return rows


def show(found: dict[str, Any]) -> None:
    for row in found["ways"]:
        low, high = row["interval"]
        less, most = row["more_interval"]
        print(
            f"{row['way']:22} {row['pool']:32} {row['structure']:11} n={row['n']:3} "
            f"{row['value']:.4f} [{low:.4f}, {high:.4f}]  {row['more']:+.4f} "
            f"[{less:+.4f}, {most:+.4f}]"
        )
    for row in found["where"]:
        print(f"\n{row['pool']}, {row['structure']}, n={row['n']}")
        for name, value in row.items():
            if isinstance(value, float):
                print(f"  {name:44} {value:.4f}")
    for row in found["who"]:
        print(row)
    print("\nRefused:", found["refused"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/cxr"))
    parser.add_argument("--part", choices=("held_out", "dev", "jsrt"), default="held_out")
    parser.add_argument("--weights", default="anatomy-lite0")
    parser.add_argument("--sides", type=int, nargs="+", default=list(SIDES))
    parser.add_argument("--others", type=Path, nargs="*", default=[], help="weights files")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-record", action="store_true", help="do not append to results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    drawers = Drawers(options.weights, options.sides, options.others)
    films = chosen(read_films(options.data), options.part)
    found = measured(films, drawers, options.draws)
    show(found)
    if not options.no_record:
        told = {"weights": drawers.first.name, "part": options.part, "n": len(films)}
        others = {name: other.name for name, other in drawers.others.items()}
        append("outlines", {**told, "others": others, **found})


if __name__ == "__main__":
    main()
