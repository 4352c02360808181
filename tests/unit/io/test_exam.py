"""What headers and fields say of an examination."""

from __future__ import annotations

import pytest

from radnlp.io.exam import exam_of
from radnlp.io.record import choose_columns
from radnlp.schema import Exam, Sex, Side


@pytest.mark.parametrize(
    ("age", "years"),
    [
        ("054Y", 54), ("54", 54), (54, 54), (54.0, 54), ("18M", 1), ("010W", 0), ("3 years", 3),
        ("", None), (None, None), (True, None), ("unknown", None), ("999", None), ("-4", None),
    ],
)  # fmt: skip
def test_an_age_is_in_completed_years(age: object, years: int | None) -> None:
    exam = exam_of({"age": age})
    assert (exam.age_years if exam else None) == years


@pytest.mark.parametrize(
    ("sex", "read"),
    [("F", Sex.FEMALE), ("female", Sex.FEMALE), ("m", Sex.MALE), ("O", None), ("", None)],
)
def test_a_sex_is_read_or_left_open(sex: str, read: Sex | None) -> None:
    exam = exam_of({"sex": sex})
    assert (exam.sex if exam else None) == read


def test_a_side_is_that_of_a_paired_part() -> None:
    assert exam_of({"side": "R", "name": "Knie"}) == Exam(side=Side.RIGHT, name="Knie")
    assert exam_of({"side": "U"}) is None


@pytest.mark.parametrize("name", ["XR \ud800", "XR caf\udce9"])
def test_what_no_file_can_hold_is_not_given(name: str) -> None:
    assert exam_of({"name": name, "side": name, "sex": name, "age": name}) is None


def test_columns_of_the_examination_are_found_by_name() -> None:
    columns = choose_columns(("Report", "Patient Sex", "study_description", "AGE", "cost"))
    assert dict(columns.exam) == {
        "name": "study_description",
        "sex": "Patient Sex",
        "age": "AGE",
    }
    assert columns.all == ("Report", "study_description", "Patient Sex", "AGE")
