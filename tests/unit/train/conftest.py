"""A few drawn films in the layout that training reads."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COLUMNS = ("image", "pool", "patient", "split", "labels", "view")


def _save(path: Path, grey: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey.astype(np.uint8)).save(path)


@pytest.fixture(scope="session")
def films_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve films of 80 × 72: two dark lungs with masks, a bright spot where there is a mass."""
    folder = tmp_path_factory.mktemp("films")
    random = np.random.default_rng(0)
    rows = []
    for number in range(12):
        ill = number % 2 == 0
        grey = np.full((80, 72), 170.0)
        masks = {name: np.zeros((80, 72), bool) for name in ("left_lung", "right_lung", "heart")}
        masks["right_lung"][14:60, 8:30] = True
        masks["left_lung"][14:60, 42:64] = True
        masks["heart"][36:60, 30:42] = True
        for name in ("left_lung", "right_lung"):
            grey[masks[name]] = 60
        if ill:
            grey[24:34, 12:22] = 200
        name = f"nih_{number:03}.png"
        _save(folder / "images" / name, (grey + random.normal(0, 6, grey.shape)).clip(0, 255))
        if number < 8:
            for kind, mask in masks.items():
                _save(folder / kind / name, mask * 255)
        split = "dev" if number > 9 else "train"
        label = "Mass" if ill else "No Finding"
        rows.append((name, "nih", f"nih:{number}", split, label, "PA"))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([COLUMNS, *rows])
    boxes = [("image", "source", "finding", "x0", "y0", "x1", "y1")]
    boxes += [("nih_000.png", "drawn", "Mass", "12", "24", "22", "34")]
    boxes += [("nih_001.png", "drawn", "none:Normal", "", "", "", "")]
    with (folder / "boxes.csv").open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows(boxes)
    return folder
