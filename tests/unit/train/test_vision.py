"""Training runs from a folder of films to weights that the vision stage takes."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from radnlp.errors import InputError, ModelRejected
from radnlp.nets.vision import ARCHITECTURE, VisionNet, VisionShape
from radnlp.nets.weights import load_weights
from radnlp.schema.image import Image
from radnlp.train.films import CONCEPTS
from radnlp.train.learner import Learner
from radnlp.train.losses import total_loss
from radnlp.train.vision import VisionTraining, train_vision
from radnlp.vision import EmbeddedVision


@pytest.fixture(scope="module")
def options(films_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> VisionTraining:
    return VisionTraining(
        data=(films_folder,),
        output=tmp_path_factory.mktemp("run"),
        steps=2,
        size=64,
        batch=4,
        held_out=0.3,
        judgements=2,
        pretrained=False,
    )


@pytest.fixture(scope="module")
def trained(options: VisionTraining) -> Path:
    return train_vision(options)


def test_two_steps_give_weights_that_the_stage_reads(trained: Path) -> None:
    stage = EmbeddedVision(weights=trained.parent / "vision-lite0.safetensors")
    pixels = np.random.default_rng(0).random((90, 80)).astype(np.float32)
    reading = stage(Image(pixels=pixels))
    assert tuple(finding.concept for finding in reading.findings) == CONCEPTS


def test_a_finding_with_few_films_is_not_supported(trained: Path) -> None:
    stage = EmbeddedVision(weights=trained)
    pixels = np.random.default_rng(0).random((90, 80)).astype(np.float32)
    for finding in stage(Image(pixels=pixels)).findings:
        assert not finding.supported
        assert finding.confidence is None


def test_the_log_has_a_line_for_each_judgement(trained: Path) -> None:
    text = (trained.parent / "log.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["step"]) for row in rows] == [1, 2]


def test_training_can_start_from_earlier_weights(
    options: VisionTraining, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = train_vision(replace(options, steps=1, start=trained, output=tmp_path))
    assert "started from vision-lite0" in capsys.readouterr().err
    cards = [
        load_weights(place, architectures=frozenset({ARCHITECTURE})).card
        for place in (trained, again)
    ]
    assert [card["version"] for card in cards] == ["1", "2"]
    assert cards[1]["training"]["start"] == f"vision-lite0@{cards[0]['sha256'][:12]}"


def test_no_pickle_is_written(trained: Path) -> None:
    suffixes = {path.suffix for path in trained.parent.rglob("*") if path.is_file()}
    assert suffixes <= {".safetensors", ".json", ".csv", ".npy", ""}


def test_training_goes_on_where_it_stopped(
    options: VisionTraining, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_vision(replace(options, steps=3, resume=True))
    assert "resumed at step 2" in capsys.readouterr().err


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = Learner(VisionNet(VisionShape(concepts=2, boxed=(0,))), total_loss)
    first.step = 5
    first.save(tmp_path, {"best": 0.5})
    second = Learner(VisionNet(VisionShape(concepts=2, boxed=(0,))), total_loss)
    assert second.resume(tmp_path) == {"step": 5, "best": 0.5}
    for name, value in first.net.state_dict().items():
        torch.testing.assert_close(second.net.state_dict()[name], value)


def test_a_checkpoint_of_another_shape_is_refused(tmp_path: Path) -> None:
    Learner(VisionNet(VisionShape(concepts=2, boxed=(0,))), total_loss).save(
        tmp_path, {"best": 0.0}
    )
    with pytest.raises(ModelRejected, match="another shape"):
        Learner(VisionNet(VisionShape(concepts=3, boxed=(0,))), total_loss).resume(tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"size": 100}, {"size": 32}, {"steps": 0}, {"batch": 1}, {"held_out": 1.0}]
)
def test_an_option_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        VisionTraining(data=(Path("films"),), output=Path("run"), **wrong)


def test_one_patient_is_too_few(tmp_path: Path, films_folder: Path) -> None:
    lines = (films_folder / "manifest.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "manifest.csv").write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    (tmp_path / "images").symlink_to(films_folder / "images")
    with pytest.raises(InputError, match="several patients"):
        train_vision(VisionTraining(data=(tmp_path,), output=tmp_path / "run", size=64))
