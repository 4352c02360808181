"""Long words within one edit of a known one."""

from __future__ import annotations

import pytest

from radnlp.schema.text import Report
from radnlp.text import RuleText
from radnlp.text.lexicon import load_lexicon
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


@pytest.mark.parametrize(
    "text",
    [
        "Standing view.",
        "Post-concussive confusion.",
        "Interior of the box.",
        "Error of refraction.",
        "Structured report.",
        "Neurosis.",
        "Granulosa cell type.",
        "No explanation.",
    ],
)
def test_a_real_word_one_edit_off_a_finding_names_none(text: str) -> None:
    assert [e for e in STAGE(Report(text=text)).entities if e.kind != "anatomy"] == []


def test_every_word_that_is_no_typo_would_be_taken_for_one() -> None:
    lexicon = load_lexicon()
    plain = Typos(lexicon.typos.known, never=())
    listed: list[str] = lexicon.rules.scope["never_typo"]["words"]
    assert [word for word in listed if plain.corrected([word]) == [word]] == []
