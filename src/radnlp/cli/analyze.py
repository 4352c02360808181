"""``radnlp analyze``: one study."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from radnlp.cli import results
from radnlp.cli.options import (
    LinkStage,
    Output,
    ReportStage,
    TextStage,
    VisionStage,
    build_pipeline,
)
from radnlp.errors import EncodingError, InputError
from radnlp.pipeline import analyze as analyze_parts
from radnlp.schema import Report, Study

EXAMPLES = """\b
Examples:
  radnlp analyze --text "Small left pleural effusion. No pneumothorax."
  radnlp analyze --report report.txt --image chest.dcm -o page.html -o result.json
  radnlp analyze --study case-17/ | jq .links
"""


def analyze(
    *,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The report: txt, json, DICOM SR; - reads a pipe."),
    ] = None,
    text: Annotated[str | None, typer.Option(help="The report's text itself.")] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="DICOM, PNG or JPEG. May be given several times."),
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A folder with one study's images and report."),
    ] = None,
    prior: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The report of the earlier study.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Of the report; en is read.")] = None,
    output: Output = None,
    text_stage: TextStage = "rules",
    vision_stage: VisionStage = "embedded",
    link_stage: LinkStage = "default",
    report_stage: ReportStage = "template",
) -> None:
    """Read one study: its report, its images, or both together.

    Without -o, prints a readable summary on a terminal and JSON in a pipe.
    """
    outputs = output or []
    results.check_outputs(outputs)
    _check_inputs(report, text, image, study)
    pipeline = build_pipeline(
        text=text_stage,
        vision=vision_stage,
        link=link_stage,
        report=report_stage,
    )
    if study:
        analysis = pipeline(_read_study(study, prior, language))
    else:
        analysis = analyze_parts(
            report=_piped() if report == Path("-") else report or text,
            image=image,
            prior=prior,
            language=language,
            pipeline=pipeline,
        )
    if outputs:
        results.save(analysis, outputs)
    else:
        results.show(analysis)


def _check_inputs(
    report: Path | None, text: str | None, image: list[Path] | None, study: Path | None
) -> None:
    if report and text is not None:
        raise InputError("both --report and --text are given; expected one of them")
    alone = report or text is not None or image
    if study and alone:
        raise InputError("--study brings its own report and images; leave out the other ones")
    if not (study or alone):
        raise InputError("there is nothing to analyse; give --text, --report, --image or --study")


def _read_study(folder: Path, prior: Path | None, language: str | None) -> Study:
    from radnlp.io import load_study, read_report

    study = load_study(folder, language=language)
    return replace(study, prior=read_report(prior, language=language)) if prior else study


def _piped() -> Report:
    from radnlp.io.reports import message_from_text

    content = sys.stdin.buffer.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"byte {error.start} of standard input is not valid UTF-8; convert it first, for "
            "example with iconv -f latin1 -t utf8"
        ) from None
    found = message_from_text(text, name="standard input")
    return Report(text=found.text, id="r0", language=found.language)


__all__ = ["EXAMPLES", "analyze"]
