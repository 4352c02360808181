"""``radnlp evaluate``."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from radnlp import analyze
from radnlp.examples import load_example
from radnlp.schema import DISCLAIMER, Draft, Sentence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def lines(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def value(out: str, measure: str, part: str = "all", system: str = "system") -> Any:
    figures = json.loads(out)["figures"]
    (one,) = [
        one
        for one in figures
        if (one["measure"], one["part"], one["system"]) == (measure, part, system)
    ]
    return one["value"]


def test_labels_are_scored_against_columns(radnlp: Callable, tmp_path: Path) -> None:
    file = tmp_path / "gold.csv"
    file.write_text("text,Edema,Pneumothorax\nPulmonary edema.,1,\nNo pneumothorax.,,0\n,1,0\n")
    ran = radnlp("evaluate", "labels", file)
    assert ran.status == 2
    assert "gold.csv:4: there is no 'text'" in ran.err
    file.write_text("text,Edema,Pneumothorax\nPulmonary edema.,1,\nNo pneumothorax.,,0\n")
    ran = radnlp("evaluate", "labels", file)
    assert ran.status == 0
    assert value(ran.out, "f1", "Edema") == 1.0
    assert value(ran.out, "f1", "Pneumothorax") is None


def test_entities_are_scored_against_pairs(radnlp: Callable, tmp_path: Path) -> None:
    gold = [{"concept": "pneumothorax", "assertion": "absent"}]
    file = lines(tmp_path / "gold.jsonl", {"text": "No pneumothorax.", "entities": gold})
    ran = radnlp("evaluate", "entities", file)
    assert (ran.status, value(ran.out, "entity_f1")) == (0, 1.0)
    lines(file, {"text": "No pneumothorax.", "entities": [{"concept": "pneumothorax"}]})
    ran = radnlp("evaluate", "entities", file)
    assert ran.status == 2
    assert "'entities' is not understood" in ran.err


def test_drafts_are_scored_against_reports_with_their_floors(
    radnlp: Callable, tmp_path: Path
) -> None:
    file = lines(
        tmp_path / "drafts.jsonl",
        {"draft": "Left pleural effusion.", "reference": "Small left effusion."},
        {"draft": "No effusion. Cardiomegaly.", "reference": "The heart is enlarged."},
        {"draft": "Left pneumothorax.", "reference": "Pneumothorax on the left."},
    )
    ran = radnlp("evaluate", "drafts", file)
    assert ran.status == 0
    assert value(ran.out, "micro_f1") == 1.0
    assert value(ran.out, "micro_f1", system="constant") < 1.0
    assert value(ran.out, "micro_f1", system="shuffled") < 1.0
    assert value(ran.out, "distinct") == 1.0
    assert value(ran.out, "without_evidence") is None


def test_a_draft_of_an_analysis_tells_its_evidence(radnlp: Callable, tmp_path: Path) -> None:
    from dataclasses import replace

    analysis = analyze(report="Cardiomegaly.")
    said = Sentence(text="Cardiomegaly.", section="findings", evidence=("e0",))
    draft = Draft(findings="Cardiomegaly.", impression="", sentences=(said,))
    (tmp_path / "a.json").write_text(replace(analysis, draft=draft).to_json(), "utf-8")
    file = tmp_path / "drafts.csv"
    file.write_text("draft_file,Cardiomegaly,Edema\na.json,1,0\n")
    ran = radnlp("evaluate", "drafts", file)
    assert ran.status == 0
    assert value(ran.out, "without_evidence") == 0.0
    assert value(ran.out, "f1", "Cardiomegaly") == 1.0


def test_links_are_scored_against_drawn_boxes(radnlp: Callable, tmp_path: Path) -> None:
    shutil.copy(load_example().folder / "chest.dcm", tmp_path / "chest.dcm")
    heart = next(
        region.box
        for region in analyze(image=tmp_path / "chest.dcm").regions
        if region.label == "heart"
    )
    edges = f"{heart.x0},{heart.y0},{heart.x1},{heart.y1}"
    file = tmp_path / "gold.csv"
    file.write_text(
        "image,phrase,concept,x0,y0,x1,y1\n"
        f"chest.dcm,The heart is enlarged.,cardiomegaly,{edges}\n"
        f"none.dcm,The heart is enlarged.,cardiomegaly,{edges}\n"
    )
    ran = radnlp("evaluate", "links", file)
    assert ran.status == 1
    assert "failed: none.dcm: FileMissing" in ran.err
    assert value(ran.out, "pointing", "cardiomegaly") == 1.0
    assert value(ran.out, "iou>=0.5") == 1.0


def test_a_row_without_a_box_is_refused(radnlp: Callable, tmp_path: Path) -> None:
    file = lines(tmp_path / "gold.jsonl", {"image": "a.png", "phrase": "Nodule."})
    ran = radnlp("evaluate", "links", file)
    assert ran.status == 2
    assert "gold.jsonl:1: no box" in ran.err


def test_a_terminal_gets_a_table_and_a_file_the_figures(
    radnlp: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = lines(tmp_path / "gold.jsonl", {"text": "Pulmonary edema.", "Edema": 1})
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    ran = radnlp("evaluate", "labels", file, "-o", tmp_path / "figures.json")
    assert ran.status == 0
    assert DISCLAIMER in ran.out
    assert "1.000 (1.000 to 1.000)" in ran.out
    assert value((tmp_path / "figures.json").read_text("utf-8"), "micro_f1") == 1.0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gold.txt", "x", "expected .csv, .tsv or .jsonl"),
        ("gold.csv", "text,Edema\na\n", "1 fields and the header has 2"),
        ("gold.csv", "text,Edema\na,5\n", "'Edema' is not 1, 0, -1 or empty"),
        ("gold.csv", "text,Other\na,5\n", "no column is called like a label"),
        ("gold.jsonl", "{", "not JSON"),
        ("gold.jsonl", "[]", "expected an object"),
        ("gold.jsonl", "", "holds no case"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    radnlp: Callable, tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    ran = radnlp("evaluate", "labels", tmp_path / name)
    assert ran.status == 2
    assert said in ran.err


def test_an_output_that_cannot_be_written_is_told_before_any_work(
    radnlp: Callable, tmp_path: Path
) -> None:
    ran = radnlp("evaluate", "labels", tmp_path / "none.csv", "-o", tmp_path / "figures.csv")
    assert ran.status == 2
    assert "expected a file that ends in .json" in ran.err
