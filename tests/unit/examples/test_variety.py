from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from radnlp.errors import OutputError
from radnlp.examples.phantom import main, simulate
from radnlp.examples.variety import MANIFEST_COLUMNS, random_phantom, write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms")
    assert main(["--count", "3", "--seed", "4", "--longest", "128", "-o", str(folder)]) == 0
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_manifest_names_every_image(folder: Path) -> None:
    rows = _rows(folder / "manifest.csv")

    assert tuple(rows[0]) == MANIFEST_COLUMNS
    assert [row["image"] for row in rows] == sorted(p.name for p in (folder / "images").iterdir())
    assert {(row["pool"], row["split"]) for row in rows} == {("phantom", "train")}


def test_masks_are_one_bit_and_fit_their_image(folder: Path) -> None:
    for path in (folder / "images").iterdir():
        with Image.open(path) as image:
            assert image.mode == "L"
            assert max(image.size) == 128
            assert "SIMULATED" in image.info["Comment"]
            size = image.size
        for kind in ("left_lung", "right_lung", "heart"):
            with Image.open(folder / kind / path.name) as mask:
                assert (mask.mode, mask.size) == ("1", size)
                assert np.asarray(mask).any()


def test_boxes_lie_inside_their_image(folder: Path) -> None:
    sizes = {row["image"]: row for row in _rows(folder / "manifest.csv")}

    for row in _rows(folder / "boxes.csv"):
        size = sizes[row["image"]]
        assert row["finding"] in size["labels"].split(";")
        assert 0 <= float(row["x0"]) < float(row["x1"]) <= int(size["original_width"])
        assert 0 <= float(row["y0"]) < float(row["y1"]) <= int(size["original_height"])


def test_the_same_generator_state_gives_the_same_phantom() -> None:
    assert random_phantom(np.random.default_rng(7)) == random_phantom(np.random.default_rng(7))


def test_bodies_differ() -> None:
    bodies = {random_phantom(np.random.default_rng(seed)).size for seed in range(5)}

    assert len(bodies) == 5


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(OutputError, match="cannot write"):
        write_folder(tmp_path / "file", count=1, seed=0)


def test_a_wrong_count_ends_the_command_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--count", "0", "-o", str(tmp_path)])

    assert ended.value.code == 2
    assert "at least 1" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(8))
def test_every_random_phantom_has_both_lungs_and_a_heart(seed: int) -> None:
    study = simulate(random_phantom(np.random.default_rng(seed)), rows=96, columns=80, seed=seed)

    assert min(mask.mean() for mask in study.masks.values()) > 0.02
