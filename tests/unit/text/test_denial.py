"""Negations that deny a change or another negation."""

from __future__ import annotations

import pytest

from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()


@pytest.mark.parametrize(
    "text",
    [
        "The effusion has not resolved.",
        "The chest tube has not been removed.",
        "Pneumothorax is by no means absent.",
        "There is no view that fails to show the effusion.",
        "The lungs are not free of consolidation.",
        "Without a doubt, pneumonia is present.",
        "The pneumothorax has failed to clear.",
        "There is no denying a small effusion.",
    ],
)
def test_two_negations_leave_the_finding_present(text: str) -> None:
    (entity,) = STAGE(Report(text=text)).entities[-1:]
    named = [e for e in STAGE(Report(text=text)).entities if e.kind in ("finding", "device")]
    assert [(e.assertion, e.cue, e.change) for e in named] == [("present", None, None)], entity


@pytest.mark.parametrize(
    "text",
    ["No further enlargement of the effusion.", "No significant interval change in the effusion."],
)
def test_a_denied_change_means_stable(text: str) -> None:
    (entity,) = STAGE(Report(text=text)).entities
    assert (entity.assertion, entity.change) == ("present", "stable")


def test_a_prefix_denies_its_word_alone() -> None:
    entities = STAGE(Report(text="Non-displaced rib fracture.")).entities
    assert [e.assertion for e in entities if e.kind == "finding"] == ["present"]
