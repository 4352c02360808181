"""Words without which a sentence holds no recommendation, score, count or quantity.

Most sentences have none of them, so one look at their words spares all the patterns.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from radnlp.text.tokens import split


class More(NamedTuple):
    """What a sentence may hold beyond its mentions."""

    advice: bool
    score: bool
    number: bool
    quantity: bool


def _listed(name: str, key: str = "words") -> frozenset[str]:
    source = files("radnlp.text") / "rules" / f"{name}.toml"
    return frozenset(tomllib.loads(source.read_text("utf-8"))[key])


_ADVICE = _listed("recommendations")
_SCORES = _listed("scores")
_COUNTS = _listed("quantities")
_UNITS = _listed("quantities", "units")
_ALL = _ADVICE | _SCORES | _COUNTS | _UNITS


def says_more(words: list[str]) -> bool:
    """Tell whether a sentence with these words (in lower case) may hold any of it.

    Digits may count something.
    """
    return not _ALL.isdisjoint(words) or any(map(str.isdigit, words))


@lru_cache(maxsize=10_000)
def what_more(sentence: str) -> More:
    """Tell what a sentence may hold; what is remembered spares an archive its repetitions."""
    words = split(sentence).words
    digits = any(map(str.isdigit, words))
    return More(
        advice=not _ADVICE.isdisjoint(words),
        score=not _SCORES.isdisjoint(words),
        number=digits or not _COUNTS.isdisjoint(words),
        quantity=digits and not _UNITS.isdisjoint(words),
    )


__all__ = ["More", "says_more", "what_more"]
