"""The assertion policy, sentence by sentence."""

from __future__ import annotations

import pytest

from radnlp.schema.entity import Entity, EntityKind
from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()
P, A, U, H = "present", "absent", "uncertain", "hypothetical"

POLICY = [
    # plain
    ("Small left pleural effusion.", {"pleural_effusion": P}),
    ("There is a right lower lobe consolidation.", {"consolidation": P}),
    # negation before
    ("No pneumothorax.", {"pneumothorax": A}),
    ("Without evidence of pneumonia.", {"pneumonia": A}),
    ("Negative for pneumonia.", {"pneumonia": A}),
    ("The film does not demonstrate a fracture.", {"fracture": A}),
    ("No definite pneumothorax.", {"pneumothorax": A}),
    ("No new consolidation.", {"consolidation": A}),
    ("Lungs are clear of nodule or effusion.", {"nodule": A, "pleural_effusion": A}),
    # what an examination looked for, and what it shows
    ("Evaluation of the lung bases for effusion is limited.", {"pleural_effusion": H}),
    ("Assessment of the ribs for fracture or mass was suboptimal.", {"fracture": H, "mass": H}),
    (
        "Evaluation of the apices for pneumothorax is limited by the chin, small effusion.",
        {"pneumothorax": H, "pleural_effusion": P},
    ),
    (
        "Evaluation for pneumothorax is somewhat limited, bilateral effusions.",
        {"pneumothorax": H, "pleural_effusion": P},
    ),
    ("Evaluate for fracture, obscured nodule, mass.", {"fracture": H, "nodule": H, "mass": H}),
    ("Evaluation of the chest shows a nodule; limited for mass.", {"nodule": P, "mass": H}),
    ("Evaluation for pneumonia shows a nodule.", {"pneumonia": H, "nodule": P}),
    ("CT to exclude pneumonia demonstrates no effusion.", {"pneumonia": H, "pleural_effusion": A}),
    ("Evaluate for a nodule that has calcification.", {"nodule": H, "calcification": H}),
    ("If CT shows pneumonia, treat.", {"pneumonia": H}),
    # lists
    ("No effusion, nodule, or mass.", {"pleural_effusion": A, "nodule": A, "mass": A}),
    ("No effusion, nodule or mass.", {"pleural_effusion": A, "nodule": A, "mass": A}),
    ("No effusion, nodule, mass.", {"pleural_effusion": A, "nodule": A, "mass": A}),
    ("No effusion and no mass.", {"pleural_effusion": A, "mass": A}),
    ("Neither effusion nor mass.", {"pleural_effusion": A, "mass": A}),
    ("Neither an effusion nor a mass is present.", {"pleural_effusion": A, "mass": A}),
    # negation after
    ("Effusion, nodule and mass are absent.", {"pleural_effusion": A, "nodule": A, "mass": A}),
    ("Effusion or mass is not seen.", {"pleural_effusion": A, "mass": A}),
    ("Pneumothorax is not identified.", {"pneumothorax": A}),
    ("Pneumonia has been ruled out.", {"pneumonia": A}),
    ("Pneumothorax: none.", {"pneumothorax": A}),
    ("Pneumothorax: No.", {"pneumothorax": A}),
    ("Pneumothorax: none. Effusion: small.", {"pneumothorax": A, "pleural_effusion": P}),
    # scope ends
    ("No mass, but there is an effusion.", {"mass": A, "pleural_effusion": P}),
    ("No mass; small effusion.", {"mass": A, "pleural_effusion": P}),
    ("No mass, small effusion.", {"mass": A, "pleural_effusion": P}),
    ("No mass. However, an effusion is seen.", {"mass": A, "pleural_effusion": P}),
    ("No mass except for a small nodule.", {"mass": A, "nodule": P}),
    ("Except for a small nodule, no mass.", {"mass": A, "nodule": P}),
    ("Apart from an effusion, no mass is seen.", {"mass": A, "pleural_effusion": P}),
    ("No mass with stable effusion.", {"mass": A, "pleural_effusion": P}),
    ("No mass and stable effusion.", {"mass": A, "pleural_effusion": P}),
    ("There is no mass and the heart is enlarged.", {"mass": A, "cardiomegaly": P}),
    ("Cardiomegaly without effusion.", {"cardiomegaly": P, "pleural_effusion": A}),
    ("No pneumothorax after chest tube placement.", {"pneumothorax": A, "chest_tube": P}),
    # pseudo-negation
    ("No change in the effusion.", {"pleural_effusion": P}),
    ("No significant interval change in the left effusion.", {"pleural_effusion": P}),
    ("The effusion is not significantly changed.", {"pleural_effusion": P}),
    ("No increase in the effusion.", {"pleural_effusion": P}),
    ("Pneumonia has not resolved.", {"pneumonia": P}),
    # hedges
    ("Pneumonia cannot be excluded.", {"pneumonia": U}),
    ("Pneumonia cannot entirely be excluded.", {"pneumonia": U}),
    ("Pneumonia is not excluded.", {"pneumonia": U}),
    ("Cannot exclude pneumonia.", {"pneumonia": U}),
    ("It is difficult to exclude a small effusion.", {"pleural_effusion": U}),
    ("A small effusion is difficult to exclude.", {"pleural_effusion": U}),
    ("Possible nodule.", {"nodule": U}),
    ("Question of a nodule.", {"nodule": U}),
    ("Pneumonia?", {"pneumonia": U}),
    ("?pneumonia", {"pneumonia": U}),
    ("Opacity may represent pneumonia.", {"opacity": P, "pneumonia": U}),
    ("Opacity suspicious for pneumonia.", {"opacity": P, "pneumonia": U}),
    ("Opacity suggests pneumonia.", {"opacity": P, "pneumonia": U}),
    ("Consolidation consistent with pneumonia.", {"consolidation": P, "pneumonia": U}),
    ("Opacity, likely atelectasis.", {"opacity": P, "atelectasis": U}),
    ("A small effusion is possible.", {"pleural_effusion": U}),
    ("Pneumonia is less likely.", {"pneumonia": U}),
    ("No mass is seen, although a small nodule cannot be excluded.", {"mass": A, "nodule": U}),
    # differentials
    ("Atelectasis versus pneumonia.", {"atelectasis": U, "pneumonia": U}),
    ("Atelectasis or pneumonia.", {"atelectasis": U, "pneumonia": U}),
    ("May represent edema, mass, or cyst.", {"edema": U, "mass": U, "cyst": U}),
    ("Favor atelectasis over pneumonia.", {"atelectasis": U, "pneumonia": U}),
    ("Atelectasis is favored over pneumonia.", {"atelectasis": U, "pneumonia": U}),
    # negation is stronger than a hedge in its reach
    ("No opacity to suggest pneumonia.", {"opacity": A, "pneumonia": A}),
    ("No findings suspicious for pneumonia.", {"pneumonia": A}),
    ("No effusion, possible atelectasis.", {"pleural_effusion": A, "atelectasis": U}),
    # only looked for
    ("Rule out pneumonia.", {"pneumonia": H}),
    ("Evaluate for pneumothorax.", {"pneumothorax": H}),
    ("Recommend CT to exclude a mass.", {"mass": H}),
    ("Consider CT to evaluate for pulmonary embolism.", {"pulmonary_embolism": H}),
    ("If clinical concern for fracture, obtain rib views.", {"fracture": H}),
    ("A small effusion could be obscured.", {"pleural_effusion": H}),
    ("Limited evaluation for nodules.", {"nodule": H}),
    ("Atelectasis may obscure a small nodule.", {"atelectasis": P, "nodule": H}),
    # organs
    ("Heart size is normal.", {"cardiomegaly": A}),
    ("Normal heart size.", {"cardiomegaly": A}),
    ("The heart is not enlarged.", {"cardiomegaly": A}),
    ("The heart is mildly enlarged.", {"cardiomegaly": P}),
    ("Borderline heart size.", {"cardiomegaly": U}),
    ("Heart size is at the upper limits of normal.", {"cardiomegaly": A}),
    ("Lungs are clear.", {"opacity": A}),
    ("The lungs are not clear.", {}),
    ("Heart and lungs are normal.", {"cardiomegaly": A, "opacity": A}),
    ("Normal heart, lungs and hila.", {"cardiomegaly": A, "opacity": A, "hilar_enlargement": A}),
    ("Heart size is normal and lungs are clear.", {"cardiomegaly": A, "opacity": A}),
    ("Lungs: Clear. Heart: Normal.", {"opacity": A, "cardiomegaly": A}),
    ("Normal hila and mediastinum.", {"hilar_enlargement": A, "enlarged_cardiomediastinum": A}),
    ("The costophrenic angles are sharp.", {"costophrenic_blunting": A}),
    ("Bones are intact.", {"fracture": A}),
    # gone
    ("The effusion has resolved.", {"pleural_effusion": A}),
    ("Interval resolution of the effusion.", {"pleural_effusion": A}),
    ("The pneumothorax is no longer seen.", {"pneumothorax": A}),
    ("The chest tube has been removed.", {"chest_tube": A}),
    ("Interval removal of the chest tube.", {"chest_tube": A}),
    ("Port and chest tube have been removed.", {"port": A, "chest_tube": A}),
    ("The effusion has nearly resolved.", {"pleural_effusion": P}),
    ("Resolving pneumonia.", {"pneumonia": P}),
    ("The endotracheal tube has been withdrawn 2 cm.", {"endotracheal_tube": P}),
    ("The abscess has completely regressed.", {"abscess": A}),
    ("Near-complete resolution of the pneumonia.", {"pneumonia": P}),
    # more ways to say the same
    ("A rib fracture could not be found.", {"rib_fracture": A}),
    ("Pneumothorax is nowhere to be seen.", {"pneumothorax": A}),
    ("The examination is negative for pneumonia.", {"pneumonia": A}),
    ("A small fracture is impossible to exclude.", {"fracture": U}),
    ("The differential includes edema, atelectasis, and pneumonia.",
     {"edema": U, "atelectasis": U, "pneumonia": U}),
    ("The differential is between a cyst and an abscess.", {"cyst": U, "abscess": U}),
    ("Opacity could be due to pneumonia or, less likely, a mass.",
     {"opacity": P, "pneumonia": U, "mass": U}),
    ("Findings favor pneumonia rather than edema.", {"pneumonia": U, "edema": U}),
    ("Should pneumonia be a concern, obtain a lateral view.", {"pneumonia": H}),
    ("When fracture is suspected, CT should follow.", {"fracture": H}),
    ("If pneumonia is suspected, repeat the film.", {"pneumonia": H}),
    ("Follow up to make sure that there is no mass.", {"mass": H}),
    ("Portable technique limits the detection of nodules.", {"nodule": H}),
    ("Fractures: No acute fracture.", {"fracture": A}),
    # organs beyond the chest
    ("The liver is normal in size.", {"hepatomegaly": A}),
    ("The spleen is of normal size.", {"splenomegaly": A}),
    ("The menisci are intact.", {"meniscal_tear": A}),
    ("Normal appendix.", {"appendicitis": A}),
    ("The common bile duct is not dilated.", {"biliary_dilatation": A}),
    ("The portal vein is patent.", {"portal_vein_thrombosis": A}),
    # de-identified words
    ("There are no XXXX of a pleural effusion.", {"pleural_effusion": A}),
    ("No ___ pneumothorax.", {"pneumothorax": A}),
]  # fmt: skip


