"""A run over an archive: complete, once each, and going on after it was stopped."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from itertools import count
from multiprocessing import active_children
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from radnlp.archive import (
    ENTITIES,
    RECOMMENDATIONS,
    SCORES,
    ExtractOptions,
    Progress,
    Reading,
    Summary,
    extract,
    merge,
    run,
)
from radnlp.errors import FileMissing, InputError, OutputError, RadnlpError, StageNotFound

if TYPE_CHECKING:
    from pathlib import Path

SENTENCES = (
    "Small left pleural effusion.",
    "No pneumothorax. Recommend CT in 3 months.",
    "Nodule in the right upper lobe, Lung-RADS 3.",
)
BESIDE = ("recommendations", "scores")


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


def rows_of(table: pa.Table) -> list[int]:
    return table["report_row"].to_pylist()


def test_every_report_is_in_the_table_once_and_in_order(tmp_path: Path) -> None:
    summary = go(archive(tmp_path), tmp_path / "out.parquet")
    found = findings(tmp_path / "out.parquet")
    assert [row for row, *_ in found] == list(range(23))
    assert found[1] == (1, "pneumothorax", "absent")
    assert (summary.reports, summary.failures, summary.resumed) == (23, 0, 0)
    assert summary.entities == pq.read_metadata(tmp_path / "out.parquet").num_rows


def test_recommendations_and_scores_lie_beside_and_are_counted(tmp_path: Path) -> None:
    summary = go(archive(tmp_path), tmp_path / "out.parquet")
    advice = pq.read_table(tmp_path / "out.recommendations.parquet")
    scores = pq.read_table(tmp_path / "out.scores.parquet")
    assert (advice.schema, scores.schema) == (RECOMMENDATIONS, SCORES)
    assert rows_of(advice) == [1, 4, 7, 10, 13, 16, 19, 22]
    assert rows_of(scores) == [2, 5, 8, 11, 14, 17, 20]
    assert set(advice["what"].to_pylist()) == {"CT"}
    assert {(row["system"], row["category"]) for row in scores.to_pylist()} == {("Lung-RADS", "3")}
    assert (summary.recommendations, summary.scores) == (8, 7)
    assert (summary.recommendations_file, summary.scores_file) == (
        tmp_path / "out.recommendations.parquet",
        tmp_path / "out.scores.parquet",
    )


def test_an_archive_that_recommends_nothing_has_empty_tables_beside(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("id,text\n1,Pneumothorax.\n", encoding="utf-8")
    go(source, tmp_path / "out.csv")
    assert (tmp_path / "out.recommendations.csv").read_text("utf-8").startswith("report_id,")
    assert pq.read_table(go(source, tmp_path / "o.parquet").scores_file).schema == SCORES


def test_nothing_but_the_tables_is_left(tmp_path: Path) -> None:
    go(archive(tmp_path), tmp_path / "out.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.parquet",
        "out.recommendations.parquet",
        "out.scores.parquet",
        "reports.jsonl",
    ]


def test_several_processes_give_the_same_table(tmp_path: Path) -> None:
    source = archive(tmp_path)
    go(source, tmp_path / "one.parquet")
    go(source, tmp_path / "two.parquet", workers=2)
    for end in ("parquet", "recommendations.parquet", "scores.parquet"):
        one, two = (pq.read_table(tmp_path / f"{name}.{end}") for name in ("one", "two"))
        assert one == two


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
    assert rows_of(pq.read_table(summary.recommendations_file)) == list(range(1, 23, 3))
    assert rows_of(pq.read_table(summary.scores_file)) == list(range(2, 23, 3))


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


def test_a_run_that_is_killed_between_two_tables_leaves_the_earlier_ones_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = archive(tmp_path, count=9), tmp_path / "out.parquet"
    go(source, out)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("out*")}
    archive(tmp_path)

    write, calls = merge.WRITERS[".parquet"], count(1)

    def stop_at_the_third(*given: Any) -> int:
        if next(calls) == 3:
            raise Killed
        return write(*given)

    with monkeypatch.context() as patched:
        patched.setitem(merge.WRITERS, ".parquet", stop_at_the_third)
        with pytest.raises(Killed):
            go(source, out)
    assert before == {path.name: path.read_bytes() for path in tmp_path.glob("out*.parquet")}
    summary = go(source, out)
    assert summary.resumed == 23
    assert [row for row, *_ in findings(out)] == list(range(23))
    assert rows_of(pq.read_table(summary.scores_file)) == list(range(2, 23, 3))


def test_parts_of_other_columns_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = archive(tmp_path), tmp_path / "out.parquet"
    with monkeypatch.context() as patched:
        patched.setattr(run, "RESULTS", ENTITIES)
        killed_after(3, source, out)
    assert go(source, out).resumed == 0


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


@pytest.mark.parametrize(
    ("name", "schema"),
    [("out", ENTITIES), ("out.recommendations", RECOMMENDATIONS), ("out.scores", SCORES)],
)
def test_jsonl_and_csv_have_the_columns_of_parquet(
    tmp_path: Path, name: str, schema: pa.Schema
) -> None:
    source = archive(tmp_path)
    for end in ("jsonl", "csv", "parquet"):
        go(source, tmp_path / f"out.{end}")
    kept = pq.read_table(tmp_path / f"{name}.parquet")
    with (tmp_path / f"{name}.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert rows == kept.to_pylist()
    assert list(rows[0]) == kept.schema.names == schema.names
    with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        cells = list(csv.DictReader(lines))
    assert list(cells[0]) == schema.names
    assert [row["report_id"] for row in cells] == kept["report_id"].to_pylist()


def test_a_spreadsheet_formula_is_defused_in_csv_only(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text('id,text\n"=HYPERLINK(1)",Pneumothorax.\n', encoding="utf-8")
    go(source, tmp_path / "out.csv")
    go(source, tmp_path / "out.parquet")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as lines:
        assert next(csv.DictReader(lines))["report_id"] == "'=HYPERLINK(1)"
    kept = pq.read_table(tmp_path / "out.parquet")["report_id"].to_pylist()
    assert set(kept) == {"=HYPERLINK(1)"}


@pytest.mark.parametrize("name", BESIDE)
def test_a_formula_is_defused_in_the_tables_beside(tmp_path: Path, name: str) -> None:
    source = tmp_path / "a.csv"
    text = "Nodule, Lung-RADS 3. Recommend CT in 3 months."
    source.write_text(f'id,text\n"=HYPERLINK(1)","{text}"\n', encoding="utf-8")
    go(source, tmp_path / "out.csv")
    with (tmp_path / f"out.{name}.csv").open(encoding="utf-8", newline="") as lines:
        assert next(csv.DictReader(lines))["report_id"] == "'=HYPERLINK(1)"


def test_reports_that_do_not_look_english_are_counted(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    foreign = "Kein Erguss und kein Pneumothorax."
    source.write_text(f"id,text\n1,{foreign}\n2,No mass.\n3,{foreign}\n4,\n", encoding="utf-8")
    summary = go(source, tmp_path / "out.parquet", shard_size=2)
    assert [(one.name, one.reports) for one in summary.notices] == [
        ("LanguageWarning", 2),
        ("EmptyReport", 1),
    ]
    assert "does not look English" in summary.notices[0].message
    assert (summary.reports, summary.failures) == (4, 0)
    assert pq.read_table(tmp_path / "out.parquet").schema == ENTITIES


def test_counts_and_quantities_are_cells_of_csv(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text('id,text\n1,"Two renal cysts, 8 HU."\n', encoding="utf-8")
    go(source, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as lines:
        (cyst,) = (row for row in csv.DictReader(lines) if row["kind"] == "finding")
    assert cyst["count"] == "2"
    (quantity,) = json.loads(cyst["quantities"])
    assert (quantity["kind"], quantity["low"], quantity["unit"]) == ("attenuation", 8, "hu")


@pytest.mark.parametrize("name", BESIDE)
def test_the_tables_beside_are_no_input_of_a_later_run(tmp_path: Path, name: str) -> None:
    archive(tmp_path)
    go(tmp_path, tmp_path / "out.jsonl")
    assert go(tmp_path, tmp_path / "out.jsonl").reports == 23
    with pytest.raises(InputError, match="read and written"):
        go(tmp_path / f"out.{name}.jsonl", tmp_path / "out.jsonl")


def test_a_list_of_failures_is_no_input_of_another_run(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    archive(tmp_path / "in")
    (tmp_path / "in" / "old.csv.failures.jsonl").write_text('{"id": "1"}\n', encoding="utf-8")
    summary = go(tmp_path / "in", tmp_path / "out.csv")
    assert (summary.reports, summary.failures, summary.skipped) == (23, 0, 1)


@pytest.mark.parametrize(("name", "content"), [("a.csv", "id,text\n"), ("a.json", "[]")])
def test_files_without_a_report_are_refused_and_an_earlier_table_stays(
    tmp_path: Path, name: str, content: str
) -> None:
    go(archive(tmp_path), tmp_path / "out.csv")
    before = (tmp_path / "out.csv").read_bytes()
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="hold no report"):
        go(tmp_path / name, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == before
    assert not (tmp_path / "out.csv.parts").exists()


@pytest.mark.parametrize("name", BESIDE)
def test_a_folder_in_the_place_of_a_table_is_told_before_work(tmp_path: Path, name: str) -> None:
    (tmp_path / f"out.{name}.csv").mkdir()
    with pytest.raises(OutputError, match="it is a folder"):
        go(archive(tmp_path), tmp_path / "out.csv")


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
