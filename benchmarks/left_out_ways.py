"""Ways to ground a finding that is left out; `left_out.py` measures them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from grounding import SEED, sentence_of
from radnlp.link.fuse import gather
from radnlp.link.usual import load_usual
from radnlp.nets.language import load_language, pieces_of
from radnlp.schema import Box, Candidates, Image, ImageReading
from radnlp.train.cache import read_grey
from radnlp.train.films import BOXED, Film
from radnlp.train.grounding import Drawn, drawn_boxes, habits_of
from radnlp.vision import EmbeddedVision, PreparationOptions
from radnlp.vision.prepare import run_steps
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from radnlp.nets.vision import VisionNet

#: The share of train patients that the shipped network did not learn from, and its seed.
HELD_OUT, NETWORK_SEED = 0.15, 1
LEFT_OUT = tuple(concept for concept in BOXED if concept != "cardiomegaly")
KIN = ({"opacity", "infiltrate", "pneumonia"}, {"nodule", "mass"})
#: How each finding looks, in plain words.
LOOK = {
    "opacity": "a hazy white area in the lung that hides the vessels",
    "atelectasis": "a white band or wedge at the lung base with loss of volume",
    "cardiomegaly": "a heart that is too wide",
    "infiltrate": "a patchy hazy white area in the lung",
    "mass": "a large dense rounded shadow in the lung, over three centimetres",
    "nodule": "a small dense rounded shadow in the lung, under three centimetres",
    "pleural_effusion": "white fluid at the bottom of the chest that blunts the angle and rises "
    "along the chest wall",
    "pneumonia": "a patchy or dense white area in part of the lung with air in the bronchi",
    "pneumothorax": "black air without lung markings outside a thin line along the chest wall at "
    "the apex",
}
#: The network's square and the maps of its heads, in cells.
SIDE, CELLS, FINE = 288, 18, 36
RANK, EPOCHS, BATCH, RATE, DECAY = 16, 6, 16, 2e-3, 0.05


@dataclass(frozen=True, eq=False)
class Seen:
    """One film: what was drawn on it, what the stage says of it, and its patches, (n, width)."""

    film: Film
    size: tuple[int, int]
    drawn: list[Drawn]
    reading: ImageReading
    patches: torch.Tensor
    cells: tuple[NDArray[np.float64], NDArray[np.float64]]


class Asked(NamedTuple):
    """A drawn box to be found."""

    drawn: Drawn
    seen: Seen


def see(films: Sequence[Film]) -> list[Seen]:
    """Run the shipped network over films; patches are those that its heads read."""
    readings: list[ImageReading] = []

    class Stage(EmbeddedVision):
        def __call__(self, image: Image) -> ImageReading:
            readings.append(super().__call__(image))
            return readings[-1]

    stage, caught = Stage(), {}
    net: VisionNet = stage._encoder._run._net  # patches are no output of the stage
    net.findings.register_forward_hook(lambda *given: caught.update(deep=given[-1][0][0]))
    net.places.smooth.register_forward_hook(lambda *given: caught.update(fine=given[-1][0]))
    seen = []
    for film in films:
        drawn = list(drawn_boxes([film], stage, seed=NETWORK_SEED, held_out=HELD_OUT))
        fine = functional.avg_pool2d(caught["fine"], FINE // CELLS)
        grey = read_grey(film.path)
        there = run_steps(grey, SIDE, PreparationOptions())[0].pixel_map
        middles = (np.arange(CELLS) + 0.5) * SIDE / CELLS
        seen.append(
            Seen(
                film=film,
                size=grey.shape[::-1],
                drawn=drawn,
                reading=readings[-1],
                patches=torch.cat([caught["deep"], fine]).flatten(1).T.half(),
                cells=tuple(there.to_stored(np.stack([middles, middles], axis=1)).T),
            )
        )
    return seen


def asked_of(seen: Sequence[Seen]) -> list[Asked]:
    """Return every box of a finding that is left out, on films that are not turned away."""
    return [Asked(drawn, one) for one in seen for drawn in one.drawn if drawn.concept in LEFT_OUT]


Out: TypeAlias = frozenset[str]
#: Takes a drawn box and what is left out.
Way: TypeAlias = Callable[[Asked, Out], Box]


def alone(concept: str) -> Out:
    return frozenset({concept})


def kin(concept: str) -> Out:
    return frozenset({concept}).union(*(group for group in KIN if concept in group))


class Ways:
    """The ways that need no training, with the habits of films that the network learned from."""

    def __init__(self, learned: Sequence[Seen], *, prior_weight: float) -> None:
        habits = habits_of([drawn for one in learned for drawn in one.drawn])
        self.usual = replace(load_usual(), habits=habits, prior_weight=prior_weight)
        language = load_language()
        texts = {
            "sentence": [sentence_of(one, "right", "lower_zone") for one in BOXED],
            "look": [LOOK[one] for one in BOXED],
        }
        places = functional.normalize(language.net.concepts, dim=-1)
        named = list(language.weights.card["named"])
        rows = places[[named.index(one) for one in BOXED]].numpy()
        self.near = {"concepts": rows @ rows.T}
        for kind, said in texts.items():
            ids, mask, _ = pieces_of(language.tokenizer, said)
            with torch.inference_mode():
                lie = language.net.meaning_of(ids, mask).numpy()
            self.near[kind] = lie @ lie.T

    def zone(self, asked: Asked, out: Out) -> Box:
        """The zone that the words name."""
        return asked.drawn.named

    def usual_box(self, asked: Asked, out: Out) -> Box:
        """The usual place and size there of all that is left."""
        drawn = asked.drawn
        left = [zones for one, zones in self.usual.habits.items() if one not in out]
        there = [zones[drawn.zone] for zones in left if drawn.zone in zones]
        boxes = np.array([one.boxes for one in there])
        mean = boxes @ np.array([one.mean for one in there]) / boxes.sum()
        return drawn.measure.box(tuple(mean.tolist()))

    def centre(self, asked: Asked, out: Out) -> Box:
        """A box of that size in the middle of the image."""
        box, (width, height) = self.usual_box(asked, out), asked.seen.size
        x, y = width / 2, height / 2
        return Box(x - box.width / 2, y - box.height / 2, x + box.width / 2, y + box.height / 2)

    def others(self, asked: Asked, out: Out) -> Box:
        """What `radnlp.link` does; the zone where the picture is silent."""
        return self.gathered(asked.drawn, out, dict.fromkeys(BOXED, 0.0), self.usual.silent_below)

    def only(self, concept: str, asked: Asked, out: Out) -> Box:
        """One other finding alone; the zone if it is left out itself."""
        return self.gathered(asked.drawn, out, {concept: 0.0})

    def near_by(self, kind: str, sharpness: float, asked: Asked, out: Out) -> Box:
        """The others, each weighted by a softmax over cosines."""
        drawn = asked.drawn
        near = dict(zip(BOXED, self.near[kind][BOXED.index(drawn.concept)], strict=True))
        top = max(near[one] for one in BOXED if one not in out)
        return self.gathered(
            drawn, out, {one: float(value - top) / sharpness for one, value in near.items()}
        )

    def gathered(
        self, drawn: Drawn, out: Out, weights: dict[str, float], silent: float = -np.inf
    ) -> Box:
        """The mean of the candidates that are left, each finding's logits moved by its weight."""
        usual = self.usual.without(out)
        left = [
            _shifted(one, weights[one.concept])
            for one in drawn.others
            if one.concept in weights.keys() - out
        ]
        habit = usual.common_habit((drawn.label,), drawn.named, drawn.measure)
        if habit is None or not left:
            return drawn.named
        common = gather(habit, drawn.measure, left, usual)
        if common is None or common.logit < silent:
            return drawn.named
        return drawn.measure.box(common.box)


