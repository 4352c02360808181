"""How fast is the text side? Reports per second on one core, a cold command, memory, import time.

    python benchmarks/text_speed.py --data ../shared/data/openi_dev

``--data`` is a folder with ``reports.jsonl`` (or any archive that ``radnlp extract`` reads). Every
number is the median of its repeats, the interval their range; one process, pinned to one core.
Other work on the machine slows the clock more than the processor time, so both are given.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from radnlp.archive import ExtractOptions, extract
from results import append
from text_quality import read

SENTENCE = "Small left pleural effusion. No pneumothorax."
RADNLP = [sys.executable, "-m", "radnlp"]
IMPORT = (
    "import numpy, time; began = time.perf_counter(); import radnlp; "
    "print(time.perf_counter() - began)"
)


class Child(NamedTuple):
    """What one process took."""

    seconds: float
    processor_seconds: float
    peak_mib: float
    out: str


def child(*command: str) -> Child:
    """Run a process to its end and ask the kernel for its own peak memory."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        out = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    return Child(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out)


def tell(question: str, values: list[float], unit: str, **more: object) -> None:
    """Print a measurement and keep it."""
    value, low, high = statistics.median(values), min(values), max(values)
    print(f"{question:<44} {value:9.2f} {unit:<10} ({low:.2f} to {high:.2f}, n = {len(values)})")
    append(
        question,
        {
            "n": len(values),
            "value": round(value, 3),
            "unit": unit,
            "interval": [round(low, 3), round(high, 3)],
            "interval_is": "range of the repeats",
            **more,
        },
    )


def measure_import(repeats: int) -> None:
    runs = [child(sys.executable, "-c", IMPORT) for _ in range(repeats)]
    tell("import radnlp beyond numpy", [float(run.out) for run in runs], "s")


def measure_cold_command(repeats: int) -> None:
    runs = [child(*RADNLP, "analyze", "--text", SENTENCE) for _ in range(repeats)]
    tell("radnlp analyze --text, cold", [run.seconds for run in runs], "s")
    used = [run.processor_seconds for run in runs]
    tell("radnlp analyze --text, cold, processor time", used, "s")
    tell("radnlp analyze --text, peak memory", [run.peak_mib for run in runs], "MiB")


def measure_extract(archive: Path, repeats: int) -> None:
    rates, pure, commands, peaks = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.parquet")
        summary = extract([archive], out, options=ExtractOptions(), workers=1)
        for _ in range(repeats):
            began, used = time.perf_counter(), time.process_time()
            extract([archive], out, options=ExtractOptions(), workers=1)
            rates.append(summary.reports / (time.perf_counter() - began))
            pure.append(summary.reports / (time.process_time() - used))
        for _ in range(repeats):
            ran = child(*RADNLP, "extract", str(archive), "-o", str(out), "--workers", "1")
            commands.append(summary.reports / ran.seconds)
            peaks.append(ran.peak_mib)
    size = {"reports": summary.reports, "entities": summary.entities, "failed": summary.failures}
    tell("extract, one core, warm", rates, "reports/s", **size)
    tell("extract, per second of processor time", pure, "reports/s", **size)
    tell("radnlp extract, one core, whole command", commands, "reports/s", **size)
    tell("radnlp extract, one core, peak memory", peaks, "MiB", **size)


def measure_map(data: Path, repeats: int) -> None:
    """Time reports one by one and through `Pipeline.map`, in turn, with nothing remembered."""
    from radnlp import Pipeline, Report, Study
    from radnlp.text import RuleText, RuleTextOptions

    texts = [text for _, text, _ in read(data)][:1000]
    studies = [Study(report=Report(text=text, language="en")) for text in texts]
    stage = RuleText(RuleTextOptions(remembered_sentences=0))
    pipeline = Pipeline(text=stage, vision=None, link=None, report=None)
    single, mapped = [], []
    for _ in range(repeats):
        for work, rates in (
            (lambda: [pipeline(one) for one in studies], single),
            (lambda: list(pipeline.map(studies)), mapped),
        ):
            began = time.perf_counter()
            work()
            rates.append(len(studies) / (time.perf_counter() - began))
    tell("pipeline(study), nothing remembered", single, "reports/s")
    tell("Pipeline.map, nothing remembered", mapped, "reports/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    reports = given.data / "reports.jsonl"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    measure_import(given.repeats)
    measure_cold_command(given.repeats)
    if reports.is_file():
        measure_map(given.data, given.repeats)
    measure_extract(reports if reports.is_file() else given.data, given.repeats)


if __name__ == "__main__":
    main()
