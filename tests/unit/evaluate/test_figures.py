"""Intervals over groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.errors import InputError
from radnlp.evaluate import Bootstrap
from radnlp.evaluate.figures import f1_of, mean_of, means_over


def ones(values: list[float]) -> np.ndarray:
    return np.stack([np.array(values, dtype=float), np.ones(len(values))], axis=1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(1, 5))
def test_the_value_lies_in_its_interval_and_the_seed_decides(
    values: list[float], owners: int
) -> None:
    groups = [str(n % owners) for n in range(len(values))]
    value, low, high = Bootstrap(groups, draws=200).interval(ones(values), mean_of)
    assert value == pytest.approx(np.mean(values))
    assert low <= high
    assert (value, low, high) == Bootstrap(groups, draws=200).interval(ones(values), mean_of)


def test_an_interval_over_groups_is_wider_than_over_cases() -> None:
    values = [1.0] * 20 + [0.0] * 20
    each = [str(n) for n in range(40)]
    four = [str(n // 10) for n in range(40)]
    _, low, high = Bootstrap(each).interval(ones(values), mean_of)
    _, lower, higher = Bootstrap(four).interval(ones(values), mean_of)
    assert higher - lower > high - low


def test_the_width_is_that_of_the_binomial() -> None:
    values = [1.0] * 500 + [0.0] * 500
    _, low, high = Bootstrap([str(n) for n in range(1000)], draws=4000).interval(
        ones(values), mean_of
    )
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / 1000**0.5, rel=0.08)


def test_nothing_to_measure_has_no_value() -> None:
    assert Bootstrap([]).interval(np.zeros((0, 3)), f1_of) == (None, None, None)
    assert Bootstrap(["a"]).interval(np.zeros((1, 3)), f1_of) == (None, None, None)


def test_other_numbers_of_groups_and_cases_are_refused() -> None:
    with pytest.raises(InputError, match="1 groups for 2 cases"):
        Bootstrap(["a"]).interval(np.zeros((2, 3)), f1_of)


def test_a_mean_leaves_out_what_has_no_value() -> None:
    sums = np.array([[1.0, 0, 1, 0, 0, 0]])
    both = means_over([lambda s: f1_of(s[:, :3]), lambda s: f1_of(s[:, 3:])])
    with np.errstate(invalid="ignore"):
        assert both(sums)[0] == pytest.approx(2 / 3)
