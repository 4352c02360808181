from __future__ import annotations

from dataclasses import replace

import pytest

from radnlp.errors import InputError
from radnlp.link import DefaultLink
from radnlp.schema import (
    Assertion,
    Box,
    EntityKind,
    Image,
    LinkReading,
    LinkSource,
    Mask,
    Region,
    RegionSource,
    Side,
    Study,
    Subject,
    Temporality,
)

LEFT_LOW, RIGHT_LOW, LEFT_HIGH = (75.0, 90.0), (25.0, 90.0), (75.0, 25.0)


def told(reading: LinkReading, *, regions: tuple[Region, ...] = ()) -> list[tuple[str, str]]:
    """(label, source) of every link."""
    labels = {region.id: region.label for region in (*regions, *reading.regions)}
    return [(labels[link.region_id], str(link.source)) for link in reading.links]


def test_words_and_picture_that_agree_give_both_and_the_zone(study, look, finding, mention) -> None:
    entity = mention("consolidation", side=Side.LEFT, locations=("lower_lobe",))
    reading = DefaultLink()(study, [entity], [look(finding("consolidation", at=LEFT_LOW))])
    assert told(reading) == [("left_lower_lobe", "anatomy"), ("consolidation", "both")]


def test_an_image_link_carries_the_findings_confidence_and_a_zone_link_none(
    study, look, finding, mention
) -> None:
    entity = mention("consolidation", side=Side.LEFT, locations=("lower_lobe",))
    reading = DefaultLink()(study, [entity], [look(finding("consolidation", 0.7, at=LEFT_LOW))])
    zone, spot = reading.links
    assert zone.confidence is None
    assert spot.confidence is not None
    assert spot.confidence.value == 0.7


def test_a_spot_elsewhere_on_the_named_side_is_linked_by_the_picture_alone(
    study, look, finding, mention
) -> None:
    entity = mention("consolidation", side=Side.LEFT, locations=("lower_lobe",))
    reading = DefaultLink()(study, [entity], [look(finding("consolidation", at=LEFT_HIGH))])
    assert told(reading) == [("left_lower_lobe", "anatomy"), ("consolidation", "image")]


def test_a_spot_on_the_other_side_is_not_linked(study, look, finding, mention) -> None:
    entity = mention("consolidation", side=Side.LEFT, locations=("lower_lobe",))
    reading = DefaultLink()(study, [entity], [look(finding("consolidation", at=RIGHT_LOW))])
    assert told(reading) == [("left_lower_lobe", "anatomy"), ("consolidation", "anatomy")]


def test_without_a_side_only_the_picture_links(study, look, finding, mention) -> None:
    reading = DefaultLink()(
        study, [mention("consolidation")], [look(finding("consolidation", at=LEFT_LOW))]
    )
    assert told(reading) == [("consolidation", "image")]


def test_a_broader_or_narrower_name_is_the_same_spot(study, look, finding, mention) -> None:
    reading = DefaultLink()(
        study, [mention("opacity")], [look(finding("consolidation", at=LEFT_LOW))]
    )
    assert told(reading) == [("consolidation", "image")]


def test_another_name_of_the_shadow_is_linked_only_in_the_named_zone(
    study, look, finding, mention
) -> None:
    entity = mention("pneumonia", side=Side.LEFT, locations=("lower_lobe",))
    there = DefaultLink()(study, [entity], [look(finding("opacity", at=LEFT_LOW))])
    elsewhere = DefaultLink()(study, [entity], [look(finding("opacity", at=LEFT_HIGH))])
    assert told(there) == [("left_lower_lobe", "anatomy"), ("opacity", "both")]
    assert told(elsewhere) == [("left_lower_lobe", "anatomy"), ("pneumonia", "anatomy")]


def test_bilateral_is_two_zones(study, look, mention) -> None:
    reading = DefaultLink()(
        study, [mention("opacity", side=Side.BILATERAL, locations=("lung_base",))], [look()]
    )
    assert told(reading)[:2] == [("left_base", "anatomy"), ("right_base", "anatomy")]


def test_a_large_heart_is_linked_to_the_heart(study, look, finding, mention) -> None:
    reading = DefaultLink()(
        study, [mention("cardiomegaly")], [look(finding("cardiomegaly", at=(10.0, 10.0)))]
    )
    assert told(reading) == [("cardiac_silhouette", "anatomy"), ("cardiomegaly", "both")]


