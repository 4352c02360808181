"""Which findings are shown on the images."""

from __future__ import annotations

import dataclasses

from radnlp.output.marks import COLOURS, marks_of, outlined_anatomy
from radnlp.schema import Analysis, Confidence, Draft, Link, LinkSource


def test_linked_findings_come_first_and_the_picture_alone_after_them(chest: Analysis) -> None:
    marks = marks_of(chest)
    assert [(mark.number, mark.concept, str(mark.source)) for mark in marks] == [
        (1, "nodule", "both"),
        (2, "pleural_effusion", "anatomy"),
        (3, "opacity", "image"),
    ]


def test_what_no_sentence_of_the_draft_rests_on_is_not_drawn(chest: Analysis) -> None:
    assert chest.draft is not None
    silent = dataclasses.replace(chest, draft=Draft())
    assert [mark.concept for mark in marks_of(silent)] == ["nodule", "pleural_effusion"]
    without_draft = dataclasses.replace(chest, draft=None)
    assert [mark.concept for mark in marks_of(without_draft)][-1] == "opacity"


def test_words_and_picture_from_two_links_are_both(chest: Analysis) -> None:
    links = (
        Link(entity_id="e1", region_id="g1", source=LinkSource.ANATOMY),
        Link(entity_id="e1", region_id="g2", source=LinkSource.IMAGE),
    )
    (mark, *_) = marks_of(dataclasses.replace(chest, links=links))
    assert mark.source is LinkSource.BOTH
    assert mark.region_ids == ("g1", "g2")


def test_the_same_finding_said_twice_is_one_mark(chest: Analysis) -> None:
    second = dataclasses.replace(chest.entities[1], id="e8")
    link = Link(entity_id="e8", region_id="g2", source=LinkSource.IMAGE)
    twice = dataclasses.replace(
        chest, entities=(*chest.entities, second), links=(*chest.links, link)
    )
    assert marks_of(twice)[0].entity_ids == ("e1", "e8")
    assert len(marks_of(twice)) == 3


def test_confidence_is_the_boxs_then_the_image_findings(chest: Analysis) -> None:
    nodule, effusion, opacity = marks_of(chest)
    assert nodule.confidence == Confidence(value=0.41)
    assert effusion.confidence is None
    assert opacity.confidence == Confidence(value=0.66, calibrated=True)


def test_colours_repeat_after_the_last(chest: Analysis) -> None:
    mark = dataclasses.replace(marks_of(chest)[0], number=len(COLOURS) + 1)
    assert mark.hue == 0


def test_lungs_and_heart_are_outlined_and_zones_are_not(chest: Analysis) -> None:
    assert [region.label for region in outlined_anatomy(chest)] == ["left_lung"]
