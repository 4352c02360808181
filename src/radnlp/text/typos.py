"""Words that are one letter off a word of the rules or the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHORTEST = 8  # letters; shorter words are too near to one another
_MOST_REMEMBERED = 50_000


class Typos:
    """Corrects long words within one edit: a letter more, less or other, or two swapped.

    The index of known words by what they are without one letter is built when the first unknown
    word comes. Threads may share it.

    Args:
        known: Words that need no correction.
        never: Words that are right although one letter off a known one.
    """

    def __init__(self, known: Iterable[str], never: Iterable[str]) -> None:
        self.known = frozenset(known)
        self._index: dict[str, tuple[str, ...]] = {}
        self._never = frozenset(never)
        self._said: dict[str, str] = {}
        self._right: set[str] = set()

    def corrected(self, words: list[str]) -> list[str]:
        """Return the words, the unknown long ones as the known word they are one edit off."""
        known, right = self.known, self._right
        odd = [
            word
            for word in words
            if len(word) >= SHORTEST and word not in known and word not in right
        ]
        if not odd:
            return words
        meant = {word: self._meant(word) for word in odd}
        return [meant.get(word, word) for word in words]

    def _meant(self, word: str) -> str:
        said = self._said.get(word)
        if said is None:
            said = self._look_up(word) if word.isalpha() else word
            if said == word:
                self._right = {word} if len(self._right) >= _MOST_REMEMBERED else self._right
                self._right.add(word)
                return word
            if len(self._said) >= _MOST_REMEMBERED:
                self._said = {}
            self._said[word] = said
        return said

    def _look_up(self, word: str) -> str:
        if not self._index:
            self._index = _index_of(self.known)
        if word in self._never:
            return word
        near = {
            known
            for part in (word, *_shortened(word))
            for known in self._index.get(part, ())
            if _is_one_edit(word, known) and not _is_inflection(word, known)
        }
        return near.pop() if len(near) == 1 else word


def _index_of(known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for word in known:
        if len(word) >= SHORTEST and word.isalpha():
            for part in {word, *_shortened(word)}:
                index[part] = (*index.get(part, ()), word)
    return index


def _shortened(word: str) -> Iterator[str]:
    return (word[:n] + word[n + 1 :] for n in range(len(word)))


def _is_one_edit(word: str, known: str) -> bool:
    """Tell whether two words are one edit apart; both begin alike, or a first letter is missing."""
    if len(word) != len(known):
        longer, shorter = (word, known) if len(word) > len(known) else (known, word)
        return len(longer) == len(shorter) + 1 and shorter in _shortened(longer)
    unlike = [n for n in range(len(word)) if word[n] != known[n]]
    if len(unlike) == 2:
        first, second = unlike
        swapped = word[first] == known[second] and word[second] == known[first]
        return swapped and second == first + 1
    return len(unlike) == 1 and unlike[0] > 0


def _is_inflection(word: str, known: str) -> bool:
    """Tell whether two words differ by their ending only: another form, not a typo."""
    return word[:-1] in (known, known[:-1]) or word == known[:-1]


__all__ = ["SHORTEST", "Typos"]
