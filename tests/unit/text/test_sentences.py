"""Where sentences end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.text.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("No mass. No cyst.", ["No mass.", "No cyst."]),
        ("No mass; no cyst", ["No mass;", "no cyst"]),
        ("A 1.5 cm cyst.", ["A 1.5 cm cyst."]),
        ("Cyst vs. mass.", ["Cyst vs. mass."]),
        ("Lt. lung clear.", ["Lt. lung clear."]),
        ("? pneumonia. Clear.", ["? pneumonia.", "Clear."]),
        ("Pneumonia? Clear.", ["Pneumonia?", "Clear."]),
        ("the left\nLower lobe", ["the left\nLower lobe"]),
        ("No mass\nNo cyst", ["No mass", "No cyst"]),
        ("no mass\n- cyst", ["no mass", "- cyst"]),
        ("no mass\n\ncyst", ["no mass", "cyst"]),
        ("no pleural\neffusion", ["no pleural\neffusion"]),
        ("clear.No mass", ["clear.", "No mass"]),
    ],
)
def test_sentences_end_where_a_reader_would_stop(text: str, wanted: list[str]) -> None:
    assert sentences(text) == wanted


@given(st.text())
def test_sentences_lie_in_order_and_hold_every_word(text: str) -> None:
    last = 0
    for start, end in split_sentences(text, 0, len(text)):
        assert last <= start < end <= len(text)
        assert not text[last:start].strip()
        last = end
    assert not text[last:].strip()


def test_a_sentence_without_end_is_cut() -> None:
    assert max(map(len, sentences("word " * 5_000))) <= 2_000
