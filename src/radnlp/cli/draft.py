"""``radnlp draft``: a draft report from images."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from radnlp.cli import results
from radnlp.cli.options import Output, ReportStage, TextStage, VisionStage, build_pipeline
from radnlp.pipeline import analyze
from radnlp.schema import DISCLAIMER, Analysis, Draft

EXAMPLES = """\b
Examples:
  radnlp draft chest.dcm
  radnlp draft frontal.dcm lateral.dcm -o draft.html
"""


def draft(
    *,
    image: Annotated[list[Path], typer.Argument(metavar="IMAGE", help="DICOM, PNG or JPEG.")],
    output: Output = None,
    text_stage: TextStage = "rules",
    vision_stage: VisionStage = "embedded",
    report_stage: ReportStage = "template",
) -> None:
    """Draft a report; every sentence names its evidence.

    The draft is for a radiologist to check. It is not for diagnosis.
    """
    outputs = output or []
    results.check_outputs(outputs)
    pipeline = build_pipeline(
        text=text_stage, vision=vision_stage, link="default", report=report_stage
    )
    analysis = analyze(image=image, pipeline=pipeline)
    if outputs:
        results.save(analysis, outputs)
    else:
        typer.echo("\n".join(_lines(analysis)).encode())
        for notice in analysis.warnings:
            results.say(f"note: {notice}")


def _lines(analysis: Analysis) -> Iterator[str]:
    from radnlp.output.wording import speakers

    yield DISCLAIMER
    if any(image.simulated for image in analysis.images):
        yield "The image is simulated and shows no patient."
    if analysis.draft is None or not analysis.draft.sentences:
        yield "\nNo draft: nothing in the images can be judged."
    else:
        yield from _sentences(analysis.draft)
        yield from _evidence(analysis, analysis.draft)
    yield f"\nWritten by {'; '.join(speakers(analysis))}"


def _sentences(draft: Draft) -> Iterator[str]:
    from radnlp.output.wording import one_line

    for section in dict.fromkeys(sentence.section for sentence in draft.sentences):
        yield f"\n{section.upper()}"
        for sentence in draft.sentences:
            if sentence.section == section:
                yield f"  {one_line(sentence.text)}  [{', '.join(sentence.evidence)}]"


def _evidence(analysis: Analysis, draft: Draft) -> Iterator[str]:
    from radnlp.output.wording import concept_words, confidence_words

    used = {name for sentence in draft.sentences for name in sentence.evidence}
    yield "\nEVIDENCE"
    for finding in analysis.image_findings:
        if finding.id in used:
            says = "present" if finding.positive else "below its threshold"
            sure = confidence_words(finding.confidence) or "not supported"
            words = concept_words(finding.concept)
            yield f"  {finding.id}  {finding.image_id}  {words}: {says}, {sure}"
    for region in analysis.regions:
        if region.id in used:
            box, words = region.box, concept_words(region.label)
            edges = f"({box.x0:.0f}, {box.y0:.0f}, {box.x1:.0f}, {box.y1:.0f})"
            yield f"  {region.id}  {region.image_id}  {words}: box {edges} in stored pixels"


__all__ = ["EXAMPLES", "draft"]
