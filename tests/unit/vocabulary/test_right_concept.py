"""Sentences whose words once named another concept, and the one they name."""

from __future__ import annotations

from functools import cache

import pytest

from radnlp.schema import EntityKind, Report
from radnlp.text import RuleText


@cache
def stage() -> RuleText:
    return RuleText()


def said(text: str) -> dict[str, str]:
    """Return what a sentence names besides anatomy and sizes, and its assertion."""
    left_out = {EntityKind.ANATOMY, EntityKind.MEASUREMENT}
    entities = stage()(Report(text=text)).entities
    return {one.concept: str(one.assertion) for one in entities if one.kind not in left_out}


def named(text: str) -> set[str]:
    """Return every concept that a sentence names."""
    return {one.concept for one in stage()(Report(text=text)).entities}


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("C2 fracture.", {"vertebral_fracture"}),
        ("Fracture of C1.", {"vertebral_fracture"}),
        ("Hangman's fracture.", {"hangman_fracture"}),
        ("Dens fracture.", {"odontoid_fracture"}),
        ("Cortical thinning of the left femur.", {"cortical_thinning"}),
        ("Cortical thinning of the left kidney.", {"renal_atrophy"}),
        ("Coxa valga.", {"coxa_valga"}),
        ("Transitional vertebra at L5.", {"transitional_vertebra"}),
        ("Fracture of the superior sternotomy wire.", {"hardware_fracture"}),
        ("The sternotomy wires are fractured.", {"hardware_fracture"}),
        ("Broken screw.", {"hardware_fracture"}),
        ("Cerclage wire in the femur.", {"cerclage_wire"}),
        ("Cerclage wires in the sternum.", {"sternotomy_wires"}),
        ("Small herniation at L4-L5.", {"disc_herniation"}),
        ("L5-S1: Small central herniation.", {"disc_herniation"}),
    ],
)
def test_bones_and_what_holds_them(text: str, concepts: set[str]) -> None:
    assert said(text) == dict.fromkeys(concepts, "present")


def test_a_disc_place_makes_a_denied_herniation_that_of_the_disc() -> None:
    assert said("L4-L5: No herniation.") == {"disc_herniation": "absent"}


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("Aortobifemoral bypass graft.", {"vascular_bypass_graft"}),
        ("Fem-pop bypass.", {"vascular_bypass_graft"}),
        ("Coronary artery bypass graft.", {"coronary_bypass"}),
        ("Status post lumpectomy.", {"breast_conserving_surgery"}),
        ("Prior sphincterotomy.", {"biliary_sphincterotomy"}),
        ("Impella device.", {"ventricular_assist_device"}),
    ],
)
def test_operations_and_devices(text: str, concepts: set[str]) -> None:
    assert set(said(text)) == concepts


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("Pulmonary infarct in the right lower lobe.", {"pulmonary_infarction"}),
        ("Kerley B lines.", {"interlobular_septal_thickening"}),
        ("Interstitial edema.", {"edema"}),
        ("Expiratory air trapping.", {"air_trapping"}),
        ("Filling defect in the right pulmonary artery.", {"pulmonary_embolism"}),
        ("Filling defect in the portal vein.", {"portal_vein_thrombosis"}),
        ("Filling defect in the femoral vein.", {"deep_vein_thrombosis"}),
        ("Filling defect in the bladder.", {"filling_defect"}),
        ("DWI hyperintensity in the left thalamus.", {"restricted_diffusion"}),
        ("Gray matter heterotopia.", {"cortical_malformation"}),
        ("The liver is nodular.", {"nodular_liver_contour"}),
        ("Nodular contour of the liver.", {"nodular_liver_contour"}),
        ("Coarse liver.", {"coarse_liver"}),
        ("Fatty infiltration of the rotator cuff.", {"muscle_atrophy"}),
        ("Posterior shadowing.", {"acoustic_shadowing"}),
        ("Shadowing is seen.", {"acoustic_shadowing"}),
        ("Density overlying the left kidney.", {"radiodensity"}),
        ("Opacity at the base of the right lung.", {"opacity"}),
    ],
)
def test_findings_of_organs(text: str, concepts: set[str]) -> None:
    assert said(text) == dict.fromkeys(concepts, "present")


