"""``radnlp models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from radnlp.nets import weights
from radnlp.nets.vision import VisionNet, VisionShape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CARD = {
    "name": "small",
    "version": "1",
    "sha256": "0123456789abcdef",
    "architecture": "radnlp-vision-2",
    "licence": "Apache-2.0",
    "concepts": [
        {
            "concept": "cardiomegaly",
            "supported": True,
            "held_out_auroc": 0.871,
            "held_out_auroc_interval": [0.81, 0.93],
            "held_out_positives": 41,
            "held_out_films": 300,
        },
        {"concept": "hernia", "supported": False, "reason": "3 positive films to measure on"},
    ],
}
QUALITY = {
    "split": "dev",
    "findings": {
        "cardiomegaly": {"auroc": 0.846, "interval": [0.73, 0.92], "positives": 32, "films": 385}
    },
    "dice": [
        {"pool": "jsrt", "structure": "heart", "n": 209, "dice": 0.8686, "interval": [0.863, 0.874]}
    ],
}


@pytest.fixture
def show(radnlp: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What ``radnlp models`` prints of these cards."""

    def shown(*cards: dict) -> str:
        monkeypatch.setattr(weights, "shipped_cards", lambda: list(cards))
        return radnlp("models").out

    return shown


def test_every_shipped_card_says_licence_and_what_was_measured(radnlp: Callable) -> None:
    out = radnlp("models").out
    cards = weights.shipped_cards()
    assert out.count("  licence: ") == out.count("  intended use: ") == len(cards)
    assert "upside_down                0.988" in out


def test_a_card_without_figures_claims_no_measurement(show: Callable) -> None:
    bare = {key: CARD[key] for key in ("name", "version", "sha256", "architecture")}
    assert "measured" not in show(bare)


def test_each_card_shows_its_name_and_licence(show: Callable) -> None:
    out = show(CARD)
    assert "small  version 1  sha256 0123456789ab" in out
    assert "licence: Apache-2.0" in out


def test_the_data_are_listed_one_by_one(show: Callable) -> None:
    assert "  data:\n    some films\n    more films\n" in show(
        {**CARD, "data": ["some films", "more films"]}
    )


def test_without_a_benchmark_the_figures_of_training_are_shown(show: Callable) -> None:
    out = show(CARD)
    assert "measured on: patients held out of training" in out
    assert "0.87 (0.81 to 0.93, 41 / 300)" in out


def test_the_figures_of_the_benchmark_come_before_those_of_training(show: Callable) -> None:
    out = show({**CARD, "quality": QUALITY})
    assert "measured on: dev" in out
    assert "0.85 (0.73 to 0.92, 32 / 385)" in out
    assert "(0.81 to 0.93" not in out


def test_dice_is_shown_with_structure_and_collection(show: Callable) -> None:
    lines = show({**CARD, "quality": QUALITY}).splitlines()
    assert ["heart", "jsrt", "0.869", "(0.863", "to", "0.874,", "209)"] in [
        line.split() for line in lines
    ]


def test_weights_that_only_draw_show_their_outlines_and_ratio(show: Callable) -> None:
    ratio = {"pool": "wingspan", "n": 23, "value": 0.0123, "interval": [0.009, 0.0161]}
    drawing = {key: value for key, value in CARD.items() if key != "concepts"}
    out = show({**drawing, "quality": {"split": "dev", "dice": [], "ratio": [ratio]}})
    assert "findings" not in out
    assert "measured on: dev" in out
    assert "0.012 (0.009 to 0.016, 23)" in out


def test_a_finding_without_a_figure_is_not_measured(show: Callable) -> None:
    lines = show({**CARD, "quality": {**QUALITY, "findings": {}}}).splitlines()
    assert ["cardiomegaly", "not", "measured"] in [line.split() for line in lines]


def test_an_unsupported_finding_is_listed_with_the_reason(show: Callable) -> None:
    assert "not supported: 3 positive films" in show(CARD)


def test_without_weights_it_says_so(show: Callable) -> None:
    assert "no weights" in show()


def test_export_writes_a_file_and_says_how_far_it_is_from_torch(
    radnlp: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxscript", reason="radnlp[onnx] is not installed")
    pytest.importorskip("onnxruntime", reason="radnlp[onnx] is not installed")
    from radnlp.nets.onnx import OnnxNet

    torch.manual_seed(0)
    net = VisionNet(VisionShape(concepts=1, boxed=(0,)))
    card = {
        "name": "small",
        "version": "1",
        "architecture": "radnlp-vision-2",
        "shape": net.shape.to_dict(),
        "input": {"size": 96},
    }
    weights.write_weights(tmp_path / "small.safetensors", net.state_dict(), card)
    done = radnlp("models", "export", tmp_path / "small.safetensors", "-o", tmp_path / "s.onnx")
    assert done.status == 0
    assert "on 7 images" in done.err
    assert "Not for diagnosis" in done.err
    assert OnnxNet(tmp_path / "s.onnx").card["name"] == "small"


def test_export_wants_a_name_that_ends_in_onnx(radnlp: Callable, tmp_path: Path) -> None:
    done = radnlp("models", "export", "vision-lite0", "-o", tmp_path / "weights.pt")
    assert done.status == 2
    assert ".onnx" in done.err
    assert not list(tmp_path.iterdir())


def test_export_of_weights_that_are_not_here_fails(radnlp: Callable, tmp_path: Path) -> None:
    done = radnlp("models", "export", "no-such-weights", "-o", tmp_path / "weights.onnx")
    assert done.status == 2
    assert "no-such-weights" in done.err


def test_the_figures_of_the_models_of_words_are_told(radnlp: Callable) -> None:
    told = radnlp("models").out
    language = told[told.index("language-mini0") : told.index("views-lite0")]
    assert "measured (95% interval):" in language
    assert "hybrid 0.992 (0.985 to 0.997)" in language
    assert "writer-mini0" in told
