"""Does the vision stage turn away what is no frontal chest film, and nothing else?

    python benchmarks/guards.py --data ../shared/data/cxr --dicom ../shared/data/dicom_good

Headers are left out: only pixels are shown, so that the look alone decides. ``refused`` is the
share that gives a notice NotFrontalChest. Chest films: the dev split, every collection; apart from
them those of jsrt, which no training saw. Turned, inverted and mirrored films, and parts cut out of
films (35 to 55 % of each side), are made of dev films outside jsrt. Others: real images of other
parts and kinds (folders of DICOM files; a file whose header says chest radiograph is left out), and
drawn ones of a seed that training has not seen.
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
from radnlp.train.films import EVALUATION_POOLS, Film, read_films
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


def chest_films(stage: EmbeddedVision, films: list[Film]) -> dict[str, dict[str, Any]]:
    """What the stage says of films as they are; no header tells it the view."""
    rows: dict[str, dict[str, Any]] = {}
    seen = [
        (film, stage(Image(pixels=read_grey(film.path))))
        for film in films
        if film.pool in EVALUATION_POOLS or film.split == "dev"
    ]
    dev = [reading for film, reading in seen if film.pool not in EVALUATION_POOLS]
    rows["chest films refused"] = share([named(one, "NotFrontalChest") for one in dev])
    for pool in dict.fromkeys(film.pool for film, _ in seen):
        scope = " (external)" if pool in EVALUATION_POOLS else ""
        of = [(film, reading) for film, reading in seen if film.pool == pool]
        refused = [named(reading, "NotFrontalChest") for _, reading in of]
        rows[f"chest films refused, {pool}{scope}"] = share(refused)
        for view, said in (("AP", "noticed"), ("PA", "called AP")):
            called = [named(reading, "LooksAP") for film, reading in of if film.view == view]
            if called:
                rows[f"{view} films {said}, {pool}{scope}"] = share(called)
    rows["chest films called mirrored"] = share([named(one, "LooksMirrored") for one in dev])
    rows["chest films called a part"] = share([named(one, "PartOfChest") for one in dev])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dicom", type=Path, nargs="*", default=[])
    parser.add_argument("--most", type=int, default=200, help="films that are turned and mirrored")
    parser.add_argument("--drawn", type=int, default=200)
    given = parser.parse_args()
    stage = EmbeddedVision()
    random = np.random.default_rng(SEED)
    everything = read_films(given.data)
    rows = chest_films(stage, everything)
    films = [f for f in everything if f.split == "dev" and f.pool not in EVALUATION_POOLS]
    chosen = [films[index] for index in random.permutation(len(films))[: given.most]]

    def made(kind: ViewKind) -> list[ImageReading]:
        """What the stage says of the chosen films, made into another kind."""
        pixels = (variant(read_grey(film.path), kind, random) for film in chosen)
        return [stage(Image(pixels=np.ascontiguousarray(one))) for one in pixels]

    turned = (ViewKind.UPSIDE_DOWN, ViewKind.TURNED_LEFT, ViewKind.TURNED_RIGHT, ViewKind.INVERTED)
    for kind in turned:
        seen = made(kind)
        rows[f"{kind} films refused"] = share([named(one, "NotFrontalChest") for one in seen])
    mirrored = made(ViewKind.MIRRORED)
    rows["mirrored films noticed"] = share([named(one, "LooksMirrored") for one in mirrored])
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
    parts = made(ViewKind.PART)
    rows["parts of films noticed"] = share([named(one, "PartOfChest") for one in parts])
    rows["parts of films refused"] = share([named(one, "NotFrontalChest") for one in parts])
    for name, row in rows.items():
        print(f"{name:44} {row['value']:.3f} {row['interval']} n={row['n']}")
    append("guards of the vision stage, by look alone", {"rows": rows})


if __name__ == "__main__":
    main()
