"""What is known of an examination beside its report: its name, and of whom it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from radnlp.errors import InputError
from radnlp.schema.entity import Side


class Sex(StrEnum):
    """The patient's sex, as far as a report can contradict it."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """What a header, a table or a message says of an examination; ``None``: nothing.

    Attributes:
        name: What was examined and how ("XR KNEE RIGHT").
        side: The side that was examined.
        sex: Of the patient.
        age_years: Of the patient, in completed years.

    Raises:
        InputError: An age that nobody has.

    Examples:
        >>> Exam(name="XR KNEE RIGHT", sex=Sex.FEMALE).side is None
        True
    """

    name: str | None = None
    side: Side | None = None
    sex: Sex | None = None
    age_years: int | None = None

    def __post_init__(self) -> None:
        if self.age_years is not None and not 0 <= self.age_years <= 150:
            raise InputError(f"an age lies between 0 and 150 years, got {self.age_years}")


__all__ = ["Exam", "Sex"]
