"""Headers and fields of a record → `Exam`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from radnlp.schema.entity import Side
from radnlp.schema.exam import Exam, Sex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from radnlp.io.header import Header

#: Names of fields by what they say of the examination, in order of preference, without case,
#: ``_``, ``-``, space.
EXAM_NAMES: dict[str, tuple[str, ...]] = {
    "name": (
        "examname", "exam", "examination", "examdescription", "studydescription", "studyname",
        "proceduredescription", "procedurename", "procedure", "examtype", "orderdescription",
    ),
    "side": ("laterality", "imagelaterality", "side"),
    "sex": ("sex", "patientsex", "gender", "patientgender"),
    "age": ("ageyears", "age", "patientage"),
}  # fmt: skip

_SEXES = {"f": Sex.FEMALE, "female": Sex.FEMALE, "woman": Sex.FEMALE, "w": Sex.FEMALE,
          "m": Sex.MALE, "male": Sex.MALE, "man": Sex.MALE}  # fmt: skip
_SIDES = {"l": Side.LEFT, "left": Side.LEFT, "r": Side.RIGHT, "right": Side.RIGHT,
          "b": Side.BILATERAL, "bilateral": Side.BILATERAL}  # fmt: skip
_AGE = re.compile(r"(\d{1,3})(?:\.\d+)? ?(y|yrs?|years?|m|w|d)?$", re.IGNORECASE)
_OLDEST = 150


def exam_of(fields: Mapping[str, Any]) -> Exam | None:
    """Return the examination of ``name``, ``side``, ``sex`` and ``age`` as a record gives them.

    Whatever cannot be understood counts as not given; with nothing left there is no `Exam`.

    Args:
        fields: Values by these names; any may be missing.

    Examples:
        >>> exam_of({"sex": "F", "age": "054Y"})
        Exam(name=None, side=None, sex=<Sex.FEMALE: 'female'>, age_years=54)
    """
    name = _words(fields.get("name"))
    exam = Exam(
        name=name or None,
        side=_SIDES.get(_words(fields.get("side")).lower()),
        sex=_SEXES.get(_words(fields.get("sex")).lower()),
        age_years=_age(_words(fields.get("age"))),
    )
    return None if exam == Exam() else exam


def exam_of_header(header: Header) -> Exam | None:
    """Return the examination of a DICOM header.

    Source:
        DICOM PS3.3 C.7.1.1 (sex), C.7.2.2 (age), C.7.2.1 (description), C.7.3.1 and C.7.6.1.1.1
        (laterality of a paired body part).
    """
    return exam_of(
        {
            "name": header.text("StudyDescription") or header.text("SeriesDescription"),
            "side": header.text("ImageLaterality") or header.text("Laterality"),
            "sex": header.text("PatientSex"),
            "age": header.text("PatientAge"),
        }
    )


def _words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    words = str(value).strip()
    # A lone surrogate, or a byte that could not be decoded: no file can hold it.
    return "" if any("\ud800" <= letter <= "\udfff" for letter in words) else words


def _age(words: str) -> int | None:
    """Return completed years; DICOM also counts months, weeks and days."""
    match = _AGE.match(words)
    if match is None:
        return None
    unit = (match[2] or "y").lower()[0]
    years = int(match[1]) // {"y": 1, "m": 12, "w": 52, "d": 365}[unit]
    return years if years <= _OLDEST else None


__all__ = ["EXAM_NAMES", "exam_of", "exam_of_header"]
