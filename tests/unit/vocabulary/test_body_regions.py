"""The vocabulary knows the abdomen, the pelvis, the breast and the limbs as their reports write."""

from __future__ import annotations

import pytest

from radnlp.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary()


@pytest.mark.parametrize(
    ("term", "id"),
    [
        ("fatty liver", "hepatic_steatosis"),
        ("hepatic metastases", "hepatic_metastasis"),
        ("renal masses", "renal_mass"),
        ("renal calculi", "nephrolithiasis"),
        ("hepatic abscesses", "hepatic_abscess"),
        ("caecal volvulus", "volvulus"),
        ("haemoperitoneum", "hemoperitoneum"),
        ("SBO", "small_bowel_obstruction"),
        ("colonic diverticula", "diverticulosis"),
        ("IUD", "intrauterine_device"),
        ("leiomyomata", "uterine_fibroid"),
        ("ovaries", "ovary"),
        ("non-mass enhancement", "nonmass_enhancement"),
        ("fine pleomorphic calcifications", "pleomorphic_calcification"),
        ("fracture of the distal radius", "distal_radius_fracture"),
        ("ACL tear", "anterior_cruciate_ligament_tear"),
        ("bursae", "bursa"),
        ("AVN", "osteonecrosis"),
        ("double-J stent", "ureteral_stent"),
        ("total hip replacement", "hip_arthroplasty"),
        ("foetal", "fetus"),
        ("blooming artefact", "susceptibility_artifact"),
    ],
)
def test_a_term_of_the_body_is_found(term: str, id: str) -> None:
    found = VOCABULARY.find(term)
    assert found is not None
    assert found.id == id


@pytest.mark.parametrize(
    ("child", "broader"),
    [
        ("closed_loop_obstruction", "bowel_distension"),
        ("hip_fracture", "fracture"),
        ("scaphoid_fracture", "wrist_fracture"),
        ("hepatocellular_carcinoma", "malignancy"),
        ("complex_renal_cyst", "cyst"),
        ("hydroureteronephrosis", "hydronephrosis"),
        ("bowel_perforation", "perforation"),
        ("slap_tear", "tear"),
        ("osteoarthritis", "degenerative_change"),
        ("terminal_ileum", "bowel"),
        ("scaphoid", "wrist"),
        ("knee_arthroplasty", "support_device"),
        ("hiatal_hernia", "hernia"),
    ],
)
def test_a_narrow_concept_is_a_kind_of_the_broad_one(child: str, broader: str) -> None:
    assert VOCABULARY.is_a(child, broader)


@pytest.mark.parametrize("id", ["appendicitis", "cholecystitis", "colitis", "cystitis"])
def test_an_inflamed_organ_does_not_count_as_a_pneumonia_like_infection(id: str) -> None:
    assert VOCABULARY.is_a(id, "inflammation")
    assert not VOCABULARY.is_a(id, "infection")


@pytest.mark.parametrize("id", ["renal_mass", "liver_mass", "adnexal_mass", "breast_mass"])
def test_a_mass_of_another_organ_is_no_lung_mass(id: str) -> None:
    assert not VOCABULARY.is_a(id, "lung_abnormality")