@pytest.mark.parametrize(
    "text",
    [
        "Echogenic liver, consistent with fatty infiltration.",
        "Increased echogenicity of the liver suggesting fatty infiltration.",
    ],
)
def test_what_a_liver_suggests_is_of_the_liver(text: str) -> None:
    assert said(text)["hepatic_steatosis"] in ("present", "uncertain")
    assert "fatty_infiltration" not in said(text)
    assert "fat_containing" not in said(text)


@pytest.mark.parametrize("quality", ["Good", "Adequate", "Excellent", "Suboptimal"])
@pytest.mark.parametrize("place", ["pulmonary arteries", "aorta", "veins", "bowel", "left ureter"])
def test_contrast_in_a_lumen_is_no_opacity(quality: str, place: str) -> None:
    assert said(f"{quality} opacification of the {place}.") == {"contrast_opacification": "present"}
    assert "opacity" not in said(f"{quality} contrast opacification of the {place}.")


def test_opacification_of_a_lung_stays_an_opacity() -> None:
    assert "opacity" in said("Opacification of the left lower lobe.")


@pytest.mark.parametrize(
    "text",
    [
        "Scattered fibroglandular densities.",
        "Scattered areas of fibroglandular density.",
        "There are scattered areas of fibroglandular density bilaterally.",
        "BI-RADS density B.",
    ],
)
def test_fibroglandular_density_is_tissue(text: str) -> None:
    assert named(text) == {"fibroglandular_tissue"}


@pytest.mark.parametrize("text", ["BI-RADS density D.", "Heterogeneously dense breasts."])
def test_a_dense_breast_is_a_finding(text: str) -> None:
    assert set(said(text)) == {"dense_breast"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Fracture at the base of the 5th metatarsal.", "metatarsal"),
        ("Fracture of the base of the proximal phalanx.", "phalanx"),
        ("Erosion at the base of the thumb.", "thumb"),
        ("Fracture of the base of the skull.", "skull_base"),
        ("Mass at the base of the tongue.", "lingual_tonsil"),
        ("Mass at the base of the bladder.", "bladder_trigone"),
        ("Opacity at the base of the left lung.", "lung_base"),
        ("Opacities at the lung bases.", "lung_base"),
    ],
)
def test_a_base_is_that_of_what_it_belongs_to(text: str, place: str) -> None:
    assert place in named(text)
    assert place == "lung_base" or "lung_base" not in named(text)


def test_veins_that_share_their_noun_are_veins() -> None:
    text = "The right common femoral, femoral, popliteal and calf veins are compressible."
    assert said(text) == {"deep_vein_thrombosis": "absent"}
    assert named(text).isdisjoint({"common_femoral_artery", "popliteal_fossa"})


@pytest.mark.parametrize("place", ["common femoral vein", "deep veins"])
@pytest.mark.parametrize(
    "quality",
    ["Normal flow in", "Normal compressibility of", "Normal flow and compressibility of"],
)
def test_normal_flow_denies_a_thrombosis(quality: str, place: str) -> None:
    assert said(f"{quality} the {place}.") == {"deep_vein_thrombosis": "absent"}


def test_bare_vasculature_is_not_that_of_the_lungs() -> None:
    assert named("VASCULATURE: Normal.") == {"blood_vessel"}
    assert said("Pulmonary vasculature is normal.") == {"vascular_congestion": "absent"}


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("The adrenals are normal.", "adrenal_abnormality"),
        ("The LCL is intact.", "lateral_collateral_ligament_tear"),
        ("The medial collateral ligament is normal.", "medial_collateral_ligament_tear"),
        ("The bowel gas pattern is nonobstructive.", "bowel_obstruction"),
        ("Nonobstructive bowel gas pattern.", "bowel_obstruction"),
        ("The pleural spaces are free of fluid.", "pleural_effusion"),
        ("The plantar fascia is normal.", "plantar_fasciitis"),
    ],
)
def test_a_normal_statement_denies_the_matching_finding(text: str, absent: str) -> None:
    assert said(text) == {absent: "absent"}


def test_a_nonspecific_gas_pattern_is_no_finding() -> None:
    assert said("Nonspecific bowel gas pattern.") == {}
