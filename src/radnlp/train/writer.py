"""``radnlp train writer``: made statements, and boxes of films → the small decoder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

from radnlp.errors import InputError
from radnlp.io import read_image
from radnlp.nets.language import read_tokenizer
from radnlp.nets.weights import load_weights, write_weights
from radnlp.nets.writer import (
    ARCHITECTURE,
    ReportWriter,
    ReportWriterConfig,
    memory_of,
    own_tensors,
)
from radnlp.train.course import Course
from radnlp.train.start import films_of, tell
from radnlp.train.statements import made_statement, said_of_box
from radnlp.version import __version__
from radnlp.vision.encoder import Encoder

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from torch import Tensor

    from radnlp.train.films import Film

__all__ = ["WriterTraining", "seen_boxes", "train_writer"]

_SHAPE = {
    "d_model": 256,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 768,
    "decoder_ffn_dim": 768,
}
_THIRDS = ("upper zone", "mid zone", "lower zone")
#: Findings whose place is the heart's, so that side and zone say nothing.
_UNPLACED = frozenset({"cardiomegaly"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterTraining:
    """Options of ``train_writer``.

    Attributes:
        output: Folder for checkpoint, log and, at the end, weights, card and tokenizer.
        data: Folders of films with boxes, see `read_films`; without any, no image is learned from.
        steps: How many batches are learned from.
        seed: Decides weights and statements.
        batch: Statements per step.
        filmed: Part of them that is about a box of a film.
        rate: Greatest learning rate.
        language: Weights whose tokenizer is used.
        vision: Weights of the network whose patches are seen.
        threads: Threads of torch; ``None`` leaves its own choice.
        bfloat16: Compute in bfloat16.
        resume: Go on from the checkpoint in ``output``.
        name: Name of the weights.

    Raises:
        InputError: an option is out of its range.
    """

    output: Path
    data: tuple[Path, ...] = ()
    steps: int = 3000
    seed: int = 1
    batch: int = 64
    filmed: float = 0.2
    rate: float = 1e-3
    language: str | Path = "language-mini0"
    vision: str | Path = "vision-lite0"
    threads: int | None = None
    bfloat16: bool = False
    resume: bool = False
    name: str = "writer-mini0"

    def __post_init__(self) -> None:
        if min(self.steps, self.batch) < 1 or self.rate <= 0 or not 0 <= self.filmed < 1:
            raise InputError(
                "steps, batch and rate must be positive and filmed between 0 and 1; got "
                f"{self.steps}, {self.batch}, {self.rate}, {self.filmed}"
            )


class _Seen(NamedTuple):
    """A box of a film: what it shows, where, and the row of the film's patches."""

    concept: str
    side: str
    place: str
    row: int


def train_writer(options: WriterTraining) -> Path:
    """Train the decoder and write ``NAME.safetensors`` with its card.

    Statements are made while training goes on. Of films only the train split is read, and of the
    findings only those with a box. Nothing is chosen by a measurement: the last state is written.

    Returns:
        The path of the weights.

    Raises:
        FileMissing: a folder or image is not there.
        ModelNotFound: the weights of language or vision are not there, or there is no checkpoint
            to go on from.
    """
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    options.output.mkdir(parents=True, exist_ok=True)
    run = _Run(options)
    run.train()
    return run.finish()


