"""Claims and assertions are two names of one thing."""

from __future__ import annotations

from radnlp.report import Claim
from radnlp.schema import Assertion


def test_every_claim_but_a_measurement_is_an_assertion_and_back() -> None:
    assert {one: one.assertion for one in Claim} == {
        Claim.PRESENT: Assertion.PRESENT,
        Claim.POSSIBLE: Assertion.UNCERTAIN,
        Claim.ABSENT: Assertion.ABSENT,
        Claim.MEASURED: None,
    }
    assert all(Claim.of(one.assertion) is one for one in Claim if one.assertion)
    assert Claim.of(Assertion.HYPOTHETICAL) is None
