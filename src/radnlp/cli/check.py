"""``radnlp check``: likely slips and missed findings of an archive, worst first."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from radnlp.cli.options import TextStage, VisionStage
from radnlp.cli.progress import show_progress
from radnlp.cli.results import say, say_failures, say_notices
from radnlp.errors import InputError
from radnlp.schema import Failure

if TYPE_CHECKING:
    from radnlp.archive import Checked

EXAMPLES = """\b
Examples:
  radnlp check reports/
  radnlp check 2023.csv 2024.csv -o slips.csv
  radnlp check --studies archive/ -o slips.html
\b
Left and right that differ between findings and impression or from the examination's name, findings
stated and denied, sizes ten times off, changes without a comparison, organs the patient cannot
have; with --studies also what report and image disagree on. How-to / Check an archive lists the
rules and their weights. A list to look at, not a verdict.
"""


def check(
    *,
    archive: Annotated[
        list[str],
        typer.Argument(
            metavar="ARCHIVE",
            help="As radnlp extract takes them; with --studies folders of study folders.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A .parquet, .jsonl, .csv or .html file. Without: a list on a terminal, JSON "
            "lines in a pipe.",
        ),
    ] = None,
    studies: Annotated[
        bool, typer.Option("--studies", help="Every subfolder is one study, with its images.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes; one per processor if not given.")
    ] = None,
    least: Annotated[
        float, typer.Option(metavar="SCORE", help="Leave out slips of a lower score.")
    ] = 0.0,
    most: Annotated[int, typer.Option(help="Slips listed on a terminal.")] = 50,
    text_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Column or field of the text; may be given again. Not with --studies.",
        ),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Column or field that names the report. Not with --studies."
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of csv, json, txt and hl7 files.")] = "utf-8",
    language: Annotated[str | None, typer.Option(help="Of the reports; en is read.")] = None,
    text_stage: TextStage = "rules",
    vision_stage: VisionStage = "embedded",
) -> None:
    """List likely left/right slips and missed findings of an archive, worst first.

    Columns or header fields with the examination's name, sex and age are used where they are there.
    """
    from radnlp import archive as archives

    options = archives.CheckOptions(
        studies=studies,
        text=text_stage,
        vision=None if vision_stage == "none" else vision_stage,
        language=language,
        reading=archives.Reading(
            text_columns=tuple(text_column or ()), id_column=id_column, encoding=encoding
        ),
        least=least,
    )
    try:
        with show_progress("check") as show:
            done = archives.check(
                archive, output, options=options, workers=workers, on_progress=show
            )
    except KeyboardInterrupt:
        say("radnlp: interrupted; with -o the same command goes on where it stopped")
        raise typer.Exit(130) from None
    if 0 < done.reports == done.unchecked:
        first = done.failures[0]
        raise InputError(
            f"none of the inputs could be checked; the first: {first['id']}: {first['error']}: "
            f"{first['message']}"
        )
    _tell(done, output, most)
    if done.failures:
        raise typer.Exit(1)


def _tell(done: "Checked", output: Path | None, most: int) -> None:
    from radnlp.output.checklist import checklist_text

    if output is None and sys.stdout.isatty():
        page = checklist_text(done.slips, done.reports, done.unchecked, most)
        typer.echo(page.encode(), nl=False)
    else:
        for slip in done.slips if output is None else ():
            typer.echo(json.dumps(slip, ensure_ascii=False).encode())
        where = f": {output}" if output else ""
        say(f"{len(done.slips):,} likely slips in {done.reports:,} reports{where}")
        say("A list to look at, not a verdict. Draft. Not for diagnosis.")
        if done.unchecked:
            say(f"{done.unchecked:,} of the reports could not be checked")
    say_notices(done.notices)
    if done.resumed:
        say(f"{done.resumed:,} reports had been done before")
    failures = [
        Failure(id=row["id"], error=row["error"], message=row["message"]) for row in done.failures
    ]
    say_failures(failures, listed=f"{output}.failures.jsonl" if output else None)
    if done.skipped:
        say(f"{done.skipped:,} files skipped: their endings hold no reports")


__all__ = ["EXAMPLES", "check"]
