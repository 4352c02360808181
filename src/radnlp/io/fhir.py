"""FHIR DiagnosticReport → the report and its examination.

The text is that of ``presentedForm`` as plain text, else ``conclusion``, else the narrative. The
examination comes from ``code`` unless that only says that it is a radiology report; else from an
ImagingStudy (``description``, ``procedureCode``) or ServiceRequest (``code``) that is contained or
in the same Bundle. Its side comes from the series' laterality, sex and age from the Patient there.

Source:
    HL7 FHIR R4 (4.0.1): DiagnosticReport, ImagingStudy, ServiceRequest, Patient, Bundle.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, TypeAlias

from radnlp.errors import InvalidFhir
from radnlp.io.exam import exam_of
from radnlp.io.message import Message, years_between

Resource: TypeAlias = Mapping[str, Any]

#: LOINC codes that name the document and not the examination: diagnostic imaging study, radiology
#: studies (set), radiology diagnostic study note.
_GENERAL = frozenset({"18748-4", "18726-0", "68604-8"})
#: Codes of a side: SNOMED CT, and DICOM's letters.
_SIDES = {"7771000": "left", "24028007": "right", "51440002": "bilateral"} | {
    "L": "left", "R": "right", "B": "bilateral",
}  # fmt: skip
_BLOCKS = frozenset({"br", "div", "h1", "h2", "h3", "h4", "li", "p", "table", "td", "th", "tr"})


def is_fhir(value: object) -> bool:
    """Tell whether a JSON value is a FHIR resource."""
    return isinstance(value, Mapping) and isinstance(value.get("resourceType"), str)


def reports_of(resource: Resource) -> list[tuple[Resource, list[Resource]]]:
    """Return the reports of a resource, each with the resources beside it.

    Raises:
        InvalidFhir: It is neither a DiagnosticReport nor a Bundle that holds one.
    """
    beside = [resource]
    if resource["resourceType"] == "Bundle":
        entries = (_mapping(one).get("resource") for one in _list(resource.get("entry")))
        beside = [one for one in entries if is_fhir(one) and isinstance(one, Mapping)]
    reports = [one for one in beside if one["resourceType"] == "DiagnosticReport"]
    if not reports:
        raise InvalidFhir(
            f"the FHIR resource is a {resource['resourceType']} without a DiagnosticReport; "
            "expected a DiagnosticReport, or a Bundle that holds one"
        )
    return [(one, [*_contained(one), *(other for other in beside if other is not one)])
            for one in reports]  # fmt: skip


def read_resource(report: Resource, beside: list[Resource]) -> Message:
    """Read one DiagnosticReport.

    Args:
        report: The resource.
        beside: What its references may point to.

    Raises:
        InvalidFhir: It holds no text.
    """
    text = _presented(report) or _words(report.get("conclusion")) or _narrative(report)
    if not text.strip():
        raise InvalidFhir(
            "the DiagnosticReport holds no text; expected presentedForm as text/plain, conclusion "
            "or a narrative"
        )
    named = _words(report.get("language"))
    identity = (_words(_mapping(one).get("value")) for one in _list(report.get("identifier")))
    return Message(
        text=text,
        id=next((one for one in identity if one), _words(report.get("id"))) or None,
        language=named.split("-")[0].lower() or None,
        exam=exam_of(_said(report, beside)),
    )


def _said(report: Resource, beside: list[Resource]) -> dict[str, object]:
    studies = _referred(report, ("imagingStudy", "study"), beside, "ImagingStudy")
    requests = _referred(report, ("basedOn",), beside, "ServiceRequest")
    (patient, *_) = [*_referred(report, ("subject",), beside, "Patient"), {}]
    names = (
        _concept(report.get("code")),
        *(_words(one.get("description")) for one in studies),
        *(_concept(code) for one in studies for code in _list(one.get("procedureCode"))),
        *(_concept(one.get("code")) for one in requests),
    )
    sides = {side for one in studies for side in _sides(one)}
    when = report.get("effectiveDateTime") or _mapping(report.get("effectivePeriod")).get("start")
    return {
        "name": next((name for name in names if name), None),
        "side": sides.pop() if len(sides) == 1 else None,
        "sex": patient.get("gender"),
        "age": years_between(_words(patient.get("birthDate")), _words(when)),
    }


def _referred(
    report: Resource, fields: tuple[str, ...], beside: list[Resource], kind: str
) -> list[Resource]:
    """Return the resources of a kind that fields of the report refer to."""
    wanted = set()
    for field in fields:
        given = report.get(field)
        for one in given if isinstance(given, list) else [given]:
            reference = _words(_mapping(one).get("reference"))
            wanted.add(re.split(r"[/#:]", reference)[-1] if reference else "")
    return [
        one
        for one in beside
        if one["resourceType"] == kind and (_words(one.get("id")) or "?") in wanted
    ]


def _contained(report: Resource) -> Iterator[Resource]:
    for one in _list(report.get("contained")):
        if isinstance(one, Mapping) and is_fhir(one):
            yield one


def _concept(value: object) -> str:
    """Return the words of a CodeableConcept, nothing if it names no examination."""
    concept = _mapping(value)
    codings = [_mapping(one) for one in _list(concept.get("coding"))]
    special = [one for one in codings if _words(one.get("code")) not in _GENERAL]
    if codings and not special:
        return ""
    displays = (_words(one.get("display")) for one in special)
    return _words(concept.get("text")) or next((one for one in displays if one), "")


def _sides(study: Resource) -> Iterator[str]:
    for series in map(_mapping, _list(study.get("series"))):
        laterality = _mapping(series.get("laterality"))
        codes = [_mapping(one) for one in _list(laterality.get("coding"))] or [laterality]
        for one in codes:
            code = _words(one.get("code"))
            said = _SIDES.get(code, _words(one.get("display")) or code)
            if said:
                yield said.lower()


def _presented(report: Resource) -> str:
    parts = []
    for form in map(_mapping, _list(report.get("presentedForm"))):
        kind, _, charset = _words(form.get("contentType")).partition("charset=")
        if not kind.lower().startswith("text/plain"):
            continue
        try:
            data = base64.b64decode(_words(form.get("data")), validate=True)
            parts.append(data.decode(charset.strip(' ;"') or "utf-8").strip())
        except (binascii.Error, LookupError, UnicodeDecodeError):
            raise InvalidFhir(
                "presentedForm is not base64 of text in the character set that it names (UTF-8 if "
                "it names none)"
            ) from None
    return "\n\n".join(part for part in parts if part)


def _narrative(report: Resource) -> str:
    reader = _Narrative()
    reader.feed(_words(_mapping(report.get("text")).get("div")))
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)


class _Narrative(HTMLParser):
    """Gathers the words of XHTML, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end_line(tag)

    def handle_endtag(self, tag: str) -> None:
        self._end_line(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\n", " "))

    def _end_line(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _words(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


__all__ = ["is_fhir", "read_resource", "reports_of"]
