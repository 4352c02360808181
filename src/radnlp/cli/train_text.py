"""``radnlp train language`` and ``radnlp train writer``: the models of words."""

from pathlib import Path
from typing import Annotated

import typer

from radnlp.cli.results import say
from radnlp.cli.train import train

LANGUAGE_EXAMPLES = """\b
Examples:
  radnlp train language -o trained --bfloat16
  radnlp train language -o trained --start language-mini0 --steps 500
\b
Sentences are made from the vocabulary; no report is needed.
"""

WRITER_EXAMPLES = """\b
Examples:
  radnlp train writer -o trained --bfloat16
  radnlp train writer films/ -o trained --language trained/language-mini0.safetensors
\b
Folders of films are optional: their boxes teach the decoder to see where a finding is.
"""


@train.command(epilog=LANGUAGE_EXAMPLES)
def language(
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="For checkpoint, log and weights."),
    ],
    steps: Annotated[int, typer.Option(help="Batches to learn from.")] = 3000,
    seed: Annotated[int, typer.Option(help="Decides vocabulary and sentences.")] = 1,
    rate: Annotated[float, typer.Option(help="Greatest learning rate of the encoder.")] = 1e-4,
    threads: Annotated[int | None, typer.Option(help="Threads of torch.")] = None,
    bfloat16: Annotated[bool, typer.Option(help="Compute in bfloat16.")] = False,
    start: Annotated[
        str | None,
        typer.Option(metavar="WEIGHTS", help="Start from these weights instead of MiniLM."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the checkpoint in -o.")] = False,
    name: Annotated[str, typer.Option(help="Name of the weights.")] = "language-mini0",
) -> None:
    """Train the language model that tags reports (extra radnlp[train])."""
    from radnlp.train.language import LanguageTraining, train_language

    weights = train_language(
        LanguageTraining(
            output=output,
            steps=steps,
            seed=seed,
            rate=rate,
            threads=threads,
            bfloat16=bfloat16,
            start=start,
            resume=resume,
            name=name,
        )
    )
    say(
        "use them with: HybridText(TaggerOptions(weights=...)) of radnlp.text.hybrid; "
        f"weights: {weights}"
    )


@train.command(epilog=WRITER_EXAMPLES)
def writer(
    *,
    data: Annotated[
        list[Path] | None, typer.Argument(metavar="[DATA]", help="Folders with films and boxes.")
    ] = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="For checkpoint, log and weights."),
    ],
    steps: Annotated[int, typer.Option(help="Batches to learn from.")] = 3000,
    seed: Annotated[int, typer.Option(help="Decides weights and statements.")] = 1,
    language: Annotated[
        str, typer.Option(metavar="WEIGHTS", help="Language weights whose word pieces are used.")
    ] = "language-mini0",
    vision: Annotated[
        str, typer.Option(metavar="WEIGHTS", help="The network whose patches are seen.")
    ] = "vision-lite0",
    threads: Annotated[int | None, typer.Option(help="Threads of torch.")] = None,
    bfloat16: Annotated[bool, typer.Option(help="Compute in bfloat16.")] = False,
    resume: Annotated[bool, typer.Option(help="Go on from the checkpoint in -o.")] = False,
    name: Annotated[str, typer.Option(help="Name of the weights.")] = "writer-mini0",
) -> None:
    """Train the decoder that words the findings of a draft."""
    from radnlp.train.writer import WriterTraining, train_writer

    weights = train_writer(
        WriterTraining(
            output=output,
            data=tuple(data or ()),
            steps=steps,
            seed=seed,
            language=language,
            vision=vision,
            threads=threads,
            bfloat16=bfloat16,
            resume=resume,
            name=name,
        )
    )
    say(f"use them with: WriterReport(weights=...) of radnlp.report; weights: {weights}")


__all__ = ["LANGUAGE_EXAMPLES", "WRITER_EXAMPLES", "language", "train", "writer"]
