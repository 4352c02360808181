"""``radnlp train``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from radnlp.train import anatomy, grounding, vision

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_options_reach_the_training(radnlp: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[vision.VisionTraining] = []

    def remember(options: vision.VisionTraining) -> Path:
        asked.append(options)
        return Path("out/small.safetensors")

    monkeypatch.setattr(vision, "train_vision", remember)
    arguments = (
        "--steps 2 --start earlier --size 128 --no-pretrained --resume --name small --held-out 0.2 "
        "--needed 5 --patience 3 --chest --device cpu --tensorboard"
    )
    ran = radnlp("train", "vision", "films", "--data", "more.csv", "-o", "out", *arguments.split())
    assert ran.status == 0
    assert "--vision-stage out\n" in ran.err
    assert asked == [
        vision.VisionTraining(
            data=(Path("films"), Path("more.csv")),
            output=Path("out"),
            steps=2,
            held_out=0.2,
            needed=5,
            patience=3,
            chest=True,
            device="cpu",
            tensorboard=True,
            start="earlier",
            size=128,
            pretrained=False,
            resume=True,
            name="small",
        )
    ]


def test_own_images_are_learned_and_then_read(radnlp: Callable, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = ["image,label"]
    for number in range(24):
        grey = random.normal(70, 12, (64, 64))
        rows.append(f"{number}.png,{'Cyst' if number % 2 else 'normal'}")
        grey[8:28, 20:44] += 130 * (number % 2)
        Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    out = tmp_path / "out"
    arguments = "--steps 24 --size 64 --batch 8 --threads 1 --start vision-lite0 --held-out 0.5"
    ran = radnlp(
        *("train", "vision", "--data", tmp_path / "manifest.csv", "-o", out, "--needed", "6"),
        *arguments.split(),
    )
    assert ran.status == 0, ran.err
    assert f"--vision-stage {out}" in ran.err
    for number, positive in ((1, True), (2, False)):
        ran = radnlp("analyze", "--image", tmp_path / f"{number}.png", "--vision-stage", out)
        assert ran.status == 0, ran.err
        (finding,) = json.loads(ran.out)["image_findings"]
        assert (finding["concept"], finding["positive"]) == ("cyst", positive)


def test_an_option_out_of_range_ends_with_2(radnlp: Callable) -> None:
    ran = radnlp("train", "vision", "films", "-o", "out", "--size", "100")
    assert ran.status == 2
    assert "multiple of 32" in ran.err


def test_options_reach_the_training_of_anatomy(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[anatomy.AnatomyTraining] = []

    def remember(options: anatomy.AnatomyTraining) -> Path:
        asked.append(options)
        return Path("out/small.safetensors")

    monkeypatch.setattr(anatomy, "train_anatomy", remember)
    arguments = ["--steps", "20", "--size", "128", "--bfloat16", "--no-pretrained", "--resume"]
    ran = radnlp("train", "anatomy", "films", "-o", "out", *arguments, "--name", "small")
    assert ran.status == 0
    assert "--vision-stage out\n" in ran.err
    assert asked == [
        anatomy.AnatomyTraining(
            data=(Path("films"),),
            output=Path("out"),
            steps=20,
            size=128,
            bfloat16=True,
            pretrained=False,
            resume=True,
            name="small",
        )
    ]


def test_options_reach_the_counting_of_boxes(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[grounding.GroundingTraining] = []

    def remember(options: grounding.GroundingTraining) -> Path:
        asked.append(options)
        return Path("out/usual.json")

    monkeypatch.setattr(grounding, "train_grounding", remember)
    ran = radnlp("train", "grounding", "films", "-o", "out", "--network", "own", "--threads", "2")
    assert ran.status == 0
    assert f"wrote {Path('out/usual.json')}" in ran.err
    assert asked == [
        grounding.GroundingTraining(
            data=(Path("films"),), output=Path("out"), network="own", threads=2
        )
    ]


def test_films_without_boxes_cannot_be_counted(radnlp: Callable, tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(
        "image,pool,patient,split,labels,view\n", encoding="utf-8"
    )
    ran = radnlp("train", "grounding", tmp_path, "-o", tmp_path / "out")
    assert ran.status == 2
    assert "0 drawn boxes" in ran.err
