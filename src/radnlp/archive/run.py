"""One run over an archive: shards, processes, and going on where an earlier run was stopped.

The stream of reports is cut into shards of equal length. A shard's results are one Parquet file in
``OUT.parts/``, which appears under its name only when it is complete. The name carries a
fingerprint of inputs, options and version; so after a run was killed at any moment, a rerun of the
same plan does only the rest, and parts of another plan are never taken for its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from itertools import chain, count, islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from radnlp.archive.merge import merge, outputs_of, whole_file
from radnlp.archive.process import process
from radnlp.archive.records import Reading, read_records
from radnlp.archive.sources import find_sources, fingerprint
from radnlp.archive.table import REPORTS, RESULTS
from radnlp.errors import InputError, OutputError, RadnlpError
from radnlp.registry import text_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from radnlp.archive.sources import Source, Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractOptions:
    """How an archive is read.

    Attributes:
        text: Name of the text stage.
        language: ISO 639-1 code of all reports; ``None`` detects it.
        reading: Which fields hold the report, and the files' encoding.
        shard_size: Reports per shard: what is lost at most, per process, when a run is killed.

    Raises:
        StageNotFound: No text stage of that name.
        InputError: A shard of no reports.
    """

    text: str = "rules"
    language: str | None = None
    reading: Reading = field(default_factory=Reading)
    shard_size: int = 500

    def __post_init__(self) -> None:
        if self.text not in text_stages.names():
            text_stages.get(self.text)
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
class Summary:
    """What a run did.

    Attributes:
        reports: Reports that were found, failed ones included.
        resumed: Reports of those that an earlier, interrupted run had done.
        entities: Rows written of entities.
        recommendations: The same of recommendations.
        scores: The same of scores.
        failures: Reports that failed, and files that could not be read.
        skipped: Files of the folders whose ending says that they hold no reports.
        out: The table of entities.
        recommendations_file: The table of recommendations.
        scores_file: The table of scores.
        failures_file: One JSON line per failure; there is no such file without failures.
    """

    reports: int
    resumed: int
    entities: int
    recommendations: int
    scores: int
    failures: int
    skipped: int
    out: Path
    recommendations_file: Path
    scores_file: Path
    failures_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shard:
    batch: pa.RecordBatch
    position: int
    part: Path

    @property
    def reports(self) -> int:
        return int(self.batch.num_rows)


def extract(
    archives: Sequence[str | Path],
    out: str | Path,
    *,
    options: ExtractOptions | None = None,
    workers: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Write the entities, recommendations and scores of all reports of an archive to tables.

    ``out`` holds the entities. The others lie beside it: with ``out.csv``,
    ``out.recommendations.csv`` and ``out.scores.csv``. Existing files are replaced at the end,
    unless nothing could be read.

    Processes are spawned: a script that calls this needs ``if __name__ == "__main__":``.

    Args:
        archives: Folders, patterns, or csv, jsonl, json, parquet and txt files.
        out: Ends in ``.parquet``, ``.jsonl`` or ``.csv``; `radnlp.archive.table` says what its
            columns mean.
        options: How the archive is read.
        workers: Processes; ``None``: one per processor; 1: no other process is started.
        on_progress: Called after each shard.

    Raises:
        FileError: No such input, or the output cannot be written. A report that cannot be read
            is no error: it is listed in ``OUT.failures.jsonl``.
        InputError: Fewer than one worker.
    """
    options = options or ExtractOptions()
    workers = available_processors() if workers is None else workers
    if workers < 1:
        raise InputError(f"workers must be at least 1, got {workers}")
    outputs = outputs_of(Path(out))
    folder = outputs.entities.with_name(f"{outputs.entities.name}.parts")
    sources = find_sources(archives, without=(folder, *outputs))
    plan = fingerprint(sources, {**asdict(options), "columns": str(RESULTS)})[:16]
    _prepare(folder, plan)
    reports = resumed = position = 0
    parts: list[Path] = []
    shards = _shards(sources, options, folder / plan)
    for shard, was_done in _run(shards, options, workers):
        reports += shard.reports
        resumed += shard.reports * was_done
        parts.append(shard.part)
        position = max(position, shard.position)
        if on_progress:
            on_progress(Progress(reports=reports, done=position / max(sources.size, 1)))
    written = merge(sorted(parts), outputs, folder, reports=reports)
    shutil.rmtree(folder)
    return Summary(
        reports=reports,
        resumed=resumed,
        **written._asdict(),
        skipped=sources.skipped,
        out=outputs.entities,
        recommendations_file=outputs.recommendations,
        scores_file=outputs.scores,
        failures_file=outputs.failures,
    )


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


def _shards(sources: Sources, options: ExtractOptions, stem: Path) -> Iterator[_Shard]:
    """Cut the stream of reports; the same inputs and options give the same shards."""
    reports = _reports(sources.files, options.reading)
    for number in count():
        taken = list(islice(reports, options.shard_size))
        if not taken:
            return
        yield _Shard(
            batch=pa.RecordBatch.from_pylist([row for row, _ in taken], schema=REPORTS),
            position=taken[-1][1],
            part=stem.with_name(f"{stem.name}-{number:07d}.parquet"),
        )


def _reports(files: Iterable[Source], reading: Reading) -> Iterator[tuple[dict[str, object], int]]:
    """Yield rows of `REPORTS`, each with the bytes of all files that were read so far."""
    rows, before = count(), 0
    for source in files:
        for record in read_records(source, reading):
            row = {
                "report_id": record.id,
                "report_row": next(rows),
                "source": source.name,
                "text": record.text,
                "error": type(record.error).__name__ if record.error else None,
                "message": str(record.error) if record.error else None,
            }
            yield row, before + record.position
        before += source.size


def _run(
    shards: Iterator[_Shard], options: ExtractOptions, workers: int
) -> Iterator[tuple[_Shard, bool]]:
    """Yield each shard once its part is there, and whether an earlier run had done it."""
    first = list(islice(shards, 2))
    everything = chain(first, shards)
    if workers == 1 or len(first) < 2:
        for shard in everything:
            was_done = shard.part.exists()
            if not was_done:
                _finish(shard, options)
            yield shard, was_done
    else:
        yield from _run_pool(everything, options, workers)


def _run_pool(
    shards: Iterable[_Shard], options: ExtractOptions, workers: int
) -> Iterator[tuple[_Shard, bool]]:
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_follow_the_parent
    )
    running: dict[Future[None], _Shard] = {}
    try:
        for shard in shards:
            if shard.part.exists():
                yield shard, True
                continue
            running[pool.submit(_finish, shard, options)] = shard
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


def _finish(shard: _Shard, options: ExtractOptions) -> None:
    """Process a shard and put its part in place."""
    results = process(shard.batch, text=options.text, language=options.language)
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


__all__ = ["ExtractOptions", "Progress", "Summary", "available_processors", "extract"]
