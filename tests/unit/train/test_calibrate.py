"""Scores become probabilities that hold, and areas that do not lie."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.train.calibrate import (
    auroc,
    auroc_interval,
    calibration_error,
    fit_platt,
    youden_threshold,
)


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    scores = random.normal(0, 2, 4000)
    return scores, random.random(4000) < 1 / (1 + np.exp(-(0.5 * scores - 1)))


def test_platt_finds_the_line_it_was_drawn_from(sample: tuple[np.ndarray, np.ndarray]) -> None:
    platt = fit_platt(*sample)
    assert platt.slope == pytest.approx(0.5, abs=0.07)
    assert platt.offset == pytest.approx(-1, abs=0.12)
    assert calibration_error(platt(sample[0]), sample[1]) < 0.03


def test_a_score_that_misleads_is_flattened_not_turned_round() -> None:
    scores = np.linspace(-1, 1, 50)
    assert fit_platt(scores, scores < 0).slope > 0


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.integers(0, 1000))
def test_turning_the_scores_round_turns_the_area_round(truth: list[bool], seed: int) -> None:
    present = np.array(truth)
    scores = np.random.default_rng(seed).integers(0, 5, len(present)).astype(float)
    area = auroc(scores, present)
    if present.all() or not present.any():
        assert math.isnan(area)
    else:
        assert area + auroc(-scores, present) == pytest.approx(1)


def test_ties_count_half() -> None:
    assert auroc(np.zeros(6), np.array([True, False] * 3)) == 0.5


def test_the_interval_holds_the_value(sample: tuple[np.ndarray, np.ndarray]) -> None:
    scores, present = sample[0][:300], sample[1][:300]
    patients = np.array([str(index // 2) for index in range(300)])
    low, high = auroc_interval(scores, present, patients, draws=200)
    assert low < auroc(scores, present) < high


def test_the_threshold_parts_what_can_be_parted() -> None:
    probabilities = np.array([0.1, 0.2, 0.6, 0.9])
    present = np.array([False, False, True, True])
    assert youden_threshold(probabilities, present) == pytest.approx(0.4)
