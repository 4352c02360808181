"""``radnlp extract``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from radnlp import archive

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_clean_run_ends_with_0(radnlp: Callable, tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", "uid,report", "1,No pneumothorax.", "2,Pleural effusion.")
    ran = radnlp("extract", source, "-o", tmp_path / "out.jsonl", "--workers", 1)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert (ran.status, ran.out) == (0, "")
    assert {(row["report_id"], row["concept"]) for row in rows if row["kind"] == "finding"} == {
        ("1", "pneumothorax"),
        ("2", "pleural_effusion"),
    }
    assert "2 reports" in ran.err
    assert f"0 recommendations in {tmp_path / 'out.recommendations.jsonl'}" in ran.err
    assert f"0 scores in {tmp_path / 'out.scores.jsonl'}" in ran.err


def test_some_failures_end_with_1_and_are_listed(radnlp: Callable, tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", '{"text": "No pneumothorax."}', '{"text": NaN}')
    ran = radnlp("extract", source, "-o", tmp_path / "out.csv", "--workers", 1)
    assert ran.status == 1
    assert "1 failed: listed in" in ran.err
    assert "InvalidRecord" in (tmp_path / "out.csv.failures.jsonl").read_text("utf-8")


def test_nothing_usable_ends_with_2_and_says_why(radnlp: Callable, tmp_path: Path) -> None:
    source = write(tmp_path / "a.parquet", "garbage")
    ran = radnlp("extract", source, "-o", tmp_path / "out.csv", "--workers", 1)
    assert ran.status == 2
    assert "a.parquet: CorruptArchive: not a readable Parquet file" in ran.err


def test_a_missing_archive_ends_with_2(radnlp: Callable, tmp_path: Path) -> None:
    ran = radnlp("extract", tmp_path / "none.csv", "-o", tmp_path / "out.csv")
    assert ran.status == 2
    assert ran.err.startswith("radnlp: no file or folder")


def test_columns_encoding_and_language_are_passed_on(radnlp: Callable, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes("nr;befund;schluss\n9;Pneumothorax, caf\xe9.;Nodule.\n".encode("latin-1"))
    out = tmp_path / "out.jsonl"
    options = ["--id-column", "nr", "--text-column", "befund", "--text-column", "schluss"]
    more = ["--encoding", "latin-1", "--language", "en", "--workers", 1]
    assert radnlp("extract", source, "-o", out, *options, *more).status == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert {row["report_id"] for row in rows} == {"9"}
    assert {"pneumothorax", "nodule"} <= {row["concept"] for row in rows}


def test_an_interrupted_run_says_how_to_go_on(
    radnlp: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(archive, "extract", stop)
    ran = radnlp("extract", "a.csv", "-o", tmp_path / "out.csv")
    assert ran.status == 130
    assert "run the same command again" in ran.err


def test_what_was_odd_about_reports_is_told(radnlp: Callable, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("id,text\n1,Kein Erguss und kein Pneumothorax.\n", encoding="utf-8")
    ran = radnlp("extract", source, "-o", tmp_path / "out.csv", "--workers", 1)
    assert ran.status == 0
    assert "note: 1 reports: LanguageWarning: the report does not look English" in ran.err
