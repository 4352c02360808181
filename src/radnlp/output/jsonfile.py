"""The JSON writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radnlp.schema import Analysis


def render(analysis: Analysis) -> bytes:
    """Return the analysis as indented UTF-8 JSON that `Analysis.from_json` reads back."""
    return (analysis.to_json(indent=2) + "\n").encode("utf-8")


__all__ = ["render"]
