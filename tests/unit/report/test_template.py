from __future__ import annotations

import pytest

from radnlp.report.phrases import load_phrases
from radnlp.report.plan import Claim, Statement
from radnlp.report.template import findings_of, impression_of, nothing_seen
from radnlp.schema import DraftSection, Severity, Side
from radnlp.vocabulary import load_vocabulary


def statement(concept: str, claim: Claim = Claim.PRESENT, id: str = "f0", **more) -> Statement:
    return Statement(concept=concept, claim=claim, evidence=(id,), **more)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (statement("cardiomegaly"), "Cardiomegaly."),
        (
            statement("pleural_effusion", side=Side.LEFT, severity=Severity.SMALL),
            "Small left pleural effusion.",
        ),
        (
            statement("opacity", Claim.POSSIBLE, side=Side.RIGHT, place="lower_zone"),
            "Possible right lower zone opacity.",
        ),
        (statement("endotracheal_tube", device=True), "Endotracheal tube in place."),
        (
            statement("endotracheal_tube", Claim.POSSIBLE, device=True),
            "Possible endotracheal tube.",
        ),
        (statement("pneumothorax", Claim.ABSENT), "No pneumothorax is seen."),
        (statement("cardiomegaly", Claim.ABSENT), "Heart size is normal."),
        (statement("a_plug_ins_finding"), "A plug ins finding."),
    ],
)
def test_a_statement_becomes_a_sentence(one: Statement, text: str) -> None:
    (sentence,) = findings_of([one])
    assert sentence.text == text
    assert sentence.evidence == ("f0",)
    assert sentence.provenance is not None


def test_what_is_denied_in_a_group_is_one_sentence_with_all_evidence() -> None:
    denied = [
        statement("mass", Claim.ABSENT, "f1"),
        statement("opacity", Claim.ABSENT, "f2"),
        statement("nodule", Claim.ABSENT, "f3"),
    ]
    (sentence,) = findings_of(denied)
    assert sentence.text == "No mass, opacity, or nodule is seen."
    assert sentence.evidence == ("f1", "f2", "f3")


def test_groups_do_not_share_a_sentence() -> None:
    denied = [statement("mass", Claim.ABSENT), statement("pneumothorax", Claim.ABSENT)]
    assert [one.text for one in findings_of(denied)] == [
        "No mass is seen.",
        "No pneumothorax is seen.",
    ]


def test_the_impression_has_the_sure_first_then_the_urgent_and_no_denials() -> None:
    said = [
        statement("cardiomegaly"),
        statement("pneumothorax", Claim.POSSIBLE),
        statement("pneumonia"),
        statement("mass", Claim.ABSENT),
        statement("endotracheal_tube", device=True),
    ]
    sentences = list(impression_of(said))
    assert [one.text for one in sentences] == [
        "Pneumonia.",
        "Cardiomegaly.",
        "Possible pneumothorax.",
    ]
    assert {one.section for one in sentences} == {DraftSection.IMPRESSION}


def test_a_film_without_findings_says_how_many_were_judged() -> None:
    sentence = nothing_seen(["f0", "f3"])
    assert sentence.text == "No finding is likely among the 2 judged."
    assert sentence.evidence == ("f0", "f3")


def test_every_concept_in_the_tables_is_in_the_vocabulary() -> None:
    phrases, vocabulary = load_phrases(), load_vocabulary()
    listed = {*phrases.urgency, *phrases.names, *phrases.absent, *phrases.places}
    listed |= {*phrases.regions.values()}.union(*phrases.groups.values(), *phrases.doubt)
    assert sorted(listed - {concept.id for concept in vocabulary}) == []
