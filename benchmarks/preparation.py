"""What does each chain of preparation steps do to the vision stage? Dice, AUROC, milliseconds.

    python benchmarks/preparation.py --data ../shared/data/cxr

Each part is a line of its own in results.jsonl, so that a long run may be cut off; ``--parts`` and
``--films`` choose among them.

The weights stay as they are, and learned from the default chain: so this measures how these
weights bear other chains, and films that were disturbed on purpose, not what weights trained on
another chain would reach. Differences to the default chain are paired, film by film.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from anatomy_quality import mean_interval, turned_away
from radnlp.schema.image import Image
from radnlp.train.cache import read_grey
from radnlp.train.calibrate import auroc
from radnlp.train.films import Film, read_films
from radnlp.vision import EmbeddedVision, VisionOptions
from radnlp.vision.encoder import Encoder
from radnlp.vision.prepare import PreparationOptions, run_steps
from radnlp.vision.steps import clahe, crop_border, denoise, pad, percentile, resize
from results import append
from vision_quality import table

CHAINS = {
    "default": PreparationOptions(),
    "+ crop_border": PreparationOptions(steps=("crop_border", "resize", "percentile", "pad")),
    "no gamma": PreparationOptions(gamma=False),
    "clahe for percentile": PreparationOptions(steps=("resize", "clahe", "pad")),
    "+ clahe": PreparationOptions(steps=("resize", "percentile", "clahe", "pad")),
    "+ median before": PreparationOptions(steps=("denoise", "resize", "percentile", "pad")),
    "+ median after": PreparationOptions(steps=("resize", "denoise", "percentile", "pad")),
    "+ bilateral before": PreparationOptions(
        steps=("denoise", "resize", "percentile", "pad"), method="bilateral"
    ),
}
#: Chains whose findings are measured on disturbed films as well.
ON_DISTURBED = ("default", "+ crop_border", "clahe for percentile", "+ median before")
POOLS = {"wingspan": 23, "montgomery": 18, "shenzhen": 39}
SEED = 1


def disturbed(pixels: np.ndarray, how: str) -> np.ndarray:
    """A film in [0, 1] as another machine might have left it."""
    kind, _, amount = how.partition(" ")
    if kind == "border":
        return np.pad(pixels, border_of(pixels.shape, how))
    if kind == "gamma":
        return pixels ** np.float32(amount)
    if kind == "noise":
        noise = np.random.default_rng(SEED).normal(0, float(amount), pixels.shape)
        return (pixels + noise.astype(np.float32)).clip(0, 1)
    return 1 - pixels if kind == "inverted" else pixels


def border_of(shape: tuple[int, ...], how: str) -> list[tuple[int, int]]:
    """Rows and columns of black that are added on each side."""
    share = float(how.split()[1]) if how.startswith("border") else 0.0
    return [(round(share * side),) * 2 for side in shape]


PARTS = ("time", "border", "lungs", "findings")
DISTURBANCES = (
    "none", "border 0.10", "border 0.25", "gamma 0.5", "gamma 2", "noise 0.05", "inverted",
)  # fmt: skip


def lungs_dice(
    film: Film, stages: dict[str, EmbeddedVision]
) -> dict[tuple[str, str], tuple[float, bool]]:
    """Dice of both lungs and whether the film was refused (then 0), by disturbance and chain."""
    found = {}
    pixels = read_grey(film.path)
    sides = [read_grey(path) > 0.5 for name, path in film.masks if "lung" in name]
    truth = np.logical_or.reduce(sides)
    for how in DISTURBANCES:
        image = Image(pixels=disturbed(pixels, how))
        mask = np.pad(truth, border_of(truth.shape, how))
        for chain, stage in stages.items():
            drawn = np.zeros_like(mask)
            reading = stage(image)
            for region in reading.regions:
                if "lung" in region.label and region.mask:
                    drawn |= region.mask.to_array()
            value = 2 * (drawn & mask).sum() / (drawn.sum() + mask.sum())
            found[how, chain] = float(value), turned_away(reading)
    return found


def dice_rows(films: list[Film], draws: int) -> list[dict[str, Any]]:
    """Mean Dice of the lungs by disturbance and chain, with the difference to the default."""
    stages = {
        chain: EmbeddedVision(VisionOptions(preparation=steps)) for chain, steps in CHAINS.items()
    }
    values = [lungs_dice(film, stages) for film in films]
    rows = []
    for how, chain in values[0]:
        ours = np.array([one[how, chain][0] for one in values])
        gain = ours - np.array([one[how, "default"][0] for one in values])
        rows.append(
            {
                "films": how,
                "chain": chain,
                "n": len(ours),
                "dice": round(float(ours.mean()), 4),
                "refused": sum(one[how, chain][1] for one in values),
                "gain": round(float(gain.mean()), 4),
                "gain_interval": mean_interval(gain, draws),
                "by_pool": {
                    pool: round(float(ours[[film.pool == pool for film in films]].mean()), 4)
                    for pool in POOLS
                },
            }
        )
    return rows


def auroc_rows(films: list[Film], how: str, draws: int) -> list[dict[str, Any]]:
    """Mean AUROC of the supported NIH findings, with the paired difference to the default.

    Every chain on the films as they are, a few on disturbed ones. Patients are drawn for the
    intervals.
    """
    encoders = {
        chain: Encoder("vision-lite0", steps)
        for chain, steps in CHAINS.items()
        if how == "none" or chain in ON_DISTURBED
    }
    card = encoders["default"].card["concepts"]
    tables = [
        (column, data)
        for column, entry in enumerate(card)
        if entry["supported"]
        and (data := table(films, entry["concept"])).truth[data.known].sum() >= 5
    ]
    draw = [drawn_patients(films, seed) for seed in range(draws)]
    everyone = np.arange(len(films))
    scores = {
        chain: np.stack([encoder(disturbed(read_grey(film.path), how)).findings for film in films])
        for chain, encoder in encoders.items()
    }
    rows = []
    for chain, ours in scores.items():
        base = scores["default"]
        gains = [mean_auroc(ours, tables, some) - mean_auroc(base, tables, some) for some in draw]
        value = mean_auroc(ours, tables, everyone)
        rows.append(
            {
                "films": how,
                "chain": chain,
                "n": len(films),
                "findings": len(tables),
                "auroc": round(value, 4),
                "gain": round(value - mean_auroc(base, tables, everyone), 4),
                "gain_interval": [round(float(e), 4) for e in np.percentile(gains, (2.5, 97.5))],
            }
        )
    return rows


def drawn_patients(films: list[Film], seed: int) -> np.ndarray:
    """Numbers of the films of as many patients as there are, drawn with replacement."""
    of_patient: dict[str, list[int]] = {}
    for number, film in enumerate(films):
        of_patient.setdefault(film.patient, []).append(number)
    groups = list(of_patient.values())
    picks = np.random.default_rng(seed).integers(len(groups), size=len(groups))
    return np.concatenate([groups[pick] for pick in picks])


def mean_auroc(scores: np.ndarray, tables: list[Any], some: np.ndarray) -> float:
    """Mean over findings on the films drawn."""
    values = []
    for column, data in tables:
        use = some[data.known[some]]
        truth = data.truth[use]
        if 0 < truth.sum() < len(truth):
            values.append(auroc(scores[use, column], truth))
    return float(np.mean(values))


def crop_safety(films: list[Film]) -> dict[str, Any]:
    """How often the border step cuts anything off a lung or a heart that somebody outlined."""
    cropped = touched = 0
    cut = []
    outlined = [film for film in films if film.masks]
    for film in outlined:
        pixels = read_grey(film.path)
        done = crop_border(pixels)
        x, y = round(done.pixel_map.offset_x), round(done.pixel_map.offset_y)
        rows, columns = done.pixels.shape
        cut.append(1 - done.pixels.size / pixels.size)
        cropped += cut[-1] > 0
        masks = [read_grey(path) > 0.5 for _, path in film.masks]
        touched += any(mask.sum() > mask[y : y + rows, x : x + columns].sum() for mask in masks)
    return {
        "n": len(outlined),
        "cropped": int(cropped),
        "most_cut": round(float(max(cut)), 4),
        "masks_touched": int(touched),
    }


def milliseconds(film: Film, repeats: int) -> dict[str, Any]:
    """Each step on 2,500 × 3,000 pixels and on the network's 256, and each chain; one thread."""
    large = np.asarray(cv2.resize(read_grey(film.path), (2500, 3000)), dtype=np.float32)
    small = resize(large, size=256).pixels
    steps = {
        "percentile": percentile,
        "clahe": clahe,
        "denoise median": denoise,
        "denoise bilateral": lambda pixels: denoise(pixels, method="bilateral"),
        "denoise nlm": lambda pixels: denoise(pixels, method="nlm"),
        "crop_border": crop_border,
        "resize": lambda pixels: resize(pixels, size=256),
        "pad": lambda pixels: pad(pixels, size=max(pixels.shape)),
    }
    return {
        "3000x2500": {name: timed(step, large, repeats) for name, step in steps.items()},
        "256x213": {name: timed(step, small, repeats) for name, step in steps.items()},
        "chains": {
            name: timed(lambda pixels, how=how: run_steps(pixels, 256, how), large, repeats)
            for name, how in CHAINS.items()
        },
    }


