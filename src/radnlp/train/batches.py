"""Chooses films and puts them and their targets into batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from radnlp.train.augment import Augmentation, augment
from radnlp.train.cache import MASK_STRIDE, FilmCache
from radnlp.train.films import MASKS, Film, Task, targets_of
from radnlp.train.places import move_boxes
from radnlp.train.targets import Targets
from radnlp.vision.prepare import Fit, to_network

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["FilmSet", "film_set"]

#: Pools that ask one easy question are drawn less often, rare full masks more often.
_POOL_FACTOR = {"kermany": 0.35, "wingspan": 2.0}

_BOXED_FACTOR = 2.0

_MASK_BITS = np.float32(255.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmSet:
    """Films with all that is known about them, as arrays along one axis.

    ``findings`` and ``known`` have shape (n, concepts), ``masks_known`` (n, 4), ``chance`` (n,).
    ``boxes`` holds for each film (m, 5): number of the boxed concept, x0, y0, x1, y1 in pixels of
    the cached image. ``mask_stride`` is the images' side over that of the masks that are drawn.
    """

    task: Task
    films: tuple[Film, ...]
    cache: FilmCache
    rows: NDArray[np.int64]
    findings: NDArray[np.float32]
    known: NDArray[np.float32]
    masks_known: NDArray[np.float32]
    chance: NDArray[np.float64]
    boxes: tuple[torch.Tensor, ...]
    mask_stride: int = 4

    def __len__(self) -> int:
        return len(self.films)

    def outlined(self) -> FilmSet:
        """Return the films of which a mask is known or guessed, or all if there is none."""
        chosen = np.flatnonzero(self.masks_known.any(axis=1))
        if not len(chosen):
            return self
        films = tuple(self.films[index] for index in chosen)
        return replace(
            self,
            films=films,
            rows=self.rows[chosen],
            findings=self.findings[chosen],
            known=self.known[chosen],
            masks_known=self.masks_known[chosen],
            chance=_chances(films),
            boxes=tuple(self.boxes[index] for index in chosen),
        )

    def positive_weight(self) -> torch.Tensor:
        """Return the root of negatives over positives per concept, from 1 to 4."""
        positives = (self.findings * self.known).sum(axis=0)
        negatives = self.known.sum(axis=0) - positives
        ratio = np.sqrt(negatives / np.maximum(positives, 1))
        return torch.from_numpy(np.clip(ratio, 1.0, 4.0).astype(np.float32))

    def draw(
        self,
        count: int,
        random: np.random.Generator,
        how: Augmentation,
        side: int | None = None,
    ) -> tuple[torch.Tensor, Targets]:
        """Draw ``count`` films by pool and augment them; images are in the network's range.

        ``side`` is that of the images, if it is not the cache's.
        """
        chosen = random.choice(len(self), size=count, p=self.chance, replace=count > len(self))
        rows = self.rows[chosen]
        generator = torch.Generator().manual_seed(int(random.integers(2**31)))
        before = self.cache.images.shape[-1]
        images, masks, warps = augment(
            _floats(self.cache.images[rows][:, None]),
            _floats(self.cache.masks[rows]),
            how,
            generator,
            mask_stride=self.mask_stride,
            side=side,
        )
        targets = Targets(
            masks=masks,
            masks_known=torch.from_numpy(self.masks_known[chosen]),
            boxes=tuple(
                move_boxes(self.boxes[index], warp, before, images.shape[-1])
                for index, warp in zip(chosen, warps, strict=True)
            ),
            side=images.shape[-1],
            findings=torch.from_numpy(self.findings[chosen]),
            findings_known=torch.from_numpy(self.known[chosen]),
            positive_weight=self.positive_weight(),
            columns=self.task.columns,
        )
        return to_network(images), targets

    def images(self, indices: NDArray[np.int64]) -> torch.Tensor:
        """Return films as they are, in the network's range, shape (n, 1, size, size)."""
        return to_network(_floats(self.cache.images[self.rows[indices]][:, None]))

    def masks(self, indices: NDArray[np.int64]) -> torch.Tensor:
        """Return the truth, shape (n, 4, k, k) where k is the images' side over ``mask_stride``."""
        masks = _floats(self.cache.masks[self.rows[indices]])
        return torch.nn.functional.avg_pool2d(masks, self.mask_stride // MASK_STRIDE)


def _floats(values: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32) / _MASK_BITS)


def film_set(films: Sequence[Film], rows: Sequence[int], cache: FilmCache, task: Task) -> FilmSet:
    """Gather films and their targets.

    Args:
        films: The films of the set.
        rows: Where each lies in the cache.
        cache: Prepared films.
        task: What is asked of them.
    """
    findings = np.zeros((len(films), len(task.concepts)), np.float32)
    known = np.zeros_like(findings)
    masks_known = np.zeros((len(films), len(MASKS)), np.float32)
    for index, film in enumerate(films):
        for concept, present in targets_of(film).items():
            column = task.concepts.index(concept)
            findings[index, column], known[index, column] = present, 1
        names = {name for name, _ in film.masks}
        sides = {"left_lung", "right_lung"} <= names
        for name in names - ({"lungs"} if sides else set()):
            masks_known[index, MASKS.index(name)] = 1
    return FilmSet(
        task=task,
        films=tuple(films),
        cache=cache,
        rows=np.asarray(rows, np.int64),
        findings=findings,
        known=known,
        masks_known=masks_known,
        chance=_chances(films),
        boxes=tuple(
            _boxes(film, task, cache.sides[row], cache.images.shape[-1])
            for film, row in zip(films, rows, strict=True)
        ),
    )


def _boxes(film: Film, task: Task, sides: NDArray[np.int32], size: int) -> torch.Tensor:
    """Return a film's boxes in pixels of the prepared square, shape (m, 5)."""
    fit = Fit.of(int(sides[0]), int(sides[1]), size)
    x, y = fit.width / int(sides[1]), fit.height / int(sides[0])
    rows = [
        (
            task.boxed.index(concept),
            x0 * x + fit.left,
            y0 * y + fit.top,
            x1 * x + fit.left,
            y1 * y + fit.top,
        )
        for concept, x0, y0, x1, y1 in film.boxes
        if concept in task.boxed
    ]
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 5)


def _chances(films: Sequence[Film]) -> NDArray[np.float64]:
    """Draw a pool by its size to the power 0.75, so that small pools are seen often enough.

    Films with boxes teach more: they are drawn twice as often as others of their pool.
    """
    pools, owner, counts = np.unique(
        [film.pool for film in films], return_inverse=True, return_counts=True
    )
    factor = np.array([_POOL_FACTOR.get(str(pool), 1.0) for pool in pools])
    each = (factor * counts**0.75 / counts)[owner]
    each = each * np.where([bool(film.boxes) for film in films], _BOXED_FACTOR, 1.0)
    return np.asarray(each / each.sum(), np.float64)
