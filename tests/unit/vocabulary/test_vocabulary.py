"""The vocabulary holds together, and finds what reports write."""

from __future__ import annotations

import pytest

from radnlp.errors import InputError, LanguageNotSupported
from radnlp.schema.entity import EntityKind
from radnlp.vocabulary import Concept, Vocabulary, load_vocabulary
from radnlp.vocabulary.spelling import split_words

VOCABULARY = load_vocabulary()
ROOTS = {"abnormality", "body", "support_device", "procedure", "measurement"}
CONTRACT = [
    "opacity",
    "consolidation",
    "infiltrate",
    "airspace_disease",
    "ground_glass_opacity",
    "pneumonia",
    "aspiration",
    "atelectasis",
    "edema",
    "vascular_congestion",
    "interstitial_disease",
    "fibrosis",
    "scarring",
    "nodule",
    "mass",
    "malignancy",
    "metastasis",
    "granuloma",
    "granulomatous_disease",
    "calcification",
    "cavity",
    "cyst",
    "abscess",
    "tuberculosis",
    "emphysema",
    "copd",
    "hyperinflation",
    "low_lung_volumes",
    "bronchiectasis",
    "bronchial_wall_thickening",
    "pleural_effusion",
    "pleural_thickening",
    "pleural_plaque",
    "pneumothorax",
    "hydropneumothorax",
    "hemothorax",
    "empyema",
    "costophrenic_blunting",
    "cardiomegaly",
    "pericardial_effusion",
    "enlarged_cardiomediastinum",
    "heart_failure",
    "lymphadenopathy",
    "hilar_enlargement",
    "tortuous_aorta",
    "aortic_aneurysm",
    "atherosclerosis",
    "pneumomediastinum",
    "hiatal_hernia",
    "mediastinal_shift",
    "pulmonary_embolism",
    "pulmonary_hypertension",
    "fracture",
    "rib_fracture",
    "degenerative_change",
    "osteophyte",
    "osteopenia",
    "scoliosis",
    "kyphosis",
    "lytic_lesion",
    "sclerotic_lesion",
    "dislocation",
    "subcutaneous_emphysema",
    "free_air",
    "diaphragm_elevation",
    "surgical_change",
    "foreign_body",
    "support_device",
    "endotracheal_tube",
    "central_venous_catheter",
    "picc",
    "port",
    "nasogastric_tube",
    "feeding_tube",
    "chest_tube",
    "pacemaker",
    "defibrillator",
    "tracheostomy",
    "sternotomy_wires",
    "surgical_clips",
]


def finding(id: str, *parents: str) -> Concept:
    return Concept(id=id, kind=EntityKind.FINDING, parents=parents, terms=(id,))


@pytest.mark.parametrize("id", CONTRACT)
def test_the_documented_ids_exist(id: str) -> None:
    assert VOCABULARY.get(id).terms


def test_every_concept_has_a_parent_or_is_a_root() -> None:
    assert {concept.id for concept in VOCABULARY if not concept.parents} == ROOTS


def test_no_term_stands_twice() -> None:
    seen: dict[tuple[str, ...], str] = {}
    for concept in VOCABULARY:
        for term in (*concept.terms, *(t for terms in concept.sided.values() for t in terms)):
            words = split_words(term)
            assert words not in seen, f"{term!r} of {concept.id} and {seen[words]}"
            seen[words] = concept.id


def test_every_term_finds_its_concept() -> None:
    for concept in VOCABULARY:
        for term in concept.terms:
            found = VOCABULARY.find(term)
            assert found is not None
            assert found.id == concept.id


@pytest.mark.parametrize("child", ["consolidation", "infiltrate", "airspace_disease"])
def test_airspace_findings_are_opacities(child: str) -> None:
    assert VOCABULARY.is_a(child, "opacity")
    assert not VOCABULARY.is_a("opacity", child)


def test_a_granuloma_keeps_its_own_line() -> None:
    assert not VOCABULARY.is_a("granuloma", "opacity")
    assert not VOCABULARY.is_a("cavity", "opacity")


def test_every_device_is_a_support_device() -> None:
    devices = [concept for concept in VOCABULARY if concept.kind is EntityKind.DEVICE]
    assert all(VOCABULARY.is_a(device.id, "support_device") for device in devices)


def test_ancestors_come_nearest_first() -> None:
    assert VOCABULARY.ancestors("rib_fracture") == ("fracture", "bone_abnormality", "abnormality")


@pytest.mark.parametrize(
    ("term", "id"),
    [
        ("pleural effusions", "pleural_effusion"),
        ("Pulmonary oedema", "edema"),
        ("haemothoraces", "hemothorax"),
        ("ground-glass opacity", "ground_glass_opacity"),
        ("tumour", "malignancy"),
        ("enlarged cardiac silhouette", "cardiomegaly"),
        ("blunting of the costophrenic angles", "costophrenic_blunting"),
        ("RLL", "lower_lobe"),
    ],
)
def test_a_term_is_found_whatever_its_form(term: str, id: str) -> None:
    found = VOCABULARY.find(term)
    assert found is not None
    assert found.id == id


def test_an_unknown_term_finds_nothing() -> None:
    assert VOCABULARY.find("bicycle") is None


def test_search_puts_the_closest_concept_first() -> None:
    assert VOCABULARY.search("pleural eff")[0].id == "pleural_effusion"
    assert VOCABULARY.search("") == ()


def test_an_unknown_id_names_near_ones() -> None:
    with pytest.raises(InputError, match="pneumothorax"):
        VOCABULARY.get("pneumotorax")


def test_a_circle_of_parents_is_refused() -> None:
    with pytest.raises(InputError, match="circle"):
        Vocabulary([finding("a", "b"), finding("b", "a")])


def test_an_unknown_parent_is_refused() -> None:
    with pytest.raises(InputError, match="unknown parent"):
        Vocabulary([finding("a", "b")])


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        Vocabulary([finding("a"), finding("a")])


def test_a_language_without_terms_is_refused() -> None:
    with pytest.raises(LanguageNotSupported, match="available: en"):
        load_vocabulary("xx")
