"""Does fine-tuning pay? The shipped network beside classifiers on frozen features, and floors.

    python benchmarks/probes.py --data ../shared/data/cxr --cache cache

Needs scikit-learn (``pip install "radnlp[bench]"``). Logistic regression and support vector
machines, linear and with an RBF kernel, learn one finding at a time from the NIH films of the train
split; their penalties and widths are chosen there by five-fold cross-validation that keeps a
patient's films together. The dev split is only measured. Features: the two deepest maps of the
backbone, averaged over the film (stride 16 and 32, what the network's own head sees), from ImageNet
weights, from the shipped weights and from random ones; 16 × 16 pixels; view, age and sex.
"""

from __future__ import annotations

import argparse
import csv
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import SVC

from floors import pooled, random_backbone, tiny_pixels
from radnlp.nets.build import build_network
from radnlp.nets.vision import ARCHITECTURE, VisionNet, VisionShape
from radnlp.nets.weights import load_weights
from radnlp.train.cache import open_cache, read_grey
from radnlp.train.calibrate import auroc
from radnlp.train.films import CONCEPTS, Film, read_films
from radnlp.train.start import load_photographs_into, tell
from radnlp.vision.encoder import Encoder
from results import append
from vision_quality import table

if TYPE_CHECKING:
    from collections.abc import Callable

NINE = CONCEPTS[CONCEPTS.index("atelectasis") : CONCEPTS.index("pneumothorax") + 1]
TEN = (*NINE, "consolidation")
SEED, FOLDS = 1, 5

Features = dict[str, NDArray[np.float32]]
Inputs = NDArray[np.float64]


GRIDS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    # Penalties C, and widths of the kernel in units of 1 / columns, its usual width.
    "logistic": ((1e-4, 1e-3, 1e-2, 1e-1), (0.0,)),
    "linear SVM": ((1e-5, 1e-4, 1e-3, 1e-2), (0.0,)),
    "RBF SVM": ((1.0, 10.0), (0.1, 0.3, 1.0)),
}


def features_of(films: list[Film], weights: str, cache: Path, data: Path) -> Features:
    """Features of every film by their origin; those of images are kept on disk."""
    loaded = load_weights(weights, architectures=frozenset({ARCHITECTURE}))
    # Prepared and kept as training does it.
    squares = open_cache(films, cache, int(loaded.card["input"]["size"]), tell).images
    photographs = VisionNet(VisionShape(concepts=1, boxed=(0,)))
    load_photographs_into(photographs)
    backbones = {
        "frozen, ImageNet": photographs.eval().backbone,
        "frozen, fine-tuned": build_network(loaded).backbone,
        "untrained network": random_backbone(greys(squares[:128]), SEED),
    }
    features = {
        name: kept(
            cache / f"{loaded.name}-{number}.npy",
            squares,
            lambda part, backbone=backbone: pooled(backbone, part, deepest=2),
        )
        for number, (name, backbone) in enumerate(backbones.items())
    }
    features["16 × 16 pixels"] = kept(cache / f"{loaded.name}-pixels.npy", squares, tiny_pixels)
    return {**features, "view, age, sex": circumstances(films, data)}


