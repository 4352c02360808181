"""Scores become probabilities in one place."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from radnlp.schema import Platt

numbers = st.floats(-20, 20)


@given(numbers, numbers, st.floats(0.01, 10))
def test_greater_scores_are_likelier_and_an_array_is_its_scores(
    one: float, other: float, slope: float
) -> None:
    platt = Platt(slope=slope, offset=0.3)
    low, high = sorted((one, other))
    assert 0 <= platt(low) <= platt(high) <= 1
    assert platt(np.array([low, high])).tolist() == [platt(low), platt(high)]


@given(numbers)
def test_without_a_fit_a_logit_is_turned_back(score: float) -> None:
    likely = Platt()(score)
    assert abs(np.log(likely / (1 - likely)) - score) < 1e-6
