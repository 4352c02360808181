"""Where every benchmark leaves its one line."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["append"]

PLACE = Path(__file__).parent / "results.jsonl"


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=PLACE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def append(question: str, payload: dict[str, Any]) -> None:
    """Add one line to ``results.jsonl``: when, on what machine, at which commit, and the answer.

    ``payload`` holds the answer: ``n``, ``value`` and ``interval`` where there is one number, or
    a table of such under names of its own.
    """
    line = {
        "question": question,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "commit": _commit(),
        **payload,
    }
    with PLACE.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line, ensure_ascii=False) + "\n")
