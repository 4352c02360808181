"""What radnlp wrote is read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from radnlp import analyze
from radnlp.errors import EncodingError, FileMissing, InvalidRecord
from radnlp.io.analyses import read_analysis

if TYPE_CHECKING:
    from pathlib import Path


def test_a_saved_analysis_comes_back(tmp_path: Path) -> None:
    analysis = analyze(report="Cardiomegaly.")
    analysis.save(tmp_path / "a.json")
    assert read_analysis(tmp_path / "a.json").entities == analysis.entities


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, FileMissing), (b"\xe9", EncodingError), (b"{}", InvalidRecord), (b"{", InvalidRecord)],
)
def test_what_is_none_has_its_own_error(
    tmp_path: Path, content: bytes | None, error: type[Exception]
) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=r"a\.json"):
        read_analysis(path)
