"""Standardised scores, counts, volumes, attenuation and uptake."""

from __future__ import annotations

from time import process_time

import pytest

from radnlp.schema.entity import Entity
from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()


def scores(text: str) -> list[tuple[str, str]]:
    found = STAGE(Report(text=text)).scores
    assert all(text[score.span.start : score.span.end] == score.text for score in found)
    return [(score.system, score.category) for score in found]


def entity(text: str, concept: str) -> Entity:
    return next(one for one in STAGE(Report(text=text)).entities if one.concept == concept)


@pytest.mark.parametrize(
    ("text", "system", "category"),
    [
        ("ACR BI-RADS Category 4B: suspicious.", "BI-RADS", "4B"),
        ("BI-RADS: 2 - Benign.", "BI-RADS", "2"),
        ("BI-RADS category IV.", "BI-RADS", "4"),
        ("BIRADS 0.", "BI-RADS", "0"),
        ("Observation, LI-RADS 5.", "LI-RADS", "5"),
        ("2.1 cm arterially enhancing lesion, LR-5.", "LI-RADS", "5"),
        ("LR-M lesion in segment 4.", "LI-RADS", "M"),
        ("Lung-RADS version 1.1 category 4A.", "Lung-RADS", "4A"),
        ("Lung-RADS 2S.", "Lung-RADS", "2S"),
        ("PI-RADS v2.1 score 4 lesion.", "PI-RADS", "4"),
        ("PIRADS assessment category: 5.", "PI-RADS", "5"),
        ("Thyroid nodule, ACR TI-RADS category 4 (TR4).", "TI-RADS", "4"),
        ("O-RADS US 3.", "O-RADS", "3"),
        ("O-RADS MRI score 4.", "O-RADS", "4"),
        ("CAD-RADS 4A.", "CAD-RADS", "4A"),
        ("Bosniak IIF renal cyst.", "Bosniak", "2F"),
        ("Per Fleischner Society guidelines, follow-up CT in 6-12 months.",
         "Fleischner", "6-12 months"),
        ("No routine follow-up per Fleischner criteria.", "Fleischner", "no follow-up"),
    ],
)  # fmt: skip
def test_a_score_has_its_system_and_category(text: str, system: str, category: str) -> None:
    assert scores(text) == [(system, category)]


@pytest.mark.parametrize(
    "text",
    [
        "Breast density: BI-RADS density category C.",
        "No PI-RADS 4 or 5 lesion.",
        "LI-RADS 2018.",
        "BI-RADS 5th edition lexicon.",
        "By the Fleischner guidelines.",
        "A 5 mm nodule.",
    ],
)
def test_what_is_no_score_gives_none(text: str) -> None:
    assert scores(text) == []


def test_an_earlier_score_is_marked_as_prior() -> None:
    found = STAGE(Report(text="Previously BI-RADS 3, now BI-RADS 2.")).scores
    assert [(score.category, score.prior) for score in found] == [("3", True), ("2", False)]


def test_a_score_names_the_finding_of_its_sentence() -> None:
    reading = STAGE(Report(text="Mass in the left breast. Right thyroid nodule, TI-RADS 3."))
    nodule = next(one for one in reading.entities if "nodule" in one.text)
    assert reading.scores[0].entity_id == nodule.id


def test_a_piece_of_a_scores_name_is_no_mention() -> None:
    reading = STAGE(Report(text="CAD-RADS 4A. Lung-RADS 2. Nodule in the left upper lobe."))
    assert [one.id for one in reading.entities] == ["e0", "e1"]
    assert [one.text for one in reading.entities] == ["Nodule", "upper lobe"]
    assert [(one.head, one.tail) for one in reading.relations] == [("e0", "e1")]


@pytest.mark.parametrize(
    ("text", "concept", "count"),
    [
        ("Two nodules in the right lung.", "nodule", 2),
        ("Three 4 mm nodules.", "nodule", 3),
        ("2 right upper lobe nodules.", "nodule", 2),
        ("A single nodule.", "nodule", 1),
        ("Two chest tubes.", "chest_tube", 2),
        ("2 mm nodules.", "nodule", None),
        ("6 millimeter nodules.", "nodule", None),
        ("Two 6 millimeter nodules.", "nodule", 2),
        ("Two of the nodules.", "nodule", None),
        ("Two views. Nodules.", "nodule", None),
        ("Several nodules.", "nodule", None),
        ("A nodule.", "nodule", None),
    ],
)
def test_a_count_is_given_only_where_the_text_counts(
    text: str, concept: str, count: int | None
) -> None:
    assert entity(text, concept).count == count


@pytest.mark.parametrize(
    ("words", "kind", "low", "high", "unit"),
    [
        ("a volume of 12 ml", "volume", 12, 12, "ml"),
        ("a volume of 1.2 L", "volume", 1200, 1200, "ml"),
        ("a volume of 1,2 L", "volume", 1200, 1200, "ml"),
        ("a volume of 1,200 ml", "volume", 1200, 1200, "ml"),
        ("45 cc", "volume", 45, 45, "ml"),
        ("30-40 HU", "attenuation", 30, 40, "hu"),
        ("an attenuation of -10 HU", "attenuation", -10, -10, "hu"),
        ("SUV max of 8.4", "uptake", 8.4, 8.4, "suv"),
    ],
)
def test_a_value_that_is_no_length_is_a_quantity(
    words: str, kind: str, low: float, high: float, unit: str
) -> None:
    text = f"Mass with {words}."
    (found,) = entity(text, "mass").quantities
    assert (found.kind, found.low, found.high, found.unit) == (kind, low, high, unit)
    assert found.span.of(text) in words


def test_an_earlier_volume_is_marked_as_prior() -> None:
    found = entity("Nodule of 12 ml, previously 9 ml.", "nodule").quantities
    assert [(one.low, one.prior) for one in found] == [(12, False), (9, True)]


def test_injected_contrast_is_no_volume_of_a_finding() -> None:
    assert entity("100 ml of iohexol without reaction, mass seen.", "mass").quantities == ()


def test_a_name_before_many_blanks_takes_no_time() -> None:
    began = process_time()
    assert scores("BI-RADS" + " " * 1_400 + "unknown.") == []
    assert scores("BI-RADS" + " :" * 700 + "4.") == [("BI-RADS", "4")]
    assert process_time() - began < 1


def test_a_piece_of_one_score_s_name_owns_no_other_score() -> None:
    text = "Fleischner follow-up in 6 months, CAD-RADS 4A."
    reading = STAGE(Report(text=text))
    assert [(score.system, score.entity_id) for score in reading.scores] == [
        ("Fleischner", None),
        ("CAD-RADS", None),
    ]
