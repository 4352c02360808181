"""The small clinical language model: one encoder that marks mentions and embeds phrases.

A BERT of transformers with a vocabulary of its own, and four linear heads:

- *tags*, per word piece: what begins or goes on there, BIO over `KINDS`;
- *assertion*, per word piece: what the sentence claims of the mention that it is part of;
- *phrase*, per text: where a bare phrase lies among the concepts, whose places are kept beside it;
- *meaning*, per text: where a sentence lies; "no effusion" lies away from "effusion".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from radnlp.errors import ModelRejected
from radnlp.nets.weights import SHIPPED, Weights, load_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ARCHITECTURE",
    "ASSERTIONS",
    "KINDS",
    "LanguageNet",
    "LanguageOutput",
    "LanguageShape",
    "LoadedLanguage",
    "load_language",
    "pieces_of",
    "read_tokenizer",
    "tag_names",
]

#: Name that a card gives to what this module builds; it changes when old weights no longer fit.
ARCHITECTURE = "radnlp-language-1"

#: Kinds of mentions that are tagged; the order is that of the weights.
KINDS = ("finding", "device", "anatomy", "procedure")

#: What is said of a mention; the order is that of the weights.
ASSERTIONS = ("present", "absent", "uncertain", "hypothetical")

#: Longest text in word pieces; `pieces_of` cuts what is longer.
LONGEST = 192


def tag_names() -> tuple[str, ...]:
    """Return the tags in the order of the weights.

    Examples:
        >>> tag_names()[:3]
        ('O', 'B-finding', 'I-finding')
    """
    return ("O", *(f"{place}-{kind}" for kind in KINDS for place in "BI"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageShape:
    """What is needed to build the network again before its weights are read.

    Attributes:
        pieces: Word pieces in the vocabulary.
        concepts: Concepts whose places are kept.
        width: Of the encoder.
        layers: Of the encoder.
        heads: Of attention.
        inner: Width of the feed-forward parts.
        places: Longest text in word pieces.
        phrase_width: Numbers that a phrase becomes.
        meaning_width: Numbers that a sentence becomes.
    """

    pieces: int
    concepts: int
    width: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    places: int = LONGEST
    phrase_width: int = 128
    meaning_width: int = 128

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as plain values for a JSON card."""
        return asdict(self)


class LanguageOutput(NamedTuple):
    """Tags and assertions, shape (n, pieces, …), before any softmax."""

    tags: Tensor
    assertions: Tensor


