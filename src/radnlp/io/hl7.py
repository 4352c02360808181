r"""HL7 v2 observation results (ORU) → the report and its examination.

The text is that of the OBX segments with text (TX, FT, ST, CF, CE) in the order of the message,
those with status D (deleted) and W (wrong) left out. The examination comes from OBR-4 (universal
service identifier: its text), else OBR-44 (procedure), PID-8 (sex), and PID-7 with OBR-7 (age when
it was made). Names and numbers of the patient are not read.

Source:
    HL7 v2.5.1, chapter 2 (segments, escapes), 3 (PID), 7 (OBR, OBX; suffixes of OBX-3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from radnlp.errors import InvalidHL7
from radnlp.io.exam import exam_of
from radnlp.io.message import Message, years_between

_HEADER = re.compile(r"(?:MSH|FHS|BHS)[^\w\s]")
_TEXTS = frozenset({"TX", "FT", "ST", "CE", "CF"})
_WITHDRAWN = frozenset({"D", "W"})
#: Suffixes of OBX-3 that name a section.
_SECTIONS = {"IMP": "IMPRESSION", "REC": "RECOMMENDATION", "ADT": "ADDENDUM"}
_TITLED = re.compile(r"[A-Z][A-Z /]{2,40}:")
_HEX = re.compile(r"X(?:[0-9A-Fa-f]{2})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """The delimiters that a message names."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str


def is_hl7(text: str) -> bool:
    """Tell whether a text is an HL7 v2 message or a batch of them."""
    return _HEADER.match(text.lstrip("\ufeff\x0b\r\n ")) is not None


def split_messages(text: str) -> list[str]:
    r"""Return the messages of a batch, each from its MSH segment on.

    Ends of line are those of HL7 (CR), or LF or both, as editors leave them.

    Examples:
        >>> split_messages("BHS|x\nMSH|a\nOBX|1\nMSH|b\n")
        ['MSH|a\rOBX|1', 'MSH|b']
    """
    messages: list[list[str]] = []
    for line in re.split(r"[\r\n]+", text.lstrip("\ufeff")):
        segment = line.strip("\x0b\x1c ")
        if segment.startswith("MSH"):
            messages.append([segment])
        elif messages and segment and segment[:3] not in {"BTS", "FTS", "BHS", "FHS"}:
            messages[-1].append(segment)
    return ["\r".join(segments) for segments in messages]


def read_message(text: str) -> Message:
    """Read one message.

    Raises:
        InvalidHL7: Its header is cut, or it holds no text.
    """
    lines = text.split("\r")
    marks = _marks(lines[0])
    segments = [line.split(marks.field) for line in lines[1:]]
    report = _report(segments, marks)
    if not report.strip():
        raise InvalidHL7(
            "the HL7 message holds no text of a report; expected OBX segments of the type TX or FT"
        )
    orders = [one for one in segments if one[0] == "OBR"]
    patient = next((one for one in segments if one[0] == "PID"), [])
    order = orders[0] if orders else []
    names = dict.fromkeys(name for one in orders if (name := _exam_name(one, marks)))
    exam = exam_of(
        {
            "name": "; ".join(names),
            "sex": _part(patient, 8, marks),
            "age": years_between(_part(patient, 7, marks), _part(order, 7, marks)),
        }
    )
    name = _part(order, 3, marks) or _part(order, 2, marks)
    return Message(text=report, id=name or None, exam=exam)


def _marks(header: str) -> _Marks:
    named = header[4:8]
    # Version 2.7 names a fifth mark, for truncated values.
    if len(set(header[3:8])) < 5 or header[3] not in header[8:10]:
        raise InvalidHL7(
            "the HL7 message has no usable MSH segment; expected one that begins like "
            "MSH|^~\\&|: it may be cut"
        )
    return _Marks(
        field=header[3],
        component=named[0],
        repetition=named[1],
        escape=named[2],
        subcomponent=named[3],
    )


def _report(segments: list[list[str]], marks: _Marks) -> str:
    """Join the observations; those of a section that names itself in OBX-3 get its title."""
    told = []
    for fields in segments:
        kind, status = _field(fields, 2), _field(fields, 11)
        if fields[0] == "OBX" and kind in _TEXTS and status not in _WITHDRAWN:
            told.append((_section(fields, marks), _value(fields, kind, marks)))
    parts = []
    for section, lines in groupby(told, key=lambda one: one[0]):
        words = "\n".join(line for _, line in lines).strip()
        titled = not section or _TITLED.match(words)
        parts.append(words if titled else f"{section}:\n{words}")
    return "\n\n".join(part for part in parts if part)


def _section(fields: list[str], marks: _Marks) -> str:
    _, _, suffix = _field(fields, 3).split(marks.component)[0].rpartition(marks.subcomponent)
    return _SECTIONS.get(suffix, "")


def _value(fields: list[str], kind: str, marks: _Marks) -> str:
    """Return OBX-5; its repetitions are lines."""
    values = _field(fields, 5).split(marks.repetition)
    if kind in {"CE", "CF"}:
        values = [[*one.split(marks.component), ""][1] for one in values]
    return "\n".join(_plain(one, marks) for one in values)


def _exam_name(order: list[str], marks: _Marks) -> str:
    """Return the text of OBR-4, else its alternate text, its code, or the procedure's text."""
    service = _field(order, 4).split(marks.component)
    procedure = _field(order, 44).split(marks.component)
    given = [*service[1:2], *service[4:5], *procedure[1:2], *service[:1]]
    return next((_plain(one, marks).strip() for one in given if one.strip()), "")


def _field(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""


def _part(fields: list[str], number: int, marks: _Marks) -> str:
    """Return the first component of a field."""
    first = _field(fields, number).split(marks.repetition)[0].split(marks.component)[0]
    return _plain(first, marks).strip()


def _plain(value: str, marks: _Marks) -> str:
    if marks.escape not in value:
        return value
    meant = {
        "F": marks.field,
        "S": marks.component,
        "R": marks.repetition,
        "T": marks.subcomponent,
        "E": marks.escape,
    }

    def plain(found: re.Match[str]) -> str:
        code = found[1]
        if _HEX.fullmatch(code):
            return bytes.fromhex(code[1:]).decode("latin-1").replace("\r\n", "\n")
        return "\n" if code.startswith((".br", ".sp")) else meant.get(code, "")

    mark = re.escape(marks.escape)
    return re.sub(rf"{mark}([^{mark}\r\n]{{0,40}}){mark}", plain, value)


__all__ = ["is_hl7", "read_message", "split_messages"]
