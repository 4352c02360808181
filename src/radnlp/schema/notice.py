"""What was odd about an input, without failing it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A warning that travels with the result.

    Attributes:
        name: Stable name of the kind of notice, for example ``EncodingWarning``.
        message: One sentence: what was found and what was done about it. No patient text.
        source: Which input it speaks of (an image id, a report id), if any.
    """

    name: str
    message: str
    source: str | None = None

    def __str__(self) -> str:
        where = f" [{self.source}]" if self.source else ""
        return f"{self.name}{where}: {self.message}"


__all__ = ["Notice"]
