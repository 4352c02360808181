"""Report labels by the documented aggregation."""

from __future__ import annotations

import pytest

from radnlp.schema.text import Report
from radnlp.text import RuleText
from radnlp.text.labels import chexpert, label_report, nih14

STAGE = RuleText()
CHEXPERT = {
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Lesion",
    "Lung Opacity",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
}


def labels(text: str) -> dict[str, int | None]:
    reading = STAGE(Report(text=text))
    return chexpert(reading.entities, reading.sections)


def said(text: str) -> dict[str, int]:
    return {label: value for label, value in labels(text).items() if value is not None}


def test_chexpert_has_its_fourteen_labels() -> None:
    assert set(labels("Nothing.")) == CHEXPERT


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Small left pleural effusion.", {"Pleural Effusion": 1}),
        ("No pneumothorax.", {"No Finding": 1, "Pneumothorax": 0}),
        ("Possible pneumonia.", {"Pneumonia": -1}),
        ("Evaluate for pneumonia.", {"No Finding": 1}),
        ("History of pneumonia.", {"No Finding": 1}),
        ("Mother had pneumonia.", {"No Finding": 1}),
        ("Chest tube in place.", {"No Finding": 1, "Support Devices": 1}),
        ("The chest tube has been removed.", {"No Finding": 1}),
        ("Heart size is normal.", {"No Finding": 1, "Cardiomegaly": 0}),
        ("Left rib fracture.", {"Fracture": 1}),
        ("Right lower lobe consolidation.", {"Consolidation": 1, "Lung Opacity": 1}),
        ("No consolidation.", {"No Finding": 1, "Consolidation": 0}),
        ("No focal opacity.", {"No Finding": 1, "Lung Opacity": 0}),
        ("Nodule in the left upper lobe.", {"Lung Lesion": 1}),
        ("Pleural plaques.", {"Pleural Other": 1}),
        ("Pacemaker and mild edema.", {"Support Devices": 1, "Edema": 1}),
        ("Edema has resolved.", {"No Finding": 1, "Edema": 0}),
    ],
)
def test_a_sentence_gives_its_labels(text: str, wanted: dict[str, int]) -> None:
    assert said(text) == wanted


def test_present_beats_uncertain_beats_absent() -> None:
    assert said("No effusion. Possible effusion.") == {"Pleural Effusion": -1}
    assert said("No effusion. Possible effusion. Effusion.") == {"Pleural Effusion": 1}


def test_only_findings_and_impression_count() -> None:
    text = "INDICATION: Pneumonia.\nCOMPARISON: Effusion.\nFINDINGS: No edema."
    assert said(text) == {"No Finding": 1, "Edema": 0}


def test_a_report_without_titles_counts_as_a_whole() -> None:
    assert said("Cough. Left effusion.") == {"Pleural Effusion": 1}


def test_nih_has_fourteen_findings_and_no_finding() -> None:
    reading = STAGE(Report(text="Pleural thickening. Fibrosis. No infiltrate."))
    given = nih14(reading.entities, reading.sections)
    assert len(given) == 15
    wanted = {"Pleural_Thickening": 1, "Fibrosis": 1, "Infiltration": 0}
    assert {label: value for label, value in given.items() if value is not None} == wanted


def test_a_users_own_scheme_is_a_mapping() -> None:
    reading = STAGE(Report(text="Rib fracture."))
    scheme = {"Broken": ["fracture"]}
    assert label_report(reading.entities, reading.sections, scheme)["Broken"] == 1
