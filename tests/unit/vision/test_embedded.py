"""The shipped weights on simulated films, whose outlines are known exactly."""

from __future__ import annotations

import csv
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from radnlp.errors import ModelRejected
from radnlp.examples.variety import write_folder
from radnlp.nets.weights import SHIPPED
from radnlp.schema.geometry import Box
from radnlp.schema.image import Image, Orientation, OrientationSource
from radnlp.schema.reading import ImageReading
from radnlp.schema.region import RegionSource
from radnlp.vision import EmbeddedVision, cardiothoracic_ratio

# Never a seed that training has seen.
SEED = 4711
PARTS = ("left_lung", "right_lung", "heart")


@dataclass(frozen=True)
class Simulated:
    pixels: np.ndarray
    masks: dict[str, np.ndarray]


def _grey(path: Path) -> np.ndarray:
    with PillowImage.open(path) as image:
        return np.asarray(image.convert("L"), np.float32) / 255


@pytest.fixture(scope="module")
def stage() -> EmbeddedVision:
    return EmbeddedVision()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> list[Simulated]:
    folder = tmp_path_factory.mktemp("phantoms")
    write_folder(folder, count=3, seed=SEED)
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        names = [row["image"] for row in csv.DictReader(lines)]
    return [
        Simulated(
            pixels=_grey(folder / "images" / name),
            masks={part: _grey(folder / part / name) > 0.5 for part in PARTS},
        )
        for name in names
    ]


def masks_of(reading: ImageReading) -> dict[str, np.ndarray]:
    return {region.label: region.mask.to_array() for region in reading.regions if region.mask}


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


def test_lungs_and_heart_are_found_where_they_are(
    stage: EmbeddedVision, simulated: list[Simulated]
) -> None:
    for film in simulated:
        drawn = masks_of(stage(Image(pixels=film.pixels)))
        for part in PARTS:
            assert dice(drawn[part], film.masks[part]) > 0.85


def test_the_left_lung_lies_at_image_right(
    stage: EmbeddedVision, simulated: list[Simulated]
) -> None:
    reading = stage(Image(pixels=simulated[0].pixels))
    boxes = {region.label: region.box for region in reading.regions}
    assert boxes["left_lung"].center[0] > boxes["right_lung"].center[0]


def test_every_finding_with_boxes_has_its_candidates(
    stage: EmbeddedVision, simulated: list[Simulated]
) -> None:
    reading = stage(Image(pixels=simulated[0].pixels))
    assert len(reading.candidates) == 9
    for one in reading.candidates:
        best = one.boxes[int(one.scores.argmax())]
        shown = [region for region in reading.regions if region.label == one.concept]
        # A box that is shown is the likeliest of its finding's, cut to the image.
        if shown:
            likeliest = Box(*best.tolist()).intersection(Image(pixels=simulated[0].pixels).box)
            assert likeliest is not None
            assert shown[0].box.iou(likeliest) > 0.999


def test_a_mirrored_file_gives_mirrored_masks(
    stage: EmbeddedVision, simulated: list[Simulated]
) -> None:
    film = simulated[0]
    header = Orientation(row_direction="R", column_direction="F", source=OrientationSource.HEADER)
    straight = stage(Image(pixels=film.pixels))
    mirrored = stage(Image(pixels=film.pixels[:, ::-1], orientation=header))
    for part, mask in masks_of(straight).items():
        np.testing.assert_array_equal(masks_of(mirrored)[part], mask[:, ::-1])
    columns = film.pixels.shape[1]
    for there, here in zip(straight.candidates, mirrored.candidates, strict=True):
        columns = film.pixels.shape[1]
        np.testing.assert_array_equal(here.scores, there.scores)
        np.testing.assert_allclose(here.boxes[:, 0], columns - there.boxes[:, 2], atol=1e-3)
        np.testing.assert_allclose(here.boxes[:, 2], columns - there.boxes[:, 0], atol=1e-3)
    for there, here in zip(straight.heatmaps, mirrored.heatmaps, strict=True):
        np.testing.assert_allclose(here.values, there.values[:, ::-1])
        left = there.pixel_map.to_stored([(0, 0)])[0, 0]
        right = here.pixel_map.to_stored([(there.values.shape[1], 0)])[0, 0]
        assert left == pytest.approx(columns - right)


