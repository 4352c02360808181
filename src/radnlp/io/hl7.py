r"""HL7 v2 observation results (ORU) → the report and its examination.

The text is that of the OBX segments with text (TX, FT, ST, CF, CE, CWE) and of the notes (NTE)
after them, in the order of the message, those with status D (deleted) and W (wrong) left out. The
examination comes from OBR-4 (universal service identifier: its text), else OBR-44 (procedure),
PID-8 (sex), and PID-7 with OBR-7 (age when it was made). Names and numbers of the patient are not
read.

Source:
    HL7 v2.5.1, chapter 2 (segments, escapes, null value, NTE, character sets), 3 (PID), 7 (OBR,
    OBX; suffixes of OBX-3).
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from radnlp.errors import InvalidHL7
from radnlp.io.exam import exam_of
from radnlp.io.message import Message, years_between

_HEADER = re.compile(r"(?:MSH|FHS|BHS)[^\w\s]")
#: A header whose field mark need not be that of the message before it; a bare one is a cut one.
_BEGINS = re.compile(r"MSH(?:$|([^\w\s])[^\w\s]{2,5}(?:\1|$))")
#: One that stands below other lines, as some exports leave them.
_INSIDE = re.compile(r"[\r\n]MSH([^\w\s])[^\w\s]{4,5}\1")
_BATCH = re.compile(r"[FB][HT]S(?:$|[^\w\s])")
_TEXTS = frozenset({"TX", "FT", "ST", "CE", "CF", "CWE"})
_CODED = frozenset({"CE", "CF", "CWE"})
_WITHDRAWN = frozenset({"D", "W"})
#: Suffixes of OBX-3 that name a section.
_SECTIONS = {"IMP": "IMPRESSION", "REC": "RECOMMENDATION", "ADT": "ADDENDUM"}
_NULL = '""'
#: HL7 table 0211, beside ISO 8859.
_CHARSETS = {"GB 18030-2000": "gb18030", "KS X 1001": "euc-kr", "BIG-5": "big5"}
#: What may stand between two escape marks; a lone backslash in a text is no escape.
_CODES = r"[FSTREHN]|[CM][0-9A-Fa-f]{4,6}|Z[A-Za-z0-9]{0,40}|\.[A-Za-z]{2}[+-]?\d{0,3}"
#: Commands of formatted text, by their first letters.
_COMMANDS = {".br": "\n", ".sp": "\n", ".ce": "\n", ".sk": " ", ".in": " ", ".ti": " "}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """The delimiters that a message names."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str
    charset: str


def is_hl7(text: str) -> bool:
    """Tell whether a text is an HL7 v2 message or a batch of them."""
    at_once = _HEADER.match(text.lstrip("\ufeff\x0b\r\n "))
    return at_once is not None or _INSIDE.search(text) is not None


def split_messages(text: str) -> list[str]:
    r"""Return the messages of a batch, each from its MSH segment on.

    Ends of line are those of HL7 (CR), or LF or both, as editors leave them; a line that is no
    segment is more text of the one before it. Each further patient of a message (PID) begins a new
    one with the same MSH segment.

    Examples:
        >>> split_messages("BHS|x\nMSH|a\nOBX|1\nMSH|b\n")
        ['MSH|a\rOBX|1', 'MSH|b']
    """
    messages: list[list[str]] = []
    for line in re.split(r"\r\n|\r|\n", text.lstrip("\ufeff")):
        segment = line.strip("\x0b\x1c\t ")
        mark = messages[-1][0][3:4] if messages else ""
        if _BEGINS.match(segment) or (
            segment.startswith(f"MSH{mark}") if mark else _HEADER.match(segment)
        ):
            if segment.startswith("MSH"):
                messages.append([segment])
        elif messages and not _BATCH.match(segment):
            _add(segment, mark, messages)
    return [_joined(lines) for lines in messages]


def _add(segment: str, mark: str, messages: list[list[str]]) -> None:
    """Add a line to the last message: a segment, or more text of the segment before it."""
    if not re.match(r"[A-Z][A-Z0-9]{2}" + re.escape(mark), segment):
        messages[-1].append(f"\n{segment}")
    elif segment.startswith("PID") and any(one.startswith("PID") for one in messages[-1]):
        messages.append([messages[-1][0], segment])
    else:
        messages[-1].append(segment)


def _joined(lines: list[str]) -> str:
    segments = "\r".join(lines).replace("\r\n", "\n").split("\r")
    return "\r".join(one.rstrip("\n") for one in segments)


