"""Sentences → vectors, so that near ones can be found."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_WIDTH = 512


class Embedder(Protocol):
    """Turns sentences into vectors; an index remembers the name and takes no other's."""

    name: str

    def __call__(self, sentences: Sequence[str], /) -> NDArray[np.float32]:
        """Return shape (n, d), each row of length 1, or 0 for a sentence without words."""
        ...


class HashedWords:
    """Counts words and pairs of words in 512 fields, chosen by a hash; knows no meaning.

    Source:
        Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009.

    Examples:
        >>> asked, near, far = HashedWords()(["no effusion", "No effusion.", "No mass."])
        >>> bool(asked @ near > asked @ far)
        True
    """

    name = "hashed-words-1"

    def __call__(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Return shape (n, 512), each row of length 1, or 0 for a sentence without words."""
        vectors = np.zeros((len(sentences), _WIDTH), np.float32)
        for row, sentence in zip(vectors, sentences, strict=True):
            words = _WORD.findall(sentence.lower())
            for part in (*words, *(f"{one} {other}" for one, other in pairwise(words))):
                digest = zlib.crc32(part.encode())
                row[digest % _WIDTH] += 1.0 if digest & 0x80000000 else -1.0
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: NDArray[np.float32] = vectors / np.maximum(lengths, np.float32(1e-12))
        return unit


__all__ = ["Embedder", "HashedWords"]
