from __future__ import annotations

from dataclasses import replace

import pytest

from radnlp.link import ConflictOptions, DefaultLink, DefaultLinkOptions
from radnlp.schema import (
    Assertion,
    Conflict,
    ConflictKind,
    Image,
    SectionKind,
    Severity,
    Side,
    Study,
    Temporality,
)

LEFT, RIGHT = (75.0, 90.0), (25.0, 90.0)


@pytest.fixture
def conflicts(study, look):
    """Conflicts between mentions and shown findings."""

    def find(mentions, *shown) -> tuple[Conflict, ...]:
        return DefaultLink()(study, mentions, [look(*shown)]).conflicts

    return find


def test_a_finding_that_shows_on_the_other_side_is_a_side_conflict(
    conflicts, mention, finding
) -> None:
    (conflict,) = conflicts(
        [mention("pleural_effusion", side=Side.LEFT)],
        finding("pleural_effusion", 0.62, at=RIGHT, id="f7"),
    )
    assert conflict.kind == ConflictKind.SIDE
    assert conflict.entity_ids == ("e0",)
    assert conflict.finding_ids == ("f7",)
    assert len(conflict.region_ids) == 1
    assert conflict.sentence == (
        "The report places pleural effusion on the left; the image shows it on the right "
        "(model confidence 62%)."
    )


def test_the_named_side_is_no_conflict(conflicts, mention, finding) -> None:
    said = [mention("pleural_effusion", side=Side.LEFT)]
    assert conflicts(said, finding("pleural_effusion", at=LEFT)) == ()


def test_faint_heat_on_the_named_side_is_no_conflict(conflicts, mention, finding) -> None:
    shown, heat = finding("pleural_effusion", at=RIGHT)
    values = heat.values.copy()
    values[18, 15] = 0.6
    both = shown, replace(heat, values=values)
    assert conflicts([mention("pleural_effusion", side=Side.LEFT)], both) == ()


@pytest.mark.parametrize("side", [None, Side.BILATERAL, Side.RIGHT])
def test_a_second_mention_that_leaves_room_is_no_conflict(
    conflicts, mention, finding, side
) -> None:
    said = [
        mention("pleural_effusion", side=Side.LEFT),
        mention("pleural_effusion", "e1", side=side, assertion=Assertion.UNCERTAIN),
    ]
    assert conflicts(said, finding("pleural_effusion", at=RIGHT)) == ()


def test_another_name_of_the_shadow_on_that_side_is_no_conflict(
    conflicts, mention, finding
) -> None:
    said = [
        mention("consolidation", side=Side.LEFT),
        mention("atelectasis", "e1", side=Side.RIGHT),
    ]
    assert conflicts(said, finding("consolidation", at=RIGHT)) == ()


def test_a_broad_image_finding_does_not_contradict_a_narrow_mention(
    conflicts, mention, finding
) -> None:
    said = [mention("consolidation", side=Side.LEFT)]
    assert conflicts(said, finding("opacity", at=RIGHT)) == ()


def test_history_is_no_side_of_a_conflict(conflicts, mention, finding) -> None:
    shown = finding("pleural_effusion", at=RIGHT)
    past = mention("pleural_effusion", side=Side.LEFT, temporality=Temporality.HISTORICAL)
    asked = mention("pleural_effusion", side=Side.LEFT, section=SectionKind.INDICATION)
    assert conflicts([past], shown) == ()
    assert conflicts([asked], shown) == ()


def test_without_lungs_there_is_no_side_conflict(study, look, mention, finding) -> None:
    seen = look(finding("pleural_effusion", at=RIGHT), anatomy=False)
    said = [mention("pleural_effusion", side=Side.LEFT)]
    assert DefaultLink()(study, said, [seen]).conflicts == ()


def test_a_reported_finding_that_the_image_surely_lacks_is_a_presence_conflict(
    conflicts, mention, finding
) -> None:
    (conflict,) = conflicts([mention("cardiomegaly")], finding("cardiomegaly", 0.0004))
    assert (conflict.kind, conflict.entity_ids, conflict.finding_ids) == (
        ConflictKind.PRESENCE,
        ("e0",),
        ("f0",),
    )
    assert conflict.sentence == (
        "The report states cardiomegaly; the image does not show it (model confidence 0%)."
    )


def test_a_simulated_film_gives_no_presence_conflict(look, mention, finding) -> None:
    image = Image(pixels=None, rows=120, columns=100, simulated=True)
    seen = look(finding("cardiomegaly", 0.0001))
    reading = DefaultLink()(Study(images=(image,)), [mention("cardiomegaly")], [seen])
    assert reading.conflicts == ()


def test_a_merely_unlikely_finding_is_no_conflict(conflicts, mention, finding) -> None:
    assert conflicts([mention("cardiomegaly")], finding("cardiomegaly", 0.2)) == ()


def test_an_uncalibrated_score_gives_no_presence_conflict(conflicts, mention, finding) -> None:
    low = finding("cardiomegaly", 0.0001, calibrated=False)
    high = finding("cardiomegaly", 0.999, calibrated=False)
    assert conflicts([mention("cardiomegaly")], low) == ()
    assert conflicts([mention("cardiomegaly", assertion=Assertion.ABSENT)], high) == ()


def test_an_unsupported_finding_gives_no_conflict(conflicts, mention, finding) -> None:
    assert conflicts([mention("emphysema")], finding("emphysema", None)) == ()


def test_a_faint_finding_is_left_to_the_reader(conflicts, mention, finding) -> None:
    said = [mention("pleural_effusion", severity=Severity.TRACE)]
    assert conflicts(said, finding("pleural_effusion", 0.0004)) == ()


def test_another_name_that_the_image_shows_is_no_presence_conflict(
    conflicts, mention, finding
) -> None:
    shown = [finding("consolidation", 0.0004), finding("atelectasis", 0.9, id="f1")]
    assert conflicts([mention("consolidation")], *shown) == ()


def test_a_denied_finding_that_the_image_surely_shows_is_a_presence_conflict(
    conflicts, mention, finding
) -> None:
    (conflict,) = conflicts(
        [mention("opacity", assertion=Assertion.ABSENT)], finding("consolidation", 0.97, at=LEFT)
    )
    assert conflict.kind == ConflictKind.PRESENCE
    assert len(conflict.region_ids) == 1
    assert conflict.sentence == (
        "The report denies opacity; the image shows consolidation (model confidence 97%)."
    )


def test_denying_a_part_or_a_narrower_finding_is_no_conflict(conflicts, mention, finding) -> None:
    shown = finding("opacity", 0.97, at=LEFT)
    part = mention("opacity", assertion=Assertion.ABSENT, locations=("lung_apex",))
    narrower = mention("consolidation", assertion=Assertion.ABSENT)
    assert conflicts([part], shown) == ()
    assert conflicts([narrower], shown) == ()


def test_a_denial_beside_another_name_of_the_shadow_is_no_conflict(
    conflicts, mention, finding
) -> None:
    said = [
        mention("consolidation", assertion=Assertion.ABSENT),
        mention("atelectasis", "e1", assertion=Assertion.UNCERTAIN),
    ]
    assert conflicts(said, finding("consolidation", 0.97, at=LEFT)) == ()


def test_options_say_how_sure_the_picture_must_be(study, look, mention, finding) -> None:
    options = DefaultLinkOptions(conflict=ConflictOptions(absent_below=0.3))
    seen = look(finding("cardiomegaly", 0.2))
    found = DefaultLink(options)(study, [mention("cardiomegaly")], [seen]).conflicts
    assert [conflict.kind for conflict in found] == [ConflictKind.PRESENCE]
