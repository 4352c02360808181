from __future__ import annotations

import pytest

from radnlp.examples.phantom import Phantom, SimulatedStudy, simulate
from radnlp.examples.simulation import Anatomy


def test_places_lie_inside_the_film(normal: SimulatedStudy) -> None:
    rows, columns = normal.pixels.shape
    for label, box in normal.places.items():
        assert 0 <= box.x0 < box.x1 <= columns, label
        assert 0 <= box.y0 < box.y1 <= rows, label


def test_the_patients_left_is_at_high_x(normal: SimulatedStudy) -> None:
    for label, box in normal.places.items():
        if label.startswith("left_"):
            other = normal.places[
                label.replace("left_", "right_").replace("lingula", "middle_lobe")
            ]
            assert box.center[0] > other.center[0], label


def test_six_ribs_in_front_and_ten_behind_lie_over_the_right_dome(normal: SimulatedStudy) -> None:
    dome = normal.places["right_subdiaphragmatic"].y0
    ends = [normal.places[f"right_rib_{number}"] for number in range(1, 13)]
    assert sum(box.y1 < dome + 0.02 * normal.pixels.shape[0] for box in ends) == 6
    assert sum(box.y0 < dome for box in ends) in (10, 11)


def test_a_deeper_breath_lowers_the_domes_and_no_rib() -> None:
    shallow, deep = (
        simulate(
            Phantom(anatomy=Anatomy(inspiration_mm=millimetres)), rows=192, columns=160, seed=1
        ).places
        for millimetres in (-10.0, 15.0)
    )
    assert deep["left_subdiaphragmatic"].y0 > shallow["left_subdiaphragmatic"].y0 + 5
    assert deep["left_rib_8"] == shallow["left_rib_8"]


def test_a_place_off_the_film_has_no_box() -> None:
    study = simulate(Phantom(shift_mm=(0.0, -75.0)), rows=192, columns=160, seed=1)
    assert study.places["left_apex"].y0 == pytest.approx(0, abs=6)
    off = simulate(Phantom(shift_mm=(0.0, 160.0)), rows=192, columns=160, seed=1)
    assert "left_rib_12" not in off.places