def greys(squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Kept films as greys from 0 to 1."""
    return squares.astype(np.float32) / 255


def kept(
    place: Path,
    squares: NDArray[np.uint8],
    compute: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Features of films, from disk if they were computed before."""
    if not place.is_file():
        parts = [
            compute(greys(squares[start : start + 256])) for start in range(0, len(squares), 256)
        ]
        np.save(place, np.concatenate(parts))
        tell(f"wrote {place.name}")
    return np.load(place)


def circumstances(films: list[Film], data: Path) -> NDArray[np.float32]:
    """View, age and its square, and sex: what stands beside a film, shape (n, 4)."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        rows = {row["image"]: row for row in csv.DictReader(lines)}
    told = [rows[film.path.name] for film in films]
    ages = [float(row["age"]) / 100 for row in told]
    return np.array(
        [
            (row["view"] == "AP", age, age**2, row["sex"] == "M")
            for row, age in zip(told, ages, strict=True)
        ],
        np.float32,
    )


def standardised(features: NDArray[np.float32], train: NDArray[np.bool_]) -> Inputs:
    """Features with mean 0 and spread 1 over the train split."""
    wide = features.astype(np.float64)
    return (wide - wide[train].mean(axis=0)) / (wide[train].std(axis=0) + 1e-6)


def inputs_of(classifier: str, features: Inputs, width: float) -> Inputs:
    """What the classifier takes: features, or for a support vector machine its kernel's values."""
    if classifier == "logistic":
        return features
    if classifier == "linear SVM":
        return features @ features.T
    return rbf_kernel(features, gamma=width / features.shape[1])


def scored(
    classifier: str,
    penalty: float,
    inputs: Inputs,
    truth: NDArray[np.bool_],
    part: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> NDArray[np.float64]:
    """Scores of the second films of ``part`` by a classifier that learned from the first."""
    fit, use = part
    if classifier == "logistic":
        model = LogisticRegression(C=penalty, class_weight="balanced", max_iter=3000)
        return model.fit(inputs[fit], truth[fit]).decision_function(inputs[use])
    model = SVC(kernel="precomputed", C=penalty, class_weight="balanced", cache_size=500)
    model.fit(inputs[np.ix_(fit, fit)], truth[fit])
    return model.decision_function(inputs[np.ix_(use, fit)])


def probe(
    classifier: str,
    features: Inputs,
    train: NDArray[np.bool_],
    truths: NDArray[np.bool_],
    patients: NDArray[np.str_],
) -> tuple[NDArray[np.float64], list[dict[str, float]]]:
    """Scores of the films that are not of the train split, and what cross-validation chose.

    Args:
        classifier: One of `GRIDS`.
        features: Standardised, shape (n, k).
        train: Shape (n,).
        truths: Shape (n, findings).
        patients: Shape (n,).
    """
    penalties, widths = GRIDS[classifier]
    inputs = {width: inputs_of(classifier, features, width) for width in widths}
    learned, rest = np.flatnonzero(train), np.flatnonzero(~train)
    scores, chosen = np.zeros((len(rest), truths.shape[1])), []
    for column in range(truths.shape[1]):
        truth = truths[:, column]
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
        parts = [
            (learned[fit], learned[use])
            for fit, use in folds.split(learned, truth[learned], patients[learned])
        ]
        ranked = [
            (
                np.mean(
                    [
                        auroc(
                            scored(classifier, penalty, inputs[width], truth, part), truth[part[1]]
                        )
                        for part in parts
                    ]
                ),
                penalty,
                width,
            )
            for penalty in penalties
            for width in widths
        ]
        _, penalty, width = max(ranked)
        scores[:, column] = scored(classifier, penalty, inputs[width], truth, (learned, rest))
        chosen.append({"C": penalty, **({"width": width} if width else {})})
    return scores, chosen


def bootstrap(
    scores: dict[str, NDArray[np.float64]],
    truth: NDArray[np.bool_],
    patients: NDArray[np.str_],
    draws: int,
) -> dict[str, NDArray[np.float64]]:
    """AUROC of every method and finding in draws of patients, each of shape (draws, findings)."""
    _, owner = np.unique(patients, return_inverse=True)
    films = [np.flatnonzero(owner == patient) for patient in range(owner.max() + 1)]
    random = np.random.default_rng(SEED)
    values = {name: np.zeros((draws, truth.shape[1])) for name in scores}
    for draw in range(draws):
        drawn = np.concatenate([films[i] for i in random.integers(len(films), size=len(films))])
        for name, given in scores.items():
            values[name][draw] = aurocs(given[drawn], truth[drawn])
    return values


def aurocs(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """AUROC per column."""
    return np.array([auroc(scores[:, n], truth[:, n]) for n in range(truth.shape[1])])


def interval(values: NDArray[np.float64]) -> list[float]:
    """The 95 % interval of drawn values."""
    return [round(float(edge), 4) for edge in np.nanpercentile(values, (2.5, 97.5))]


def rows_of(
    scores: dict[str, NDArray[np.float64]],
    truth: NDArray[np.bool_],
    patients: NDArray[np.str_],
    draws: int,
) -> list[dict[str, Any]]:
    """One row per method: AUROC per finding, both means, and the difference to the network."""
    drawn = bootstrap(scores, truth, patients, draws)
    rows = []
    for name, given in scores.items():
        values = aurocs(given, truth)
        row: dict[str, Any] = {"method": name}
        for label, count in (("nine", len(NINE)), ("ten", len(TEN))):
            means = np.nanmean(drawn[name][:, :count], axis=1)
            apart = means - np.nanmean(drawn["fine-tuned network"][:, :count], axis=1)
            row[label] = round(float(values[:count].mean()), 4)
            row[f"{label}_interval"] = interval(means)
            row[f"{label}_difference_interval"] = interval(apart)
        row["findings"] = {
            concept: {
                "auroc": round(float(values[column]), 4),
                "interval": interval(drawn[name][:, column]),
            }
            for column, concept in enumerate(TEN)
        }
        rows.append(row)
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        nine, ten = row["nine_interval"], row["ten_interval"]
        each = " ".join(f"{found['auroc']:.3f}" for found in row["findings"].values())
        print(
            f"{row['method']:32} nine {row['nine']:.3f} [{nine[0]:.3f}, {nine[1]:.3f}]  "
            f"ten {row['ten']:.3f} [{ten[0]:.3f}, {ten[1]:.3f}]  {each}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/cxr"))
    parser.add_argument("--cache", type=Path, required=True, help="for films and features")
    parser.add_argument("--weights", default="vision-lite0", help="the fine-tuned network")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-record", action="store_true", help="do not append to results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.simplefilter("error", ConvergenceWarning)
    # The prepared films are named by their paths, which must not depend on where this is started.
    data = Path(os.path.realpath(options.data))
    options.cache.mkdir(parents=True, exist_ok=True)
    films = [film for film in read_films(data) if film.pool == "nih"]
    train = np.array([film.split == "train" for film in films])
    tables = [table(films, concept) for concept in TEN]
    truth = np.stack([each.truth for each in tables], axis=1)
    patients = tables[0].patients
    features = features_of(films, options.weights, options.cache, data)
    encoder = Encoder(options.weights)
    columns = [
        [entry["concept"] for entry in encoder.card["concepts"]].index(concept) for concept in TEN
    ]
    dev = [film for film in films if film.split != "train"]
    ours = np.stack([encoder(read_grey(film.path)).findings for film in dev])
    scores = {"fine-tuned network": ours[:, columns].astype(np.float64)}
    chosen: dict[str, dict[str, dict[str, float]]] = {}
    for origin, raw in features.items():
        given = standardised(raw, train)
        for classifier in GRIDS:
            name = f"{origin}; {classifier}"
            scores[name], picks = probe(classifier, given, train, truth, patients)
            chosen[name] = dict(zip(TEN, picks, strict=True))
            tell(f"{name}: {np.mean(aurocs(scores[name], truth[~train])):.3f}")
    rows = rows_of(scores, truth[~train], patients[~train], options.draws)
    show(rows)
    if not options.no_record:
        append(
            "probes",
            {
                "weights": encoder.name,
                "n": len(dev),
                "patients": len(np.unique(patients[~train])),
                "train_films": int(train.sum()),
                "positives": dict(zip(TEN, truth[~train].sum(axis=0).tolist(), strict=True)),
                "value": rows[0]["nine"],
                "interval": rows[0]["nine_interval"],
                "methods": rows,
                "chosen": chosen,
            },
        )


if __name__ == "__main__":
    main()
