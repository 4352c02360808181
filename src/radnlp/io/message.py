"""What a message of another system says: HL7 v2 or FHIR."""

from __future__ import annotations

from dataclasses import dataclass

from radnlp.schema import Exam


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One report.

    Attributes:
        text: Of the report.
        id: What the message calls it (accession number, resource id), if it does.
        language: ISO 639-1 code, if it is said.
        exam: What is said of the examination; ``None``: nothing.
    """

    text: str
    id: str | None = None
    language: str | None = None
    exam: Exam | None = None


def years_between(birth: str, when: str) -> int | None:
    """Return completed years between two dates; ``None`` unless both have year, month and day.

    Args:
        birth: ``YYYYMMDD`` or ``YYYY-MM-DD``, a time may follow.
        when: The same.

    Examples:
        >>> years_between("1950-06-02", "20240601"), years_between("1950", "20240601")
        (73, None)
    """
    first, last = (value.replace("-", "")[:8] for value in (birth, when))
    if not all(len(value) == 8 and value.isascii() and value.isdigit() for value in (first, last)):
        return None
    years = int(last[:4]) - int(first[:4]) - (last[4:] < first[4:])
    return years if years >= 0 else None


__all__ = ["Message", "years_between"]
