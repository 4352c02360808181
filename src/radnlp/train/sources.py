"""What training is given → what is to be found, and the films to learn it from."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radnlp.errors import InputError
from radnlp.train.arrow import is_saved_dataset, read_dataset, read_saved_dataset
from radnlp.train.classes import answered, read_class_folders, read_labelled
from radnlp.train.films import CHEST, Film, Task
from radnlp.train.start import films_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["open_sources"]


def open_sources(
    data: Sequence[Any], *, images: Path, guard: str | None = None
) -> tuple[Task, list[Film]]:
    """Read all data of a training.

    A folder whose ``manifest.csv`` has a column ``pool`` is a collection of chest films in the
    layout of `radnlp.train.films.read_films`; the concepts of the shipped network are learned from
    it. Everything else has classes of its own: a manifest without that column, a folder per class,
    a data set of the library datasets or the folder it was saved to.

    Args:
        data: Paths and data sets, all of the one kind or all of the other.
        images: Folder for the images of data sets.
        guard: Of images with classes of one's own, see `Task`.

    Raises:
        FileMissing: a folder, manifest or image is not there.
        InputError: both kinds are mixed, or no class is named.
        MalformedRow: a manifest cannot be read.
    """
    chest = [_is_collection(source) for source in data]
    if all(chest):
        return CHEST, films_of([_folder(source) for source in data])
    if any(chest):
        raise InputError(
            "collections of chest films (their manifest has a column 'pool') and images with "
            "classes of one's own are mixed; expected one kind in one training"
        )
    films = [film for source in data for film in _own(source, images)]
    return answered(films, guard=guard)


def _own(source: Any, images: Path) -> Iterator[Film]:
    if not isinstance(source, str | Path):
        yield from read_dataset(source, images)
        return
    manifest = _manifest(Path(source))
    if manifest is not None:
        yield from read_labelled(manifest)
    elif is_saved_dataset(Path(source)):
        yield from read_saved_dataset(Path(source), images)
    else:
        yield from read_class_folders(Path(source))


def _manifest(path: Path) -> Path | None:
    """Return the manifest that a path names or holds, if it does."""
    for place in (path, path / "manifest.csv"):
        if place.is_file() and place.suffix.lower() == ".csv":
            return place
    return None


def _folder(source: str | Path) -> Path:
    path = Path(source)
    return path.parent if path.is_file() else path


def _is_collection(source: Any) -> bool:
    manifest = _manifest(Path(source)) if isinstance(source, str | Path) else None
    if manifest is None or manifest.name != "manifest.csv":
        return False
    with manifest.open(newline="", encoding="utf-8-sig") as lines:
        return "pool" in next(csv.reader(lines), [])
