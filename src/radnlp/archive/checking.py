"""`check`: an archive to a list of its likely slips and missed findings."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from radnlp import errors
from radnlp.archive.merge import WRITERS, result_files, whole_file, write_failures
from radnlp.archive.notices import Noted, count_notices
from radnlp.archive.process import study_of
from radnlp.archive.records import Reading, Record, read_records
from radnlp.archive.shards import Job, work_through
from radnlp.archive.slips import CHECKED, FOUND, SLIPS, failure_of, ranked, slips_of
from radnlp.archive.sources import find_sources, find_studies
from radnlp.errors import InputError, ReportMissing
from radnlp.pipeline import Pipeline
from radnlp.schema import Exam, Failure, Study
from radnlp.schema.serial import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from radnlp.archive.shards import Progress
    from radnlp.archive.sources import Source
    from radnlp.schema import Analysis


_PAGE = ".html"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """How an archive is checked.

    Attributes:
        studies: Whether the archives are folders of study folders, with images.
        text: Name of the text stage.
        vision: Vision stage as `Pipeline` takes it by name, for studies; ``None`` looks at words
            alone.
        language: ISO 639-1 code of all reports; ``None`` detects it.
        reading: Which fields hold the report, and the files' encoding; for studies the encoding
            alone.
        least: Slips of a lower score are left out.
        shard_size: Reports or studies per finished part; ``None``: 500 reports, or 8 studies.

    Raises:
        StageNotFound: No text or vision stage of that name.
        InputError: ``shard_size`` is below 1, or columns are named for studies.
    """

    studies: bool = False
    text: str = "rules"
    vision: str | None = "embedded"
    language: str | None = None
    reading: Reading = field(default_factory=Reading)
    least: float = 0.0
    shard_size: int | None = None

    def __post_init__(self) -> None:
        # Refuses names of stages that are not there.
        Pipeline(text=self.text, vision=self.vision, link=None, report=None)
        if self.shard_size is not None and self.shard_size < 1:
            raise InputError(f"shard_size must be at least 1, got {self.shard_size}")
        if self.studies and (self.reading.text_columns or self.reading.id_column):
            raise InputError(
                "columns of text and id are named, but a study is a folder: its report is a file "
                "of its own and the folder's name is its id; leave out text_columns and id_column "
                "(--text-column, --id-column), or check a table of reports without studies"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a run found.

    Attributes:
        reports: Reports or studies that were looked at, failed ones included.
        resumed: Those of them that an earlier, interrupted run had done.
        slips: Rows of `SLIPS`, worst first.
        failures: ``id``, ``row``, ``source``, ``error``, ``message`` of what could not be read: a
            report or study, or a file of a study whose others were checked all the same.
        notices: What was odd about those that were checked, by kind.
        unchecked: Those of ``reports`` of which nothing was checked.
        skipped: Files of the folders whose ending says that they hold no reports.
    """

    reports: int
    resumed: int
    slips: tuple[dict[str, Any], ...]
    failures: tuple[dict[str, Any], ...]
    notices: tuple[Noted, ...]
    unchecked: int
    skipped: int


