"""Long words within one edit of a known one."""

from __future__ import annotations

import pytest

from radnlp.schema.text import Report
from radnlp.text import RuleText
from radnlp.text.typos import Typos

STAGE = RuleText()
TYPOS = Typos(["pneumothorax", "atelectasis", "infection", "nodule"], never=["injection"])


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("pneumothroax", "pneumothorax"),  # two letters swapped
        ("pnemothorax", "pneumothorax"),  # one missing
        ("pneumothoorax", "pneumothorax"),  # one more
        ("pneumothotax", "pneumothorax"),  # another one
        ("neumothorax", "pneumothorax"),  # the first one missing
        ("pneumotohrxa", "pneumotohrxa"),  # two edits
        ("injection", "injection"),  # right, and listed so
        ("rnfection", "rnfection"),  # another first letter
        ("infections", "infections"),  # another form
        ("nodole", "nodole"),  # too short
    ],
)
def test_a_long_word_one_edit_off_is_the_known_one(word: str, meant: str) -> None:
    assert TYPOS.corrected(["no", word]) == ["no", meant]


def test_a_mention_keeps_the_words_of_the_report() -> None:
    (entity,) = STAGE(Report(text="No pneumothroax.")).entities
    assert (entity.text, entity.concept, entity.assertion) == (
        "pneumothroax",
        "pneumothorax",
        "absent",
    )
