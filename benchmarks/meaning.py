"""Does a sentence lie nearer to one that says the same than to its denial?

    python benchmarks/meaning.py [--weights PATH] [--triplets 600] [--results]

Each triplet is made here from templates that no training used: an anchor, a sentence that says the
same of the same concept in another template and by another term, and one that differs from the
anchor by what it claims alone (present, absent, uncertain), or by the side, in the anchor's own
terms. The anchor's term is one that training was not to see; the same in other words takes any
other term of the concept. Beside radnlp's language model: MiniLM as it comes (its package is
needed), and the words that two sentences share.

*concept*: a bare held-out term against all concepts of the vocabulary, nearest first.

*heads*: for chest findings that the vision network has no boxes for, the nearest one that it has:
what grounding such a finding by its nearest neighbour would take it for.
"""

from __future__ import annotations

import argparse
import random
from typing import TYPE_CHECKING

import numpy as np
import torch

from radnlp.nets.language import load_language, pieces_of
from radnlp.report.embed import Meaning
from radnlp.schema import EntityKind
from radnlp.text.tagger import Tagger
from radnlp.train.films import BOXED
from radnlp.train.grammar import is_held_out
from radnlp.train.pieces import load_minilm
from radnlp.vocabulary import load_vocabulary
from results import append

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

BOOTSTRAP = 1_000
SAID = {
    "present": ("We see {} on the current images.", "On today's study {} stands out.",
                "{} can be made out on several slices.", "Also visible: {}."),
    "absent": ("There continues to be no {}.", "We could not find {}.",
               "{} was looked for and not found.", "Not a trace of {}."),
    "uncertain": ("This might well be {}.", "The picture leaves {} open.",
                  "{} was raised as a possibility.", "One could think of {}."),
}  # fmt: skip


def triplets(count: int) -> list[tuple[str, str, str, str]]:
    """Return (anchor, same, other, how the other differs)."""
    draw = random.Random(9)
    pools = []
    for concept in load_vocabulary():
        held = [term for term in concept.terms if is_held_out(concept, term)]
        if concept.kind is EntityKind.FINDING and len(concept.terms) > 2 and held:
            pools.append((held, [term for term in concept.terms if term not in held[:1]]))
    made = []
    for number in range(count):
        held, others = draw.choice(pools)
        claim = draw.choice(list(SAID))
        first, second = draw.sample(SAID[claim], 2)
        side = draw.choice(("left ", "right "))
        anchor = first.format(side + held[0])
        same = second.format(side + draw.choice(others))
        if number % 2:
            swapped = "right " if side == "left " else "left "
            made.append((anchor, same, first.format(swapped + held[0]), "side"))
        else:
            other = draw.choice([one for one in SAID if one != claim])
            made.append((anchor, same, draw.choice(SAID[other]).format(side + held[0]), "claim"))
    return [tuple(text[:1].upper() + text[1:] for text in one[:3]) + one[3:] for one in made]


def words(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return counts of words, of length 1."""
    known = {word: n for n, word in enumerate(sorted({w for t in texts for w in t.split()}))}
    counts = np.zeros((len(texts), len(known)), np.float32)
    for row, text in enumerate(texts):
        for word in text.split():
            counts[row, known[word]] += 1
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def minilm() -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Return MiniLM's own sentence embedding: the mean of its states, of length 1."""
    import json

    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel

    loaded = load_minilm()
    tokenizer = Tokenizer.from_str(json.dumps(loaded.tokenizer_json))
    tokenizer.no_padding()
    model = BertModel(
        BertConfig(
            hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
        ),
        add_pooling_layer=False,
    ).eval()
    model.load_state_dict({name: loaded.tensors[name] for name in model.state_dict()})

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        rows = []
        for first in range(0, len(texts), 32):
            ids, mask, _ = pieces_of(tokenizer, texts[first : first + 32])
            with torch.inference_mode():
                states = model(ids, attention_mask=mask).last_hidden_state
            mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            rows.append(torch.nn.functional.normalize(mean, dim=-1))
        return torch.cat(rows).numpy()

    return embed


def interval(right: NDArray[np.bool_]) -> list[float]:
    """Return a share and its 95 % bootstrap interval."""
    draw = np.random.default_rng(0)
    shares = draw.choice(right, (BOOTSTRAP, len(right))).mean(axis=1)
    low, high = np.quantile(shares, (0.025, 0.975))
    return [round(float(value), 4) for value in (right.mean(), low, high)]


def concepts(tagger: Tagger) -> dict[str, object]:
    """Return how often the nearest concept of a bare held-out term is its own, or a kin of it."""
    vocabulary = load_vocabulary()
    asked = [
        (term, concept.id)
        for concept in vocabulary
        for term in concept.terms
        if is_held_out(concept, term)
    ]
    found = tagger.nearest([term for term, _ in asked])
    own = np.array([one == id for one, (_, id) in zip(found, asked, strict=True)])
    kin = np.array(
        [
            vocabulary.is_a(one, id) or vocabulary.is_a(id, one)
            for one, (_, id) in zip(found, asked, strict=True)
        ]
    )
    return {"n": len(asked), "own": interval(own), "own_broader_or_narrower": interval(kin)}


def heads(weights: str) -> dict[str, list[object]]:
    """Return (nearest finding with boxes, cosine) of the findings without, the nearest first."""
    loaded, vocabulary = load_language(weights), load_vocabulary()
    lie = torch.nn.functional.normalize(loaded.net.concepts, dim=-1)
    rows = {id: row for row, id in enumerate(loaded.weights.card["named"])}
    boxed = lie[[rows[id] for id in BOXED]]
    found = {}
    for concept in vocabulary:
        has_own = any(vocabulary.is_a(concept.id, one) for one in BOXED)
        if concept.kind is EntityKind.FINDING and concept.region == "chest" and not has_own:
            near = boxed @ lie[rows[concept.id]]
            found[concept.id] = [BOXED[int(near.argmax())], round(float(near.max()), 3)]
    best = sorted(found.items(), key=lambda item: -item[1][1])
    return dict(best[:20]) | {"n": [len(found)]}


def main() -> None:
    """Print the shares and append them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="language-mini0")
    parser.add_argument("--triplets", type=int, default=600)
    parser.add_argument("--results", action="store_true", help="append to results.jsonl")
    given = parser.parse_args()
    made = triplets(given.triplets)
    tagger = Tagger(given.weights)
    systems = {
        "radnlp language": Meaning(given.weights),
        "MiniLM as it comes": minilm(),
        "shared words": words,
    }
    kinds = np.array([how for *_, how in made])
    table: dict[str, object] = {}
    for name, embed in systems.items():
        lie = embed([text for one in made for text in one[:3]]).reshape(len(made), 3, -1)
        right = (lie[:, 0] * lie[:, 1]).sum(1) > (lie[:, 0] * lie[:, 2]).sum(1)
        table[name] = {
            "n": len(made),
            "all": interval(right),
            **{kind: interval(right[kinds == kind]) for kind in ("claim", "side")},
        }
        print(name, table[name])
    table["nearest concept of a held-out term"] = concepts(tagger)
    print(table["nearest concept of a held-out term"])
    table["heads"] = heads(given.weights)
    print(table["heads"])
    if given.results:
        append("meaning: nearer to the same statement than to its denial", table)


if __name__ == "__main__":
    main()
