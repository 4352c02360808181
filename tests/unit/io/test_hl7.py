"""HL7 v2 messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.errors import InvalidHL7, RadnlpError
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
