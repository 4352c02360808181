"""FHIR DiagnosticReports."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from radnlp.errors import EncodingError, InvalidFhir
from radnlp.io import load_study, read_report
from radnlp.io.fhir import is_fhir, read_resource, reports_of
from radnlp.schema import Exam, Sex, Side

if TYPE_CHECKING:
    from pathlib import Path

    from radnlp.io.message import Message

DIV = '<div xmlns="x"><p>Right&nbsp;knee</p><p>No <b>effusion</b>.</p></div>'
GENERAL = {
    "coding": [{"system": "http://loinc.org", "code": "18748-4", "display": "Imaging study"}]
}


def form(text: str, kind: str = "text/plain", charset: str = "utf-8") -> dict[str, str]:
    return {"contentType": kind, "data": base64.b64encode(text.encode(charset)).decode()}


def report(**fields: Any) -> dict[str, Any]:
    return {"resourceType": "DiagnosticReport", "id": "r", "conclusion": "Effusion.", **fields}


def read(resource: dict[str, Any]) -> Message:
    assert is_fhir(resource)
    ((one, beside),) = reports_of(resource)
    return read_resource(one, beside)


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"presentedForm": [form("No mass.")]}, "No mass."),
        ({"presentedForm": [form("a"), form("%PDF", "application/pdf"), form("b")]}, "a\n\nb"),
        ({"presentedForm": [form("Café", "text/plain; charset=latin-1", "latin-1")]}, "Café"),
        ({"presentedForm": [form("%PDF", "application/pdf")]}, "Effusion."),
        ({}, "Effusion."),
        ({"conclusion": None, "text": {"status": "generated", "div": DIV}},
         "Right knee\nNo effusion."),
    ],
)  # fmt: skip
def test_the_text_is_the_presented_one_else_the_conclusion_else_the_narrative(
    fields: dict[str, Any], text: str
) -> None:
    assert read(report(**fields)).text == text


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ({"text": "XR KNEE RIGHT", "coding": [{"code": "1", "display": "Knee"}]}, "XR KNEE RIGHT"),
        ({"coding": [{"code": "1"}, {"code": "2", "display": "XR Knee"}]}, "XR Knee"),
        (GENERAL, None),
        ({"coding": [*GENERAL["coding"], {"code": "2", "display": "XR Knee"}]}, "XR Knee"),
        (None, None),
        ([], None),
    ],
)
def test_the_examination_is_that_of_the_code_if_it_names_one(code: Any, name: str | None) -> None:
    exam = read(report(code=code)).exam
    assert (exam.name if exam else None) == name


STUDY = {"resourceType": "ImagingStudy", "id": "s", "description": "XR KNEE 2 VIEWS"}
REQUEST = {"resourceType": "ServiceRequest", "id": "q", "code": {"text": "Knee, right"}}


def test_a_general_code_gives_way_to_the_study_then_to_the_request() -> None:
    refers = {
        "code": GENERAL,
        "imagingStudy": [{"reference": "ImagingStudy/s"}],
        "basedOn": [{"reference": "#q"}],
    }
    both = read(bundle(report(**refers, contained=[REQUEST]), STUDY)).exam
    assert both == Exam(name="XR KNEE 2 VIEWS")
    assert read(report(**refers, contained=[REQUEST])).exam == Exam(name="Knee, right")
    procedure = {**STUDY, "description": None, "procedureCode": [{"text": "Knee"}]}
    assert read(bundle(report(**refers), procedure)).exam == Exam(name="Knee")


def test_what_the_report_does_not_refer_to_says_nothing_of_it() -> None:
    other = {**STUDY, "id": "other"}
    refers = {"imagingStudy": [{"reference": "ImagingStudy/s"}]}
    assert read(bundle(report(**refers), other, REQUEST)).exam is None


@pytest.mark.parametrize(
    ("sides", "side"),
    [
        (({"code": "24028007"},), Side.RIGHT),
        (({"coding": [{"code": "7771000"}]},), Side.LEFT),
        (({"code": "L"}, {"display": "Left"}), Side.LEFT),
        (({"code": "L"}, {"code": "R"}), None),
        ((), None),
    ],
)
def test_the_side_is_that_of_all_series(sides: tuple[Any, ...], side: Side | None) -> None:
    study = {**STUDY, "series": [{"laterality": one} for one in sides]}
    exam = read(bundle(report(imagingStudy=[{"reference": "urn:uuid:s"}]), study)).exam
    assert exam is not None
    assert exam.side == side


def test_sex_and_age_are_those_of_the_patient_when_it_was_made() -> None:
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1950-06-02"}
    fields = {"subject": {"reference": "Patient/p"}, "effectiveDateTime": "2024-06-01T08:00:00Z"}
    assert read(bundle(patient, report(**fields))).exam == Exam(sex=Sex.FEMALE, age_years=73)


def test_id_and_language_are_read() -> None:
    one = read(report(identifier=[{"value": "A7"}], language="de-AT"))
    assert (one.id, one.language) == ("A7", "de")
    assert read(report()).id == "r"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": [3, {"resource": None}]},
    ],
)
def test_a_resource_without_a_report_is_refused(resource: dict[str, Any]) -> None:
    with pytest.raises(InvalidFhir, match="without a DiagnosticReport"):
        reports_of(resource)


@pytest.mark.parametrize(
    "fields",
    [{}, {"presentedForm": [{"contentType": "text/plain", "data": "?"}]}, {"text": "No mass."}],
)
def test_a_report_without_text_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidFhir):
        read({**report(), "conclusion": None, **fields})


def test_a_study_gets_text_and_examination(tmp_path: Path) -> None:
    resource = report(code={"text": "XR KNEE RIGHT"}, language="en")
    (tmp_path / "report.json").write_text(json.dumps(resource))
    study = load_study(tmp_path)
    assert study.report is not None
    assert (study.report.text, study.report.language) == ("Effusion.", "en")
    assert study.exam == Exam(name="XR KNEE RIGHT")


def test_a_file_with_several_reports_is_no_single_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(bundle(report(), report())))
    with pytest.raises(InvalidFhir, match=r"a\.json: a Bundle with 2 reports"):
        read_report(path)


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("text/plain; Charset=ISO-8859-1", "Café".encode("latin-1"), "Café"),
        ('Text/Plain; format=flowed; charset="utf-8"; x=y', "Café".encode(), "Café"),
        ("text/plain", "\ufeffNo mass.".encode(), "No mass."),
    ],
)
def test_parameters_of_a_form_and_line_breaks_in_it_are_read(
    kind: str, data: bytes, text: str
) -> None:
    encoded = base64.encodebytes(data).decode()
    split = "\n".join((encoded[:3], encoded[3:]))
    assert read(report(presentedForm=[{"contentType": kind, "data": split}])).text == text


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("text/plain", "\xe9"),
        ("text/plain; charset=idna", "eG4tLWEuw6kuLg=="),
        ("text/plain; charset=undefined", "eA=="),
        ("text/plain; charset=a\0b", "eA=="),
        ("text/plain; charset=nonsense", "eA=="),
    ],
)
def test_a_form_that_cannot_be_decoded_is_refused(kind: str, data: str) -> None:
    with pytest.raises(InvalidFhir, match="presentedForm"):
        read(report(presentedForm=[{"contentType": kind, "data": data}]))


@pytest.mark.parametrize(
    "fields",
    [
        {"conclusion": "x \ud800"},
        {"id": "\ud800"},
        {"presentedForm": [{"contentType": "text/plain; charset=utf-7", "data": "KzJBQS0="}]},
    ],
)
def test_a_lone_surrogate_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(EncodingError):
        read(report(**fields))


def test_a_language_is_a_code_or_nothing() -> None:
    assert read(report(language="\ud800")).language is None


@pytest.mark.parametrize(
    ("div", "text"),
    [
        ("<div><![foo[x]]>No mass.</div>", "No mass."),
        ("<div>Nodule <5 mm, a < 3 cm.</div>", "Nodule <5 mm, a < 3 cm."),
        ("<div>Nodule &lt;b&gt;\n 3&nbsp;mm<br/>End</div>", "Nodule <b> 3 mm\nEnd"),
        ("<div><h5>A</h5><pre>b</pre><P class='x'>c</P></div>", "A\nb\nc"),
    ],
)
def test_a_narrative_loses_its_tags_and_no_words(div: str, text: str) -> None:
    assert read(report(conclusion=None, text={"div": div})).text == text


@pytest.mark.parametrize("part", ["<a ", "<!--", "<![CDATA[", "<", "&#", "<p"])
def test_a_broken_narrative_takes_linear_time(part: str) -> None:
    one = report(conclusion=None, text={"div": f"x{part * 50_000}"})
    started = time.perf_counter()
    assert read(one).text
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_report_is_refused(status: str) -> None:
    with pytest.raises(InvalidFhir, match="the report is withdrawn"):
        read(report(status=status))
    assert read(report(status="final")).text == "Effusion."


OTHER = {**STUDY, "id": "1", "description": "CT HEAD"}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"imagingStudy": [{"reference": "ImagingStudy/s/_history/1"}]}, "XR KNEE 2 VIEWS"),
        ({"imagingStudy": [{"reference": "http://a/b/ImagingStudy/s"}]}, "XR KNEE 2 VIEWS"),
        ({"imagingStudy": [{"reference": "urn:uuid:7"}]}, "MR KNEE"),
        ({"imagingStudy": [{"reference": "#s"}], "contained": [{**OTHER, "id": "s"}]}, "CT HEAD"),
        ({"imagingStudy": [{"reference": "#s"}]}, None),
        ({"imagingStudy": [{"reference": ""}, {}, 3]}, None),
        ({"basedOn": [{"reference": "CarePlan/q"}]}, None),
        ({"basedOn": [{"reference": "ServiceRequest/q"}]}, "Knee, right"),
    ],
)
def test_a_reference_finds_the_resource_of_its_kind_and_id(
    fields: dict[str, Any], name: str | None
) -> None:
    nameless = {"resourceType": "ImagingStudy", "description": "MR KNEE"}
    held = bundle(report(**fields), OTHER, STUDY, REQUEST)
    held["entry"].append({"fullUrl": "urn:uuid:7", "resource": nameless})
    exam = read(held).exam
    assert (exam.name if exam else None) == name


def test_reports_of_a_bundle_share_one_index() -> None:
    count = 3000
    patients = [{"resourceType": "Patient", "id": str(one), "gender": "male"}
                for one in range(count)]  # fmt: skip
    reports = [report(subject={"reference": f"Patient/{one}"}) for one in range(count)]
    started = time.perf_counter()
    found = [read_resource(*one) for one in reports_of(bundle(*reports, *patients))]
    assert {one.exam for one in found} == {Exam(sex=Sex.MALE)}
    assert time.perf_counter() - started < 2


def test_an_unknown_kind_of_resource_is_not_repeated() -> None:
    with pytest.raises(InvalidFhir) as caught:
        reports_of({"resourceType": "SMITH JOHN 1950"})
    assert "SMITH" not in str(caught.value)
