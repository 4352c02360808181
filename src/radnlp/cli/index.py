"""``radnlp index``: sentences of one's own reports, to draft with."""

from pathlib import Path
from typing import Annotated

import typer

from radnlp.cli.options import TextStage
from radnlp.cli.results import say, say_failures, say_notices

EXAMPLES = """\b
Examples:
  radnlp index reports/ -o sentences/
  radnlp index 2023.csv 2024.csv -o sentences/ --text-column report
  radnlp draft chest.dcm --report-stage retrieve --index sentences/
\b
FOLDER then holds sentences of these reports in their own words: treat it as you treat them. Taken
in is only what was read whole: no names, dates, numbers, comparisons.
"""


def index(
    *,
    archive: Annotated[
        list[str],
        typer.Argument(
            metavar="ARCHIVE",
            help="Folder, pattern, or csv, tsv, jsonl, json, parquet, txt, hl7 file.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="For the index.")
    ],
    text_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Column or field of the text; found by name if not given. Given several times: "
            "one section each.",
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of csv, json, txt and hl7 files.")] = "utf-8",
    language: Annotated[str | None, typer.Option(help="Of the reports; en is read.")] = None,
    text_stage: TextStage = "rules",
    meaning: Annotated[
        bool,
        typer.Option(
            "--meaning", help="Compare sentences by the language model, not by their words."
        ),
    ] = False,
) -> None:
    """Gather sentences of your own reports, by what they say."""
    from radnlp import archive as archives
    from radnlp.report.embed import HashedWords, Meaning

    summary = archives.build_index(
        archive,
        output,
        reading=archives.Reading(text_columns=tuple(text_column or ()), encoding=encoding),
        text=text_stage,
        language=language,
        embed=Meaning() if meaning else HashedWords(),
    )
    say(f"{summary.reports:,} reports ({summary.repeated:,} more were copies)")
    say(f"{summary.kept:,} different sentences of {summary.sentences:,} in {summary.folder}")
    say_notices(summary.notices)
    if summary.failures:
        say(f"{len(summary.failures):,} reports could not be read")
        say_failures(summary.failures)
        raise typer.Exit(1)


__all__ = ["EXAMPLES", "index"]
