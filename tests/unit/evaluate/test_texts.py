"""Labels, entities and drafts against gold ones."""

from __future__ import annotations

import pytest

from radnlp.errors import InputError
from radnlp.evaluate import (
    DraftCase,
    EntityCase,
    Figure,
    LabelCase,
    score_drafts,
    score_entities,
    score_labels,
)
from radnlp.schema import Assertion

PRESENT, ABSENT = Assertion.PRESENT, Assertion.ABSENT


def value(figures: tuple[Figure, ...], measure: str, part: str = "all", system: str = "system"):
    (one,) = [f for f in figures if (f.measure, f.part, f.system) == (measure, part, system)]
    return one.value


def labels(gold: tuple, found: tuple, group: str = "a") -> LabelCase:
    names = ("Edema", "Mass")
    return LabelCase(
        gold=dict(zip(names, gold, strict=True)),
        found=dict(zip(names, found, strict=True)),
        group=group,
    )


def test_f1_of_labels_is_counted_by_hand() -> None:
    cases = [
        labels((1, 0), (1, 1)),
        labels((1, None), (0, None)),
        labels((0, 1), (None, 1)),
    ]
    figures = score_labels(cases)
    assert value(figures, "f1", "Edema") == pytest.approx(2 / 3)
    assert value(figures, "f1", "Mass") == pytest.approx(2 / 3)
    assert value(figures, "micro_f1") == pytest.approx(4 / 6)
    assert value(figures, "macro_f1") == pytest.approx(2 / 3)


def test_uncertain_counts_as_it_is_told() -> None:
    cases = [labels((1, 1), (-1, 1))]
    assert value(score_labels(cases), "micro_f1") == 1.0
    assert value(score_labels(cases, uncertain_is_present=False), "micro_f1") == pytest.approx(
        2 / 3
    )


def test_a_label_without_positives_takes_no_part() -> None:
    figures = score_labels([labels((1, 0), (1, 1))])
    assert value(figures, "f1", "Mass") is None
    assert value(figures, "macro_f1") == value(figures, "micro_f1") == 1.0
    assert value(score_labels([labels((0, 0), (0, 0))]), "micro_f1") is None


def test_cases_with_other_labels_are_refused() -> None:
    other = LabelCase(gold={"Edema": 1}, found={"Edema": 1}, group="a")
    with pytest.raises(InputError, match="'Mass'"):
        score_labels([labels((1, 0), (1, 1)), other])


def test_f1_of_entities_counts_pairs() -> None:
    case = EntityCase(
        gold=(("edema", PRESENT), ("mass", ABSENT)),
        found=(("edema", PRESENT), ("mass", PRESENT), ("nodule", ABSENT)),
        group="a",
    )
    figures = score_entities([case])
    assert value(figures, "entity_f1") == pytest.approx(2 / 5)
    assert value(figures, "concept_f1") == pytest.approx(4 / 5)
    assert value(figures, "entity_f1", "edema") == 1.0
    assert value(figures, "entity_f1", "mass") == 0.0


def draft(gold: tuple, found: tuple, text: str = "t", **given: object) -> DraftCase:
    return DraftCase(labels=labels(gold, found, text), text=text, **given)


def test_the_constant_floor_is_the_best_single_draft() -> None:
    cases = [draft((1, 0), (1, 0), "a"), draft((1, 0), (0, 1), "b"), draft((0, 1), (0, 1), "c")]
    figures = score_drafts(cases)
    assert value(figures, "micro_f1", system="constant") == pytest.approx(2 * 2 / (3 + 3))
    assert value(figures, "micro_f1") == pytest.approx(2 * 2 / (3 + 3))


def test_the_same_draft_for_all_is_no_better_than_the_constant_floor() -> None:
    cases = [draft((n % 2, 1), (1, 1), str(n)) for n in range(6)]
    figures = score_drafts(cases)
    assert value(figures, "micro_f1") == value(figures, "micro_f1", system="constant")
    assert value(figures, "micro_f1") == value(figures, "micro_f1", system="shuffled")


def test_drafts_that_look_at_their_case_beat_the_shuffled_floor() -> None:
    cases = [draft((n % 2, 1 - n % 2), (n % 2, 1 - n % 2), str(n)) for n in range(20)]
    figures = score_drafts(cases)
    assert value(figures, "micro_f1") == 1.0
    assert value(figures, "micro_f1", system="shuffled") < 0.8


def test_evidence_and_variety_are_counted() -> None:
    cases = [
        draft((1, 0), (1, 0), "a  b", sentences=3, without_evidence=1),
        draft((1, 0), (1, 0), "a b", sentences=1),
        draft((1, 0), (1, 0), "c"),
    ]
    figures = score_drafts(cases)
    assert value(figures, "without_evidence") == pytest.approx(1 / 4)
    assert value(figures, "distinct") == pytest.approx(2 / 3)
    assert value(score_drafts([draft((1, 0), (1, 0))]), "without_evidence") is None


def test_entities_count_where_there_are_reference_reports() -> None:
    pairs = EntityCase(gold=(("edema", PRESENT),), found=(("edema", PRESENT),), group="a")
    figures = score_drafts([draft((1, 0), (1, 0), entities=pairs)])
    assert value(figures, "entity_f1") == value(figures, "entity_f1", system="constant") == 1.0
    assert not [one for one in score_drafts([draft((1, 0), (1, 0))]) if "entity" in one.measure]
