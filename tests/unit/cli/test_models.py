"""``radnlp models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from radnlp.nets import weights

if TYPE_CHECKING:
    from collections.abc import Callable

CARD = {
    "name": "small",
    "version": "1",
    "sha256": "0123456789abcdef",
    "architecture": "radnlp-vision-1",
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
