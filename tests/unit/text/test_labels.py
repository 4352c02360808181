"""Report labels by the documented aggregation."""

from __future__ import annotations

from pathlib import Path

import pytest

from radnlp import analyze
from radnlp.errors import FileMissing, InputError
from radnlp.schema.text import Report
from radnlp.text import RuleText
from radnlp.text.labels import LabelSet, chexpert, label_report, nih14, read_label_set

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
        ("Tension pneumothorax.", {"Pneumothorax": 1}),
        ("No tension pneumothorax.", {"No Finding": 1}),
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


def read(path: Path, content: str) -> LabelSet:
    path.write_text(content, "utf-8")
    return read_label_set(path)


def test_a_label_set_is_a_toml_file(tmp_path: Path) -> None:
    scheme = read(
        tmp_path / "mine.toml",
        """
        [labels]
        "Any opacity" = { concepts = ["opacity"], but_not = ["consolidation"] }
        "Fluid" = ["pleural_effusion", "pericardial_effusion"]
        [policy]
        uncertain = "present"
        """,
    )
    reading = STAGE(Report(text="Consolidation. Possible pleural effusion."))
    assert scheme(reading.entities, reading.sections) == {"Any opacity": None, "Fluid": 1}


def policy_gives(tmp_path: Path, policy: str, text: str) -> int | None:
    content = f'[labels]\nPneumonia = ["pneumonia"]\n[policy]\n{policy}\n'
    scheme = read(tmp_path / "set.toml", content)
    reading = STAGE(Report(text=text))
    return scheme(reading.entities, reading.sections)["Pneumonia"]


@pytest.mark.parametrize(
    ("policy", "text", "value"),
    [
        ("", "Possible pneumonia.", -1),
        ('uncertain = "absent"', "Possible pneumonia.", 0),
        ('uncertain = "ignored"', "Possible pneumonia.", None),
        ("", "Evaluate for pneumonia.", None),
        ('hypothetical = "uncertain"', "Evaluate for pneumonia.", -1),
        ("", "History of pneumonia.", None),
        ("historical = true", "History of pneumonia.", 1),
        ("other_subject = true", "Mother had pneumonia.", 1),
        ('sections = ["addendum"]', "ADDENDUM: Pneumonia.\nFINDINGS: No pneumonia.", 1),
        ("", "ADDENDUM: Pneumonia.\nFINDINGS: No pneumonia.", 0),
    ],
)
def test_the_policy_decides_what_counts(
    tmp_path: Path, policy: str, text: str, value: int | None
) -> None:
    assert policy_gives(tmp_path, policy, text) == value


def test_a_label_for_no_finding_is_computed_if_the_policy_names_one(tmp_path: Path) -> None:
    content = """
    [labels]
    Pneumonia = ["pneumonia"]
    Tubes = ["support_device"]
    [policy]
    no_finding = "Normal"
    beside_no_finding = ["Tubes"]
    """
    scheme = read(tmp_path / "set.toml", content)
    reading = STAGE(Report(text="Endotracheal tube in place. No pneumonia."))
    assert scheme(reading.entities, reading.sections) == {"Normal": 1, "Pneumonia": 0, "Tubes": 1}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[labels", "set.toml"),
        ("", "labels"),
        ("[labels]\nX = []", "list of vocabulary ids"),
        ('[labels]\nX = ["pnuemonia"]', "pneumonia"),
        ("[labels]\nX = [1]", "list of vocabulary ids"),
        ('[labels]\nX = ["mass"]\n[policy]\nunsure = 1', "unsure"),
        ('[labels]\nX = ["mass"]\n[policy]\nuncertain = "perhaps"', "perhaps"),
        ('[labels]\nX = ["mass"]\n[policy]\nhistorical = "yes"', "historical"),
        ('[labels]\nX = ["mass"]\n[policy]\nsections = ["body"]', "body"),
        ('[labels]\nX = ["mass"]\n[policy]\nsections = "findings"', "list"),
        ('[labels]\nX = { terms = ["mass"] }', "concepts"),
        ('[label]\nX = ["mass"]', "label"),
    ],
)
def test_a_fault_in_a_label_set_is_named(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path / "set.toml", content)


def test_a_label_set_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        read_label_set(tmp_path / "none.toml")


def test_an_analysis_takes_the_path_of_a_label_set(tmp_path: Path) -> None:
    path = tmp_path / "set.toml"
    path.write_text('[labels]\nFluid = ["pleural_effusion"]\n', "utf-8")
    result = analyze(report="No pleural effusion.")
    assert result.labels(path) == result.labels(str(path)) == {"Fluid": 0}


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_report_is_not_called_normal(text: str) -> None:
    labels = analyze(report=text).labels("chexpert")
    assert set(labels.values()) == {None}


def test_a_mass_outside_the_lungs_is_no_lung_lesion() -> None:
    assert analyze(report="Mass in the left breast.").labels()["Lung Lesion"] is None
    assert analyze(report="Mass in the left upper lobe.").labels()["Lung Lesion"] == 1
