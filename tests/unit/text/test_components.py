"""The text stage inside spaCy."""

from __future__ import annotations

from typing import Any

import pytest
import spacy
from spacy.tokens import Doc

from radnlp import Analysis, analyze
from radnlp.errors import InputError
from radnlp.text.components import from_doc, to_doc

TEXT = (
    "FINDINGS: Two 8 mm nodules in the right upper lobe, new. No pleural effusion/pneumothorax.\n"
    "IMPRESSION: Opacity may represent pneumonia. Recommend CT in 3 months. Lung-RADS 4A.\n"
)
STEPS = ("sections", "mentions", "assertion", "attributes", "relations", "recommendations")


def blank(*names: str, language: str = "en") -> Any:
    nlp = spacy.blank(language)
    for name in names:
        nlp.add_pipe(name)
    return nlp


def plain(analysis: Analysis) -> dict[str, Any]:
    return {name: value for name, value in analysis.to_dict().items() if value}


def test_every_step_is_a_registered_factory() -> None:
    nlp = blank(*(f"radnlp_{step}" for step in STEPS))
    assert len(nlp.pipe_names) == len(STEPS)
    assert not any(nlp.analyze_pipes()["problems"].values())


def test_the_steps_together_say_what_analyze_says() -> None:
    doc = blank(*(f"radnlp_{step}" for step in STEPS))(TEXT)
    assert plain(doc._.radnlp) == plain(analyze(report=TEXT))


def test_one_component_does_all_the_steps() -> None:
    assert plain(blank("radnlp")(TEXT)._.radnlp) == plain(analyze(report=TEXT))


def test_a_span_carries_its_attributes() -> None:
    doc = blank("radnlp")(TEXT)
    nodule = next(span for span in doc.spans["radnlp"] if span.label_ == "nodule")
    assert (nodule.text, nodule._.assertion, nodule._.change, nodule._.count) == (
        ("nodules", "present", "new", 2)
    )
    absent = next(span for span in doc.spans["radnlp"] if span.label_ == "pneumothorax")
    assert absent._.cue.span.of(TEXT) == "No"


def test_a_step_publishes_only_its_own_part() -> None:
    doc = blank("radnlp_mentions", "radnlp_assertion")(TEXT)
    nodule = next(span for span in doc.spans["radnlp"] if span.label_ == "nodule")
    assert nodule._.assertion == "present"
    assert nodule._.change is None
    assert doc._.radnlp.relations == ()


def test_relations_alone_name_no_unknown_mention() -> None:
    assert blank("radnlp_relations")(TEXT)._.radnlp.relations == ()


def test_sections_scores_and_advice_have_span_groups() -> None:
    doc = blank("radnlp")(TEXT)
    assert [span.label_ for span in doc.spans["radnlp_sections"]] == ["findings", "impression"]
    assert [span.label_ for span in doc.spans["radnlp_scores"]] == ["Lung-RADS 4A"]
    assert [span.text for span in doc.spans["radnlp_recommendations"]] == [
        "Recommend CT in 3 months"
    ]


def test_any_tokenizer_will_do() -> None:
    doc = blank("radnlp", language="xx")("No effusion/pneumothorax, 5mm nodule.")
    for span in doc.spans["radnlp"]:
        exact = span._.radnlp.span
        assert span.start_char <= exact.start < exact.end <= span.end_char
        assert exact.of(doc.text) == span._.radnlp.text


def test_a_users_own_spans_get_assertion_and_attributes() -> None:
    nlp = blank()
    ruler = nlp.add_pipe("span_ruler", config={"spans_key": "mine"})
    ruler.add_patterns([{"label": "ZORBLAX", "pattern": "zorblax sign"}])
    nlp.add_pipe("radnlp_assertion", config={"spans_key": "mine"})
    nlp.add_pipe("radnlp_attributes", config={"spans_key": "mine"})
    doc = nlp("The zorblax sign is not seen. Possible left zorblax sign.")
    assert [(span._.assertion, span._.side) for span in doc.spans["mine"]] == [
        ("absent", None),
        ("uncertain", "left"),
    ]
    assert [entity.concept for entity in doc._.radnlp.entities] == ["ZORBLAX", "ZORBLAX"]


def test_a_doc_goes_to_bytes_and_back_with_all_it_carries() -> None:
    nlp = blank("radnlp")
    doc = nlp(TEXT)
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert plain(again._.radnlp) == plain(doc._.radnlp)


@pytest.mark.parametrize("text", [TEXT, "", " \n ", "No mass.\r\n\tÖdem 🫁 e\u0301."])
def test_an_analysis_becomes_a_doc_and_comes_back(text: str) -> None:
    analysis = analyze(report=text, language="en")
    doc = to_doc(analysis, blank(language="de"))
    assert doc.text == text
    assert plain(from_doc(doc)) == plain(analysis)
    assert from_doc(doc).report == analysis.report


def test_a_tokenizer_that_loses_text_is_refused() -> None:
    nlp = blank()
    nlp.tokenizer = lambda text: Doc(nlp.vocab, words=text.split())
    with pytest.raises(InputError, match="tokenizer"):
        to_doc(analyze(report="No  mass."), nlp)


def test_an_analysis_without_a_report_is_refused() -> None:
    with pytest.raises(InputError, match="report"):
        to_doc(Analysis(), blank())


def test_a_doc_that_no_component_saw_is_refused() -> None:
    with pytest.raises(InputError, match="radnlp"):
        from_doc(blank()("No mass."))


def test_many_docs_go_through_a_pipe() -> None:
    docs = list(blank("radnlp").pipe([TEXT, "No mass.", ""], batch_size=2))
    assert [len(doc.spans["radnlp"]) > 0 for doc in docs] == [True, True, False]
