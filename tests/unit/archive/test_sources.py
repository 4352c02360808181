"""Which files an archive consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from radnlp.archive.sources import find_sources, fingerprint
from radnlp.errors import FileMissing, InputError, UnknownFormat

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str = "Clear lungs.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def names(*archives: object, without: tuple[Path, ...] = ()) -> list[str]:
    return [
        file.name for file in find_sources([str(one) for one in archives], without=without).files
    ]


def test_a_folder_is_read_to_the_bottom_in_order_of_path(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/y.json", "c.csv"):
        write(tmp_path / name)
    assert names(tmp_path) == ["b.txt", "c.csv", "a/y.json", "a/z.txt"]


def test_hidden_files_and_other_endings_are_no_input(tmp_path: Path) -> None:
    for name in ("a.txt", ".b.txt", ".git/c.txt", "scan.jpg"):
        write(tmp_path / name)
    found = find_sources([tmp_path])
    assert [file.name for file in found.files] == ["a.txt"]
    assert found.skipped == 1


def test_a_pattern_takes_what_it_matches(tmp_path: Path) -> None:
    for name in ("1.csv", "2.csv", "3.txt"):
        write(tmp_path / name)
    assert names(tmp_path / "*.csv") == ["1.csv", "2.csv"]


def test_a_pattern_that_matches_folders_reads_them(tmp_path: Path) -> None:
    for name in ("2023/a.txt", "2024/b.txt", "other/c.txt"):
        write(tmp_path / name)
    assert names(tmp_path / "20*") == ["a.txt", "b.txt"]


def test_a_file_that_is_given_twice_is_one_input(tmp_path: Path) -> None:
    first, second = write(tmp_path / "1.csv"), write(tmp_path / "2.csv")
    assert names(second, tmp_path, first, tmp_path / "*.csv") == ["2.csv", "1.csv"]


def test_what_the_run_writes_is_never_its_input(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    out, parts = write(tmp_path / "out.csv"), write(tmp_path / "out.csv.parts/part.parquet").parent
    assert names(tmp_path, without=(out, parts)) == ["a.txt"]


def test_reading_and_writing_the_same_file_is_refused(tmp_path: Path) -> None:
    out = write(tmp_path / "out.csv")
    with pytest.raises(InputError, match="read and written"):
        find_sources([out], without=(out,))


@pytest.mark.parametrize("name", ["nothing.csv", "no*.csv"])
def test_a_path_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileMissing, match="no file or folder"):
        find_sources([tmp_path / name])


def test_a_folder_without_reports_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "scan.jpg")
    with pytest.raises(FileMissing, match="holds no"):
        find_sources([tmp_path])


def test_a_file_of_another_kind_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match=r"\.csv.*unpack"):
        find_sources([write(tmp_path / "a.zip")])


def test_no_archive_is_wrong_use() -> None:
    with pytest.raises(InputError, match="no archive"):
        find_sources([])


def test_the_fingerprint_changes_with_the_inputs_and_with_the_options(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    before = fingerprint(find_sources([tmp_path]), {"text": "rules"})
    assert fingerprint(find_sources([tmp_path]), {"text": "rules"}) == before
    assert fingerprint(find_sources([tmp_path]), {"text": "other"}) != before
    write(tmp_path / "a.txt", "Left effusion.")
    assert fingerprint(find_sources([tmp_path]), {"text": "rules"}) != before
