"""Options that several commands share, and the pipeline they describe."""

from pathlib import Path
from typing import Annotated

import typer

from radnlp.pipeline import Pipeline
from radnlp.pipeline import ReportStage as ReportStageObject

Output = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write there; the ending chooses the format: json, html (page), png (overlay), txt. "
        "May be given several times.",
    ),
]
TextStage = Annotated[str, typer.Option(metavar="NAME", help="Text stage.")]
VisionStage = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Vision stage, a file or folder of weights, an encoder (hub name, timm:MODEL), or "
        "none.",
    ),
]
LinkStage = Annotated[str, typer.Option(metavar="NAME", help="Link stage, or none.")]
ReportStage = Annotated[str, typer.Option(metavar="NAME", help="Report stage, or none.")]


def build_pipeline(
    *,
    text: str,
    vision: str = "none",
    link: str = "none",
    report: str | ReportStageObject = "none",
) -> Pipeline:
    """Return the pipeline of the stages that are named; ``none`` leaves one out.

    Args:
        text: Text stage.
        vision: Vision stage.
        link: Link stage.
        report: Report stage, by name or built.

    Raises:
        StageNotFound: No stage of that name.
    """
    drafts = _stage(report) if isinstance(report, str) else report
    return Pipeline(text=text, vision=_stage(vision), link=_stage(link), report=drafts)


def _stage(name: str) -> str | None:
    return None if name == "none" else name


__all__ = ["LinkStage", "Output", "ReportStage", "TextStage", "VisionStage", "build_pipeline"]
