"""Messages of other systems, HL7 v2 and FHIR, as records of an archive."""

from __future__ import annotations

import codecs
from functools import partial
from typing import TYPE_CHECKING, Any

from radnlp.archive.reading import Reading, Record, open_text
from radnlp.errors import InvalidHL7, RadnlpError
from radnlp.io.fhir import read_resource, reports_of
from radnlp.io.hl7 import read_message, recoded, split_messages
from radnlp.io.record import valid_unicode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from radnlp.archive.sources import Source
    from radnlp.io.message import Message


def read_hl7(source: Source, reading: Reading) -> Iterator[Record]:
    """Yield one record per message of a file; a bad one takes no other with it.

    Raises:
        InvalidHL7: There is none.
        EncodingError: There is none, and the bytes are in another encoding.
    """
    with open_text(source, reading) as file:
        text = file.read()
    messages = split_messages(text)
    if not messages:
        valid_unicode(text)
        raise InvalidHL7("the file holds no HL7 message; expected one that begins with MSH")
    if codecs.lookup(reading.encoding).name == "utf-8":
        messages = [recoded(message) for message in messages]
    for number, message in enumerate(messages):
        position = source.size * (number + 1) // len(messages)
        name = f"{source.name}#{number}" if len(messages) > 1 else source.name
        yield _message_record(name, partial(_read_message, message), position)


def _read_message(message: str) -> Message:
    return read_message(valid_unicode(message))


def fhir_records(place: str, resource: dict[str, Any], position: int) -> Iterator[Record]:
    """Yield one record per DiagnosticReport of a resource."""
    try:
        reports = reports_of(resource)
    except RadnlpError as error:
        yield Record(id=place, position=position, error=error)
        return
    for number, (report, beside) in enumerate(reports):
        name = f"{place}#{number}" if len(reports) > 1 else place
        yield _message_record(name, partial(read_resource, report, beside), position)


def _message_record(place: str, read: Callable[[], Message], position: int) -> Record:
    try:
        message = read()
    except RadnlpError as error:
        return Record(id=place, position=position, error=error)
    return Record(id=message.id or place, text=message.text, position=position, exam=message.exam)


__all__ = ["fhir_records", "read_hl7"]
