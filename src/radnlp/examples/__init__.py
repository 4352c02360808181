"""A simulated chest radiograph with its report, and the phantom that makes such studies.

Nothing here shows a patient. The bundled study lies in `EXAMPLE_STUDY`: ``chest.dcm`` and
``report.txt``. Beside it, ``truth.json`` says what it shows and says: masks' areas, boxes in stored
pixels, statements with offsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["EXAMPLE_STUDY", "ExampleStudy", "load_example"]

EXAMPLE_STUDY = Path(__file__).parent / "study"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleStudy:
    """Where the files of the bundled study lie.

    Attributes:
        folder: The study's folder, as `load_study` takes it.
        image: The DICOM file.
        report: The report, plain text in UTF-8.
        truth: What the study shows and says, as JSON.
    """

    folder: Path
    image: Path
    report: Path
    truth: Path


def load_example() -> ExampleStudy:
    """Return the paths of the bundled study.

    Examples:
        >>> load_example().image.name
        'chest.dcm'
    """
    return ExampleStudy(
        folder=EXAMPLE_STUDY,
        image=EXAMPLE_STUDY / "chest.dcm",
        report=EXAMPLE_STUDY / "report.txt",
        truth=EXAMPLE_STUDY.parent / "truth.json",
    )
