from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.link import DefaultLink
from radnlp.link.fuse import choose, gather, place, place_by_others
from radnlp.link.usual import ANYWHERE, Habit, Measure, Usual, load_usual
from radnlp.schema import (
    Box,
    Candidates,
    ImageReading,
    LinkReading,
    LinkSource,
    RegionSource,
    Side,
)

IMAGE = Box(0, 0, 100, 120)
LEFT = Measure(midline=50, half_width=40, top=15, height=90, outwards=1.0)
RIGHT = replace(LEFT, outwards=-1.0)
LOW = Habit(mean=(0.6, 0.8, np.log(0.5), np.log(0.2)), spread=(0.2, 0.1, 0.3, 0.3), boxes=9)
USUAL = Usual(
    habits={}, weights="net@1", prior_weight=0.5, silent_below=-5.0, slope=1.0, offset=3.0,
    calibrated=True, others=(1.0, -1.0),
)  # fmt: skip


def weighed(*boxes: tuple[float, ...], scores: tuple[float, ...]) -> Candidates:
    return Candidates(
        concept="opacity", scores=np.array(scores), boxes=np.array(boxes), weights="net@1"
    )


HIGH_BOX, LOW_BOX, OTHER_SIDE = (65, 20, 85, 38), (64, 78, 84, 96), (16, 78, 36, 96)


def test_words_choose_among_boxes_that_the_picture_holds_for_equal() -> None:
    candidates = weighed(HIGH_BOX, LOW_BOX, scores=(0.3, 0.3))
    placed = place(LOW, LEFT, candidates, USUAL, IMAGE, one_side=True)
    assert placed is not None
    assert placed.box == Box(*LOW_BOX)


def test_a_picture_that_is_sure_outweighs_the_usual_place() -> None:
    near, far = (64, 70, 84, 88), (64, 78, 84, 96)
    chosen = choose(LOW, LEFT, weighed(near, far, scores=(0.9, 0.05)), USUAL, one_side=True)
    assert chosen is not None
    assert chosen.index == 0


def test_no_score_brings_a_box_to_the_side_that_the_words_do_not_say() -> None:
    candidates = weighed(OTHER_SIDE, LOW_BOX, scores=(0.999, 0.02))
    placed = place(LOW, LEFT, candidates, USUAL, IMAGE, one_side=True)
    assert placed is not None
    assert placed.box == Box(*LOW_BOX)


def test_a_silent_picture_leaves_the_usual_box_to_the_words() -> None:
    candidates = weighed(LOW_BOX, scores=(0.001,))
    placed = place(LOW, LEFT, candidates, USUAL, IMAGE, one_side=True)
    assert placed is not None
    assert placed.confidence is None
    assert placed.box.center == pytest.approx((50 + 0.6 * 40, 15 + 0.8 * 90))
    assert (placed.box.width, placed.box.height) == pytest.approx((20, 18))


def test_the_usual_box_is_mirrored_for_the_other_lung() -> None:
    left = place(LOW, LEFT, None, USUAL, IMAGE, one_side=True)
    right = place(LOW, RIGHT, None, USUAL, IMAGE, one_side=True)
    assert left is not None
    assert right is not None
    assert right.box.x0 == pytest.approx(100 - left.box.x1)


def test_confidence_grows_with_the_score_and_is_calibrated_for_its_network_only() -> None:
    sure, unsure = (
        place(LOW, LEFT, weighed(LOW_BOX, scores=(score,)), USUAL, IMAGE, one_side=True)
        for score in (0.5, 0.05)
    )
    assert sure is not None
    assert sure.confidence is not None
    assert unsure is not None
    assert unsure.confidence is not None
    assert sure.confidence.value > unsure.confidence.value
    assert sure.confidence.calibrated
    stranger = replace(weighed(LOW_BOX, scores=(0.5,)), weights="net@2")
    other = place(LOW, LEFT, stranger, USUAL, IMAGE, one_side=True)
    assert other is not None
    assert other.confidence is not None
    assert not other.confidence.calibrated


@given(
    x=st.floats(-50, 150), y=st.floats(-50, 150), width=st.floats(1, 90), height=st.floats(1, 90)
)
def test_a_box_comes_back_from_a_lungs_measure(
    x: float, y: float, width: float, height: float
) -> None:
    box = Box.from_xywh(x, y, width, height)
    own = RIGHT.own(np.array([[box.x0, box.y0, box.x1, box.y1]]))[0]
    back = RIGHT.box(tuple(own.tolist()))
    assert (back.x0, back.y0, back.x1, back.y1) == pytest.approx((box.x0, box.y0, box.x1, box.y1))


def test_the_table_has_every_finding_that_has_boxes_with_usual_sizes() -> None:
    usual = load_usual()
    assert len(usual.habits) == 9
    for zones in usual.habits.values():
        assert ANYWHERE in zones
        for habit in zones.values():
            assert min(habit.spread) > 0
            assert -0.2 < habit.mean[1] < 1.2


