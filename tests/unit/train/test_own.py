"""Images with classes of one's own: from a folder, a manifest or a data set to the pipeline."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from radnlp import Pipeline, analyze
from radnlp.errors import FileMissing, InputError, MalformedRow, ModelRejected
from radnlp.nets.onnx import export_weights
from radnlp.nets.weights import load_weights, write_weights
from radnlp.schema.image import Image
from radnlp.train.films import targets_of
from radnlp.train.sources import open_sources
from radnlp.train.start import split_films
from radnlp.train.vision import VisionTraining, train_vision
from radnlp.vision import EmbeddedVision


def slice_of(kind: str, number: int) -> np.ndarray:
    """A noisy square of 64 × 64 with a bright disc above (``lesion_a``) or a bar below."""
    random = np.random.default_rng(number)
    grey = random.normal(70, 12, (64, 64))
    rows, columns = np.mgrid[:64, :64]
    if kind == "Lesion A":
        grey[(rows - 18) ** 2 + (columns - 32) ** 2 < 120] += 130
    else:
        grey[44:54, 8:56] += 130
    return grey.clip(0, 255).astype(np.uint8)


KINDS = ("Lesion A", "bar-like")
CONCEPTS = ("bar_like", "lesion_a")


def save(path: Path, grey: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(grey).save(path)
    return path


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty images to learn from, eight more, a folder per class."""
    folder = tmp_path_factory.mktemp("classes")
    for number in range(48):
        kind = KINDS[number % 2]
        split = "train" if number < 40 else "val"
        save(folder / split / kind / f"{number:02}.png", slice_of(kind, number))
    return folder


def options(data: object, output: Path) -> VisionTraining:
    return VisionTraining(
        data=(data,),
        output=output,
        steps=24,
        size=64,
        batch=8,
        threads=1,
        held_out=0.4,
        needed=8,
        judgements=2,
        start="vision-lite0",
    )


