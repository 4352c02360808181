from __future__ import annotations

import pytest

from radnlp.report.phrases import load_phrases
from radnlp.report.statement import Claim, Statement
from radnlp.report.style import Form, Style
from radnlp.report.template import findings_of, impression_of, nothing_seen
from radnlp.schema import Change, Critical, DraftSection, Severity, Side
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
    ((sentence, says),) = findings_of([one])
    assert says == (one,)
    assert sentence.text == text
    assert sentence.evidence == ("f0",)
    assert sentence.provenance is not None


def test_what_is_denied_in_a_group_is_one_sentence_with_all_evidence() -> None:
    denied = [
        statement("mass", Claim.ABSENT, "f1"),
        statement("opacity", Claim.ABSENT, "f2"),
        statement("nodule", Claim.ABSENT, "f3"),
    ]
    ((sentence, says),) = findings_of(denied)
    assert says == tuple(denied)
    assert sentence.text == "No mass, opacity, or nodule is seen."
    assert sentence.evidence == ("f1", "f2", "f3")


def test_groups_do_not_share_a_sentence() -> None:
    denied = [statement("mass", Claim.ABSENT), statement("pneumothorax", Claim.ABSENT)]
    assert [one.sentence.text for one in findings_of(denied)] == [
        "No mass is seen.",
        "No pneumothorax is seen.",
    ]


def test_the_impression_has_the_critical_first_then_the_urgent_and_no_denials() -> None:
    said = [
        statement("cardiomegaly"),
        statement("pneumothorax", Claim.POSSIBLE),
        statement("pneumonia"),
        statement("mass", Claim.ABSENT),
        statement("endotracheal_tube", device=True),
    ]
    sentences = [one.sentence for one in impression_of(said)]
    assert [one.text for one in sentences] == [
        "Possible pneumothorax.",
        "Pneumonia.",
        "Cardiomegaly.",
    ]
    assert {one.section for one in sentences} == {DraftSection.IMPRESSION}


def test_a_film_without_findings_says_how_many_were_judged(finding) -> None:
    sentence = nothing_seen([finding("mass", 0.01), finding("nodule", 0.01, "f3")])
    assert sentence.text == "No finding is likely among the 2 judged."
    assert sentence.evidence == ("f0", "f3")


def test_every_concept_in_the_tables_is_in_the_vocabulary() -> None:
    phrases, vocabulary = load_phrases(), load_vocabulary()
    listed = {*phrases.urgency, *phrases.names, *phrases.absent, *phrases.places, *phrases.plural}
    listed |= {*phrases.critical, *phrases.not_critical, *phrases.misplaced_in, *phrases.misplaced}
    listed |= {place for places in phrases.misplaced_in.values() for place in places}
    listed |= {*phrases.regions.values()}.union(*phrases.groups.values(), *phrases.doubt)
    known = {concept.id for concept in vocabulary} | {"cardiothoracic_ratio"}
    assert sorted(listed - known) == []


def test_both_forms_have_every_template() -> None:
    sentences = load_phrases().sentences
    assert set(sentences) == set(Form)
    assert sentences["prose"].keys() == sentences["telegraphic"].keys()


def test_every_place_where_a_device_must_not_lie_has_a_word() -> None:
    phrases = load_phrases()
    listed = {place for places in phrases.misplaced_in.values() for place in places}
    assert listed == set(phrases.misplaced)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (
            statement("pleural_effusion", side=Side.LEFT, severity=Severity.SMALL),
            "Small left pleural effusion is present.",
        ),
        (statement("pneumonia", Claim.POSSIBLE), "Pneumonia is possible."),
        (statement("low_lung_volumes"), "Low lung volumes are present."),
        (statement("endotracheal_tube", device=True), "Endotracheal tube is in place."),
        (statement("pneumothorax", Claim.ABSENT), "There is no pneumothorax."),
        (
            statement("nodule", change=Change.NEW),
            "Nodule is present and new compared with the prior report.",
        ),
        (
            statement("nodule", Claim.ABSENT, change=Change.RESOLVED, side=Side.RIGHT),
            "The right nodule of the prior report is no longer seen.",
        ),
    ],
)
def test_prose_has_verbs(one: Statement, text: str) -> None:
    ((sentence, _),) = findings_of([one], Style(form=Form.PROSE))
    assert sentence.text == text


@pytest.mark.parametrize(
    ("view", "words"),
    [("PA", "on a PA film"), ("AP", "on an AP film, which overstates it"), (None, "unknown view")],
)
def test_the_cardiothoracic_ratio_comes_with_its_limits(view: str | None, words: str) -> None:
    one = statement("cardiothoracic_ratio", Claim.MEASURED, value=0.5249, view=view)
    ((sentence, _),) = findings_of([one])
    assert sentence.text.startswith("Cardiothoracic ratio 0.52, ")
    assert words in sentence.text
    assert "rotation changes it" in sentence.text


@pytest.mark.parametrize(
    ("one", "critical"),
    [
        (statement("pneumothorax"), Critical.PRESENT),
        (statement("pneumothorax", Claim.POSSIBLE), Critical.POSSIBLE),
        (statement("pneumothorax", Claim.ABSENT), None),
        (statement("nodule"), None),
        (statement("segmental_pulmonary_embolism"), Critical.PRESENT),
        (statement("chronic_pulmonary_embolism"), None),
        (statement("endotracheal_tube", device=True), None),
        (
            statement("endotracheal_tube", device=True, place="bronchus", side=Side.RIGHT),
            Critical.PRESENT,
        ),
    ],
)
def test_critical_findings_are_flagged_as_surely_as_they_are_stated(one, critical) -> None:
    assert [each.sentence.critical for each in findings_of([one])] == [critical]
    shown = [each.sentence.critical for each in impression_of([one])]
    assert critical is None or shown == [critical]


def test_a_misplaced_tube_is_said_with_its_place_and_leads_the_impression() -> None:
    tube = statement("endotracheal_tube", device=True, place="bronchus", side=Side.RIGHT)
    said = [one.sentence.text for one in impression_of([statement("mass"), tube])]
    assert said == ["Endotracheal tube in the right bronchus.", "Mass."]


def test_a_short_impression_keeps_every_critical_finding() -> None:
    said = [statement("mass"), statement("pneumothorax"), statement("free_air")]
    short = [one.sentence.text for one in impression_of(said, Style(impression_length=1))]
    assert short == ["Pneumothorax.", "Free air."]
    most = [one.sentence.text for one in impression_of(said[:1], Style(impression_length=1))]
    assert most == ["Mass."]
