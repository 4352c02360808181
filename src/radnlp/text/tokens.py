"""Words with exact offsets.

One pattern splits a text: spaCy's tokenizer gave the same words in twice the time and a second of
start (docs/decisions/0003). spaCy itself is imported only by the spaCy components.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# "[**Name**]" is one word: what stood there is not said. It may hold white space.
_WORD = re.compile(r"\[\*\*[^\[\]]{0,60}\*\*\]|[^\W\d_]+|\d+|_+|[^\w\s]")


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


def split(text: str) -> Tokens:
    """Return the words of ``text``: runs of letters, runs of digits, and single marks.

    The time is linear in the length of the text.
    """
    matches = list(_WORD.finditer(text))
    return Tokens(
        [match[0].lower() for match in matches],
        [match.start() for match in matches],
        [match.end() for match in matches],
    )


__all__ = ["Tokens", "split"]
