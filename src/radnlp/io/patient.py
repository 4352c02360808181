"""What tells patients apart; it never leaves `radnlp.io`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from radnlp.io.header import Header


class Patient(NamedTuple):
    """Whom a header names; either may be empty."""

    id: str
    name: str


def read_patient(header: Header) -> Patient:
    """Return PatientID and PatientName."""
    return Patient(id=header.text("PatientID") or "", name=header.text("PatientName") or "")


def count_patients(found: Iterable[Patient]) -> int:
    """Count the patients of several files; 0 if no file names one.

    Names count only where no file has an id: the same person is spelled in many ways.

    Examples:
        >>> count_patients([Patient("7", "DOE^J"), Patient("7", "DOE^JANE"), Patient("", "DOE^J")])
        1
    """
    patients = set(found)
    return len({one.id for one in patients if one.id} or {one.name for one in patients if one.name})


__all__ = ["Patient", "count_patients", "read_patient"]
