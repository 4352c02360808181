"""How well does the vision stage see? Outlines of lungs and heart, AUROC of findings, floors.

    python benchmarks/vision_quality.py --data ../shared/data/cxr
    python benchmarks/vision_quality.py --data ../shared/data/cxr --only anatomy

The dev split is measured, patients are resampled for the intervals; ``jsrt`` is external: no film
of it was used for anything else. Floors (linear models on the features of an untrained network,
and on 16 × 16 pixels) are fitted to the train split.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from anatomy_quality import anatomy_quality, show_anatomy, turned_away
from floors import fit_linear, random_features, tiny_pixels
from radnlp.schema.image import Image
from radnlp.schema.platt import Platt
from radnlp.train.cache import read_grey
from radnlp.train.calibrate import auroc, auroc_interval, calibration_error
from radnlp.train.films import CONCEPTS, Film, read_films, targets_of
from radnlp.vision import EmbeddedVision, VisionOptions
from radnlp.vision.encoder import Encoder, Outliner
from radnlp.vision.prepare import prepare
from results import append

TB_POOLS = ("montgomery", "shenzhen")
HELD_OUT, SEED = 0.15, 1


@dataclass(frozen=True, kw_only=True)
class Table:
    """Films of one question: ``truth`` and ``known`` have shape (n,)."""

    films: list[Film]
    truth: np.ndarray
    known: np.ndarray
    patients: np.ndarray


def table(films: list[Film], concept: str) -> Table:
    """Films of the collections that ask for the concept, as far as the answer is known."""
    pools = TB_POOLS if concept == "tuberculosis" else ("nih",)
    answers = [targets_of(film).get(concept) for film in films]
    return Table(
        films=films,
        truth=np.array([bool(answer) for answer in answers]),
        known=np.array(
            [
                answer is not None and film.pool in pools
                for answer, film in zip(answers, films, strict=True)
            ]
        ),
        patients=np.array([film.patient for film in films]),
    )


def squares_of(films: list[Film], size: int) -> np.ndarray:
    """Prepared films, shape (n, size, size)."""
    return np.stack([prepare(read_grey(film.path), size)[0][0, 0].numpy() for film in films])


def scored(values: np.ndarray, data: Table, use: np.ndarray, draws: int) -> dict[str, Any]:
    """AUROC with its interval over the films of ``use``."""
    truth = data.truth[use]
    positives = int(truth.sum())
    if positives < 5 or positives == len(truth):
        return {"n": int(use.sum()), "positives": positives, "auroc": None, "interval": None}
    low, high = auroc_interval(values[use], truth, data.patients[use], seed=SEED, draws=draws)
    return {
        "n": int(use.sum()),
        "positives": positives,
        "auroc": round(auroc(values[use], truth), 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def finding_rows(
    train: list[Film], dev: list[Film], encoder: Encoder, draws: int
) -> list[dict[str, Any]]:
    """One row per concept of the network: ours, per view, and both floors."""
    ours = np.stack([encoder(read_grey(film.path)).findings for film in dev]).astype(np.float64)
    size = encoder.size
    fit_squares, dev_squares = squares_of(train, size), squares_of(dev, size)
    random = np.split(
        random_features(np.concatenate([fit_squares, dev_squares]), SEED), [len(train)]
    )
    floors = {
        "untrained": (random[0], random[1]),
        "pixels": (tiny_pixels(fit_squares), tiny_pixels(dev_squares)),
    }
    chosen = np.array([film.share(SEED) < HELD_OUT for film in train])
    views = np.array([film.view for film in dev])
    rows = []
    for column, entry in enumerate(encoder.card["concepts"]):
        fit, data = table(train, entry["concept"]), table(dev, entry["concept"])
        row = {
            "concept": entry["concept"],
            "supported": entry["supported"],
            "ours": scored(ours[:, column], data, data.known, draws),
        }
        for view in ("PA", "AP"):
            row[view] = scored(ours[:, column], data, data.known & (views == view), draws)
        for name, (features, there) in floors.items():
            use = fit.known
            values = fit_linear(features[use], fit.truth[use], chosen[use], there)
            row[name] = scored(values, data, data.known, draws)
        if entry["supported"]:
            row |= operating(ours[:, column], entry, data)
        rows.append(row)
    return rows


def operating(scores: np.ndarray, entry: dict[str, Any], data: Table) -> dict[str, Any]:
    """Sensitivity and specificity at the operating point, and the calibration error."""
    sure = Platt(slope=entry["slope"], offset=entry["offset"])(scores)
    sure, truth = sure[data.known], data.truth[data.known]
    positive = sure >= entry["threshold"]
    return {
        "sensitivity": round(float(positive[truth].mean()), 4),
        "specificity": round(float((~positive[~truth]).mean()), 4),
        "calibration_error": round(calibration_error(sure, truth), 4),
        "calibrated": entry["calibrated"],
    }


def macro(rows: list[dict[str, Any]], name: str) -> float:
    """Mean AUROC over supported findings."""
    values = [row[name]["auroc"] for row in rows if row["supported"] and row[name]["auroc"]]
    return round(float(np.mean(values)), 4)


def pointing(films: list[Film], encoder: Encoder) -> list[dict[str, Any]]:
    """How often the peak of a finding's map lies in its box, beside the middle of the image."""
    hits: dict[str, list[tuple[bool, bool]]] = {}
    for film in films:
        if not film.boxes:
            continue
        grey = read_grey(film.path)
        encoded = encoder(grey)
        rows, columns = grey.shape
        for concept in {box[0] for box in film.boxes}:
            evidence = encoded.evidence[CONCEPTS.index(concept)]
            row, column = np.unravel_index(int(evidence.argmax()), evidence.shape)
            cell = encoder.size / evidence.shape[0]
            x, y = encoded.pixel_map.to_stored(
                np.array([[(column + 0.5) * cell, (row + 0.5) * cell]])
            )[0]
            boxes = [box[1:] for box in film.boxes if box[0] == concept]
            hits.setdefault(concept, []).append(
                (inside(x, y, boxes), inside(columns / 2, rows / 2, boxes))
            )
    return [
        {
            "concept": concept,
            "n": len(pairs),
            "peak_in_box": round(float(np.mean([pair[0] for pair in pairs])), 4),
            "image_centre_in_box": round(float(np.mean([pair[1] for pair in pairs])), 4),
        }
        for concept, pairs in sorted(hits.items())
    ]


