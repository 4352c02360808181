"""The learned tagger finds phrasings that the lexicon lacks, and leaves the rest to the rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radnlp import Pipeline
from radnlp.errors import InputError, ModelNotFound
from radnlp.schema import Assertion, Report, Side, Study
from radnlp.text import RuleText, RuleTextOptions
from radnlp.text.hybrid import HybridText, NeuralText, TaggerOptions
from radnlp.text.lexicon import Lexicon, load_lexicon
from radnlp.text.tagger import Tagger
from radnlp.train.grammar import is_held_out
from radnlp.vocabulary import Vocabulary, load_vocabulary


@pytest.fixture(scope="module")
def reduced() -> Lexicon:
    """The lexicon without the terms that training never saw."""
    kept = (
        replace(
            concept, terms=tuple(term for term in concept.terms if not is_held_out(concept, term))
        )
        for concept in load_vocabulary()
    )
    return Lexicon(Vocabulary(kept), load_lexicon().rules)


@pytest.fixture(scope="module")
def hybrid(reduced: Lexicon) -> HybridText:
    return HybridText(lexicon=reduced)


@pytest.fixture(scope="module")
def neural() -> NeuralText:
    return NeuralText()


@pytest.mark.parametrize(
    ("concept", "term"),
    [
        ("hydronephrosis", "urinary tract dilation"),
        ("spinal_stenosis", "narrowing of the spinal canal"),
        ("cardiomegaly", "heart enlargement"),
    ],
)
def test_hybrid_names_a_term_that_neither_lexicon_nor_training_had(
    hybrid: HybridText, concept: str, term: str
) -> None:
    assert is_held_out(load_vocabulary().get(concept), term)
    reading = hybrid(Report(text=f"There is no evidence of {term} on the left."))
    found = [one for one in reading.entities if one.concept == concept]
    assert found
    assert found[0].assertion == Assertion.ABSENT
    assert found[0].confidence is not None
    assert not found[0].confidence.calibrated
    assert found[0].provenance.weights.startswith("language-mini0@")


def test_hybrid_says_what_the_rules_say_where_they_know_every_term() -> None:
    text = (
        "Small left pleural effusion. No pneumothorax. Possible pneumonia in the right lower lobe."
    )
    by_rules = RuleText()(Report(text=text))
    both = HybridText()(Report(text=text))
    assert [replace(one, provenance=None) for one in both.entities] == [
        replace(one, provenance=None) for one in by_rules.entities
    ]
    assert both.relations == by_rules.relations


def test_rules_give_an_added_mention_side_and_size(hybrid: HybridText) -> None:
    reading = hybrid(Report(text="Small right urinary tract dilation, measuring 12 mm."))
    found = next(one for one in reading.entities if one.concept == "hydronephrosis")
    assert found.text == "urinary tract dilation"
    assert found.side == Side.RIGHT
    assert [one.values_mm for one in found.measurements] == [(12.0,)]


def test_neural_asserts_by_itself(neural: NeuralText) -> None:
    reading = neural(Report(text="No pleural effusion. Possible pneumonia. There is a fracture."))
    said = {one.concept: one for one in reading.entities}
    assert said["pleural_effusion"].assertion == Assertion.ABSENT
    assert said["pleural_effusion"].cue.rule == "neural"
    assert said["pneumonia"].assertion == Assertion.UNCERTAIN
    assert said["fracture"].assertion == Assertion.PRESENT
    assert said["fracture"].cue is None


def test_sections_still_decide_when_a_mention_holds(neural: NeuralText) -> None:
    reading = neural(Report(text="INDICATION: pneumonia.\n\nFINDINGS: There is a fracture."))
    said = {one.concept: one.assertion for one in reading.entities}
    assert said == {"pneumonia": Assertion.HYPOTHETICAL, "fracture": Assertion.PRESENT}


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=120))
def test_offsets_hold_for_any_text(neural: NeuralText, hybrid: HybridText, text: str) -> None:
    for stage in (neural, hybrid):
        for entity in stage(Report(text=text)).entities:
            assert text[entity.span.start : entity.span.end] == entity.text


def test_a_sentence_is_read_alike_alone_and_in_a_batch() -> None:
    sentences = ["No pneumothorax.", "There is a large left pleural effusion with atelectasis."]
    together = Tagger().read(sentences)
    alone = [Tagger()(one) for one in sentences]
    assert [[(t.start, t.end, t.concept) for t in tags] for tags in together] == [
        [(t.start, t.end, t.concept) for t in tags] for tags in alone
    ]


@pytest.mark.parametrize("stage", [HybridText, NeuralText])
@pytest.mark.parametrize("remembered", [0, 1])
def test_what_is_remembered_does_not_change_what_is_read(
    stage: type[HybridText], remembered: int
) -> None:
    text = "There is widening of the cardiac contour. No pneumothorax. Small left effusion."
    few = TaggerOptions(rules=RuleTextOptions(remembered_sentences=remembered))
    assert stage(few)(Report(text=text)) == stage()(Report(text=text))


@pytest.mark.parametrize(("remembered", "kept"), [(0, 0), (1, 1), (10, 3)])
def test_a_tagger_keeps_no_more_names_than_it_may(remembered: int, kept: int) -> None:
    tagger = Tagger(remembered=remembered)
    tagger.read(["No pneumothorax, scoliosis or fracture."])
    assert len(tagger._named) == kept
    tagger.read(["Cardiomegaly and atelectasis."])
    assert len(tagger._named) <= max(remembered, kept)


def test_a_sentence_is_tagged_once_however_often_a_report_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = HybridText()
    asked: list[str] = []
    read = stage.tagger.read
    monkeypatch.setattr(stage.tagger, "read", lambda some: asked.extend(some) or read(some))
    report = Report(text="No pneumothorax. Scoliosis. No pneumothorax.")
    assert stage(report) == stage(report)
    assert asked == ["No pneumothorax.", "Scoliosis."]


def test_a_masked_name_is_no_name_for_the_model_either(hybrid: HybridText) -> None:
    # The mask holds a word of the lexicon; the model's mention beside it stays signed.
    text = "[**Doctor Mass 12**] saw urinary tract dilation on the left."
    said = {one.concept: one for one in hybrid(Report(text=text)).entities}
    assert "mass" not in said
    assert said["hydronephrosis"].confidence is not None


@pytest.mark.parametrize("piece", ["[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]"])
def test_a_special_piece_in_a_report_is_read_as_words(
    neural: NeuralText, hybrid: HybridText, piece: str
) -> None:
    tokenizer = Tagger()._tokenizer
    encoded = tokenizer.encode(f"No {piece} effusion.", add_special_tokens=False)
    assert piece not in encoded.tokens
    assert encoded.offsets[-2] == (4 + len(piece), 12 + len(piece))
    text = f"{piece} There is {piece} a small left pleural effusion. No pneumothorax {piece}."
    for stage in (neural, hybrid):
        said = stage(Report(text=text)).entities
        assert {"pleural_effusion", "pneumothorax"} <= {one.concept for one in said}
        assert all(text[one.span.start : one.span.end] == one.text for one in said)


@pytest.mark.parametrize("name", ["neural", "hybrid"])
def test_the_stages_stand_under_their_names(name: str) -> None:
    pipeline = Pipeline(text=name, vision=None, link=None, report=None)
    analysis = pipeline(Study(report=Report(text="No pneumothorax.")))
    assert [str(one.assertion) for one in analysis.entities] == ["absent"]
    assert analysis.provenance[0].producer == f"radnlp.text.{name}"


@pytest.mark.parametrize("stage", ["neural", "hybrid"])
def test_a_sentence_longer_than_the_network_is_read_to_its_end(
    stage: str, request: pytest.FixtureRequest
) -> None:
    text = f"No {'mass, scoliosis, ' * 60}urinary tract dilation or pneumothorax."
    said = request.getfixturevalue(stage)(Report(text=text)).entities
    assert {"hydronephrosis", "pneumothorax"} <= {one.concept for one in said}
    assert all(text[one.span.start : one.span.end] == one.text for one in said)
    # The denial stands in the first part; the rules carry it to the last.
    assert said[-1].assertion == Assertion.ABSENT


def test_another_thread_may_forget_the_names_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = Tagger()
    name = tagger._name

    def forgotten(words: object) -> object:
        named = name(words)
        tagger._named = {}
        return named

    monkeypatch.setattr(tagger, "_name", forgotten)
    assert [one.concept for one in tagger("No pneumothorax.")] == ["pneumothorax"]


def test_a_concept_of_ones_own_stands_beside_the_model(tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text('[concept.my_pocket]\nkind = "finding"\nterms = ["pleural pocket"]\n')
    stage = HybridText(TaggerOptions(rules=RuleTextOptions(additions=place)))
    said = stage(Report(text="Loculated pleural pocket effusion.")).entities
    assert "my_pocket" in [one.concept for one in said]


def test_missing_weights_are_named() -> None:
    with pytest.raises(ModelNotFound, match="nothing is downloaded"):
        Tagger("language-none")


def test_least_values_lie_between_0_and_1() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        TaggerOptions(nearness=1.5)
