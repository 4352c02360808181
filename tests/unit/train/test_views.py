"""Chest films, turned by code, become a rule."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from radnlp.errors import InputError
from radnlp.nets.weights import load_weights
from radnlp.train.cache import read_grey
from radnlp.train.views import ViewTraining, train_views, variant
from radnlp.vision.encoder import Encoder
from radnlp.vision.view import ARCHITECTURE, ViewKind, view_judge


def test_variants_are_what_they_are_called() -> None:
    film = np.arange(12, dtype=np.float32).reshape(3, 4) / 11
    random = np.random.default_rng(0)
    np.testing.assert_array_equal(variant(film, ViewKind.FRONTAL, random), film)
    np.testing.assert_array_equal(variant(film, ViewKind.MIRRORED, random)[:, 0], film[:, -1])
    np.testing.assert_array_equal(variant(film, ViewKind.UPSIDE_DOWN, random)[0, 0], film[-1, -1])
    assert variant(film, ViewKind.TURNED_LEFT, random).shape == (4, 3)
    np.testing.assert_allclose(variant(film, ViewKind.INVERTED, random), 1 - film)
    wide = np.zeros((100, 80), np.float32)
    assert variant(wide, ViewKind.PART, random).size < 0.4 * wide.size


def test_a_few_films_give_weights_that_the_stage_reads(films_folder: Path, tmp_path: Path) -> None:
    path = train_views(
        ViewTraining(
            data=(films_folder,), output=tmp_path, films=20, strangers=20, held_out=0.3, threads=1
        )
    )
    judge = view_judge(path, Encoder("vision-lite0").card)
    assert judge is not None
    view = judge(np.zeros((320, 3, 3), np.float32))
    assert set(view.chances) == set(ViewKind)
    assert sum(view.chances.values()) == pytest.approx(1)
    assert view.ap is None  # no film of the folder is AP


def test_films_of_both_projections_teach_to_tell_them(films_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    shutil.copytree(films_folder, folder)
    manifest = folder / "manifest.csv"
    first, *rows = manifest.read_text("utf-8").splitlines()
    said = [row.replace(",PA", ",AP") if "Mass" in row else row for row in rows]
    manifest.write_text("\n".join([first, *said]) + "\n", "utf-8")
    path = train_views(
        ViewTraining(data=(folder,), output=tmp_path, films=20, strangers=20, held_out=0.3)
    )
    encoder = Encoder("vision-lite0")
    judge = view_judge(path, encoder.card)
    films = {row.split(",")[0]: row.endswith("AP") for row in said}
    ap = {name: judge(encoder(read_grey(folder / "images" / name)).layout).ap for name in films}
    chances = [[ap[name] for name in films if films[name] is kind] for kind in (True, False)]
    assert min(chances[0]) > max(chances[1])
    assert load_weights(path, architectures=frozenset({ARCHITECTURE})).card["held_out_projection"]


@pytest.mark.parametrize("wrong", [{"films": 1}, {"strangers": 1}, {"held_out": 0.0}])
def test_an_option_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        ViewTraining(data=(Path("films"),), output=Path("run"), **wrong)
