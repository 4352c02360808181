"""The report inside a JSON object."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from radnlp.errors import InvalidRecord, UnknownFormat
from radnlp.io.record import choose_columns, text_of


def report_from_json(text: str, *, name: str) -> tuple[str, str | None]:
    """Take the report out of a JSON object.

    Which fields are taken, and how sections become one text, stands in `radnlp.io.record`.

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
    try:
        found = text_of(record, choose_columns(tuple(record)))
    except InvalidRecord as error:
        raise InvalidRecord(f"{name}: {error}") from None
    language = record.get("language")
    return found, language if isinstance(language, str) and language else None


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
