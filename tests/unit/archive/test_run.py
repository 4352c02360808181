"""A run over an archive: complete, once each, and going on after it was stopped."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from multiprocessing import active_children
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from radnlp.archive import ENTITIES, ExtractOptions, Progress, Reading, Summary, extract, run
from radnlp.errors import FileMissing, InputError, OutputError, RadnlpError, StageNotFound

if TYPE_CHECKING:
    from pathlib import Path

SENTENCES = ("Small left pleural effusion.", "No pneumothorax.", "Nodule in the right upper lobe.")


class Killed(BaseException):
    """Stands for whatever ends a process."""


def archive(folder: Path, count: int = 23) -> Path:
    path = folder / "reports.jsonl"
    lines = (
        json.dumps({"id": f"r{number}", "text": SENTENCES[number % 3]}) for number in range(count)
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def go(source: Path, out: Path, *, shard_size: int = 5, workers: int = 1, **more: Any) -> Summary:
    options = ExtractOptions(shard_size=shard_size)
    return extract([source], out, options=options, workers=workers, **more)


def killed_after(shards: int, source: Path, out: Path) -> None:
    seen = 0

    def stop(_: Progress) -> None:
        nonlocal seen
        seen += 1
        if seen == shards:
            raise Killed

    with pytest.raises(Killed):
        go(source, out, on_progress=stop)


def findings(out: Path) -> list[tuple[int, str, str]]:
    rows = pq.read_table(out).to_pylist()
    return [
        (row["report_row"], row["concept"], row["assertion"])
        for row in rows
        if row["kind"] == "finding"
    ]


def test_every_report_is_in_the_table_once_and_in_order(tmp_path: Path) -> None:
    summary = go(archive(tmp_path), tmp_path / "out.parquet")
    found = findings(tmp_path / "out.parquet")
    assert [row for row, *_ in found] == list(range(23))
    assert found[1] == (1, "pneumothorax", "absent")
    assert (summary.reports, summary.failures, summary.resumed) == (23, 0, 0)
    assert summary.entities == pq.read_metadata(tmp_path / "out.parquet").num_rows


def test_nothing_but_the_table_is_left(tmp_path: Path) -> None:
    go(archive(tmp_path), tmp_path / "out.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "reports.jsonl"]


def test_several_processes_give_the_same_table(tmp_path: Path) -> None:
    source = archive(tmp_path)
    go(source, tmp_path / "one.parquet")
    go(source, tmp_path / "two.parquet", workers=2)
    assert pq.read_table(tmp_path / "one.parquet") == pq.read_table(tmp_path / "two.parquet")


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    source, out = archive(tmp_path, count=1500), tmp_path / "out.parquet"
    command = [sys.executable, "-m", "radnlp", "extract", source, "-o", out]
    options = ["--workers", "2", "--shard-size", "10"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE) as process:
        parts = tmp_path / "out.parquet.parts"
        while not list(parts.glob("*.parquet")):
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        # The pipe closes when the last process that holds it is gone.
        process.communicate(timeout=30)
    summary = go(source, out, shard_size=10)
    assert 0 < summary.resumed < 1500
    assert [row for row, *_ in findings(out)] == list(range(1500))


def test_a_worker_that_dies_is_told_and_costs_no_finished_shard(tmp_path: Path) -> None:
    source, out = archive(tmp_path, count=1500), tmp_path / "out.parquet"

    def kill_workers(_: Progress) -> None:
        for worker in active_children():
            worker.kill()

    with pytest.raises(RadnlpError, match="a worker process died"):
        go(source, out, shard_size=10, workers=2, on_progress=kill_workers)
    assert go(source, out, shard_size=10).resumed >= 10
    assert [row for row, *_ in findings(out)] == list(range(1500))


def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    source, out = archive(tmp_path), tmp_path / "out.parquet"
    killed_after(3, source, out)
    assert not out.exists()
    summary = go(source, out)
    assert (summary.reports, summary.resumed) == (23, 15)
    assert [row for row, *_ in findings(out)] == list(range(23))


def test_a_run_that_is_killed_while_merging_does_no_report_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = archive(tmp_path), tmp_path / "out.parquet"

    def stop(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(run, "merge", stop)
        with pytest.raises(Killed):
            go(source, out)
    assert go(source, out).resumed == 23


def test_a_part_that_was_cut_while_writing_is_made_again(tmp_path: Path) -> None:
    source, out = archive(tmp_path), tmp_path / "out.parquet"
    killed_after(2, source, out)
    done = sorted((tmp_path / "out.parquet.parts").iterdir())
    done[1].rename(done[1].with_name(f".{done[1].name}.123")).write_bytes(b"PAR1 cut")
    assert go(source, out).resumed == 5
    assert [row for row, *_ in findings(out)] == list(range(23))


def test_parts_of_other_inputs_are_not_used(tmp_path: Path) -> None:
    source, out = archive(tmp_path), tmp_path / "out.parquet"
    killed_after(3, source, out)
    archive(tmp_path, count=9)
    assert go(source, out).resumed == 0
    assert [row for row, *_ in findings(out)] == list(range(9))


def test_parts_of_other_options_are_not_used(tmp_path: Path) -> None:
    source, out = archive(tmp_path), tmp_path / "out.parquet"
    killed_after(3, source, out)
    assert go(source, out, shard_size=7).resumed == 0


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    states: list[Progress] = []
    go(archive(tmp_path), tmp_path / "out.jsonl", on_progress=states.append)
    assert states[-1] == Progress(reports=23, done=1.0)
    assert [state.reports for state in states] == [5, 10, 15, 20, 23]


def test_failures_are_listed_beside_and_the_rest_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text('id,text\n1,No pneumothorax.\n2,"secret open\n', encoding="utf-8")
    (folder / "b.parquet").write_bytes(b"garbage")
    (folder / "c.txt").write_text("Pleural effusion.", encoding="utf-8")
    summary = go(folder, tmp_path / "out.parquet")
    lines = summary.failures_file.read_text(encoding="utf-8").splitlines()
    failures = [json.loads(line) for line in lines]
    assert (summary.reports, summary.failures) == (4, 2)
    assert [(item["id"], item["error"]) for item in failures] == [
        ("a.csv:3", "MalformedRow"),
        ("b.parquet", "CorruptArchive"),
    ]
    assert "secret" not in lines[0]
    assert [row for row, *_ in findings(summary.out)] == [0, 3]


def test_an_old_failures_file_does_not_outlive_a_run_without_failures(tmp_path: Path) -> None:
    (tmp_path / "out.csv.failures.jsonl").write_text("{}", encoding="utf-8")
    assert not go(archive(tmp_path), tmp_path / "out.csv").failures_file.exists()


def test_reports_with_the_same_id_are_kept_and_told_apart(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("id,text\n1,Pneumothorax.\n1,Pleural effusion.\n", encoding="utf-8")
    rows = pq.read_table(go(source, tmp_path / "out.parquet").out).to_pylist()
    assert {(row["report_id"], row["report_row"]) for row in rows} == {("1", 0), ("1", 1)}


def test_a_report_without_text_is_done_and_no_failure(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text('id,text\n1,""\n', encoding="utf-8")
    summary = go(source, tmp_path / "out.parquet")
    assert (summary.reports, summary.entities, summary.failures) == (1, 0, 0)


def test_jsonl_and_csv_have_the_columns_of_parquet(tmp_path: Path) -> None:
    source = archive(tmp_path)
    go(source, tmp_path / "out.jsonl")
    go(source, tmp_path / "out.csv")
    with (tmp_path / "out.jsonl").open(encoding="utf-8") as lines:
        assert list(json.loads(lines.readline())) == ENTITIES.names
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ENTITIES.names
    assert [row["report_id"] for row in rows if row["kind"] == "finding"] == [
        f"r{number}" for number in range(23)
    ]


def test_a_spreadsheet_formula_is_defused_in_csv_only(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text('id,text\n"=HYPERLINK(1)",Pneumothorax.\n', encoding="utf-8")
    go(source, tmp_path / "out.csv")
    go(source, tmp_path / "out.parquet")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as lines:
        assert next(csv.DictReader(lines))["report_id"] == "'=HYPERLINK(1)"
    kept = pq.read_table(tmp_path / "out.parquet")["report_id"].to_pylist()
    assert set(kept) == {"=HYPERLINK(1)"}


def test_columns_that_the_user_names_are_read(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("nr;befund\nx1;Pneumothorax.\n", encoding="utf-8")
    reading = Reading(text_columns=("befund",), id_column="nr")
    extract([source], tmp_path / "out.parquet", options=ExtractOptions(reading=reading), workers=1)
    ids = pq.read_table(tmp_path / "out.parquet")["report_id"].to_pylist()
    assert set(ids) == {"x1"}


@pytest.mark.parametrize("name", ["out.xlsx", "out", "none/out.csv"])
def test_an_output_that_cannot_be_written_is_told_before_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        go(archive(tmp_path), tmp_path / name)


def test_a_missing_input_leaves_no_work_folder(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        go(tmp_path / "none.csv", tmp_path / "out.csv")
    assert not list(tmp_path.iterdir())


def test_wrong_options_are_told_before_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="workers"):
        go(archive(tmp_path), tmp_path / "out.csv", workers=0)
    with pytest.raises(InputError, match="shard_size"):
        ExtractOptions(shard_size=0)
    with pytest.raises(StageNotFound, match="Did you mean 'rules'"):
        ExtractOptions(text="rule")


def test_a_run_that_can_read_nothing_leaves_an_earlier_output_alone(tmp_path: Path) -> None:
    source, out = tmp_path / "a.csv", tmp_path / "out.csv"
    source.write_text("id,report\n1,No pneumonia.\n", encoding="utf-8")
    extract([source], out, workers=1)
    before = out.read_bytes()
    options = ExtractOptions(reading=Reading(text_columns=("reprot",)))
    summary = extract([source], out, options=options, workers=1)
    assert summary.failures == summary.reports == 1
    assert out.read_bytes() == before
