"""The report inside a JSON object."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from radnlp.errors import InvalidFhir, InvalidRecord, UnknownFormat
from radnlp.io.exam import exam_of
from radnlp.io.fhir import is_fhir, read_resource, reports_of
from radnlp.io.message import Message
from radnlp.io.record import choose_columns, text_of


def report_from_json(text: str, *, name: str) -> Message:
    """Take the report out of a JSON object.

    Which fields are taken, and how sections become one text, stands in `radnlp.io.record`; what
    is taken of a FHIR resource, in `radnlp.io.fhir`.

    Returns:
        The report's text, and its ``language`` and examination if they are said.

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
        return _from_fhir(record) if is_fhir(record) else _from_fields(record)
    except InvalidRecord as error:
        raise type(error)(f"{name}: {error}") from None


def _from_fhir(resource: dict[str, Any]) -> Message:
    reports = reports_of(resource)
    if len(reports) > 1:
        raise InvalidFhir(
            f"a Bundle with {len(reports)} reports, expected a single one; use radnlp extract"
        )
    return read_resource(*reports[0])


def _from_fields(record: dict[str, Any]) -> Message:
    columns = choose_columns(tuple(record))
    language = record.get("language")
    return Message(
        text=text_of(record, columns),
        language=language if isinstance(language, str) and language else None,
        exam=exam_of({what: record[field] for what, field in columns.exam}),
    )


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
