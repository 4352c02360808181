"""Reads images with classes of one's own: a folder per class, or a manifest with any labels."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from radnlp.errors import FileMissing, InputError, MalformedRow
from radnlp.io import read_image
from radnlp.schema.geometry import Mask
from radnlp.train.films import Film, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = [
    "POOL",
    "answered",
    "concept_of",
    "labelled",
    "read_class_folders",
    "read_labelled",
    "split_of",
]

#: The collection that all images with classes of one's own belong to.
POOL = "own"

#: Labels that deny every class.
_NONE = frozenset({"no_finding", "normal", "none", "healthy", "negative"})

#: What a split may be called. Only train is learned from; the rest is only counted.
_SPLITS = {
    "": "train",
    "train": "train",
    "training": "train",
    **dict.fromkeys(("dev", "val", "valid", "validation", "eval", "test", "testing"), "dev"),
}

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".dcm", ".dicom"})

_EDGES = ("x0", "y0", "x1", "y1")

_Box = tuple[str, float, float, float, float]


def concept_of(label: str) -> str:
    """Return a label as a concept's id: lower case, words joined with ``_``.

    A label that names a concept of the vocabulary becomes that concept.

    Raises:
        InputError: the label has no letter or digit.

    Examples:
        >>> concept_of("Pleural Effusion"), concept_of("BI-RADS 4")
        ('pleural_effusion', 'bi_rads_4')
    """
    concept = re.sub(r"[\W_]+", "_", label.lower()).strip("_")
    if not concept:
        raise InputError(f"found the label {label!r}, expected a name with a letter or digit")
    return concept


def split_of(name: str) -> str:
    """Return ``train`` or ``dev`` for what a split is called.

    Raises:
        InputError: it is called something else.
    """
    try:
        return _SPLITS[name.strip().lower()]
    except KeyError:
        known = ", ".join(filter(None, _SPLITS))
        raise InputError(f"found the split {name!r}, expected one of {known}") from None


def labelled(
    path: Path,
    labels: Iterable[str],
    *,
    patient: str = "",
    split: str = "train",
    boxes: Sequence[_Box] = (),
) -> Film:
    """Return an image with its labels; what they deny is settled by `answered`.

    Args:
        path: The image.
        labels: As they are written; none at all says that nothing is known.
        patient: Whose it is; if nothing is said, it counts as another patient's.
        split: What its split is called.
        boxes: (label, x0, y0, x1, y1) in stored pixels.
    """
    return Film(
        path=path,
        pool=POOL,
        # The same wherever the folder lies, so that the same images are held out.
        patient=patient or f"{path.parent.name}/{path.name}",
        split=split_of(split),
        view="",
        labels=frozenset(concept_of(label) for label in labels if label.strip()),
        opacity=None,
        boxes=tuple((concept_of(label), x0, y0, x1, y1) for label, x0, y0, x1, y1 in boxes),
        masks=(),
    )


def answered(films: Sequence[Film], *, guard: str | None) -> tuple[Task, list[Film]]:
    """Return what is to be found, and the films with an answer to each of its questions.

    An image with labels denies what it does not name; one without any answers nothing. Classes
    are sorted by name; those with a box in the train split are learned with boxes.

    Args:
        films: As `labelled` makes them.
        guard: See `Task`.

    Raises:
        InputError: there is no class.
    """
    concepts = tuple(sorted(frozenset().union(*(film.labels for film in films)) - _NONE))
    if not concepts:
        raise InputError(
            f"{len(films)} images name no class; expected labels beside "
            f"{', '.join(sorted(_NONE))}, which deny all of them"
        )
    learned = [film for film in films if film.split == "train"]
    boxed = {concept for film in learned for concept, *_ in film.boxes}
    task = Task(
        concepts=concepts, boxed=tuple(name for name in concepts if name in boxed), guard=guard
    )
    return task, [
        replace(
            film,
            known=tuple((name, name in film.labels) for name in concepts) if film.labels else (),
        )
        for film in films
    ]


def read_class_folders(folder: Path) -> list[Film]:
    """Return the images of ``folder/CLASS/``, or of ``folder/train/CLASS/``, ``folder/dev/CLASS/``.

    Each image counts as another patient. Files that are no PNG, JPEG or DICOM by their ending are
    left out.

    Raises:
        FileMissing: there is no such folder, or no image in folders of classes.
    """
    if not folder.is_dir():
        raise FileMissing(f"there is no folder {folder}; check the path")
    inner = sorted(place for place in folder.iterdir() if place.is_dir())
    splits = [place for place in inner if place.name.lower() in _SPLITS]
    if splits and len(splits) < len(inner):
        raise InputError(
            f"{folder} holds folders of splits ({', '.join(place.name for place in splits)}) and "
            "others; expected either splits with a folder per class, or only classes"
        )
    places = [(each.name, place) for each in splits for place in sorted(each.iterdir())]
    places = places or [("train", place) for place in inner]
    films = [
        labelled(path, [place.name], split=split)
        for split, place in places
        if place.is_dir()
        for path in sorted(place.rglob("*"))
        if path.suffix.lower() in _SUFFIXES
    ]
    if not films:
        raise FileMissing(
            f"{folder} holds no PNG, JPEG or DICOM image in a folder per class, and no "
            "manifest.csv; expected one of them"
        )
    return films


def read_labelled(manifest: Path) -> list[Film]:
    """Return the images of a manifest with labels of one's own.

    Columns: ``image`` (a path from the manifest's folder or from ``images/`` in it), ``labels`` (or
    ``label``; names joined with ``;``), and where they are known ``patient``, ``split``, a box as
    ``x0``, ``y0``, ``x1``, ``y1`` in pixels of the stored image, or ``mask``, an image of the same
    size in which the finding is not black: its box is that of the mask. A row with a box or mask
    has one label; several rows may speak of one image. ``boxes.csv`` beside the manifest (image,
    finding, x0, y0, x1, y1) adds boxes.

    Raises:
        FileMissing: an image or mask is not there.
        MalformedRow: a column is missing, or a row says what cannot be.
    """
    with manifest.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    films: dict[str, Film] = {}
    for line, row in enumerate(rows, start=2):
        film = _film(manifest, row, line)
        before = films.get(row["image"])
        films[row["image"]] = film if before is None else _joined(before, film, manifest, line)
    for image, box in _more_boxes(manifest.parent / "boxes.csv"):
        if image in films:
            films[image] = replace(
                films[image],
                boxes=(*films[image].boxes, box),
                labels=films[image].labels | {box[0]},
            )
    return list(films.values())


def _film(manifest: Path, row: dict[str, str], line: int) -> Film:
    try:
        labels = row["labels"] if "labels" in row else row["label"]
        path = _found(manifest.parent, row["image"], line)
    except KeyError as error:
        raise MalformedRow(
            f"{manifest.name} lacks column {error}; expected image and labels (names joined with "
            "';'), and where they are known patient, split, x0, y0, x1, y1, mask"
        ) from error
    names = [name.strip() for name in labels.split(";") if name.strip()]
    edges = _edges(manifest, row, line)
    if edges and len(names) != 1:
        raise MalformedRow(
            f"line {line} of {manifest.name} has a box or mask and {len(names)} labels, expected "
            "one; give each box a row of its own"
        )
    return labelled(
        path,
        names,
        patient=row.get("patient") or "",
        split=row.get("split") or "",
        boxes=[(names[0], *edges)] if edges else (),
    )


def _found(folder: Path, image: str, line: int) -> Path:
    for place in (folder / image, folder / "images" / image):
        if place.is_file():
            return place
    raise FileMissing(f"line {line} of the manifest names {folder / image}, which is not there")


def _edges(
    manifest: Path, row: dict[str, str], line: int
) -> tuple[float, float, float, float] | None:
    """Return the edges of a row's box, or of what its mask shows."""
    if row.get("mask"):
        drawn = read_image(_found(manifest.parent, row["mask"], line)).pixels
        box = None if drawn is None else Mask.from_array(drawn > 0).box()
        return None if box is None else (box.x0, box.y0, box.x1, box.y1)
    if not any(row.get(edge) for edge in _EDGES):
        return None
    try:
        x0, y0, x1, y1 = (float(row[edge]) for edge in _EDGES)
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedRow(
            f"line {line} of {manifest.name} has a box that is not four numbers; expected x0, y0, "
            "x1, y1 in pixels"
        ) from error
    if x1 <= x0 or y1 <= y0:
        raise MalformedRow(
            f"line {line} of {manifest.name} has a box from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}), "
            "expected x0 < x1 and y0 < y1"
        )
    return x0, y0, x1, y1


def _joined(before: Film, film: Film, manifest: Path, line: int) -> Film:
    """Return two rows of one image as one."""
    if (before.patient, before.split) != (film.patient, film.split):
        raise MalformedRow(
            f"line {line} of {manifest.name} gives its image another patient or split than an "
            "earlier line; expected the same"
        )
    return replace(before, labels=before.labels | film.labels, boxes=before.boxes + film.boxes)


def _more_boxes(path: Path) -> Iterable[tuple[str, _Box]]:
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8-sig") as lines:
        for line, row in enumerate(csv.DictReader(lines), start=2):
            edges = _edges(path, row, line)
            if edges and row.get("image") and row.get("finding"):
                yield row["image"], (concept_of(row["finding"]), *edges)
