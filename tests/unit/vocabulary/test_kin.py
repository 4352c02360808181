"""Broader and narrower names, also of what no vocabulary holds."""

from __future__ import annotations

import pytest

from radnlp.vocabulary import broader, is_kin, is_narrower, load_vocabulary


def test_broader_ids_are_those_of_the_vocabulary() -> None:
    for concept in load_vocabulary():
        assert broader(concept.id) == load_vocabulary().ancestors(concept.id)


def test_a_name_of_nobodys_concept_is_kin_to_itself_alone() -> None:
    assert broader("mine") == ()
    assert is_narrower("mine", "mine")
    assert not is_kin("mine", "opacity")


@pytest.mark.parametrize(
    ("one", "other", "narrower", "kin"),
    [
        ("consolidation", "opacity", True, True),
        ("opacity", "consolidation", False, True),
        ("opacity", "opacity", True, True),
        ("opacity", "fracture", False, False),
    ],
)
def test_kin_are_broader_or_narrower(one: str, other: str, *, narrower: bool, kin: bool) -> None:
    assert is_narrower(one, other) is narrower
    assert is_kin(one, other) is kin
