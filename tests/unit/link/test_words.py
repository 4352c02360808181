from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp import analyze
from radnlp.link.words import Rib, said_of
from radnlp.schema import Entity, EntityKind, SectionKind, Side, Span


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
        ("Fracture of rib 6 on the left and rib 8 on the right.", (6,), (8,)),
        ("Fractures of ribs 4-6 on the right and ribs 5-7 on the left.", (5, 6, 7), (4, 5, 6)),
        ("Fractures of ribs 4-6 on the right and 5-7 on the left.", (5, 6, 7), (4, 5, 6)),
        ("Fractures of the 4th rib on left and 6th rib on right.", (4,), (6,)),
        (
            "Fractures of the 4th and 5th ribs on the left side and the 6th rib on the right side.",
            (4, 5),
            (6,),
        ),
        (
            "Fractures of the 5th rib on the right laterally and the 6th rib on the left "
            "laterally.",
            (6,),
            (5,),
        ),
        (
            "Fractures of the 4th rib in the right hemithorax and the 6th rib in the left "
            "hemithorax.",
            (6,),
            (4,),
        ),
        ("Fractures of the right and left 5th and 6th ribs.", (5, 6), (5, 6)),
        ("Fractures of the third rib on the right and of the fourth on the left.", (4,), (3,)),
        ("Right 4th to 6th and left 5th to 7th rib fractures.", (5, 6, 7), (4, 5, 6)),
        ("Fractures of left ribs 4, 5 and 6, and right ribs 7 and 8.", (4, 5, 6), (7, 8)),
        ("Fractures of the left 4th, 5th, and 6th and right 7th ribs.", (4, 5, 6), (7,)),
        ("Bilateral rib fractures, right 4-6 and left 5.", (5,), (4, 5, 6)),
        ("Fractures of left rib 4 and the 6th rib on the right.", (4,), (6,)),
        ("Fractures of left 4th, right 6th ribs and the 7th rib.", (4, 7), (6, 7)),
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


@pytest.mark.parametrize(
    "text",
    [
        "Rib fractures bilaterally, right greater than left, ribs 5-7.",
        "Bilateral rib fractures, worse on the left, ribs 5-7.",
        "Bilateral rib fractures, R > L, ribs 5-7.",
        "Bilateral rib fractures, more on the right than on the left, ribs 5-7.",
    ],
)
def test_a_compared_side_is_no_side_of_a_rib(text: str) -> None:
    found = said_of(analyze(report=text).entities[0], text)
    assert found.ribs_of(Side.LEFT) == found.ribs_of(Side.RIGHT) == (5, 6, 7)


@pytest.mark.parametrize(
    ("text", "ribs"),
    [
        ("Rib fractures on the left, ribs 4 to 7.", (4, 5, 6, 7)),
        ("Left rib fractures 4th-7th.", (4, 5, 6, 7)),
        ("Rib fractures: left 4-6.", (4, 5, 6)),
        ("Ribs 3-7 on the left are fractured.", (3, 4, 5, 6, 7)),
        ("Fractures of left ribs 4/5/6.", (4, 5, 6)),
        ("Fracture of left rib 7, 3 mm displaced.", (7,)),
        ("Fracture of left rib 7, 2-3 mm displaced.", (7,)),
        ("Fracture of left rib 5 and 2 cm pleural effusion.", (5,)),
        ("Fracture of left rib 6 and 2 right lung nodules.", (6,)),
        ("Fractures of left ribs 5 and 6 and 2 nodules.", (5, 6)),
        ("Left 7th rib fracture on 3/5/2020.", (7,)),
        ("The second left rib is fractured.", (2,)),
    ],
)
def test_only_numbers_of_ribs_are_ribs(text: str, ribs: tuple[int, ...]) -> None:
    found = said_of(analyze(report=text).entities[0], text).ribs
    assert found == tuple(Rib(number, Side.LEFT) for number in ribs)


_PHRASES = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "{side} {ordinals} ribs",
                "the {side} {ordinals} lateral ribs",
                "{side} ribs {numbers}",
                "the {ordinals} ribs on the {side}",
                "the {ordinals} ribs in the {side} hemithorax",
                "ribs {numbers} on {side} laterally",
            )
        ),
        st.sampled_from((Side.LEFT, Side.RIGHT)),
        st.integers(4, 9),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=3,
)


@given(_PHRASES, st.sampled_from((" and ", ", ", ", and ")))
def test_each_phrase_keeps_its_ribs_and_side(
    phrases: list[tuple[str, Side, int, int]], joint: str
) -> None:
    words = [
        phrase.format(side=side, numbers=f"{at}-{at + more}", ordinals=f"{at}th to {at + more}th")
        for phrase, side, at, more in phrases
    ]
    text = f"Bilateral fractures of {joint.join(words)}."
    entity = Entity(
        id="e0",
        concept="rib_fracture",
        kind=EntityKind.FINDING,
        text="fractures",
        span=Span(10, 19),
        section=SectionKind.FINDINGS,
        side=Side.BILATERAL,
    )
    assert set(said_of(entity, text).ribs) == {
        Rib(number, side) for _, side, at, more in phrases for number in range(at, at + more + 1)
    }


@pytest.mark.parametrize(
    "text",
    [
        "Fractures of 3 left ribs.",
        "4 rib fractures on the left.",
        "A second left rib fracture.",
        "Rib fractures, 3 on the left and 4 on the right.",
    ],
)
def test_a_count_of_ribs_is_no_rib(text: str) -> None:
    assert said_of(analyze(report=text).entities[0], text).ribs == ()
