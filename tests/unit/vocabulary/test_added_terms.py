"""Words that reports use and the vocabulary has learned: each names its concept in a sentence."""

from __future__ import annotations

from functools import cache

import pytest

from radnlp.schema import Entity, Report
from radnlp.text import RuleText
from radnlp.vocabulary import load_vocabulary


@cache
def stage() -> RuleText:
    return RuleText()


def entities(text: str) -> dict[str, Entity]:
    return {one.concept: one for one in stage()(Report(text=text)).entities}


CANCER = [
    ("Osseous mets.", "bone_metastasis"),
    ("Liver mets.", "hepatic_metastasis"),
    ("Brain mets.", "brain_metastasis"),
    ("Widespread mets.", "metastasis"),
    ("Mets in the liver.", "hepatic_metastasis"),
    ("NSCLC.", "lung_cancer"),
    ("SCLC.", "lung_cancer"),
    ("Lung ca.", "lung_cancer"),
    ("Breast ca.", "breast_carcinoma"),
    ("TCC of the bladder.", "urothelial_carcinoma"),
    ("DLBCL.", "lymphoma"),
    ("CLL.", "leukemia"),
    ("Oesophageal cancer.", "esophageal_cancer"),
    ("Adenoma.", "adenoma"),
    ("Adenoma in the left adrenal gland.", "adrenal_adenoma"),
    ("Adenoma of the liver.", "hepatic_adenoma"),
    ("Evidence of recurrence.", "recurrence"),
]
DEVICES = [
    ("Right IJ line.", "central_venous_catheter"),
    ("RIJ terminates in the SVC.", "central_venous_catheter"),
    ("LIJ line.", "central_venous_catheter"),
    ("Right IJ sheath.", "central_venous_catheter"),
    ("Left subclavian sheath.", "central_venous_catheter"),
    ("Cordis.", "central_venous_catheter"),
    ("Hickman catheter.", "central_venous_catheter"),
    ("Groshong.", "central_venous_catheter"),
    ("Vascath.", "central_venous_catheter"),
    ("Swan in the right pulmonary artery.", "pulmonary_artery_catheter"),
    ("DHT in the stomach.", "feeding_tube"),
    ("Corpak.", "feeding_tube"),
    ("PEG.", "gastrostomy_tube"),
    ("Right PleurX.", "chest_tube"),
    ("Left PCN.", "nephrostomy_tube"),
    ("Status post TAVI.", "valve_prosthesis"),
    ("MitraClip.", "mitral_clip"),
    ("EVAR graft.", "aortic_stent"),
    ("Status post EVAR.", "endovascular_aortic_repair"),
    ("TEVAR.", "endovascular_aortic_repair"),
    ("EVD.", "ventricular_drain"),
    ("Ventriculostomy catheter.", "ventricular_drain"),
    ("ICP monitor.", "intracranial_pressure_monitor"),
    ("Ommaya.", "ommaya_reservoir"),
    ("Deep brain stimulator.", "neurostimulator"),
    ("Spinal cord stimulator.", "neurostimulator"),
    ("Vagal nerve stimulator.", "neurostimulator"),
    ("Cochlear implants.", "cochlear_implant"),
    ("Watchman device.", "cardiac_occluder"),
    ("Septal occluder.", "cardiac_occluder"),
    ("Flow diverter.", "flow_diverter"),
    ("Patent TIPS.", "tips"),
    ("LINX device.", "magnetic_sphincter"),
    ("Pedicle screws and rods.", "spinal_hardware"),
    ("Interbody spacer.", "interbody_spacer"),
    ("Interbody cages.", "interbody_spacer"),
    ("DHS.", "fixation_screw"),
    ("Left THA.", "hip_arthroplasty"),
    ("Right TKR.", "knee_arthroplasty"),
]
PROCEDURES = [
    ("Left frontal craniotomy.", "craniotomy"),
    ("Decompressive craniectomy.", "craniectomy"),
    ("Cranioplasty.", "cranioplasty"),
    ("Burr holes.", "burr_hole"),
    ("Interval extubation.", "extubation"),
    ("Femoropopliteal bypass.", "vascular_bypass_graft"),
]
CHEST = [
    ("Small effs.", "pleural_effusion"),
    ("Left infilt.", "infiltrate"),
    ("Tree-in-bud opacities.", "tree_in_bud"),
    ("Mosaic attenuation.", "mosaic_attenuation"),
    ("Crazy-paving pattern.", "crazy_paving"),
    ("Halo sign.", "halo_sign"),
    ("Cryptogenic organising pneumonia.", "organizing_pneumonia"),
    ("Hypersensitivity pneumonitis.", "hypersensitivity_pneumonitis"),
    ("NSIP.", "nonspecific_interstitial_pneumonia"),
    ("UIP pattern.", "usual_interstitial_pneumonia"),
    ("Desquamative interstitial pneumonia.", "smoking_related_lung_disease"),
    ("RB-ILD.", "smoking_related_lung_disease"),
    ("LAM.", "cystic_lung_disease"),
    ("Lymphangitic spread of tumour.", "lymphangitic_carcinomatosis"),
    ("PCP pneumonia.", "pneumocystis_pneumonia"),
    ("Subsolid nodule.", "subsolid_nodule"),
    ("Part-solid nodules.", "subsolid_nodule"),
    ("5 mm GGN.", "ground_glass_nodule"),
    ("Ground-glass nodules.", "ground_glass_nodule"),
    ("Perifissural nodule.", "perifissural_nodule"),
    ("Miliary nodules.", "miliary_nodules"),
    ("Centrilobular nodules.", "centrilobular_nodules"),
    ("Satellite nodules.", "satellite_nodule"),
    ("Spiculated nodule.", "spiculated_nodule"),
    ("Tracheomalacia.", "tracheomalacia"),
    ("Saber-sheath trachea.", "saber_sheath_trachea"),
    ("Trapped lung.", "trapped_lung"),
    ("Chylothorax.", "chylothorax"),
    ("Thymoma.", "thymoma"),
    ("Thymic hyperplasia.", "thymic_hyperplasia"),
    ("Deep sulcus sign.", "deep_sulcus_sign"),
    ("Dilated oesophagus.", "esophageal_dilatation"),
    ("Oesophageal wall thickening.", "esophageal_wall_thickening"),
    ("Achalasia.", "achalasia"),
    ("Coronary calcium.", "coronary_calcification"),
    ("Anomalous coronary artery.", "anomalous_coronary_artery"),
]
LIMBS = [
    ("Fxs.", "fracture"),
    ("Dorsal displacement.", "fracture_displacement"),
    ("Mild angulation.", "angulation"),
    ("Shortening of the femur.", "bone_shortening"),
    ("Articular step-off.", "articular_step_off"),
    ("Fracture impaction.", "impacted_fracture"),
    ("Hardware loosening.", "hardware_loosening"),
    ("Widening of the ankle mortise.", "ankle_mortise_widening"),
    ("Diastasis.", "diastasis"),
    ("Ankylosis.", "ankylosis"),
    ("Posterior fat pad sign.", "fat_pad_sign"),
    ("Osgood-Schlatter.", "osgood_schlatter_disease"),
    ("Kienböck disease.", "kienbock_disease"),
    ("Freiberg's disease.", "freiberg_disease"),
    ("Perthes disease.", "perthes_disease"),
    ("Haglund deformity.", "haglund_deformity"),
    ("SLAC wrist.", "slac_wrist"),
    ("Maisonneuve fracture.", "maisonneuve_fracture"),
    ("Lisfranc injury.", "lisfranc_injury"),
    ("Bankart lesion.", "bankart_lesion"),
    ("OCD of the talus.", "osteochondral_lesion"),
    ("Non-ossifying fibroma.", "nonossifying_fibroma"),
    ("NOF fracture.", "femoral_neck_fracture"),
    ("Trochlear dysplasia.", "trochlear_dysplasia"),
    ("Iliotibial band syndrome.", "iliotibial_band_syndrome"),
    ("Turf toe.", "turf_toe"),
    ("Gas in the joint.", "joint_gas"),
    ("AC joint arthrosis.", "acromioclavicular_osteoarthritis"),
    ("Swan-neck deformity.", "swan_neck_deformity"),
]
HEAD_AND_SPINE = [
    ("Paracentral protrusion.", "disc_protrusion"),
    ("Foraminal protrusion at L4-L5.", "disc_protrusion"),
    ("Central extrusion.", "disc_extrusion"),
    ("Right paracentral disc extrusion.", "disc_extrusion"),
    ("Nerve root impingement.", "nerve_root_compression"),
    ("Microbleeds.", "cerebral_microhemorrhage"),
    ("Dawson's fingers.", "demyelination"),
    ("Effacement of the lateral ventricle.", "ventricular_effacement"),
    ("Effacement of the right lateral ventricle.", "ventricular_effacement"),
    ("Effacement of the sulci.", "sulcal_effacement"),
]
ABDOMEN = [
    ("Coarse liver.", "coarse_liver"),
    ("The liver is coarse.", "coarse_liver"),
    ("Closed loop obstruction.", "closed_loop_obstruction"),
    ("Meckel's diverticulum.", "meckel_diverticulum"),
    ("Extrarenal pelvis.", "extrarenal_pelvis"),
    ("Renal cortical scarring.", "renal_scarring"),
    ("Autosplenectomy.", "autosplenectomy"),
    ("Phrygian cap.", "phrygian_cap"),
    ("Renal AML.", "angiomyolipoma"),
    ("Bladder wall thickening.", "bladder_wall_thickening"),
    ("Foetal cardiac activity.", "cardiac_activity"),
    ("Intrauterine gestational sac.", "gestational_sac"),
]
ALL = [*CANCER, *DEVICES, *PROCEDURES, *CHEST, *LIMBS, *HEAD_AND_SPINE, *ABDOMEN]


