from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from radnlp.link.anatomy import Chest, Zone

Bits = NDArray[np.bool_]
ROWS, COLUMNS = 120, 100


def ellipse(
    x: float,
    y: float,
    half_width: float,
    half_height: float,
    shape: tuple[int, int] = (ROWS, COLUMNS),
) -> Bits:
    ys, xs = np.mgrid[: shape[0], : shape[1]] + 0.5
    return ((xs - x) / half_width) ** 2 + ((ys - y) / half_height) ** 2 <= 1


def usual_masks() -> dict[str, Bits]:
    """A film as it is hung: the patient's right lung at low x."""
    return {
        "right_lung": ellipse(28, 60, 18, 45),
        "left_lung": ellipse(74, 60, 16, 45),
        "heart": ellipse(55, 85, 18, 16),
    }


def zones_of(masks: dict[str, Bits]) -> dict[str, Zone]:
    return {zone.label: zone for zone in Chest(masks).zones()}


lungs = st.tuples(
    st.floats(20, 32), st.floats(45, 70), st.floats(6, 14), st.floats(15, 40),
    st.floats(68, 80), st.floats(45, 70), st.floats(6, 14), st.floats(15, 40),
)  # fmt: skip


def test_a_complete_chest_has_every_zone_of_the_contract() -> None:
    sided = (
        "upper_zone", "mid_zone", "lower_zone", "apex", "base", "hilum", "costophrenic_angle",
        "retrocardiac",
    )  # fmt: skip
    expected = {f"{side}_{name}" for side in ("left", "right") for name in sided}
    assert set(zones_of(usual_masks())) == expected | {"cardiac_silhouette", "mediastinum"}


def test_thirds_of_a_lung_have_the_same_height_and_fill_it() -> None:
    masks = usual_masks()
    zones = zones_of(masks)
    thirds = [zones[f"left_{name}_zone"] for name in ("upper", "mid", "lower")]
    assert [zone.box.height for zone in thirds] == [30, 30, 30]
    together = sum(zone.mask.to_array().astype(int) for zone in thirds if zone.mask)
    assert np.array_equal(together, masks["left_lung"].astype(int))


def test_the_costophrenic_angle_is_lateral_and_low() -> None:
    zones = zones_of(usual_masks())
    assert zones["right_costophrenic_angle"].box.x0 < zones["right_lower_zone"].box.center[0]
    assert zones["right_costophrenic_angle"].box.center[0] < 28
    assert zones["left_costophrenic_angle"].box.center[0] > 74
    assert zones["left_costophrenic_angle"].box.y0 >= zones["left_lower_zone"].box.y0


def test_the_hilum_is_medial_and_about_half_way_down() -> None:
    hilum = zones_of(usual_masks())["right_hilum"].box
    assert 28 < hilum.x0 < hilum.x1 < 52
    assert hilum.contains_point(hilum.center[0], 55)


def test_the_base_follows_a_domed_lower_edge() -> None:
    masks = usual_masks()
    masks["left_lung"] &= ~ellipse(78, 110, 10, 30)
    base = zones_of(masks)["left_base"].mask
    assert base is not None
    over_the_dome = np.flatnonzero(masks["left_lung"][:, 78])[-1]
    assert over_the_dome < 80
    assert base.to_array()[over_the_dome, 78]


def test_the_mediastinum_is_no_wider_under_the_domes() -> None:
    masks = usual_masks()
    for side, x in (("right_lung", 36), ("left_lung", 66)):
        masks[side] &= ~ellipse(x, 110, 18, 30)
    mediastinum = zones_of(masks)["mediastinum"].box
    assert mediastinum.x0 >= 37
    assert mediastinum.x1 <= 73


def test_the_mediastinum_lies_between_the_lungs_and_ends_with_the_heart() -> None:
    masks = usual_masks()
    mediastinum = zones_of(masks)["mediastinum"].mask
    assert mediastinum is not None
    inside = mediastinum.to_array()
    assert not (inside & (masks["left_lung"] | masks["right_lung"])).any()
    assert inside[60, 50]
    assert np.flatnonzero(inside.any(axis=1))[-1] <= np.flatnonzero(masks["heart"].any(axis=1))[-1]


