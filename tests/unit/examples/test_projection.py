from __future__ import annotations

import numpy as np
import pytest

from radnlp.examples.projection import Cloud, Frame, blur, tube


def test_a_point_projects_where_the_grid_says_it_is() -> None:
    frame = Frame(
        rows=120, columns=100, size=1.1, width=0.9, shift_mm=(7.0, -4.0), tilt_degrees=5.0
    )
    x, y = frame.grid()
    points = np.stack([x[30:32, 40], y[30:32, 40], np.zeros(2)], axis=1)

    column, row = frame.pixels(points)

    assert column == pytest.approx([40.5, 40.5])
    assert row == pytest.approx([30.5, 31.5])


def test_turning_the_patient_moves_what_lies_behind() -> None:
    frame = Frame(rows=100, columns=100, turn_degrees=6.0)
    front, back = np.array([[0.0, 50.0, -60.0]]), np.array([[0.0, 50.0, 60.0]])

    assert frame.pixels(front)[0] < frame.pixels(back)[0]


def test_a_tube_across_the_rays_attenuates_by_its_diameter() -> None:
    frame = Frame(rows=400, columns=400, field_mm=200.0, top_mm=100.0)
    path = np.array([(-60.0, 0.0, 0.0), (60.0, 0.0, 0.0)])
    cloud = tube(path, np.full((2, 2), 8.0), step_mm=0.2, core=0.02)

    image = blur(frame.project(cloud), 2.0)

    assert image[195:205, 150:250].mean() == pytest.approx(0.02 * 16.0, rel=0.03)


def test_projection_keeps_the_mass() -> None:
    frame = Frame(rows=200, columns=200, field_mm=200.0, top_mm=100.0)
    cloud = Cloud(points=np.zeros((3, 3)), mass=np.array([1.0, 2.0, 3.0]))

    assert frame.project(cloud).sum() * frame.spacing_mm**2 == pytest.approx(6.0)


def test_blur_keeps_a_constant_image() -> None:
    assert blur(np.full((33, 47), 2.5), 6.0) == pytest.approx(2.5)
