"""``radnlp analyze``."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from radnlp.schema import Analysis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = "Small left pleural effusion. No pneumothorax."


def concepts(out: str) -> set[str]:
    return {entity.concept for entity in Analysis.from_json(out).entities}


def test_in_a_pipe_the_result_is_json(radnlp: Callable) -> None:
    ran = radnlp("analyze", "--text", TEXT)
    assert (ran.status, ran.err) == (0, "")
    assert {"pleural_effusion", "pneumothorax"} <= concepts(ran.out)


def test_on_a_terminal_the_result_is_a_summary(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ran = radnlp("analyze", "--text", TEXT)
    assert "pleural effusion" in ran.out
    assert "Draft. Not for diagnosis." in ran.out


def test_a_report_file_is_read(radnlp: Callable, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text(TEXT, encoding="utf-8")
    assert "pneumothorax" in concepts(radnlp("analyze", "--report", tmp_path / "report.txt").out)


def test_a_dash_reads_the_report_from_a_pipe(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert "pneumothorax" in concepts(radnlp("analyze", "--report", "-").out)


@pytest.mark.parametrize(
    "content",
    [
        "MSH|^~\\&|RIS\rPID|1||123||GREY^JO\rOBX|1|TX|X||" + TEXT,
        "# export\nMSH|^~\\&|RIS\nPID|1||123||GREY^JO\nOBX|1|TX|X||" + TEXT,
        json.dumps({"patient": "GREY^JO", "text": TEXT}),
    ],
)
def test_a_pipe_is_read_as_a_file_is(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    ran = radnlp("analyze", "--report", "-")
    assert "pneumothorax" in concepts(ran.out)
    assert "GREY" not in ran.out


def test_a_pipe_that_is_no_utf_8_is_refused(
    radnlp: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9")))
    ran = radnlp("analyze", "--report", "-")
    assert ran.status == 2
    assert "byte 3" in ran.err


def test_a_study_folder_is_read(radnlp: Callable, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text(TEXT, encoding="utf-8")
    ran = radnlp("analyze", "--study", tmp_path, "--language", "en", "--vision-stage", "none")
    assert "pneumothorax" in concepts(ran.out)


def test_outputs_are_written_and_named(radnlp: Callable, tmp_path: Path) -> None:
    one, two = tmp_path / "a.json", tmp_path / "a.txt"
    ran = radnlp("analyze", "--text", TEXT, "-o", one, "-o", two)
    assert (ran.status, ran.out) == (0, "")
    assert json.loads(one.read_text(encoding="utf-8"))["report"]["text"] == TEXT
    assert "Not for diagnosis" in two.read_text(encoding="utf-8")
    assert str(one) in ran.err


@pytest.mark.parametrize("name", ["a.docx", "none/a.json"])
def test_an_output_that_cannot_be_is_refused(radnlp: Callable, tmp_path: Path, name: str) -> None:
    ran = radnlp("analyze", "--text", TEXT, "-o", tmp_path / name)
    assert ran.status == 2
    assert ran.err.startswith("radnlp: cannot write")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--text", TEXT, "--report", "report.txt"],
        ["--study", "case", "--text", TEXT],
        ["--report", "no-such-file.txt"],
    ],
    ids=["nothing", "two reports", "study and text", "missing file"],
)
def test_inputs_that_do_not_go_together_end_with_2(radnlp: Callable, arguments: list[str]) -> None:
    ran = radnlp("analyze", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("radnlp: ")


def test_a_text_alone_loads_no_image_framework() -> None:
    code = (
        "import sys; from radnlp.cli import main; main(['analyze', '--text', 'No pneumothorax.']); "
        "print(sorted({'torch', 'timm', 'pydicom', 'PIL'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("[]\n")
