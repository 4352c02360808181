"""Every rule fires on its own example and stays silent on its counter-example."""

from __future__ import annotations

import pytest

from radnlp.schema.entity import Assertion, Change, Entity, Severity, Side, Subject, Temporality
from radnlp.schema.text import Report
from radnlp.text import RuleText
from radnlp.text.lexicon import load_lexicon
from radnlp.text.rulebook import ChangeRule, CueRule, load_rulebook

RULES = load_rulebook()
STAGE = RuleText()
ORGANS = [
    (organ, quality, meaning)
    for organ, table in RULES.organs["organ"].items()
    for quality, meaning in table.items()
]


def entities(text: str) -> tuple[Entity, ...]:
    return STAGE(Report(text=text)).entities


def cues(text: str) -> set[str]:
    return {entity.cue.rule for entity in entities(text) if entity.cue}


def changes(text: str) -> set[Change | None]:
    return {entity.change for entity in entities(text)}


def is_past(text: str) -> bool:
    return any(entity.temporality is Temporality.HISTORICAL for entity in entities(text))


@pytest.mark.parametrize("rule", [r for r in RULES.cues if r.means], ids=lambda rule: rule.id)
def test_a_cue_rule_decides_its_example_and_not_its_counter_example(rule: CueRule) -> None:
    assert rule.id in cues(rule.fires)
    assert rule.id not in cues(rule.silent)


@pytest.mark.parametrize("rule", [r for r in RULES.cues if not r.means], ids=lambda rule: rule.id)
def test_a_pseudo_cue_denies_nothing(rule: CueRule) -> None:
    assert all(entity.assertion is not Assertion.ABSENT for entity in entities(rule.fires))
    assert any(entity.assertion is Assertion.ABSENT for entity in entities(rule.silent))


@pytest.mark.parametrize("rule", RULES.changes, ids=lambda rule: rule.id)
def test_a_change_rule_marks_its_example_and_not_its_counter_example(rule: ChangeRule) -> None:
    assert (rule.change or Change.STABLE) in changes(rule.fires)
    assert changes(rule.silent) == {None}


@pytest.mark.parametrize("name", ["historical", "prior", "in_the_past"])
def test_a_rule_of_the_past_marks_its_example_and_not_its_counter_example(name: str) -> None:
    assert is_past(RULES.attributes[name]["fires"])
    assert not is_past(RULES.attributes[name]["silent"])


def test_naming_the_earlier_study_puts_no_finding_into_the_past() -> None:
    assert not is_past(RULES.attributes["earlier_study"]["fires"])
    assert is_past(RULES.attributes["earlier_study"]["silent"])


def test_a_relative_makes_the_subject_somebody_else() -> None:
    rule = RULES.attributes["other_subject"]
    assert {entity.subject for entity in entities(rule["fires"])} == {Subject.OTHER}
    assert {entity.subject for entity in entities(rule["silent"])} == {Subject.PATIENT}


@pytest.mark.parametrize("side", list(Side))
def test_every_word_for_a_side_sets_it(side: Side) -> None:
    for phrase in RULES.attributes["side"][side]:
        assert entities(f"{phrase} effusion")[-1].side is side, phrase


@pytest.mark.parametrize("severity", list(Severity))
def test_every_word_for_an_extent_sets_it(severity: Severity) -> None:
    for phrase in RULES.attributes["severity"][severity]:
        assert entities(f"{phrase} effusion")[-1].severity is severity, phrase


@pytest.mark.parametrize(("organ", "quality", "meaning"), ORGANS)
def test_an_organ_statement_means_what_the_table_says(
    organ: str, quality: str, meaning: str | list[str]
) -> None:
    name = load_lexicon().vocabulary.get(organ).name
    phrase = RULES.organs["quality"][quality][0]
    found = {entity.concept: entity.assertion for entity in entities(f"The {name} is {phrase}.")}
    if isinstance(meaning, list):
        assert found == dict.fromkeys(meaning, Assertion.ABSENT)
    else:
        wanted = Assertion.UNCERTAIN if quality == "borderline" else Assertion.PRESENT
        assert found == {meaning: wanted}


@pytest.mark.parametrize("finding", sorted(RULES.organs["refine"]))
def test_a_refined_finding_is_in_the_vocabulary(finding: str) -> None:
    vocabulary = load_lexicon().vocabulary
    assert finding in vocabulary
    for place, narrower in RULES.organs["refine"][finding].items():
        assert place in vocabulary
        assert narrower in vocabulary


@pytest.mark.parametrize("scheme", sorted(RULES.label_sets))
def test_a_label_names_concepts_of_the_vocabulary(scheme: str) -> None:
    listed = {id for concepts in RULES.label_sets[scheme].values() for id in concepts}
    assert all(id in load_lexicon().vocabulary for id in listed)


@pytest.mark.parametrize(
    ("text", "concepts"),
    [
        ("Left lower lobe collapse.", {"atelectasis"}),
        ("The left lung is collapsed.", {"atelectasis"}),
        ("The gallbladder is collapsed.", {"gallbladder_distension"}),
        ("Collapsed bowel loops.", {"bowel_distension"}),
        ("The stomach is collapsed.", {"luminal_collapse"}),
        ("The IVC is collapsed.", {"luminal_collapse"}),
        ("L1 vertebral body collapse.", {"vertebral_fracture"}),
    ],
)
def test_what_is_collapsed_says_what_a_collapse_is(text: str, concepts: set[str]) -> None:
    found = RuleText()(Report(text=text)).entities
    assert {one.concept for one in found if one.kind == "finding"} == concepts
