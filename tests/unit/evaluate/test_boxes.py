"""Boxes of phrases against drawn ones."""

from __future__ import annotations

import pytest

from radnlp.evaluate import BoxCase, Figure, score_boxes
from radnlp.schema import Box

IMAGE, DRAWN = Box(0, 0, 100, 100), Box(10, 10, 30, 30)


def case(found: Box | None, truth: Box = DRAWN, **given: str) -> BoxCase:
    return BoxCase(
        truth=(truth,), found=() if found is None else (found,), image=IMAGE,
        **{"concept": "nodule", "group": "a", **given},
    )  # fmt: skip


def figure(figures: tuple[Figure, ...], measure: str, part: str = "all", system: str = "system"):
    (one,) = [f for f in figures if (f.measure, f.part, f.system) == (measure, part, system)]
    return one


def test_a_perfect_box_scores_1_in_everything() -> None:
    figures = score_boxes([case(Box(10, 10, 30, 30))])
    assert all(one.value == 1.0 for one in figures if one.system == "system")


def test_no_box_is_a_miss() -> None:
    figures = score_boxes([case(None)])
    assert all(one.value == 0.0 for one in figures if one.system == "system")


def test_levels_are_met_from_the_level_on() -> None:
    figures = score_boxes([case(Box(10, 10, 20, 30))])
    assert figure(figures, "mean_iou").value == pytest.approx(0.5)
    assert figure(figures, "iou>=0.5").value == 1.0
    assert figure(figures, "pointing").value == 1.0


def test_the_best_of_several_drawn_boxes_counts() -> None:
    two = BoxCase(
        concept="nodule", truth=(Box(0, 0, 5, 5), Box(50, 50, 60, 60)),
        found=(Box(50, 50, 60, 60), Box(0, 0, 1, 1)), image=IMAGE, group="a",
    )  # fmt: skip
    assert figure(score_boxes([two]), "mean_iou").value == 1.0


def test_concepts_have_figures_of_their_own() -> None:
    cases = [case(None), case(Box(10, 10, 30, 30), concept="mass", group="b")]
    figures = score_boxes(cases)
    assert figure(figures, "pointing").value == 0.5
    assert figure(figures, "pointing", "mass").value == 1.0
    assert figure(figures, "pointing", "nodule").n == 1


def test_the_constant_floor_is_the_median_drawn_box() -> None:
    cases = [case(None, group=str(n)) for n in range(3)]
    assert figure(score_boxes(cases), "mean_iou", system="constant").value == pytest.approx(1.0)


def test_the_shuffled_floor_falls_where_boxes_differ() -> None:
    places = [Box(10 * n, 10 * n, 10 * n + 10, 10 * n + 10) for n in range(8)]
    cases = [case(box, box, group=str(n)) for n, box in enumerate(places)]
    figures = score_boxes(cases)
    assert figure(figures, "mean_iou").value == 1.0
    assert figure(figures, "mean_iou", system="shuffled").value < 0.5
