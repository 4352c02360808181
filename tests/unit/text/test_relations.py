"""Relations between the mentions of a sentence."""

from __future__ import annotations

import pytest

from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()


def relations(text: str) -> set[tuple[str, str, str]]:
    reading = STAGE(Report(text=text))
    words = {entity.id: entity.text for entity in reading.entities}
    return {(words[r.head], str(r.kind), words[r.tail]) for r in reading.relations}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Opacity in the left base.", {("Opacity", "located_at", "base")}),
        (
            "Left basilar opacity may represent pneumonia.",
            {
                ("opacity", "located_at", "basilar"),
                ("opacity", "suggestive_of", "pneumonia"),
            },
        ),
        ("5 mm nodule.", {("nodule", "measured_as", "5 mm")}),
        ("Calcified granuloma.", set()),
        (
            "Loculated left pleural effusion.",
            {("Loculated", "modify", "pleural effusion")},
        ),
        ("The effusion appears loculated.", {("loculated", "modify", "effusion")}),
        ("Fibrotic scarring and cavitary pneumonia.", {("cavitary", "modify", "pneumonia")}),
    ],
)
def test_mentions_belong_together_as_the_words_say(
    text: str, wanted: set[tuple[str, str, str]]
) -> None:
    assert relations(text) == wanted
