"""What an image is at all, by its look."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from radnlp.errors import ModelRejected
from radnlp.examples import load_example
from radnlp.io import read_image
from radnlp.nets.weights import SHIPPED as PLACE
from radnlp.schema.image import Image
from radnlp.train.strangers import FAMILIES, stranger
from radnlp.train.views import variant
from radnlp.vision import EmbeddedVision
from radnlp.vision.guard import ViewLimits, projection_doubt, view_objection
from radnlp.vision.view import View, ViewKind, view_judge


@pytest.fixture(scope="module")
def stage() -> EmbeddedVision:
    return EmbeddedVision()


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    pixels = read_image(load_example().image).pixels
    assert pixels is not None
    return pixels


def names(stage: EmbeddedVision, pixels: np.ndarray) -> set[str]:
    return {notice.name for notice in stage(Image(pixels=np.ascontiguousarray(pixels))).warnings}


def test_the_bundled_film_is_read(stage: EmbeddedVision, film: np.ndarray) -> None:
    assert not names(stage, film)


@pytest.mark.parametrize("kind", [ViewKind.UPSIDE_DOWN, ViewKind.TURNED_LEFT, ViewKind.INVERTED])
def test_a_film_that_lies_otherwise_is_turned_away(
    stage: EmbeddedVision, film: np.ndarray, kind: ViewKind
) -> None:
    turned = variant(film, kind, np.random.default_rng(0))
    assert names(stage, turned) == {"NotFrontalChest"}


def test_a_mirrored_film_is_read_with_a_notice(stage: EmbeddedVision, film: np.ndarray) -> None:
    reading = stage(Image(pixels=np.ascontiguousarray(film[:, ::-1]), id="i7"))
    assert [(one.name, one.source) for one in reading.warnings] == [("LooksMirrored", "i7")]
    assert {"left_lung", "right_lung"} <= {region.label for region in reading.regions}


def test_a_part_of_a_film_is_read_with_a_notice(stage: EmbeddedVision, film: np.ndarray) -> None:
    rows, columns = film.shape
    middle = film[rows // 5 : rows * 4 // 5, columns // 5 : columns * 4 // 5]
    reading = stage(Image(pixels=np.ascontiguousarray(middle), id="i7"))
    assert [(one.name, one.source) for one in reading.warnings] == [("PartOfChest", "i7")]
    assert reading.regions


@pytest.mark.parametrize("family", FAMILIES)
def test_drawn_strangers_are_turned_away(stage: EmbeddedVision, family: str) -> None:
    drawn = stranger(family, 300, np.random.default_rng(90_210))
    assert names(stage, drawn) == {"NotFrontalChest"}


def test_a_refusal_says_what_to_do() -> None:
    view = View(kind=ViewKind.INVERTED, chances={ViewKind.INVERTED: 0.9}, distance=0.5)
    assert "invert it first" in str(view_objection(view, ViewLimits()))


def test_what_is_unlike_all_chest_films_is_refused_whatever_its_kind() -> None:
    view = View(kind=ViewKind.FRONTAL, chances={ViewKind.FRONTAL: 1.0}, distance=3.0)
    assert "unlike" in str(view_objection(view, ViewLimits()))
    near = View(kind=ViewKind.FRONTAL, chances={ViewKind.FRONTAL: 1.0}, distance=0.5)
    assert view_objection(near, ViewLimits()) is None


@pytest.mark.parametrize(
    ("ap", "header", "name"),
    [
        (0.95, None, "LooksAP"),
        (0.85, None, None),
        (0.02, None, None),
        (0.995, "PA", "ViewDoubted"),
        (0.95, "PA", None),
        (0.003, "ap", "ViewDoubted"),
        (0.995, "AP", None),
        (0.003, "AP SUPINE", "ViewDoubted"),
        (0.95, "FRONTAL", None),
        (None, None, None),
    ],
)
def test_how_a_film_was_taken_is_doubted_only_where_the_look_is_sure(
    ap: float | None, header: str | None, name: str | None
) -> None:
    view = View(kind=ViewKind.FRONTAL, chances={ViewKind.FRONTAL: 1.0}, distance=0.5, ap=ap)
    doubt = projection_doubt(view, header)
    assert (doubt[0] if doubt else None) == name
    mirrored = View(kind=ViewKind.MIRRORED, chances={ViewKind.MIRRORED: 1.0}, distance=0.5, ap=ap)
    assert projection_doubt(mirrored, header) is None


def test_the_shipped_rule_knows_ap_from_pa() -> None:
    card = json.loads((PLACE / "vision-lite0.json").read_text(encoding="utf-8"))
    judge = view_judge("views-lite0", card)
    view = judge(np.zeros((320, 3, 3), np.float32))
    assert 0 <= view.ap <= 1


def test_the_rule_fits_one_network_only() -> None:
    card = json.loads((PLACE / "vision-lite0.json").read_text(encoding="utf-8"))
    assert view_judge("views-lite0", card) is not None
    other = {"name": "mine", "sha256": "0" * 64}
    assert view_judge("views-lite0", other) is None
    with pytest.raises(ModelRejected, match="radnlp train views"):
        view_judge(PLACE / "views-lite0.safetensors", other)


def test_a_broken_rule_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("views-lite0.json", "views-lite0.safetensors"):
        shutil.copy(PLACE / name, tmp_path)
    with (tmp_path / "views-lite0.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    monkeypatch.setattr("radnlp.nets.weights.SHIPPED", tmp_path)
    card = json.loads((PLACE / "vision-lite0.json").read_text(encoding="utf-8"))
    with pytest.raises(ModelRejected, match="sha256"):
        view_judge("views-lite0", card)


def test_no_rule_can_be_asked_for() -> None:
    assert view_judge(None, {}) is None
