"""Which rule may say that the image shows a finding on the other side? Train films alone.

    python benchmarks/side_rules.py --cxr ../shared/data/cxr --train runs
    python benchmarks/side_rules.py --cxr ../shared/data/cxr --folds runs

The shipped network held out 15 % of the train patients: too few boxes to choose a rule on. So two
more networks are trained (``--train``, some 15 minutes each on a core that nobody shares), as the
shipped one but from ImageNet weights and for 900 steps; each holds out two fifths of the patients,
not the same ones. What they say of these patients is measured without the patients that the shipped
one held out, and beside what that one says of its own. Nothing of the dev split is read.

For each finding whose drawn boxes all lie on one half, a rule names a side or none. ``right`` of
``named`` is the precision of conflicts, if half of the reports name the wrong side; ``named`` of
``findings`` the share of wrong sides that it could find. Films are read as they are and mirrored
(`EmbeddedVision.mirrored`); a rule of two looks names a side that it names both times.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias
from unittest import mock

import numpy as np

from conflicts import OTHER, drawn_side, share
from radnlp.link.ground import GroundOptions
from radnlp.link.places import load_places
from radnlp.link.scene import Scene, read_scene
from radnlp.schema import Image
from radnlp.train.cache import read_grey
from radnlp.train.films import Film, read_films
from radnlp.train.vision import VisionTraining, train_vision
from radnlp.vision import EmbeddedVision, VisionOptions
from results import append

SEED, PART = 2, 0.4
SHIPPED_SEED, SHIPPED_PART = 1, 0.15
FOLDS = ("low", "high")
#: Findings that share no boxes with the lungs.
ORGANS = frozenset({"cardiomegaly"})

Rule: TypeAlias = Callable[[Scene, str, str], bool]
_share = Film.share


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A finding with boxes on one half, and both looks at its film; no scenes if it was refused."""

    concept: str
    patient: str
    side: str
    looks: tuple[Scene, ...]


def held_out(film: Film, fold: str) -> bool:
    if fold == "shipped":
        return _share(film, SHIPPED_SEED) < SHIPPED_PART
    number = _share(film, SEED)
    return number < PART if fold == "low" else number > 1 - PART


def train(data: Path, output: Path, fold: str) -> None:
    def held(film: Film, seed: int) -> float:
        return _share(film, seed) if fold == "low" else 1 - _share(film, seed)

    options = VisionTraining(
        data=(data,), output=output / fold, steps=900, judgements=3, seed=SEED, held_out=PART,
        threads=1, bfloat16=True, cache=output / "cache", name=f"vision-{fold}",
    )  # fmt: skip
    with mock.patch.object(Film, "share", held):
        train_vision(options)


def findings(
    data: Path, fold: str, stage: EmbeddedVision, seconds: list[tuple[float, float]]
) -> Iterator[Shown]:
    """Yield the findings of the films that a network held out; note what both looks take."""
    for film in read_films(data):
        wanted = film.pool == "nih" and film.split == "train" and film.boxes
        if not wanted or not held_out(film, fold):
            continue
        if fold != "shipped" and held_out(film, "shipped"):
            continue
        image = Image(pixels=read_grey(film.path))
        began = perf_counter()
        reading = stage(image)
        looked = perf_counter()
        readings = [reading, stage.mirrored(image, reading)] if reading.regions else []
        seconds.append((looked - began, perf_counter() - looked))
        looks = tuple(scene_of(image, one) for one in readings)
        for concept in sorted({name for name, *_ in film.boxes} - ORGANS):
            side = drawn_side(film, concept, image.columns)
            if side is not None:
                yield Shown(concept=concept, patient=film.patient, side=side, looks=looks)


def scene_of(image: Image, reading: Any) -> Scene:
    ids = (f"z{number}" for number in itertools.count())
    return read_scene(image, reading, ids, GroundOptions())


# Rules: does a look show a positive finding on a side?


def boxes_and_heat(scene: Scene, concept: str, side: str) -> bool:
    """The rule before this one."""
    boxes = [one for one in scene.reading.regions if one.label == concept]
    sure = [one.confidence.value for one in boxes if one.confidence]
    return (
        max(sure, default=0.0) >= 0.5
        and all(scene.box_share_on(side, one.box) >= 0.95 for one in boxes)
        and scene.share_on(side, concept, 0.6) >= 0.75
        and all(
            scene.share_on(side, one.concept, 0.6) >= 0.5
            for one in scene.reading.findings
            if one.positive and load_places().may_be(one.concept, concept)
        )
    )


def heat(least: float) -> Rule:
    return lambda scene, concept, side: scene.share_on(side, concept, 0.4) >= least


def lead(least: float) -> Rule:
    return lambda scene, concept, side: (scene.lead_on(side, concept) or 0.0) >= least


def sure_box(least: float) -> Rule:
    def rule(scene: Scene, concept: str, side: str) -> bool:
        boxes = [one for one in scene.reading.regions if one.label == concept and one.confidence]
        sure = [one.confidence.value for one in boxes if one.confidence]
        return max(sure, default=0.0) >= least

    return rule


def all_of(*rules: Rule) -> Rule:
    return lambda scene, concept, side: all(rule(scene, concept, side) for rule in rules)


LEADS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
RULES: dict[str, Rule] = {
    "boxes .95, heat .75, box .5, alike .5 (before)": boxes_and_heat,
    **{f"heat {least}": heat(least) for least in (0.6, 0.8, 0.9)},
    **{f"lead {least}": lead(least) for least in LEADS},
    **{
        f"lead {least}, heat {share}": all_of(lead(least), heat(share))
        for least in (0.3, 0.5, 0.7, 0.9)
        for share in (0.6, 0.7)
    },
    "lead 0.3, heat 0.6, box .5": all_of(lead(0.3), heat(0.6), sure_box(0.5)),
    "lead 0.7, box .5": all_of(lead(0.7), sure_box(0.5)),
}
#: What the least lead must reach where it is chosen.
ASKED = 0.97
#: Those that are shown by finding.
BY_FINDING = ("lead 0.5", "lead 1.0")


