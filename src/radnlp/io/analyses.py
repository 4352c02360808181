"""What radnlp wrote as JSON → `Analysis`."""

from __future__ import annotations

from pathlib import Path

from radnlp.errors import InvalidRecord
from radnlp.io.formats import read_head
from radnlp.io.reports import decode
from radnlp.schema import Analysis


def read_analysis(path: str | Path) -> Analysis:
    """Read an analysis that was saved as JSON. The images come back without pixels.

    Raises:
        FileMissing: No such file.
        EncodingError: Not UTF-8.
        InvalidRecord: No analysis, or one of another schema version.
    """
    path = Path(path)
    read_head(path)  # Refuses what cannot be opened.
    try:
        return Analysis.from_json(decode(path.read_bytes(), name=path.name))
    except InvalidRecord as error:
        raise InvalidRecord(f"{path.name}: {error}") from None


__all__ = ["read_analysis"]
