"""How fast is the image side? Networks on two threads, and whole DICOM files end to end.

    python benchmarks/vision_speed.py [--cases torch,onnx,…] [--threads 2] [--repeats 7]

Each case runs in a process of its own, which also gives its peak memory. Rates are medians of the
repeats after two rounds to warm up, the interval is their range. Networks see batches of 16 at
their own size. DenseNet-121 (1 channel, 224 px, 18 outputs) is the architecture of
torchxrayvision's classifiers, here with random weights; nothing is downloaded. Files are one
simulated film, enlarged to 3,000 × 2,500 pixels of 16 bits. What a machine or an installation
cannot do is left out by name. Other work on the machine slows torch more than ONNX Runtime.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from results import append

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 16
ROWS, COLUMNS = 3000, 2500
FILES = 16
WEIGHTS = "vision-lite0"
PREPARE = "prepare"


def rates(work: Callable[[], object], items: int, repeats: int) -> list[float]:
    """Items per second of each repeat, after two rounds that do not count."""
    for _ in range(2):
        work()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        found.append(items / (time.perf_counter() - began))
    return found


def films(side: int) -> np.ndarray:
    """Sixteen squares of noise, from -1 to 1: the time does not depend on what is seen."""
    return np.random.default_rng(0).uniform(-1, 1, (BATCH, side, side)).astype(np.float32)


def shipped() -> tuple[Any, int]:
    from radnlp.nets.build import NETWORKS, build_network
    from radnlp.nets.weights import load_weights

    loaded = load_weights(WEIGHTS, architectures=frozenset(NETWORKS))
    return build_network(loaded).eval(), int(loaded.card["input"]["size"])


def densenet() -> tuple[Any, int]:
    import torch
    from torchvision.models import densenet121

    net = densenet121(weights=None, num_classes=18)
    net.features.conv0 = torch.nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
    return net.eval(), 224


def on_torch(
    build: Callable[[], tuple[Any, int]], repeats: int, *, last: bool, bf16: bool = False
) -> list[float]:
    import torch

    net, side = build()
    images = torch.from_numpy(films(side)[:, None])
    if last:
        net = net.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)

    def work() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            net(images)

    return rates(work, BATCH, repeats)


def on_onnx(path: Path, repeats: int, threads: int) -> list[float]:
    from radnlp.nets.onnx import OnnxNet

    net = OnnxNet(path, threads=threads)
    return rates(lambda: net(films(net.size)), BATCH, repeats)


def write_networks(folder: Path) -> None:
    """Write the shipped network as ONNX, and once more with 8-bit weights and activations.

    The latter are scaled on noise: good for the clock, not for a reader.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    from radnlp.nets.onnx import export_weights

    size = shipped()[1]

    class Noise(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter([{"images": films(size)[:, None]}])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self.left, None)

    whole, small = (str(folder / name) for name in ("float32.onnx", "int8.onnx"))
    export_weights(WEIGHTS, Path(whole))
    quantize_static(whole, small, Noise(), quant_format=QuantFormat.QDQ)


