"""``radnlp train grounding``: drawn boxes → where findings usually lie, and what the words count.

Habits (`radnlp.link.usual`) are counted in all drawn boxes of the train films. What the words count
beside the picture, and the confidence, are fitted on the patients that were held out when the
network was trained, with habits of the others: on films that it learned from, a network is too
sure.
Run it again whenever the network's weights change.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from radnlp.errors import InputError
from radnlp.link.fuse import choose, gather
from radnlp.link.ground import GroundOptions
from radnlp.link.places import load_places
from radnlp.link.scene import read_scene
from radnlp.link.usual import ANYWHERE, THIRDS, Habit, Measure, Usual, usual_of
from radnlp.nets.build import NETWORKS
from radnlp.nets.weights import load_weights
from radnlp.schema import Box, Candidates, Image
from radnlp.train.cache import read_grey
from radnlp.train.calibrate import calibration_error, fit_platt
from radnlp.train.judge import cross_fitted
from radnlp.train.start import films_of, tell
from radnlp.vision import EmbeddedVision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.link.scene import Scene
    from radnlp.train.films import Film

__all__ = [
    "Drawn",
    "GroundingTraining",
    "drawn_boxes",
    "fit_usual",
    "habits_of",
    "place_of",
    "train_grounding",
]

#: Boxes of other findings or zones that count beside a zone's own.
_BORROWED = 4
#: One box, or boxes all alike, do not say that the next one will be like them.
_LEAST_SPREAD = 0.02
_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_WELL = 0.3
_CALIBRATED = 0.05
#: The part of drawn boxes that may be taken for silence of the picture.
_SILENT = 0.01

#: Where the boxes of a collection come from; another is called by its name.
_SOURCES = {
    "nih": "Boxes drawn by radiologists on films of NIH ChestX-ray14 (NIH Clinical Center) and of "
    "the RSNA Pneumonia Challenge; means and spreads only"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundingTraining:
    """Options of ``train_grounding``.

    Attributes:
        data: Folders, each with ``manifest.csv``, ``images/`` and ``boxes.csv`` as `read_films`
            describes; boxes of the train split are counted.
        output: Folder for ``usual.json``.
        network: Weights of the network for findings that weighs the boxes; its card tells which
            patients it did not learn from.
        threads: Threads of torch; ``None`` leaves its own choice.
    """

    data: tuple[Path, ...]
    output: Path
    network: str | Path = "vision-lite0"
    threads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """A drawn box with what the stages made of its film.

    ``zone`` is the third of the lung that the box's middle lies in, `ANYWHERE` for an organ;
    ``label`` and ``named`` are that place's label and box; ``alike`` are all boxes of the finding
    drawn in the same place; ``candidates`` and ``others`` are what the network weighs for the
    finding and for all others; ``held_out`` tells whether it did not learn from the patient.
    """

    concept: str
    patient: str
    zone: str
    label: str
    named: Box
    box: Box
    alike: tuple[Box, ...]
    measure: Measure
    candidates: Candidates
    others: tuple[Candidates, ...]
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
            label, named = _named(scene, concept, side, zone)
            for box in boxes:
                yield Drawn(
                    concept=concept,
                    patient=film.patient,
                    zone=zone,
                    label=label,
                    named=named,
                    box=box,
                    alike=tuple(boxes),
                    measure=scene.measures()[side],
                    candidates=known[concept],
                    others=tuple(one for one in reading.candidates if one.concept != concept),
                    held_out=film.share(seed) < held_out,
                )
        if number % 50 == 49:
            tell(f"{number + 1} of {len(films)} films seen")


def _named(scene: Scene, concept: str, side: str, zone: str) -> tuple[str, Box]:
    """Return label and box of the place that a sentence would name."""
    organ = load_places().organ_of(concept)
    label = organ or f"{side}_{zone}"
    known = scene.zones.get(label) or scene.zones[f"{side}_lung"]
    return label, known.box


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

    A zone with few boxes borrows its place from all findings there, its size from the finding. A
    zone without any box of any finding has no entry.
    """
    habits: dict[str, dict[str, Habit]] = {}
    thirds = [one for one in drawn if one.zone != ANYWHERE]
    for concept in sorted({one.concept for one in drawn}):
        mine = [one for one in drawn if one.concept == concept]
        everywhere = np.array([one.own for one in mine])
        habits[concept] = {ANYWHERE: _habit(everywhere)}
        for zone in THIRDS if mine[0].zone != ANYWHERE else ():
            there = np.array([one.own for one in thirds if one.zone == zone]).reshape(-1, 4)
            if not len(there):
                continue
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
    wide = np.maximum(spread**0.5, _LEAST_SPREAD)
    return Habit(mean=_four(middle), spread=_four(wide), boxes=len(own))


def _four(values: NDArray[np.float64]) -> tuple[float, float, float, float]:
    u, v, width, height = (round(float(value), 4) for value in values)
    return u, v, width, height


