"""The JSON writer."""

from __future__ import annotations

from radnlp.output.jsonfile import render
from radnlp.schema import Analysis, Report


def test_json_reads_back_as_the_same_analysis(chest: Analysis) -> None:
    again = Analysis.from_json(render(chest).decode("utf-8"))
    assert again.to_dict() == chest.to_dict()


def test_json_is_indented_utf8_and_ends_with_a_newline() -> None:
    content = render(Analysis(report=Report(text="Größe 12 × 8 mm")))
    assert content.endswith(b"}\n")
    assert "Größe 12 × 8 mm".encode() in content
    assert b'\n  "report": {' in content


def test_save_finds_the_writer_by_extension(chest: Analysis, tmp_path: object) -> None:
    path = chest.save(f"{tmp_path}/study.json")
    assert path.read_bytes() == render(chest)
