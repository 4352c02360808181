"""Claims and assertions are two names of one thing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from radnlp.report import Claim
from radnlp.report.compare import denied_in
from radnlp.report.statement import term_of
from radnlp.schema import Assertion, Entity, EntityKind, Report, TextReading


def test_every_claim_but_a_measurement_is_an_assertion_and_back() -> None:
    assert {one: one.assertion for one in Claim} == {
        Claim.PRESENT: Assertion.PRESENT,
        Claim.POSSIBLE: Assertion.UNCERTAIN,
        Claim.ABSENT: Assertion.ABSENT,
        Claim.MEASURED: None,
    }
    assert all(Claim.of(one.assertion) is one for one in Claim if one.assertion)
    assert Claim.of(Assertion.HYPOTHETICAL) is None


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Loculated effusion on the left.", ["loculated effusion"]),
        ("Malignant left pleural effusion.", [None, None]),
        ("Loculated right pleural effusion.", [None, None]),
        ("Acute CHF.", [None]),
        ("OLD CVA.", [None]),
    ],
)
def test_a_term_is_the_name_with_more_words_before_it(
    text: str, terms: list[str | None], read: Callable[[Report], TextReading]
) -> None:
    found = [one for one in read(Report(text=text)).entities if one.kind is EntityKind.FINDING]
    assert [term_of(one) for one in found] == terms


@pytest.mark.parametrize("assertion", [Assertion.HYPOTHETICAL, Assertion.ABSENT])
def test_what_is_only_looked_for_leaves_no_room_beside_a_denial(
    mention: Callable[..., Entity], assertion: Assertion
) -> None:
    told = [
        mention("pleural_effusion", "e0", assertion=assertion),
        mention("pleural_effusion", "e1", assertion=Assertion.ABSENT),
    ]
    assert "e1" in {one.id for one in denied_in(told, "pleural_effusion", None)}


def test_what_is_held_for_possible_leaves_room_beside_a_denial(
    mention: Callable[..., Entity],
) -> None:
    told = [
        mention("pleural_effusion", "e0", assertion=Assertion.UNCERTAIN),
        mention("pleural_effusion", "e1", assertion=Assertion.ABSENT),
    ]
    assert denied_in(told, "pleural_effusion", None) == ()
