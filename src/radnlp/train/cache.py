"""Keeps prepared films on disk, so that an epoch costs no decoding."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PillowImage

from radnlp.errors import InputError, NotAnImage
from radnlp.io import read_image
from radnlp.schema.entity import Side
from radnlp.train.films import MASKS, Film
from radnlp.vision.prepare import Fit, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


__all__ = ["MASK_STRIDE", "FilmCache", "open_cache", "read_grey"]

#: The square's side over the side of a mask.
MASK_STRIDE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmCache:
    """Prepared films, memory-mapped; a change stays in memory.

    ``images`` has shape (n, size, size), ``masks`` (n, 4, size / 2, size / 2) in the order of
    ``MASKS``, both uint8 with 255 for 1; ``sides`` (n, 2) holds rows and columns of the films.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    sides: NDArray[np.int32]


def read_grey(path: Path) -> NDArray[np.float32]:
    """Return an image file as grey values from 0 to 1, shape (rows, columns)."""
    with PillowImage.open(path) as image:
        grey = np.asarray(image.convert("L"), dtype=np.float32)
    return grey / np.float32(255.0)


def open_cache(
    films: Sequence[Film],
    folder: Path,
    size: int,
    tell: Callable[[str], None],
    *,
    hung: bool = True,
) -> FilmCache:
    """Open the cache of these films, and fill it first if it is not there.

    Args:
        films: In the order of the cache's first axis.
        folder: Where caches lie; each set of films has its own sub-folder.
        size: Side of the prepared square, a multiple of 32.
        tell: Takes one line of progress.
        hung: Whether they are chest films, which the vision stage sees as they are hung.

    Raises:
        InputError: a film is not as it is hung.
        FileError: an image cannot be read; the subclass says why.
    """
    told = [size, [str(film.path) for film in films], *([] if hung else ["as stored"])]
    named = json.dumps(told).encode()
    place = folder / f"films-{hashlib.sha256(named).hexdigest()[:12]}"
    done = place / "done"
    count, mask = len(films), size // MASK_STRIDE
    shapes = {
        "images": (count, size, size),
        "masks": (count, len(MASKS), mask, mask),
        "sides": (count, 2),
    }
    if not done.is_file():
        place.mkdir(parents=True, exist_ok=True)
        _fill(films, place, size, shapes, tell, hung=hung)
        done.touch()
    arrays = {name: np.load(place / f"{name}.npy", mmap_mode="c") for name in shapes}
    return FilmCache(**arrays)


def _fill(
    films: Sequence[Film],
    place: Path,
    size: int,
    shapes: dict[str, tuple[int, ...]],
    tell: Callable[[str], None],
    *,
    hung: bool,
) -> None:
    arrays = {
        name: np.lib.format.open_memmap(
            place / f"{name}.npy",
            mode="w+",
            dtype=np.int32 if name == "sides" else np.uint8,
            shape=shape,
        )
        for name, shape in shapes.items()
    }
    for index, film in enumerate(films):
        grey = _pixels(film, hung=hung)
        square, _ = prepare(grey, size)
        arrays["images"][index] = _bytes(square[0, 0])
        rows, columns = grey.shape
        fit = Fit.of(rows, columns, size)
        for name, path in film.masks:
            mask = torch.from_numpy(read_grey(path))[None, None]
            placed = torch.nn.functional.avg_pool2d(fit.place(mask), MASK_STRIDE)
            arrays["masks"][index, MASKS.index(name)] = _bytes(placed[0, 0])
        arrays["sides"][index] = grey.shape
        if index % 500 == 499:
            tell(f"prepared {index + 1} of {len(films)} films")
    for array in arrays.values():
        array.flush()


def _pixels(film: Film, *, hung: bool) -> NDArray[np.float32]:
    """Return a film as the vision stage will see it: DICOM through its window, PNG as it is."""
    image = read_image(film.path)
    if image.pixels is None:
        raise NotAnImage(f"{film.path.name} has no pixels; leave it out")
    if hung and image.orientation.image_left is Side.LEFT:
        raise InputError(
            f"{film.path.name} lies mirrored by its header (the patient's left at the image's "
            "left), expected a film as it is hung; mirror it with its boxes, or leave it out"
        )
    return image.pixels


def _bytes(values: torch.Tensor) -> NDArray[np.uint8]:
    scaled: NDArray[np.uint8] = (values.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return scaled