class LanguageNet(nn.Module):
    """The encoder and its heads.

    Args:
        shape: Sizes; a checkpoint fits only the shape it was trained with.

    Examples:
        >>> import torch
        >>> net = LanguageNet(LanguageShape(pieces=50, concepts=3, width=24, layers=1, inner=32))
        >>> ids, mask = torch.ones(2, 5, dtype=torch.long), torch.ones(2, 5, dtype=torch.long)
        >>> tuple(net(ids, mask).tags.shape), tuple(net.meaning_of(ids, mask).shape)
        ((2, 5, 9), (2, 128))
    """

    def __init__(self, shape: LanguageShape) -> None:
        super().__init__()
        from transformers import BertConfig, BertModel

        self.shape = shape
        config = BertConfig(
            vocab_size=shape.pieces,
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.inner,
            max_position_embeddings=shape.places,
        )
        self.encoder: Any = BertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(0.1)
        self.tags = nn.Linear(shape.width, len(tag_names()))
        self.assertions = nn.Linear(shape.width, len(ASSERTIONS))
        self.phrase = nn.Linear(shape.width, shape.phrase_width, bias=False)
        self.meaning = nn.Linear(shape.width, shape.meaning_width, bias=False)
        #: Where each concept lies, shape (concepts, phrase_width).
        self.concepts = nn.Parameter(torch.zeros(shape.concepts, shape.phrase_width))

    def forward(self, ids: Tensor, mask: Tensor) -> LanguageOutput:
        """Return tags and assertions of texts, ``ids`` and ``mask`` of shape (n, pieces)."""
        states = self.dropout(self._states(ids, mask))
        return LanguageOutput(tags=self.tags(states), assertions=self.assertions(states))

    def phrase_of(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return where bare phrases lie, shape (n, phrase_width), of length 1."""
        return functional.normalize(self.phrase(self._mean(ids, mask)), dim=-1)

    def meaning_of(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return where sentences lie, shape (n, meaning_width), of length 1."""
        return functional.normalize(self.meaning(self._mean(ids, mask)), dim=-1)

    def near_concepts(self, phrases: Tensor) -> Tensor:
        """Return the cosine of each phrase with each concept, shape (n, concepts)."""
        return phrases @ functional.normalize(self.concepts, dim=-1).T

    def _states(self, ids: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self.encoder(ids, attention_mask=mask).last_hidden_state
        return states

    def _mean(self, ids: Tensor, mask: Tensor) -> Tensor:
        states = self._states(ids, mask)
        weight = mask.unsqueeze(-1).to(states.dtype)
        return (states * weight).sum(dim=1) / weight.sum(dim=1)


class LoadedLanguage(NamedTuple):
    """A network ready to read, its tokenizer, and where it comes from."""

    net: LanguageNet
    tokenizer: Tokenizer
    weights: Weights


def load_language(path: str | Path = "language-mini0") -> LoadedLanguage:
    """Build the language model from a weights file, a folder, or shipped weights by name.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the weights or the tokenizer beside them do not fit.
    """
    weights = load_weights(path, architectures=frozenset({ARCHITECTURE}))
    tokenizer = read_tokenizer(path, weights)
    try:
        shape = LanguageShape(**weights.card["shape"])
        named = len(weights.card["named"])
    except (KeyError, TypeError) as error:
        raise ModelRejected(
            f"the card of {weights.name} lacks a fitting shape or the concepts named; copy it again"
        ) from error
    if named != shape.concepts:
        raise ModelRejected(
            f"the card of {weights.name} names {named} concepts, its shape has {shape.concepts}; "
            "copy both again"
        )
    if tokenizer.get_vocab_size() != shape.pieces:
        raise ModelRejected(
            f"the tokenizer has {tokenizer.get_vocab_size()} pieces, {weights.name} has "
            f"{shape.pieces}; copy both again"
        )
    net = LanguageNet(shape).eval()
    try:
        net.load_state_dict(dict(weights.tensors))
    except RuntimeError as error:
        raise ModelRejected(f"the weights of {weights.name} do not fit their shape") from error
    net.requires_grad_(requires_grad=False)
    return LoadedLanguage(net=net, tokenizer=tokenizer, weights=weights)


def read_tokenizer(path: str | Path, weights: Weights) -> Tokenizer:
    """Return the tokenizer that the card of weights names; it lies beside them.

    "[SEP]" and its like in a text are read as any other words; only what `pieces_of` sets around a
    text is a special piece.

    Raises:
        ModelRejected: it is missing or broken.
    """
    given = Path(path)
    folder = given if given.is_dir() else given.parent if given.is_file() else SHIPPED
    if "tokenizer" not in weights.card:
        raise ModelRejected(f"the card of {weights.name} names no tokenizer; copy it again")
    place = folder / str(weights.card["tokenizer"])
    try:
        tokenizer = Tokenizer.from_file(str(place))
    except Exception as error:  # the library raises bare Exception
        raise ModelRejected(
            f"{place.name} cannot be read as a tokenizer ({error}); copy it again with the weights"
        ) from error
    tokenizer.encode_special_tokens = True
    return tokenizer


def pieces_of(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Tensor, Tensor, list[Any]]:
    """Return ids and mask, shape (n, longest), and per text the (start, end) of its pieces.

    Offsets count Unicode code points of the text; special pieces have an empty range.
    """
    encoded = tokenizer.encode_batch(list(texts))
    longest = min(max((len(one.ids) for one in encoded), default=1), LONGEST)
    ids = torch.zeros(len(encoded), longest, dtype=torch.long)
    mask = torch.zeros(len(encoded), longest, dtype=torch.long)
    for row, one in enumerate(encoded):
        cut = one.ids[:longest]
        ids[row, : len(cut)] = torch.tensor(cut)
        mask[row, : len(cut)] = 1
    return ids, mask, [one.offsets[:longest] for one in encoded]
