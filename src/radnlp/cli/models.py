"""``radnlp models``: the weights that come with the package, and their export."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from radnlp.cli.results import say

EXAMPLES = """\b
Examples:
  radnlp models
  radnlp models export vision-lite0 -o vision-lite0.onnx
"""

EXPORT_EXAMPLES = """\b
Examples:
  radnlp models export vision-lite0 -o vision-lite0.onnx
  radnlp analyze --image chest.dcm --vision-stage ./vision-lite0.onnx
"""

models = typer.Typer(invoke_without_command=True, no_args_is_help=False)


@models.callback(epilog=EXAMPLES)
def _models(context: typer.Context) -> None:
    """List the shipped weights, licence and measured quality."""
    if context.invoked_subcommand is not None:
        return
    from radnlp.nets.weights import shipped_cards

    cards = shipped_cards()
    if not cards:
        typer.echo("no weights come with this installation")
    for card in cards:
        typer.echo("\n".join(_lines(card)))


@models.command(epilog=EXPORT_EXAMPLES)
def export(
    *,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Shipped weights, or a file or folder of them.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Write there; ends in .onnx.")
    ],
) -> None:
    """Write weights as ONNX and check it against torch (extra radnlp[onnx]).

    All logits are compared, on noise and on simulated films; a file that differs is not written.
    """
    from radnlp.errors import InputError
    from radnlp.examples.squares import network_squares
    from radnlp.nets.onnx import export_weights

    if output.suffix != ".onnx":
        raise InputError(f"found the file name {output.name}, expected one that ends in .onnx")
    done = export_weights(name, output, images=network_squares)
    say(
        f"{done.path}: {done.name}; largest difference from torch {done.difference:.1g} in logits "
        f"on {done.images} images (allowed {done.tolerance:g}). Draft. Not for diagnosis."
    )


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"{card['name']}  version {card['version']}  sha256 {card['sha256'][:12]}"
    for title in ("architecture", "licence", "intended_use"):
        if title in card:
            yield f"  {title.replace('_', ' ')}: {card[title]}"
    if "data" in card:
        yield "  data:"
        yield from (f"    {origin}" for origin in card["data"])
    if "quality" in card:
        yield f"  measured on: {card['quality']['split']}"
    elif "concepts" in card:
        yield "  measured on: patients held out of training"
    if "concepts" in card:
        yield from _findings(card)
    yield from _outlines(card)
    if "figures" in card:
        yield "  measured (95% interval):"
        yield from (f"    {figure}" for figure in card["figures"])
    if "held_out_recall" in card:
        yield "  named right, of films and drawings held out of training:"
        yield from (f"    {kind:<26} {part:.3f}" for kind, part in card["held_out_recall"].items())
    if "held_out_projection" in card:
        told = card["held_out_projection"]
        yield f"    AP or PA                   {told['right']:.3f} ({told['n']} films)"


def _findings(card: Mapping[str, Any]) -> Iterator[str]:
    quality = card.get("quality")
    measured = quality["findings"] if quality else _held_out(card)
    yield "  findings, AUROC (95% interval, positive / all films):"
    for concept in card["concepts"]:
        name = concept["concept"]
        if not concept.get("supported"):
            yield f"    {name:<26} not supported: {concept.get('reason')}"
        elif name not in measured:
            yield f"    {name:<26} not measured"
        else:
            found = measured[name]
            low, high = found["interval"]
            films = f"{found['positives']} / {found['films']}"
            yield f"    {name:<26} {found['auroc']:.2f} ({low:.2f} to {high:.2f}, {films})"


def _held_out(card: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the figures of training, shaped as those of the benchmark."""
    return {
        concept["concept"]: {
            "auroc": concept["held_out_auroc"],
            "interval": concept["held_out_auroc_interval"],
            "positives": concept["held_out_positives"],
            "films": concept["held_out_films"],
        }
        for concept in card["concepts"]
        if concept.get("supported")
    }


def _outlines(card: Mapping[str, Any]) -> Iterator[str]:
    quality = card.get("quality", {})
    rows = quality.get("dice", [])
    if rows:
        yield "  outlines, mean Dice (95% interval, films):"
    for row in sorted(rows, key=lambda row: row["structure"]):
        low, high = row["interval"]
        value = f"{row['dice']:.3f} ({low:.3f} to {high:.3f}, {row['n']})"
        yield f"    {row['structure'].replace('_', ' '):<11} {row['pool']:<14} {value}"
    if "ratio" in quality:
        yield "  cardiothoracic ratio, mean absolute error (95% interval, films):"
    for row in quality.get("ratio", []):
        low, high = row["interval"]
        value = f"{row['value']:.3f} ({low:.3f} to {high:.3f}, {row['n']})"
        yield f"    {row['pool']:<26} {value}"


__all__ = ["EXAMPLES", "export", "models"]
