"""Reading header values that may be missing, of a wrong type, or nonsense."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from radnlp.errors import InvalidHeader
from radnlp.io.pydicom_guard import add_once, pydicom_errors
from radnlp.schema import Notice

if TYPE_CHECKING:
    from pydicom import Dataset

# Far beyond any unit in use; keeps products with stored values finite.
_LARGEST = 1e30


class Header:
    """A data set whose values are read one at a time, each checked.

    A value that cannot be read counts as missing and leaves a notice; `required_integer` raises.

    Attributes:
        name: What messages call the object: a file name, or "the data set".
        notices: What was odd, collected while reading.
    """

    def __init__(self, dataset: Dataset, *, name: str, notices: list[Notice]) -> None:
        self.dataset = dataset
        self.name = name
        self.notices = notices

    def notice(self, kind: str, message: str) -> None:
        """Note something odd."""
        add_once(self.notices, Notice(name=kind, message=message))

    def raw(self, keyword: str) -> Any:
        """Return the value as pydicom gives it; ``None`` if missing, empty or unreadable."""
        try:
            value = self.dataset.get(keyword)
            return None if value is None or (isinstance(value, str) and not value) else value
        except pydicom_errors():
            self.notice("HeaderWarning", f"{keyword} cannot be read and was left out")
            return None

    def values(self, keyword: str) -> list[Any]:
        """Return all values of a possibly multi-valued element."""
        value = self.raw(keyword)
        if value is None:
            return []
        if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
            return [value]
        return list(value)

    def text(self, keyword: str) -> str | None:
        """Return the first value as text without outer blanks; ``None`` if there is none."""
        first = next(iter(self.values(keyword)), None)
        text = "" if first is None else str(first).strip(" \0\t\r\n")
        return text or None

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Return all values as numbers up to 1e30; empty (with a notice) if one is not."""
        try:
            numbers = tuple(float(value) for value in self.values(keyword))
        except (TypeError, ValueError):
            numbers = (math.nan,)
        if not all(abs(number) <= _LARGEST for number in numbers):
            self.notice("HeaderWarning", f"{keyword} is not a usable number and was left out")
            return ()
        return numbers

    def number(self, keyword: str) -> float | None:
        """Return the first value as a number, or ``None``."""
        return next(iter(self.numbers(keyword)), None)

    def required_integer(self, keyword: str, *, low: int, high: int, default: int | None) -> int:
        """Return a whole number the pixels cannot be read without.

        Raises:
            InvalidHeader: The value is not a whole number in [low, high], or it is missing and
                there is no default.
        """
        found = self._integer(keyword)
        if found is None and default is not None:
            return default
        if found is None or not low <= found <= high:
            said = "missing" if found is None else f"{found:g}"
            raise InvalidHeader(
                f"{self.name}: {keyword} is {said}, expected a whole number from {low} to {high}; "
                "the header is damaged, export the file again"
            )
        return int(found)

    def _integer(self, keyword: str) -> float | None:
        try:
            value = self.dataset.get(keyword)
            if value is None or (isinstance(value, str) and not value.strip()):
                return None
            number = float(value)
        except pydicom_errors():
            number = math.nan
        if not math.isfinite(number) or number != int(number):
            raise InvalidHeader(
                f"{self.name}: {keyword} is not a whole number, expected one; "
                "the header is damaged, export the file again"
            )
        return number

    def items(self, keyword: str) -> list[Header]:
        """Return the items of a sequence, each as a header of its own."""
        from pydicom import Dataset

        return [
            Header(item, name=self.name, notices=self.notices)
            for item in self.values(keyword)
            if isinstance(item, Dataset)
        ]

    def has_unknown_character_set(self) -> bool:
        """Tell whether SpecificCharacterSet names what DICOM does not know, spelling apart."""
        from pydicom.charset import python_encoding

        known = {_letters(name) for name in python_encoding}
        said = (str(name) for name in self.values("SpecificCharacterSet"))
        return any(_letters(name) not in known for name in said)

    def for_frame(self, frame: int, sequence: str) -> Header:
        """Return where a frame's values of one functional group stand.

        Enhanced objects keep them per frame or shared (DICOM PS3.3 C.7.6.16); in all others,
        they stand in the data set itself.
        """
        for place, index in (
            ("PerFrameFunctionalGroupsSequence", frame),
            ("SharedFunctionalGroupsSequence", 0),
        ):
            found = self._group(place, index, sequence)
            if found is not None:
                return found
        return self

    def _group(self, place: str, index: int, sequence: str) -> Header | None:
        # Not by `items`: an object may have thousands of frames, each asked for on its own.
        groups = self.raw(place)
        if groups is None or not hasattr(groups, "__getitem__") or index >= len(groups):
            return None
        found = Header(groups[index], name=self.name, notices=self.notices).items(sequence)
        return found[0] if found else None


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.upper()))


__all__ = ["Header"]
