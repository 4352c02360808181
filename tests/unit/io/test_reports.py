from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp import errors
from radnlp.io import read_report
from radnlp.io.reports import decode

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, content: bytes | str, name: str = "x.txt") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_text_file_is_read_unchanged(tmp_path: Path) -> None:
    text = "FINDINGS:\r\n\tNo effusion.  \n\n"
    report = read_report(write(tmp_path, text), language="en")
    assert (report.text, report.source, report.language, report.id) == (text, "x.txt", "en", "r0")


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert read_report(write(tmp_path, "\ufeffClear.")).text == "Clear."


@pytest.mark.parametrize("content", ["", "  \n "])
def test_an_empty_file_gives_an_empty_report(tmp_path: Path, content: str) -> None:
    assert read_report(write(tmp_path, content)).text == content


@pytest.mark.parametrize(
    ("text", "encoding", "offset"),
    [
        ("Kein Ödem – stabil", "cp1252", 5),
        ("Pas d'œdème", "cp1252", 6),
        ("双肺纹理增多，未见实变。", "gb18030", 2),
    ],
)
def test_a_wrong_encoding_names_the_byte_and_a_suggestion(
    tmp_path: Path, text: str, encoding: str, offset: int
) -> None:
    path = write(tmp_path, text.encode(encoding))
    with pytest.raises(errors.EncodingError, match=rf"byte {offset} .*{encoding}"):
        read_report(path)
    assert read_report(path, encoding=encoding).text == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_is_told(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "No effusion.".encode(encoding))
    with pytest.raises(errors.EncodingError, match="utf-16"):
        read_report(path)
    assert read_report(path, encoding=encoding).text == "No effusion."


def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.InputError, match="no encoding"):
        read_report(write(tmp_path, "Clear."), encoding="utf-99")


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_named_error(data: bytes) -> None:
    try:
        text = decode(data, name="x.txt")
    except (errors.EncodingError, errors.UnknownFormat):
        return
    assert text.encode().removeprefix(b"\xef\xbb\xbf") == data.removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (b"%PDF-1.4", "x.txt", errors.ReportIsPdf),
        (b"<html>Clear.</html>", "x.txt", errors.UnknownFormat),
        (b"\x89PNG\r\n\x1a\n", "x.txt", errors.UnknownFormat),
        (b"PK\x03\x04", "x.docx", errors.UnknownFormat),
        (b"{\\rtf1 Clear.}", "x.rtf", errors.UnknownFormat),
        (bytes(range(32)) * 4, "x.txt", errors.UnknownFormat),
        (b"Clear.\0\0 and \0 more", "x.txt", errors.UnknownFormat),
        (b"id,text\n1,Clear.\n", "x.csv", errors.UnknownFormat),
        (b'{"text": "Clear."}\n', "x.jsonl", errors.UnknownFormat),
        (b"PAR1", "x.bin", errors.UnknownFormat),
        (b"", "x.dcm", errors.UnknownFormat),
        (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", "x.dcm", errors.UnknownFormat),
    ],
)
def test_what_is_no_report_is_refused(
    tmp_path: Path, content: bytes, name: str, error: type[errors.RadnlpError]
) -> None:
    with pytest.raises(error, match="expected"):
        read_report(write(tmp_path, content, name))


def test_a_report_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a" * 101)
    assert len(read_report(path, max_characters=101).text) == 101
    for limit in (100, 20):
        with pytest.raises(errors.ReportTooLong, match=f"at most {limit}"):
            read_report(path, max_characters=limit)


@pytest.mark.parametrize("source", [None, 3, b"Clear."])
def test_a_report_is_read_from_a_path_only(source: Any) -> None:
    with pytest.raises(errors.InputError, match="path"):
        read_report(source)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"text": "Clear."}, "Clear."),
        ({"report": "Clear."}, "Clear."),
        ({"Report": {"text": "Clear."}}, "Clear."),
        ({"text": ""}, ""),
        (
            {"impression": "Normal.", "findings": "Clear.", "patient": "x"},
            "FINDINGS:\nClear.\n\nIMPRESSION:\nNormal.",
        ),
        ({"sections": {"Findings": ["Clear.", "No effusion."]}}, "FINDINGS:\nClear.\nNo effusion."),
    ],
)
def test_json_fields_give_the_text(tmp_path: Path, record: dict[str, Any], text: str) -> None:
    assert read_report(write(tmp_path, json.dumps(record), "x.json")).text == text
    assert read_report(write(tmp_path, json.dumps(record), "x.txt")).text == text


def test_json_may_name_the_language(tmp_path: Path) -> None:
    path = write(tmp_path, '{"text": "Klar.", "language": "de"}', "x.json")
    assert read_report(path).language == "de"
    assert read_report(path, language="en").language == "en"


@pytest.mark.parametrize(
    "content",
    [
        '{"text": "a"',
        '{"text": 3}',
        "{}",
        "[]",
        '"text"',
        '{"text": "a", "text": "b"}',
        '{"text": "a", "score": NaN}',
        "[" * 100_000,
        '{"text": ' + "9" * 5000 + "}",
    ],
)
def test_json_without_a_report_is_an_invalid_record(tmp_path: Path, content: str) -> None:
    with pytest.raises(errors.InvalidRecord, match="expected"):
        read_report(write(tmp_path, content, "x.json"))


def test_an_analysis_is_no_report(tmp_path: Path) -> None:
    path = write(tmp_path, '{"schema_version": "1.0", "entities": [], "report": {}}', "x.json")
    with pytest.raises(errors.UnknownFormat, match="from_json"):
        read_report(path)


def test_a_lone_surrogate_in_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.EncodingError, match="surrogate"):
        read_report(write(tmp_path, '{"text": "\\ud800"}', "x.json"))
