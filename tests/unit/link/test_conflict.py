from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from radnlp.link import ConflictOptions, DefaultLink, DefaultLinkOptions
from radnlp.schema import (
    Assertion,
    Box,
    Candidates,
    Confidence,
    Conflict,
    ConflictKind,
    EntityKind,
    Image,
    Region,
    RegionSource,
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


def _region(label: str, x0: float, y0: float, id: str = "g9") -> Region:
    return Region(
        id=id, image_id="i0", box=Box(x0, y0, x0 + 4, y0 + 4), label=label,
        source=RegionSource.IMAGE, confidence=Confidence(value=0.7),
    )  # fmt: skip


@pytest.fixture
def with_boxes(study, look) -> Callable[..., tuple[Conflict, ...]]:
    """Conflicts where a detector of a plug-in gives boxes."""

    def find(mentions, *boxes: Region, counted: tuple[str, ...] = ()) -> tuple[Conflict, ...]:
        reading = look()
        reading = replace(reading, regions=(*reading.regions, *boxes))
        options = DefaultLinkOptions(conflict=ConflictOptions(counted=counted))
        return DefaultLink(options)(study, mentions, [reading]).conflicts

    return find


def test_a_device_outside_of_the_zone_that_is_named_is_a_position_conflict(
    with_boxes, mention
) -> None:
    said = mention("chest_tube", kind=EntityKind.DEVICE, side=Side.LEFT, locations=("lung_apex",))
    (conflict,) = with_boxes([said], _region("chest_tube", 74, 95))
    assert conflict.kind == ConflictKind.POSITION
    assert (conflict.entity_ids, conflict.region_ids) == (("e0",), ("g9",))
    assert conflict.sentence == (
        "The report places chest tube in the left lung apex; "
        "the image shows it elsewhere (model confidence score 0.70)."
    )
    assert with_boxes([said], _region("chest_tube", 74, 18)) == ()


def test_a_device_on_the_other_side_is_a_position_conflict(with_boxes, mention) -> None:
    said = mention(
        "endotracheal_tube", kind=EntityKind.DEVICE, side=Side.RIGHT, locations=("bronchus",)
    )
    (conflict,) = with_boxes([said], _region("endotracheal_tube", 70, 50))
    assert conflict.sentence.startswith(
        "The report places endotracheal tube in the right bronchus;"
    )
    assert with_boxes([said], _region("endotracheal_tube", 40, 45)) == ()


def test_a_device_without_a_place_or_one_of_two_is_no_position_conflict(
    with_boxes, mention
) -> None:
    tube = mention("chest_tube", kind=EntityKind.DEVICE)
    left = replace(tube, side=Side.LEFT)
    right = replace(tube, id="e1", side=Side.RIGHT)
    assert with_boxes([tube], _region("chest_tube", 70, 50)) == ()
    assert with_boxes([left, right], _region("chest_tube", 25, 50)) == ()
    assert (
        with_boxes([left], _region("chest_tube", 25, 50), _region("chest_tube", 74, 50, "g8")) == ()
    )


def test_another_number_of_boxes_is_a_count_conflict_where_boxes_may_be_counted(
    with_boxes, mention
) -> None:
    two = mention("nodule", count=2)
    boxes = [_region("nodule", 70, 40 + 10 * n, f"g{n + 10}") for n in range(3)]
    (conflict,) = with_boxes([two], *boxes, counted=("nodule",))
    assert conflict.kind == ConflictKind.COUNT
    assert conflict.region_ids == ("g10", "g11", "g12")
    assert conflict.sentence == (
        "The report counts 2 of nodule; the image shows 3 (model confidence score 0.70)."
    )
    assert with_boxes([two], *boxes) == ()
    assert with_boxes([two], *boxes[:2], counted=("nodule",)) == ()
    assert with_boxes([two], counted=("nodule",)) == ()


def test_a_mention_without_a_number_leaves_room_for_any_count(with_boxes, mention) -> None:
    said = [mention("nodule", count=2), mention("nodule", "e1")]
    assert with_boxes(said, _region("nodule", 70, 40), counted=("nodule",)) == ()


def test_boxes_on_the_named_side_leave_room(study, look, mention, finding) -> None:
    reading = look(finding("pleural_effusion", at=RIGHT))
    said = [mention("pleural_effusion", side=Side.LEFT)]
    right = _region("pleural_effusion", 25, 90)
    left = _region("pleural_effusion", 75, 90, "g8")

    def kinds(*boxes: Region) -> list[str]:
        seen = replace(reading, regions=(*reading.regions, *boxes))
        return [conflict.kind for conflict in DefaultLink()(study, said, [seen]).conflicts]

    assert kinds(right) == [ConflictKind.SIDE]
    assert kinds(right, left) == []


@pytest.fixture
def weighed(study, look, mention, finding) -> Callable[[float, float], list[str]]:
    """Kinds of conflicts with a left finding, by the best score on either side."""

    def find(right: float, left: float) -> list[str]:
        candidates = Candidates(
            concept="atelectasis", weights="made@up", scores=np.array([right, 0.01, left]),
            boxes=np.array([[20, 80, 30, 95], [20, 40, 30, 50], [70, 80, 80, 95]]),
        )  # fmt: skip
        seen = replace(look(finding("atelectasis", at=RIGHT)), candidates=(candidates,))
        said = [mention("atelectasis", side=Side.LEFT)]
        return [one.kind for one in DefaultLink()(study, said, [seen]).conflicts]

    return find


def test_a_far_lead_of_the_likeliest_box_on_the_other_side_is_a_side_conflict(weighed) -> None:
    assert weighed(0.5, 0.25) == [ConflictKind.SIDE]
    assert weighed(1.0, 0.0) == [ConflictKind.SIDE]


def test_a_slight_lead_or_one_on_the_named_side_is_no_conflict(weighed) -> None:
    assert weighed(0.5, 0.3) == []
    assert weighed(0.25, 0.5) == []


def test_any_kind_of_pneumothorax_may_contradict_the_picture(conflicts, mention, finding) -> None:
    said = [mention("tension_pneumothorax", side=Side.LEFT)]
    (conflict,) = conflicts(said, finding("pneumothorax", 0.9, at=RIGHT))
    assert conflict.kind == ConflictKind.SIDE
    assert conflicts(said, finding("pneumothorax", 0.9, at=LEFT)) == ()


def test_a_kind_of_what_has_many_is_no_conflict(conflicts, mention, finding) -> None:
    said = [mention("consolidation", side=Side.LEFT)]
    assert conflicts(said, finding("opacity", 0.9, at=RIGHT)) == ()
