"""Small tables of a user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from radnlp.errors import EncodingError, FileMissing
from radnlp.io.rows import read_rows

if TYPE_CHECKING:
    from pathlib import Path


def test_empty_cells_are_no_values_and_places_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('\ufefftext,Edema\n"two\nlines",\nb,0\n', encoding="utf-8")
    assert list(read_rows(path)) == [
        ("a.csv:3", {"text": "two\nlines"}),
        ("a.csv:4", {"text": "b", "Edema": "0"}),
    ]


def test_json_lines_keep_their_types(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 0, "b": null}\n\n{"a": [1]}\n', encoding="utf-8")
    assert list(read_rows(path)) == [("a.jsonl:1", {"a": 0}), ("a.jsonl:3", {"a": [1]})]


def test_tabs_part_the_cells_of_tsv(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("text\tEdema\n\t1\n", encoding="utf-8")
    assert list(read_rows(path)) == [("a.tsv:2", {"Edema": "1"})]


def test_what_cannot_be_read_has_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        list(read_rows(tmp_path / "none.csv"))
    path = tmp_path / "a.csv"
    path.write_bytes("text\ncaf\xe9\n".encode("latin-1"))
    with pytest.raises(EncodingError, match="byte 8"):
        list(read_rows(path))
