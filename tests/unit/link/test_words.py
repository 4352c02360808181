from __future__ import annotations

import pytest

from radnlp import analyze
from radnlp.link.words import said_of
from radnlp.schema import EntityKind, Side


def said(text: str) -> list[tuple[tuple[int, ...], Side | None]]:
    """What the sentences of all findings say."""
    entities = analyze(report=text).entities
    found = [said_of(one, text) for one in entities if one.kind is EntityKind.FINDING]
    return [(tuple(rib.number for rib in one.ribs), one.worse) for one in found]


@pytest.mark.parametrize(
    ("text", "ribs"),
    [
        ("Fracture of the left 7th rib.", (7,)),
        ("Fractures of the right fourth and fifth ribs.", (4, 5)),
        ("Fractures of left ribs 4-6 and 9.", (4, 5, 6, 9)),
        ("Acute fractures of the left 3rd, 4th, and 5th posterior ribs.", (3, 4, 5)),
        ("Fractures of the right third through sixth ribs.", (3, 4, 5, 6)),
        ("Rib fracture on the left.", ()),
        ("Fracture of the left 14th rib.", ()),
        ("Fracture of the left 7th rib. Fracture of the left clavicle, 12 ribs counted.", (7,)),
    ],
)
def test_ribs_are_read_by_number(text: str, ribs: tuple[int, ...]) -> None:
    assert said(text)[0][0] == ribs


def test_each_side_has_its_own_ribs() -> None:
    found = said("Left 5th rib fracture and right 8th and 9th rib fractures.")
    assert [ribs for ribs, _ in found] == [(5,), (8, 9)]


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("Fractures of the left 4th and right 6th ribs.", (4,), (6,)),
        ("Fractures of the 4th left and the 6th and 7th right ribs.", (4,), (6, 7)),
        ("Left 4th and right 6th and 7th rib fractures.", (4,), (6, 7)),
        ("Fractures of left ribs 3-5 and right ribs 7 and 8.", (3, 4, 5), (7, 8)),
        ("Fractures of the 4th rib on the left and the 6th rib on the right.", (4,), (6,)),
        ("Fractures of both fifth ribs and of the left sixth rib.", (5, 6), (5,)),
        ("Bilateral fractures of the 4th and 5th ribs.", (4, 5), (4, 5)),
    ],
)
def test_ribs_of_both_sides_in_one_sentence_keep_their_sides(
    text: str, left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    found = said_of(analyze(report=text).entities[0], text)
    assert (found.ribs_of(Side.LEFT), found.ribs_of(Side.RIGHT)) == (left, right)


@pytest.mark.parametrize(
    ("text", "worse"),
    [
        ("Bilateral pleural effusions, left greater than right.", Side.LEFT),
        ("Bilateral pleural effusions, right larger than left.", Side.RIGHT),
        ("Bilateral effusions, R > L.", Side.RIGHT),
        ("Bibasilar atelectasis, worse on the right.", Side.RIGHT),
        ("Bilateral opacities, more on the right than the left.", Side.RIGHT),
        ("Bilateral pleural effusions.", None),
        ("Bilateral effusions. The left arm is larger than the right.", None),
        ("Bilateral effusions, no longer worse on the left.", None),
        ("Bilateral effusions, left no longer greater than right.", None),
        ("Bilateral effusions, not significantly larger on the right.", None),
        ("Bilateral effusions, no longer worse on the left but worse on the right.", Side.RIGHT),
    ],
)
def test_the_worse_of_two_sides_is_read(text: str, worse: Side | None) -> None:
    assert said(text)[0][1] == worse


@pytest.mark.parametrize("text", ["Fractures of 3 left ribs.", "4 rib fractures on the left."])
def test_a_number_of_ribs_is_no_rib(text: str) -> None:
    assert said_of(analyze(report=text).entities[0], text).ribs == ()
