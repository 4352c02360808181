"""``radnlp models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.nets import weights

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

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
        },
        {"concept": "hernia", "supported": False, "reason": "3 positive films to measure on"},
    ],
}


def test_each_card_shows_licence_and_measured_quality(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "shipped_cards", lambda: [CARD])
    out = radnlp("models").out
    assert "small  version 1  sha256 0123456789ab" in out
    assert "licence: Apache-2.0" in out
    assert "0.87 (0.81 to 0.93, 41)" in out
    assert "not supported: 3 positive films" in out


def test_without_weights_it_says_so(radnlp: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "shipped_cards", list)
    assert "no weights" in radnlp("models").out
