"""The files of a folder: regular ones that lie inside it, in natural order."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from radnlp.schema import Notice

_DIGITS = re.compile(r"(\d+)")


def files_of(folder: Path) -> tuple[list[Path], tuple[Notice, ...]]:
    """List the files of a folder, searched to the bottom.

    Hidden ones are left out, and links out of the folder are not followed.

    Returns:
        Regular files in natural order of their relative paths (numbers count as numbers), and
        what was not followed.
    """
    root = folder.resolve()
    found: list[Path] = []
    notices: list[Notice] = []
    for place, folders, names in os.walk(folder, followlinks=False):
        notices.extend(
            _skipped("a linked folder was not followed", name)
            for name in folders
            if (Path(place) / name).is_symlink()
        )
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(place) / name
            if name.startswith("."):
                continue
            if file.is_symlink() and not file.resolve().is_relative_to(root):
                notices.append(_skipped("a link out of the folder was not followed", name))
            elif _is_regular(file):
                found.append(file)
    ordered = sorted(found, key=lambda file: _natural(str(file.relative_to(folder))))
    return ordered, tuple(notices)


def _skipped(message: str, name: str) -> Notice:
    return Notice(name="LinkSkipped", message=message, source=name)


def _is_regular(file: Path) -> bool:
    # A pipe or a device would block the reader for good.
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return False


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    return tuple(
        (int(part), "") if part.isascii() and part.isdigit() else (-1, part.lower())
        for part in _DIGITS.split(name)
        if part
    )


__all__ = ["files_of"]