def with_candidates(reading: ImageReading, *candidates: Candidates) -> ImageReading:
    return replace(reading, candidates=candidates)


def links(reading: LinkReading) -> list[tuple[str, LinkSource, str | None]]:
    labels = {region.id: region.label for region in reading.regions}
    return [
        (labels.get(link.region_id, link.region_id), link.source, link.provenance.rule)
        for link in reading.links
        if link.provenance
    ]


def test_a_mention_gets_the_box_that_words_and_picture_choose(study, look, mention) -> None:
    entity = mention("opacity", side=Side.LEFT, locations=("lower_zone",))
    seen = with_candidates(look(), weighed(HIGH_BOX, LOW_BOX, OTHER_SIDE, scores=(0.2, 0.2, 0.9)))
    reading = DefaultLink()(study, [entity], [seen])
    assert links(reading) == [
        ("left_lower_zone", LinkSource.ANATOMY, "words"),
        ("opacity", LinkSource.BOTH, "words_and_picture"),
    ]
    region = reading.regions[-1]
    assert (region.box, region.source) == (Box(*LOW_BOX), RegionSource.IMAGE)
    assert reading.links[-1].confidence is not None


def test_a_spot_that_is_the_chosen_box_is_not_doubled(study, look, mention, regions) -> None:
    from radnlp.schema import Region

    spot = Region(
        id="g9", image_id="i0", box=Box(*LOW_BOX), label="opacity", source=RegionSource.IMAGE
    )
    seen = with_candidates(look(), weighed(LOW_BOX, scores=(0.5,)))
    seen = replace(seen, regions=(*seen.regions, spot))
    entity = mention("opacity", side=Side.LEFT, locations=("lower_zone",))
    reading = DefaultLink()(study, [entity], [seen])
    assert links(reading)[-1][0] == "g9"
    assert not [region for region in reading.regions if region.source is RegionSource.IMAGE]


def test_two_mentions_of_one_thing_share_a_box(study, look, mention) -> None:
    entities = [
        mention("opacity", id, side=Side.LEFT, locations=("lower_zone",)) for id in ("e0", "e1")
    ]
    seen = with_candidates(look(), weighed(LOW_BOX, scores=(0.5,)))
    reading = DefaultLink()(study, entities, [seen])
    both = [link.region_id for link in reading.links if link.source is LinkSource.BOTH]
    assert len(both) == 2
    assert len(set(both)) == 1


def test_a_place_by_nature_and_the_same_place_by_words_keep_their_own_boxes(
    study, look, mention
) -> None:
    by_nature = mention("pleural_effusion", "e0", side=Side.LEFT)
    by_words = mention(
        "pleural_effusion", "e1", side=Side.LEFT, locations=("costophrenic_angle", "lower_zone")
    )
    alone = DefaultLink()(study, [by_words], [look()])
    together = DefaultLink()(study, [by_nature, by_words], [look()])
    assert sized(together, "e1") == sized(alone, "e1") != sized(together, "e0")


def test_without_words_for_a_place_a_finding_lies_where_it_usually_does(
    study, look, mention
) -> None:
    reading = DefaultLink()(study, [mention("pleural_effusion", side=Side.LEFT)], [look()])
    usual = load_usual().habits["pleural_effusion"][ANYWHERE].mean
    box = sized(reading, "e0")
    lung = next(region.box for region in look().regions if region.label == "left_lung")
    assert (box.center[1] - lung.y0) / lung.height == pytest.approx(usual[1], abs=0.01)


def sized(reading: LinkReading, entity_id: str) -> Box:
    """The box of the usual size that a mention is tied to."""
    boxes = {region.id: region.box for region in reading.regions}
    (box,) = (
        boxes[link.region_id]
        for link in reading.links
        if link.entity_id == entity_id and link.provenance and link.provenance.rule == "usual_size"
    )
    return box


def found(concept: str, *boxes: tuple[float, ...], scores: tuple[float, ...]) -> Candidates:
    return replace(weighed(*boxes, scores=scores), concept=concept)


def test_others_place_a_finding_between_their_boxes_nearer_to_the_surer_one() -> None:
    sure, unsure = found("mass", LOW_BOX, scores=(0.9,)), found("nodule", HIGH_BOX, scores=(0.001,))
    common = gather(LOW, LEFT, [sure, unsure], USUAL)
    assert common is not None
    near, far = (LEFT.own(np.array([box], np.float32))[0] for box in (LOW_BOX, HIGH_BOX))
    assert np.abs(np.array(common.box) - near).max() < 0.1 * np.abs(far - near).max()
    even = gather(LOW, LEFT, [sure, replace(unsure, scores=np.array([0.9]))], USUAL)
    assert even is not None
    assert even.box[1] < common.box[1]


def test_others_on_the_side_that_the_words_do_not_say_place_nothing() -> None:
    assert gather(LOW, LEFT, [found("mass", OTHER_SIDE, scores=(0.9,))], USUAL) is None


