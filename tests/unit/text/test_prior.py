"""Change words are held against the earlier report."""

from __future__ import annotations

import pytest

from radnlp import analyze


@pytest.mark.parametrize(
    ("report", "prior", "called"),
    [
        ("Stable left effusion.", "Small left pleural effusion.", None),
        ("New left effusion.", "No pleural effusion.", None),
        ("Consolidation has improved.", "Right lower lobe opacity.", None),
        ("Left effusion.", "Right effusion.", None),
        ("New left effusion.", "Left pleural effusion.", "new"),
        ("Stable left effusion.", "No pleural effusion.", "stable"),
        ("Left effusion has decreased.", "Right effusion.", "improved"),
    ],
)
def test_a_change_word_needs_the_earlier_report(
    report: str, prior: str, called: str | None
) -> None:
    warnings = analyze(report=report, prior=prior).warnings
    found = [notice.message for notice in warnings if notice.name == "ChangeNotBorneOut"]
    assert [called in message for message in found] == ([] if called is None else [True])


def test_without_an_earlier_report_nothing_is_said() -> None:
    assert analyze(report="Stable left effusion.").warnings == ()


def test_the_notice_quotes_no_report() -> None:
    (notice,) = analyze(report="New left effusion.", prior="Left pleural effusion.").warnings
    assert "effusion" not in str(notice)
