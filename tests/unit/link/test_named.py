from __future__ import annotations

import numpy as np
import pytest

from radnlp.examples.phantom import Phantom, SimulatedStudy, simulate
from radnlp.examples.simulation import Anatomy
from radnlp.link.anatomy import Chest, Zone
from radnlp.link.frame import Frame
from radnlp.schema import Box

ROWS, COLUMNS = 256, 215
PLACES = (
    "aortic_knob", "carina", "trachea", "superior_mediastinum", "aortopulmonary_window", "spine",
    "left_clavicle", "right_clavicle", "right_fissure", "left_fissure", "right_upper_lobe",
    "right_middle_lobe", "right_lower_lobe", "left_upper_lobe", "left_lingula", "left_lower_lobe",
    "left_diaphragm", "right_diaphragm", "right_subdiaphragmatic", "left_subdiaphragmatic",
    "left_lung_periphery", "left_perihilar", "right_paratracheal", "right_scapula",
    *(f"{side}_rib_{number}" for side in ("left", "right") for number in range(1, 13)),
)  # fmt: skip


@pytest.fixture(scope="module")
def usual() -> SimulatedStudy:
    return simulate(rows=ROWS, columns=COLUMNS, seed=3)


def chest_of(study: SimulatedStudy) -> Chest:
    return Chest(study.masks, study.pixels / 4095.0)


def zone_of(chest: Chest, label: str) -> Zone:
    zone = chest.zone(label)
    assert zone is not None, label
    return zone


def error(box: Box, truth: Box) -> float:
    """The worst edge's distance, in parts of the image."""
    across = max(abs(box.x0 - truth.x0), abs(box.x1 - truth.x1)) / COLUMNS
    return max(across, max(abs(box.y0 - truth.y0), abs(box.y1 - truth.y1)) / ROWS)


@pytest.mark.parametrize("label", PLACES)
def test_a_place_lies_where_the_phantom_has_it(usual: SimulatedStudy, label: str) -> None:
    assert error(zone_of(chest_of(usual), label).box, usual.places[label]) <= 0.03


@pytest.mark.parametrize("label", ["aortic_knob", "spine", "left_rib_5", "right_clavicle"])
@pytest.mark.parametrize(
    "body",
    [
        Phantom(size=0.88),
        Phantom(tilt_degrees=4.0),
        Phantom(shift_mm=(14.0, -12.0)),
        Phantom(anatomy=Anatomy(inspiration_mm=-8.0)),
    ],
    ids=["small", "tilted", "shifted", "poor breath"],
)
def test_places_follow_the_body(body: Phantom, label: str) -> None:
    study = simulate(body, rows=ROWS, columns=COLUMNS, seed=3)
    assert error(zone_of(chest_of(study), label).box, study.places[label]) <= 0.03


def test_lobes_overlap_because_the_fissure_falls(usual: SimulatedStudy) -> None:
    chest = chest_of(usual)
    upper, lower = (zone_of(chest, f"right_{name}_lobe").mask for name in ("upper", "lower"))
    assert upper is not None
    assert lower is not None
    common = (upper.to_array() & lower.to_array()).sum()
    assert common > 0.2 * usual.masks["right_lung"].sum()


def test_ribs_follow_one_another_downwards(usual: SimulatedStudy) -> None:
    chest = chest_of(usual)
    tops = [zone_of(chest, f"left_rib_{number}").box.y0 for number in range(1, 13)]
    assert tops == sorted(tops)


def test_places_of_a_flipped_film_lie_on_its_other_side(usual: SimulatedStudy) -> None:
    flipped = Chest(
        {label: mask[:, ::-1] for label, mask in usual.masks.items()},
        usual.pixels[:, ::-1] / 4095.0,
    )
    for label in ("aortic_knob", "left_rib_7", "left_subdiaphragmatic", "left_lingula"):
        there = zone_of(chest_of(usual), label).box
        back = zone_of(flipped, label).box
        assert (back.x0, back.x1) == pytest.approx((COLUMNS - there.x1, COLUMNS - there.x0), abs=2)
        assert (back.y0, back.y1) == pytest.approx((there.y0, there.y1), abs=1)


def test_zones_of_a_large_film_are_those_of_a_small_one_enlarged(usual: SimulatedStudy) -> None:
    large = {
        label: np.kron(mask, np.ones((12, 12), bool)).astype(bool)
        for label, mask in usual.masks.items()
    }
    small, big = chest_of(usual), Chest(large)
    there = {zone.label: zone for zone in small.zones()}
    for zone in big.zones():
        box, small_box = zone.box, there[zone.label].box
        for edge in ("x0", "y0", "x1", "y1"):
            assert getattr(box, edge) == pytest.approx(12 * getattr(small_box, edge), abs=30)
        if zone.mask is not None:
            assert (zone.mask.rows, zone.mask.columns) == (12 * ROWS, 12 * COLUMNS)
    assert big.midline == pytest.approx(12 * small.midline, rel=0.01)


def test_an_unknown_place_or_a_missing_lung_has_no_zone(usual: SimulatedStudy) -> None:
    assert chest_of(usual).zone("left_rib_13") is None
    assert chest_of(usual).zone("left_knee") is None
    assert chest_of(usual).zone("knee") is None
    assert Chest({"left_lung": usual.masks["left_lung"]}).zone("left_rib_3") is None


@pytest.mark.parametrize("degrees", [-6.0, 0.0, 5.0])
def test_the_frame_finds_the_tilt(degrees: float) -> None:
    study = simulate(Phantom(tilt_degrees=degrees), rows=ROWS, columns=COLUMNS, seed=3)
    frame = Frame(study.masks["left_lung"], study.masks["right_lung"])
    assert np.degrees(np.arctan(-frame.slope)) == pytest.approx(degrees, abs=1.5)
