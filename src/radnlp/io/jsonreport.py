"""The report inside a JSON object."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from radnlp.errors import InvalidRecord, UnknownFormat

_TEXT_FIELDS = ("text", "report", "report_text")
# In the order in which a report has them.
_SECTION_FIELDS = (
    "history",
    "indication",
    "technique",
    "comparison",
    "findings",
    "impression",
    "conclusion",
    "recommendation",
    "addendum",
)


def report_from_json(text: str, *, name: str) -> tuple[str, str | None]:
    """Take the report out of a JSON object.

    Taken are ``text``, ``report`` or ``report_text`` (a string, or an object that holds one), or
    else the fields named like sections (``findings``, ``impression``, …; also inside
    ``sections``), each under its name as header. Field names are compared without case.

    Returns:
        The report's text, and its ``language`` if it is said.

    Raises:
        InvalidRecord: Broken JSON, a key twice, NaN, nested too deep, or no report in it.
        UnknownFormat: An analysis that radnlp itself wrote.
    """
    record = _parse(text, name)
    if not isinstance(record, dict):
        raise InvalidRecord(
            f"{name}: the JSON is no object, expected one with the field 'text'; "
            "for a list of reports use radnlp extract"
        )
    if "schema_version" in record and "entities" in record:
        raise UnknownFormat(
            f"{name}: an analysis that radnlp wrote, expected a report; "
            "read it with Analysis.from_json"
        )
    fields = {key.lower(): value for key, value in record.items()}
    found = _whole_text(fields)
    if found is None:
        found = _joined_sections(fields)
    if found is None:
        raise InvalidRecord(
            f"{name}: the JSON object has no report, expected a string in 'text' or 'report', or "
            "fields such as 'findings' and 'impression'"
        )
    language = fields.get("language")
    return found, language if isinstance(language, str) and language else None


def _whole_text(fields: dict[str, Any]) -> str | None:
    for key in _TEXT_FIELDS:
        value = fields.get(key)
        if isinstance(value, dict):
            inner = {name.lower(): part for name, part in value.items()}
            value = _whole_text(inner) or _joined_sections(inner)
        if isinstance(value, str):
            return value
    return None


def _joined_sections(fields: dict[str, Any]) -> str | None:
    nested = fields.get("sections")
    if isinstance(nested, dict):
        fields = {**fields, **{key.lower(): value for key, value in nested.items()}}
    parts = []
    for key in _SECTION_FIELDS:
        value = fields.get(key)
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            value = "\n".join(value)
        if isinstance(value, str) and value.strip():
            parts.append(f"{key.upper()}:\n{value.strip()}")
    return "\n\n".join(parts) or None


def _parse(text: str, name: str) -> Any:
    def refuse(why: str) -> NoReturn:
        raise InvalidRecord(f"{name}: {why}, expected one JSON object; correct the file")

    def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            refuse("a key stands twice in one object")
        return dict(pairs)

    try:
        return json.loads(
            text,
            object_pairs_hook=without_twins,
            parse_constant=lambda _: refuse("a number is NaN or infinite"),
        )
    except json.JSONDecodeError as error:
        refuse(f"broken JSON at line {error.lineno}, column {error.colno}")
    except RecursionError:
        refuse("nested too deep")
    except ValueError:
        refuse("a number is too long")


__all__ = ["report_from_json"]
