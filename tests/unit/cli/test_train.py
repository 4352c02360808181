"""``radnlp train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.train import anatomy, vision

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def test_options_reach_the_training(radnlp: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[vision.VisionTraining] = []

    def remember(options: vision.VisionTraining) -> Path:
        asked.append(options)
        return Path("out/small.safetensors")

    monkeypatch.setattr(vision, "train_vision", remember)
    arguments = [
        "--steps",
        "2",
        "--start",
        "earlier",
        "--size",
        "128",
        "--no-pretrained",
        "--resume",
        "--name",
        "small",
    ]
    ran = radnlp("train", "vision", "films", "more", "-o", "out", *arguments)
    assert ran.status == 0
    assert "--vision-stage out/small.safetensors" in ran.err
    assert asked == [
        vision.VisionTraining(
            data=(Path("films"), Path("more")),
            output=Path("out"),
            steps=2,
            start="earlier",
            size=128,
            pretrained=False,
            resume=True,
            name="small",
        )
    ]


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
    assert "--vision-stage out/small.safetensors" in ran.err
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
