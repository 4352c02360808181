"""What should be done next, by which examination, when and on what condition."""

from __future__ import annotations

import pytest

from radnlp.schema.advice import Modality, Recommendation, TimeUnit
from radnlp.schema.text import Report
from radnlp.text import RuleText
from radnlp.text.recommendations import AdviceRule, load_recommendations

STAGE = RuleText()
RULES = load_recommendations().rules


def recommendations(text: str) -> tuple[Recommendation, ...]:
    return STAGE(Report(text=text)).recommendations


def the_one(text: str) -> Recommendation:
    (found,) = recommendations(text)
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_fires_on_its_example_and_not_on_its_counter_example(rule: AdviceRule) -> None:
    assert rule.id in {found.rule for found in recommendations(rule.fires)}
    assert rule.id not in {found.rule for found in recommendations(rule.silent)}


@pytest.mark.parametrize(
    ("text", "what", "modalities"),
    [
        ("Recommend CT of the chest in 3 months.", "CT of the chest", ["ct"]),
        ("A CT of the chest, abdomen and pelvis is recommended.",
         "CT of the chest, abdomen and pelvis", ["ct"]),
        ("Nodule for which CT follow-up at 3-6 months is recommended.", "CT follow-up", ["ct"]),
        ("PET/CT may be considered for further evaluation.", "PET/CT", ["pet"]),
        ("Consider further evaluation with US or CT, as clinically warranted.",
         "further evaluation with US or CT", ["ultrasound", "ct"]),
        ("Suggest follow-up mammogram in 6 months.", "follow-up mammogram", ["mammography"]),
        ("It is recommended that the patient undergo colonoscopy.", "colonoscopy", []),
        ("If there is concern for fracture consider rib series.", "rib series", []),
        ("Retraction by 2 cm is recommended.", "Retraction by 2 cm", []),
        ("The lesion could be better characterized with MRI.", "MRI", ["mr"]),
        ("Bone scan would be helpful.", "Bone scan", ["nuclear"]),
        ("The patient should be considered for bronchoscopy.", "bronchoscopy", []),
    ],
)  # fmt: skip
def test_what_is_recommended_stands_in_the_reports_words(
    text: str, what: str, modalities: list[str]
) -> None:
    found = the_one(text)
    assert found.what == what
    assert list(found.modalities) == modalities


@pytest.mark.parametrize(
    ("text", "when", "interval"),
    [
        ("Recommend CT in 3-6 months.", "in 3-6 months", (3, 6, TimeUnit.MONTH)),
        ("Follow-up radiograph in six weeks.", "in six weeks", (6, 6, TimeUnit.WEEK)),
        ("Annual screening mammography is recommended.", "Annual", (1, 1, TimeUnit.YEAR)),
        ("Recommend 3-month follow-up CT.", "3-month", (3, 3, TimeUnit.MONTH)),
        ("Recommend repeat radiograph after treatment.", "after treatment", None),
        ("Recommend CT.", None, None),
    ],
)
def test_the_time_is_given_in_words_and_numbers(
    text: str, when: str | None, interval: tuple[float, float, TimeUnit] | None
) -> None:
    found = the_one(text)
    assert found.when == when
    numbers = found.interval
    assert (numbers and (numbers.low, numbers.high, numbers.unit)) == interval


def test_a_time_that_is_over_is_no_time_from_now() -> None:
    assert the_one("Stable for 2 years, recommend no further CT.").when is None
    assert the_one("CT of 3 months ago should be repeated.").when is None


def test_the_condition_is_kept_apart() -> None:
    found = the_one("If symptoms persist, further evaluation with CT is recommended.")
    assert found.condition == "If symptoms persist"
    assert found.what == "further evaluation with CT"


@pytest.mark.parametrize(
    "text",
    [
        "No further imaging follow-up is needed.",
        "No follow-up recommended.",
        "Follow-up is not required.",
        "8 mm nodule, stable for 2 years; no additional follow-up is required.",
    ],
)
def test_what_is_not_needed_says_so(text: str) -> None:
    assert the_one(text).negated


@pytest.mark.parametrize(
    "text",
    [
        "Consider pneumonia.",
        "Findings suggest prior biopsy.",
        "Pneumonia is suggested on CT.",
        "Follow-up CT shows no change.",
        "No consolidation to suggest pneumonia.",
        "The tube is higher than recommended.",
        "INDICATION: Follow-up CT recommended.",
        "There is no mass.",
    ],
)
def test_what_only_looks_like_a_recommendation_is_none(text: str) -> None:
    assert recommendations(text) == ()


def test_a_recommendation_section_recommends_without_a_verb() -> None:
    found = the_one("FINDINGS: Mass.\nRECOMMENDATION: CT of the chest.")
    assert (found.what, found.rule) == ("CT of the chest", "section.recommendation")


def test_offsets_are_exact_in_a_later_section() -> None:
    text = "FINDINGS: 8 mm nodule.\n\nIMPRESSION: Nodule. Recommend CT in 3 months if it grows."
    found = the_one(text)
    assert text[found.span.start : found.span.end] == found.text
    assert found.text == "Recommend CT in 3 months if it grows"
    assert found.section == "impression"


def test_two_sentences_give_two_recommendations_in_order() -> None:
    found = recommendations("Recommend CT. Biopsy is recommended.")
    assert [one.what for one in found] == ["CT", "Biopsy"]


def test_the_same_sentence_twice_keeps_both_offsets() -> None:
    first, second = recommendations("Recommend CT. Recommend CT.")
    assert second.span.start - first.span.start == len("Recommend CT. ")


def test_a_modality_prints_as_its_plain_name() -> None:
    assert str(Modality.ULTRASOUND) == "ultrasound"
