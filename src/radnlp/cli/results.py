"""Where results go: files, a terminal, a pipe."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from radnlp.errors import OutputError
from radnlp.registry import writers
from radnlp.schema import Analysis, Failure

if TYPE_CHECKING:
    from radnlp.archive import Noted


def check_outputs(paths: Sequence[Path]) -> None:
    """Refuse, before any work, what cannot be written.

    Raises:
        OutputError: No writer for an ending, or no such folder.
    """
    for path in paths:
        if path.suffix.lower().lstrip(".") not in writers.names():
            known = ", ".join(f".{name}" for name in writers.names())
            raise OutputError(f"cannot write {path.name!r}; expected an ending of {known}")
        if not path.parent.is_dir():
            raise OutputError(f"cannot write {path}: there is no folder {path.parent}; make it")


def save(analysis: Analysis, paths: Sequence[Path]) -> None:
    """Write an analysis to each file and say so."""
    for path in paths:
        analysis.save(path)
        say(f"wrote {path}")
    for notice in analysis.warnings:
        say(f"note: {notice}")


def show(analysis: Analysis) -> None:
    """Print an analysis: a readable summary on a terminal, JSON in a pipe."""
    if sys.stdout.isatty():
        show_summary(analysis)
    else:
        typer.echo(analysis.to_json(indent=2).encode())


def show_summary(analysis: Analysis) -> None:
    """Print the readable summary; in a pipe without colour and 110 characters wide."""
    from radnlp.output.summary import print_summary, summary_text

    if sys.stdout.isatty():
        from rich.console import Console

        print_summary(analysis, Console())
    else:
        typer.echo(summary_text(analysis).encode(), nl=False)


def say(message: str) -> None:
    """Print a message to standard error."""
    typer.echo(message, err=True)


def say_notices(notices: "Sequence[Noted]") -> None:
    """Print what was odd about reports to standard error, a line for each kind."""
    for one in notices:
        say(f"note: {one.reports:,} reports: {one.name}: {one.message}")


def say_failures(failures: Sequence[Failure], *, listed: str | None = None) -> None:
    """Print the first 20 failures to standard error, and how many more there are.

    Args:
        failures: What could not be used.
        listed: The file that holds all of them, if there is one.
    """
    for one in failures[:20]:
        say(f"failed: {one.id}: {one.error}: {one.message}")
    if len(failures) > 20:
        where = f": all of them are listed in {listed}" if listed else ""
        say(f"… and {len(failures) - 20:,} more failed{where}")


__all__ = ["check_outputs", "save", "say", "say_failures", "say_notices", "show", "show_summary"]
