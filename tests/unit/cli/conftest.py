"""The command line, called in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from radnlp.cli import main


class Ran(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


Radnlp = Callable[..., Ran]


@pytest.fixture
def radnlp(capsys: pytest.CaptureFixture[str]) -> Radnlp:
    """Run ``radnlp ARGUMENTS…``."""

    def run(*arguments: object) -> Ran:
        status = main([str(argument) for argument in arguments])
        return Ran(status, *capsys.readouterr())

    return run
