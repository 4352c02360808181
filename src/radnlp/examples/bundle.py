"""The recipe of the bundled study, and its files."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from radnlp.errors import OutputError
from radnlp.examples.dicomfile import LABEL, write_dicom
from radnlp.examples.lesions import Request
from radnlp.examples.narrative import SimulatedReport, write_report
from radnlp.examples.simulation import Phantom, SimulatedStudy, simulate

if TYPE_CHECKING:
    from pathlib import Path

    from radnlp.schema.geometry import Box

__all__ = ["bundled_study", "truth_of", "write_bundle"]

_SEED = 21


def bundled_study() -> SimulatedStudy:
    """Make the bundled study: a right upper zone nodule and a small left effusion."""
    findings = (
        Request(concept="nodule", side="right", zone="upper", size_mm=17.0),
        Request(concept="pleural_effusion", side="left", size_mm=48.0),
    )
    return simulate(Phantom(findings=findings), rows=1024, columns=860, seed=_SEED)


def truth_of(study: SimulatedStudy, report: SimulatedReport) -> dict[str, object]:
    """Return what the study shows and says: boxes and areas in stored pixels, offsets."""
    return {
        "label": LABEL,
        "seed": study.seed,
        "rows": study.pixels.shape[0],
        "columns": study.pixels.shape[1],
        "heart_ratio": round(study.heart_ratio, 4),
        "mask_pixels": {name: int(mask.sum()) for name, mask in study.masks.items()},
        "zones": {name: _edges(box) for name, box in study.zones.items()},
        "findings": [
            {**dataclasses.asdict(lesion), "box": _edges(lesion.box)} for lesion in study.findings
        ],
        "statements": [
            {**dataclasses.asdict(said), "text": report.text[said.start : said.end]}
            for said in report.statements
        ],
    }


def write_bundle(folder: Path) -> None:
    """Write ``study/chest.dcm``, ``study/report.txt`` and, beside the study, ``truth.json``.

    Raises:
        OutputError: The folder cannot be written.
    """
    study = bundled_study()
    report = write_report(study)
    truth = json.dumps(truth_of(study, report), indent=1) + "\n"
    try:
        (folder / "study").mkdir(parents=True, exist_ok=True)
        (folder / "study" / "report.txt").write_text(report.text, encoding="utf-8", newline="\n")
        (folder / "truth.json").write_text(truth, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(
            f"cannot write the study: {error.strerror}; choose a folder that can be written"
        ) from error
    write_dicom(study, folder / "study" / "chest.dcm")


def _edges(box: Box) -> list[float]:
    return [round(edge, 2) for edge in (box.x0, box.y0, box.x1, box.y1)]
