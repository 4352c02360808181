"""Lymph nodes are anatomy by station; what is said of one makes the finding."""

from __future__ import annotations

from functools import cache

import pytest

from radnlp.schema import EntityKind, Report
from radnlp.text import RuleText
from radnlp.vocabulary import load_vocabulary


@cache
def stage() -> RuleText:
    return RuleText()


def findings(text: str) -> dict[str, str]:
    entities = stage()(Report(text=text)).entities
    return {one.concept: str(one.assertion) for one in entities if one.kind is EntityKind.FINDING}


@pytest.mark.parametrize(
    ("term", "station"),
    [
        ("lymph nodes", "lymph_node"),
        ("subcarinal node", "subcarinal_lymph_node"),
        ("precarinal lymph node", "subcarinal_lymph_node"),
        ("right paratracheal nodes", None),
        ("paratracheal nodes", "paratracheal_lymph_node"),
        ("hilar node", "hilar_lymph_node"),
        ("portacaval lymph node", "periportal_lymph_node"),
        ("periportal node", "periportal_lymph_node"),
        ("peripancreatic nodes", "periportal_lymph_node"),
        ("para-aortic lymph nodes", "retroperitoneal_lymph_node"),
        ("mesenteric nodes", "mesenteric_lymph_node"),
        ("obturator node", "pelvic_lymph_node"),
        ("external iliac lymph node", "pelvic_lymph_node"),
        ("inguinal nodes", "inguinal_lymph_node"),
        ("axillary lymph nodes", "axillary_lymph_node"),
        ("level III node", "cervical_lymph_node"),
        ("level 3 lymph node", "cervical_lymph_node"),
    ],
)
def test_a_station_is_anatomy(term: str, station: str | None) -> None:
    found = load_vocabulary().find(term)
    assert (found.id if found else None) == station
    if found is not None:
        assert found.kind is EntityKind.ANATOMY
        assert load_vocabulary().is_a(found.id, "lymph_node")


@pytest.mark.parametrize(
    "text",
    [
        "Mediastinal lymph nodes.",
        "Lymph nodes with fatty hila.",
        "The inguinal nodes are seen.",
    ],
)
def test_a_node_that_is_only_named_is_no_finding(text: str) -> None:
    assert "lymphadenopathy" not in findings(text)


@pytest.mark.parametrize(
    "text",
    [
        "Normal sized lymph nodes.",
        "The lymph nodes are normal.",
        "Lymph nodes: Normal.",
        "Lymph nodes are not enlarged.",
        "No enlarged lymph nodes.",
        "No pathologically enlarged lymph nodes.",
        "No suspicious lymph nodes.",
        "No enlarged hilar or mediastinal lymph nodes.",
        "No lymph nodes larger than 1 cm.",
    ],
)
def test_normal_nodes_deny_lymphadenopathy(text: str) -> None:
    assert findings(text) == {"lymphadenopathy": "absent"}


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Enlarged subcarinal lymph node.", "lymphadenopathy"),
        ("Prominent hilar nodes.", "lymphadenopathy"),
        ("The precarinal nodes are abnormal.", "lymphadenopathy"),
        ("Bulky para-aortic nodes.", "abdominal_lymphadenopathy"),
        ("The inguinal lymph nodes are enlarged.", "pelvic_lymphadenopathy"),
        ("Enlarged left axillary lymph nodes.", "axillary_lymphadenopathy"),
        ("Suspicious level II lymph node.", "cervical_lymphadenopathy"),
        ("Calcified hilar lymph nodes.", "lymph_node_calcification"),
        ("The mediastinal nodes are calcified.", "lymph_node_calcification"),
        ("Small mesenteric lymph nodes.", "subcentimeter_lymph_node"),
        ("Shotty inguinal nodes.", "subcentimeter_lymph_node"),
    ],
)
def test_what_is_said_of_a_node_makes_the_finding(text: str, concept: str) -> None:
    assert findings(text)[concept] == "present"


@pytest.mark.parametrize(
    ("text", "concept", "values_mm"),
    [
        ("1.6 cm precarinal node.", "lymphadenopathy", (16.0,)),
        ("Subcarinal lymph node measures 14 x 12 mm.", "lymphadenopathy", (14.0, 12.0)),
        ("A 2.1 cm portacaval lymph node is present.", "abdominal_lymphadenopathy", (21.0,)),
        ("Nodes in the retroperitoneum measuring up to 12 mm.", "lymphadenopathy", (12.0,)),
        ("8 mm paratracheal node.", "subcentimeter_lymph_node", (8.0,)),
        ("16 x 7 mm hilar lymph node.", "subcentimeter_lymph_node", (16.0, 7.0)),
    ],
)
def test_a_size_makes_a_node_a_finding_by_its_short_axis(
    text: str, concept: str, values_mm: tuple[float, ...]
) -> None:
    (finding,) = (
        one for one in stage()(Report(text=text)).entities if one.kind is EntityKind.FINDING
    )
    assert finding.concept == concept
    assert [size.values_mm for size in finding.measurements] == [values_mm]
    assert finding.locations


@pytest.mark.parametrize("text", ["A 2 cm subcarinal mass.", "3 cm mass beside a lymph node."])
def test_the_size_of_a_mass_makes_no_node_a_finding(text: str) -> None:
    assert findings(text) == {"mass": "present"}


def test_an_earlier_size_alone_says_nothing_of_now() -> None:
    assert findings("Previously 1.6 cm hilar node.") == {}


def test_enlarged_nodes_of_two_stations_are_two_findings() -> None:
    entities = stage()(Report(text="Enlarged mediastinal and hilar lymph nodes.")).entities
    places = [one.locations for one in entities if one.concept == "lymphadenopathy"]
    assert places == [("mediastinal_lymph_node",), ("hilar_lymph_node",)]


def test_calcified_nodes_are_calcification() -> None:
    assert load_vocabulary().is_a("lymph_node_calcification", "calcification")
    assert not load_vocabulary().is_a("lymph_node_calcification", "lymphadenopathy")
