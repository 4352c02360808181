"""The parts of the HTML page; `radnlp.output.html` puts them together."""

from __future__ import annotations

__all__: list[str] = []