def named(text: str) -> list[Entity]:
    kinds = (EntityKind.FINDING, EntityKind.DEVICE)
    return [entity for entity in STAGE(Report(text=text)).entities if entity.kind in kinds]


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("A pneumonia superimposed on emphysema would be a consideration.", "uncertain"),
        ("A pneumothorax related to the biopsy cannot be excluded.", "uncertain"),
        ("Opacities represent scarring.", "present"),
        ("A nodule was present previously but not now.", "absent"),
    ],
)
def test_what_a_finding_lies_on_or_comes_from_does_not_part_it_from_its_cue(
    text: str, assertion: str
) -> None:
    assert STAGE(Report(text=text)).entities[0].assertion == assertion


@pytest.mark.parametrize(("text", "wanted"), POLICY, ids=[text for text, _ in POLICY])
def test_a_sentence_asserts_what_the_policy_says(text: str, wanted: dict[str, str]) -> None:
    assert {entity.concept: str(entity.assertion) for entity in named(text)} == wanted


@pytest.mark.parametrize(("text", "wanted"), POLICY, ids=[text for text, _ in POLICY])
def test_every_assertion_but_plain_presence_has_a_cue(text: str, wanted: dict[str, str]) -> None:
    for entity in named(text):
        assert (entity.cue is None) == (entity.assertion == P)