def test_the_heart_is_split_at_the_midline_for_what_lies_behind_it() -> None:
    masks = usual_masks()
    zones = zones_of(masks)
    left, right = zones["left_retrocardiac"], zones["right_retrocardiac"]
    assert right.box.x1 <= left.box.x0
    assert left.mask is not None
    assert right.mask is not None
    assert left.mask.area + right.mask.area == masks["heart"].sum()


def test_a_flipped_image_has_its_zones_on_the_other_side_of_the_picture() -> None:
    masks = usual_masks()
    flipped = {label: mask[:, ::-1] for label, mask in masks.items()}
    there, back = zones_of(masks), zones_of(flipped)
    assert set(there) == set(back)
    for label, zone in there.items():
        box = back[label].box
        mirrored = (COLUMNS - box.x1, box.y0, COLUMNS - box.x0, box.y1)
        assert (zone.box.x0, zone.box.y0, zone.box.x1, zone.box.y1) == pytest.approx(mirrored)


@pytest.mark.parametrize("missing", ["left_lung", "right_lung"])
def test_without_one_lung_there_is_no_mediastinum_and_no_midline(missing: str) -> None:
    masks = usual_masks()
    del masks[missing]
    chest = Chest(masks)
    labels = {zone.label for zone in chest.zones()}
    assert chest.midline is None
    assert "mediastinum" not in labels
    assert not any(label.startswith(missing.partition("_")[0]) for label in labels)


def test_one_lung_alone_has_no_costophrenic_angle_because_lateral_is_unknown() -> None:
    labels = set(zones_of({"left_lung": usual_masks()["left_lung"]}))
    assert labels == {
        "left_upper_zone",
        "left_mid_zone",
        "left_lower_zone",
        "left_apex",
        "left_base",
    }


def test_empty_masks_give_no_zones() -> None:
    empty = np.zeros((10, 10), bool)
    assert zones_of({"left_lung": empty, "right_lung": empty, "heart": empty}) == {}


def test_a_share_is_told_by_the_patients_side_not_the_pictures() -> None:
    masks = usual_masks()
    flipped = {label: mask[:, ::-1] for label, mask in masks.items()}
    points, weights = np.array([[80.0, 60.0], [20.0, 60.0]]), np.array([3.0, 1.0])
    assert Chest(masks).share_on("left", points, weights) == pytest.approx(0.75)
    assert Chest(flipped).share_on("left", points, weights) == pytest.approx(0.25)


def test_a_share_is_not_a_number_without_a_midline() -> None:
    assert np.isnan(Chest({}).share_on("left", np.array([[1.0, 1.0]]), np.array([1.0])))


@given(lungs)
def test_lung_zones_stay_inside_their_lungs_box(sizes: tuple[float, ...]) -> None:
    masks = {"right_lung": ellipse(*sizes[:4]), "left_lung": ellipse(*sizes[4:])}
    for zone in Chest(masks).zones():
        side, _, name = zone.label.partition("_")
        if zone.mask is None or name == "retrocardiac" or side not in ("left", "right"):
            continue
        assert not (zone.mask.to_array() & ~masks[f"{side}_lung"]).any()


@given(lungs, st.booleans())
def test_sides_never_swap(sizes: tuple[float, ...], flip: bool) -> None:
    masks = {"right_lung": ellipse(*sizes[:4]), "left_lung": ellipse(*sizes[4:])}
    if flip:
        masks = {label: mask[:, ::-1] for label, mask in masks.items()}
    zones = zones_of(masks)
    for label, zone in zones.items():
        other = zones.get(label.replace("left", "right"))
        if label.startswith("left") and other is not None:
            assert (zone.box.center[0] > other.box.center[0]) != flip


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_any_masks_at_all_give_zones_within_the_image(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    names = ("left_lung", "right_lung", "heart")
    masks = {name: rng.random((rows, columns)) < rng.random() for name in names}
    for zone in Chest(masks).zones():
        assert 0 <= zone.box.x0 < zone.box.x1 <= columns
        assert 0 <= zone.box.y0 < zone.box.y1 <= rows
