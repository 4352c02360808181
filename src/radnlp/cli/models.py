"""``radnlp models``: the weights that come with the package."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

EXAMPLES = """\b
Examples:
  radnlp models
"""


def models() -> None:
    """List the shipped weights, licence and measured quality."""
    from radnlp.nets.weights import shipped_cards

    cards = shipped_cards()
    if not cards:
        typer.echo("no weights come with this installation")
    for card in cards:
        typer.echo("\n".join(_lines(card)))


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"{card['name']}  version {card['version']}  sha256 {card['sha256'][:12]}"
    for title in ("architecture", "licence", "intended_use"):
        if title in card:
            yield f"  {title.replace('_', ' ')}: {card[title]}"
    if "data" in card:
        yield "  data:"
        yield from (f"    {origin}" for origin in card["data"])
    held_out = "patients held out of training"
    yield f"  measured on: {card.get('quality', {}).get('split', held_out)}"
    if "concepts" in card:
        yield from _findings(card)
    yield from _outlines(card)


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


__all__ = ["EXAMPLES", "models"]