class _Run:
    """The network, what it learns from, and the loop."""

    def __init__(self, options: WriterTraining) -> None:
        self.options = options
        torch.manual_seed(options.seed)
        language = load_weights(options.language, architectures=frozenset({"radnlp-language-1"}))
        self.tokenizer = read_tokenizer(options.language, language)
        self.shape: dict[str, Any] = {
            "vocab_size": self.tokenizer.get_vocab_size(),
            "patch_width": 320,
            **_SHAPE,
            "max_position_embeddings": 256,
            "pad_token_id": self.tokenizer.token_to_id("[PAD]"),
            "bos_token_id": self.tokenizer.token_to_id("[CLS]"),
            "eos_token_id": self.tokenizer.token_to_id("[SEP]"),
            "decoder_start_token_id": self.tokenizer.token_to_id("[CLS]"),
            "forced_eos_token_id": None,
            "scale_embedding": True,
        }
        films = _boxed_films(options.data)
        self.seen = [one for row, film in enumerate(films) for one in seen_boxes(film, row)]
        self.vision = None
        if films:
            encoder = Encoder(options.vision)
            self.vision = encoder.name
            self.patches = _patches(options, films, encoder)
            self.shape["patch_width"] = int(self.patches.shape[2])
        self.net = ReportWriter(ReportWriterConfig(**self.shape))
        self.course = Course(
            self.net,
            torch.optim.AdamW(
                [{"params": list(self.net.parameters()), "greatest": options.rate}],
                betas=(0.9, 0.98),
                weight_decay=0.01,
            ),
            options.output,
            name=options.name,
            seed=options.seed,
            rising=200,
            bfloat16=options.bfloat16,
        )
        if options.resume:
            # What is missing are the copies of the word pieces that `own_tensors` leaves out.
            self.net.load_state_dict(self.course.resume(), strict=False)
            self.net.tie_weights()

    def train(self) -> None:
        """Learn until the steps are used."""
        self.course.run(self.options.steps, self._losses, lambda: own_tensors(self.net))

    def _losses(self, draw: random.Random) -> tuple[Tensor, dict[str, Tensor]]:
        loss = self._loss(draw)
        return loss, {"loss": loss}

    def _loss(self, draw: random.Random) -> Tensor:
        filmed = round(self.options.filmed * self.options.batch) if self.seen else 0
        chosen = [draw.choice(self.seen) for _ in range(filmed)]
        said = [said_of_box(draw, one.concept, one.side, one.place) for one in chosen]
        said += [made_statement(draw) for _ in range(self.options.batch - filmed)]
        plan, mask = self._ids([one.plan for one in said])
        words, _ = self._ids([one.sentence for one in said])
        seen = None
        if chosen:
            seen = torch.zeros(len(said), *self.patches.shape[1:])
            seen[:filmed] = self.patches[[one.row for one in chosen]]
        memory, there = memory_of(self.net, plan, mask, seen)
        logits = self.net(
            inputs_embeds=memory, attention_mask=there, decoder_input_ids=words[:, :-1]
        ).logits
        return functional.cross_entropy(
            logits.float().flatten(0, 1),
            words[:, 1:].flatten(),
            ignore_index=int(self.shape["pad_token_id"]),
        )

    def _ids(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        encoded = self.tokenizer.encode_batch(texts)
        longest = max(len(one.ids) for one in encoded)
        ids = torch.tensor([one.ids + [0] * (longest - len(one.ids)) for one in encoded])
        return ids, ids.ne(0).long()

    def finish(self) -> Path:
        """Write weights, card and tokenizer."""
        name = self.options.name
        tokenizer = f"{Path(str(self.options.language)).stem}.tokenizer"
        path = self.options.output / f"{name}.safetensors"
        write_weights(
            path,
            own_tensors(self.net),
            {
                "name": name,
                "version": "1",
                "architecture": ARCHITECTURE,
                "shape": self.shape,
                "tokenizer": tokenizer,
                "training": {
                    "seed": self.options.seed,
                    "steps": self.course.step,
                    "batch": self.options.batch,
                    "filmed": self.options.filmed,
                    "boxes": len(self.seen),
                    "vision": self.vision,
                },
            },
        )
        self.tokenizer.save(str(self.options.output / tokenizer), pretty=False)
        tell(f"wrote {path}")
        return path


def _boxed_films(folders: Sequence[Path]) -> list[Film]:
    return [
        film
        for film in films_of(folders)
        if film.split == "train" and any(box[0] not in _UNPLACED for box in film.boxes)
    ]


def _patches(options: WriterTraining, films: Sequence[Film], encoder: Encoder) -> Tensor:
    """Return the patches of films, shape (films, patches, channels).

    They are kept in ``output``, since looking at some hundred films takes minutes, under a name
    that holds for these very films and this network alone.
    """
    kept = options.output / f"patches-{_key(films, encoder)}.npy"
    if kept.is_file():
        return torch.from_numpy(np.load(kept))
    rows = []
    for number, film in enumerate(films):
        pixels = read_image(film.path).pixels
        layout = encoder(np.asarray(pixels, np.float32)).layout
        rows.append(layout.reshape(layout.shape[0], -1).T)
        if number % 100 == 0:
            tell(f"looked at {number} of {len(films)} films")
    patches = np.stack(rows)
    np.save(kept, patches)
    return torch.from_numpy(patches)


def _key(films: Sequence[Film], encoder: Encoder) -> str:
    """Return what changes with any film, their order, the network or the version."""
    key = hashlib.sha256(f"{encoder.name} {__version__}".encode())
    for film in films:
        key.update(hashlib.sha256(film.path.read_bytes()).digest())
    return key.hexdigest()[:16]


def seen_boxes(film: Film, row: int) -> list[_Seen]:
    """Return the boxes of a film by side and third of the image; image left is patient right."""
    image = read_image(film.path)
    found = []
    for concept, x0, y0, x1, y1 in film.boxes:
        if concept not in _UNPLACED:
            side = "right" if (x0 + x1) / 2 < image.columns / 2 else "left"
            third = min(2, int((y0 + y1) / 2 / image.rows * 3))
            found.append(_Seen(concept, side, _THIRDS[third], row))
    return found
