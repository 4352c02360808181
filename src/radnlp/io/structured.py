"""DICOM structured report → readable text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from radnlp.errors import EncodingError, NestingLimit

if TYPE_CHECKING:
    from radnlp.io.header import Header

_MOST_LEVELS = 64
# Who observed, in which language, from which images: context, not what the report says.
_CONTEXT = frozenset({"HAS OBS CONTEXT", "HAS ACQ CONTEXT", "HAS CONCEPT MOD", "INFERRED FROM"})
_NO_LABEL = frozenset({"", "text", "report text", "description", "finding"})
_LANGUAGE = frozenset({"121049", "121046"})
_ANNOTATION = re.compile(r"\{[^{}]*\}")  # of UCUM: says what is counted, is no unit
_LANGUAGES = {"eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es",
              "ita": "it", "nld": "nl", "dut": "nl", "por": "pt", "jpn": "ja", "zho": "zh",
              "chi": "zh", "kor": "ko"}  # fmt: skip


def report_text(header: Header) -> tuple[str, str | None]:
    """Write the content tree of a structured report as text.

    A container becomes a section header in upper case with a colon; a text item stands alone where
    its name repeats its section's, else behind its name; codes and numbers stand behind theirs.
    Names of persons, identifiers and the observation context are left out.

    Returns:
        The text (empty if the tree holds none), and the language it says it is in.

    Raises:
        NestingLimit: More than 64 levels.
        EncodingError: Letters beyond ASCII that do not fit the character set the report names.
    """
    lines: list[str] = []
    title = _name(header)
    if title:
        lines.append(title)
    _walk(header, title, lines, level=0)
    text = "\n".join(lines).strip()
    _check_readable(header, text)
    return ("" if len(lines) <= 1 and text == title else text), _language(header)


def _walk(parent: Header, heading: str, lines: list[str], *, level: int) -> None:
    if level > _MOST_LEVELS:
        raise NestingLimit(
            f"{parent.name}: its content is nested over {_MOST_LEVELS} levels deep, expected a "
            "report; export it again"
        )
    for item in parent.items("ContentSequence"):
        if (item.text("RelationshipType") or "") in _CONTEXT:
            continue
        name = _name(item)
        if item.text("ValueType") == "CONTAINER":
            section: list[str] = []
            _walk(item, name or heading, section, level=level + 1)
            if section and name:
                lines.extend(["", f"{name.upper()}:"])
            lines.extend(section)
            continue
        value = _value(item)
        if value:
            lines.append(value if _repeats(name, heading) else f"{name}: {value}")
        _walk(item, name or heading, lines, level=level + 1)


def _value(item: Header) -> str:
    kind = item.text("ValueType")
    if kind == "TEXT":
        value = item.raw("TextValue")
        return "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
    if kind == "CODE":
        return next((_meaning(code) for code in item.items("ConceptCodeSequence")), "")
    if kind == "NUM":
        for measured in item.items("MeasuredValueSequence"):
            number = measured.text("NumericValue")
            if number:
                return f"{number} {_unit(measured)}".strip()
    return ""


def _unit(measured: Header) -> str:
    for unit in measured.items("MeasurementUnitsCodeSequence"):
        code = unit.text("CodeValue") or ""
        return "" if code == "1" else _ANNOTATION.sub("", code)
    return ""


def _name(item: Header) -> str:
    return next((_meaning(code) for code in item.items("ConceptNameCodeSequence")), "")


def _meaning(code: Header) -> str:
    return code.text("CodeMeaning") or ""


def _repeats(name: str, heading: str) -> bool:
    """Tell whether a label adds nothing: a general one, or its section's name in the singular."""
    plain = name.lower().rstrip("s")
    return plain in _NO_LABEL or plain == heading.lower().rstrip("s")


def _language(header: Header) -> str | None:
    for item in header.items("ContentSequence"):
        for name in item.items("ConceptNameCodeSequence"):
            if name.text("CodeValue") in _LANGUAGE:
                for code in item.items("ConceptCodeSequence"):
                    said = (code.text("CodeValue") or "").lower().split("-")[0]
                    return said if len(said) == 2 else _LANGUAGES.get(said)
    return None


def _check_readable(header: Header, text: str) -> None:
    """Refuse text that was decoded by guess: a wrong letter in a report must not pass unseen."""
    if text.isascii():
        return
    if not header.values("SpecificCharacterSet"):
        found = "has letters beyond ASCII but names no character set"
    elif header.has_unknown_character_set():
        found = "names a character set that is not one of DICOM's"
    elif "\ufffd" in text:
        found = "has text that does not fit the character set it names"
    else:
        return
    raise EncodingError(
        f"{header.name}: the report {found}, expected one such as ISO_IR 100 or ISO_IR 192; "
        "correct SpecificCharacterSet"
    )


__all__ = ["report_text"]
