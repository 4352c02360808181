"""What a training leaves behind while it runs: lines, a table, a bar, and curves if asked for."""

from __future__ import annotations

import csv
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from radnlp.errors import MissingExtra
from radnlp.train.start import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["TrainingLog", "progress_bar"]


class TrainingLog:
    """One row per judgement: on standard error, in ``log.csv``, and for TensorBoard.

    Args:
        folder: Where ``log.csv`` and ``tensorboard/`` lie; a resumed run goes on writing there.
        tensorboard: Write curves for TensorBoard too.

    Raises:
        MissingExtra: The package tensorboard is not installed.
    """

    def __init__(self, folder: Path, *, tensorboard: bool = False) -> None:
        self._table = folder / "log.csv"
        self._curves: Any = _writer(folder / "tensorboard") if tensorboard else None

    def write(self, row: dict[str, float]) -> None:
        """Write a row; ``step`` is among its columns."""
        tell("  ".join(f"{name} {value}" for name, value in row.items()))
        fresh = not self._table.is_file()
        with self._table.open("a", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, fieldnames=list(row))
            if fresh:
                writer.writeheader()
            writer.writerow(row)
        if self._curves is not None:
            for name in row.keys() - {"step"}:
                self._curves.add_scalar(name, row[name], int(row["step"]))
            self._curves.flush()


def _writer(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtra(
            "curves for TensorBoard need the package tensorboard, which is not installed; "
            'pip install "radnlp[train]", or leave --tensorboard out: log.csv has the same figures'
        ) from error
    return SummaryWriter(str(folder))


@contextmanager
def progress_bar(steps: int, done: int) -> Iterator[Callable[[int], None]]:
    """Give what takes the number of steps done: it moves a bar on a terminal, nothing elsewhere.

    Args:
        steps: All of them.
        done: Those of an earlier run.
    """
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("steps"),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("train", total=steps, completed=done)
        yield lambda step: bar.update(task, completed=step)