def test_a_cue_shows_the_words_that_decided() -> None:
    text = "Small effusion. No evidence of pneumonia."
    (_, pneumonia) = named(text)
    assert pneumonia.cue is not None
    assert pneumonia.cue.span.of(text) == "No evidence of"
    assert pneumonia.cue.rule == "negation.before"


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("INDICATION: Pneumonia.", H),
        ("REASON FOR EXAM: evaluate for pneumonia", H),
        ("RECOMMENDATION: CT for the nodule.", H),
        ("HISTORY: ?pneumonia", H),
        ("INDICATION: Concern for pneumonia.", H),
        ("FINDINGS: Pneumonia.", P),
    ],
)
def test_a_section_that_asks_makes_a_plain_mention_hypothetical(text: str, assertion: str) -> None:
    (entity,) = named(text)
    assert entity.assertion == assertion


@pytest.mark.parametrize(
    ("text", "past"),
    [
        ("History of pneumonia.", True),
        ("HISTORY: Pneumonia.", True),
        ("COMPARISON: Pneumonia in May.", True),
        ("Previous pneumonia.", True),
        ("Evidence of prior granulomatous disease.", False),
        ("Old healed rib fracture.", False),
        ("Status post sternotomy. Effusion.", False),
        ("Pneumonia two years ago.", True),
        ("Pneumonia treated in 2012.", True),
        ("Larger effusion than two years ago.", False),
        ("Film of 2 May with an effusion.", False),
        ("Compared to the prior exam, effusion is larger.", False),
        ("The previously seen effusion is unchanged.", False),
    ],
)
def test_only_what_is_said_of_the_past_is_historical(text: str, past: bool) -> None:
    assert {entity.temporality == "historical" for entity in named(text)} == {past}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Opacity which may represent pneumonia.", "hedge.may"),
        ("Opacity, which could be due to pneumonia.", "hedge.may"),
        ("Opacity representing pneumonia.", "hedge.consistent"),
    ],
)
def test_a_weak_hedge_is_told_from_a_strong_one(text: str, rule: str) -> None:
    cues = [e.cue.rule for e in STAGE(Report(text=text)).entities if e.cue]
    assert cues == [rule]


@pytest.mark.parametrize(
    ("text", "assertions"),
    [
        ("A loculated pleural effusion on the left is not seen.", ["absent", "absent"]),
        ("Loculated pleural effusion is not excluded.", ["uncertain", "uncertain"]),
        ("Loculated pleural effusion is seen.", ["present", "present"]),
        ("Malignant pleural effusion cannot be excluded.", ["uncertain", "uncertain"]),
        ("In the collapsed left lower lobe no nodule is seen.", ["present", "absent"]),
    ],
)
def test_an_adjective_is_claimed_as_its_noun_is(text: str, assertions: list[str]) -> None:
    found = RuleText()(Report(text=text)).entities
    assert [str(one.assertion) for one in found if one.kind == "finding"] == assertions
