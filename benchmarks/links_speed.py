"""How long does one study take, report and image together, and how much memory?

    python benchmarks/links_speed.py [--repeats 9] [--threads 2]

A simulated study as a hospital has it: a report and a film of 3,000 × 2,500 pixels of 16 bits
(uncompressed DICOM), through `analyze` with links and the template draft. Warm: the pipeline is
built and has run twice. The parts are timed on their own in the same process: reading the file,
the report, the image's networks, the links, the draft. Peak memory is that of the process.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from results import append
from vision_speed import write_files

if TYPE_CHECKING:
    from collections.abc import Callable

REPORT = (
    "INDICATION: Cough.\n\nFINDINGS: Patchy consolidation in the right lower lobe. Bilateral "
    "pleural effusions, left greater than right. Fractures of the left fifth and sixth ribs. The "
    "heart is enlarged. No pneumothorax.\n\nIMPRESSION: 1. Right lower lobe pneumonia. "
    "2. Bilateral effusions."
)
ASKED_MS, ASKED_MIB = 600, 1536


def milliseconds(work: Callable[[], object], repeats: int) -> list[float]:
    for _ in range(2):
        work()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - began))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), count=1)
        measure(next(Path(folder).glob("*.dcm")), given.repeats, given.threads)


def measure(path: Path, repeats: int, threads: int) -> None:
    import torch

    from radnlp import Pipeline, Report, Study, analyze, read_image
    from radnlp.report import WriterReport
    from radnlp.schema import StudyReading

    torch.set_num_threads(threads)
    pipeline = Pipeline()
    image = read_image(path)
    report = Report(text=REPORT)
    study = Study(report=report, images=(image,))
    whole = milliseconds(lambda: analyze(report=REPORT, image=path, pipeline=pipeline), repeats)
    text, vision, link, draft = (
        pipeline._stage(name) for name in ("text", "vision", "link", "report")
    )
    said = text(report)
    seen = pipeline._look((image,))
    decoder = WriterReport()
    linked = link(study, said.entities, seen)
    found = StudyReading(entities=said.entities, images=seen, links=linked)
    parts = {
        "read the file": lambda: read_image(path),
        "report": lambda: text(report),
        "image": lambda: vision(image),
        "links": lambda: link(study, said.entities, seen),
        "draft": lambda: draft(study, found, text),
        "draft by the decoder": lambda: decoder(study, found, text),
    }
    table = {
        name: round(statistics.median(milliseconds(work, repeats)), 1)
        for name, work in parts.items()
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    value = statistics.median(whole)
    print(f"whole {value:.0f} ms ({min(whole):.0f} to {max(whole):.0f}; asked {ASKED_MS})")
    print(f"parts {table}")
    print(f"peak {peak:.0f} MiB (asked {ASKED_MIB})")
    append(
        "milliseconds of one study, report and image",
        {
            "n": len(whole),
            "value": round(value, 1),
            "interval": [round(min(whole), 1), round(max(whole), 1)],
            "interval_is": "range of the repeats",
            "unit": "ms",
            "parts": table,
            "peak_mib": round(peak),
            "threads": threads,
        },
    )


if __name__ == "__main__":
    main()
