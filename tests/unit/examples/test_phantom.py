from __future__ import annotations

import numpy as np
import pytest

from radnlp.errors import InputError
from radnlp.examples.anatomy import Anatomy
from radnlp.examples.film import MAX_VALUE, Film
from radnlp.examples.lesions import CONCEPTS, Request
from radnlp.examples.phantom import Phantom, SimulatedStudy, simulate
from radnlp.schema.geometry import Box


def _mean(study: SimulatedStudy, mask: np.ndarray) -> float:
    return float(study.pixels[mask].mean())


def test_same_arguments_give_the_same_pixels(normal: SimulatedStudy) -> None:
    again = simulate(rows=256, columns=215, seed=5)

    assert np.array_equal(again.pixels, normal.pixels)
    assert all(np.array_equal(again.masks[name], normal.masks[name]) for name in normal.masks)


def test_another_seed_gives_other_pixels(normal: SimulatedStudy) -> None:
    other = simulate(rows=256, columns=215, seed=6)

    assert not np.array_equal(other.pixels, normal.pixels)


def test_pixels_are_twelve_bit_and_use_most_of_the_range(normal: SimulatedStudy) -> None:
    assert normal.pixels.dtype == np.uint16
    assert normal.pixels.min() == 0
    assert 0.9 * MAX_VALUE < normal.pixels.max() <= MAX_VALUE


def test_lungs_are_darker_than_heart_and_the_belly_is_brightest(normal: SimulatedStudy) -> None:
    lungs = _mean(normal, normal.masks["left_lung"] | normal.masks["right_lung"])
    heart = _mean(normal, normal.masks["heart"])
    belly = float(normal.pixels[230:245, 60:150].mean())

    assert lungs < 0.6 * heart < heart < belly


def test_the_patients_left_lies_on_the_right_of_the_image(normal: SimulatedStudy) -> None:
    columns = np.arange(215)
    centre = {
        name: (mask.sum(0) * columns).sum() / mask.sum() for name, mask in normal.masks.items()
    }

    assert centre["right_lung"] < 107 < centre["left_lung"]
    assert centre["heart"] > 107


def test_the_right_dome_stands_higher_than_the_left(normal: SimulatedStudy) -> None:
    lowest = {
        side: np.median([np.flatnonzero(column)[-1] for column in mask.T if column.sum() > 40])
        for side, mask in normal.masks.items()
    }

    assert lowest["right_lung"] < lowest["left_lung"]


def test_masks_do_not_overlap(normal: SimulatedStudy) -> None:
    assert np.sum(list(normal.masks.values()), axis=0).max() == 1


