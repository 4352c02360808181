"""`extract`: an archive of reports to tables of what they say."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.archive.merge import merge, outputs_of
from radnlp.archive.notices import Noted
from radnlp.archive.process import process
from radnlp.archive.records import Reading, read_records
from radnlp.archive.shards import Job, work_through
from radnlp.archive.sources import find_sources
from radnlp.archive.table import REPORTS, RESULTS
from radnlp.errors import InputError
from radnlp.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from radnlp.archive.shards import Progress


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
        Pipeline(text=self.text, vision=None, link=None, report=None)  # Refuses other names.
        if self.shard_size < 1:
            raise InputError(f"shard_size must be at least 1, got {self.shard_size}")


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
        notices: What was odd about reports that were read, by kind.
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
    notices: tuple[Noted, ...]
    skipped: int
    out: Path
    recommendations_file: Path
    scores_file: Path
    failures_file: Path


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
        InputError: Fewer than one worker, or files without a single report.
    """
    options = options or ExtractOptions()
    outputs = outputs_of(Path(out))
    folder = outputs.entities.with_name(f"{outputs.entities.name}.parts")
    sources = find_sources(archives, without=(folder, *outputs))
    job = Job(
        records=partial(read_records, reading=options.reading),
        takes=REPORTS,
        process=partial(process, text=options.text, language=options.language),
        plan={**asdict(options), "columns": str(RESULTS)},
        shard_size=options.shard_size,
    )
    done = work_through(sources, folder, job, workers=workers, on_progress=on_progress)
    written = merge(done.files, outputs, folder, reports=done.reports)
    shutil.rmtree(folder)
    return Summary(
        reports=done.reports,
        resumed=done.resumed,
        **written._asdict(),
        skipped=sources.skipped,
        out=outputs.entities,
        recommendations_file=outputs.recommendations,
        scores_file=outputs.scores,
        failures_file=outputs.failures,
    )


__all__ = ["ExtractOptions", "Summary", "extract"]