def named(shown: Shown, rule: Rule, looks: int) -> str | None:
    """Return the side that every look names by a rule."""
    for side in OTHER:
        if shown.looks and all(
            any(one.positive for one in scene.reading.findings if one.concept == shown.concept)
            and rule(scene, shown.concept, side)
            for scene in shown.looks[:looks]
        ):
            return side
    return None


def table(rows: Sequence[Shown], names: Sequence[str] = tuple(RULES)) -> dict[str, Any]:
    answer: dict[str, Any] = {"findings": len(rows)}
    for name in names:
        rule = RULES[name]
        for looks in (1, 2):
            told = share(counted(rows, rule, looks))
            answer[f"{name}; {'one look' if looks == 1 else 'two looks'}"] = told
    return answer


def chosen_elsewhere(rows: dict[str, list[Shown]]) -> dict[str, Any]:
    """Choose the least lead on two networks and count on the third, each in turn."""
    rights = []
    for out, mine in rows.items():
        others = [row for fold, part in rows.items() if fold != out for row in part]
        for least in LEADS:
            hits = counted(others, lead(least), 2)
            if hits and np.mean([hit for hit, _ in hits]) >= ASKED:
                rights += counted(mine, lead(least), 2)
                break
    return share(rights)


def counted(rows: Sequence[Shown], rule: Rule, looks: int) -> list[tuple[bool, str]]:
    sides = [named(row, rule, looks) for row in rows]
    return [(side == row.side, row.patient) for row, side in zip(rows, sides, strict=True) if side]


# A learned rule: logistic regression on signed measures, so that it has no offset.


def measures(shown: Shown, looks: int) -> list[float]:
    """Leads and shares of heat, positive for the patient's left."""
    values = []
    for scene in shown.looks[:looks]:
        share_left = scene.share_on("left", shown.concept, 0.4)
        values += [
            scene.lead_on("left", shown.concept) or 0.0,
            0.0 if math.isnan(share_left) else 2 * share_left - 1,
        ]
    return values


def fitted(inputs: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the weights of greatest likelihood, pulled to 0 by one unit (Newton's method)."""
    weights = np.zeros(inputs.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (chance - left) + weights
        bend = (inputs.T * (chance * (1 - chance))) @ inputs + np.eye(len(weights))
        weights -= np.linalg.solve(bend, slope)
    return weights


def learned(rows: Sequence[Shown], looks: int) -> dict[str, Any]:
    """Fit on four fifths of the patients, name sides on the fifth, the surest first."""
    positive = [
        row
        for row in rows
        if row.looks
        and any(f.positive for f in row.looks[0].reading.findings if f.concept == row.concept)
    ]
    inputs = np.array([measures(row, looks) for row in positive])
    left = np.array([row.side == "left" for row in positive], float)
    patients = sorted({row.patient for row in positive})
    order = np.random.default_rng(SEED).permutation(len(patients)) % 5
    fold = np.array([order[patients.index(row.patient)] for row in positive])
    chance = np.zeros(len(positive))
    for part in range(5):
        weights = fitted(inputs[fold != part], left[fold != part])
        chance[fold == part] = 1 / (1 + np.exp(-inputs[fold == part] @ weights))
    sure = np.maximum(chance, 1 - chance)
    answer = {}
    for least in (0.85, 0.9, 0.95):
        rights = [
            (bool((chance[n] > 0.5) == (left[n] > 0.5)), row.patient)
            for n, row in enumerate(positive)
            if sure[n] >= least
        ]
        answer[f"learned, chance {least}; {looks} looks"] = share(rights)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cxr", type=Path, required=True, help="folder of films")
    parser.add_argument("--train", type=Path, help="train both networks into this folder")
    parser.add_argument("--folds", type=Path, help="folder with both networks")
    given = parser.parse_args()
    if given.train:
        for fold in FOLDS:
            train(given.cxr, given.train, fold)
    if not given.folds:
        return
    rows: dict[str, list[Shown]] = {}
    seconds: list[tuple[float, float]] = []
    for fold in ("shipped", *FOLDS):
        path = given.folds / fold / f"vision-{fold}.safetensors"
        # What tells a film from other images is for the shipped network.
        options = VisionOptions() if fold == "shipped" else VisionOptions(weights=path, views=None)
        stage = EmbeddedVision(options)
        rows[fold] = list(findings(given.cxr, fold, stage, seconds))
    every = [row for part in rows.values() for row in part]
    sure = [row for row in every if row.concept != "infiltrate"]
    answer = {fold: table(part) for fold, part in rows.items()}
    answer |= {"all": table(every), "all without infiltrate": table(sure)}
    for looks in (1, 2):
        answer["all"] |= learned(every, looks)
        answer["all without infiltrate"] |= learned(sure, looks)
    answer["by finding"] = {
        concept: table([row for row in every if row.concept == concept], BY_FINDING)
        for concept in sorted({row.concept for row in every})
    }
    answer["lead chosen on two networks, counted on the third"] = chosen_elsewhere(rows)
    both = np.median(seconds, axis=0)
    answer["median seconds"] = {"first look": both[0].round(3), "second look": both[1].round(3)}
    chosen = answer["all"]["lead 1.0; two looks"]
    append("rules for side conflicts, train films", {**chosen, **answer})
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