def test_each_lung_is_one_piece(normal: SimulatedStudy) -> None:
    for side in ("left", "right"):
        mask = normal.masks[f"{side}_lung"]
        reached = np.zeros_like(mask)
        reached.flat[np.flatnonzero(mask)[mask.sum() // 2]] = True
        while True:
            grown = reached.copy()
            grown[1:] |= reached[:-1]
            grown[:-1] |= reached[1:]
            grown[:, 1:] |= reached[:, :-1]
            grown[:, :-1] |= reached[:, 1:]
            grown &= mask
            if grown.sum() == reached.sum():
                break
            reached = grown
        assert reached.sum() > 0.995 * mask.sum()


def test_zones_are_thirds_of_the_lungs_height(normal: SimulatedStudy) -> None:
    for side in ("left", "right"):
        upper, mid, lower = (normal.zones[f"{side}_{z}_zone"] for z in ("upper", "mid", "lower"))
        rows = np.flatnonzero(normal.masks[f"{side}_lung"].any(axis=1))

        assert upper.y0 == rows[0]
        assert lower.y1 == rows[-1] + 1
        assert upper.y1 == mid.y0
        assert mid.y1 == lower.y0
        assert upper.height == pytest.approx(mid.height) == pytest.approx(lower.height)


def test_a_nodule_lies_in_the_zone_it_is_named_after(sick: SimulatedStudy) -> None:
    nodule = sick.findings[0]
    zone = sick.zones["right_upper_zone"]

    assert (nodule.concept, nodule.side, nodule.zone) == ("nodule", "right", "right_upper_zone")
    assert zone.y0 <= (nodule.box.y0 + nodule.box.y1) / 2 <= zone.y1
    assert zone.x0 <= (nodule.box.x0 + nodule.box.x1) / 2 <= zone.x1


def test_a_nodules_box_has_its_size(sick: SimulatedStudy) -> None:
    nodule = sick.findings[0]

    assert nodule.box.width * sick.spacing_mm == pytest.approx(20.0, abs=5.0)
    assert nodule.box.height * sick.spacing_mm == pytest.approx(20.0, abs=5.0)


@pytest.mark.parametrize("concept", CONCEPTS)
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_box_encloses_what_the_finding_changes(concept: str, side: str) -> None:
    zone = None if concept in ("pleural_effusion", "pneumothorax") else "upper"
    request = Request(concept=concept, side=side, zone=zone)
    film = Film(photons=1e9, equalise=0.0, scatter=0.0)
    without = simulate(Phantom(film=film), rows=192, columns=160, seed=2)
    study = simulate(Phantom(film=film, findings=(request,)), rows=192, columns=160, seed=2)

    change = np.abs(study.pixels.astype(float) - without.pixels)
    change[~(without.masks["left_lung"] | without.masks["right_lung"])] = 0.0
    box = study.findings[0].box
    inside = np.zeros(change.shape, dtype=bool)
    inside[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] = True

    strong = change > 0.4 * change[inside].max()
    assert strong.any()
    assert (strong & inside).sum() > 0.95 * strong.sum()


def test_fluid_takes_the_visible_lung_away(normal: SimulatedStudy, sick: SimulatedStudy) -> None:
    assert sick.masks["left_lung"].sum() < normal.masks["left_lung"].sum()
    assert np.array_equal(sick.masks["right_lung"], normal.masks["right_lung"])


def test_a_normal_heart_is_no_finding(normal: SimulatedStudy) -> None:
    assert normal.findings == ()
    assert 0.4 < normal.heart_ratio < 0.5


def test_a_large_heart_is_a_finding_with_the_hearts_box() -> None:
    study = simulate(Phantom(anatomy=Anatomy(heart=1.3)), rows=128, columns=108)

    assert study.heart_ratio > 0.5
    (finding,) = study.findings
    rows, columns = np.nonzero(study.masks["heart"])
    assert finding.concept == "cardiomegaly"
    assert finding.box == Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_the_marker_is_bright_at_the_patients_left(normal: SimulatedStudy) -> None:
    bare = simulate(Phantom(film=Film(marker=False)), rows=256, columns=215, seed=5)
    drawn = normal.pixels != bare.pixels

    assert np.nonzero(drawn[:128])[1].min() > 150
    assert (normal.pixels[drawn] > 0.9 * MAX_VALUE).all()


def test_a_shift_moves_the_lungs_by_that_much(normal: SimulatedStudy) -> None:
    moved = simulate(Phantom(shift_mm=(16.015625, 0.0)), rows=256, columns=215, seed=5)

    assert np.array_equal(moved.masks["left_lung"][:, 10:], normal.masks["left_lung"][:, :-10])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"concept": "fracture", "side": "left"}, "fracture"),
        ({"concept": "nodule", "side": "both", "zone": "upper"}, "both"),
        ({"concept": "nodule", "side": "left"}, "zone of nodule"),
        ({"concept": "pneumothorax", "side": "left", "zone": "upper"}, "zone of pneumothorax"),
        ({"concept": "nodule", "side": "left", "zone": "mid", "size_mm": 900.0}, "900"),
    ],
)
def test_an_impossible_finding_is_refused(arguments: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Request(**arguments)


def test_a_tiny_film_is_refused() -> None:
    with pytest.raises(InputError, match="64"):
        simulate(rows=20, columns=200)


def test_a_body_outside_the_film_is_refused() -> None:
    with pytest.raises(InputError, match="outside the film"):
        simulate(Phantom(shift_mm=(400.0, 0.0)), rows=96, columns=80)
