"""Recommendations, scores and quantities refuse what cannot be."""

from __future__ import annotations

import pytest

from radnlp.errors import InputError
from radnlp.schema import (
    Interval,
    Quantity,
    QuantityKind,
    Recommendation,
    Score,
    SectionKind,
    Span,
    TimeUnit,
)

WHERE = {"section": SectionKind.IMPRESSION, "span": Span(0, 2)}


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (2, 1), (1, float("inf"))])
def test_an_interval_needs_a_range_from_now(low: float, high: float) -> None:
    with pytest.raises(InputError, match="interval"):
        Interval(low=low, high=high, unit=TimeUnit.DAY)


@pytest.mark.parametrize("text", ["", "C", "CTA"])
def test_the_words_have_the_length_of_their_span(text: str) -> None:
    with pytest.raises(InputError, match="recommendation"):
        Recommendation(text=text, what="CT", rule="r", **WHERE)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="score"):
        Score(text=text, system="BI-RADS", category="2", **WHERE)  # type: ignore[arg-type]


@pytest.mark.parametrize(("low", "high"), [(2, 1), (float("nan"), 1), (0, float("inf"))])
def test_a_quantity_needs_a_finite_range(low: float, high: float) -> None:
    with pytest.raises(InputError, match="quantity"):
        Quantity(kind=QuantityKind.VOLUME, low=low, high=high, unit="ml", span=Span(0, 1))
