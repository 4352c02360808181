"""``radnlp draft`` and ``radnlp demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radnlp.cli import draft as command
from radnlp.schema import (
    Analysis,
    Box,
    Confidence,
    Draft,
    DraftSection,
    Image,
    ImageFinding,
    Region,
    RegionSource,
    Sentence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def analysis(draft: Draft | None) -> Analysis:
    return Analysis(
        images=(Image(pixels=np.zeros((8, 8), np.float32)),),
        image_findings=(
            ImageFinding(
                id="f0",
                concept="cardiomegaly",
                image_id="i0",
                confidence=Confidence(value=0.7),
                positive=True,
            ),
        ),
        regions=(
            Region(
                id="g0",
                image_id="i0",
                box=Box(1, 2, 5, 6),
                label="heart",
                source=RegionSource.ANATOMY,
            ),
        ),
        draft=draft,
    )


DRAFT = Draft(
    sentences=(
        Sentence(
            text="The heart is enlarged.", section=DraftSection.FINDINGS, evidence=("f0", "g0")
        ),
    )
)


def shown(radnlp: Callable, monkeypatch: pytest.MonkeyPatch, draft: Draft | None) -> str:
    monkeypatch.setattr(command, "analyze", lambda **_: analysis(draft))
    ran = radnlp("draft", "chest.png")
    assert ran.status == 0
    return ran.out


def test_every_sentence_is_followed_by_its_evidence(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shown(radnlp, monkeypatch, DRAFT)
    assert "Draft. Not for diagnosis." in out
    assert "The heart is enlarged.  [f0, g0]" in out
    assert "f0  i0  cardiomegaly: present, score 0.70" in out
    assert "g0  i0  heart: box (1, 2, 5, 6) in stored pixels" in out


def test_no_draft_is_said_and_not_invented(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No draft" in shown(radnlp, monkeypatch, None)


def test_an_image_that_is_not_there_ends_with_2(radnlp: Callable) -> None:
    ran = radnlp("draft", "no-such-film.dcm")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("radnlp: ")
