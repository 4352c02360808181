"""HL7 v2 messages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.errors import EncodingError, InvalidHL7, RadnlpError
from radnlp.io import load_study, read_report
from radnlp.io.hl7 import is_hl7, read_message, split_messages
from radnlp.schema import Exam, Sex

if TYPE_CHECKING:
    from pathlib import Path

HEADER = r"MSH|^~\&|RIS|H|X|Y|20240101||ORU^R01|1|P|2.5.1"
PATIENT = "PID|1||123^^^H||GREY^JO||19500602|F"
ORDER = "OBR|1|P7|A7^RIS|XRK^XR KNEE RIGHT^L|||20240601083000"
FINDINGS = "OBX|1|TX|XRK&GDT||FINDINGS: Left knee joint effusion.||||||F"


def message(*segments: str) -> str:
    return "\r".join((HEADER, *segments))


def test_text_and_examination_are_read_and_the_patient_is_not() -> None:
    read = read_message(message(PATIENT, ORDER, FINDINGS))
    assert read.text == "FINDINGS: Left knee joint effusion."
    assert read.id == "A7"
    assert read.exam == Exam(name="XR KNEE RIGHT", sex=Sex.FEMALE, age_years=73)


@pytest.mark.parametrize(
    ("order", "name"),
    [
        ("OBR|1|||XRK^XR KNEE RIGHT^L", "XR KNEE RIGHT"),
        ("OBR|1|||XRK^^L^K^KNEE 2 VIEWS^99", "KNEE 2 VIEWS"),
        ("OBR|1|||XRK", "XRK"),
        ("OBR|1|||XRK" + "|" * 40 + "73560^XR KNEE^C4", "XR KNEE"),
        (r"OBR|1|||XRK^XR KNEE \T\ HIP^L", "XR KNEE & HIP"),
        ("OBR|1", None),
    ],
)
def test_the_examination_is_that_of_the_order(order: str, name: str | None) -> None:
    exam = read_message(message(order, FINDINGS)).exam
    assert (exam.name if exam else None) == name


def test_several_orders_name_the_examination_together() -> None:
    orders = ("OBR|1|||A^CT CHEST", "OBR|2|||B^CT ABDOMEN", "OBR|3|||A^CT CHEST")
    exam = read_message(message(*orders, FINDINGS)).exam
    assert exam == Exam(name="CT CHEST; CT ABDOMEN")


def test_an_age_needs_whole_dates() -> None:
    patient = "PID|1||||||1950|M"
    assert read_message(message(patient, ORDER, FINDINGS)).exam == Exam(
        name="XR KNEE RIGHT", sex=Sex.MALE
    )


def test_sections_that_obx_3_names_get_their_title_unless_they_have_one() -> None:
    read = read_message(
        message(
            "OBX|1|TX|X&GDT||Clear lungs.~No effusion.",
            "OBX|2|FT|X&IMP||Normal.\\.br\\Compare 2023.",
            "OBX|3|TX|X&REC||RECOMMENDATION: CT.",
            "OBX|4|TX|X&ADT||Wrong side.||||||W",
            "OBX|5|NM|X||7",
        )
    )
    assert read.text == (
        "Clear lungs.\nNo effusion.\n\nIMPRESSION:\nNormal.\nCompare 2023.\n\nRECOMMENDATION: CT."
    )


def test_escapes_stand_for_the_marks_and_for_bytes() -> None:
    text = read_message(message(r"OBX|1|TX|X||a \F\ b \S\ c \E\ d \H\e\N\ \X41\ 3 \T\ 4")).text
    assert text == "a | b ^ c \\ d e A 3 & 4"


def test_other_marks_are_read_as_the_header_names_them() -> None:
    text = "MSH$%*!@$RIS\rOBR$1$$$C%CT CHEST\rOBX$1$TX$X$$No mass!F!."
    read = read_message(text)
    assert (read.text, read.exam) == ("No mass$.", Exam(name="CT CHEST"))


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_batch_is_parted_whatever_ends_its_lines(end: str) -> None:
    one = end.join((HEADER, FINDINGS))
    batch = end.join(("FHS|^~\\&", "BHS|^~\\&", one, one, "BTS|2", "FTS|1", ""))
    assert is_hl7(batch)
    assert [read_message(part).text for part in split_messages(batch)] == [
        "FINDINGS: Left knee joint effusion."
    ] * 2


def test_the_frame_of_a_connection_is_no_text() -> None:
    (one,) = split_messages(f"\x0b{message(FINDINGS)}\r\x1c\r")
    assert read_message(one).text == "FINDINGS: Left knee joint effusion."


@pytest.mark.parametrize("text", ["MSH|", "MSH|^~\\&", "MSH|^^^^|", HEADER, message(PATIENT)])
def test_a_message_that_is_cut_or_without_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidHL7):
        read_message(text)


@given(st.text(alphabet="MSHOBXPID|^~\\&\r123TX.F ", max_size=60))
def test_no_text_ends_in_a_foreign_error(tail: str) -> None:
    try:
        read_message(HEADER + "\r" + tail)
        read_message(tail)
    except RadnlpError:
        pass


def test_prose_is_no_message() -> None:
    assert not is_hl7("MSH was seen. FINDINGS: Normal.")
    assert not is_hl7("No effusion.")


def test_a_study_gets_text_and_examination(tmp_path: Path) -> None:
    (tmp_path / "report.hl7").write_text(message(PATIENT, ORDER, FINDINGS), newline="")
    study = load_study(tmp_path)
    assert study.report is not None
    assert study.report.text == "FINDINGS: Left knee joint effusion."
    assert study.exam == Exam(name="XR KNEE RIGHT", sex=Sex.FEMALE, age_years=73)


def test_a_file_of_several_messages_is_no_single_report(tmp_path: Path) -> None:
    path = tmp_path / "a.hl7"
    path.write_text("\n".join((message(FINDINGS), message(FINDINGS))))
    with pytest.raises(InvalidHL7, match=r"a\.hl7: 2 HL7 messages"):
        read_report(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_a_line_that_is_no_segment_is_more_text_of_the_one_before(end: str) -> None:
    text = f"FINDINGS: Clear.{end}MSH marker in text{end}No mass.||||||F"
    (one,) = split_messages(message(f"OBX|1|FT|X||{text}", "OBX|2|TX|X||End."))
    lines = end.replace("\r", "").join(("FINDINGS: Clear.", "MSH marker in text", "No mass."))
    assert read_message(one).text == f"{lines}\nEnd."


@pytest.mark.parametrize("status", ["D", "W"])
@pytest.mark.parametrize("words", ["Mass.", "Mass.\nIn the left lung."])
def test_what_is_withdrawn_stays_out_whatever_lines_it_has(status: str, words: str) -> None:
    withdrawn = f"OBX|1|FT|X||{words}||||||{status}\nmore"
    (one,) = split_messages(message(withdrawn, "NTE|1||Of the mass.", "OBX|2|TX|X||Clear."))
    assert read_message(one).text == "Clear."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (r"left\right lobe. No mass and\or nodule.", r"left\right lobe. No mass and\or nodule."),
        (r"Score 3\5, mass 4\6 cm \F\ x", r"Score 3\5, mass 4\6 cm | x"),
        (r"CHEST\.ce\Clear.\.sk3\No\.in+2\mass\.fi\.", "CHEST\nClear. No mass."),
        (r"Clear.\X0D\No mass.\X0D0A\End.", "Clear.\nNo mass.\nEnd."),
        (r"a\Zabc\b\H\c", "abc"),
    ],
)
def test_only_escapes_are_taken_out_of_a_text(value: str, text: str) -> None:
    assert read_message(message(f"OBX|1|TX|X||{value}")).text == text


def test_each_further_patient_begins_a_report() -> None:
    second = ("PID|2||9||BLACK^AL||19900101|M", "OBR|2||A8|C^CT CHEST|||20240101")
    text = message(PATIENT, ORDER, FINDINGS, *second, "OBX|1|TX|X||No nodule.")
    read = [read_message(one) for one in split_messages(text)]
    assert [(one.id, one.text) for one in read] == [
        ("A7", "FINDINGS: Left knee joint effusion."),
        ("A8", "No nodule."),
    ]
    assert [one.exam.age_years for one in read if one.exam] == [73, 34]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("CHEST: Left pneumothorax.", "IMPRESSION:\nCHEST: Left pneumothorax."),
        ("IMPRESSION: Normal.", "IMPRESSION: Normal."),
        ("Impression 2: Normal.", "Impression 2: Normal."),
    ],
)
def test_a_section_keeps_its_title_unless_its_words_begin_with_it(words: str, text: str) -> None:
    assert read_message(message(f"OBX|1|TX|X&IMP||{words}")).text == text


@pytest.mark.parametrize("kind", ["CE", "CWE"])
@pytest.mark.parametrize(
    "value", ["J18^Pneumonia^I10", 'J18^""^I10^^Pneumonia', "J18^^^^^^^^Pneumonia"]
)
def test_a_coded_value_gives_its_text(kind: str, value: str) -> None:
    assert read_message(message(f"OBX|1|{kind}|X||{value}")).text == "Pneumonia"


def test_the_null_value_is_none() -> None:
    null = ('PID|1||||||""|""', 'OBR|1|""|""|""^""', 'OBX|1|TX|X||""', FINDINGS)
    read = read_message(message(*null))
    assert (read.text, read.id, read.exam) == ("FINDINGS: Left knee joint effusion.", None, None)


def test_notes_after_a_text_are_part_of_its_section() -> None:
    notes = ("NTE|0||Of the order.", "OBX|1|TX|X&IMP||No mass.", "NTE|1||Stable~since 2020.")
    read = read_message(message(*notes))
    assert read.text == "IMPRESSION:\nNo mass.\nStable\nsince 2020."


@pytest.mark.parametrize(
    ("charset", "codes"),
    [("UNICODE UTF-8", r"\XC3A9\ "), ("", r"\XC3\\XA9\ "), ("8859/1", r"\XE9\ "), ("", r"\XE9\ ")],
)
def test_bytes_in_escapes_are_in_the_character_set_of_the_message(charset: str, codes: str) -> None:
    text = f"{HEADER}||||||{charset}\rOBX|1|TX|X||Caf{codes}"
    assert read_message(text).text == "Caf\xe9"


@pytest.mark.parametrize(("charset", "codec"), [("8859/1", "latin-1"), ("8859/5", "iso8859-5")])
def test_a_file_is_in_the_character_set_of_its_message(
    tmp_path: Path, charset: str, codec: str
) -> None:
    letter = b"\xe9".decode(codec)
    text = f"{HEADER}||||||{charset}\rOBX|1|TX|X||Caf{letter}"
    (tmp_path / "a.hl7").write_bytes(text.encode(codec))
    assert read_report(tmp_path / "a.hl7").text == f"Caf{letter}"
    (tmp_path / "a.hl7").write_bytes(text.replace(charset, "").encode(codec))
    with pytest.raises(EncodingError):
        read_report(tmp_path / "a.hl7")


@pytest.mark.parametrize("name", ["a.hl7", "a.txt"])
def test_lines_before_a_message_do_not_make_its_patient_a_text(tmp_path: Path, name: str) -> None:
    text = f"# export\n{message(PATIENT, ORDER, FINDINGS)}"
    (tmp_path / name).write_text(text, newline="")
    assert read_report(tmp_path / name).text == "FINDINGS: Left knee joint effusion."


def test_a_file_called_hl7_is_never_read_as_plain_text(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_text(PATIENT)
    with pytest.raises(InvalidHL7, match=r"a\.hl7: 0 HL7 messages"):
        read_report(tmp_path / "a.hl7")


@pytest.mark.parametrize("part", ["x\n", "\n", "\\X41", "PID|\n", "~", "\r"])
def test_an_odd_message_takes_linear_time(part: str) -> None:
    started = time.perf_counter()
    for one in split_messages(message("OBX|1|TX|X||Clear." + part * 100_000)):
        if "OBX" in one:
            assert read_message(one).text.startswith("Clear.")
    assert time.perf_counter() - started < 3