@pytest.mark.parametrize(
    "attributes",
    [
        {"assertion": Assertion.ABSENT},
        {"assertion": Assertion.UNCERTAIN},
        {"assertion": Assertion.HYPOTHETICAL},
        {"temporality": Temporality.HISTORICAL},
        {"subject": Subject.OTHER},
        {"kind": EntityKind.ANATOMY},
    ],
    ids=lambda attributes: str(next(iter(attributes.values()))),
)
def test_only_what_the_patient_has_now_is_linked(study, look, mention, attributes) -> None:
    entity = mention("opacity", side=Side.LEFT, locations=("lower_lobe",), **attributes)
    assert DefaultLink()(study, [entity], [look()]).links == ()


def test_regions_are_numbered_after_those_of_the_images(study, look, finding) -> None:
    reading = DefaultLink()(study, [], [look(finding("nodule", at=LEFT_LOW))])
    assert [region.id for region in reading.regions] == [
        f"g{number}" for number in range(3, 3 + len(reading.regions))
    ]


def test_a_positive_finding_has_a_region_where_it_shows(study, look, finding) -> None:
    reading = DefaultLink()(study, [], [look(finding("nodule", 0.8, at=LEFT_LOW))])
    (spot,) = [region for region in reading.regions if region.source == RegionSource.IMAGE]
    assert (spot.label, spot.box) == ("nodule", Box(75, 90, 80, 95))
    assert spot.confidence is not None
    assert spot.confidence.value == 0.8


def test_a_detectors_own_box_is_used_instead_of_the_heat_map(
    study, look, finding, mention, regions
) -> None:
    own = Region(
        id="g3", image_id="i0", box=Box(70, 80, 80, 95), label="nodule", source=RegionSource.IMAGE
    )
    seen = look(finding("nodule", at=LEFT_HIGH))
    seen = replace(seen, regions=(*seen.regions, own))
    reading = DefaultLink()(study, [mention("nodule")], [seen])
    assert [link.region_id for link in reading.links] == ["g3"]
    assert not [region for region in reading.regions if region.source == RegionSource.IMAGE]


def test_a_study_of_two_images_is_linked_in_both(look, mention) -> None:
    first = look()
    second = replace(
        first,
        image_id="i1",
        regions=tuple(
            replace(region, id=f"g{number + 3}", image_id="i1")
            for number, region in enumerate(first.regions)
        ),
    )
    images = tuple(Image(pixels=None, rows=120, columns=100, id=id) for id in ("i0", "i1"))
    reading = DefaultLink()(Study(images=images), [mention("cardiomegaly")], [first, second])
    places = {region.id: region.image_id for region in reading.regions}
    zones = [link for link in reading.links if link.provenance.rule == "usual_place"]
    assert [places[link.region_id] for link in zones] == ["i0", "i1"]


def test_a_lateral_view_has_no_zones(look, mention) -> None:
    lateral = Study(images=(Image(pixels=None, rows=120, columns=100, view="LATERAL"),))
    reading = DefaultLink()(lateral, [mention("cardiomegaly")], [look()])
    assert reading.regions == ()
    assert reading.links == ()


def test_an_image_without_lungs_is_said_to_have_no_zones(study, look, mention) -> None:
    reading = DefaultLink()(study, [mention("cardiomegaly")], [look(anatomy=False)])
    assert reading.links == ()
    assert [notice.name for notice in reading.warnings] == ["NoAnatomyWarning"]


def test_an_image_alone_is_no_reason_to_warn(study, look) -> None:
    assert DefaultLink()(study, [], [look(anatomy=False)]).warnings == ()


def test_every_link_says_by_which_rule_it_was_made(study, look, finding, mention) -> None:
    entity = mention("pleural_effusion", side=Side.LEFT)
    reading = DefaultLink()(study, [entity], [look(finding("pleural_effusion", at=LEFT_LOW))])
    rules = {link.source: link.provenance.rule for link in reading.links if link.provenance}
    assert rules == {
        LinkSource.ANATOMY: "usual_place",
        LinkSource.BOTH: "words_and_picture",
    }


def test_the_side_of_a_place_is_the_findings(study, look, finding, mention) -> None:
    """The lingula is on the left, even if the words do not say so."""
    seen = look(finding("opacity", at=(25.0, 70.0)))
    reading = DefaultLink()(study, [mention("opacity", locations=("lingula",))], [seen])
    assert told(reading)[0] == ("left_lingula", "anatomy")
    assert {link.source for link in reading.links} == {LinkSource.ANATOMY}


def test_masks_of_another_shape_are_refused(study, look, mention) -> None:
    seen = look()
    halved = tuple(
        replace(one, mask=Mask.from_array(one.mask.to_array()[::2, ::2])) for one in seen.regions
    )
    with pytest.raises(InputError, match=r"mask of left_lung has shape \(60, 50\)"):
        DefaultLink()(study, [mention("opacity")], [replace(seen, regions=halved)])
