"""Words with exact offsets, split by spaCy.

spaCy's base library imports torch whenever it finds it: 2 seconds and 450 MiB for a command that
reads text only. `import_spacy` therefore hides torch while spaCy is imported; afterwards torch
imports normally. It is the one place of the package where spaCy is imported.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

_PIECE = re.compile(r"[^\W\d_]+|\d+|_+|[^\w\s]")
_IMPORTING = Lock()
# A tokenizer keeps every word it has seen; past this many it is made anew, so that an archive of
# any length is read in constant memory.
_MOST_WORDS = 200_000


def import_spacy(name: str = "spacy") -> ModuleType:
    """Import spaCy, or one of its modules, without letting it import torch.

    Nothing is hidden if torch is loaded already, or spaCy is.
    """
    with _IMPORTING:
        if "torch" in sys.modules or "spacy" in sys.modules:
            return import_module(name)
        sys.modules["torch"] = None  # type: ignore[assignment]
        try:
            return import_module(name)
        finally:
            del sys.modules["torch"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a text; white space is none of them.

    Attributes:
        words: Lower case.
        starts: Offset of each word.
        ends: Offset one past each word.
        line_breaks: Number of line breaks before a word, for the words that follow one.
    """

    words: list[str]
    starts: list[int]
    ends: list[int]
    line_breaks: dict[int, int]


class Splitter:
    """Splits text into runs of letters, runs of digits, and single marks. Threads may share it."""

    def __init__(self) -> None:
        self._tokenizer = _new_tokenizer()
        attributes = import_spacy("spacy.attrs")
        self._columns = [attributes.LOWER, attributes.IDX, attributes.LENGTH]

    def __call__(self, text: str) -> Tokens:
        """Return the words of ``text``."""
        tokenizer = self._tokenizer
        if len(tokenizer.vocab.strings) > _MOST_WORDS:
            self._tokenizer = tokenizer = _new_tokenizer()
        rows = tokenizer(text).to_array(self._columns).tolist()
        strings = tokenizer.vocab.strings
        words = [strings[lower] for lower, _, _ in rows]
        breaks: dict[int, int] = {}
        blank = [k for k, word in enumerate(words) if word.isspace()]
        if blank:
            for n, k in enumerate(blank):
                following = k - n
                breaks[following] = breaks.get(following, 0) + words[k].count("\n")
            rows = [row for row, word in zip(rows, words, strict=True) if not word.isspace()]
            words = [strings[lower] for lower, _, _ in rows]
        return Tokens(
            words,
            [start for _, start, _ in rows],
            [start + length for _, start, length in rows],
            {k: count for k, count in breaks.items() if count},
        )


def _new_tokenizer() -> Any:
    """Make a blank English tokenizer whose only rule is `_PIECE`."""
    english = import_spacy("spacy.lang.en").English
    tokenizer_class = import_spacy("spacy.tokenizer").Tokenizer
    vocab = import_spacy("spacy.vocab").create_vocab("en", english.Defaults)
    return tokenizer_class(vocab, prefix_search=_PIECE.match, infix_finditer=_PIECE.finditer)


__all__ = ["Splitter", "Tokens", "import_spacy"]
