"""``radnlp train``: fine-tuning on one's own data."""

from pathlib import Path
from typing import Annotated

import typer

from radnlp.cli.results import say

VIEWS_EXAMPLES = """\b
Examples:
  radnlp train views films/ -o views
  radnlp train views films/ -o views --network trained
\b
The rule fits the network it was made for, and no other.
"""

ANATOMY_EXAMPLES = """\b
Examples:
  radnlp train anatomy films/ -o outlines
  radnlp train anatomy films/ phantoms/ -o outlines --steps 3000 --resume
  radnlp analyze --image chest.dcm --vision-stage outlines
\b
Each folder holds manifest.csv, images/ and masks; the how-to on training describes them.
"""

GROUNDING_EXAMPLES = """\b
Examples:
  radnlp train grounding films/ -o src/radnlp/link
  radnlp train grounding films/ -o counted --network trained
\b
The table fits the network whose boxes it weighs. radnlp reads the one in src/radnlp/link.
"""

EXAMPLES = """\b
Examples:
  radnlp train vision --data manifest.csv -o trained
  radnlp train vision classes/ -o trained --patience 3
  radnlp train vision films/ -o trained --steps 3000 --resume
  radnlp train vision films/ -o trained --start vision-lite0
  radnlp analyze --image slice.dcm --vision-stage trained
\b
The how-to on training describes the data: a folder per class, a manifest with any labels, a saved
data set of the library datasets, or chest films in radnlp's own layout.
"""

train = typer.Typer(help="Train weights on one's own data.", no_args_is_help=True)


@train.callback()
def _train() -> None:
    pass


Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="For checkpoint, log and weights.")
]
Steps = Annotated[int, typer.Option(help="Batches to learn from.")]
Seed = Annotated[int, typer.Option(help="Decides held-out patients and order.")]
Size = Annotated[int, typer.Option(help="Side of the network's input, n × 32.")]
Batch = Annotated[int, typer.Option(help="Films per step.")]
Threads = Annotated[int | None, typer.Option(help="Threads of torch.")]
Cache = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="For prepared films; else in -o.")
]
Pretrained = Annotated[
    bool, typer.Option(help="Start from ImageNet weights (extra radnlp[train]).")
]
Bfloat16 = Annotated[bool, typer.Option(help="Compute in bfloat16.")]
Device = Annotated[
    str | None, typer.Option(metavar="NAME", help="cpu or cuda; a GPU where there is one.")
]
TensorBoard = Annotated[
    bool, typer.Option("--tensorboard", help="Curves in -o/tensorboard (extra radnlp[train]).")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in -o.")]


@train.command(epilog=EXAMPLES)
def vision(
    *,
    sources: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DATA]...", help="Folders or manifests with images and labels."),
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(metavar="DATA", help="The same, as an option.")
    ] = None,
    output: Output = Path("trained"),
    steps: Steps = 1400,
    seed: Seed = 1,
    size: Size = 288,
    batch: Batch = 12,
    threads: Threads = None,
    held_out: Annotated[
        float, typer.Option(help="Part of the train patients to select and calibrate on.")
    ] = 0.15,
    needed: Annotated[
        int, typer.Option(help="Positive images under which a class is not supported.")
    ] = 25,
    patience: Annotated[
        int | None, typer.Option(help="Stop after so many of ten judgements without a gain.")
    ] = None,
    chest: Annotated[
        bool, typer.Option("--chest", help="Own classes, but all images are frontal chest films.")
    ] = False,
    cache: Cache = None,
    pretrained: Pretrained = True,
    bfloat16: Bfloat16 = False,
    device: Device = None,
    tensorboard: TensorBoard = False,
    start: Annotated[
        str | None, typer.Option(metavar="WEIGHTS", help="Start from these weights.")
    ] = None,
    resume: Resume = False,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the weights; else vision-lite0, or vision-own for own classes."),
    ] = None,
) -> None:
    """Train the network for findings: on chest films, or on images with classes of one's own."""
    from radnlp.train.vision import VisionTraining, train_vision

    options = VisionTraining(
        data=(*(sources or ()), *(data or ())),
        output=output,
        steps=steps,
        seed=seed,
        size=size,
        batch=batch,
        threads=threads,
        held_out=held_out,
        needed=needed,
        patience=patience,
        chest=chest,
        cache=cache,
        bfloat16=bfloat16,
        device=device,
        tensorboard=tensorboard,
        pretrained=pretrained,
        start=start,
        resume=resume,
        name=name,
    )
    weights = train_vision(options)
    say(f"use them with: radnlp analyze --image FILE --vision-stage {weights.parent}")


@train.command(epilog=ANATOMY_EXAMPLES)
def anatomy(
    *,
    data: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Folders with films and outlines.")
    ],
    output: Output,
    steps: Steps = 1400,
    seed: Seed = 1,
    size: Size = 320,
    batch: Batch = 16,
    threads: Threads = None,
    bfloat16: Bfloat16 = False,
    device: Device = None,
    tensorboard: TensorBoard = False,
    cache: Cache = None,
    pretrained: Pretrained = True,
    resume: Resume = False,
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
        device=device,
        tensorboard=tensorboard,
        cache=cache,
        pretrained=pretrained,
        resume=resume,
        name=name,
    )
    weights = train_anatomy(options)
    say(f"use them with: radnlp analyze --image FILE --vision-stage {weights.parent}")


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


@train.command(epilog=GROUNDING_EXAMPLES)
def grounding(
    *,
    data: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Folders with films and boxes.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="For usual.json.")
    ],
    network: Annotated[
        str, typer.Option(metavar="WEIGHTS", help="The network for findings that weighs boxes.")
    ] = "vision-lite0",
    threads: Threads = None,
) -> None:
    """Count where drawn boxes lie and fit what words count beside the picture."""
    from radnlp.train.grounding import GroundingTraining, train_grounding

    options = GroundingTraining(data=tuple(data), output=output, network=network, threads=threads)
    say(f"wrote {train_grounding(options)}")


__all__ = [
    "ANATOMY_EXAMPLES",
    "EXAMPLES",
    "GROUNDING_EXAMPLES",
    "VIEWS_EXAMPLES",
    "anatomy",
    "grounding",
    "train",
    "views",
    "vision",
]
