"""Are the boxes where radiologists drew them? IoU and pointing game on dev films, three floors.

    python benchmarks/boxes.py --data ../shared/data/cxr

For every NIH dev film with a drawn box of a finding: the likeliest box of the network, whether it
calls the finding or not, against the best of the drawn ones; accuracy at IoU > 0.1, 0.3 and 0.5,
and whether the middle of the box lies in a drawn one. Floors: the median box of the finding on the
train films; a box of that size in the middle of the image; the box around the lungs as they are
drawn by the anatomy network. Cardiomegaly is apart: a fixed box is nearly always right there. The
intervals are 95 % bootstrap intervals over patients.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from radnlp.schema.geometry import Box
from radnlp.schema.image import Image
from radnlp.train.cache import read_grey
from radnlp.train.films import BOXED, Film, read_films
from radnlp.vision import EmbeddedVision
from radnlp.vision.detect import DetectOptions, likeliest_boxes
from radnlp.vision.encoder import Encoder
from results import append

LEVELS = (0.1, 0.3, 0.5)
SEED = 1


def drawn_on(film: Film, concept: str) -> list[Box]:
    return [Box(*edges) for name, *edges in film.boxes if name == concept]


def median_boxes(films: list[Film]) -> dict[str, np.ndarray]:
    """Median box of each finding on the train films, as parts of width and height, shape (4,)."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    for film in films:
        if film.boxes:
            with PillowImage.open(film.path) as image:
                width, height = image.size
            for concept, x0, y0, x1, y1 in film.boxes:
                found[concept].append([x0 / width, y0 / height, x1 / width, y1 / height])
    return {concept: np.median(np.array(boxes), axis=0) for concept, boxes in found.items()}


def floor_boxes(part: np.ndarray, image: Image, stage: EmbeddedVision) -> dict[str, Box | None]:
    x0, y0, x1, y1 = part * np.array([image.columns, image.rows] * 2)
    half = (x1 - x0) / 2, (y1 - y0) / 2
    x, y = image.columns / 2, image.rows / 2
    lungs = [
        region.box for region in stage(image).regions if region.label in ("left_lung", "right_lung")
    ]
    around = None
    if lungs:
        edges = np.array([[box.x0, box.y0, box.x1, box.y1] for box in lungs])
        around = Box(*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0))
    return {
        "median box": Box(x0, y0, x1, y1),
        "centre box": Box(x - half[0], y - half[1], x + half[0], y + half[1]),
        "lung box": around,
    }


def compare(
    films: list[Film], medians: dict[str, np.ndarray], encoder: Encoder, stage: EmbeddedVision
) -> list[dict[str, Any]]:
    """One row per film and finding: IoU and hit of each system."""
    rows = []
    first = DetectOptions(most=1)
    for film in films:
        image = Image(pixels=read_grey(film.path))
        encoded = encoder(image.pixels)
        for concept in sorted({name for name, *_ in film.boxes} & set(BOXED)):
            truth = drawn_on(film, concept)
            plane = BOXED.index(concept)
            _, box = next(likeliest_boxes(encoded.likely[plane], encoded.boxes[plane], first))
            found = encoded.pixel_map.box_to_stored(Box(*map(float, box))).intersection(image.box)
            systems = {"ours": found, **floor_boxes(medians[concept], image, stage)}
            row: dict[str, Any] = {"concept": concept, "patient": film.patient}
            for name, one in systems.items():
                best = max((one.iou(other) for other in truth), default=0.0) if one else 0.0
                x, y = one.center if one else (-1.0, -1.0)
                hit = any(b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1 for b in truth)
                row[name] = (best, hit)
            rows.append(row)
    return rows


def summary(rows: list[dict[str, Any]], name: str, draws: int) -> dict[str, Any]:
    """Accuracy at each level and the pointing game, with bootstrap intervals over patients."""
    values = np.array([[row[name][0] > level for level in LEVELS] + [row[name][1]] for row in rows])
    patients = np.array([row["patient"] for row in rows])
    owners, which = np.unique(patients, return_inverse=True)
    random = np.random.default_rng(SEED)
    drawn = []
    for _ in range(draws):
        times = np.bincount(random.integers(len(owners), size=len(owners)), minlength=len(owners))
        weight = times[which]
        drawn.append((values * weight[:, None]).sum(axis=0) / max(weight.sum(), 1))
    low, high = np.percentile(np.array(drawn), (2.5, 97.5), axis=0)
    keys = [f"iou>{level}" for level in LEVELS] + ["pointing"]
    return {
        key: {
            "value": round(float(values[:, n].mean()), 4),
            "interval": [round(float(low[n]), 4), round(float(high[n]), 4)],
        }
        for n, key in enumerate(keys)
    } | {"mean_iou": round(float(np.mean([row[name][0] for row in rows])), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="vision-lite0")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--split", default="dev", choices=("dev", "train"))
    given = parser.parse_args()
    films = [film for film in read_films(given.data) if film.pool == "nih" and film.boxes]
    medians = median_boxes([film for film in films if film.split == "train"])
    encoder = Encoder(given.weights)
    stage = EmbeddedVision(weights=given.weights)
    rows = compare([film for film in films if film.split == given.split], medians, encoder, stage)
    groups = {
        "all but cardiomegaly": [row for row in rows if row["concept"] != "cardiomegaly"],
        **{concept: [row for row in rows if row["concept"] == concept] for concept in BOXED},
    }
    names = ("ours", "median box", "centre box", "lung box")
    table = {
        group: {"n": len(chosen), **{name: summary(chosen, name, given.draws) for name in names}}
        for group, chosen in groups.items()
        if chosen
    }
    print(f"{'':22}{'n':>4}  " + "".join(f"{name:>26}" for name in names))
    for group, one in table.items():
        cells = "".join(
            "  "
            + "/".join(f"{one[name][f'iou>{level}']['value']:.2f}" for level in LEVELS)
            + f" hit {one[name]['pointing']['value']:.2f}"
            for name in names
        )
        print(f"{group:22}{one['n']:>4}  {cells}")
    best = max(table["all but cardiomegaly"][name]["iou>0.3"]["value"] for name in names[1:])
    ours = table["all but cardiomegaly"]["ours"]["iou>0.3"]["value"]
    print(f"all but cardiomegaly, IoU > 0.3: {ours:.3f}, best floor {best:.3f}")
    append(
        "boxes of findings on dev films",
        {"weights": encoder.name, "value": ours, "best_floor": best, "groups": table},
    )


if __name__ == "__main__":
    main()
