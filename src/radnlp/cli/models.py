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
    for title in ("architecture", "licence", "data", "intended_use"):
        if title in card:
            yield f"  {title.replace('_', ' ')}: {_words(card[title])}"
    concepts = card.get("concepts", [])
    measured = [concept for concept in concepts if concept.get("supported")]
    if measured:
        yield "  findings, AUROC on held-out patients (95% interval, positive films):"
    for concept in measured:
        low, high = concept["held_out_auroc_interval"]
        value, positives = concept["held_out_auroc"], concept["held_out_positives"]
        yield f"    {concept['concept']:<26} {value:.2f} ({low:.2f} to {high:.2f}, {positives})"
    for concept in concepts:
        if not concept.get("supported"):
            yield f"    {concept['concept']:<26} not supported: {concept.get('reason')}"


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


__all__ = ["EXAMPLES", "models"]
