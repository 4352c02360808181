"""One run over an archive: shards, processes, and going on where an earlier run was stopped.

The stream of reports is cut into shards of equal length. A shard's results are one Parquet file in
``OUT.parts/``, which appears under its name only when it is complete. The name carries a
fingerprint of inputs, options and version; so after a run was killed at any moment, a rerun of the
same plan does only the rest, and parts of another plan are never taken for its own.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count, islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from radnlp.archive.merge import whole_file
from radnlp.archive.records import Record
from radnlp.archive.sources import Source, fingerprint
from radnlp.errors import InputError, OutputError, RadnlpError
from radnlp.schema.serial import encode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

    from radnlp.archive.sources import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is done with an archive. It is sent to other processes, so its functions have names.

    Attributes:
        records: Yields the records of one file.
        takes: Columns of a shard: those of `radnlp.archive.table.REPORTS`, and any of ``exam`` (a
            struct of `radnlp.schema.Exam`) and ``path`` (of the file).
        process: From a shard to its results.
        plan: Whatever else changes the results, so that parts of another plan are not used.
        shard_size: Records per shard.

    Raises:
        InputError: A shard of no records.
    """

    records: Callable[[Source], Iterator[Record]]
    takes: pa.Schema
    process: Callable[[pa.RecordBatch], pa.RecordBatch]
    plan: Mapping[str, object]
    shard_size: int

    def __post_init__(self) -> None:
        if self.shard_size < 1:
            raise InputError(f"shard_size must be at least 1, got {self.shard_size}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        reports: Reports that are done, by an earlier run too.
        done: Share of the input's bytes that is done, in [0, 1].
    """

    reports: int
    done: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a run left behind.

    Attributes:
        files: One Parquet file per shard, in input order.
        reports: Records that were found, failed ones included.
        resumed: Records of those that an earlier, interrupted run had done.
    """

    files: tuple[Path, ...]
    reports: int
    resumed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shard:
    batch: pa.RecordBatch
    position: int
    part: Path

    @property
    def reports(self) -> int:
        return int(self.batch.num_rows)


def work_through(
    sources: Sources,
    folder: Path,
    job: Job,
    *,
    workers: int | None,
    on_progress: Callable[[Progress], None] | None,
) -> Parts:
    """Do a job on every record of an archive.

    Args:
        sources: The archive's files.
        folder: For the parts; the caller removes it when their contents are safe.
        job: What to do.
        workers: Processes; ``None``: one per processor; 1: no other process is started.
        on_progress: Called after each shard.

    Raises:
        InputError: Fewer than one worker, or files without a single report.
        OutputError: The folder cannot be written.
    """
    workers = available_processors() if workers is None else workers
    if workers < 1:
        raise InputError(f"workers must be at least 1, got {workers}")
    plan = fingerprint(sources, job.plan)[:16]
    _prepare(folder, plan)
    reports = resumed = position = 0
    parts: list[Path] = []
    try:
        for shard, was_done in _run(_shards(sources, job, folder / plan), job, workers):
            reports += shard.reports
            resumed += shard.reports * was_done
            parts.append(shard.part)
            position = max(position, shard.position)
            if on_progress:
                on_progress(Progress(reports=reports, done=position / max(sources.size, 1)))
    finally:
        with suppress(OSError):
            folder.rmdir()  # Only where nothing was finished: a folder with parts stays.
    if not reports:
        raise InputError(
            f"the {len(sources.files):,} files hold no report, only headers or blank lines; "
            "expected at least one"
        )
    return Parts(files=tuple(sorted(parts)), reports=reports, resumed=resumed)


def available_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _prepare(folder: Path, plan: str) -> None:
    """Make the work folder, and clear it of what belongs to another plan or is half written."""
    try:
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            if not path.name.startswith(plan):
                path.unlink()
    except OSError as error:
        raise OutputError(
            f"cannot write in {folder}: {error.strerror}; expected an output in an existing folder "
            "that may be written to"
        ) from None


def _shards(sources: Sources, job: Job, stem: Path) -> Iterator[_Shard]:
    """Cut the stream of reports; the same inputs and options give the same shards."""
    reports = _reports(sources.files, job)
    for number in count():
        taken = list(islice(reports, job.shard_size))
        if not taken:
            return
        yield _Shard(
            batch=pa.RecordBatch.from_pylist([row for row, _ in taken], schema=job.takes),
            position=taken[-1][1],
            part=stem.with_name(f"{stem.name}-{number:07d}.parquet"),
        )


def _reports(files: Iterable[Source], job: Job) -> Iterator[tuple[dict[str, object], int]]:
    """Yield rows, each with the bytes of all files that were read so far."""
    rows, before = count(), 0
    for source in files:
        for record in job.records(source):
            row = {
                "report_id": record.id,
                "report_row": next(rows),
                "source": source.name,
                "text": record.text,
                "error": type(record.error).__name__ if record.error else None,
                "message": str(record.error) if record.error else None,
                "exam": encode(record.exam),
                "path": str(source.path),
            }
            yield row, before + record.position
        before += source.size


def _run(shards: Iterator[_Shard], job: Job, workers: int) -> Iterator[tuple[_Shard, bool]]:
    """Yield each shard once its part is there, and whether an earlier run had done it."""
    first = list(islice(shards, 2))
    everything = chain(first, shards)
    if workers == 1 or len(first) < 2:
        for shard in everything:
            was_done = shard.part.exists()
            if not was_done:
                _finish(shard, job)
            yield shard, was_done
    else:
        yield from _run_pool(everything, job, workers)


def _run_pool(shards: Iterable[_Shard], job: Job, workers: int) -> Iterator[tuple[_Shard, bool]]:
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_follow_the_parent
    )
    running: dict[Future[None], _Shard] = {}
    try:
        for shard in shards:
            if shard.part.exists():
                yield shard, True
                continue
            running[pool.submit(_finish, shard, job)] = shard
            while len(running) >= 2 * workers:
                yield from _finished(running)
        while running:
            yield from _finished(running)
    except BrokenProcessPool:
        raise RadnlpError(
            "a worker process died, most likely for want of memory; finished shards are kept: "
            "run the same command again, with fewer --workers if it repeats"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _finished(running: dict[Future[None], _Shard]) -> Iterator[tuple[_Shard, bool]]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        shard = running.pop(future)
        future.result()
        yield shard, False


def _finish(shard: _Shard, job: Job) -> None:
    """Process a shard and put its part in place."""
    results = job.process(shard.batch)
    with whole_file(shard.part, shard.part.parent) as draft:
        pq.write_table(pa.Table.from_batches([results]), draft, compression="zstd")


def _follow_the_parent() -> None:
    """Let the parent decide what an interrupt means, and end when it is gone.

    An idle worker would otherwise wait for ever for a parent that was killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


__all__ = ["Job", "Parts", "Progress", "available_processors", "work_through"]
