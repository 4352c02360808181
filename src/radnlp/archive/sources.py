"""Which files an archive consists of, in which order, and how to tell that they have changed."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.errors import FileMissing, InputError, UnknownFormat
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

#: Endings of the files that hold reports.
SUFFIXES = (".csv", ".hl7", ".json", ".jsonl", ".ndjson", ".parquet", ".tsv", ".txt")

#: Ending of the files in which a run lists what it could not read; they are no input of another.
FAILURES = ".failures.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file with reports.

    Attributes:
        path: Where it is.
        name: How results call it: its path inside the folder that was given, or its file name.
        size: In bytes.
        changed_ns: Time of its last change; of a folder a digest that changes with any file in it.
    """

    path: Path
    name: str
    size: int
    changed_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The files of an archive.

    Attributes:
        files: In the order they were given; those of a folder sorted by path; each once.
        skipped: Files of the folders whose ending says that they hold no reports.
    """

    files: tuple[Source, ...]
    skipped: int

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


def find_sources(archives: Sequence[str | Path], *, without: Collection[Path] = ()) -> Sources:
    """List the files of folders, patterns and single files.

    Args:
        archives: Folders (searched to the bottom), patterns such as ``"2024/*.csv"``, files.
        without: Files and folders that are never an input: what the run itself writes.

    Raises:
        FileMissing: A path does not exist, a pattern matches nothing, a folder holds no reports.
        UnknownFormat: A single file has an ending that holds no reports.
        InputError: No archive is given, or one is what the run writes.
    """
    if not archives:
        raise InputError("no archive is given; expected a folder, a pattern or a file of reports")
    own = {path.resolve() for path in without}
    files: dict[Path, Source] = {}
    skipped = 0
    for archive in archives:
        found = list(_expand(str(archive), own))
        reports = [(path, name) for path, name in found if _may_hold_reports(path)]
        if not reports:
            raise FileMissing(
                f"{archive} holds no reports; expected files that end in {', '.join(SUFFIXES)}"
            )
        for path, name in reports:
            files.setdefault(path.resolve(), _source(path, name))
        skipped += len(found) - len(reports)
    return Sources(files=tuple(files.values()), skipped=skipped)


def find_studies(folders: Sequence[str | Path], *, without: Collection[Path] = ()) -> Sources:
    """List the studies of folders: every subfolder is one, sorted by name.

    A study's size and time of change are those of all its files.

    Args:
        folders: Whose subfolders are studies.
        without: Folders that are never a study: what the run itself writes.

    Raises:
        FileMissing: No such folder.
        InputError: No folder is given, or one has no subfolders.
    """
    if not folders:
        raise InputError("no folder is given; expected a folder whose subfolders are studies")
    own = {path.resolve() for path in without}
    studies: dict[Path, Source] = {}
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise FileMissing(f"no folder {folder}; expected one whose subfolders are studies")
        inside = (path for path in folder.iterdir() if not path.name.startswith("."))
        found = sorted(path for path in inside if path.is_dir() and path.resolve() not in own)
        if not found:
            raise InputError(
                f"{folder} has no subfolders; expected one folder per study, with its images and "
                "its report"
            )
        for path in found:
            files = [(file, file.stat()) for file in sorted(path.rglob("*")) if file.is_file()]
            held = [
                (str(file.relative_to(path)), state.st_size, state.st_mtime_ns)
                for file, state in files
            ]
            digest = hashlib.sha256(json.dumps(held).encode()).digest()
            studies.setdefault(
                path.resolve(),
                Source(
                    path=path,
                    name=path.name,
                    size=sum(state.st_size for _, state in files),
                    # Of all files: a change to one that is not the newest counts too.
                    changed_ns=int.from_bytes(digest[:8]),
                ),
            )
    return Sources(files=tuple(studies.values()), skipped=0)


def fingerprint(sources: Sources, options: Mapping[str, object]) -> str:
    """Return a digest that changes with any input file, option or version of radnlp."""
    files = [(str(file.path.resolve()), file.size, file.changed_ns) for file in sources.files]
    what = {"radnlp": __version__, "options": dict(options), "files": files}
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _may_hold_reports(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.endswith(FAILURES)


def _expand(archive: str, own: set[Path]) -> Iterator[tuple[Path, str]]:
    path = Path(archive)
    if path.is_dir():
        yield from _inside(path, own)
    elif path.exists():
        yield _single(path, own), path.name
    else:
        matches = sorted(glob.glob(archive, recursive=True))  # noqa: PTH207 (absolute patterns)
        if not matches:
            raise FileMissing(f"no file or folder {archive}, and no file matches it as a pattern")
        for match in map(Path, matches):
            if match.is_dir():
                yield from _inside(match, own)
            elif match.resolve() not in own:
                yield match, match.name


def _inside(folder: Path, own: set[Path]) -> Iterator[tuple[Path, str]]:
    if folder.resolve() not in own:
        yield from ((path, path.relative_to(folder).as_posix()) for path in _walk(folder, own))


def _single(path: Path, own: set[Path]) -> Path:
    if path.resolve() in own:
        raise InputError(f"{path} would be read and written by the same run; choose another output")
    if path.suffix.lower() not in SUFFIXES:
        raise UnknownFormat(
            f"{path.name} has the ending {path.suffix!r}; expected {', '.join(SUFFIXES)} "
            "or a folder of such files (unpack a zip or tar first)"
        )
    return path


def _walk(folder: Path, own: set[Path]) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        kept = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(name for name in kept if Path(root, name).resolve() not in own)
        yield from _visible(Path(root), names, own)


def _visible(root: Path, names: Iterable[str], own: set[Path]) -> Iterator[Path]:
    for name in sorted(names):
        path = root / name
        if not name.startswith(".") and path.is_file() and path.resolve() not in own:
            yield path


def _source(path: Path, name: str) -> Source:
    state = path.stat()
    return Source(path=path, name=name, size=state.st_size, changed_ns=state.st_mtime_ns)


__all__ = [
    "FAILURES",
    "SUFFIXES",
    "Source",
    "Sources",
    "find_sources",
    "find_studies",
    "fingerprint",
]
