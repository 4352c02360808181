from __future__ import annotations

from dataclasses import replace

import pytest

from radnlp.report.plan import Claim, PlanOptions, Statement
from radnlp.report.template import findings_of
from radnlp.report.verify import Verified, verify
from radnlp.schema import Assertion, DraftSection, EntityKind, Sentence, Severity, Side

IMAGE_CONCEPTS = (
    "opacity", "atelectasis", "cardiomegaly", "edema", "infiltrate", "mass", "nodule",
    "pleural_effusion", "pneumonia", "pneumothorax", "tuberculosis", "consolidation",
    "pleural_thickening", "fibrosis", "emphysema",
)  # fmt: skip


@pytest.fixture
def check(read, zones):
    """Verify one sentence against evidence."""

    def make(text: str, *evidence, regions: tuple[str, ...] = ()) -> Verified:
        known = {one.id: one for one in (*evidence, *zones)}
        sentence = Sentence(
            text=text,
            section=DraftSection.FINDINGS,
            evidence=(*(one.id for one in evidence), *regions),
        )
        return verify([sentence], known, read, PlanOptions())

    return make


@pytest.mark.parametrize(
    "text",
    [
        "Left pleural effusion.",
        "Pleural effusion.",
        "Possible left pleural effusion.",
    ],
)
def test_a_sentence_that_says_no_more_than_its_evidence_is_kept(check, mention, text) -> None:
    assert check(text, mention("pleural_effusion", side=Side.LEFT)).dropped == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Right pleural effusion.", "moved"),
        ("Bilateral pleural effusions.", "doubled"),
        ("No pleural effusion.", "denied"),
        ("Left pleural effusion and pneumothorax.", "added"),
        ("Large left pleural effusion.", "enlarged"),
        ("Left pleural effusion has increased.", "compared"),
        ("Left empyema.", "narrowed"),
        ("The patient is comfortable.", "unread"),
    ],
)
def test_a_sentence_that_says_more_is_dropped_with_a_reason(check, mention, text, what) -> None:
    result = check(text, mention("pleural_effusion", side=Side.LEFT))
    assert result.kept == (), what
    assert [one.sentence.text for one in result.dropped] == [text]
    assert result.dropped[0].reason


def test_a_hedged_image_finding_does_not_carry_plain_presence(check, finding) -> None:
    half = finding("pneumonia", 0.5)
    assert check("Pneumonia.", half).kept == ()
    assert check("Possible pneumonia.", half).dropped == ()


def test_a_sure_image_finding_carries_plain_presence(check, finding) -> None:
    assert check("Pneumonia.", finding("pneumonia", 0.95)).dropped == ()


def test_the_side_of_an_image_finding_is_that_of_its_zone(check, finding) -> None:
    seen = finding("opacity", 0.95)
    assert check("Left lower zone opacity.", seen, regions=("g5",)).dropped == ()
    assert check("Right lower zone opacity.", seen, regions=("g5",)).kept == ()
    assert check("Left upper zone opacity.", seen, regions=("g5",)).kept == ()
    assert check("Left opacity.", seen).kept == ()


def test_a_denial_needs_a_judged_and_negative_finding(check, finding) -> None:
    assert check("No pneumothorax is seen.", finding("pneumothorax", 0.02)).dropped == ()
    assert check("No pneumothorax is seen.", finding("pneumothorax", 0.5)).kept == ()
    assert check("No pneumothorax is seen.", finding("pneumothorax", None)).kept == ()


def test_a_broader_denial_carries_a_narrower_one_but_not_the_other_way(check, finding) -> None:
    assert check("No consolidation.", finding("opacity", 0.02)).dropped == ()
    assert check("No opacity.", finding("consolidation", 0.02)).kept == ()


def test_a_denial_of_one_side_does_not_deny_the_whole(check, mention) -> None:
    left = mention("pneumothorax", assertion=Assertion.ABSENT, side=Side.LEFT)
    assert check("No pneumothorax is seen.", left).kept == ()
    assert check("No left pneumothorax.", left).dropped == ()


def test_evidence_that_does_not_exist_carries_nothing(read) -> None:
    sentence = Sentence(text="Pneumonia.", section=DraftSection.FINDINGS, evidence=("f7",))
    assert verify([sentence], {}, read, PlanOptions()).kept == ()


@pytest.mark.parametrize("concept", IMAGE_CONCEPTS)
@pytest.mark.parametrize("claim", list(Claim))
def test_every_template_sentence_reads_back_as_it_is_meant(
    read, mention, concept: str, claim: Claim
) -> None:
    assertion = {
        Claim.PRESENT: Assertion.PRESENT,
        Claim.POSSIBLE: Assertion.UNCERTAIN,
        Claim.ABSENT: Assertion.ABSENT,
    }[claim]
    (sentence,) = findings_of([Statement(concept=concept, claim=claim, evidence=("e0",))])
    said = [one for one in read_entities(read, sentence) if one.concept == concept]
    assert [one.assertion for one in said] == [assertion]
    known = {"e0": mention(concept, assertion=assertion)}
    assert verify([sentence], known, read, PlanOptions()).dropped == ()


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT, Side.BILATERAL])
@pytest.mark.parametrize(
    "place",
    ["upper_zone", "mid_zone", "lower_zone", "upper_lobe", "lower_lobe", "lung_apex", "lung_base",
     "perihilar", "hilum", "retrocardiac"],
)  # fmt: skip
def test_every_place_reads_back_as_it_is_meant(read, mention, side: Side, place: str) -> None:
    statement = Statement(
        concept="opacity",
        claim=Claim.PRESENT,
        evidence=("e0",),
        side=side,
        place=place,
        severity=Severity.MILD,
    )
    (sentence,) = findings_of([statement])
    (said,) = read_entities(read, sentence)
    assert (said.concept, said.side, said.severity) == ("opacity", side, Severity.MILD)
    assert place in said.locations
    known = {"e0": mention("opacity", side=side, locations=(place,), severity=Severity.MILD)}
    assert verify([sentence], known, read, PlanOptions()).dropped == ()
    moved = {"e0": replace(known["e0"], locations=("middle_lobe",))}
    assert verify([sentence], moved, read, PlanOptions()).kept == ()


@pytest.mark.parametrize("concept", ["endotracheal_tube", "picc", "pacemaker", "chest_tube"])
def test_a_device_in_place_reads_back_as_present(read, mention, concept: str) -> None:
    (sentence,) = findings_of(
        [Statement(concept=concept, claim=Claim.PRESENT, evidence=("e0",), device=True)]
    )
    known = {"e0": mention(concept, kind=EntityKind.DEVICE)}
    assert verify([sentence], known, read, PlanOptions()).dropped == ()


def read_entities(read, sentence: Sentence):
    from radnlp.schema import Report

    kinds = (EntityKind.FINDING, EntityKind.DEVICE)
    return [one for one in read(Report(text=sentence.text)).entities if one.kind in kinds]
