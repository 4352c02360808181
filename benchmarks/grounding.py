"""Do words and picture together find a finding better than either alone? On dev boxes.

    python benchmarks/grounding.py --data ../shared/data/cxr [--split dev]

For every drawn box of an NIH film a sentence is made: finding, side and third of the lung that the
box's middle lies in ("Pneumonia in the right lower zone."; the heart has no zone). Sentence and
film go through the whole pipeline. "Both" is what it gives: the link of source ``both`` with the
highest confidence, else the box of the usual size. Floors: the zone that the words name; the box of
the usual size there; the likeliest box of the network without words, against every drawn box of the
finding; a box of the finding's usual size in the middle of the image; the box around the lungs.
Sides and thirds come from the lungs as the network draws them, for NIH has no drawn ones. A film
that is turned away counts as missed by all but the centre box. Intervals are 95 % bootstrap
intervals over patients. The table of usual places was fitted on train films.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from radnlp import Pipeline
from radnlp.link.ground import GroundOptions
from radnlp.link.scene import read_scene
from radnlp.link.usual import ANYWHERE, load_usual
from radnlp.schema import Box, Image, ImageReading, LinkSource, Report, Study
from radnlp.train.cache import read_grey
from radnlp.train.calibrate import calibration_error
from radnlp.train.films import Film, read_films
from radnlp.train.grounding import place_of
from radnlp.vision import EmbeddedVision
from results import append

SEED = 1
MEASURES = ("pointing", "iou>=0.3", "iou>=0.5", "mean_iou")
SYSTEMS = ("both", "usual box", "zone", "image", "centre box", "lung box")


def sentence_of(concept: str, side: str, zone: str) -> str:
    """A reader's sentence; every concept of the boxes is its own name."""
    name = concept.replace("_", " ").capitalize()
    if zone == ANYWHERE:
        return f"{name}."
    return f"{name} in the {side} {zone.replace('_', ' ')}."


def answers(film: Film, image: Image, reading: ImageReading) -> list[dict[str, Any]]:
    """One row per drawn box: the measures of every system."""
    scene = read_scene(image, reading, (f"g{n}" for n in count()), GroundOptions())
    measures = scene.measures()
    rows = []
    for concept, *edges in film.boxes:
        box = Box(*edges)
        side, zone = place_of(box, concept, measures)
        same = [Box(*other) for name, *other in film.boxes if name == concept]
        alike = [one for one in same if place_of(one, concept, measures) == (side, zone)]
        row: dict[str, Any] = {"concept": concept, "patient": film.patient, "zone": zone}
        usual = load_usual().habits[concept][ANYWHERE]
        found: dict[str, Box | None] = dict.fromkeys(SYSTEMS)
        if measures:
            text = sentence_of(concept, side, zone)
            found["both"], row["confidence"], row["source"] = given_by(text, image, reading)
            blind = replace(
                reading,
                candidates=(),
                findings=(),
                heatmaps=(),
                regions=tuple(one for one in reading.regions if one.source == "anatomy"),
            )
            found["usual box"], _, _ = given_by(text, image, blind)
            label = "cardiac_silhouette" if zone == ANYWHERE else f"{side}_{zone}"
            found["zone"] = scene.zones[label].box if label in scene.zones else None
            (known,) = (one for one in reading.candidates if one.concept == concept)
            likeliest = known.boxes[int(known.scores.argmax())].tolist()
            found["image"] = Box(*likeliest).intersection(image.box)
            lungs = [scene.zones[f"{side}_lung"].box for side in ("left", "right")]
            found["lung box"] = Box(
                min(one.x0 for one in lungs),
                min(one.y0 for one in lungs),
                max(one.x1 for one in lungs),
                max(one.y1 for one in lungs),
            )
            size = measures["left"].box(usual.mean)
            half = (size.width / 2, size.height / 2)
        else:
            half = (image.columns / 8, image.rows / 8)
        x, y = image.box.center
        found["centre box"] = Box(x - half[0], y - half[1], x + half[0], y + half[1])
        for name in SYSTEMS:
            row[name] = score(found[name], same if name == "image" else alike)
        rows.append(row)
    return rows


def given_by(
    text: str, image: Image, reading: ImageReading
) -> tuple[Box | None, float | None, str]:
    """The box that the pipeline ties the sentence to, its confidence, and who says so."""
    pipeline = Pipeline(vision=lambda _: reading, report=None)
    analysis = pipeline(Study(report=Report(text=text), images=(image,)))
    regions = {region.id: region for region in analysis.regions}
    both = [link for link in analysis.links if link.source is LinkSource.BOTH]
    if both:
        best = max(both, key=lambda link: link.confidence.value if link.confidence else 0.0)
        sure = best.confidence.value if best.confidence else None
        return regions[best.region_id].box, sure, "both"
    rule = {link.provenance.rule: link for link in analysis.links if link.provenance}
    for name in ("usual_size", "words", "usual_place"):
        if name in rule:
            return regions[rule[name].region_id].box, None, name
    return None, None, "nothing"


