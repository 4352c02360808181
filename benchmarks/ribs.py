"""Are a film's own ribs found, and how often is chance taken for ribs?

    python benchmarks/ribs.py --data ../shared/data/cxr [--phantoms 100]

Simulated films: where the tenth rib's neck is put against where the phantom has it, in parts of the
image's height, beside the ribs of most chests. Patients: films with both lungs drawn. Nobody drew
their ribs, so three things are measured in their stead. ``seen``: on how many films ribs are found;
``upside down``: the same on films turned upside down, where ribs run the wrong way, so that what is
found is chance; ``halves``: how far apart the sixth rib lies if ribs are looked for in the right
and in the left lung alone, half widths of the chest (neighbouring ribs are about 0.2 apart). The
training films of wingspan also give the medians that `radnlp.link.ribs.USUAL` holds.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.examples.phantom import random_phantom, simulate
from radnlp.link.frame import Frame
from radnlp.link.ribs import USUAL, Ribs, find_ribs
from radnlp.train.cache import read_grey
from radnlp.train.films import read_films
from results import append
from zones import share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radnlp.train.films import Film

SEED = 13
ROWS, COLUMNS = 512, 430
SIXTH, TENTH = 0.37, 0.73


def simulated(phantoms: int) -> dict[str, Any]:
    found: list[float] = []
    usual: list[float] = []
    seen: list[float] = []
    for number in range(phantoms):
        phantom = random_phantom(np.random.default_rng([SEED, number]))
        study = simulate(phantom, rows=ROWS, columns=COLUMNS, seed=number)
        left, right = study.masks["left_lung"], study.masks["right_lung"]
        frame = Frame(left, right)
        ribs = find_ribs(study.pixels / 4095.0, left | right, frame)
        truth = study.places["right_rib_10"]
        seen.append(float(ribs.seen))
        for fit, errors in ((ribs, found), (USUAL, usual)):
            errors.append(abs(top_of_tenth(frame, fit) - truth.y0) / ROWS)
    return {
        "seen": share(seen),
        "tenth rib within 3 %": share([float(error <= 0.03) for error in found]),
        "the same, ribs of most chests": share([float(error <= 0.03) for error in usual]),
    }


def top_of_tenth(frame: Frame, ribs: Ribs) -> float:
    """The upper edge of the right tenth rib, as zones have it."""
    from radnlp.link.named import named_place

    shape = (ROWS, COLUMNS)
    place = named_place("right_rib_10", np.ones(shape, bool), np.zeros(COLUMNS), frame, ribs)
    return float(np.flatnonzero(np.asarray(place).any(axis=1))[0])


def look(film: Film) -> tuple[Ribs, bool, float | None]:
    masks = {name: read_grey(path) > 0.5 for name, path in film.masks}
    left, right = masks["left_lung"], masks["right_lung"]
    pixels = read_grey(film.path)
    ribs = find_ribs(pixels, left | right, Frame(left, right))
    upside = find_ribs(pixels[::-1], (left | right)[::-1], Frame(left[::-1], right[::-1]))
    if not ribs.seen:
        return ribs, upside.seen, None
    halves = [find_ribs(pixels, lung, Frame(left, right), least=-np.inf) for lung in (left, right)]
    return ribs, upside.seen, abs(halves[0].level(SIXTH) - halves[1].level(SIXTH))


def patients(films: list[Film]) -> dict[str, Any]:
    looks = [look(film) for film in films]
    seen = [ribs for ribs, _, _ in looks if ribs.seen]
    apart = [far for _, _, far in looks if far is not None]
    medians: dict[str, float] = {}
    for name in ("offset", "scale", "growth", "tilt", "arch"):
        medians[name] = round(float(np.median([getattr(one, name) for one in seen])), 3)
    return {
        "seen": share([float(ribs.seen) for ribs, _, _ in looks]),
        "upside down": share([float(chance) for _, chance, _ in looks]),
        "halves apart, median": round(float(np.median(apart)), 3),
        "halves within half a rib's distance": share([float(far <= 0.1) for far in apart]),
        "medians": medians,
        "sixth": quartiles([one.level(SIXTH) for one in seen]),
        "tenth": quartiles([one.level(TENTH) for one in seen]),
    }


def quartiles(values: list[float] | NDArray[Any]) -> list[float]:
    return [round(float(value), 3) for value in np.percentile(values, (25, 50, 75))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--phantoms", type=int, default=100)
    given = parser.parse_args()
    drawn = [
        film for film in read_films(given.data)
        if {"left_lung", "right_lung"} <= {name for name, _ in film.masks}
    ]  # fmt: skip
    answer: dict[str, Any] = {"simulated": simulated(given.phantoms)}
    for pool, split in (("wingspan", "train"), ("wingspan", "dev"), ("jsrt", None)):
        films = [one for one in drawn if one.pool == pool and split in (None, one.split)]
        answer[f"{pool}, {split or 'all'}"] = patients(films)
    for name, one in answer.items():
        print(name, one)
    append("ribs found in the picture", answer["simulated"]["tenth rib within 3 %"] | answer)


if __name__ == "__main__":
    main()
