"""Small letters, as a pattern that ignores case takes them."""

from __future__ import annotations

# `re.IGNORECASE` takes these four for a Latin letter, and `str.lower` leaves them or makes two of
# one. Long s, dotless i, dotted I, the sign for kelvin.
_TWINS = str.maketrans({"ſ": "s", "ı": "i", "İ": "i", "\u212a": "k"})


def in_small_letters(words: str) -> str:
    """Return what a pattern that ignores case has matched, as the pattern spells it.

    Example:
        >>> in_small_letters("ſıX Months")
        'six months'
    """
    return (words if words.isascii() else words.translate(_TWINS)).lower()


__all__ = ["in_small_letters"]
