"""What all commands have in common."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from radnlp import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS = ["demo", "analyze", "draft", "extract", "models", "train vision"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(radnlp: Callable, command: str) -> None:
    ran = radnlp(*command.split(), "--help")
    assert ran.status == 0
    assert "Example" in ran.out
    assert f"  radnlp {command}" in ran.out


def test_help_says_that_nothing_is_for_diagnosis(radnlp: Callable) -> None:
    assert "Not for diagnosis." in radnlp("--help").out


def test_version(radnlp: Callable) -> None:
    assert radnlp("--version") == (0, f"radnlp {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [["analyse"], ["analyze", "--tekst", "x"], ["extract", "a.csv"]]
)
def test_wrong_use_ends_with_2(radnlp: Callable, arguments: list[str]) -> None:
    ran = radnlp(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert "Error" in ran.err


def test_a_named_error_is_one_line_and_ends_with_2(radnlp: Callable) -> None:
    ran = radnlp("analyze", "--text", "Clear lungs.", "--text-stage", "rule")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "radnlp: no text stage called 'rule'. Did you mean 'rules'? Known: "
        f"{ran.err.partition('Known: ')[2]}"
    )
    assert ran.err.count("\n") == 1


def test_help_loads_no_framework() -> None:
    code = (
        "import sys; from radnlp.cli import main; main(['--help']); "
        "print(sorted({'torch', 'spacy', 'pyarrow', 'pydicom', 'PIL'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("[]\n")


def test_python_m_radnlp_is_the_command_line() -> None:
    command = [sys.executable, "-m", "radnlp", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == f"radnlp {__version__}\n"
