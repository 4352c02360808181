from __future__ import annotations

import numpy as np
import pytest

from radnlp.examples.phantom import Phantom, SimulatedStudy, simulate
from radnlp.examples.simulation import Anatomy
from radnlp.link.anatomy import Chest
from radnlp.link.frame import Frame
from radnlp.link.named import angle_of, floor_of, follows_ribs
from radnlp.link.ribs import USUAL, Ribs, find_ribs

ROWS, COLUMNS = 256, 215


@pytest.fixture(scope="module")
def study() -> SimulatedStudy:
    return simulate(rows=ROWS, columns=COLUMNS, seed=3)


def ribs_of(study: SimulatedStudy) -> Ribs:
    left, right = study.masks["left_lung"], study.masks["right_lung"]
    return find_ribs(study.pixels / 4095.0, left | right, Frame(left, right))


def test_ribs_of_the_picture_are_found(study: SimulatedStudy) -> None:
    assert ribs_of(study).seen


def test_a_deep_breath_moves_no_rib() -> None:
    tenth = []
    for breath in (-20.0, 15.0):
        body = Phantom(anatomy=Anatomy(inspiration_mm=breath))
        film = simulate(body, rows=ROWS, columns=COLUMNS, seed=3)
        zone = Chest(film.masks, film.pixels / 4095.0).zone("left_rib_10")
        assert zone is not None
        tenth.append(zone.box.y0)
    assert tenth[0] == pytest.approx(tenth[1], abs=0.03 * ROWS)


@pytest.mark.parametrize("seed", range(4))
def test_chance_is_no_rib(study: SimulatedStudy, seed: int) -> None:
    """Rows change places, so that as bright bands are left, but not where ribs are."""
    rows = np.random.default_rng(seed).permutation(ROWS // 8)
    pixels = study.pixels.reshape(ROWS // 8, 8, COLUMNS)[rows].reshape(ROWS, COLUMNS) / 4095.0
    left, right = study.masks["left_lung"], study.masks["right_lung"]
    assert find_ribs(pixels, left | right, Frame(left, right)) == USUAL


def test_a_picture_without_ribs_has_those_of_most_chests(study: SimulatedStudy) -> None:
    left, right = study.masks["left_lung"], study.masks["right_lung"]
    frame = Frame(left, right)
    assert find_ribs(np.zeros((ROWS, COLUMNS)), left | right, frame) == USUAL
    noise = np.random.default_rng(0).random((ROWS, COLUMNS))
    assert find_ribs(noise, left | right, frame) == USUAL


def test_an_inverted_picture_shows_no_ribs(study: SimulatedStudy) -> None:
    left, right = study.masks["left_lung"], study.masks["right_lung"]
    assert not find_ribs(1.0 - study.pixels / 4095.0, left | right, Frame(left, right)).seen


def test_a_zone_says_whose_ribs_it_follows(study: SimulatedStudy) -> None:
    for label, pixels, rule in (
        ("left_rib_8", study.pixels / 4095.0, "ribs_seen"),
        ("left_rib_8", None, "ribs_usual"),
        ("carina", study.pixels / 4095.0, "zone"),
    ):
        zone = Chest(study.masks, pixels).zone(label)
        assert zone is not None
        assert zone.rule == rule


def test_pixels_of_another_shape_are_not_looked_at(study: SimulatedStudy) -> None:
    without, other = Chest(study.masks), Chest(study.masks, np.zeros((9, 9)))
    assert without.zone("left_rib_8") == other.zone("left_rib_8")


def test_levels_rise_downwards() -> None:
    levels = USUAL.level(np.linspace(-0.1, 1.2, 50))
    assert (np.diff(levels) > 0).all()


@pytest.mark.parametrize(
    ("label", "follows"),
    [
        ("left_rib_10", True), ("right_upper_lobe", True), ("spine", True), ("left_ribs", True),
        ("right_clavicle", False), ("carina", False), ("left_hilum", False), ("left_apex", False),
    ],
)  # fmt: skip
def test_what_ribs_bound_follows_them(label: str, follows: bool) -> None:
    assert follows_ribs(label) is follows


def lung_with(floor: np.ndarray) -> np.ndarray:
    """A lung from row 10 down to a row in each column."""
    return (np.arange(120)[:, None] >= 10) & (np.arange(120)[:, None] < floor)


def test_a_floor_ends_where_it_jumps() -> None:
    floor = np.full(60, 0.0)
    floor[5:20], floor[20:55] = 70.0, 100.0
    found = floor_of(lung_with(floor), None)
    assert np.flatnonzero(np.isfinite(found)).tolist() == list(range(20, 55))


def test_an_angle_begins_where_the_dome_falls_by_20_degrees() -> None:
    columns = np.arange(60.0)
    floor = 80.0 + np.maximum(columns - 35.0, 0.0) * np.tan(np.radians(45.0))
    floor[:5] = 0.0
    lung = lung_with(floor)
    angle = angle_of(lung, floor_of(lung, None), 1.0)
    assert angle is not None
    assert np.flatnonzero(angle.any(axis=0))[0] == pytest.approx(35, abs=4)
    assert not angle[:80].any()
    mirrored = angle_of(lung[:, ::-1], floor_of(lung[:, ::-1], None), -1.0)
    assert mirrored is not None
    assert (mirrored[:, ::-1] == angle).all()


def test_a_flat_floor_has_no_angle() -> None:
    floor = np.full(60, 90.0)
    floor[:5] = 0.0
    lung = lung_with(floor)
    assert angle_of(lung, floor_of(lung, None), 1.0) is None
    assert angle_of(lung, np.full(60, np.nan), 1.0) is None


def test_a_band_that_ribs_put_below_a_short_lung_is_cut_by_the_lung() -> None:
    body = Phantom(anatomy=Anatomy(inspiration_mm=-32.0))
    film = simulate(body, rows=ROWS, columns=COLUMNS, seed=3)
    left = film.masks["left_lung"].copy()
    left[int(np.flatnonzero(left.any(axis=1))[[0, -1]].mean()) :] = False
    zone = Chest(film.masks | {"left_lung": left}).zone("left_lingula")
    assert zone is not None
    assert zone.mask is not None
    assert (zone.mask.to_array() <= left).all()


@pytest.mark.parametrize("degrees", [-9.0, 9.0])
def test_what_lies_below_a_dome_keeps_to_its_side_of_a_turned_film(degrees: float) -> None:
    film = simulate(Phantom(tilt_degrees=degrees), rows=ROWS, columns=COLUMNS, seed=3)
    chest = Chest(film.masks, film.pixels / 4095.0)
    left, right = (chest.zone(f"{side}_subdiaphragmatic") for side in ("left", "right"))
    assert left is not None
    assert right is not None
    assert right.box.center[0] < COLUMNS / 2 < left.box.center[0]
    assert left.box.intersection(film.places["left_subdiaphragmatic"]).area > 0.7 * left.box.area


def test_noise_of_a_large_film_is_averaged(study: SimulatedStudy) -> None:
    size = 12
    large = np.kron(study.pixels / 4095.0, np.ones((size, size)))
    large += np.random.default_rng(1).normal(0.0, 0.15, large.shape)
    masks = {
        label: np.kron(mask, np.ones((size, size), bool)) for label, mask in study.masks.items()
    }
    zone = Chest(masks, large).zone("left_rib_8")
    assert zone is not None
    assert zone.rule == "ribs_seen"