def recoded(message: str) -> str:
    """Read bytes that are not UTF-8 anew, in the character set that MSH-18 names.

    Args:
        message: One message, decoded with ``surrogateescape``.

    Returns:
        The same, if it is valid or not in that character set either.
    """
    try:
        message.encode()
    except UnicodeEncodeError:
        header = message.partition("\r")[0]
        with suppress(UnicodeError):
            data = message.encode("utf-8", "surrogateescape")
            return data.decode(_charset(header.split(header[3:4] or "|")))
    return message


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
        charset=_charset(header.split(header[3])),
    )


def _charset(header: list[str]) -> str:
    """Return the codec that MSH-18 names, UTF-8 if it names none that is known."""
    named = header[17].partition("~")[0].strip().upper() if len(header) > 17 else ""
    latin = re.fullmatch(r"8859/([1-9]|1[013-6])", named)
    return f"iso8859-{latin[1]}" if latin else _CHARSETS.get(named, "utf-8")


def _decoded(data: bytes, charset: str) -> str:
    try:
        text = data.decode(charset)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _report(segments: list[list[str]], marks: _Marks) -> str:
    """Join the observations; those of a section that OBX-3 names get its title."""
    told = []
    section: str | None = None
    for fields in segments:
        if fields[0] == "NTE" and section is not None:
            told.append((section, _value(fields, 3, marks)))
        elif fields[0] != "NTE":
            section = _section(fields, marks) if _holds_text(fields) else None
            if section is not None:
                told.append((section, _value(fields, 5, marks)))
    parts = []
    for title, lines in groupby(told, key=lambda one: one[0]):
        words = "\n".join(line for _, line in lines).strip()
        titled = not title or re.match(rf"{title}S?(?: \d+)?\s*:", words, re.IGNORECASE)
        parts.append(words if titled or not words else f"{title}:\n{words}")
    return "\n\n".join(part for part in parts if part)


def _holds_text(fields: list[str]) -> bool:
    # A status may be followed by lines that are no segment.
    status = _field(fields, 11).partition("\n")[0].strip()
    return fields[0] == "OBX" and _field(fields, 2) in _TEXTS and status not in _WITHDRAWN


def _section(fields: list[str], marks: _Marks) -> str:
    _, _, suffix = _field(fields, 3).split(marks.component)[0].rpartition(marks.subcomponent)
    return _SECTIONS.get(suffix, "")


def _value(fields: list[str], number: int, marks: _Marks) -> str:
    """Return OBX-5, or NTE-3; its repetitions are lines."""
    values = _field(fields, number).split(marks.repetition)
    if fields[0] == "OBX" and _field(fields, 2) in _CODED:
        values = [_coded(one.split(marks.component)) for one in values]
    return "\n".join(_plain(one, marks) for one in values)


def _coded(components: list[str]) -> str:
    """Return the text of a coded value, else its original text, else its alternate text."""
    given = (*components[1:2], *components[8:9], *components[4:5])
    return next((one for one in given if one not in {"", _NULL}), "")


def _exam_name(order: list[str], marks: _Marks) -> str:
    """Return the text of OBR-4, else its alternate text, its code, or the procedure's text."""
    service = _field(order, 4).split(marks.component)
    procedure = _field(order, 44).split(marks.component)
    given = [*service[1:2], *service[4:5], *procedure[1:2], *service[:1]]
    return next((name for one in given if (name := _plain(one, marks).strip())), "")


def _field(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""


def _part(fields: list[str], number: int, marks: _Marks) -> str:
    """Return the first component of a field."""
    first = _field(fields, number).split(marks.repetition)[0].split(marks.component)[0]
    return _plain(first, marks).strip()


def _plain(value: str, marks: _Marks) -> str:
    """Return a value without escapes; the null value of HL7 is none."""
    if value.strip() == _NULL:
        return ""
    if marks.escape not in value:
        return value
    meant = {
        "F": marks.field,
        "S": marks.component,
        "R": marks.repetition,
        "T": marks.subcomponent,
        "E": marks.escape,
    }

    mark = re.escape(marks.escape)
    bytes_in_hex = rf"{mark}X((?:[0-9A-Fa-f]{{2}})+){mark}"

    def plain(found: re.Match[str]) -> str:
        code = found["code"]
        if code is None:
            # A character may be several escapes of a byte each.
            digits = "".join(re.findall(bytes_in_hex, found[0]))
            return _decoded(bytes.fromhex(digits), marks.charset)
        return _COMMANDS.get(code[:3].lower(), "") if code[0] == "." else meant.get(code, "")

    return re.sub(rf"(?:{bytes_in_hex})+|{mark}(?P<code>{_CODES}){mark}", plain, value)


__all__ = ["is_hl7", "read_message", "recoded", "split_messages"]
