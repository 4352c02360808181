"""Zones and links against the exact truth of simulated films."""

from __future__ import annotations

import numpy as np
import pytest

from radnlp.examples.lesions import Request
from radnlp.examples.phantom import Phantom, SimulatedStudy, simulate
from radnlp.link import DefaultLink
from radnlp.link.anatomy import Chest
from radnlp.schema import (
    Confidence,
    HeatMap,
    Image,
    ImageFinding,
    ImageReading,
    Mask,
    PixelMap,
    Region,
    RegionSource,
    Side,
    Study,
)

ZONES = ["upper", "mid", "lower"]


def film(*findings: Request) -> SimulatedStudy:
    return simulate(Phantom(findings=findings), rows=192, columns=160, seed=7)


def seen(study: SimulatedStudy) -> ImageReading:
    """A reading by a model that makes no mistake."""
    rows, columns = study.pixels.shape
    regions = []
    for number, (label, array) in enumerate(study.masks.items()):
        mask = Mask.from_array(array)
        box = mask.box()
        assert box is not None
        regions.append(
            Region(
                id=f"g{number}", image_id="i0", box=box, label=label, mask=mask,
                source=RegionSource.ANATOMY,
            )
        )  # fmt: skip
    heatmaps = []
    for lesion in study.findings:
        values = np.zeros((rows // 4, columns // 4), np.float32)
        box = lesion.box
        values[int(box.y0 // 4) : int(box.y1 // 4), int(box.x0 // 4) : int(box.x1 // 4)] = 0.9
        heatmaps.append(
            HeatMap(concept=lesion.concept, values=values, pixel_map=PixelMap(scale_x=4, scale_y=4))
        )
    findings = tuple(
        ImageFinding(
            id=f"f{number}", concept=lesion.concept, image_id="i0", positive=True,
            confidence=Confidence(value=0.9, calibrated=True),
        )
        for number, lesion in enumerate(study.findings)
    )  # fmt: skip
    return ImageReading(
        image_id="i0", regions=tuple(regions), heatmaps=tuple(heatmaps), findings=findings
    )


def test_zones_are_those_of_the_phantom() -> None:
    study = film()
    cut = {zone.label: zone.box for zone in Chest(study.masks).zones()}
    for label, truth in study.zones.items():
        assert cut[label].iou(truth) > 0.95


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("zone", ZONES)
def test_a_consolidation_is_linked_in_the_zone_it_lies_in(side: str, zone: str, mention) -> None:
    truth = film(Request(concept="consolidation", side=side, zone=zone))
    study = Study(images=(Image(pixels=truth.pixels / 4095.0),))
    entity = mention("consolidation", side=Side(side), locations=(f"{zone}_zone",))
    reading = DefaultLink()(study, [entity], [seen(truth)])
    labels = {region.id: region for region in reading.regions}
    linked = {labels[link.region_id].label: str(link.source) for link in reading.links}
    assert linked == {f"{side}_{zone}_zone": "anatomy", "consolidation": "both"}
    (spot,) = [region for region in reading.regions if region.source == RegionSource.IMAGE]
    assert spot.box.iou(truth.findings[0].box) > 0.6
    assert reading.conflicts == ()


@pytest.mark.parametrize(("side", "wrong"), [("left", "right"), ("right", "left")])
@pytest.mark.parametrize("concept", ["pleural_effusion", "pneumothorax", "nodule"])
def test_a_finding_reported_on_the_wrong_side_is_a_conflict(
    side: str, wrong: str, concept: str, mention
) -> None:
    zone = "mid" if concept == "nodule" else None
    truth = film(Request(concept=concept, side=side, zone=zone))
    study = Study(images=(Image(pixels=truth.pixels / 4095.0),))
    right_words = DefaultLink()(study, [mention(concept, side=Side(side))], [seen(truth)])
    wrong_words = DefaultLink()(study, [mention(concept, side=Side(wrong))], [seen(truth)])
    assert right_words.conflicts == ()
    assert [str(conflict.kind) for conflict in wrong_words.conflicts] == ["side"]
