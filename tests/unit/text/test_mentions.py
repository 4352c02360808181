"""Terms, spellings, coordination and organ statements."""

from __future__ import annotations

import pytest

from radnlp.schema.entity import EntityKind
from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()


def concepts(text: str) -> list[str]:
    return [
        entity.concept
        for entity in STAGE(Report(text=text)).entities
        if entity.kind is not EntityKind.ANATOMY
    ]


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Pulmonary oedema.", "edema"),
        ("Haemothorax.", "hemothorax"),
        ("Ground-glass opacities.", "ground_glass_opacity"),
        ("Groundglass opacity.", "ground_glass_opacity"),
        ("Pneumothoraces.", "pneumothorax"),
        ("PTX.", "pneumothorax"),
        ("Enlarged cardiac silhouette.", "cardiomegaly"),
        ("Enlargement of the cardiac silhouette.", "cardiomegaly"),
        ("The cardiac silhouette is again mildly enlarged.", "cardiomegaly"),
        ("Blunting of the left costophrenic angle.", "costophrenic_blunting"),
        ("Blunted costophrenic sulci.", "costophrenic_blunting"),
        ("Elevation of the right hemidiaphragm.", "diaphragm_elevation"),
        ("Unfolded aorta.", "tortuous_aorta"),
        ("Pulmonary vascularity is increased.", "vascular_congestion"),
        ("The hila are prominent.", "hilar_enlargement"),
        ("Widened mediastinum.", "enlarged_cardiomediastinum"),
        ("Lung volumes are low.", "low_lung_volumes"),
        ("The lungs are hyperinflated.", "hyperinflation"),
        ("PLEURAL EFFUSION", "pleural_effusion"),
        ("Port-A-Cath.", "port"),
    ],
)
def test_words_of_the_same_meaning_name_the_same_concept(text: str, concept: str) -> None:
    assert concepts(text) == [concept]


def test_a_term_may_go_over_the_end_of_a_line() -> None:
    text = "There is a small left pleural\n effusion. The chest\ntube has been removed."
    entities = STAGE(Report(text=text)).entities
    assert [entity.text for entity in entities] == ["pleural\n effusion", "chest\ntube"]


@pytest.mark.parametrize(
    "text", ["Chest radiograph.", "Chest pain.", "Views of the chest were obtained.", "Rib series."]
)
def test_the_name_of_a_study_or_complaint_is_no_mention(text: str) -> None:
    assert STAGE(Report(text=text)).entities == ()


def test_the_longest_term_wins() -> None:
    assert concepts("Subcutaneous emphysema and pleural plaque.") == [
        "subcutaneous_emphysema",
        "pleural_plaque",
    ]


def test_a_shared_head_names_both_findings() -> None:
    text = "Pleural and pericardial effusions."
    entities = STAGE(Report(text=text)).entities
    assert [entity.concept for entity in entities] == ["pleural_effusion", "pericardial_effusion"]
    assert [entity.text for entity in entities] == ["Pleural", "pericardial effusions"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Pleural plaque in the left lung, right lung nodule.", ["pleural_plaque", "nodule"]),
        ("Effusion in left lung, hilar adenopathy.", ["pleural_effusion", "lymphadenopathy"]),
    ],
)
def test_a_place_with_a_side_shares_no_head(text: str, wanted: list[str]) -> None:
    assert concepts(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Pleural effusion or thickening.", ["pleural_effusion", "pleural_thickening"]),
        ("Apical pleural scarring/thickening.", ["scarring", "pleural_thickening"]),
        (
            "Pleural effusion or thickening of the gallbladder wall.",
            ["pleural_effusion", "gallbladder_wall_thickening"],
        ),
    ],
)
def test_a_shared_first_word_names_both_findings(text: str, wanted: list[str]) -> None:
    assert concepts(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Masslike opacity.", ["masslike_opacity"]),
        ("Obscuration of the left diaphragm.", []),
        ("Degenerated thoracic spine.", ["degenerative_change"]),
    ],
)
def test_a_word_names_what_it_means(text: str, wanted: list[str]) -> None:
    assert concepts(text) == wanted


def test_a_masslike_opacity_is_a_mass_and_an_opacity() -> None:
    (entity,) = STAGE(Report(text="Masslike opacity.")).entities
    assert entity.is_a("mass")
    assert entity.is_a("opacity")


def test_a_shared_head_names_both_places() -> None:
    text = "Left upper and right lower lobe nodules."
    entities = STAGE(Report(text=text)).entities
    assert [(entity.text, entity.side) for entity in entities] == [
        ("upper", "left"),
        ("lower lobe", "right"),
        ("nodules", "bilateral"),
    ]
    assert set(entities[2].locations) == {"upper_lobe", "lower_lobe"}


def test_two_places_of_one_plural_finding_are_both_its_locations() -> None:
    entities = STAGE(Report(text="T7 and T8 compression fractures.")).entities
    assert [entity.text for entity in entities] == ["T7", "T8", "compression fractures"]


def test_an_organ_statement_replaces_the_organ() -> None:
    (entity,) = STAGE(Report(text="The heart is enlarged.")).entities
    assert entity.text == "heart is enlarged"
    assert entity.locations == ("heart",)


@pytest.mark.parametrize("text", ["The lungs are clear and normal.", "Clear, normal lungs."])
def test_two_words_that_say_the_same_of_an_organ_say_it_once(text: str) -> None:
    (opacity,) = STAGE(Report(text=text)).entities
    assert (opacity.concept, opacity.assertion, opacity.text) == ("opacity", "absent", "lungs")


def test_a_normal_statement_has_the_organ_as_its_words() -> None:
    text = "Heart size is normal."
    (entity,) = STAGE(Report(text=text)).entities
    assert entity.text == "Heart size"
    assert entity.cue is not None
    assert entity.cue.span.of(text) == "normal"


def test_one_statement_can_deny_several_findings() -> None:
    text = "Heart size, mediastinal contour, and pulmonary vascularity are within normal limits."
    assert concepts(text) == ["cardiomegaly", "enlarged_cardiomediastinum", "vascular_congestion"]


def test_anatomy_is_a_mention_of_its_own() -> None:
    entities = STAGE(Report(text="Opacity in the left lower lobe.")).entities
    assert [(entity.kind, entity.concept) for entity in entities] == [
        (EntityKind.FINDING, "opacity"),
        (EntityKind.ANATOMY, "lower_lobe"),
    ]
    assert entities[1].side == "left"
