"""``radnlp demo``: the whole way, from the bundled files to the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema import Analysis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_bundled_study_goes_all_the_way(radnlp: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "look"
    ran = radnlp("demo", "-o", folder)
    analysis = Analysis.from_json((folder / "analysis.json").read_text("utf-8"))
    assert ran.status == 0
    assert "SIMULATED" in ran.out
    assert "Draft. Not for diagnosis." in ran.out
    assert str(folder / "page.html") in ran.err
    assert analysis.links
    assert analysis.draft
    assert sorted(path.name for path in folder.iterdir()) == [
        "analysis.json",
        "overlay.png",
        "page.html",
    ]


def test_a_folder_that_cannot_be_made_ends_with_2(radnlp: Callable, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = radnlp("demo", "-o", tmp_path / "file" / "look")
    assert ran.status == 2
    assert "choose another one with -o" in ran.err