def _shifted(one: Candidates, by: float) -> Candidates:
    """Candidates with ``by`` added to every logit."""
    sure = np.clip(one.scores.astype(np.float64), 1e-6, 1 - 1e-6)
    scores = 1 / (1 + (1 - sure) / sure * np.exp(-by))
    return Candidates(concept=one.concept, scores=scores, boxes=one.boxes, weights=one.weights)


def learned_way(learned: Sequence[Seen], out: Out, ways: Ways, *, phrase: bool) -> Way:
    """Learn a map of patches from the boxes of what is not left out, with the phrase or without.

    A cell's logit is ``(U patch) · (V phrase) + w patch``. Boxes are the candidates of what is
    left, each with the logit of its cell.
    """
    torch.manual_seed(SEED)
    draw = np.random.default_rng(SEED)
    terms = {one: _phrases(one) for one in BOXED}
    pairs = [
        (number, concept, _inside(one, concept))
        for number, one in enumerate(learned)
        for concept in sorted({drawn.concept for drawn in one.drawn} - out)
    ]
    patches = torch.stack([one.patches for one in learned]).float()
    mean, spread = patches.mean((0, 1)), patches.std((0, 1)) + 1e-3
    patches = (patches - mean) / spread
    width, words = patches.shape[-1], terms["opacity"].shape[1]
    seen, said, plain = nn.Linear(width, RANK), nn.Linear(words, RANK), nn.Linear(width, 1)

    def logits(cells: torch.Tensor, phrases: torch.Tensor) -> torch.Tensor:
        common = torch.einsum("nkr,nr->nk", seen(cells), said(phrases)) / RANK**0.5
        return plain(cells)[..., 0] + common * phrase

    solver = torch.optim.AdamW(
        [*seen.parameters(), *said.parameters(), *plain.parameters()], lr=RATE, weight_decay=DECAY
    )
    for _ in range(EPOCHS):
        for batch in np.array_split(draw.permutation(len(pairs)), len(pairs) // BATCH):
            some = [pairs[index] for index in batch]
            truth = torch.stack([inside for *_, inside in some])
            phrases = torch.stack(
                [terms[one][draw.integers(len(terms[one]))] for _, one, _ in some]
            )
            found = logits(patches[[number for number, *_ in some]], phrases)
            share = torch.where(
                truth > 0, 1 / truth.sum(1, keepdim=True), 1 / (1 - truth).sum(1, keepdim=True)
            )
            loss = functional.binary_cross_entropy_with_logits(found, truth, reduction="none")
            solver.zero_grad()
            (loss * share).sum(1).mean().backward()
            solver.step()

    def way(asked: Asked, left_out: Out) -> Box:
        drawn, one = asked
        with torch.inference_mode():
            cells = ((one.patches.float() - mean) / spread)[None]
            found = logits(cells, terms[drawn.concept][:1]).view(1, 1, CELLS, CELLS)
            fine = functional.interpolate(found, size=(FINE, FINE), mode="bilinear")
            sure = torch.sigmoid(fine).flatten().numpy()
        heard = [replace(other, scores=sure) for other in drawn.others]
        return ways.gathered(
            replace(drawn, others=tuple(heard)), left_out, dict.fromkeys(BOXED, 0.0)
        )

    return way


def _phrases(concept: str) -> torch.Tensor:
    """The name of a concept and up to twelve of its terms, as the text encoder places them."""
    language = load_language()
    texts = [concept.replace("_", " "), *load_vocabulary().get(concept).terms[:12]]
    ids, mask, _ = pieces_of(language.tokenizer, texts)
    with torch.inference_mode():
        return language.net.phrase_of(ids, mask).clone()


def _inside(one: Seen, concept: str) -> torch.Tensor:
    """1 for the cells whose middle lies in a drawn box of the finding, at least for one."""
    grid, (x, y) = np.zeros((CELLS, CELLS), np.float32), one.cells
    for drawn in (drawn for drawn in one.drawn if drawn.concept == concept):
        box = drawn.box
        across, down = (x >= box.x0) & (x <= box.x1), (y >= box.y0) & (y <= box.y1)
        across[np.abs(x - box.center[0]).argmin()] = True
        down[np.abs(y - box.center[1]).argmin()] = True
        grid[np.ix_(down, across)] = 1
    return torch.from_numpy(grid.ravel())
