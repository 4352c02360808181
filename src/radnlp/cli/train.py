"""``radnlp train``: fine-tuning on one's own data."""

from pathlib import Path
from typing import Annotated

import typer

from radnlp.cli.results import say

VIEWS_EXAMPLES = """\b
Examples:
  radnlp train views films/ -o trained
  radnlp train views films/ -o trained --network trained/vision-lite0.safetensors
\b
The rule fits the network it was made for, and no other.
"""

ANATOMY_EXAMPLES = """\b
Examples:
  radnlp train anatomy films/ -o trained
  radnlp train anatomy films/ phantoms/ -o trained --steps 3000 --resume
  radnlp analyze --image chest.dcm --vision-stage trained/anatomy-lite0.safetensors
\b
Each folder holds manifest.csv, images/ and masks; the how-to on training describes them.
"""

EXAMPLES = """\b
Examples:
  radnlp train vision films/ -o trained
  radnlp train vision films/ -o trained --steps 3000 --resume
  radnlp train vision films/ -o trained --start vision-lite0
  radnlp analyze --image chest.dcm --vision-stage trained/vision-lite0.safetensors
\b
Each folder holds manifest.csv and images/; the how-to on training describes them.
"""

train = typer.Typer(help="Train weights on one's own data.", no_args_is_help=True)


@train.callback()
def _train() -> None:
    pass


@train.command(epilog=EXAMPLES)
def vision(
    *,
    data: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Folders with films and labels.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="For checkpoint, log and weights."),
    ],
    steps: Annotated[int, typer.Option(help="Batches to learn from.")] = 1400,
    seed: Annotated[int, typer.Option(help="Decides held-out patients and order.")] = 1,
    size: Annotated[int, typer.Option(help="Side of the network's input, n × 32.")] = 288,
    batch: Annotated[int, typer.Option(help="Films per step.")] = 12,
    threads: Annotated[int | None, typer.Option(help="Threads of torch.")] = None,
    cache: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="For prepared films; else in -o.")
    ] = None,
    pretrained: Annotated[
        bool, typer.Option(help="Start from ImageNet weights (extra radnlp[train]).")
    ] = True,
    bfloat16: Annotated[bool, typer.Option(help="Compute in bfloat16.")] = False,
    start: Annotated[
        str | None, typer.Option(metavar="WEIGHTS", help="Start from these weights.")
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the checkpoint in -o.")] = False,
    name: Annotated[str, typer.Option(help="Name of the weights.")] = "vision-lite0",
) -> None:
    """Train the network for findings on frontal chest films."""
    from radnlp.train.vision import VisionTraining, train_vision

    options = VisionTraining(
        data=tuple(data),
        output=output,
        steps=steps,
        seed=seed,
        size=size,
        batch=batch,
        threads=threads,
        cache=cache,
        bfloat16=bfloat16,
        pretrained=pretrained,
        start=start,
        resume=resume,
        name=name,
    )
    weights = train_vision(options)
    say(f"use them with: radnlp analyze --image FILE --vision-stage {weights}")


@train.command(epilog=ANATOMY_EXAMPLES)
def anatomy(
    *,
    data: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Folders with films and outlines.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="For checkpoint, log and weights."),
    ],
    steps: Annotated[int, typer.Option(help="Batches to learn from.")] = 1400,
    seed: Annotated[int, typer.Option(help="Decides held-out patients and order.")] = 1,
    size: Annotated[int, typer.Option(help="Side of the network's input, n × 32.")] = 320,
    batch: Annotated[int, typer.Option(help="Films per step.")] = 16,
    threads: Annotated[int | None, typer.Option(help="Threads of torch.")] = None,
    bfloat16: Annotated[
        bool, typer.Option(help="Half the time on CPUs that compute in bfloat16.")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="For prepared films; else in -o.")
    ] = None,
    pretrained: Annotated[
        bool, typer.Option(help="Start from ImageNet weights (extra radnlp[train]).")
    ] = True,
    resume: Annotated[bool, typer.Option(help="Go on from the checkpoint in -o.")] = False,
    name: Annotated[str, typer.Option(help="Name of the weights.")] = "anatomy-lite0",
) -> None:
    """Train the network that outlines lungs and heart on frontal chest films."""
    from radnlp.train.anatomy import AnatomyTraining, train_anatomy

    options = AnatomyTraining(
        data=tuple(data),
        output=output,
        steps=steps,
        seed=seed,
        size=size,
        batch=batch,
        threads=threads,
        bfloat16=bfloat16,
        cache=cache,
        pretrained=pretrained,
        resume=resume,
        name=name,
    )
    weights = train_anatomy(options)
    say(f"use them with: radnlp analyze --image FILE --vision-stage {weights}")


@train.command(epilog=VIEWS_EXAMPLES)
def views(
    *,
    data: Annotated[list[Path], typer.Argument(metavar="DATA", help="Folders with chest films.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="For the weights.")
    ],
    network: Annotated[
        str, typer.Option(metavar="WEIGHTS", help="The network for findings it is to fit.")
    ] = "vision-lite0",
    films: Annotated[int, typer.Option(help="Chest films, turned and mirrored by code.")] = 350,
    strangers: Annotated[int, typer.Option(help="Drawn images of other things.")] = 450,
    seed: Annotated[int, typer.Option(help="Decides films, variants and drawings.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads of torch.")] = None,
    name: Annotated[str, typer.Option(help="Name of the weights.")] = "views-lite0",
) -> None:
    """Fit the rule that tells frontal chest films from turned ones and from other images."""
    from radnlp.train.views import ViewTraining, train_views

    options = ViewTraining(
        data=tuple(data),
        output=output,
        network=network,
        films=films,
        strangers=strangers,
        seed=seed,
        threads=threads,
        name=name,
    )
    say(f"wrote {train_views(options)}")


__all__ = ["ANATOMY_EXAMPLES", "EXAMPLES", "VIEWS_EXAMPLES", "anatomy", "train", "views", "vision"]
