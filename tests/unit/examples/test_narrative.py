from __future__ import annotations

import pytest

from radnlp.examples.anatomy import Anatomy
from radnlp.examples.lesions import Request
from radnlp.examples.narrative import report_text, write_report
from radnlp.examples.phantom import Phantom, SimulatedStudy, simulate

SECTIONS = ("INDICATION:", "COMPARISON:", "TECHNIQUE:", "FINDINGS:", "IMPRESSION:")


def _said(study: SimulatedStudy) -> dict[str, tuple[str, str | None]]:
    return {said.concept: (said.assertion, said.side) for said in write_report(study).statements}


def test_the_report_has_its_sections_in_order(sick: SimulatedStudy) -> None:
    places = [report_text(sick).index(name) for name in SECTIONS]

    assert places == sorted(places)


def test_the_report_says_that_it_is_simulated(normal: SimulatedStudy) -> None:
    assert "Simulated image of an analytic phantom, not a patient." in report_text(normal)


def test_offsets_cut_the_phrase_out_of_the_text(sick: SimulatedStudy) -> None:
    report = write_report(sick)
    phrases = [report.text[said.start : said.end] for said in report.statements]

    assert phrases[0] == "nodule"
    assert "pleural effusion" in phrases
    assert "heart size is normal" in phrases
    assert "[" not in report.text
    assert "|" not in report.text


def test_the_report_states_present_absent_and_hedged_findings(sick: SimulatedStudy) -> None:
    assert _said(sick) == {
        "nodule": ("present", "right"),
        "granuloma": ("uncertain", "right"),
        "pleural_effusion": ("present", "left"),
        "costophrenic_blunting": ("present", "left"),
        "consolidation": ("absent", None),
        "pneumothorax": ("absent", None),
        "cardiomegaly": ("absent", None),
        "rib_fracture": ("absent", None),
    }


def test_size_and_zone_stand_in_the_text(sick: SimulatedStudy) -> None:
    assert "a well-defined 20 mm nodule in the right upper zone" in report_text(sick)


def test_a_normal_study_has_a_normal_impression(normal: SimulatedStudy) -> None:
    assert report_text(normal).endswith("IMPRESSION:\nNo acute abnormality.\n")
    assert "present" not in {said.assertion for said in write_report(normal).statements}


@pytest.mark.parametrize("size_mm", [15.0, 28.0, 40.0])
def test_everything_the_film_shows_is_said(size_mm: float) -> None:
    findings = (
        Request(concept="pneumothorax", side="right", size_mm=size_mm),
        Request(concept="consolidation", side="left", zone="lower"),
        Request(concept="mass", side="left", zone="upper"),
    )
    study = simulate(
        Phantom(findings=findings, anatomy=Anatomy(heart=1.3)), rows=128, columns=108, seed=1
    )
    said = _said(study)

    for lesion in study.findings:
        assert said[lesion.concept] == ("present", lesion.side)
    assert said["pleural_effusion"] == ("absent", None)
    assert said["pneumonia"] == ("uncertain", "left")


def test_nothing_is_compared_with_a_study_that_does_not_exist(sick: SimulatedStudy) -> None:
    text = report_text(sick).lower()

    assert not [word for word in ("unchanged", "stable", "new ", "worse", "again") if word in text]