def fit_usual(drawn: Sequence[Drawn], *, seed: int = 0) -> dict[str, Any]:
    """Return the table of `radnlp.link.usual` as plain values.

    Raises:
        InputError: No box was held out, or none learned from.
    """
    learned = [one for one in drawn if not one.held_out]
    known = {one.concept for one in learned}
    out = [one for one in drawn if one.held_out and one.concept in known]
    if not out:
        raise InputError(
            f"{len(drawn)} drawn boxes, {len(learned)} of them on films that the network learned "
            f"from and {len(out)} held out of findings among these; expected both kinds"
        )
    names = {one.candidates.weights for one in drawn}
    table: dict[str, Any] = {
        "weights": names.pop(), "prior_weight": 0.0, "silent_below": -99.0, "slope": 1.0,
        "offset": 0.0, "calibrated": False, "others": {"slope": 1.0, "offset": 0.0},
        "habits": _plain(habits_of(learned)),
    }  # fmt: skip
    tried = {
        weight: _chosen(out, usual_of(table | {"prior_weight": weight})) for weight in _WEIGHTS
    }
    best = max(_WEIGHTS, key=lambda weight: _worth(tried[weight].overlaps))
    curve = _curve(tried[best], out, seed)
    silent = float(np.quantile(tried[best].logits[tried[best].placed], _SILENT))
    table |= {"prior_weight": best, "silent_below": round(silent, 4)}
    others = [one for one in out if one.zone != ANYWHERE]
    gathered = _gathered(others, usual_of(table))
    return table | {
        "slope": curve.pop("slope"),
        "offset": curve.pop("offset"),
        "calibrated": curve["calibration_error"] <= _CALIBRATED,
        "held_out": curve,
        "others": _curve(gathered, others, seed),
        "habits": _plain(habits_of(drawn)),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Placed:
    """Overlap, score and logit of the box for each drawn one, shape (n,); 0 where none is placed.

    ``placed`` tells where one is.
    """

    overlaps: NDArray[np.float64]
    scores: NDArray[np.float64]
    logits: NDArray[np.float64]
    placed: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Sequence[tuple[float, float, float] | None]) -> _Placed:
        values = np.array([row or (0.0, 0.0, 0.0) for row in rows], dtype=np.float64)
        overlaps, scores, logits = values.reshape(-1, 3).T
        placed = np.array([row is not None for row in rows], dtype=np.bool_)
        return cls(overlaps=overlaps, scores=scores, logits=logits, placed=placed)


def _curve(placed: _Placed, drawn: Sequence[Drawn], seed: int) -> dict[str, Any]:
    """Return slope and offset of the confidence, and how it fares on the other half of patients.

    Raises:
        InputError: No box was placed.
    """
    there = placed.placed
    if not there.any():
        raise InputError(
            f"the network weighs no box on the side of any of {len(drawn)} held-out boxes; "
            "check that images and boxes.csv belong together"
        )
    scores, well = placed.scores[there], placed.overlaps[there] > _WELL
    patients = np.array([one.patient for one in drawn])[there]
    platt = fit_platt(scores, well)
    error = calibration_error(cross_fitted(scores, well, patients, seed), well)
    return {
        "slope": round(platt.slope, 4),
        "offset": round(platt.offset, 4),
        "boxes": len(drawn),
        "well_placed": round(float((placed.overlaps > _WELL).mean()), 4),
        "calibration_error": round(error, 4),
    }


def _chosen(drawn: Sequence[Drawn], usual: Usual) -> _Placed:
    """Return how the chosen candidate of each drawn box fares."""
    rows: list[tuple[float, float, float] | None] = []
    for one in drawn:
        habit = usual.habit(one.concept, (one.label,), one.named, one.measure)
        best = choose(habit, one.measure, one.candidates, usual, one_side=one.zone != ANYWHERE)
        if best is None:
            rows.append(None)
            continue
        box = Box(*one.candidates.boxes[best.index].tolist())
        rows.append((one.overlap(box), best.score, best.logit))
    return _Placed.of(rows)


def _gathered(drawn: Sequence[Drawn], usual: Usual) -> _Placed:
    """Return how each drawn box fares if its finding is not known to the network."""
    rows: list[tuple[float, float, float] | None] = []
    for one in drawn:
        blind = usual.without({one.concept})
        habit = blind.common_habit((one.label,), one.named, one.measure)
        common = habit and gather(habit, one.measure, one.others, blind)
        if not common or common.logit < usual.silent_below:
            rows.append(None)
            continue
        rows.append((one.overlap(one.measure.box(common.box)), common.score, common.logit))
    return _Placed.of(rows)


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


def train_grounding(options: GroundingTraining) -> Path:
    """Count, fit, and write ``usual.json``.

    Returns:
        The file.

    Raises:
        FileMissing: A folder has no manifest, or an image is not there.
        InputError: There are no boxes on train films, or none of patients that were held out.
        ModelNotFound: There are no such weights.
        ModelRejected: They do not fit, or are not for chest films with boxes.
    """
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    stage = EmbeddedVision(weights=options.network)
    training = load_weights(options.network, architectures=frozenset(NETWORKS)).card["training"]
    films = [film for film in films_of(options.data) if film.split == "train" and film.boxes]
    drawn = list(drawn_boxes(films, stage, seed=training["seed"], held_out=training["held_out"]))
    table = fit_usual(drawn, seed=training["seed"])
    pools = sorted({film.pool for film in films})
    table["source"] = "; ".join(_SOURCES.get(pool, pool) for pool in pools)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "usual.json"
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return path
