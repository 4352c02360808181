"""Words with exact offsets, split by spaCy.

spaCy's base library imports torch whenever it finds it: 2 seconds and 450 MiB for a command that
reads text only. `import_spacy` therefore hides torch while spaCy is imported; afterwards torch
imports normally. It is the one place of the package where spaCy is imported.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from types import ModuleType

_PIECE = re.compile(r"[^\W\d_]+|\d+|_+|[^\w\s]")
# "[**Name**]" is one word: what stood there is not said. It may hold white space.
_MASK = re.compile(r"\[\*\*[^\[\]]{0,60}\*\*\]")
# A tokenizer keeps every word it has seen; past this many it is made anew, so that an archive of
# any length is read in constant memory.
_MOST_WORDS = 200_000
_IMPORTING = Lock()


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


class Tokens(NamedTuple):
    """The words of a text; white space is none of them.

    Attributes:
        words: Lower case.
        starts: Offset of each word.
        ends: Offset one past each word.
    """

    words: list[str]
    starts: list[int]
    ends: list[int]


class Splitter:
    """Splits text into runs of letters, runs of digits, and single marks. Threads may share it."""

    def __init__(self) -> None:
        self._tokenizer = _new_tokenizer()

    def __call__(self, text: str) -> Tokens:
        """Return the words of ``text``."""
        tokenizer = self._tokenizer
        if len(tokenizer.vocab.strings) > _MOST_WORDS:
            self._tokenizer = tokenizer = _new_tokenizer()
        words: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        for token in tokenizer(text):
            word = token.lower_
            if not word.isspace():
                start = token.idx
                words.append(word)
                starts.append(start)
                ends.append(start + len(token))
        tokens = Tokens(words, starts, ends)
        return _with_masks(text, tokens) if "[**" in text else tokens


def _with_masks(text: str, tokens: Tokens) -> Tokens:
    """Make one word of each de-identification mark."""
    past = (len(text), len(text))
    masks = (mask.span() for mask in _MASK.finditer(text))
    start, end = next(masks, past)
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for word, low, high in zip(*tokens, strict=True):
        while low >= end:
            start, end = next(masks, past)
        if start < low:
            continue
        words.append(text[start:end].lower() if low == start else word)
        starts.append(low)
        ends.append(end if low == start else high)
    return Tokens(words, starts, ends)


def _new_tokenizer() -> Any:
    """Make a blank English tokenizer whose only rule is `_PIECE`."""
    english = import_spacy("spacy.lang.en").English
    tokenizer_class = import_spacy("spacy.tokenizer").Tokenizer
    vocab = import_spacy("spacy.vocab").create_vocab("en", english.Defaults)
    # Only infixes: stripping prefixes one by one would take quadratic time on a text without
    # white space.
    return tokenizer_class(vocab, infix_finditer=_PIECE.finditer)


__all__ = ["Splitter", "Tokens", "import_spacy"]
