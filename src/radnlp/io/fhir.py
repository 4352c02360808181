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
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any, TypeAlias

from radnlp.errors import InvalidFhir
from radnlp.io.exam import exam_of
from radnlp.io.message import Message, years_between
from radnlp.io.record import valid_unicode

Resource: TypeAlias = Mapping[str, Any]
#: Resources by what refers to them: ``Type/id``, the full URL of a Bundle's entry, ``#id``.
Index: TypeAlias = Mapping[str, Resource]

#: LOINC codes that name the document and not the examination: diagnostic imaging study, radiology
#: studies (set), radiology diagnostic study note.
_GENERAL = frozenset({"18748-4", "18726-0", "68604-8"})
#: Codes of a side: SNOMED CT, and DICOM's letters.
_SIDES = {"7771000": "left", "24028007": "right", "51440002": "bilateral"} | {
    "L": "left", "R": "right", "B": "bilateral",
}  # fmt: skip
#: Kinds that are named in messages; any other word may be the patient's.
_KINDS = frozenset({"Bundle", "Composition", "DocumentReference", "Encounter", "ImagingStudy",
                    "Media", "Observation", "OperationOutcome", "Organization", "Patient",
                    "Practitioner", "Procedure", "ServiceRequest"})  # fmt: skip
_WITHDRAWN = frozenset({"entered-in-error", "cancelled"})
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:br|dd|div|dt|h[1-6]|hr|li|ol|p|pre|table|td|th|tr|ul)\b[^<>]*>", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-zA-Z!?][^<>]*>")


def is_fhir(value: object) -> bool:
    """Tell whether a JSON value is a FHIR resource."""
    return isinstance(value, Mapping) and isinstance(value.get("resourceType"), str)


def reports_of(resource: Resource) -> list[tuple[Resource, Index]]:
    """Return the reports of a resource, each with what its references may point to.

    Raises:
        InvalidFhir: It is neither a DiagnosticReport nor a Bundle that holds one.
    """
    beside = [("", resource)]
    if resource["resourceType"] == "Bundle":
        entries = map(_mapping, _list(resource.get("entry")))
        beside = [
            (_words(entry.get("fullUrl")), held)
            for entry in entries
            if is_fhir(held := _mapping(entry.get("resource")))
        ]
    reports = [one for _, one in beside if one["resourceType"] == "DiagnosticReport"]
    if not reports:
        kind = resource["resourceType"]
        raise InvalidFhir(
            f"the FHIR resource is {f'a {kind}' if kind in _KINDS else 'another one'} without a "
            "DiagnosticReport; expected a DiagnosticReport, or a Bundle that holds one"
        )
    index: dict[str, Resource] = {}
    for url, one in beside:
        name = _words(one.get("id"))
        for key in (url, f"{one['resourceType']}/{name}" if name else ""):
            if key:
                index.setdefault(key, one)
    return [(one, ChainMap(_contained(one), index)) for one in reports]


def read_resource(report: Resource, beside: Index) -> Message:
    """Read one DiagnosticReport.

    Args:
        report: The resource.
        beside: What its references may point to.

    Raises:
        InvalidFhir: It holds no text, or it is withdrawn.
        EncodingError: Its text or id is not valid Unicode.
    """
    if _words(report.get("status")) in _WITHDRAWN:
        raise InvalidFhir(
            "the report is withdrawn: its status is entered-in-error or cancelled; leave it out"
        )
    text = _presented(report) or _words(report.get("conclusion")) or _narrative(report)
    if not text.strip():
        raise InvalidFhir(
            "the DiagnosticReport holds no text; expected presentedForm as text/plain, conclusion "
            "or a narrative"
        )
    language = re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", _words(report.get("language")))
    identity = (_words(_mapping(one).get("value")) for one in _list(report.get("identifier")))
    name = next((one for one in identity if one), _words(report.get("id")))
    return Message(
        text=valid_unicode(text),
        id=valid_unicode(name) or None,
        language=language[0].lower() if language else None,
        exam=exam_of(_said(report, beside)),
    )


def _said(report: Resource, beside: Index) -> dict[str, object]:
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
    report: Resource, fields: tuple[str, ...], beside: Index, kind: str
) -> list[Resource]:
    """Return the resources of a kind that fields of the report refer to."""
    found = {}
    for field in fields:
        given = report.get(field)
        for one in given if isinstance(given, list) else [given]:
            for key in _keys(_words(_mapping(one).get("reference")), kind):
                if _mapping(beside.get(key)).get("resourceType") == kind:
                    found[key] = beside[key]
                    break
    return list(found.values())


def _keys(reference: str, kind: str) -> tuple[str, ...]:
    """Return what a reference may be indexed as, the exact one first; its version is left out."""
    exact = reference.partition("/_history/")[0]
    own = exact.removeprefix("urn:uuid:")
    return (exact, f"{kind}/{own}") if own != exact else (exact, "/".join(exact.split("/")[-2:]))


def _contained(report: Resource) -> dict[str, Resource]:
    held = (_mapping(one) for one in _list(report.get("contained")))
    return {
        f"#{name.lstrip('#')}": one
        for one in held
        if is_fhir(one) and (name := _words(one.get("id")))
    }


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
        kind = _words(form.get("contentType"))
        if kind.partition(";")[0].strip().lower() != "text/plain":
            continue
        charset = _CHARSET.search(kind)
        try:
            data = base64.b64decode("".join(_words(form.get("data")).split()), validate=True)
            text = data.decode(charset[1] if charset else "utf-8")
        except (ValueError, LookupError):
            raise InvalidFhir(
                "presentedForm is not base64 of text in the character set that it names (UTF-8 if "
                "it names none)"
            ) from None
        parts.append(text.removeprefix("\ufeff").strip())
    return "\n\n".join(part for part in parts if part)


def _narrative(report: Resource) -> str:
    """Return the words of XHTML, a line for each block; ``<5 mm`` is no tag."""
    div = " ".join(_words(_mapping(report.get("text")).get("div")).split())
    words = unescape(_TAG.sub("", _BLOCK.sub("\n", div)))
    lines = (" ".join(line.split()) for line in words.splitlines())
    return "\n".join(line for line in lines if line)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _words(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


__all__ = ["is_fhir", "read_resource", "reports_of"]
