"""``radnlp draft``: a draft report from images."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from radnlp.cli import results
from radnlp.cli.options import Output, ReportStage, TextStage, VisionStage, build_pipeline
from radnlp.errors import InputError
from radnlp.pipeline import analyze
from radnlp.registry import report_stages
from radnlp.schema import DISCLAIMER, Analysis, Draft

if TYPE_CHECKING:
    from radnlp.report import Style

EXAMPLES = """\b
Examples:
  radnlp draft chest.dcm
  radnlp draft frontal.dcm lateral.dcm -o draft.html
  radnlp draft chest.dcm --prior last_year.txt --style prose --no-normals --impression-length 3
  radnlp draft chest.dcm --report-stage retrieve --index sentences/
\b
A style of your own is a TOML file (--style mine.toml): form, normals, impression_length.
"""


def draft(
    *,
    image: Annotated[list[Path], typer.Argument(metavar="IMAGE", help="DICOM, PNG or JPEG.")],
    output: Output = None,
    prior: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The earlier report; only with it the draft compares."),
    ] = None,
    style: Annotated[
        str,
        typer.Option(metavar="NAME", help="telegraphic, prose, or a TOML file with a style."),
    ] = "telegraphic",
    normals: Annotated[
        bool | None,
        typer.Option("--normals/--no-normals", help="Say what was judged and not seen."),
    ] = None,
    impression_length: Annotated[
        int | None,
        typer.Option(metavar="N", help="Most sentences of the impression; all critical ones stay."),
    ] = None,
    text_stage: TextStage = "rules",
    vision_stage: VisionStage = "embedded",
    report_stage: ReportStage = "template",
    index: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Sentences that radnlp index wrote, for retrieve."),
    ] = None,
) -> None:
    """Draft a report; every sentence names its evidence.

    The draft is for a radiologist to check. It is not for diagnosis.
    """
    outputs = output or []
    results.check_outputs(outputs)
    told = _style(style, normals=normals, length=impression_length)
    pipeline = build_pipeline(
        text=text_stage,
        vision=vision_stage,
        link="default",
        report=_stage(report_stage, told, index),
    )
    analysis = analyze(image=image, prior=prior, pipeline=pipeline)
    if outputs:
        results.save(analysis, outputs)
    else:
        typer.echo("\n".join(_lines(analysis)).encode())
        for notice in analysis.warnings:
            results.say(f"note: {notice}")


def _style(name: str, *, normals: bool | None, length: int | None) -> "Style":
    from dataclasses import replace

    from radnlp.report import Style, read_style

    told = read_style(name) if name.endswith(".toml") else Style(form=name)  # type: ignore[arg-type]
    if normals is not None:
        told = replace(told, normals=normals)
    return told if length is None else replace(told, impression_length=length)


def _stage(name: str, style: "Style", index: Path | None) -> Any:
    """Return the report stage: built here if it is to sound or look up otherwise than by itself."""
    from radnlp.report import ReportOptions, Style

    given = {"index": index} if index else {}
    if style == Style() and not given:
        return name
    if name == "none":
        return name
    try:
        return report_stages.get(name)(options=ReportOptions(style=style), **given)
    except TypeError:
        raise InputError(
            f"the report stage {name!r} takes no style or index; leave out --style, --no-normals, "
            "--impression-length and --index"
        ) from None


def _lines(analysis: Analysis) -> Iterator[str]:
    from radnlp.output.wording import speakers

    yield DISCLAIMER
    if any(image.simulated for image in analysis.images):
        yield "The image is simulated and shows no patient."
    if analysis.draft is None or not analysis.draft.sentences:
        yield "\nNo draft: nothing in the images can be judged."
    else:
        yield from _sentences(analysis.draft)
        yield from _corrections(analysis.draft)
        yield from _evidence(analysis, analysis.draft)
    yield f"\nWritten by {'; '.join(speakers(analysis))}"


def _sentences(draft: Draft) -> Iterator[str]:
    from radnlp.output.wording import critical_words, one_line

    for section in dict.fromkeys(sentence.section for sentence in draft.sentences):
        yield f"\n{section.upper()}"
        for sentence in draft.sentences:
            if sentence.section == section:
                flag = critical_words(sentence)
                start = f"  {flag}: " if flag else "  "
                yield f"{start}{one_line(sentence.text)}  [{', '.join(sentence.evidence)}]"


def _corrections(draft: Draft) -> Iterator[str]:
    from radnlp.output.wording import correction_words

    if draft.corrections:
        yield "\nCORRECTED WHEN READ BACK"
    for one in draft.corrections:
        yield f"  {correction_words(one)}"


def _evidence(analysis: Analysis, draft: Draft) -> Iterator[str]:
    from radnlp.output.wording import concept_words, confidence_words, measured_words

    used = {name for sentence in draft.sentences for name in sentence.evidence}
    yield "\nEVIDENCE"
    for finding in analysis.image_findings:
        if finding.id in used:
            says = "present" if finding.positive else "below its threshold"
            sure = confidence_words(finding.confidence) or "not supported"
            words = concept_words(finding.concept)
            yield f"  {finding.id}  {finding.image_id}  {words}: {says}, {sure}"
    for one in analysis.image_measurements:
        if one.id in used:
            yield f"  {one.id}  {one.image_id}  {measured_words(one)}"
    for region in analysis.regions:
        if region.id in used:
            box, words = region.box, concept_words(region.label)
            edges = f"({box.x0:.0f}, {box.y0:.0f}, {box.x1:.0f}, {box.y1:.0f})"
            yield f"  {region.id}  {region.image_id}  {words}: box {edges} in stored pixels"
    for mention in analysis.prior_entities:
        if mention.id in used:
            words = concept_words(mention.concept)
            yield f"  {mention.id}  prior report  {words}: {mention.assertion}"


__all__ = ["EXAMPLES", "draft"]
