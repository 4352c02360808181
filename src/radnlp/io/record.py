"""Which fields of a record are the report and its name.

A record is a row of a table or a JSON object. Its text is one field, or several sections that
are joined into one text with headers; offsets in the results count in that text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from radnlp.errors import EncodingError, InputError, InvalidRecord
from radnlp.io.exam import EXAM_NAMES

#: Names of a field with the whole text, in order of preference, without case, ``_``, ``-``, space.
TEXT_NAMES = (
    "text", "report", "reporttext", "fulltext", "fullreport", "rawtext", "note", "notetext",
    "narrative", "content", "body", "sections",
)  # fmt: skip

#: Names of fields that hold one section each, in the order in which a report has them.
SECTION_NAMES = (
    "history", "clinicalhistory", "clinicalinformation", "indication", "reasonforexam", "technique",
    "comparison", "findings", "impression", "conclusion", "recommendation", "recommendations",
    "addendum",
)  # fmt: skip

#: Names of a field that tells reports apart, in order of preference.
ID_NAMES = (
    "id", "reportid", "uid", "noteid", "studyid", "studyuid", "studyinstanceuid", "accession",
    "accessionnumber", "filename",
)  # fmt: skip


_KNOWN = {*TEXT_NAMES, *SECTION_NAMES, *ID_NAMES, *chain(*EXAM_NAMES.values())}
_UTF_16 = (0xFE, 0xFF)
_USUAL = "cp1252 and latin-1 are usual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The fields that are read.

    Attributes:
        text: One field with the whole report, or several with a section each.
        id: The field that names the report; ``None``: its place in the file does.
        exam: What `radnlp.io.exam.exam_of` asks for, and the field that says it.
    """

    text: tuple[str, ...]
    id: str | None
    exam: tuple[tuple[str, str], ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every field that is read, each once."""
        named = (self.id,) if self.id else ()
        return tuple(dict.fromkeys((*self.text, *named, *(field for _, field in self.exam))))


@lru_cache(maxsize=256)
def choose_columns(
    names: tuple[str, ...], *, text: tuple[str, ...] = (), identity: str | None = None
) -> Columns:
    """Find the fields of the report among ``names``.

    Args:
        names: All fields of the record.
        text: Fields that the user named; empty: found by name.
        identity: Field of the report's name that the user gave; ``None``: found by name.

    Raises:
        InvalidRecord: There is no such field; the message lists those of usual names.

    Examples:
        >>> choose_columns(("study_id", "Findings", "Impression"))
        Columns(text=('Findings', 'Impression'), id='study_id', exam=())
    """
    plain = {_plain(name): name for name in reversed(names)}
    for wanted in (*text, *((identity,) if identity else ())):
        if wanted not in names:
            raise InvalidRecord(f"there is no field {wanted!r}; found {fields_found(names)}")
    found = text or next(((plain[name],) for name in TEXT_NAMES if name in plain), ())
    found = found or tuple(name for name in names if _plain(name) in SECTION_NAMES)
    if not found:
        raise InvalidRecord(
            f"no field holds the report's text; found {fields_found(names)}, expected text, "
            "report, findings, impression or the like: name the text column (of a table, is the "
            "first line a header?)"
        )
    named = identity or next((plain[name] for name in ID_NAMES if name in plain), None)
    exam = (
        (what, next((plain[one] for one in names_of if one in plain), None))
        for what, names_of in EXAM_NAMES.items()
    )
    return Columns(
        text=found,
        id=named,
        exam=tuple(
            (what, field) for what, field in exam if field is not None and field not in found
        ),
    )


def join_sections(sections: Mapping[str, str]) -> str:
    r"""Join sections into one text with headers.

    Sections in `SECTION_NAMES` stand in that order, others after them; blank ones are left out.

    Examples:
        >>> join_sections({"Impression": "Normal.", "FINDINGS": "Clear lungs.", "comparison": ""})
        'FINDINGS:\nClear lungs.\n\nIMPRESSION:\nNormal.'
    """
    filled = [(title, text.strip()) for title, text in sections.items() if text.strip()]
    filled.sort(key=_place)
    return "\n\n".join(f"{_header(title)}:\n{text}" for title, text in filled)


def _place(section: tuple[str, str]) -> int:
    name = _plain(section[0])
    return SECTION_NAMES.index(name) if name in SECTION_NAMES else len(SECTION_NAMES)


def text_of(fields: Mapping[str, Any], columns: Columns) -> str:
    """Return the report's text; a single field is returned unchanged.

    Raises:
        InputError: There is no text at all (null).
        InvalidRecord: The field holds something other than text.
        EncodingError: The text is not valid Unicode.
    """
    parts = {name: _part(name, fields[name]) for name in columns.text}
    given = {name: part for name, part in parts.items() if part is not None}
    if not given:
        raise InputError(
            f"the report's text is null in {fields_found(columns.text)}; expected text"
        )
    text = next(iter(given.values())) if len(columns.text) == 1 else join_sections(given)
    return valid_unicode(text)


def id_of(fields: Mapping[str, Any], columns: Columns) -> str | None:
    """Return the report's name, or ``None`` if the record gives none."""
    value = fields[columns.id] if columns.id else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    return valid_unicode(str(value))


def valid_unicode(text: str) -> str:
    """Return ``text`` if a file can hold it.

    Raises:
        EncodingError: It holds a lone surrogate, or bytes that could not be decoded.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        if 0xDC80 <= code <= 0xDCFF:  # where Python's "surrogateescape" puts undecodable bytes
            byte = code - 0xDC00
            # A file in UTF-16 begins with one of these two; in other encodings they are rare.
            usual = "it looks like utf-16" if byte in _UTF_16 and not error.start else _USUAL
            raise EncodingError(
                f"byte 0x{byte:02X} is not valid in the file's encoding; expected UTF-8: "
                f"name the encoding ({usual}) or save the file as UTF-8"
            ) from None
        raise EncodingError(
            f"a lone surrogate stands at character {error.start}; expected valid Unicode"
        ) from None
    return text


def _part(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), str):
            return str(value["text"])
        parts = {str(title): _part(name, part) for title, part in value.items()}
        return join_sections({title: part for title, part in parts.items() if part is not None})
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    raise InvalidRecord(f"field {name!r} holds {type(value).__name__}; expected text")


def _header(title: str) -> str:
    return " ".join(title.replace("_", " ").split()).rstrip(":").upper()


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in "_- ")


def fields_found(names: Sequence[str]) -> str:
    """List the names that are usual for a field, and count the others.

    In a table without a header the others are what its first line says of a patient.

    Examples:
        >>> fields_found(("ID", "GREY^JO", "1950-06-02"))
        "'ID' and 2 others"
    """
    known = [repr(name) for name in names if _plain(name) in _KNOWN]
    others = len(names) - len(known)
    if not others:
        return ", ".join(known) or "none"
    fields = f"{others} other{'s' if others > 1 else ''}"
    return f"{', '.join(known)} and {fields}" if known else f"{others} of other names"


__all__ = [
    "ID_NAMES",
    "SECTION_NAMES",
    "TEXT_NAMES",
    "Columns",
    "choose_columns",
    "fields_found",
    "id_of",
    "join_sections",
    "text_of",
    "valid_unicode",
]
