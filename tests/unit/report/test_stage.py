from __future__ import annotations

import pytest

from radnlp.report import TemplateReport
from radnlp.schema import (
    DISCLAIMER,
    Assertion,
    Box,
    Draft,
    LinkReading,
    Report,
    Severity,
    Side,
    Study,
    TextReading,
)


@pytest.fixture
def draft(study, look, zones, read):
    """Draft from mentions, findings and spots."""

    def make(mentions=(), findings=(), spots=(), reader=None) -> Draft | None:
        links = LinkReading(regions=(*zones, *spots))
        return TemplateReport()(study, mentions, look(*findings), links, reader or read)

    return make


def test_an_image_alone_gives_a_draft_with_evidence(draft, finding, spot) -> None:
    result = draft(
        findings=[
            finding("pleural_effusion", 0.6),
            finding("pneumothorax", 0.01, "f1"),
            finding("cardiomegaly", 0.02, "f2"),
            finding("emphysema", None, "f3"),
        ],
        spots=[spot("pleural_effusion", Box(60, 65, 90, 85))],
    )
    assert result is not None
    assert result.findings == (
        "Possible left pleural effusion. No pneumothorax is seen. Heart size is normal."
    )
    assert result.impression == "Possible left pleural effusion."
    assert [one.evidence for one in result.sentences] == [
        ("f0", "g9", "g5"),
        ("f1",),
        ("f2",),
        ("f0", "g9", "g5"),
    ]
    assert (result.status, result.disclaimer) == ("draft", DISCLAIMER)


def test_report_and_image_together_give_one_draft(draft, mention, finding) -> None:
    result = draft(
        [
            mention("pleural_effusion", side=Side.LEFT, severity=Severity.SMALL),
            mention("pneumothorax", "e1", assertion=Assertion.ABSENT),
        ],
        [finding("pleural_effusion", 0.6), finding("pneumothorax", 0.01, "f1")],
    )
    assert result is not None
    assert result.findings == "Small left pleural effusion. No pneumothorax is seen."
    assert result.sentences[1].evidence == ("f1", "e1")


def test_without_an_image_there_is_no_draft(look, mention, read) -> None:
    result = TemplateReport()(Study(), [mention("pneumonia")], (), LinkReading(), read)
    assert result is None


def test_an_image_that_was_not_judged_gives_no_draft(draft, finding) -> None:
    assert draft(findings=[finding("emphysema", None)]) is None


def test_an_image_that_was_not_judged_leaves_what_the_report_says(draft, mention, finding) -> None:
    result = draft([mention("pneumonia")], [finding("emphysema", None)])
    assert result is not None
    assert result.findings == "Pneumonia."


def test_a_film_without_findings_is_said_to_have_none_of_those_judged(draft, finding) -> None:
    result = draft(findings=[finding("mass", 0.01), finding("emphysema", None, "f1")])
    assert result is not None
    assert result.impression == "No finding is likely among the 1 judged."
    assert result.sentences[-1].evidence == ("f0",)


def test_an_unlikely_positive_finding_keeps_the_impression_open(draft, finding) -> None:
    result = draft(findings=[finding("mass", 0.2)])
    assert result is not None
    assert result.findings == ""
    assert result.impression == "No finding is likely among the 1 judged."


def test_a_sentence_that_reads_back_wrong_is_not_in_the_draft(draft, mention, read) -> None:
    def misread(report: Report) -> TextReading:
        return read(Report(text=report.text.replace("Left", "Right")))

    said = [mention("pneumonia", side=Side.LEFT), mention("cardiomegaly", "e1")]
    result = draft(said, reader=misread)
    assert result is not None
    assert result.findings == "Cardiomegaly."
    assert result.impression == "Cardiomegaly."