def check(
    archives: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    options: CheckOptions | None = None,
    workers: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Checked:
    """Find the likely slips and missed findings of an archive, worst first.

    Args:
        archives: What `radnlp.archive.extract` takes; with ``options.studies`` folders whose
            subfolders each hold one study.
        out: A ``.parquet``, ``.jsonl`` or ``.csv`` file for `SLIPS`, or a ``.html`` page; ``None``
            writes nothing, and an interrupted run begins anew. Failures go to
            ``OUT.failures.jsonl``. If nothing could be read, an earlier file stays as it is.
        options: What is looked at.
        workers: Processes; ``None``: one per processor.
        on_progress: Called after each shard.

    Raises:
        FileError: No such input, or the output cannot be written.
        InputError: Fewer than one worker, files without a single report, or a folder of studies
            that holds none.
        ModelError: Weights that are not there or cannot be used.
    """
    options = options or CheckOptions()
    run = partial(_check, archives, options=options, workers=workers, on_progress=on_progress)
    if out is None:
        with TemporaryDirectory(prefix="radnlp-") as folder:
            return run(Path(folder), ())
    files = result_files(Path(out), (*WRITERS, _PAGE))
    parts = files[0].with_name(f"{files[0].name}.parts")
    done = run(parts, files)
    _write(done, files, parts)
    shutil.rmtree(parts)
    return done


def _check(
    archives: Sequence[str | Path],
    folder: Path,
    outputs: Sequence[Path],
    *,
    options: CheckOptions,
    workers: int | None,
    on_progress: Callable[[Progress], None] | None,
) -> Checked:
    sources = (
        find_studies(archives, without=(folder,))
        if options.studies
        else find_sources(archives, without=(folder, *outputs))
    )
    job = _job(options)
    done = work_through(sources, folder, job, workers=workers, on_progress=on_progress)
    rows = [row for part in done.files for row in pq.read_table(part).to_pylist()]
    return Checked(
        reports=done.reports,
        resumed=done.resumed,
        slips=ranked(rows, options.least),
        failures=tuple(failure_of(row) for row in rows if row["error"] is not None),
        notices=count_notices(
            (row["report_row"], row["notice"], row["message"])
            for row in rows
            if row["notice"] is not None
        ),
        unchecked=sum(row["error"] is not None and not row["part"] for row in rows),
        skipped=sources.skipped,
    )


def _job(options: CheckOptions) -> Job:
    said = {name: value for name, value in asdict(options).items() if name != "least"}
    if options.studies:
        work = partial(
            check_studies,
            text=options.text,
            vision=options.vision,
            language=options.language,
            encoding=options.reading.encoding,
        )
        return Job(
            records=_study_record,
            takes=CHECKED,
            process=work,
            plan={**said, "columns": str(FOUND)},
            shard_size=options.shard_size or 8,
        )
    return Job(
        records=partial(read_records, reading=options.reading),
        takes=CHECKED,
        process=partial(check_reports, text=options.text, language=options.language),
        plan={**said, "columns": str(FOUND)},
        shard_size=options.shard_size or 500,
    )


def _study_record(source: Source) -> Iterator[Record]:
    yield Record(id=source.name, position=source.size)


def check_reports(
    batch: pa.RecordBatch, *, text: str = "rules", language: str | None = None
) -> pa.RecordBatch:
    """Check a batch of reports by their words alone.

    Args:
        batch: Columns of `CHECKED`; rows with an error are passed on.
        text: Name of the text stage.
        language: ISO 639-1 code of all reports; ``None`` detects it.

    Returns:
        One row per slip, one per notice, and one per failed report with ``error`` and ``message``.
        A report that is missing or blank is a failure too: nothing could be checked.
    """
    pipeline = _pipeline(text, None)
    found: list[dict[str, Any]] = []
    for report in batch.to_pylist():
        if report["error"] is not None:
            found.append(report)
            continue
        exam = decode(Exam, report["exam"]) if report["exam"] else None
        outcome = _outcome(pipeline, study_of(report, language))
        found.extend(slips_of(report, outcome, exam))
    return pa.RecordBatch.from_pylist(found, schema=FOUND)


def check_studies(
    batch: pa.RecordBatch,
    *,
    text: str = "rules",
    vision: str | None = "embedded",
    language: str | None = None,
    encoding: str = "utf-8",
) -> pa.RecordBatch:
    """Check a batch of studies: the reports' words, and the words against the images.

    Args:
        batch: Columns of `CHECKED`; ``path`` is a study's folder.
        text: Name of the text stage.
        vision: Name of the vision stage, or ``None``.
        language: ISO 639-1 code of all reports; ``None`` takes what a file says, or detects it.
        encoding: Of text and JSON files.

    Returns:
        As `check_reports`.
    """
    from radnlp.io import load_study, read_ahead

    pipeline = _pipeline(text, vision)
    load = partial(load_study, language=language, encoding=encoding)
    folders = batch.to_pylist()
    studies = read_ahead((row["path"] for row in folders), 2, load)
    found: list[dict[str, Any]] = []
    for report, study in zip(folders, studies, strict=True):
        exam = study.exam if isinstance(study, Study) else None
        found.extend(slips_of(report, _outcome(pipeline, study), exam))
    return pa.RecordBatch.from_pylist(found, schema=FOUND)


@lru_cache(maxsize=4)
def _pipeline(text: str, vision: str | None) -> Pipeline:
    # Built here: a stage that cannot be built ends the run, it does not fail every study.
    link = "default" if vision else None
    return Pipeline(text=text, vision=vision, link=link, report=None).build()


def _outcome(pipeline: Pipeline, study: Study | Failure) -> Analysis | Failure:
    if isinstance(study, Failure):
        return study
    try:
        _require_report(study)
        return pipeline(study)
    except Exception as error:  # noqa: BLE001  (a plug-in's fault must not end the run)
        return Failure.of(study.id, error)


def _require_report(study: Study) -> None:
    """Refuse a study without words, before its images cost time.

    Raises:
        ReportMissing: Says which files could not be used, as the report may be among them.
    """
    if study.report is not None and study.report.text.strip():
        return
    found = "the report is blank" if study.report is not None else "there is no report"
    unused = [f"{one.name}: {one.message}" for one in study.warnings if one.name in errors.__all__]
    told = f"; could not be used: {'; '.join(unused[:3])}" if unused else ""
    raise ReportMissing(
        f"{found}, so nothing was checked; expected a report as text, JSON, DICOM SR or PDF{told}"
    )


def _write(done: Checked, files: tuple[Path, Path], work: Path) -> None:
    out, failures_file = files
    write_failures(done.failures, failures_file, work)
    if 0 < done.reports == done.unchecked:
        return
    with whole_file(out, work) as draft:
        if out.suffix.lower() == _PAGE:
            from radnlp.output.checklist import checklist_page

            draft.write_bytes(checklist_page(done.slips, done.reports, done.unchecked))
        else:
            table = pa.Table.from_pylist([dict(row) for row in done.slips], schema=SLIPS)
            WRITERS[out.suffix.lower()]([table], draft, SLIPS)


__all__ = ["CheckOptions", "Checked", "check", "check_reports", "check_studies"]
