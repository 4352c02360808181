"""Does the vision stage turn away what is no frontal chest film, and nothing else?

    python benchmarks/guards.py --data ../shared/data/cxr --dicom ../shared/data/dicom_good

Headers are left out: only pixels are shown, so that the look alone decides. ``refused`` is the
share that gives a notice NotFrontalChest. Chest films: the dev split, every collection. Turned,
inverted and mirrored films are made of them. Others: real images of other parts and kinds (folders
of DICOM files; a file whose header says chest radiograph is left out), and drawn ones of a seed
that training has not seen.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import RadnlpError
from radnlp.io import read_image
from radnlp.schema.image import Image
from radnlp.train.cache import read_grey
from radnlp.train.films import read_films
from radnlp.train.strangers import FAMILIES, stranger
from radnlp.train.views import variant
from radnlp.vision import EmbeddedVision
from radnlp.vision.view import ViewKind
from results import append

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.schema.reading import ImageReading

SEED = 20_261
CHEST = ("CHEST", "THORAX")
RADIOGRAPHS = ("CR", "DX", "RG")


def share(values: list[bool]) -> dict[str, Any]:
    """Share, with its 95 % Wilson interval."""
    n, z = len(values), 1.96
    p = sum(values) / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {"n": n, "value": round(p, 4), "interval": [round(float(low), 4), round(float(high), 4)]}


def named(reading: ImageReading, name: str) -> bool:
    return any(notice.name == name for notice in reading.warnings)


def others(folders: list[Path]) -> Iterator[np.ndarray]:
    """Pixels of all readable files that are no chest radiograph."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            try:
                image = read_image(path) if path.is_file() else None
            except RadnlpError:
                continue
            if image is None or image.pixels is None:
                continue
            chest = (image.body_part or "").upper() in CHEST and image.modality in RADIOGRAPHS
            if not chest:
                yield image.pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dicom", type=Path, nargs="*", default=[])
    parser.add_argument("--most", type=int, default=200, help="films that are turned and mirrored")
    parser.add_argument("--drawn", type=int, default=200)
    given = parser.parse_args()
    stage = EmbeddedVision()
    random = np.random.default_rng(SEED)
    films = [film for film in read_films(given.data) if film.split == "dev" and film.pool != "jsrt"]
    rows: dict[str, dict[str, Any]] = {}
    refused: dict[str, list[bool]] = {}
    mirrored: list[bool] = []
    for film in films:
        reading = stage(Image(pixels=read_grey(film.path)))
        refused.setdefault(film.pool, []).append(named(reading, "NotFrontalChest"))
        mirrored.append(named(reading, "LooksMirrored"))
    everyone = [value for values in refused.values() for value in values]
    rows["chest films refused"] = share(everyone)
    rows |= {f"chest films refused, {pool}": share(values) for pool, values in refused.items()}
    rows["chest films called mirrored"] = share(mirrored)
    chosen = [films[index] for index in random.permutation(len(films))[: given.most]]
    turned = (ViewKind.UPSIDE_DOWN, ViewKind.TURNED_LEFT, ViewKind.TURNED_RIGHT, ViewKind.INVERTED)
    for kind in (*turned, ViewKind.MIRRORED):
        seen = []
        for film in chosen:
            pixels = np.ascontiguousarray(variant(read_grey(film.path), kind, random))
            name = "LooksMirrored" if kind is ViewKind.MIRRORED else "NotFrontalChest"
            seen.append(named(stage(Image(pixels=pixels)), name))
        verb = "noticed" if kind is ViewKind.MIRRORED else "refused"
        rows[f"{kind} films {verb}"] = share(seen)
    if given.dicom:
        strangers = [stage(Image(pixels=pixels)) for pixels in others(given.dicom)]
        rows["real images of other kinds refused"] = share(
            [named(reading, "NotFrontalChest") for reading in strangers]
        )
    names = list(FAMILIES)
    drawn = [
        stage(Image(pixels=stranger(names[n % len(names)], 512, random)))
        for n in range(given.drawn)
    ]
    rows["drawn images refused"] = share([named(one, "NotFrontalChest") for one in drawn])
    for name, row in rows.items():
        print(f"{name:44} {row['value']:.3f} {row['interval']} n={row['n']}")
    append("guards of the vision stage, by look alone", {"rows": rows})


if __name__ == "__main__":
    main()
