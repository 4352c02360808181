"""Sentences → vectors, so that near ones can be found."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from radnlp.errors import InvalidRecord

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_WIDTH = 512
_BATCH = 32


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


class Meaning:
    """Places sentences by what they say, with the language model; needs torch.

    Args:
        weights: A file, a folder, or the name of shipped weights.

    Raises:
        ModelNotFound: There are no such weights.
        ModelRejected: They do not fit.
    """

    def __init__(self, weights: str | Path = "language-mini0") -> None:
        from radnlp.nets.language import load_language

        self._loaded = load_language(weights)
        self.name = self._loaded.weights.name

    def __call__(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Return shape (n, 128), each row of length 1."""
        import torch

        from radnlp.nets.language import pieces_of

        net, tokenizer = self._loaded.net, self._loaded.tokenizer
        rows = [np.zeros((0, net.shape.meaning_width), np.float32)]
        with torch.inference_mode():
            for first in range(0, len(sentences), _BATCH):
                ids, mask, _ = pieces_of(tokenizer, sentences[first : first + _BATCH])
                rows.append(net.meaning_of(ids, mask).numpy())
        return np.concatenate(rows)


def embedder_of(name: str) -> Embedder:
    """Return the embedder of that name, as an index remembers it.

    Raises:
        InvalidRecord: It is none of radnlp's own; pass the one that made the index.
        ModelNotFound: The weights that it names are not shipped.
    """
    if name == HashedWords.name:
        return HashedWords()
    if "@" in name:
        return Meaning(name.partition("@")[0])
    raise InvalidRecord(
        f"the index was made by the embedder {name!r}, which is none of radnlp's own; pass it as "
        "embed="
    )


__all__ = ["Embedder", "HashedWords", "Meaning", "embedder_of"]
