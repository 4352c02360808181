"""Splitting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from radnlp.text.tokens import split


def test_marks_digits_and_letters_are_words_of_their_own() -> None:
    assert split("(T7-T8) 1.5cm, ok.No").words == [
        *("(", "t", "7", "-", "t", "8", ")"),
        *("1", ".", "5", "cm", ",", "ok", ".", "no"),
    ]


@given(st.text())
def test_words_lie_in_order_at_their_offsets(text: str) -> None:
    tokens = split(text)
    end = 0
    for word, start, stop in zip(tokens.words, tokens.starts, tokens.ends, strict=True):
        assert end <= start < stop
        assert text[start:stop].lower() == word
        end = stop


def test_a_mark_of_removed_text_is_one_word() -> None:
    assert split("Dr. [**Last Name**] saw [**2**].").words == [
        *("dr", ".", "[**last name**]", "saw", "[**2**]", "."),
    ]