def test_a_picture_that_is_silent_on_others_places_nothing() -> None:
    quiet = found("mass", LOW_BOX, scores=(0.001,))
    assert place_by_others(LOW, LEFT, [quiet], USUAL, IMAGE) is None


def test_confidence_in_a_box_that_others_place_is_never_calibrated() -> None:
    placed = place_by_others(LOW, LEFT, [found("mass", LOW_BOX, scores=(0.5,))], USUAL, IMAGE)
    assert placed is not None
    assert placed.confidence is not None
    assert not placed.confidence.calibrated
    assert (placed.box.x0, placed.box.y1) == pytest.approx((64, 96))


def test_a_zone_gives_place_and_size_to_a_finding_that_the_table_does_not_know() -> None:
    zone = Box(60, 75, 90, 105)
    habit = load_usual().common_habit(("left_lower_zone",), zone, LEFT)
    assert habit is not None
    placed = LEFT.box(habit.mean)
    assert (placed.x0, placed.y0, placed.x1, placed.y1) == pytest.approx((60, 75, 90, 105))
    side = load_usual().common_habit(("left_lung",), zone, LEFT)
    assert side is not None
    assert side.mean != habit.mean


def test_a_table_of_organs_alone_knows_no_common_habit() -> None:
    usual = load_usual()
    blind = usual.without(set(usual.habits) - {"cardiomegaly"})
    assert blind.common_habit(("left_lower_zone",), Box(60, 75, 90, 105), LEFT) is None


def test_a_finding_without_boxes_is_tied_to_where_others_show(study, look, mention) -> None:
    entity = mention("cavity", side=Side.LEFT, locations=("lower_zone",))
    seen = with_candidates(
        look(),
        found("mass", LOW_BOX, OTHER_SIDE, scores=(0.6, 0.9)),
        found("opacity", HIGH_BOX, scores=(0.02,)),
    )
    reading = DefaultLink()(study, [entity], [seen])
    assert links(reading) == [
        ("left_lower_zone", LinkSource.ANATOMY, "words"),
        ("cavity", LinkSource.BOTH, "words_and_others"),
    ]
    region = reading.regions[-1]
    assert region.box.iou(Box(*LOW_BOX)) > 0.5
    assert reading.links[-1].confidence == region.confidence


@pytest.mark.parametrize(
    ("concept", "location"), [("rib_fracture", "rib"), ("bulla", "lower_zone")]
)
def test_what_others_cannot_show_is_tied_to_its_zone_alone(
    study, look, mention, concept: str, location: str
) -> None:
    entity = mention(concept, side=Side.LEFT, locations=(location,))
    seen = with_candidates(look(), found("mass", LOW_BOX, scores=(0.9,)))
    reading = DefaultLink()(study, [entity], [seen])
    assert {source for _, source, _ in links(reading)} == {LinkSource.ANATOMY}


def test_a_spot_of_its_own_goes_before_what_others_show(study, look, finding, mention) -> None:
    entity = mention("tuberculosis", side=Side.LEFT, locations=("lower_lobe",))
    seen = with_candidates(
        look(finding("tuberculosis", at=(75.0, 90.0))), found("mass", HIGH_BOX, scores=(0.9,))
    )
    reading = DefaultLink()(study, [entity], [seen])
    assert [rule for _, source, rule in links(reading) if source is LinkSource.BOTH] == [
        "words_and_picture"
    ]


def test_bilateral_is_a_box_on_either_side_the_worse_one_first(study, look, mention) -> None:
    text = "Opacity in both lower zones, right greater than left."
    entity = mention(
        "opacity", side=Side.BILATERAL, locations=("lower_zone",), text="Opacity",
        span=_span(0, 7),
    )  # fmt: skip
    told = replace(study, report=_report(text))
    seen = with_candidates(look(), weighed(LOW_BOX, OTHER_SIDE, scores=(0.5, 0.4)))
    reading = DefaultLink()(told, [entity], [seen])
    boxes = {region.id: region.box for region in reading.regions}
    both = [boxes[link.region_id] for link in reading.links if link.source is LinkSource.BOTH]
    assert both == [Box(*OTHER_SIDE), Box(*LOW_BOX)]


def _span(start: int, end: int):
    from radnlp.schema import Span

    return Span(start, end)


def _report(text: str):
    from radnlp.schema import Report

    return Report(text=text)


@pytest.mark.parametrize("boxes", [(HIGH_BOX,), ((5.0, 75.0, 95.0, 105.0),)], ids=["far", "wide"])
def test_others_that_show_elsewhere_or_everywhere_place_nothing(
    study, look, mention, boxes: tuple[tuple[float, ...], ...]
) -> None:
    entity = mention("cavity", side=Side.LEFT, locations=("lung_base",))
    seen = with_candidates(look(), found("mass", *boxes, scores=(0.9,) * len(boxes)))
    reading = DefaultLink()(study, [entity], [seen])
    assert {source for _, source, _ in links(reading)} == {LinkSource.ANATOMY}
