"""Counts where drawn boxes lie, and fits how words and picture are weighed against each other.

    python -m radnlp.train.grounding --data FOLDER -o src/radnlp/link/usual.json

Habits (`radnlp.link.usual`) are counted in all drawn boxes of the train films. What the words count
beside the picture, and the confidence, are fitted on the patients that were held out when the
network was trained, with habits of the others: on films that it learned from, a network is too
sure.
Run it again whenever the network's weights change.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import InputError
from radnlp.link.fuse import choose
from radnlp.link.ground import GroundOptions
from radnlp.link.places import load_places
from radnlp.link.scene import read_scene
from radnlp.link.usual import ANYWHERE, THIRDS, Habit, Measure, Usual, usual_of
from radnlp.nets.build import NETWORKS
from radnlp.nets.weights import load_weights
from radnlp.schema import Box, Candidates, Image
from radnlp.train.cache import read_grey
from radnlp.train.calibrate import calibration_error, fit_platt
from radnlp.train.films import Film, read_films
from radnlp.train.judge import cross_fitted
from radnlp.vision import EmbeddedVision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Drawn", "drawn_boxes", "fit_usual", "habits_of", "main", "place_of"]

#: Boxes of other findings or zones that count beside a zone's own.
_BORROWED = 4
_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_WELL = 0.3
_CALIBRATED = 0.05
#: The part of drawn boxes that may be taken for silence of the picture.
_SILENT = 0.01

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """A drawn box with what the stages made of its film.

    ``zone`` is the third of the lung that the box's middle lies in, `ANYWHERE` for an organ;
    ``alike`` are all boxes of the finding drawn in the same place; ``held_out`` tells whether the
    network did not learn from the patient.
    """

    concept: str
    patient: str
    zone: str
    box: Box
    alike: tuple[Box, ...]
    measure: Measure
    candidates: Candidates
    held_out: bool

    @property
    def own(self) -> NDArray[np.float64]:
        """The box in the lung's measure, shape (4,)."""
        edges = np.array([[self.box.x0, self.box.y0, self.box.x1, self.box.y1]])
        return np.asarray(self.measure.own(edges)[0])

    def overlap(self, box: Box) -> float:
        """Return the IoU of a box with the best of the drawn ones."""
        return max(box.iou(other) for other in self.alike)


def drawn_boxes(
    films: Sequence[Film], stage: EmbeddedVision, *, seed: int, held_out: float
) -> Iterator[Drawn]:
    """Yield the drawn boxes of the films that are not turned away.

    Args:
        films: Films with boxes.
        stage: Sees lungs and weighs boxes.
        seed: Of the network's training.
        held_out: The part of patients that it did not learn from.
    """
    for number, film in enumerate(films):
        image = Image(pixels=read_grey(film.path))
        reading = stage(image)
        scene = read_scene(image, reading, (f"g{n}" for n in count()), GroundOptions())
        known = {one.concept: one for one in reading.candidates}
        placed: dict[tuple[str, str, str], list[Box]] = defaultdict(list)
        for concept, *edges in film.boxes:
            side, zone = place_of(Box(*edges), concept, scene.measures())
            if concept in known and side:
                placed[concept, side, zone].append(Box(*edges))
        for (concept, side, zone), boxes in placed.items():
            for box in boxes:
                yield Drawn(
                    concept=concept,
                    patient=film.patient,
                    zone=zone,
                    box=box,
                    alike=tuple(boxes),
                    measure=scene.measures()[side],
                    candidates=known[concept],
                    held_out=film.share(seed) < held_out,
                )
        if number % 50 == 49:
            _LOGGER.info("%d of %d films seen", number + 1, len(films))


def place_of(box: Box, concept: str, measures: dict[str, Measure]) -> tuple[str, str]:
    """Return side and zone of a box's middle; empty if there are no lungs."""
    if not measures:
        return "", ""
    if load_places().organ_of(concept) is not None:
        return "left", ANYWHERE
    x, y = box.center
    left = measures["left"]
    side = "left" if (x - left.midline) * left.outwards > 0 else "right"
    third = int(np.clip((y - measures[side].top) / measures[side].height * 3, 0, 2))
    return side, THIRDS[third]


def habits_of(drawn: Sequence[Drawn]) -> dict[str, dict[str, Habit]]:
    """Count where boxes lie, by finding and zone.

    A zone with few boxes borrows its place from all findings there, its size from the finding.
    """
    habits: dict[str, dict[str, Habit]] = {}
    thirds = [one for one in drawn if one.zone != ANYWHERE]
    for concept in sorted({one.concept for one in drawn}):
        mine = [one for one in drawn if one.concept == concept]
        everywhere = np.array([one.own for one in mine])
        habits[concept] = {ANYWHERE: _habit(everywhere)}
        for zone in THIRDS if mine[0].zone != ANYWHERE else ():
            there = np.array([one.own for one in thirds if one.zone == zone])
            own = np.array([one.own for one in mine if one.zone == zone]).reshape(-1, 4)
            mean = np.r_[there[:, :2].mean(axis=0), everywhere[:, 2:].mean(axis=0)]
            variance = np.r_[there[:, :2].var(axis=0), everywhere[:, 2:].var(axis=0)]
            habits[concept][zone] = _habit(own, mean, variance)
    return habits


