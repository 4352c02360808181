"""An archive becomes an index of sentences."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from radnlp.archive import Reading, build_index
from radnlp.errors import FileMissing, InputError, OutputError
from radnlp.registry import text_stages
from radnlp.report.index import SentenceIndex
from radnlp.text.stage import RuleText, RuleTextOptions


def write(path, *texts) -> None:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")


def test_findings_and_impression_are_indexed_and_history_is_not(tmp_path) -> None:
    write(
        tmp_path / "reports.jsonl",
        "HISTORY: Pneumonia.\nFINDINGS: No mass. Seen by Dr. Grey.\nIMPRESSION: Cardiomegaly.",
    )
    summary = build_index([tmp_path], tmp_path / "index")
    texts = {one.text for one in SentenceIndex.load(tmp_path / "index").entries}
    assert texts == {"No mass.", "Cardiomegaly."}
    assert (summary.reports, summary.kept, summary.sentences) == (1, 2, 3)


def test_every_file_is_read_as_the_user_says(tmp_path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_bytes(
            f"befund\n\xfcber {name}. No mass.\n".encode("cp1252")
        )
    reading = Reading(text_columns=("befund",), encoding="cp1252")
    summary = build_index([tmp_path], tmp_path / "index", reading=reading)
    assert (summary.reports, summary.failures) == (2, ())


def test_a_copy_of_a_report_counts_once(tmp_path) -> None:
    write(tmp_path / "reports.jsonl", "No mass.", "No mass.", "No mass. Nodule.")
    summary = build_index([tmp_path], tmp_path / "index")
    (first, *_) = SentenceIndex.load(tmp_path / "index").entries
    assert (summary.reports, summary.repeated) == (2, 1)
    assert (first.text, first.reports) == ("No mass.", 2)


def test_a_bad_record_is_counted_and_takes_no_other_with_it(tmp_path) -> None:
    (tmp_path / "reports.jsonl").write_text('{"text": "No mass."}\n{"te\n', "utf-8")
    summary = build_index([tmp_path], tmp_path / "index")
    assert (summary.reports, summary.kept) == (1, 1)
    assert [(one.id, one.error) for one in summary.failures] == [
        ("reports.jsonl:2", "InvalidRecord")
    ]


def test_a_report_that_the_text_stage_refuses_takes_no_other_with_it(tmp_path) -> None:
    write(tmp_path / "reports.jsonl", "No mass. " * 120_000, "No mass.")
    summary = build_index([tmp_path], tmp_path / "index")
    assert [(one.id, one.error) for one in summary.failures] == [
        ("reports.jsonl:1", "ReportTooLong")
    ]
    assert (summary.reports, summary.kept) == (1, 1)


def test_reports_that_do_not_look_english_are_counted(tmp_path) -> None:
    write(tmp_path / "reports.jsonl", "Kein Erguss und kein Pneumothorax.", "No mass.")
    (noted,) = build_index([tmp_path], tmp_path / "index").notices
    assert (noted.name, noted.reports) == ("LanguageWarning", 1)


def test_the_language_is_that_of_the_text_stage_or_refused(tmp_path) -> None:
    write(tmp_path / "reports.jsonl", "No mass.")
    assert build_index([tmp_path], tmp_path / "index", language="en").kept == 1
    with pytest.raises(InputError, match=r"LanguageNotSupported: .* 'xx'"):
        build_index([tmp_path], tmp_path / "index", language="xx")


def test_the_language_reaches_the_text_stage_with_reports_and_sentences(
    tmp_path, monkeypatch
) -> None:
    asked = []

    def rules() -> object:
        read = RuleText(RuleTextOptions())

        def stage(report):
            asked.append(report.language)
            return read(replace(report, language="en"))

        return stage

    monkeypatch.setattr(text_stages, "get", lambda _: rules)
    write(tmp_path / "reports.jsonl", "No mass.")
    build_index([tmp_path], tmp_path / "index", language="de")
    assert len(asked) == 2
    assert set(asked) == {"de"}


@pytest.mark.parametrize("name", ["reports.jsonl", "full"])
def test_a_place_that_is_no_index_is_refused_before_reading(tmp_path, name) -> None:
    (tmp_path / "full").mkdir()
    write(tmp_path / "full" / "mine.txt", "Mine.")
    write(tmp_path / "reports.jsonl", "No mass.")
    with pytest.raises(OutputError):
        build_index([tmp_path / "none.csv"], tmp_path / name)


def test_an_archive_without_a_readable_report_is_refused(tmp_path) -> None:
    (tmp_path / "reports.jsonl").write_text('{"te\n', "utf-8")
    with pytest.raises(InputError, match="none of the inputs"):
        build_index([tmp_path], tmp_path / "index")
    (tmp_path / "reports.jsonl").write_text("\n", "utf-8")
    with pytest.raises(InputError, match="hold no report"):
        build_index([tmp_path], tmp_path / "index")
    with pytest.raises(FileMissing):
        build_index([tmp_path / "none"], tmp_path / "index")


def test_the_index_in_the_archives_folder_is_no_part_of_the_archive(tmp_path) -> None:
    write(tmp_path / "reports.jsonl", "No mass.")
    first = build_index([tmp_path], tmp_path / "index")
    again = build_index([tmp_path], tmp_path / "index")
    assert (first.reports, first.kept) == (again.reports, again.kept) == (1, 1)
