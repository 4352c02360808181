"""Varied phantoms, and a folder of them to train on."""

from __future__ import annotations

import csv
import logging
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import InputError, OutputError
from radnlp.examples.anatomy import Anatomy
from radnlp.examples.film import MAX_VALUE, Film
from radnlp.examples.lesions import CONCEPTS, ZONES, Request
from radnlp.examples.simulation import Phantom, SimulatedStudy, simulate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["MANIFEST_COLUMNS", "random_phantom", "write_folder"]

MANIFEST_COLUMNS = (
    "image", "pool", "patient", "split", "original_width", "original_height", "labels", "view",
    "age", "sex", "has_box", "lung_mask", "heart_mask",
)  # fmt: skip
_BOX_COLUMNS = ("image", "source", "finding", "x0", "y0", "x1", "y1")
_LABELS = {
    "nodule": "Nodule", "mass": "Mass", "consolidation": "Consolidation",
    "pleural_effusion": "Effusion", "pneumothorax": "Pneumothorax", "cardiomegaly": "Cardiomegaly",
}  # fmt: skip
_LOGGER = logging.getLogger(__name__)


def random_phantom(rng: np.random.Generator) -> Phantom:
    """Return a body, a film and up to three findings drawn at random."""
    anatomy = Anatomy(
        heart=float(np.clip(rng.normal(0.98, 0.14), 0.80, 1.5)),
        inspiration_mm=float(np.clip(rng.normal(0.0, 11.0), -32.0, 20.0)),
        fat_mm=float(max(rng.normal(3.0, 9.0), -6.0)),
        breasts=float(rng.uniform(0.6, 1.25)) if rng.random() < 0.45 else 0.0,
        knob=float(rng.uniform(0.8, 1.3)),
        apex=float(rng.uniform(0.8, 1.4)),
        density=float(rng.uniform(0.22, 0.36)),
    )
    film = Film(
        photons=float(10.0 ** rng.uniform(4.2, 5.2)),
        scatter=float(rng.uniform(0.25, 0.8)),
        lung_level=float(rng.uniform(0.16, 0.42)),
        heart_level=float(rng.uniform(0.58, 0.80)),
        equalise=float(rng.uniform(0.1, 0.55)),
        marker=bool(rng.random() < 0.7),
        border_mm=float(rng.choice([0.0, 3.0, 8.0, 16.0])),
    )
    return Phantom(
        anatomy=anatomy,
        film=film,
        findings=_random_findings(rng),
        size=float(rng.uniform(0.86, 1.12)),
        width=float(rng.uniform(0.90, 1.10)),
        height=float(rng.uniform(0.90, 1.08)),
        shift_mm=(float(rng.normal(0.0, 8.0)), float(rng.normal(0.0, 14.0))),
        tilt_degrees=float(rng.normal(0.0, 2.0)),
        turn_degrees=float(rng.normal(0.0, 4.0)),
    )


def _random_findings(rng: np.random.Generator) -> tuple[Request, ...]:
    findings: list[Request] = []
    taken = set()
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.4, 0.35, 0.18, 0.07]))):
        concept = str(rng.choice(CONCEPTS))
        side = str(rng.choice(["left", "right"]))
        if (concept, side) in taken:
            continue
        taken.add((concept, side))
        low, high = {
            "nodule": (9, 26), "mass": (32, 60), "consolidation": (40, 90),
            "pleural_effusion": (25, 120), "pneumothorax": (12, 45),
        }[concept]  # fmt: skip
        zone = None if concept in ("pleural_effusion", "pneumothorax") else str(rng.choice(ZONES))
        size = float(rng.uniform(low, high))
        findings.append(Request(concept=concept, side=side, zone=zone, size_mm=size))
    return tuple(findings)


def write_folder(folder: Path, *, count: int, seed: int, longest: int = 512) -> None:
    """Write ``count`` varied phantoms with masks and boxes.

    The folder gets ``images/`` (8-bit PNG), ``left_lung/``, ``right_lung/``, ``heart/`` (1-bit
    PNG of the same name), ``manifest.csv`` and ``boxes.csv``. Phantom n depends on ``seed`` and
    n alone.

    Raises:
        InputError: ``count`` is not positive.
        OutputError: The folder cannot be written.
    """
    if count < 1:
        raise InputError(f"count must be at least 1, got {count}")
    rows_of_manifest, rows_of_boxes = [], []
    try:
        for name in ("images", "left_lung", "right_lung", "heart"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            columns = int(rng.uniform(0.80, 1.0) * longest)
            study = simulate(
                random_phantom(rng), rows=longest, columns=columns, seed=int(rng.integers(2**31))
            )
            name = f"phantom_{seed}_{number:05d}.png"
            _write_images(study, folder, name)
            rows_of_manifest.append(_manifest_row(study, name, f"phantom:{seed}-{number}"))
            rows_of_boxes += _box_rows(study, name)
            if number % 50 == 49:
                _LOGGER.info("%d of %d phantoms written", number + 1, count)
        _write_table(folder / "manifest.csv", MANIFEST_COLUMNS, rows_of_manifest)
        _write_table(folder / "boxes.csv", _BOX_COLUMNS, rows_of_boxes)
    except OSError as error:
        raise OutputError(
            f"cannot write phantoms: {error.strerror}; choose a folder that can be written"
        ) from error


def _write_images(study: SimulatedStudy, folder: Path, name: str) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    said = PngInfo()
    said.add_text("Comment", "SIMULATED: analytic phantom, not a patient")
    shown = np.rint(study.pixels.astype(np.float64) * (255.0 / MAX_VALUE)).astype(np.uint8)
    Image.fromarray(shown).save(folder / "images" / name, pnginfo=said)
    for kind, mask in study.masks.items():
        Image.fromarray(mask).save(folder / kind / name)


def _manifest_row(study: SimulatedStudy, name: str, patient: str) -> Sequence[object]:
    labels = sorted({_LABELS[lesion.concept] for lesion in study.findings})
    rows, columns = study.pixels.shape
    shown = ";".join(labels) or "No Finding"
    return (
        name, "phantom", patient, "train", columns, rows, shown, "PA", "", "",
        int(bool(labels)), 1, 1,
    )  # fmt: skip


def _box_rows(study: SimulatedStudy, name: str) -> list[Sequence[object]]:
    return [
        (name, "phantom", _LABELS[lesion.concept], box.x0, box.y0, box.x1, box.y1)
        for lesion in study.findings
        for box in [lesion.box]
    ]


def _write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