def score(box: Box | None, drawn: list[Box]) -> tuple[float, float, float, float]:
    if box is None:
        return 0.0, 0.0, 0.0, 0.0
    x, y = box.center
    hit = any(one.x0 <= x <= one.x1 and one.y0 <= y <= one.y1 for one in drawn)
    best = max(box.iou(one) for one in drawn)
    return float(hit), float(best >= 0.3), float(best >= 0.5), best


def summary(rows: list[dict[str, Any]], draws: int) -> dict[str, Any]:
    """Every system's measures with intervals, and the gain of both over each other."""
    values = np.array([[row[name] for name in SYSTEMS] for row in rows])
    owners, which = np.unique([row["patient"] for row in rows], return_inverse=True)
    random = np.random.default_rng(SEED)
    drawn = []
    for _ in range(draws):
        times = np.bincount(random.integers(len(owners), size=len(owners)), minlength=len(owners))
        weight = times[which].astype(float)
        drawn.append(np.tensordot(weight, values, axes=1) / max(weight.sum(), 1.0))
    table = np.array(drawn)
    low, high = np.percentile(table, (2.5, 97.5), axis=0)
    rivals = [SYSTEMS.index(name) for name in ("usual box", "zone", "image")]
    gains = table[:, :1] - table[:, rivals]
    return {
        "n": len(rows),
        "patients": len(owners),
        "systems": {
            name: {
                measure: {
                    "value": round(float(values[:, s, m].mean()), 4),
                    "interval": [round(float(low[s, m]), 4), round(float(high[s, m]), 4)],
                }
                for m, measure in enumerate(MEASURES)
            }
            for s, name in enumerate(SYSTEMS)
        },
        "gain_over": {
            SYSTEMS[rival]: {
                measure: [
                    round(float(edge), 4) for edge in np.percentile(gains[:, r, m], (2.5, 97.5))
                ]
                for m, measure in enumerate(MEASURES)
            }
            for r, rival in enumerate(rivals)
        },
    }


def calibration(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How far the confidence of the links lies from the share that is well placed."""
    sure = [row for row in rows if row.get("confidence") is not None]
    value = np.array([row["confidence"] for row in sure])
    well = np.array([row["both"][1] > 0 for row in sure])
    return {
        "n": len(sure),
        "mean_confidence": round(float(value.mean()), 4),
        "well_placed": round(float(well.mean()), 4),
        "calibration_error": round(calibration_error(value, well), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--split", default="dev", choices=("dev", "train"))
    parser.add_argument("--most", type=int, help="films to look at, for a trial")
    given = parser.parse_args()
    films = [one for one in read_films(given.data) if one.split == given.split and one.boxes]
    stage = EmbeddedVision()
    rows: list[dict[str, Any]] = []
    for film in films[: given.most]:
        image = Image(pixels=read_grey(film.path))
        rows += answers(film, image, stage(image))
    groups = {
        "all": rows,
        "all but cardiomegaly": [row for row in rows if row["concept"] != "cardiomegaly"],
        **{
            concept: [row for row in rows if row["concept"] == concept]
            for concept in sorted({row["concept"] for row in rows})
        },
    }
    table = {name: summary(chosen, given.draws) for name, chosen in groups.items()}
    for name, one in table.items():
        print(f"{name} (n={one['n']}, {one['patients']} patients): " + ", ".join(MEASURES))
        for system, row in one["systems"].items():
            cells = "  ".join(
                f"{row[m]['value']:.3f} [{row[m]['interval'][0]:.3f}, {row[m]['interval'][1]:.3f}]"
                for m in MEASURES
            )
            print(f"   {system:12} {cells}")
    print("gain of both, 95 %:", table["all but cardiomegaly"]["gain_over"])
    sources = {
        name: sum(row.get("source") == name for row in rows) for name in ("both", "usual_size")
    }
    sure = calibration(rows)
    print("sources:", sources, "calibration:", sure)
    if given.most is None and given.split == "dev":
        append(
            "grounding of sentences on dev boxes",
            {
                "weights": load_usual().weights,
                "value": table["all"]["systems"]["both"]["iou>=0.3"]["value"],
                "interval": table["all"]["systems"]["both"]["iou>=0.3"]["interval"],
                "n": len(rows),
                "groups": table,
                "sources": sources,
                "calibration": sure,
            },
        )


if __name__ == "__main__":
    main()
