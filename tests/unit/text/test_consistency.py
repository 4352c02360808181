"""Where a report contradicts itself, or what is known of its examination."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.schema import Exam, Inconsistency, Report, Sex, Side
from radnlp.text import RuleText
from radnlp.text.consistency import check_report
from radnlp.text.consistency.book import load_checkbook
from radnlp.vocabulary import load_vocabulary

BOOK = load_checkbook()
Rules = Callable[..., list[str]]


@pytest.fixture(scope="module")
def stage() -> RuleText:
    return RuleText()


def slips(stage: RuleText, text: str, exam: Exam | None = None) -> tuple[Inconsistency, ...]:
    report = Report(text=text)
    read = stage(report)
    return check_report(report, read.sections, read.entities, exam)


@pytest.fixture
def rules(stage: RuleText) -> Rules:
    """The rules that speak on a report: ``rules(text, exam)``."""

    def find(text: str, exam: Exam | None = None) -> list[str]:
        return [slip.rule for slip in slips(stage, text, exam)]

    return find


@pytest.mark.parametrize("rule", BOOK.rules.values(), ids=lambda rule: rule.id)
def test_a_rule_speaks_on_its_example_alone_and_none_on_the_other(rules: Rules, rule) -> None:
    assert rules(rule.fires, rule.exam) == [rule.id]
    assert rules(rule.silent, rule.exam) == []


def test_every_concept_of_the_rules_is_in_the_vocabulary() -> None:
    vocabulary = load_vocabulary()
    named = {*BOOK.too_broad, *BOOK.critical, *BOOK.not_telling, *BOOK.removals}
    named |= {removal.organ for removal in BOOK.removals.values()}
    for group in (*BOOK.same_shadow, *BOOK.same_place, *BOOK.sexed.values()):
        named |= group
    assert {concept for concept in named if concept not in vocabulary} == set()


def test_both_sides_are_quoted_with_their_side(stage: RuleText) -> None:
    text = "FINDINGS: Small left pleural effusion. IMPRESSION: Pleural effusion on the right."
    (slip,) = slips(stage, text)
    assert [span.of(text) for span in slip.spans] == [
        "left pleural effusion",
        "Pleural effusion on the right",
    ]
    assert slip.sentence == (
        "The findings place pleural effusion on the left, the impression on the right."
    )
    assert slip.score == BOOK.rules["side.findings_impression"].weight


def test_a_hedge_halves_the_score(stage: RuleText) -> None:
    plain = "FINDINGS: Left upper lobe nodule. IMPRESSION: Right upper lobe nodule."
    hedged = "FINDINGS: Left upper lobe nodule. IMPRESSION: Possible right upper lobe nodule."
    (one,), (other,) = slips(stage, plain), slips(stage, hedged)
    assert other.score == pytest.approx(one.score * BOOK.hedged)


def test_the_worst_comes_first(stage: RuleText) -> None:
    text = (
        "FINDINGS: Left pleural effusion is unchanged. Prostate is enlarged. "
        "IMPRESSION: Right pleural effusion."
    )
    found = slips(stage, text, Exam(sex=Sex.FEMALE))
    assert [slip.score for slip in found] == sorted((slip.score for slip in found), reverse=True)
    assert {slip.rule for slip in found} == {
        "side.findings_impression",
        "sex.other",
        "change.no_comparison",
    }


@pytest.mark.parametrize(
    "text",
    [
        "FINDINGS: Bilateral effusions, left greater than right. IMPRESSION: Right effusion.",
        "FINDINGS: Left upper lobe nodule. IMPRESSION: Right lower lobe nodule.",
        "FINDINGS: Left effusion. IMPRESSION: No right effusion.",
        "HISTORY: Right effusion. FINDINGS: Left effusion. IMPRESSION: Left effusion.",
        "FINDINGS: Left effusion. IMPRESSION: Bilateral effusions.",
    ],
)
def test_room_for_agreement_is_no_side_slip(rules: Rules, text: str) -> None:
    assert not [rule for rule in rules(text) if rule.startswith("side.")]


@pytest.mark.parametrize(
    ("name", "fires"),
    [
        ("XR KNEE RIGHT", True),
        ("RT KNEE 2 VIEWS", True),
        ("XR KNEES BILATERAL", False),
        ("XR KNEE LEFT", False),
        ("XR CHEST PA AND RIGHT LATERAL", False),
        ("US ABDOMEN RIGHT UPPER QUADRANT", False),
        ("XR CHEST RIGHT LATERAL DECUBITUS", False),
    ],
)
def test_only_a_part_with_two_sides_has_an_examined_side(
    rules: Rules, name: str, fires: bool
) -> None:
    found = rules("FINDINGS: Left knee joint effusion.", Exam(name=name))
    assert (found == ["side.exam"]) == fires


def test_the_reports_own_title_names_the_examination(stage: RuleText) -> None:
    text = "EXAM: RIGHT KNEE 3 VIEWS\nFINDINGS: Left knee joint effusion."
    (slip,) = slips(stage, text)
    assert slip.rule == "side.exam"
    assert [span.of(text) for span in slip.spans] == [
        "Left knee joint effusion",
        "RIGHT KNEE 3 VIEWS",
    ]


def test_a_header_gives_the_examined_side(rules: Rules) -> None:
    text = "FINDINGS: Left knee joint effusion."
    assert rules(text, Exam(side=Side.RIGHT)) == ["side.exam"]
    assert rules(text, Exam(side=Side.LEFT)) == []
    assert rules(text, Exam(side=Side.BILATERAL)) == []


@pytest.mark.parametrize(
    "denial",
    [
        "No acute fracture.",
        "No large pneumothorax.",
        "No new pneumothorax.",
        "No right pneumothorax.",
        "Otherwise, no pneumothorax.",
    ],
)
def test_a_denial_with_a_limit_contradicts_nothing(rules: Rules, denial: str) -> None:
    concept = "rib fracture" if "fracture" in denial else "pneumothorax"
    text = f"FINDINGS: {denial} IMPRESSION: Left {concept}."
    assert not [rule for rule in rules(text) if "contradict" in rule]


def test_a_denied_narrower_finding_contradicts_nothing(rules: Rules) -> None:
    assert rules("FINDINGS: No consolidation. IMPRESSION: Left basilar opacity.") == []


@pytest.mark.parametrize(
    ("size", "fires"), [("50 mm", True), ("5 cm", True), ("6 mm", False), ("20 mm", False)]
)
def test_only_ten_times_is_a_slip_of_units(rules: Rules, size: str, fires: bool) -> None:
    text = f"FINDINGS: 5 mm right nodule. IMPRESSION: {size} right nodule."
    assert (rules(text) == ["size.unit"]) == fires


def test_a_size_of_the_earlier_study_is_no_slip(rules: Rules) -> None:
    text = "FINDINGS: 5 mm right nodule. IMPRESSION: Right nodule, previously 50 mm, now 5 mm."
    assert "size.unit" not in rules(text)


@pytest.mark.parametrize(
    "words",
    [
        "increased kyphosis",
        "a nodule, better seen on the lateral view",
        "pleural effusion, right larger than left",
        "airspace disease, left worse than right",
    ],
)
def test_words_that_describe_are_no_comparison(rules: Rules, words: str) -> None:
    assert rules(f"COMPARISON: None. FINDINGS: There is {words}.") == []


def test_sex_is_taken_from_the_record_before_the_words(stage: RuleText) -> None:
    text = "HISTORY: 54-year-old woman. FINDINGS: The uterus is enlarged."
    found = [slip.rule for slip in slips(stage, text, Exam(sex=Sex.MALE))]
    assert sorted(found) == ["sex.other", "sex.words"]


def test_the_family_may_have_any_organ(rules: Rules) -> None:
    assert rules("HISTORY: 54-year-old woman. Father had prostate cancer. FINDINGS: Normal.") == []


@pytest.mark.parametrize(
    "text",
    [
        "Status post left nephrectomy. The right kidney is normal.",
        "Status post partial nephrectomy on the left. The left kidney is unremarkable.",
        "Status post cholecystectomy. The liver is normal.",
        "The gallbladder is normal.",
    ],
)
def test_an_organ_that_is_still_there_may_be_normal(rules: Rules, text: str) -> None:
    assert rules(f"FINDINGS: {text}") == []


def test_a_removed_organ_is_removed_on_its_side(rules: Rules) -> None:
    text = "FINDINGS: Status post left nephrectomy. The left kidney is unremarkable."
    assert rules(text) == ["surgery.organ_normal"]


WORDS = st.sampled_from(
    ["left", "right", "no", "pneumothorax", "effusion", "5 mm", "nodule", "stable", ".", "\n",
     "FINDINGS:", "IMPRESSION:", "COMPARISON:", "54-year-old man", "uterus", "\u00e9", "is normal"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=30))
def test_any_text_gives_words_of_the_text(words: list[str]) -> None:
    text = " ".join(words)
    for slip in slips(_STAGE, text, Exam(name="XR KNEE RIGHT", sex=Sex.FEMALE, age_years=3)):
        assert 0 < slip.score <= 1
        assert all(0 < len(span) <= len(text) and span.end <= len(text) for span in slip.spans)


_STAGE = RuleText()


@pytest.mark.parametrize(("one", "other"), [("left", "right"), ("right", "left")])
def test_both_directions_are_slips(rules: Rules, one: str, other: str) -> None:
    text = f"FINDINGS: Small {one} pleural effusion. IMPRESSION: {other} pleural effusion."
    assert rules(text) == ["side.findings_impression"]


def test_an_inconsistency_needs_words_and_a_weight() -> None:
    from radnlp.errors import InputError
    from radnlp.schema import Span

    good = Inconsistency(rule="r", sentence="s", spans=(Span(0, 1),), weight=0.5)
    for wrong in ({"weight": 0.0}, {"confidence": 1.5}, {"spans": ()}):
        with pytest.raises(InputError):
            replace(good, **wrong)
