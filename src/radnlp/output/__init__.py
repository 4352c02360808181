"""Nouns to files: JSON, terminal summary, overlay picture, page.

Every writer is a module with ``render(analysis) -> bytes``, found through the entry-point group
``radnlp.output`` under the extension it writes.
"""

from __future__ import annotations

__all__: list[str] = []
