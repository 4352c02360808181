"""Where a list ends, what its members share, and which statements organs are part of."""

from __future__ import annotations

import pytest

from radnlp.schema.entity import EntityKind
from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()
P, A, U = "present", "absent", "uncertain"


def said(text: str) -> list[tuple[str, str]]:
    named = STAGE(Report(text=text)).entities
    kinds = {EntityKind.FINDING, EntityKind.DEVICE, EntityKind.PROCEDURE}
    return [(e.concept, str(e.assertion)) for e in named if e.kind in kinds]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "No pneumothorax, old right rib fractures.",
            [("pneumothorax", A), ("rib_fracture", P)],
        ),
        ("No effusion, right PICC in good position.", [("pleural_effusion", A), ("picc", P)]),
        (
            "No hydronephrosis, 3 mm stone in the right kidney.",
            [("hydronephrosis", A), ("nephrolithiasis", P)],
        ),
        ("No abscess, status post appendectomy.", [("abscess", A), ("appendectomy", P)]),
        (
            "No consolidation, bilateral effusions.",
            [("consolidation", A), ("pleural_effusion", P)],
        ),
        ("No pneumothorax, left effusion.", [("pneumothorax", A), ("pleural_effusion", P)]),
        (
            "No effusion or pneumothorax, cardiomegaly noted.",
            [("pleural_effusion", A), ("pneumothorax", A), ("cardiomegaly", P)],
        ),
        (
            "No edema, effusion, or nodule, scoliosis is noted.",
            [("edema", A), ("pleural_effusion", A), ("nodule", A), ("scoliosis", P)],
        ),
        # Without an "or" that closes the list, or with another word, it may go on.
        (
            "No effusion, pneumothorax, cardiomegaly noted.",
            [("pleural_effusion", A), ("pneumothorax", A), ("cardiomegaly", A)],
        ),
        (
            "No effusion or pneumothorax, cardiomegaly seen.",
            [("pleural_effusion", A), ("pneumothorax", A), ("cardiomegaly", A)],
        ),
        (
            "No mass or nodule, effusion, pneumothorax noted.",
            [("mass", A), ("nodule", A), ("pleural_effusion", A), ("pneumothorax", A)],
        ),
        (
            "No effusion or edema, mass or nodule noted.",
            [("pleural_effusion", A), ("edema", A), ("mass", A), ("nodule", A)],
        ),
        (
            "No effusion, nodule, mass.",
            [("pleural_effusion", A), ("nodule", A), ("mass", A)],
        ),
        (
            "No acute fracture, old fracture or dislocation.",
            [("fracture", A), ("fracture", A), ("dislocation", A)],
        ),
        ("No pneumothorax and old rib fractures.", [("pneumothorax", A), ("rib_fracture", P)]),
        (
            "No evidence of acute and chronic infarct.",
            [("acute_infarct", A), ("chronic_infarct", A)],
        ),
        ("No hydronephrosis and 3 mm stone.", [("hydronephrosis", A), ("stone", P)]),
        ("No effusion and new opacity.", [("pleural_effusion", A), ("opacity", P)]),
        (
            "No edema, effusion, and chronic scarring.",
            [("edema", A), ("pleural_effusion", A), ("scarring", P)],
        ),
        ("No acute and chronic hemorrhage.", [("hemorrhage", A)]),
        ("No nodule and mass over 1 cm.", [("nodule", A), ("mass", A)]),
        ("DDx: pneumonia, aspiration.", [("pneumonia", U), ("aspiration", U)]),
    ],
)
def test_a_negated_list_ends_where_a_statement_of_its_own_begins(
    text: str, wanted: list[tuple[str, str]]
) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "No mediastinal, hilar, or axillary lymphadenopathy.",
            ["lymphadenopathy", "lymphadenopathy", "axillary_lymphadenopathy"],
        ),
        (
            "Renal, ureteral and bladder calculi.",
            ["nephrolithiasis", "ureteral_calculus", "bladder_calculus"],
        ),
        (
            "No rib, clavicle, or scapular fracture.",
            ["rib_fracture", "clavicle_fracture", "scapular_fracture"],
        ),
        ("Pleural and pericardial effusions.", ["pleural_effusion", "pericardial_effusion"]),
        ("No free air, free fluid.", ["free_air", "free_fluid"]),
        ("Nodule in the lungs or pleural effusion.", ["nodule", "pleural_effusion"]),
    ],
)
def test_members_of_a_list_share_its_last_words(text: str, wanted: list[str]) -> None:
    assert [concept for concept, _ in said(text)] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Unremarkable liver, spleen, pancreas and otherthing.",
            [("liver_abnormality", A), ("splenic_abnormality", A), ("pancreatic_abnormality", A)],
        ),
        ("Conus terminates at L1 and is normal.", [("cord_signal_abnormality", A)]),
    ],
)
def test_a_normal_statement_is_of_its_organs_only(text: str, wanted: list[tuple[str, str]]) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "assertion", "change"),
    [
        ("Hypodensity too small to characterize.", P, None),
        ("Nil effusion.", A, None),
        ("CT fails to reveal a fracture.", A, None),
        ("Non-visualization of the left pneumothorax.", A, None),
        ("No longer seen is the right effusion.", A, "resolved"),
        ("Not well seen is a possible nodule.", U, None),
        ("Nodule which was not present previously.", P, "new"),
        ("No follow-up is required for this simple cyst.", P, None),
        ("Indeterminate 1.4 cm adrenal nodule.", P, None),
        ("Liver lesion is 22 mm vs 18 mm before.", P, None),
        ("The fracture is probably chronic.", P, None),
        ("Known glioblastoma, ?progression.", P, "worse"),
        ("Pneumonia?", U, None),
        ("Fracture? No.", A, None),
        ("Fracture? None", A, None),
        ("Fracture? Yes.", P, None),
        ("Fracture? No dislocation.", U, None),
        ("Effusion (-), nodule (+).", A, None),
        ("Effusion (left).", P, None),
        ("Questionable old left third and fourth rib fractures.", U, None),
        ("Possibly healing or old fractures.", U, None),
        ("No third and fourth rib fractures.", A, None),
        ("Heart size is upper limits normal or mildly enlarged.", U, None),
        ("? pneumonia", U, None),
        ("Swan-Ganz catheter has been pulled back.", P, None),
        ("The PICC has been withdrawn 2 cm.", P, None),
        ("The PICC has been withdrawn.", A, "removed"),
        ("The PICC has been exchanged for a left subclavian line.", A, "removed"),
    ],
)
def test_a_cue_speaks_of_what_it_is_about(text: str, assertion: str, change: str | None) -> None:
    first = next(e for e in STAGE(Report(text=text)).entities if e.kind != EntityKind.MEASUREMENT)
    assert (first.assertion, first.change) == (assertion, change)


def test_what_an_earlier_study_showed_is_historical() -> None:
    first = STAGE(Report(text="On the prior study there was a small pneumothorax.")).entities[0]
    assert first.temporality == "historical"


def test_only_what_can_be_taken_out_is_removed() -> None:
    text = "Interval removal of the chest tube with no reaccumulation of pneumothorax."
    changes = [(e.concept, e.change) for e in STAGE(Report(text=text)).entities]
    assert changes == [("chest_tube", "removed"), ("pneumothorax", None)]