@pytest.mark.parametrize(("text", "concept"), ALL)
def test_a_sentence_names_the_concept(text: str, concept: str) -> None:
    assert concept in entities(text)


@pytest.mark.parametrize(
    ("child", "broader"),
    [
        ("lung_cancer", "malignancy"),
        ("lymphoma", "malignancy"),
        ("esophageal_cancer", "esophageal_abnormality"),
        ("crazy_paving", "opacity"),
        ("air_trapping", "hyperinflation"),
        ("usual_interstitial_pneumonia", "fibrosis"),
        ("ground_glass_nodule", "nodule"),
        ("pneumocystis_pneumonia", "pneumonia"),
        ("deep_sulcus_sign", "pneumothorax"),
        ("chylothorax", "pleural_effusion"),
        ("hangman_fracture", "vertebral_fracture"),
        ("maisonneuve_fracture", "fracture"),
        ("nodular_liver_contour", "cirrhosis"),
        ("interbody_spacer", "spinal_hardware"),
    ],
)
def test_the_parent_is_what_a_reader_expects(child: str, broader: str) -> None:
    assert load_vocabulary().is_a(child, broader)


@pytest.mark.parametrize(
    "id", ["hardware_fracture", "angulation", "bone_shortening", "articular_step_off", "diastasis"]
)
def test_what_is_no_broken_bone_counts_as_no_fracture(id: str) -> None:
    assert not load_vocabulary().is_a(id, "fracture")


def test_small_of_small_airways_is_no_extent() -> None:
    assert entities("Small airways disease.")["small_airways_disease"].severity is None


@pytest.mark.parametrize(("text", "side"), [("RIJ line.", "right"), ("LIJ catheter.", "left")])
def test_an_abbreviated_line_says_its_side(text: str, side: str) -> None:
    assert entities(text)["central_venous_catheter"].side == side


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("Follow-up with the PCP.", "pneumocystis_pneumonia"),
        ("DIP joint space narrowing.", "smoking_related_lung_disease"),
        ("Catheter tips in the SVC.", "tips"),
        ("Swan-neck deformity.", "pulmonary_artery_catheter"),
        ("History of AML.", "angiomyolipoma"),
        ("Right IJ is patent.", "central_venous_catheter"),
        ("NOF is intact.", "nonossifying_fibroma"),
        ("MAC infection.", "mitral_annular_calcification"),
    ],
)
def test_an_abbreviation_of_two_meanings_names_neither(text: str, unwanted: str) -> None:
    assert unwanted not in entities(text)