def test_a_second_look_is_what_the_network_sees_in_the_mirror_image(
    stage: EmbeddedVision, simulated: list[Simulated]
) -> None:
    film, turned = simulated[0], simulated[0].pixels[:, ::-1]
    header = Orientation(row_direction="R", column_direction="F", source=OrientationSource.HEADER)
    image = Image(pixels=film.pixels)
    first = stage(image)
    again = stage.mirrored(image, first)
    # A file that is stored mirrored, and says so, is looked at straight; its second look is not.
    stored = Image(pixels=turned, orientation=header)
    there = stage.mirrored(stored, stage(stored))
    columns = film.pixels.shape[1]
    assert masks_of(again).keys() == masks_of(first).keys()
    assert [one.concept for one in again.candidates] == [one.concept for one in first.candidates]
    assert any(
        not np.allclose(one.scores, other.scores, atol=0.01)
        for one, other in zip(first.candidates, again.candidates, strict=True)
    )
    for one, other in zip(again.candidates, there.candidates, strict=True):
        np.testing.assert_array_equal(one.scores, other.scores)
        np.testing.assert_allclose(one.boxes[:, 0], columns - other.boxes[:, 2], atol=1e-3)
    assert [one.confidence for one in again.findings] == [one.confidence for one in there.findings]


def test_an_image_that_was_not_read_gets_no_second_look(stage: EmbeddedVision) -> None:
    image = Image(pixels=np.random.default_rng(1).random((64, 64)))
    reading = stage(image)
    assert stage.mirrored(image, reading) is reading


def test_a_display_window_hardly_moves_a_score(
    stage: EmbeddedVision, simulated: list[Simulated]
) -> None:
    pixels = simulated[0].pixels
    plain = stage(Image(pixels=pixels))
    windowed = stage(Image(pixels=0.2 + 0.5 * pixels))
    for before, after in zip(plain.findings, windowed.findings, strict=True):
        if before.confidence and after.confidence:
            assert after.confidence.value == pytest.approx(before.confidence.value, abs=0.02)
    for part, mask in masks_of(plain).items():
        assert dice(masks_of(windowed)[part], mask) > 0.99


def test_the_size_of_the_file_hardly_moves_a_mask(
    stage: EmbeddedVision, simulated: list[Simulated]
) -> None:
    pixels = simulated[0].pixels
    double = np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1)
    small, large = masks_of(stage(Image(pixels=pixels))), masks_of(stage(Image(pixels=double)))
    for part, mask in small.items():
        assert large[part].shape == double.shape
        assert dice(large[part][::2, ::2], mask) > 0.98


def test_threads_get_the_same_answer(stage: EmbeddedVision, simulated: list[Simulated]) -> None:
    images = [Image(pixels=film.pixels, id=f"i{number}") for number, film in enumerate(simulated)]
    with ThreadPoolExecutor(3) as pool:
        threaded = list(pool.map(stage, images * 2))
    for image, reading in zip(images * 2, threaded, strict=True):
        again = stage(image)
        assert reading.findings == again.findings
        assert reading.regions == again.regions


def test_everything_names_the_weights_that_spoke(
    stage: EmbeddedVision, simulated: list[Simulated]
) -> None:
    reading = stage(Image(pixels=simulated[0].pixels))
    drawn = [region for region in reading.regions if region.source == RegionSource.ANATOMY]
    boxes = [region for region in reading.regions if region.source == RegionSource.IMAGE]
    assert len(drawn) + len(boxes) == len(reading.regions)
    spoke = {"vision-lite0": [*reading.findings, *boxes], "anatomy-lite0": drawn}
    for name, items in spoke.items():
        sha256 = json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))["sha256"]
        assert items
        for item in items:
            assert item.provenance is not None
            assert item.provenance.weights == f"{name}@{sha256[:12]}"


def test_sides_are_never_swapped(stage: EmbeddedVision, simulated: list[Simulated]) -> None:
    for film in simulated:
        drawn = masks_of(stage(Image(pixels=film.pixels)))
        for side, other in (("left_lung", "right_lung"), ("right_lung", "left_lung")):
            shared = (drawn[side] & film.masks[other]).sum()
            assert shared < 0.02 * drawn[side].sum()


