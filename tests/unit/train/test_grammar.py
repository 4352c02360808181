"""Made sentences say exactly what is marked in them."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radnlp.schema import Assertion, EntityKind, Report
from radnlp.text import RuleText
from radnlp.train.grammar import Example, Grammar, is_held_out
from radnlp.vocabulary import load_vocabulary
from radnlp.vocabulary.spelling import split_words


def chance(seed: int) -> Random:
    """A source of chance that makes the same each time; no secret hangs on it."""
    return Random(seed)  # noqa: S311


GRAMMAR = Grammar()
HELD_OUT = Grammar(held_out=True)
FORMS = load_vocabulary().forms
NAMED = (EntityKind.FINDING, EntityKind.DEVICE)


@settings(deadline=None)  # the first example loads the lexicon
@given(st.integers(0, 10**9))
def test_a_marked_mention_is_a_spelling_of_its_concept(seed: int) -> None:
    example = GRAMMAR.sentence(chance(seed))
    for one in example.marked:
        form = FORMS.get(split_words(example.text[one.start : one.end]))
        assert form is not None
        # A spelling that two concepts share belongs to the first; the kind is the same.
        assert load_vocabulary().get(form.concept).kind in (one.kind, *NAMED)


@settings(deadline=None)  # the first example loads the lexicon
@given(st.integers(0, 10**9))
def test_mentions_stand_in_reading_order_and_do_not_overlap(seed: int) -> None:
    marked = GRAMMAR.sentence(chance(seed)).marked
    assert all(a.end <= b.start for a, b in pairwise(marked))


@settings(deadline=None)  # the first example loads the lexicon
@given(st.integers(0, 10**9))
def test_no_sentence_to_learn_from_names_a_held_out_term(seed: int) -> None:
    vocabulary = load_vocabulary()
    example = GRAMMAR.sentence(chance(seed))
    for one in example.marked:
        said = split_words(example.text[one.start : one.end])
        concept = vocabulary.get(one.concept)
        held = {split_words(term) for term in concept.terms if is_held_out(concept, term)}
        assert said not in held


def test_no_spelling_of_a_term_to_learn_from_is_a_held_out_term() -> None:
    draw = chance(0)
    spelled = {GRAMMAR.spelled("metastasis", draw) for _ in range(200)}
    assert "metastases" not in spelled
    assert "metastases" in {HELD_OUT.spelled("metastasis", draw) for _ in range(200)}


@settings(deadline=None)  # the first example loads the lexicon
@given(st.integers(0, 10**9))
def test_a_sentence_to_measure_on_names_held_out_terms_alone(seed: int) -> None:
    vocabulary = load_vocabulary()
    example = HELD_OUT.sentence(chance(seed))
    for one in example.marked:
        if one.kind in NAMED:
            concept = vocabulary.get(one.concept)
            assert any(is_held_out(concept, term) for term in concept.terms)


def test_about_an_eighth_of_the_synonyms_is_held_out() -> None:
    terms = [
        is_held_out(concept, term)
        for concept in load_vocabulary()
        for term in concept.terms[1:]
        if concept.kind in NAMED and len(concept.terms) >= 3
    ]
    assert 0.10 < sum(terms) / len(terms) < 0.15


def test_the_same_seed_makes_the_same_sentence() -> None:
    assert GRAMMAR.sentence(chance(7)) == GRAMMAR.sentence(chance(7))


@pytest.mark.parametrize("part", ["present", "absent", "uncertain", "hypothetical"])
def test_the_rules_agree_with_most_of_what_the_grammar_claims(part: str) -> None:
    rules, draw = RuleText(), chance(3)
    same = seen = 0
    for _ in range(150):
        example = GRAMMAR.sentence(draw, part)
        claims = {
            (one.start, one.end): one.assertion for one in example.marked if one.kind in NAMED
        }
        for entity in rules(Report(text=example.text, language="en")).entities:
            claim = claims.get((entity.span.start, entity.span.end))
            if claim is not None:
                seen += 1
                same += entity.assertion == claim
    assert seen > 100
    assert same / seen > 0.85


def test_a_frame_is_said_with_its_side_and_one_of_its_names() -> None:
    draw = chance(5)
    for _ in range(50):
        frame = GRAMMAR.frame(draw)
        text = GRAMMAR.say(frame, draw).lower()
        assert frame.side in text
        assert frame.assertion in (Assertion.PRESENT, Assertion.ABSENT, Assertion.UNCERTAIN)


def test_a_template_of_ones_own_is_filled() -> None:
    example = GRAMMAR.fill("The <p> beside the <a>.", chance(1))
    assert isinstance(example, Example)
    assert [one.kind for one in example.marked] == [EntityKind.FINDING, EntityKind.ANATOMY]
    assert example.text.endswith(".")


def test_common_concepts_stand_in_the_vocabulary() -> None:
    vocabulary = load_vocabulary()
    common = [concept for ids in GRAMMAR._common.values() for concept in ids]
    assert len(common) == len(GRAMMAR._data["common"]["concepts"])
    assert all(concept in vocabulary for concept in common)