@pytest.fixture(scope="module")
def trained(classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_vision(options(classes, tmp_path_factory.mktemp("own")))


def test_a_folder_per_class_becomes_a_model_that_tells_them_apart(trained: Path) -> None:
    pipeline = Pipeline(vision=str(trained.parent))
    right = 0
    for number in range(100, 116):
        result = analyze(image=slice_of(KINDS[number % 2], number), pipeline=pipeline)
        assert [one.concept for one in result.image_findings] == list(CONCEPTS)
        likeliest = max(result.image_findings, key=lambda one: one.confidence.value)
        right += likeliest.concept == CONCEPTS[1 - number % 2]
    assert right >= 14


def test_the_card_says_what_was_learned(trained: Path) -> None:
    card = json.loads(trained.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["name"] == "vision-own"
    assert card["guard"] is None
    for entry in card["concepts"]:
        assert entry["supported"], entry
        assert {"slope", "offset", "threshold", "calibrated"} <= set(entry)
        assert entry["held_out_films"] >= 10
    assert card["training"]["films"] == {"own": {"train": 40, "dev": 8}}


def test_no_lung_is_drawn_and_no_image_refused(trained: Path) -> None:
    reading = EmbeddedVision(weights=trained)(
        Image(pixels=slice_of("bar-like", 7).astype(np.float32) / 255, modality="CT")
    )
    assert not reading.regions
    assert [notice.name for notice in reading.warnings] == ["KindNotChecked"]
    positive = {finding.concept for finding in reading.findings if finding.positive}
    assert {heatmap.concept for heatmap in reading.heatmaps} == positive


def test_an_image_without_contrast_gets_no_finding(trained: Path) -> None:
    reading = EmbeddedVision(weights=trained)(Image(pixels=np.zeros((64, 64), np.float32)))
    assert not any(finding.supported for finding in reading.findings)
    assert reading.warnings[0].name == "NothingToSee"


def test_every_output_takes_own_classes(trained: Path, tmp_path: Path) -> None:
    result = analyze(
        report="Lesion. No pneumothorax.",
        image=slice_of("Lesion A", 3),
        pipeline=Pipeline(vision=trained),
    )
    assert any(finding.positive for finding in result.image_findings)
    # No sentence is made of what the text stage cannot read back.
    assert "lesion a" not in result.draft.findings.lower()
    assert "lesion_a" in result.to_json()
    for name in ("page.html", "picture.png", "text.txt", "all.json"):
        result.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size


def test_a_guard_that_nobody_knows_is_refused(trained: Path, tmp_path: Path) -> None:
    loaded = load_weights(trained, architectures=frozenset({"radnlp-vision-2"}))
    write_weights(tmp_path / "odd.safetensors", loaded.tensors, {**loaded.card, "guard": "knee"})
    with pytest.raises(ModelRejected, match="'knee'"):
        EmbeddedVision(weights=tmp_path)


def test_a_network_without_boxes_runs_as_onnx(trained: Path, tmp_path: Path) -> None:
    export = export_weights(trained, tmp_path / "own.onnx")
    assert export.difference < 1e-3
    pixels = slice_of("Lesion A", 5).astype(np.float32) / 255
    by_torch, by_onnx = (
        EmbeddedVision(weights=weights)(Image(pixels=pixels)).findings
        for weights in (trained, export.path)
    )
    assert [one.positive for one in by_onnx] == [one.positive for one in by_torch]


def test_training_stops_when_nothing_is_gained(
    classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # So many judgements in so few steps, and a perfect one cannot be bettered.
    patient = replace(options(classes, tmp_path), steps=40, judgements=40, patience=2)
    train_vision(patient)
    said = capsys.readouterr().err
    assert "2 judgements without a gain" in said
    with (tmp_path / "log.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) < 40
    stopped = int(rows[-1]["step"])
    # At rest it stays at rest.
    train_vision(replace(patient, resume=True))
    assert f"resumed at step {stopped}" in capsys.readouterr().err


def test_a_resumed_training_ends_where_a_whole_one_does(classes: Path, tmp_path: Path) -> None:
    whole = replace(options(classes, tmp_path / "whole"), steps=4, judgements=4)
    train_vision(whole)
    parted = replace(whole, output=tmp_path / "parted")
    with pytest.MonkeyPatch.context() as patch:
        # Interrupted after the second judgement.
        from radnlp.train import vision

        seen: list[int] = []
        judged = vision.judge

        def interrupt(*given: object) -> object:
            seen.append(1)
            if len(seen) > 2:
                raise KeyboardInterrupt
            return judged(*given)

        patch.setattr(vision, "judge", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_vision(parted)
    train_vision(replace(parted, resume=True))
    cards = [
        json.loads((place.output / "vision-own.json").read_text(encoding="utf-8"))
        for place in (whole, parted)
    ]
    assert cards[0]["sha256"] == cards[1]["sha256"]


def bundled_film() -> Path:
    study = Path(str(files("radnlp.examples"))) / "study"
    return next(path for path in sorted(study.iterdir()) if path.suffix == ".dcm")


def manifest(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "mine.csv"
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_manifest_brings_labels_boxes_masks_patients_and_splits(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        save(tmp_path / "images" / f"{name}.png", slice_of("Lesion A", 1))
    mask = np.zeros((64, 64), np.uint8)
    mask[20:30, 12:52] = 255
    save(tmp_path / "mask.png", mask)
    blank = dict.fromkeys(("x0", "y0", "x1", "y1", "mask"), "")
    path = manifest(
        tmp_path,
        [
            {"image": "a.png", "labels": "Cyst; Mass", "patient": "1", "split": "train", **blank},
            {"image": "a.png", "labels": "Mass", "patient": "1", "split": "train", **blank,
             "x0": "1", "y0": "2", "x1": "30", "y1": "40"},
            {"image": "b.png", "labels": "Normal", "patient": "1", "split": "train", **blank},
            {"image": "c.png", "labels": "Cyst", "patient": "2", "split": "test", **blank,
             "mask": "mask.png"},
            {"image": "d.png", "labels": "", "patient": "3", "split": "", **blank},
        ],
    )  # fmt: skip
    task, films = open_sources([path], images=tmp_path)
    assert task.concepts == ("cyst", "mass")
    assert task.boxed == ("mass",)
    assert [film.split for film in films] == ["train", "train", "dev", "train"]
    assert [film.patient for film in films] == ["1", "1", "2", "3"]
    assert [targets_of(film) for film in films] == [
        {"cyst": True, "mass": True},
        {"cyst": False, "mass": False},
        {"cyst": True, "mass": False},
        {},
    ]
    assert films[0].boxes == (("mass", 1, 2, 30, 40),)
    assert films[2].boxes == (("cyst", 12, 20, 52, 30),)


def test_a_manifest_with_boxes_teaches_boxes(tmp_path: Path) -> None:
    rows = []
    for number in range(24):
        kind = KINDS[number % 2]
        save(tmp_path / f"{number}.png", slice_of(kind, number))
        edges = ("21", "7", "43", "29") if kind == "Lesion A" else ("", "", "", "")
        rows.append(
            {
                "image": f"{number}.png",
                "labels": kind if kind == "Lesion A" else "No Finding",
                **dict(zip(("x0", "y0", "x1", "y1"), edges, strict=True)),
            }
        )
    path = train_vision(replace(options(manifest(tmp_path, rows), tmp_path / "run"), needed=5))
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["boxed"] == ["lesion_a"]
    result = analyze(image=slice_of("Lesion A", 50), pipeline=Pipeline(vision=path.parent))
    boxes = [region.box for region in result.regions if region.label == "lesion_a"]
    assert boxes
    x, y = (boxes[0].x0 + boxes[0].x1) / 2, (boxes[0].y0 + boxes[0].y1) / 2
    assert abs(x - 32) < 16
    assert abs(y - 18) < 16


def test_a_dataset_is_read_as_it_is_and_from_disk(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(KINDS))}
    )
    data = datasets.DatasetDict(
        {
            split: datasets.Dataset.from_dict(
                {
                    "image": [Pillow.fromarray(slice_of(KINDS[n % 2], n)) for n in numbers],
                    "label": [n % 2 for n in numbers],
                },
                features=features,
            )
            for split, numbers in (("train", range(20)), ("validation", range(20, 24)))
        }
    )
    data.save_to_disk(tmp_path / "saved")
    small = replace(options(data, tmp_path / "one"), steps=2, judgements=1)
    direct = train_vision(small)
    saved = train_vision(replace(small, data=(tmp_path / "saved",), output=tmp_path / "two"))
    cards = [
        json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        for path in (direct, saved)
    ]
    assert [entry["concept"] for entry in cards[0]["concepts"]] == ["bar_like", "lesion_a"]
    assert cards[0]["training"]["films"] == {"own": {"train": 20, "dev": 4}}
    assert cards[0]["concepts"] == cards[1]["concepts"]


def test_a_dataset_with_lists_of_names_has_several_labels(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict(
        {
            "image": [Pillow.fromarray(slice_of(KINDS[0], n)) for n in range(2)],
            "labels": [["Cyst", "Mass"], ["normal"]],
            "patient": ["1", "2"],
        }
    ).cast_column("image", datasets.Image())
    _, films = open_sources([data], images=tmp_path)
    assert [targets_of(film) for film in films] == [
        {"cyst": True, "mass": True},
        {"cyst": False, "mass": False},
    ]
    with pytest.raises(InputError, match="label or labels"):
        open_sources([data.remove_columns("labels")], images=tmp_path)


def test_dicom_slices_are_read_through_their_window(tmp_path: Path) -> None:
    from radnlp.io import read_image
    from radnlp.train.cache import open_cache
    from radnlp.vision.prepare import prepare

    film = bundled_film()
    place = tmp_path / "classes" / "odd" / "film.dcm"
    place.parent.mkdir(parents=True)
    place.write_bytes(film.read_bytes())
    _, films = open_sources([tmp_path / "classes"], images=tmp_path)
    cache = open_cache(films, tmp_path / "cache", 64, lambda line: None, hung=False)
    square, _ = prepare(read_image(film).pixels, 64)
    assert np.abs(cache.images[0] / 255 - square[0, 0].numpy()).max() < 0.01


def test_own_classes_on_chest_films_keep_the_guard(classes: Path, tmp_path: Path) -> None:
    path = train_vision(
        replace(options(classes, tmp_path), steps=1, judgements=1, chest=True, name="mine")
    )
    assert path.name == "mine.safetensors"
    reading = EmbeddedVision(weights=path)(
        Image(pixels=slice_of("bar-like", 7).astype(np.float32) / 255, modality="CT")
    )
    assert [notice.name for notice in reading.warnings] == ["NotFrontalChest"]


def test_own_chest_films_that_lie_mirrored_are_refused(tmp_path: Path) -> None:
    import pydicom

    from radnlp.train.cache import open_cache

    place = tmp_path / "classes" / "odd" / "film.dcm"
    place.parent.mkdir(parents=True)
    data = pydicom.dcmread(bundled_film())
    data.PatientOrientation = ["R", "F"]
    data.save_as(place)
    _, films = open_sources([tmp_path / "classes"], images=tmp_path)
    with pytest.raises(InputError, match="lies mirrored"):
        open_cache(films, tmp_path / "cache", 64, lambda line: None, hung=True)
    open_cache(films, tmp_path / "cache", 64, lambda line: None, hung=False)


def test_patients_of_each_class_are_held_out_alike(tmp_path: Path) -> None:
    rows = []
    for number in range(20):
        save(tmp_path / f"{number}.png", slice_of("bar-like", number))
        label = "Cyst" if number < 4 else "Normal"
        rows.append({"image": f"{number}.png", "labels": label, "patient": str(number // 2)})
    task, films = open_sources([manifest(tmp_path, rows)], images=tmp_path)
    learning, held_out = split_films(
        films, seed=1, held_out=0.25, cache=tmp_path / "cache", size=64, task=task
    )
    held = {film.patient for film in held_out.films}
    assert not held & {film.patient for film in learning.films}
    assert sum("cyst" in film.labels for film in held_out.films) == 2
    assert len(held_out) == 6


def test_both_kinds_of_data_do_not_mix(classes: Path, films_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are mixed"):
        open_sources([classes, films_folder], images=tmp_path)


def test_a_manifest_file_of_chest_films_is_that_collection(
    films_folder: Path, tmp_path: Path
) -> None:
    task, films = open_sources([films_folder / "manifest.csv"], images=tmp_path)
    assert task.guard == "chest"
    assert len(films) == 12


@pytest.mark.parametrize(
    ("row", "error", "match"),
    [
        ({"image": "gone.png", "labels": "Cyst"}, FileMissing, "line 2"),
        ({"image": "a.png", "finding": "Cyst"}, MalformedRow, "lacks column 'label'"),
        ({"image": "a.png", "labels": "Normal"}, InputError, "no class"),
        ({"image": "a.png", "labels": "!?"}, InputError, "letter or digit"),
        ({"image": "a.png", "labels": "Cyst", "split": "first"}, InputError, "'first'"),
        (
            {"image": "a.png", "labels": "A;B", "x0": "1", "y0": "1", "x1": "2", "y1": "2"},
            MalformedRow,
            "2 labels",
        ),
        (
            {"image": "a.png", "labels": "A", "x0": "9", "y0": "1", "x1": "2", "y1": "2"},
            MalformedRow,
            "x0 < x1",
        ),
        (
            {"image": "a.png", "labels": "A", "x0": "9", "y0": "1", "x1": "2", "y1": ""},
            MalformedRow,
            "four numbers",
        ),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(
    tmp_path: Path, row: dict[str, str], error: type[Exception], match: str
) -> None:
    save(tmp_path / "a.png", slice_of("bar-like", 0))
    with pytest.raises(error, match=match):
        open_sources([manifest(tmp_path, [row])], images=tmp_path)


def test_the_how_to_runs_as_it_is_written(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (root / "docs" / "how-to" / "train.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(code, names)  # noqa: S102
    assert "('cyst', True)" in capsys.readouterr().out
    assert (tmp_path / "copy" / "vision-own.safetensors").is_file()


def test_an_empty_folder_has_no_images(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="folder per class"):
        open_sources([tmp_path], images=tmp_path)
    with pytest.raises(FileMissing, match="no folder"):
        open_sources([tmp_path / "gone"], images=tmp_path)