def inside(x: float, y: float, boxes: list[tuple[float, float, float, float]]) -> bool:
    """Tell whether a point lies in any of the boxes."""
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)


def firing(films: list[Film], stage: EmbeddedVision) -> dict[str, Any]:
    """How often tuberculosis is called, and a film refused, on films of general practice."""
    counts: dict[str, list[tuple[bool, bool]]] = {"No Finding": [], "any finding": []}
    for film in films:
        reading = stage(Image(pixels=read_grey(film.path)))
        called = any(item.positive and item.concept == "tuberculosis" for item in reading.findings)
        kind = "No Finding" if "No Finding" in film.labels else "any finding"
        counts[kind].append((called, turned_away(reading)))
    return {
        kind: {
            "n": len(pairs),
            "tuberculosis_called": round(float(np.mean([pair[0] for pair in pairs])), 4),
            "refused": round(float(np.mean([pair[1] for pair in pairs])), 4),
        }
        for kind, pairs in counts.items()
    }


def show(rows: list[dict[str, Any]]) -> None:
    print("\nAUROC on dev (95 % interval over patients)")
    print(
        f"  {'concept':19} {'pos/n':>8}  {'ours':21} {'PA':>5} {'AP':>5} {'untr.':>6} {'16x16':>6}"
    )
    for row in rows:
        ours = row["ours"]
        text = (
            "-"
            if ours["auroc"] is None
            else f"{ours['auroc']:.3f} [{ours['interval'][0]:.3f}, {ours['interval'][1]:.3f}]"
        )
        rest = [row[name]["auroc"] for name in ("PA", "AP", "untrained", "pixels")]
        cells = [f"{'-' if value is None else format(value, '.3f'):>6}" for value in rest]
        mark = "" if row["supported"] else "  unsupported"
        print(
            f"  {row['concept']:19} {ours['positives']:3}/{ours['n']:4}  {text:21} "
            f"{' '.join(cells)}{mark}"
        )


def findings(films: list[Film], stage: EmbeddedVision, draws: int) -> dict[str, Any]:
    """All figures on findings; they are printed too."""
    encoder = Encoder(stage.options.weights)
    asked = [film for film in films if film.pool in ("nih", *TB_POOLS)]
    train = [film for film in asked if film.split == "train"]
    dev = [film for film in asked if film.split == "dev"]
    rows = finding_rows(train, dev, encoder, draws)
    names = ("ours", "PA", "AP", "untrained", "pixels")
    means = {name: macro(rows, name) for name in names}
    nih = [film for film in dev if film.pool == "nih"]
    points, fired = pointing(nih, encoder), firing(nih, stage)
    show(rows)
    print("\nMacro AUROC over supported findings: ", means)
    print("Peak of the heat map in the box:")
    for point in points:
        print(
            f"  {point['concept']:19} n={point['n']:3}  {point['peak_in_box']:.3f}  "
            f"image centre {point['image_centre_in_box']:.3f}"
        )
    print("NIH dev films:", fired)
    return {
        "weights": encoder.name,
        "anatomy": Outliner(stage.options.anatomy).name,
        "n": len(dev),
        "value": means["ours"],
        "macro": means,
        "findings": rows,
        "pointing": points,
        "nih_dev": fired,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/cxr"))
    parser.add_argument("--weights", default="vision-lite0", help="for findings")
    parser.add_argument("--anatomy", default="anatomy-lite0", help="for lungs and heart")
    parser.add_argument("--only", choices=("anatomy", "findings"), help="leave the other out")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-record", action="store_true", help="do not append to results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    films = read_films(options.data)
    stage = EmbeddedVision(VisionOptions(weights=options.weights, anatomy=options.anatomy))
    if options.only != "findings":
        drawn = anatomy_quality(films, stage, options.draws)
        show_anatomy(drawn)
        if not options.no_record:
            append("anatomy_quality", {"weights": Outliner(options.anatomy).name, **drawn})
    if options.only != "anatomy":
        found = findings(films, stage, options.draws)
        if not options.no_record:
            append("vision_quality", found)


if __name__ == "__main__":
    main()