def timed(call: Any, pixels: np.ndarray, repeats: int) -> float:
    """Least milliseconds of processor time; everything runs in one thread."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call(pixels)
        times.append(time.process_time() - start)
    return round(1000 * min(times), 1)


def chosen(films: list[Film], most: int) -> list[Film]:
    """Dev films whose lungs are outlined, the same number of each collection every time."""
    picked = []
    for pool, count in POOLS.items():
        there = [film for film in films if film.pool == pool and film.split == "dev" and film.masks]
        picked += sorted(there, key=lambda film: film.share(SEED))[: min(count, most)]
    return picked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/cxr"))
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--films", nargs="+", default=DISTURBANCES[:-1], choices=DISTURBANCES)
    parser.add_argument("--most", type=int, default=385, help="films of a collection at most")
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--no-record", action="store_true", help="do not append to results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    films = read_films(options.data)
    outlined = chosen(films, options.most)
    nih = [film for film in films if film.pool == "nih" and film.split == "dev"][: options.most]

    def tell(part: str, payload: dict[str, Any]) -> None:
        for row in payload.get("rows", [payload]):
            print(part, row, flush=True)
        if not options.no_record:
            append(f"preparation, {part}", payload)

    if "time" in options.parts:
        tell("time", milliseconds(outlined[0], repeats=3))
    if "border" in options.parts:
        tell("border", crop_safety(films))
    if "lungs" in options.parts:
        tell("lungs", {"n": len(outlined), "rows": dice_rows(outlined, options.draws)})
    for how in options.films if "findings" in options.parts else ():
        tell("findings", {"n": len(nih), "rows": auroc_rows(nih, how, options.draws)})


if __name__ == "__main__":
    main()
