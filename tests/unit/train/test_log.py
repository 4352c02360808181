"""What a training leaves behind while it runs."""

from __future__ import annotations

import builtins
import csv
import io
import sys
from pathlib import Path

import pytest

from radnlp.errors import MissingExtra
from radnlp.train.log import TrainingLog, progress_bar


def test_a_resumed_log_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    TrainingLog(tmp_path).write({"step": 1, "auroc": 0.5})
    TrainingLog(tmp_path).write({"step": 2, "auroc": 0.75})
    with (tmp_path / "log.csv").open(encoding="utf-8") as lines:
        assert list(csv.DictReader(lines)) == [
            {"step": "1", "auroc": "0.5"},
            {"step": "2", "auroc": "0.75"},
        ]
    assert "step 2  auroc 0.75" in capsys.readouterr().err


def test_curves_need_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def missing(name: str, *given: object) -> object:
        if name.startswith("torch.utils.tensorboard"):
            raise ImportError(name)
        return imported(name, *given)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtra, match=r"radnlp\[train\]"):
        TrainingLog(tmp_path, tensorboard=True)


def test_curves_hold_what_the_table_holds(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = TrainingLog(tmp_path, tensorboard=True)
    log.write({"step": 5, "auroc": 0.5})
    log.write({"step": 9, "auroc": 0.75})
    curves = EventAccumulator(str(tmp_path / "tensorboard"))
    curves.Reload()
    points = curves.Scalars("auroc")
    assert [(point.step, point.value) for point in points] == [(5, 0.5), (9, 0.75)]


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_moves_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for shown, stream in ((True, Terminal()), (False, io.StringIO())):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress_bar(4, 1) as show:
            show(3)
        assert ("3/4" in stream.getvalue()) is shown
