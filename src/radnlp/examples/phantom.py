"""A simulated frontal (PA) chest radiograph with exactly known anatomy and findings.

Everything one needs to make such studies, in one place, and its command.

Write phantoms to train or test on, in the layout of a data folder with masks and boxes::

    python -m radnlp.examples.phantom --count 100 --seed 1 -o phantoms

Write the bundled study anew (it must come out as it is)::

    python -m radnlp.examples.phantom --bundled -o src/radnlp/examples
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.errors import RadnlpError
from radnlp.examples.anatomy import Anatomy
from radnlp.examples.bundle import write_bundle
from radnlp.examples.dicomfile import write_dicom
from radnlp.examples.film import Film
from radnlp.examples.lesions import Request
from radnlp.examples.narrative import report_text, write_report
from radnlp.examples.simulation import Lesion, Phantom, SimulatedStudy, simulate
from radnlp.examples.variety import random_phantom, write_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Anatomy",
    "Film",
    "Lesion",
    "Phantom",
    "Request",
    "SimulatedStudy",
    "main",
    "random_phantom",
    "report_text",
    "simulate",
    "write_bundle",
    "write_dicom",
    "write_folder",
    "write_report",
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command of the module's docstring; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m radnlp.examples.phantom", description="Write simulated chest radiographs."
    )
    parser.add_argument("--count", type=int, default=10, help="how many phantoms (10)")
    parser.add_argument("--seed", type=int, default=0, help="what they are made from (0)")
    parser.add_argument("--longest", type=int, default=512, help="rows of the images (512)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--bundled", action="store_true", help="write the bundled study instead")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if given.bundled:
            write_bundle(given.output)
        else:
            write_folder(given.output, count=given.count, seed=given.seed, longest=given.longest)
    except RadnlpError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
