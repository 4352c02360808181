"""Reads folders of labelled films: one manifest, images, masks and boxes."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from radnlp.errors import FileMissing, MalformedRow

__all__ = [
    "BOXED",
    "CHEST",
    "CONCEPTS",
    "EVALUATION_POOLS",
    "MASKS",
    "SIMULATED_POOLS",
    "Film",
    "Task",
    "read_films",
    "targets_of",
]

#: Label of an NIH-style manifest → concept. "Hernia" stays out: the label does not say which.
LABELS = {
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Edema": "edema",
    "Infiltration": "infiltrate",
    "Infiltrate": "infiltrate",
    "Mass": "mass",
    "Nodule": "nodule",
    "Effusion": "pleural_effusion",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
    "Tuberculosis": "tuberculosis",
    "Consolidation": "consolidation",
    "Pleural_Thickening": "pleural_thickening",
    "Fibrosis": "fibrosis",
    "Emphysema": "emphysema",
    "Lung Opacity": "opacity",
}

#: The order of the finding head.
CONCEPTS = (
    "opacity",
    "atelectasis",
    "cardiomegaly",
    "edema",
    "infiltrate",
    "mass",
    "nodule",
    "pleural_effusion",
    "pneumonia",
    "pneumothorax",
    "tuberculosis",
    "consolidation",
    "pleural_thickening",
    "fibrosis",
    "emphysema",
)

#: The order of the place head: what has boxes to learn from.
BOXED = (
    "opacity",
    "atelectasis",
    "cardiomegaly",
    "infiltrate",
    "mass",
    "nodule",
    "pleural_effusion",
    "pneumonia",
    "pneumothorax",
)

#: The mask folders, in the order of the targets. "lungs" is the union of both sides.
MASKS = ("left_lung", "right_lung", "heart", "lungs")

#: Licensed for research only, and the only pool nobody has tuned on.
EVALUATION_POOLS = frozenset({"jsrt"})

#: Every concept but these two was looked for when an NIH report was labelled.
_NIH_KNOWN = frozenset(CONCEPTS) - {"opacity", "tuberculosis"}

#: Drawn films: they teach anatomy, and nothing is measured on them.
SIMULATED_POOLS = frozenset({"phantom"})

#: Pools without labels that hold for patients: no finding is learned from them.
_UNLABELLED = frozenset({"wingspan"}) | SIMULATED_POOLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a network learns to find.

    Attributes:
        concepts: In the order of the finding head.
        boxed: Those with boxes, in the order of the place head.
        guard: ``chest`` for frontal chest films; ``None`` for images of any kind, which the vision
            stage then reads without asking whether they are chest films.
        case_control: Concepts of which a collection holds as many as its makers wanted, so that
            its frequencies say nothing.
    """

    concepts: tuple[str, ...]
    boxed: tuple[str, ...] = ()
    guard: str | None = None
    case_control: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[int, ...]:
        """Where each boxed concept stands among all."""
        return tuple(self.concepts.index(concept) for concept in self.boxed)


