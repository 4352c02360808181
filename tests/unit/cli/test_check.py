"""``radnlp check``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from radnlp import archive
from radnlp.schema import DISCLAIMER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLIP = "FINDINGS: Small left effusion. IMPRESSION: Small right effusion."


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_pipe_gets_json_lines(radnlp: Callable, tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", "uid,report", "1,No pneumothorax.", f"2,{SLIP}")
    ran = radnlp("check", source, "--workers", 1)
    assert ran.status == 0
    (slip,) = map(json.loads, ran.out.splitlines())
    assert (slip["report_id"], slip["rule"]) == ("2", "side.findings_impression")
    assert DISCLAIMER in ran.err
    assert "1 likely slips in 2 reports" in ran.err


def test_a_study_without_a_report_is_told(radnlp: Callable, tmp_path: Path) -> None:
    for name, text in (("a", SLIP), ("b", " ")):
        (tmp_path / "in" / name).mkdir(parents=True)
        write(tmp_path / "in" / name / "report.txt", text)
    out = tmp_path / "slips.html"
    ran = radnlp("check", "--studies", tmp_path / "in", "--vision-stage", "none", "-o", out)
    assert ran.status == 1
    assert "1 of the reports could not be checked" in ran.err
    assert "failed: b: ReportMissing: the report is blank" in ran.err
    assert "in 1 of 2 reports, worst first. 1 could not be checked." in out.read_text("utf-8")


def test_the_examination_of_messages_is_held_against_the_words(
    radnlp: Callable, tmp_path: Path
) -> None:
    hl7 = "MSH|^~\\&|R\rOBR|1||A7|K^XR KNEE RIGHT\rOBX|1|TX|K||FINDINGS: Left knee effusion.\r"
    fhir = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "code": {"text": "XR KNEE RIGHT"},
        "conclusion": "FINDINGS: Left knee effusion.",
    }
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.hl7", hl7)
    write(tmp_path / "in" / "b.json", json.dumps(fhir))
    ran = radnlp("check", tmp_path / "in", "--workers", 1)
    assert [(one["report_id"], one["rule"]) for one in map(json.loads, ran.out.splitlines())] == [
        ("A7", "side.exam"),
        ("r", "side.exam"),
    ]


def test_columns_are_refused_for_studies(radnlp: Callable, tmp_path: Path) -> None:
    ran = radnlp("check", "--studies", tmp_path, "--id-column", "uid")
    assert (ran.status, ran.out) == (2, "")
    assert "leave out text_columns and id_column (--text-column, --id-column)" in ran.err


def test_a_terminal_gets_a_list(
    radnlp: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "a.csv", "uid,report", *(f"{n},{SLIP}" for n in range(3)))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    ran = radnlp("check", source, "--workers", 1, "--most", 2)
    assert "3 likely slips in 3 of 3 reports" in ran.out
    assert DISCLAIMER in ran.out
    assert "“right effusion” at 49–63" in ran.out
    assert "… and 1 more" in ran.out


def test_a_page_and_a_table_are_written(radnlp: Callable, tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", "uid,report", f"<b>1</b>,{SLIP}")
    for name in ("slips.html", "slips.parquet", "slips.csv", "slips.jsonl"):
        ran = radnlp("check", source, "--workers", 1, "-o", tmp_path / name)
        assert (ran.status, ran.out) == (0, "")
        assert (tmp_path / name).stat().st_size > 0
        assert "1 likely slips in 1 reports" in ran.err
    page = (tmp_path / "slips.html").read_text("utf-8")
    assert DISCLAIMER in page
    assert "&lt;b&gt;1&lt;/b&gt;" in page
    assert "right effusion" in page


def test_some_failures_end_with_1(radnlp: Callable, tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", f'{{"text": "{SLIP}"}}', '{"text": NaN}')
    ran = radnlp("check", source, "--workers", 1)
    assert ran.status == 1
    assert "failed: a.jsonl:2: InvalidRecord" in ran.err


@pytest.mark.parametrize("arguments", [("none.csv",), ("a.parquet",), ("--studies", "none")])
def test_nothing_usable_ends_with_2(
    radnlp: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.parquet", "garbage")
    ran = radnlp("check", *arguments, "--workers", 1)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("radnlp: no")


def test_an_unknown_vision_stage_is_told_before_any_work(radnlp: Callable, tmp_path: Path) -> None:
    out = tmp_path / "slips.csv"
    ran = radnlp("check", "--studies", tmp_path, "--vision-stage", "embeded", "-o", out)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("radnlp: no vision stage called 'embeded'. Did you mean 'embedded'?")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_told_before_any_work(radnlp: Callable, tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", "uid,report", f"2,{SLIP}")
    ran = radnlp("check", source, "-o", tmp_path / "none" / "slips.csv")
    assert ran.status == 2
    assert "there is no folder" in ran.err


def test_an_interrupted_run_says_how_to_go_on(
    radnlp: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(archive, "check", stop)
    ran = radnlp("check", "a.csv")
    assert ran.status == 130
    assert "goes on where it stopped" in ran.err
