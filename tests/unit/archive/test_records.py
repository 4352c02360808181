"""Reading records: a bad one never takes another one with it."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from radnlp.archive import check, extract
from radnlp.archive.records import Reading, read_records
from radnlp.archive.sources import find_sources
from radnlp.errors import InputError
from radnlp.io import read_report
from radnlp.schema import Exam, Sex

if TYPE_CHECKING:
    from pathlib import Path

    from radnlp.archive.records import Record

GLYPH = "Café"


def read(path: Path, content: str | bytes, reading: Reading | None = None) -> list[Record]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (source,) = find_sources([path]).files
    records = list(read_records(source, reading or Reading()))
    assert all((record.text is None) == (record.error is not None) for record in records)
    return records


def outcome(records: list[Record]) -> list[str | None]:
    """The text of each record, or the name of its error."""
    return [type(record.error).__name__ if record.error else record.text for record in records]


def test_csv_rows_carry_their_ids(tmp_path: Path) -> None:
    records = read(tmp_path / "a.csv", 'uid,text\n7,"one, two"\n8,"three\nlines"\n')
    assert [(record.id, record.text) for record in records] == [
        ("7", "one, two"),
        ("8", "three\nlines"),
    ]


def test_csv_rows_without_ids_are_named_by_file_and_line(tmp_path: Path) -> None:
    records = read(tmp_path / "a.csv", 'text\n"two\nlines"\nthree\n')
    assert [record.id for record in records] == ["a.csv:2", "a.csv:4"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    assert outcome(read(tmp_path / "a.csv", f"id{delimiter}text\n1{delimiter}Clear.\n")) == [
        "Clear."
    ]


def test_a_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    assert outcome(read(tmp_path / "a.csv", b"\xef\xbb\xbftext\nClear.\n")) == ["Clear."]


def test_blank_lines_before_the_header_are_no_rows(tmp_path: Path) -> None:
    records = read(tmp_path / "a.csv", "\n \nid,text\n,Clear.\n")
    assert outcome(records) == ["Clear."]
    assert records[0].id == "a.csv:4"
    assert outcome(read(tmp_path / "b.csv", "\n\n")) == ["CorruptArchive"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_utf_16_is_named_where_it_is_read_as_utf_8(tmp_path: Path, name: str) -> None:
    content = "id,text\n1,Clear.\n".encode("utf-16")
    (record, *_) = read(tmp_path / name, content)
    assert "it looks like utf-16" in str(record.error)


def test_a_table_that_a_run_wrote_is_no_archive(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,text\n1,Small effusion. Nodule.\n", encoding="utf-8")
    for ending in ("csv", "jsonl", "parquet"):
        own = tmp_path / f"own.{ending}"
        extract([source], own, workers=1)
        (record,) = read(own, own.read_bytes())
        assert "a table that radnlp wrote" in str(record.error)
        named = read(own, own.read_bytes(), Reading(text_columns=("text",)))
        assert outcome(named)[0] == "effusion"


def test_an_open_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    records = read(tmp_path / "a.csv", 'id,text\n1,"open\n2,"fine, yes"\n3,plain\n')
    assert outcome(records) == ["MalformedRow", "fine, yes", "plain"]
    assert records[0].id == "a.csv:2"
    assert "line 2" in str(records[0].error)


def test_a_quote_that_is_never_closed_does_not_swallow_the_file(tmp_path: Path) -> None:
    records = read(tmp_path / "a.csv", 'id,text\n1,"open\n2,b\n3,c\n')
    assert outcome(records) == ["MalformedRow", "b", "c"]


def test_a_row_of_another_length_is_malformed(tmp_path: Path) -> None:
    assert outcome(read(tmp_path / "a.csv", "id,text\n1,a,b\n2\n3,c\n")) == [
        "MalformedRow",
        "MalformedRow",
        "c",
    ]


def test_a_column_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    assert outcome(read(tmp_path / "a.csv", "text,text\na,b\n")) == ["MalformedRow"]


def test_a_table_without_a_header_is_refused_without_its_first_row(tmp_path: Path) -> None:
    for row in ("GREY^JO,1950,Clear lungs.", "GREY^JO,GREY^JO,Clear lungs."):
        (record,) = read(tmp_path / "a.csv", f"{row}\n{row}\n")
        assert "header?" in str(record.error)
        assert not {"GREY", "1950", "Clear"} & set(re.findall(r"\w+", str(record.error)))


def test_a_column_that_parquet_names_twice_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    pq.write_table(table, tmp_path / "b.parquet")
    content = (tmp_path / "b.parquet").read_bytes()
    assert outcome(read(tmp_path / "a.parquet", content)) == ["MalformedRow"]


def test_a_tsv_file_is_parted_at_tabs(tmp_path: Path) -> None:
    (record,) = read(tmp_path / "a.tsv", "a,b,c\ttext\nx\tClear, no mass.\n")
    assert record.text == "Clear, no mass."


def test_a_lone_surrogate_in_fhir_fails_alone(tmp_path: Path) -> None:
    lines = [
        json.dumps({"resourceType": "DiagnosticReport", "id": str(one), "conclusion": words})
        for one, words in enumerate(("x \ud800", "Clear."))
    ]
    path = tmp_path / "a.ndjson"
    assert outcome(read(path, "\n".join(lines))) == ["EncodingError", "Clear."]
    assert extract([path], tmp_path / "out.jsonl", workers=1).reports == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"id,text,exam\n1,Clear.,XR caf\xe9\n2,Clear.,XR\n"),
        ("a.jsonl", b'{"text":"Clear.","exam":"XR \\ud800"}\n{"text":"Clear.","exam":"XR"}\n'),
    ],
)
def test_an_examination_that_cannot_be_decoded_is_not_given(
    tmp_path: Path, name: str, content: bytes
) -> None:
    records = read(tmp_path / name, content)
    assert [(one.text, one.exam) for one in records] == [
        ("Clear.", None),
        ("Clear.", Exam(name="XR")),
    ]
    assert check([tmp_path / name], workers=1).reports == 2


def test_columns_that_are_named_hold_for_fhir_too(tmp_path: Path) -> None:
    line = json.dumps({"resourceType": "DiagnosticReport", "conclusion": "a", "notes": "b"})
    assert outcome(read(tmp_path / "a.ndjson", line)) == ["a"]
    named = Reading(text_columns=("notes",))
    assert outcome(read(tmp_path / "a.ndjson", line, named)) == ["b"]
    (record,) = read(tmp_path / "a.ndjson", line, Reading(id_column="accession"))
    assert "there is no field 'accession'" in str(record.error)


@pytest.mark.parametrize("before", ["", "# export\n"])
def test_messages_in_a_text_file_are_read_one_by_one(tmp_path: Path, before: str) -> None:
    one = "MSH|^~\\&|RIS\rOBX|1|TX|X||{}\r"
    content = before + one.format("Clear.") + one.format("No mass.")
    records = read(tmp_path / "a.txt", content)
    assert [(record.id, record.text) for record in records] == [
        ("a.txt#0", "Clear."),
        ("a.txt#1", "No mass."),
    ]


def test_a_message_in_another_encoding_says_so(tmp_path: Path) -> None:
    content = "MSH|^~\\&|RIS\rOBX|1|TX|X||Clear.\r".encode("utf-16")
    (record,) = read(tmp_path / "a.hl7", content)
    assert "utf-16" in str(record.error)


def test_a_message_is_read_in_the_character_set_that_it_names(tmp_path: Path) -> None:
    one = "MSH|^~\\&|RIS" + "|" * 15 + "{}\rOBX|1|TX|X||" + GLYPH + "\r"
    content = (one.format("8859/1") + one.format("")).encode("latin-1")
    assert outcome(read(tmp_path / "a.hl7", content)) == [GLYPH, "EncodingError"]
    odd = (one.format("8859/1") + "\x81").encode("latin-1")
    assert outcome(read(tmp_path / "a.hl7", odd, Reading(encoding="cp1252"))) == ["EncodingError"]


def test_a_long_csv_field_is_read_and_the_global_limit_put_back(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    text = "x" * 200_000
    assert outcome(read(tmp_path / "a.csv", f"text\n{text}\n")) == [text]
    assert csv.field_size_limit() == before


def test_latin_1_rows_fail_alone_and_name_the_byte(tmp_path: Path) -> None:
    records = read(tmp_path / "a.csv", f"id,text\n1,{GLYPH}\n2,plain\n".encode("latin-1"))
    assert outcome(records) == ["EncodingError", "plain"]
    assert "0xE9" in str(records[0].error)
    assert "latin-1" in str(records[0].error)


@pytest.mark.parametrize(("name", "head"), [("a.csv", "text\n"), ("a.txt", "")])
def test_a_named_encoding_is_used(tmp_path: Path, name: str, head: str) -> None:
    content = f"{head}{GLYPH}".encode("latin-1")
    assert outcome(read(tmp_path / name, content, Reading(encoding="latin-1"))) == [GLYPH]


def test_an_unknown_encoding_is_wrong_use() -> None:
    with pytest.raises(InputError, match="utf-9"):
        Reading(encoding="utf-9")


@pytest.mark.parametrize(
    "line",
    [
        '{"text": NaN}',
        '{"text": "a", "text": "b"}',
        "[" * 100_000,
        '["text"]',
        '{"text": "cut',
        '{"other": 1}',
    ],
    ids=["NaN", "duplicate key", "deep", "list", "cut", "no text"],
)
def test_a_bad_json_line_fails_alone(tmp_path: Path, line: str) -> None:
    content = f'{{"id": 1, "text": "a"}}\n{line}\n{{"id": 2, "text": "b"}}\n'
    assert outcome(read(tmp_path / "a.jsonl", content)) == ["a", "InvalidRecord", "b"]


def test_a_last_line_that_is_cut_fails_alone(tmp_path: Path) -> None:
    records = read(tmp_path / "a.jsonl", '{"text": "a"}\n\n{"id": "secret", "tex')
    assert outcome(records) == ["a", "InvalidRecord"]
    assert records[1].id == "a.jsonl:3"
    assert "secret" not in str(records[1].error)


def test_json_files_hold_one_report_or_a_list(tmp_path: Path) -> None:
    one = read(tmp_path / "a.json", json.dumps({"sections": {"FINDINGS": "Clear."}}))
    many = read(tmp_path / "b.json", json.dumps([{"text": "a"}, {"text": "b"}, 3]))
    assert outcome(one) == ["FINDINGS:\nClear."]
    assert outcome(many) == ["a", "b", "InvalidRecord"]


def test_a_text_file_is_one_report(tmp_path: Path) -> None:
    (record,) = read(tmp_path / "a.txt", "Clear.\r\nNormal.\n")
    assert (record.id, record.text) == ("a.txt", "Clear.\r\nNormal.\n")


def test_a_section_in_json_reads_the_same_as_by_read_report(tmp_path: Path) -> None:
    fields = {"impression": "Normal.", "findings": ["Clear.", "No effusion."]}
    (record,) = read(tmp_path / "a.json", json.dumps(fields))
    assert record.text == read_report(tmp_path / "a.json").text


def test_a_picture_that_is_named_txt_is_no_report(tmp_path: Path) -> None:
    assert outcome(read(tmp_path / "a.txt", b"\x89PNG\r\n\x1a\n" + bytes(60))) == ["UnknownFormat"]


MESSAGE = "MSH|^~\\&|R\rPID|1|||||||F\rOBR|1||A7|K^XR KNEE RIGHT\rOBX|1|TX|K||No effusion.\r"


def test_hl7_messages_are_records_and_a_bad_one_fails_alone(tmp_path: Path) -> None:
    records = read(tmp_path / "a.hl7", f"{MESSAGE}MSH|^~\\&|R\r{MESSAGE}")
    assert outcome(records) == ["No effusion.", "InvalidHL7", "No effusion."]
    assert [record.id for record in records] == ["A7", "a.hl7#1", "A7"]
    assert records[0].exam == Exam(name="XR KNEE RIGHT", sex=Sex.FEMALE)
    assert records[-1].position == len(f"{MESSAGE}MSH|^~\\&|R\r{MESSAGE}")
    assert outcome(read(tmp_path / "b.hl7", "No effusion.")) == ["InvalidHL7"]


def test_an_hl7_message_in_a_text_file_is_read_as_one(tmp_path: Path) -> None:
    (record,) = read(tmp_path / "a.txt", MESSAGE)
    assert (record.text, record.exam) == (
        "No effusion.",
        Exam(name="XR KNEE RIGHT", sex=Sex.FEMALE),
    )


def test_fhir_reports_are_records_of_json_and_of_lines(tmp_path: Path) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "code": {"text": "XR KNEE RIGHT"},
        "conclusion": "No effusion.",
    }
    empty = {"resourceType": "DiagnosticReport", "id": "e"}
    entries = [{"resource": one} for one in (report, empty, {**report, "id": "r"})]
    bundle = {"resourceType": "Bundle", "entry": entries}
    records = read(tmp_path / "a.json", json.dumps(bundle))
    assert outcome(records) == ["No effusion.", "InvalidFhir", "No effusion."]
    assert [record.id for record in records] == ["a.json#0", "a.json#1", "r"]
    patient = {"resourceType": "Patient"}
    lines = "\n".join(map(json.dumps, (report, patient)))
    records = read(tmp_path / "a.ndjson", lines)
    assert outcome(records) == ["No effusion.", "InvalidFhir"]
    assert records[0].exam == Exam(name="XR KNEE RIGHT")


def test_parquet_rows_are_read_with_nested_sections(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [{"uid": 5, "sections": {"FINDINGS": "Clear.", "IMPRESSION": "Normal."}, "age": 3}]
    pq.write_table(pa.Table.from_pylist(rows), path)
    records = read(path, path.read_bytes())
    assert [(record.id, record.text) for record in records] == [
        ("5", "FINDINGS:\nClear.\n\nIMPRESSION:\nNormal.")
    ]


def test_bytes_in_parquet_that_are_no_utf_8_fail_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    column = pa.array([b"caf\xe9", b"plain"], pa.binary())
    pq.write_table(pa.table({"text": column}), path)
    assert outcome(read(path, path.read_bytes())) == ["EncodingError", "plain"]


@pytest.mark.parametrize("content", [b"", b"PAR1 garbage PAR1", b"garbage"])
def test_garbage_parquet_is_a_corrupt_archive(tmp_path: Path, content: bytes) -> None:
    assert outcome(read(tmp_path / "a.parquet", content)) == ["CorruptArchive"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_an_empty_file_of_rows_is_a_corrupt_archive(tmp_path: Path, name: str) -> None:
    assert outcome(read(tmp_path / name, b"")) == ["CorruptArchive"]