#: What the shipped network was asked.
CHEST = Task(
    concepts=CONCEPTS, boxed=BOXED, guard="chest", case_control=frozenset({"tuberculosis"})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """One image with what is known about it.

    ``boxes`` are (concept, x0, y0, x1, y1) in pixels of the stored image; ``masks`` are the files
    that exist, by name of their folder. ``opacity`` is a radiologist's verdict, or ``None``.
    ``known`` answers for each concept of one's own; ``None`` leaves it to the collection's rules.
    """

    path: Path
    pool: str
    patient: str
    split: str
    view: str
    labels: frozenset[str]
    opacity: bool | None
    boxes: tuple[tuple[str, float, float, float, float], ...]
    masks: tuple[tuple[str, Path], ...]
    known: tuple[tuple[str, bool], ...] | None = None

    def share(self, seed: int) -> float:
        """Return a number in [0, 1) that depends on the patient and the seed alone."""
        digest = hashlib.sha256(f"{seed}:{self.patient}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48


def read_films(folder: Path) -> list[Film]:
    """Return the films of a folder with ``manifest.csv``, ``images/`` and mask folders.

    Columns that are read: image, pool, patient, split, labels (``;`` between them), view.
    ``boxes.csv`` (image, finding, x0, y0, x1, y1) is optional; a finding that begins with
    ``none:`` is a radiologist's word that there is no opacity.

    Raises:
        FileMissing: the folder has no manifest, or an image of the manifest is not there.
        MalformedRow: the manifest lacks a column.
    """
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise FileMissing(
            f"no manifest.csv in {folder}; expected columns image, pool, patient, split, labels, "
            "view and a folder images/ beside it"
        )
    boxes, opacity = _read_boxes(folder / "boxes.csv")
    with manifest.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return [_film(folder, row, line, boxes, opacity) for line, row in enumerate(rows, start=2)]


def _read_boxes(
    path: Path,
) -> tuple[dict[str, list[tuple[str, float, float, float, float]]], dict[str, bool]]:
    boxes: dict[str, list[tuple[str, float, float, float, float]]] = {}
    opacity: dict[str, bool] = {}
    if not path.is_file():
        return boxes, opacity
    with path.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            image, finding = row["image"], row["finding"]
            concept = LABELS.get(finding)
            if finding.startswith("none:"):
                opacity[image] = False
            elif concept is not None:
                x0, y0, x1, y1 = (float(row[edge]) for edge in ("x0", "y0", "x1", "y1"))
                boxes.setdefault(image, []).append((concept, x0, y0, x1, y1))
                if concept == "opacity":
                    opacity[image] = True
    return boxes, opacity


def _film(
    folder: Path,
    row: dict[str, str],
    line: int,
    boxes: dict[str, list[tuple[str, float, float, float, float]]],
    opacity: dict[str, bool],
) -> Film:
    try:
        image, pool, patient, split = (row[key] for key in ("image", "pool", "patient", "split"))
        labels, view = row["labels"], row["view"]
    except KeyError as error:
        raise MalformedRow(
            f"line {line} of {folder / 'manifest.csv'} lacks column {error}; expected image, "
            "pool, patient, split, labels, view"
        ) from error
    path = folder / "images" / image
    if not path.is_file():
        raise FileMissing(f"line {line} of the manifest names {path}, which is not there")
    named = [(name, (folder / name / image).with_suffix(".png")) for name in MASKS]
    return Film(
        path=path,
        pool=pool,
        patient=patient,
        split=split,
        view=view,
        labels=frozenset(filter(None, labels.split(";"))),
        opacity=opacity.get(image),
        boxes=tuple(boxes.get(image, ())),
        masks=tuple((name, mask) for name, mask in named if mask.is_file()),
    )


def targets_of(film: Film) -> dict[str, bool]:
    """Return what is known of the film's findings; a concept that is not in it is not known.

    In collections of chest films "No Finding" denies every concept. An NIH label list denies what
    it does not name, except opacity (a radiologist's boxes say it) and tuberculosis (never looked
    for). Where a pool asks only one question (tuberculosis, paediatric pneumonia), a yes says
    nothing of the rest.

    Examples:
        >>> from pathlib import Path
        >>> film = Film(path=Path("a.png"), pool="shenzhen", patient="1", split="train", view="PA",
        ...     labels=frozenset({"Tuberculosis"}), opacity=None, boxes=(), masks=())
        >>> targets_of(film)
        {'tuberculosis': True}
    """
    if film.known is not None:
        return dict(film.known)
    if film.pool in _UNLABELLED:
        return {}
    present = {LABELS[label] for label in film.labels if label in LABELS}
    if "No Finding" in film.labels:
        known = dict.fromkeys(CONCEPTS, False)
    elif film.pool == "nih":
        known = {concept: concept in present for concept in CONCEPTS if concept in _NIH_KNOWN}
    else:
        known = dict.fromkeys((concept for concept in CONCEPTS if concept in present), True)
    if film.opacity is not None:
        known["opacity"] = film.opacity
    return known
