"""How far a run over an archive is, on a terminal."""

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from radnlp.archive import Progress


@contextmanager
def show_progress(what: str) -> "Iterator[Callable[[Progress], None] | None]":
    """Show a bar on a terminal, nothing elsewhere; gives what to call after each shard."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TextColumn("{task.fields[reports]:,} reports"),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=1.0, reports=0)
        yield lambda state: bar.update(task, completed=state.done, reports=state.reports)


__all__ = ["show_progress"]
