"""Letters that patterns take for Latin ones when they ignore case."""

from __future__ import annotations

import re
import sys

from radnlp.schema.text import Report
from radnlp.text import RuleText
from radnlp.text.casing import in_small_letters

STAGE = RuleText()
LATIN = "abcdefghijklmnopqrstuvwxyz"


def test_every_character_that_a_pattern_takes_for_a_latin_letter_becomes_that_letter() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    for letter in LATIN:
        taken = re.findall(letter, everything, re.IGNORECASE)
        assert {in_small_letters(one) for one in taken} == {letter}


def test_advice_with_an_odd_letter_is_read() -> None:
    text = "Recommend CT, or conſider MRI in ſix months."
    (_, advice) = STAGE(Report(text=text)).recommendations
    assert (advice.what, advice.modalities) == ("MRI", ("mr",))
    assert advice.interval is not None
    assert advice.interval.low == 6.0


def test_a_count_with_an_odd_letter_is_read() -> None:
    (nodules, *_) = STAGE(Report(text="ſix nodules, one cyst.")).entities
    assert nodules.count == 6


def test_a_category_with_an_odd_letter_is_read() -> None:
    (score,) = STAGE(Report(text="BI-RADS category İV.")).scores
    assert score.category == "4"
