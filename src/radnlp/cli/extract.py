"""``radnlp extract``: entities, recommendations and scores of an archive of reports."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from radnlp.cli.options import TextStage
from radnlp.cli.progress import show_progress
from radnlp.cli.results import say, say_notices
from radnlp.errors import InputError

if TYPE_CHECKING:
    from radnlp.archive import Summary

EXAMPLES = """\b
Examples:
  radnlp extract reports/ -o entities.parquet
  radnlp extract 2023.csv 2024.csv -o entities.csv --text-column report --id-column accession
  radnlp extract "export/*.jsonl" -o entities.jsonl --workers 4
\b
One row per entity in OUT; recommendations and scores lie beside it (entities.recommendations.csv,
entities.scores.csv). How-to / Extract an archive describes the columns. An interrupted run goes on
where it stopped when the same command is run again; existing tables are replaced at the end.
Reports that cannot be read are listed in OUT.failures.jsonl, and the exit status is then 1.
"""


def extract(
    *,
    archive: Annotated[
        list[str],
        typer.Argument(
            metavar="ARCHIVE",
            help="Folder, pattern, or csv, tsv, jsonl, json, parquet, txt, hl7 file.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="OUT", help="A .parquet, .jsonl or .csv file."),
    ],
    workers: Annotated[
        int | None, typer.Option(help="Processes; one per processor if not given.")
    ] = None,
    text_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Column or field of the text; found by name if not given. Given several times: "
            "one section each.",
        ),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Column or field that names the report."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of csv, json, txt and hl7 files.")] = "utf-8",
    language: Annotated[str | None, typer.Option(help="Of the reports; en is read.")] = None,
    shard_size: Annotated[
        int, typer.Option(help="Reports per finished part; an interrupted run loses fewer.")
    ] = 500,
    text_stage: TextStage = "rules",
) -> None:
    """Write the entities, recommendations and scores of all reports to tables."""
    from radnlp import archive as archives

    options = archives.ExtractOptions(
        text=text_stage,
        language=language,
        reading=archives.Reading(
            text_columns=tuple(text_column or ()), id_column=id_column, encoding=encoding
        ),
        shard_size=shard_size,
    )
    began = time.monotonic()
    try:
        with show_progress("extract") as show:
            summary = archives.extract(
                archive, output, options=options, workers=workers, on_progress=show
            )
    except KeyboardInterrupt:
        say("radnlp: interrupted; run the same command again to go on where it stopped")
        raise typer.Exit(130) from None
    if 0 < summary.failures == summary.reports:
        raise InputError(f"none of the inputs could be read; the first: {_first(summary)}")
    _tell(summary, time.monotonic() - began)
    if summary.failures:
        raise typer.Exit(1)


def _tell(summary: "Summary", seconds: float) -> None:
    resumed = f" ({summary.resumed:,} of them done before)" if summary.resumed else ""
    say(f"{summary.reports:,} reports{resumed} in {seconds:.1f} s")
    say(f"{summary.entities:,} entities in {summary.out}")
    say(f"{summary.recommendations:,} recommendations in {summary.recommendations_file}")
    say(f"{summary.scores:,} scores in {summary.scores_file}")
    say_notices(summary.notices)
    if summary.failures:
        say(f"{summary.failures:,} failed: listed in {summary.failures_file}")
    if summary.skipped:
        say(f"{summary.skipped:,} files skipped: their endings hold no reports")


def _first(summary: "Summary") -> str:
    with summary.failures_file.open(encoding="utf-8") as lines:
        failure = json.loads(lines.readline())
    return f"{failure['id']}: {failure['error']}: {failure['message']}"


__all__ = ["EXAMPLES", "extract"]