def test_the_drawn_ratio_is_the_true_one(stage: EmbeddedVision, simulated: list[Simulated]) -> None:
    for film in simulated:
        reading = stage(Image(pixels=film.pixels))
        drawn = masks_of(reading)
        assert cardiothoracic_ratio(**drawn) == pytest.approx(
            cardiothoracic_ratio(**film.masks), abs=0.03
        )
        (measured,) = reading.measurements
        assert measured.value == pytest.approx(cardiothoracic_ratio(**drawn))
        assert set(measured.region_ids) == set(drawn)


@pytest.mark.parametrize(
    "image",
    [
        Image(pixels=np.zeros((200, 200), np.float32)),
        Image(pixels=np.random.default_rng(0).random((1, 1)).astype(np.float32)),
        Image(pixels=np.random.default_rng(0).random((300, 300)).astype(np.float32)),
        Image(pixels=np.random.default_rng(0).random((99, 99)).astype(np.float32), modality="CT"),
        Image(pixels=None, rows=20, columns=20),
    ],
    ids=["black", "one pixel", "noise", "CT", "no pixels"],
)
def test_what_is_no_chest_film_is_not_judged(stage: EmbeddedVision, image: Image) -> None:
    reading = stage(image)
    assert reading.regions == ()
    assert reading.heatmaps == ()
    assert not any(finding.supported for finding in reading.findings)
    assert [notice.name for notice in reading.warnings] == ["NotFrontalChest"]


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("vision-lite0", "concepts", 3), ("anatomy-lite0", "widths", [8, 8, 8, 8, 8])],
)
def test_weights_of_another_shape_are_refused(
    tmp_path: Path, name: str, field: str, value: object
) -> None:
    shutil.copy(SHIPPED / f"{name}.safetensors", tmp_path)
    card = json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))
    card["shape"][field] = value
    (tmp_path / f"{name}.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelRejected, match="do not fit"):
        EmbeddedVision(weights=tmp_path)


def test_onnx_runtime_reads_a_film_as_torch_does(
    stage: EmbeddedVision, simulated: list[Simulated], tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript", reason="radnlp[onnx] is not installed")
    pytest.importorskip("onnxruntime", reason="radnlp[onnx] is not installed")
    from radnlp.nets.onnx import export_weights

    export_weights("vision-lite0", tmp_path / "vision.onnx")
    ours = EmbeddedVision(weights=tmp_path / "vision.onnx")
    assert str(ours.provenance.weights).startswith("vision-lite0.onnx@")
    for film in simulated:
        image = Image(pixels=film.pixels)
        there, here = stage(image), ours(image)
        assert [one.concept for one in here.findings] == [one.concept for one in there.findings]
        for one, other in zip(here.findings, there.findings, strict=True):
            assert (one.supported, one.positive) == (other.supported, other.positive)
            if one.confidence is not None and other.confidence is not None:
                assert one.confidence.value == pytest.approx(other.confidence.value, abs=1e-3)
        assert [one.label for one in here.regions] == [one.label for one in there.regions]
        for one, other in zip(here.regions, there.regions, strict=True):
            if one.mask is None or other.mask is None:
                assert one.box.iou(other.box) > 0.95
                continue
            assert (one.mask.to_array() != other.mask.to_array()).mean() < 1e-3


def test_an_onnx_file_of_another_network_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason="radnlp[onnx] is not installed")
    pytest.importorskip("onnxruntime", reason="radnlp[onnx] is not installed")
    from radnlp.nets.onnx import export_network

    card = {"name": "x", "sha256": "0" * 64, "architecture": "x-1", "input": {"size": 32}}
    export_network(torch.nn.Conv2d(1, 2, 3), tmp_path / "x.onnx", card=card)
    with pytest.raises(ModelRejected, match="x-1"):
        EmbeddedVision(weights=tmp_path / "x.onnx")


def test_weights_are_taken_for_what_their_card_says() -> None:
    stage = EmbeddedVision(weights="anatomy-lite0")
    assert stage.options == EmbeddedVision(weights="vision-lite0").options
