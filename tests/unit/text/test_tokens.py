"""Splitting, and spaCy without torch."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from radnlp.text.tokens import Splitter

SPLIT = Splitter()


def test_marks_digits_and_letters_are_words_of_their_own() -> None:
    assert SPLIT("(T7-T8) 1.5cm, ok.No").words == [
        *("(", "t", "7", "-", "t", "8", ")"),
        *("1", ".", "5", "cm", ",", "ok", ".", "no"),
    ]


@given(st.text())
def test_words_lie_in_order_at_their_offsets(text: str) -> None:
    tokens = SPLIT(text)
    end = 0
    for word, start, stop in zip(tokens.words, tokens.starts, tokens.ends, strict=True):
        assert end <= start < stop
        assert text[start:stop].lower() == word
        end = stop


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_reading_a_report_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from radnlp.text import RuleText; from radnlp.schema.text import Report; "
        "RuleText()(Report(text='No effusion.')); "
        "print([n for n in ('torch', 'transformers', 'timm') if n in sys.modules])"
    )
    assert run(code) == "[]"


def test_torch_can_be_imported_after_spacy() -> None:
    code = (
        "import sys, importlib.util; from radnlp.text.tokens import import_spacy; import_spacy(); "
        "print('spacy' in sys.modules, 'torch' in sys.modules, "
        "importlib.util.find_spec('torch') is not None)"
    )
    assert run(code) == "True False True"


def test_a_mark_of_removed_text_is_one_word() -> None:
    assert SPLIT("Dr. [**Last Name**] saw [**2**].").words == [
        *("dr", ".", "[**last name**]", "saw", "[**2**]", "."),
    ]
