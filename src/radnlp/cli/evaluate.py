"""``radnlp evaluate``: scores on one's own data."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from radnlp.cli.options import LinkStage, TextStage, VisionStage, build_pipeline
from radnlp.cli.results import say, say_failures
from radnlp.errors import InputError, OutputError
from radnlp.registry import label_scheme, text_stages
from radnlp.schema import DISCLAIMER, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.evaluate import Figure

EXAMPLES = """\b
Examples:
  radnlp evaluate links phrases.csv
  radnlp evaluate drafts drafts.jsonl --labels nih14 -o figures.json
  radnlp evaluate labels reports.csv
  radnlp evaluate entities gold.jsonl
\b
How-to / Evaluate on your own data describes the columns of each file.
"""

evaluate = typer.Typer(
    help="Score links, drafts, labels or entities on one's own data.", no_args_is_help=True
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .csv, .tsv or .jsonl file.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="OUT", help="Write all figures to a .json file."),
]
Draws = Annotated[int, typer.Option(min=1, help="Bootstrap draws of the 95% intervals.")]
Seed = Annotated[int, typer.Option(help="Of the bootstrap and of the shuffled floor.")]
Labels = Annotated[
    str, typer.Option(metavar="SCHEME", help="chexpert, nih14, or a TOML file of your own.")
]
Uncertain = Annotated[
    bool,
    typer.Option(
        "--uncertain-present/--uncertain-absent",
        help="What a label of -1 counts as, on both sides.",
    ),
]


@evaluate.callback(epilog=EXAMPLES)
def _evaluate() -> None:
    pass


@evaluate.command()
def links(
    *,
    file: File,
    output: Output = None,
    draws: Draws = 1000,
    seed: Seed = 0,
    text_stage: TextStage = "rules",
    vision_stage: VisionStage = "embedded",
    link_stage: LinkStage = "default",
) -> None:
    """Boxes that phrases are tied to, against drawn ones: pointing game and IoU.

    Columns: image, phrase (or report), boxes (or x0, y0, x1, y1; stored pixels), and where known
    concept and patient.
    """
    from radnlp.evaluate import BoxCase, link_cases, score_boxes
    from radnlp.io import read_image
    from radnlp.io.rows import read_rows

    _check_output(output)
    pipeline = build_pipeline(text=text_stage, vision=vision_stage, link=link_stage)
    outcomes = list(
        link_cases(
            read_rows(file),
            analyse=pipeline,
            image_of=lambda name: read_image(file.parent / name, id="i0"),
        )
    )
    cases = [one for one in outcomes if isinstance(one, BoxCase)]
    failures = [one for one in outcomes if isinstance(one, Failure)]
    if failures and not cases:
        first = failures[0]
        raise InputError(
            f"none of the images could be used; the first: {first.id}: {first.error}: "
            f"{first.message}"
        )
    _show(score_boxes(cases, draws=draws, seed=seed), output, file, len(cases))
    silent = sum(not case.found for case in cases)
    if silent:
        say(f"{silent:,} phrases were tied to no box; they count as misses")
    say_failures(failures)
    if failures:
        raise typer.Exit(1)


@evaluate.command()
def drafts(
    *,
    file: File,
    output: Output = None,
    labels: Labels = "chexpert",
    uncertain_present: Uncertain = True,
    draws: Draws = 1000,
    seed: Seed = 0,
    text_stage: TextStage = "rules",
) -> None:
    """Drafts against reference reports or labels: label F1, entity F1, evidence, variety.

    Columns: draft (text) or draft_file (text, or the JSON of an analysis); reference or
    reference_file, or one column per label; and where known patient. Two floors are printed
    beside: the best single draft for all, and the drafts dealt out anew.
    """
    from radnlp.evaluate import draft_cases, score_drafts
    from radnlp.io import read_report
    from radnlp.io.analyses import read_analysis
    from radnlp.io.rows import read_rows

    _check_output(output)
    cases = list(
        draft_cases(
            read_rows(file),
            read=text_stages.get(text_stage)(),
            label=label_scheme(labels),
            report_of=lambda name: read_report(file.parent / name),
            analysis_of=lambda name: read_analysis(file.parent / name),
        )
    )
    figures = score_drafts(cases, uncertain_is_present=uncertain_present, draws=draws, seed=seed)
    _show(figures, output, file, len(cases))


@evaluate.command("labels")
def labels_(
    *,
    file: File,
    output: Output = None,
    labels: Labels = "chexpert",
    uncertain_present: Uncertain = True,
    draws: Draws = 1000,
    seed: Seed = 0,
    text_stage: TextStage = "rules",
) -> None:
    """Report labels against gold ones. Columns: text, one per label, and where known patient."""
    from radnlp.evaluate import label_cases, score_labels
    from radnlp.io.rows import read_rows

    _check_output(output)
    read, label = text_stages.get(text_stage)(), label_scheme(labels)
    cases = list(label_cases(read_rows(file), read=read, label=label))
    figures = score_labels(cases, uncertain_is_present=uncertain_present, draws=draws, seed=seed)
    _show(figures, output, file, len(cases))


@evaluate.command()
def entities(
    *,
    file: File,
    output: Output = None,
    draws: Draws = 1000,
    seed: Seed = 0,
    text_stage: TextStage = "rules",
) -> None:
    """Mentions against gold ones. Columns: text, entities, and where known patient.

    entities is a list of objects with concept and assertion; each pair counts once per report.
    """
    from radnlp.evaluate import entity_cases, score_entities
    from radnlp.io.rows import read_rows

    _check_output(output)
    cases = list(entity_cases(read_rows(file), read=text_stages.get(text_stage)()))
    _show(score_entities(cases, draws=draws, seed=seed), output, file, len(cases))


def _check_output(output: Path | None) -> None:
    """Refuse, before any work, what cannot be written."""
    if output is None:
        return
    if output.suffix.lower() != ".json":
        raise OutputError(f"cannot write {output.name!r}; expected a file that ends in .json")
    if not output.parent.is_dir():
        raise OutputError(f"cannot write {output}: there is no folder {output.parent}; make it")


def _show(figures: "Sequence[Figure]", output: Path | None, file: Path, cases: int) -> None:
    """Write figures to a file, as JSON to a pipe, or as a table to a terminal."""
    from radnlp.schema.serial import encode

    if not cases:
        raise InputError(f"{file.name} holds no case; expected one per row")
    result = {"cases": cases, "figures": [encode(figure) for figure in figures]}
    if output is not None:
        output.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        say(f"wrote {output}")
    elif not sys.stdout.isatty():
        typer.echo(json.dumps(result))
        return
    typer.echo("\n".join(_lines(result)).encode())


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['cases']:,} cases; value (95% interval)  {DISCLAIMER}"]
    for one in result["figures"]:
        if one["value"] is None:
            said = "nothing to measure"
        elif one["low"] is None:
            said = f"{one['value']:.3f}"
        else:
            said = f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"
        lines.append(
            f"{one['system']:<9} {one['part']:<28} {one['measure']:<17} {said:<26} n {one['n']:,}"
        )
    return lines


__all__ = ["EXAMPLES", "drafts", "entities", "evaluate", "labels_", "links"]