def write_files(folder: Path, count: int = FILES) -> None:
    """Write one simulated film ``count`` times, 3,000 × 2,500 pixels, uncompressed."""
    from radnlp.examples.dicomfile import dataset_of
    from radnlp.examples.simulation import Phantom, simulate

    shrink = 4
    study = simulate(Phantom(), rows=ROWS // shrink, columns=COLUMNS // shrink, seed=1)
    dataset = dataset_of(study)
    large = np.kron(np.asarray(study.pixels), np.ones((shrink, shrink), np.uint16))
    dataset.Rows, dataset.Columns = large.shape
    dataset.PixelData = large.astype("<u2").tobytes()
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        if name in dataset:
            setattr(dataset, name, [value / shrink for value in getattr(dataset, name)])
    for number in range(count):
        dataset.save_as(folder / f"{number:02}.dcm", enforce_file_format=True)


def one_by_one(files: list[Path], vision: str | Path, repeats: int) -> list[float]:
    """Whole analyses of a file: pixels, network, outlines, zones, draft."""
    from radnlp import Pipeline, analyze

    pipeline = Pipeline(vision=vision)
    return rates(lambda: analyze(image=files[0], pipeline=pipeline), 1, repeats)


def as_a_folder(files: list[Path], vision: str | Path, repeats: int) -> list[float]:
    from radnlp import Analysis, Pipeline

    pipeline = Pipeline(vision=vision)

    def work() -> None:
        done = list(pipeline.map(files))
        if not all(isinstance(one, Analysis) for one in done):
            raise SystemExit(f"a file failed: {done}")

    return rates(work, len(files), max(2, repeats // 3))


def reading(files: list[Path], repeats: int) -> list[float]:
    from radnlp import read_image

    return rates(lambda: read_image(files[0]), 1, repeats)


def bf16_is_fast() -> bool:
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def there(*packages: str) -> bool:
    import importlib.util

    return all(importlib.util.find_spec(package) for package in packages)


def measure(case: str, work: Path, repeats: int, threads: int) -> list[float] | None:
    """Return the rates of a case, or ``None`` where this machine cannot have them."""
    if case == PREPARE:
        write_files(work)
        if there("onnx", "onnxruntime", "onnxscript"):
            write_networks(work)
        return None
    files = sorted(work.glob("*.dcm"))
    whole, small = work / "float32.onnx", work / "int8.onnx"
    torch_cases: dict[str, Callable[[], list[float]]] = {
        "torch": lambda: on_torch(shipped, repeats, last=False),
        "torch-last": lambda: on_torch(shipped, repeats, last=True),
        "torch-bf16": lambda: on_torch(shipped, repeats, last=True, bf16=True),
        "densenet": lambda: on_torch(densenet, repeats, last=False),
        "densenet-last": lambda: on_torch(densenet, repeats, last=True),
        "film": lambda: one_by_one(files, "embedded", repeats),
        "folder": lambda: as_a_folder(files, "embedded", repeats),
    }
    onnx_cases: dict[str, Callable[[], list[float]]] = {
        "onnx": lambda: on_onnx(whole, repeats, threads),
        "onnx-int8": lambda: on_onnx(small, repeats, threads),
        "film-onnx": lambda: one_by_one(files, whole, repeats),
        "folder-onnx": lambda: as_a_folder(files, whole, repeats),
    }
    if case == "read":
        return reading(files, repeats)
    if case in onnx_cases:
        return onnx_cases[case]() if small.is_file() else None
    import torch

    torch.set_num_threads(threads)
    if case == "torch-bf16" and not bf16_is_fast():
        return None
    return torch_cases[case]()


CASES = {
    "torch": "vision-lite0, torch",
    "torch-last": "vision-lite0, torch channels_last",
    "torch-bf16": "vision-lite0, torch channels_last bfloat16",
    "onnx": "vision-lite0, ONNX Runtime",
    "onnx-int8": "vision-lite0, ONNX Runtime int8 (scaled on noise)",
    "densenet": "DenseNet-121 1×224×224 → 18, torch",
    "densenet-last": "DenseNet-121 1×224×224 → 18, torch channels_last",
    "read": "read_image, 3,000 × 2,500 × 16 bit DICOM",
    "film": "analyze(image), same DICOM, torch",
    "film-onnx": "analyze(image), same DICOM, ONNX Runtime",
    "folder": f"Pipeline.map over {FILES} such files, torch",
    "folder-onnx": f"Pipeline.map over {FILES} such files, ONNX Runtime",
}


def child(case: str, work: Path, repeats: int, threads: int) -> tuple[list[float] | None, float]:
    """Measure a case in a process of its own; return its rates and its peak memory in MiB."""
    options = (
        "--child",
        case,
        "--work",
        str(work),
        "--repeats",
        str(repeats),
        "--threads",
        str(threads),
    )
    command = [sys.executable, __file__, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        out = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the case {case} ended with {process.returncode}")
    return json.loads(out.splitlines()[-1]), usage.ru_maxrss / 1024


def tell(case: str, found: list[float], peak: float, threads: int) -> None:
    """Print a measurement and keep it."""
    value, low, high = statistics.median(found), min(found), max(found)
    print(f"{CASES[case]:<52} {value:8.2f} images/s ({low:.2f} to {high:.2f}), {peak:.0f} MiB")
    append(
        f"images per second: {CASES[case]}",
        {
            "n": len(found),
            "value": round(value, 3),
            "unit": "images/s",
            "interval": [round(low, 3), round(high, 3)],
            "interval_is": "range of the repeats",
            "peak_mib": round(peak),
            "threads": threads,
            "batch": 1 if case in {"read", "film", "film-onnx"} else BATCH,
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measure(given.child, given.work, given.repeats, given.threads)))
        return
    with tempfile.TemporaryDirectory() as folder:
        # A child's peak memory counts from its parent's, so the parent stays small.
        child(PREPARE, Path(folder), given.repeats, given.threads)
        for case in given.cases.split(","):
            found, peak = child(case, Path(folder), given.repeats, given.threads)
            if found is None:
                print(f"{CASES[case]:<52} not possible on this machine or installation")
            else:
                tell(case, found, peak, given.threads)


if __name__ == "__main__":
    main()
