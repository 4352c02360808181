"""Are zones where they should be? On simulated films with exact truth, and inside drawn organs.

    python benchmarks/zones.py --data ../shared/data/cxr [--phantoms 100] [--most N]

Simulated: films of varied bodies (`random_phantom`), zones cut from the exact outlines and from the
network's. A zone's error is that of its worst edge, in parts of the image's width or height;
counted is the share of zones within 3 %. Its side is wrong if its middle lies on the other side of
the body's midline. Fluid hides a part of the lung, so films with an effusion stand apart. The
phantom's proportions and those of `zones.toml` come from one textbook chest: for ribs, bones and
the middle of the chest this shows that zones follow size, tilt and breath, not that patients are
built so.

Drawn: dev films with drawn lungs and hearts. Zones are cut from the network's outlines and held
against the drawn ones: the share of a zone's area inside its own organ, the share of zones with
their middle inside it, and zones that lie rather in the other lung. Intervals: 95 % bootstrap over
films (one a patient), or Wilson where a share is 0 or 1.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.examples.phantom import SimulatedStudy, random_phantom, simulate
from radnlp.link.anatomy import Chest
from radnlp.link.ground import GroundOptions
from radnlp.link.scene import read_scene
from radnlp.schema import Box, Image
from radnlp.train.cache import read_grey
from radnlp.train.films import read_films
from radnlp.vision import EmbeddedVision
from results import append

if TYPE_CHECKING:
    from radnlp.examples.simulation import Phantom

SEED = 11
NEAR = 0.03
ROWS, COLUMNS = 512, 430
RIGHT_OR_LEFT = {"right": -1, "left": 1}
LUNG_PARTS = (
    "upper_zone", "mid_zone", "lower_zone", "apex", "base", "costophrenic_angle", "upper_lobe",
    "lower_lobe", "fissure", "lung_periphery", "cardiophrenic_angle",
)  # fmt: skip
HEART_PARTS = ("left_retrocardiac", "right_retrocardiac", "cardiac_silhouette")


def interval(values: list[float] | np.ndarray, draws: int = 2000) -> list[float]:
    """95 % of a mean: bootstrap over films, Wilson if all values are equal to 0 or 1."""
    array = np.asarray(values, dtype=float)
    n = len(array)
    if array.min() == array.max() and array[0] in (0.0, 1.0):
        edge = 1.96**2 / (n + 1.96**2)
        return [0.0, round(edge, 4)] if array[0] == 0 else [round(1 - edge, 4), 1.0]
    random = np.random.default_rng(SEED)
    means = array[random.integers(n, size=(draws, n))].mean(axis=1)
    return [round(float(edge), 4) for edge in np.percentile(means, (2.5, 97.5))]


def share(values: list[float]) -> dict[str, Any]:
    return {
        "n": len(values), "value": round(float(np.mean(values)), 4), "interval": interval(values),
    }  # fmt: skip


def zone_box(chest: Chest, label: str) -> Box | None:
    for zone in chest.zones():
        if zone.label == label:
            return zone.box
    found = chest.zone(label)
    return None if found is None else found.box


def edge_error(box: Box, truth: Box) -> float:
    across = max(abs(box.x0 - truth.x0), abs(box.x1 - truth.x1)) / COLUMNS
    down = max(abs(box.y0 - truth.y0), abs(box.y1 - truth.y1)) / ROWS
    return max(across, down)


def midline_of(phantom: Phantom, box: Box) -> float:
    """X of the body's midline at the height of a box's middle."""
    spacing = 410.0 / ROWS
    tilt = np.radians(phantom.tilt_degrees)
    down = box.center[1] * spacing - 78.0 - phantom.shift_mm[1]
    return float((phantom.shift_mm[0] - np.tan(tilt) * down) / spacing + COLUMNS / 2)


def simulated(phantoms: int, stage: EmbeddedVision) -> dict[str, Any]:
    errors: dict[str, dict[str, list[tuple[int, float]]]] = {
        name: defaultdict(list) for name in ("exact", "exact, no fluid", "network, no fluid")
    }
    wrong = dict.fromkeys(errors, 0)
    sided = dict.fromkeys(errors, 0)
    refused = 0
    for number in range(phantoms):
        phantom = random_phantom(np.random.default_rng([SEED, number]))
        study = simulate(phantom, rows=ROWS, columns=COLUMNS, seed=number)
        fluid = any(one.concept == "pleural_effusion" for one in study.findings)
        kinds = {"exact": study.masks} if fluid else dict.fromkeys(list(errors)[:2], study.masks)
        if not fluid:
            drawn = outlines(study, stage)
            refused += drawn is None
            if drawn is not None:
                kinds["network, no fluid"] = drawn
        for kind, masks in kinds.items():
            chest = Chest(masks, study.pixels / 4095.0)
            for label, truth in {**study.zones, **study.places}.items():
                box = zone_box(chest, label)
                errors[kind][label].append((number, edge_error(box, truth) if box else 1.0))
                side = RIGHT_OR_LEFT.get(label.partition("_")[0])
                if side is not None and box is not None:
                    sided[kind] += 1
                    wrong[kind] += (box.center[0] - midline_of(phantom, box)) * side <= 0
    return {
        "films": phantoms,
        "refused": refused,
        "kinds": {
            kind: {
                "zones": {label: told(pairs) for label, pairs in sorted(found.items())},
                "all": by_film(found),
                "sided": sided[kind],
                "wrong_side": wrong[kind],
            }
            for kind, found in errors.items()
        },
    }


def outlines(study: SimulatedStudy, stage: EmbeddedVision) -> dict[str, np.ndarray] | None:
    reading = stage(Image(pixels=study.pixels / 4095.0))
    drawn = {region.label: region.mask.to_array() for region in reading.regions if region.mask}
    return drawn if {"left_lung", "right_lung", "heart"} <= set(drawn) else None


def told(pairs: list[tuple[int, float]]) -> dict[str, Any]:
    errors = np.array([error for _, error in pairs])
    near = share([float(error <= NEAR) for error in errors])
    return near | {"median_error": round(float(np.median(errors)), 4)}


def by_film(found: dict[str, list[tuple[int, float]]]) -> dict[str, Any]:
    """Share within 3 % over all zones, films as units."""
    films: dict[int, list[float]] = defaultdict(list)
    for pairs in found.values():
        for number, error in pairs:
            films[number].append(float(error <= NEAR))
    return share([float(np.mean(values)) for values in films.values()])


def drawn(data: Path, stage: EmbeddedVision, most: int | None) -> dict[str, Any]:
    films = [
        film for film in read_films(data)
        if film.split == "dev" and {"left_lung", "right_lung"} <= {name for name, _ in film.masks}
    ]  # fmt: skip
    areas: dict[str, list[float]] = defaultdict(list)
    middles: dict[str, list[float]] = defaultdict(list)
    wrong, looked_at, refused = 0, 0, 0
    for film in films[:most]:
        truth = {name: read_grey(path) > 0.5 for name, path in film.masks}
        image = Image(pixels=read_grey(film.path))
        names = [f"{side}_{part}" for side in RIGHT_OR_LEFT for part in LUNG_PARTS]
        scene = read_scene(image, stage(image), (f"g{n}" for n in count()), GroundOptions(), names)
        if not scene.measures():
            refused += 1
            continue
        of_film: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for label in (*names, *HEART_PARTS):
            zone = scene.zones.get(label)
            side = label.partition("_")[0]
            organ = truth.get("heart" if label in HEART_PARTS else f"{side}_lung")
            if zone is None or zone.mask is None or organ is None:
                continue
            inside = zone.mask.to_array()
            ys, xs = np.nonzero(inside)
            # The pixel of the zone next to its middle: a curved zone's middle may lie outside it.
            nearest = np.argmin((ys - ys.mean()) ** 2 + (xs - xs.mean()) ** 2)
            middle = float(organ[ys[nearest], xs[nearest]])
            of_film[label].append((float(organ[inside].mean()), middle))
            if label not in HEART_PARTS:
                other = truth["left_lung" if side == "right" else "right_lung"]
                looked_at += 1
                wrong += int((other & inside).sum() > (organ & inside).sum())
        pairs = [pair for found in of_film.values() for pair in found]
        for key in ("all", film.pool):
            areas[key].append(float(np.mean([area for area, _ in pairs])))
            middles[key].append(float(np.mean([middle for _, middle in pairs])))
        for label, found in of_film.items():
            part = label.partition("_")[2] if label not in HEART_PARTS else "heart"
            areas[part] += [area for area, _ in found]
            middles[part] += [middle for _, middle in found]
    return {
        "films": len(films[:most]),
        "refused": refused,
        "zones": looked_at,
        "wrong_side": wrong,
        "area_inside": {name: share(values) for name, values in areas.items()},
        "middle_inside": {name: share(values) for name, values in middles.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--phantoms", type=int, default=100)
    parser.add_argument("--most", type=int, help="drawn films to look at, for a trial")
    given = parser.parse_args()
    stage = EmbeddedVision()
    films = simulated(given.phantoms, stage)
    for kind, found in films["kinds"].items():
        print(f"{kind}: within 3 % {found['all']}, wrong side {found['wrong_side']} of "
              f"{found['sided']}")  # fmt: skip
        for label, row in found["zones"].items():
            print(f"   {label:28} {row['value']:.2f} {row['interval']} n={row['n']} "
                  f"median {row['median_error']:.3f}")  # fmt: skip
    inside = drawn(given.data, stage, given.most)
    print(inside)
    if given.most is None:
        exact = films["kinds"]["exact, no fluid"]["all"]
        append(
            "zones on simulated films, within 3 %",
            {"n": exact["n"], "value": exact["value"], "interval": exact["interval"], **films},
        )
        middle = inside["middle_inside"]["all"]
        append(
            "zones in drawn organs, middle inside",
            {"n": middle["n"], "value": middle["value"], "interval": middle["interval"], **inside},
        )


if __name__ == "__main__":
    main()
