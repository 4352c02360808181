"""``radnlp draft`` and ``radnlp demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from radnlp.cli import draft as command
from radnlp.examples import load_example
from radnlp.schema import (
    Analysis,
    Box,
    Confidence,
    Correction,
    Critical,
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
    from pathlib import Path


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


def test_critical_and_corrected_sentences_are_marked(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Sentence(
        text="Possible pneumothorax.",
        section=DraftSection.IMPRESSION,
        evidence=("f0",),
        critical=Critical.POSSIBLE,
    )
    corrected = Correction(
        section=DraftSection.FINDINGS, before="Left mass.", after="Mass.", reason="no side"
    )
    out = shown(radnlp, monkeypatch, Draft(sentences=(said,), corrections=(corrected,)))
    assert "CRITICAL, POSSIBLE: Possible pneumothorax.  [f0]" in out
    assert "“Left mass.” now “Mass.”: no side" in out


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled film."""
    return load_example().image


def test_style_and_prior_change_the_words(radnlp: Callable, film: Path, tmp_path: Path) -> None:
    plain = radnlp("draft", film).out
    assert "Cardiothoracic ratio 0." in plain
    assert "No pneumothorax" in plain
    prior = tmp_path / "prior.txt"
    prior.write_text("FINDINGS: Right pneumothorax.", "utf-8")
    ran = radnlp("draft", film, "--prior", prior, "--style", "prose", "--no-normals")
    assert ran.status == 0, ran.err
    assert "The right pneumothorax of the prior report is no longer seen." in ran.out
    assert "p:e0  prior report  pneumothorax: present" in ran.out
    assert "There is no" not in ran.out
    assert "The cardiothoracic ratio is 0." in ran.out


def test_a_style_file_is_read_and_options_go_before_it(
    radnlp: Callable, film: Path, tmp_path: Path
) -> None:
    style = tmp_path / "mine.toml"
    style.write_text('form = "prose"\nnormals = false\n', "utf-8")
    assert "There is no" not in radnlp("draft", film, "--style", style).out
    assert "There is no" in radnlp("draft", film, "--style", style, "--normals").out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--style", "baroque"), "telegraphic, prose"),
        (("--style", "none.toml"), "no style file"),
        (("--impression-length", "0"), "at least 1"),
        (("--report-stage", "retrieve"), "radnlp index"),
        (("--report-stage", "retrieve", "--index", "nowhere"), "radnlp index"),
        (("--index", "nowhere"), "takes no style or index"),
    ],
)
def test_wrong_options_are_refused_by_name(
    radnlp: Callable, film: Path, options: tuple[str, ...], message: str
) -> None:
    ran = radnlp("draft", film, *options)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


def test_an_archive_becomes_an_index_and_a_draft_speaks_from_it(
    radnlp: Callable, film: Path, tmp_path: Path
) -> None:
    (tmp_path / "reports.jsonl").write_text(
        '{"text": "FINDINGS: There is no evidence of pneumothorax. Seen by Dr. Grey."}\n', "utf-8"
    )
    ran = radnlp("index", tmp_path / "reports.jsonl", "-o", tmp_path / "index")
    assert (ran.status, ran.out) == (0, "")
    assert "1 different sentences of 2" in ran.err
    out = radnlp("draft", film, "--report-stage", "retrieve", "--index", tmp_path / "index").out
    assert "There is no evidence of pneumothorax." in out
    assert "radnlp.report.retrieve" in out


def test_an_index_of_partly_broken_reports_ends_with_1(radnlp: Callable, tmp_path: Path) -> None:
    (tmp_path / "reports.jsonl").write_text('{"text": "No mass."}\n{"te\n', "utf-8")
    ran = radnlp("index", tmp_path / "reports.jsonl", "-o", tmp_path / "index")
    assert ran.status == 1
    assert "1 reports could not be read" in ran.err
    assert "failed: reports.jsonl:2: InvalidRecord" in ran.err


def test_an_index_of_another_language_is_refused_by_name(radnlp: Callable, tmp_path: Path) -> None:
    (tmp_path / "reports.jsonl").write_text('{"text": "No mass."}\n', "utf-8")
    ran = radnlp("index", tmp_path / "reports.jsonl", "-o", tmp_path / "i", "--language", "xx")
    assert (ran.status, ran.out) == (2, "")
    assert "LanguageNotSupported" in ran.err
    assert not (tmp_path / "i").exists()