def _habit(
    own: NDArray[np.float64],
    mean: NDArray[np.float64] | None = None,
    variance: NDArray[np.float64] | None = None,
) -> Habit:
    if mean is None or variance is None:
        mean, variance = own.mean(axis=0), own.var(axis=0)
    total = len(own) + _BORROWED
    middle = (own.sum(axis=0) + _BORROWED * mean) / total
    spread = (((own - middle) ** 2).sum(axis=0) + _BORROWED * variance) / total
    return Habit(mean=_four(middle), spread=_four(spread**0.5), boxes=len(own))


def _four(values: NDArray[np.float64]) -> tuple[float, float, float, float]:
    u, v, width, height = (round(float(value), 4) for value in values)
    return u, v, width, height


def fit_usual(drawn: Sequence[Drawn], *, seed: int = 0) -> dict[str, Any]:
    """Return the table of `radnlp.link.usual` as plain values.

    Raises:
        InputError: No box was held out, or none learned from.
    """
    out = [one for one in drawn if one.held_out]
    learned = [one for one in drawn if not one.held_out]
    if not out or not learned:
        raise InputError(
            f"{len(drawn)} drawn boxes, {len(out)} of them held out; expected both kinds"
        )
    names = {one.candidates.weights for one in drawn}
    table: dict[str, Any] = {
        "weights": names.pop(), "prior_weight": 0.0, "silent_below": -99.0, "slope": 1.0,
        "offset": 0.0, "calibrated": False, "habits": _plain(habits_of(learned)),
    }  # fmt: skip
    tried = {
        weight: _chosen(out, usual_of(table | {"prior_weight": weight})) for weight in _WEIGHTS
    }
    best = max(_WEIGHTS, key=lambda weight: _worth(tried[weight][0]))
    overlaps, scores, logits = tried[best]
    well = overlaps > _WELL
    platt = fit_platt(scores, well)
    patients = np.array([one.patient for one in out])
    error = calibration_error(cross_fitted(scores, well, patients, seed), well)
    _LOGGER.info("prior weight %.2f, well placed %.3f, error %.4f", best, well.mean(), error)
    return table | {
        "prior_weight": best,
        "silent_below": round(float(np.quantile(logits, _SILENT)), 4),
        "slope": round(platt.slope, 4),
        "offset": round(platt.offset, 4),
        "calibrated": bool(error <= _CALIBRATED),
        "held_out": {
            "boxes": len(out),
            "well_placed": round(float(well.mean()), 4),
            "calibration_error": round(error, 4),
        },
        "habits": _plain(habits_of(drawn)),
    }


def _chosen(
    drawn: Sequence[Drawn], usual: Usual
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return overlap, score and logit of the chosen candidate of each drawn box."""
    rows = []
    for one in drawn:
        habit = usual.habits[one.concept][one.zone]
        best = choose(habit, one.measure, one.candidates, usual, one_side=one.zone != ANYWHERE)
        if best is None:
            rows.append((0.0, -50.0, -50.0))
            continue
        box = Box(*one.candidates.boxes[best.index].tolist())
        rows.append((one.overlap(box), best.score, best.logit))
    overlaps, scores, logits = np.array(rows, dtype=np.float64).T
    return overlaps, scores, logits


def _worth(overlaps: NDArray[np.float64]) -> float:
    return float((overlaps > _WELL).mean() + overlaps.mean())


def _plain(habits: dict[str, dict[str, Habit]]) -> dict[str, Any]:
    return {
        concept: {
            zone: {"mean": list(one.mean), "spread": list(one.spread), "boxes": one.boxes}
            for zone, one in zones.items()
        }
        for concept, zones in habits.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command of the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m radnlp.train.grounding", description="Count drawn boxes, weigh words."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of films with boxes.csv")
    parser.add_argument("--weights", default="vision-lite0", help="weights for findings")
    parser.add_argument("-o", "--output", type=Path, required=True, help="file to write")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    stage = EmbeddedVision(weights=given.weights)
    training = load_weights(given.weights, architectures=frozenset(NETWORKS)).card["training"]
    films = [film for film in read_films(given.data) if film.split == "train" and film.boxes]
    drawn = list(drawn_boxes(films, stage, seed=training["seed"], held_out=training["held_out"]))
    table = fit_usual(drawn, seed=training["seed"])
    table["source"] = (
        "Boxes drawn by radiologists on films of NIH ChestX-ray14 (NIH Clinical Center) and of the "
        "RSNA Pneumonia Challenge; means and spreads only"
    )
    given.output.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
