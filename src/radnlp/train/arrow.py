"""Data sets of the library datasets → images with classes of one's own."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

from radnlp.errors import InputError
from radnlp.train.classes import labelled

if TYPE_CHECKING:
    from pathlib import Path

    from radnlp.train.films import Film

#: Modes of Pillow that PNG keeps.
_PNG_MODES = frozenset({"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"})

__all__ = ["is_saved_dataset", "read_dataset", "read_saved_dataset"]


def is_saved_dataset(folder: Path) -> bool:
    """Tell whether ``save_to_disk`` of a Dataset or DatasetDict wrote the folder."""
    return any((folder / name).is_file() for name in ("dataset_dict.json", "state.json"))


def read_saved_dataset(folder: Path, images: Path) -> list[Film]:
    """Read what ``save_to_disk`` wrote, see `read_dataset`."""
    import datasets

    return read_dataset(datasets.load_from_disk(str(folder)), images)


def read_dataset(data: Any, images: Path) -> list[Film]:
    """Return the images of a `datasets.Dataset` or `datasets.DatasetDict`.

    It needs a column of images and one called ``label`` or ``labels``: a class, a text, or a list
    of either. A column ``patient`` is taken if there is one. The splits of a DatasetDict keep
    their names; a Dataset alone is all ``train``.

    Args:
        data: The data set.
        images: Folder for its images, as PNG, each named by its content.

    Raises:
        InputError: it lacks a column, or an image is missing.
    """
    parts = data.items() if isinstance(data, dict) else [("train", data)]
    images.mkdir(parents=True, exist_ok=True)
    return [film for split, part in parts for film in _films(part, str(split), images)]


def _films(part: Any, split: str, images: Path) -> list[Film]:
    import datasets

    features = part.features
    pictures = [name for name, kind in features.items() if isinstance(kind, datasets.Image)]
    named = [name for name in ("labels", "label") if name in features]
    if not pictures or not named:
        raise InputError(
            f"found the columns {', '.join(features)}, expected one of type datasets.Image and "
            "one called label or labels; rename or cast them"
        )
    kind = features[named[0]]
    kind = getattr(kind, "feature", kind)
    names = kind.names if isinstance(kind, datasets.ClassLabel) else None
    films = []
    for number, row in enumerate(part):
        if row[pictures[0]] is None:
            raise InputError(f"row {number} of split {split} has no image; filter such rows out")
        given = row[named[0]]
        labels = given if isinstance(given, list) else [given]
        path = _written(row[pictures[0]], images)
        films.append(
            labelled(
                path,
                [names[one] if names and isinstance(one, int) else str(one) for one in labels],
                # One image may stand in several rows, which then belong to one patient.
                patient=str(row.get("patient") or path.name),
                split=split,
            )
        )
    return films


def _written(picture: Any, images: Path) -> Path:
    content = io.BytesIO()
    kept = picture if picture.mode in _PNG_MODES else picture.convert("RGB")
    kept.save(content, format="PNG")
    path = images / f"{hashlib.sha256(content.getvalue()).hexdigest()[:20]}.png"
    if not path.is_file():
        path.write_bytes(content.getvalue())
    return path
