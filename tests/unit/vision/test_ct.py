"""Lungs and body of a phantom whose truth is known."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from radnlp.io import read_volume
from radnlp.schema import Volume
from radnlp.vision.ct import CtAnatomy, segment_ct

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("body", "left_lung", "right_lung")
# mm; towards the patient's left, back and head from the middle of the chest.
SIZE = (380.0, 260.0, 300.0)


def ellipsoid(
    xyz: tuple[np.ndarray, ...], centre: tuple[float, float, float], radii: tuple[float, ...]
) -> np.ndarray:
    parts = zip(xyz, centre, radii, strict=True)
    return sum(((axis - at) / radius) ** 2 for axis, at, radius in parts) <= 1.0


def cylinder(
    xyz: tuple[np.ndarray, ...], start: tuple[float, ...], end: tuple[float, ...], radius: float
) -> np.ndarray:
    inside = np.zeros(np.broadcast_shapes(*(axis.shape for axis in xyz)), dtype=bool)
    near = [
        np.flatnonzero((axis.ravel() >= min(a, b) - radius) & (axis.ravel() <= max(a, b) + radius))
        for axis, a, b in zip(xyz, start, end, strict=True)
    ]
    grid = np.meshgrid(*(axis.ravel()[at] for axis, at in zip(xyz, near, strict=True)),
                       indexing="ij")  # fmt: skip
    points = np.stack(grid, axis=-1) - start
    along = np.array(end) - start
    t = np.clip(points @ along / float(along @ along), 0.0, 1.0)
    close = np.linalg.norm(points - t[..., None] * along, axis=-1) <= radius
    inside[np.ix_(*near[::-1])] = close.transpose(2, 1, 0)
    return inside


@cache
def phantom(
    *,
    spacing: tuple[float, float, float] = (3.0, 2.0, 2.0),
    gap_mm: float = 24.0,
    seed: int = 0,
    **more: Any,
) -> tuple[Volume, dict[str, np.ndarray]]:
    """Return a chest in HU and its truth: vessels are lung, airway and bowel gas are not."""
    counts = [int(size / step) for size, step in zip(SIZE[::-1], spacing, strict=True)]
    z, y, x = (
        ((np.arange(count) + 0.5) * step - size / 2).reshape(
            [-1 if a == b else 1 for b in range(3)]
        )
        for a, (count, step, size) in enumerate(zip(counts, spacing, SIZE[::-1], strict=True))
    )
    xyz = (x, y, z)
    hu = np.full(counts, -1000.0)
    body = (x / 165) ** 2 + (y / 105) ** 2 + 0 * z <= 1.0
    hu[body] = 20.0
    hu[ellipsoid(xyz, (10, -35, -20), (50, 40, 60))] = 45.0  # heart
    hu[cylinder(xyz, (0, 70, -200), (0, 70, 200), 18)] = 300.0  # spine
    lungs = {}
    for name, side in (("left_lung", 1), ("right_lung", -1)):
        middle = side * (gap_mm / 2 + 55)
        lungs[name] = ellipsoid(xyz, (middle, 0, 10), (55, 75, 110)) & body
        hu[lungs[name]] = -850.0
        for height in (-60, 0, 60):  # vessels
            hu[
                cylinder(xyz, (middle, 0, 10), (middle + side * 40, 10, height), 4) & lungs[name]
            ] = 40
    # The airway's lumen meets the lungs without a wall.
    airway = cylinder(xyz, (0, 25, 200), (0, 25, 60), 9)
    for side in (1, -1):
        airway |= cylinder(xyz, (0, 25, 60), (side * (gap_mm / 2 + 12), 15, 30), 6)
    airway &= ~(lungs["left_lung"] | lungs["right_lung"])
    hu[airway] = -1000.0
    hu[ellipsoid(xyz, (70, -30, -130), (40, 30, 18))] = -1000.0  # gas in the stomach
    hu[(np.abs(y - 118) <= 3) & (np.abs(x) <= 180) & (np.abs(z) < 200)] = 100.0  # table
    hu += np.random.default_rng(seed).normal(0, 20, hu.shape)
    volume = Volume(
        values=hu,
        spacing_mm=spacing,
        position_mm=(float(x.min()), float(y.min()), float(z.min())),
        modality=more.pop("modality", "CT"),
        unit=more.pop("unit", "HU"),
        **more,
    )
    return volume, {"body": np.broadcast_to(body, hu.shape), **lungs}


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def agreement(found: CtAnatomy, truth: dict[str, np.ndarray]) -> dict[str, float]:
    assert found.reason is None
    assert set(found.masks) == set(LABELS)
    return {label: dice(found.masks[label], truth[label]) for label in LABELS}


@pytest.mark.parametrize("gap_mm", [24.0, 8.0, 3.0])
def test_body_and_lungs_of_the_phantom_are_found(gap_mm: float) -> None:
    volume, truth = phantom(gap_mm=gap_mm)
    found = segment_ct(volume)
    scores = agreement(found, truth)
    assert min(scores.values()) >= 0.97, scores
    assert found.complete
    expected = truth["left_lung"].sum() * 3 * 2 * 2 / 1000
    assert found.volumes_ml["left_lung"] == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("spacing", [(5.0, 1.5, 1.5), (1.5, 3.0, 3.0)])
def test_the_voxels_need_not_be_cubes(spacing: tuple[float, float, float]) -> None:
    volume, truth = phantom(spacing=spacing)
    scores = agreement(segment_ct(volume), truth)
    assert min(scores.values()) >= 0.97, scores


def turned(volume: Volume, order: tuple[int, ...], signs: tuple[int, ...]) -> Volume | None:
    """Store the same patient with other axes; ``None`` if that would be left-handed."""
    steps = volume.affine[:3, :3].T
    values = np.transpose(volume.values, order)
    corner = np.array(volume.position_mm)
    cosines, spacing = [], []
    for axis, (was, sign) in enumerate(zip(order, signs, strict=True)):
        if sign < 0:
            values = np.flip(values, axis=axis)
            corner = corner + (volume.shape[was] - 1) * steps[was]
        cosines.append(tuple(sign * steps[was] / volume.spacing_mm[was]))
        spacing.append(volume.spacing_mm[was])
    if np.cross(cosines[2], cosines[1]) @ cosines[0] < 0:
        return None
    return Volume(
        values=np.ascontiguousarray(values), position_mm=tuple(corner), spacing_mm=tuple(spacing),
        slice_cosines=cosines[0], column_cosines=cosines[1], row_cosines=cosines[2],
        modality="CT", unit="HU",
    )  # fmt: skip


def test_the_sides_are_the_patients_however_the_volume_is_stored() -> None:
    volume, truth = phantom(spacing=(6.0, 4.0, 4.0))
    checked = 0
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        other = turned(volume, order, signs)
        if other is None:
            continue
        found = segment_ct(other)
        assert found.reason is None, (order, signs, found.reason)
        for label in LABELS:
            expected = np.flip(
                np.transpose(truth[label], order), [a for a in range(3) if signs[a] < 0]
            )
            assert dice(found.masks[label], expected) > 0.94, (order, signs, label)
        checked += 1
    assert checked == 24


def test_a_part_of_the_chest_is_not_complete() -> None:
    volume, truth = phantom()
    part = Volume(values=volume.values[40:60], spacing_mm=volume.spacing_mm,
                  position_mm=volume.position_mm, modality="CT", unit="HU")  # fmt: skip
    found = segment_ct(part)
    scores = agreement(found, {label: mask[40:60] for label, mask in truth.items()})
    assert min(scores.values()) >= 0.97, scores
    assert not found.complete


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"modality": "MR", "unit": None}, "modality is MR"),
        ({"modality": None, "unit": None}, "modality is not known"),
        ({"unit": None}, "no known unit"),
        (
            {"row_cosines": (0.8, 0.6, 0.0), "column_cosines": (-0.6, 0.8, 0.0)},
            "turned by more than 30°",
        ),
    ],
)
def test_of_other_volumes_nothing_is_claimed(more: dict[str, Any], reason: str) -> None:
    volume, _ = phantom(spacing=(10.0, 8.0, 8.0), **more)
    found = segment_ct(volume)
    assert found.masks == {}
    assert reason in (found.reason or "")


def emptied(kind: str) -> Volume:
    volume, truth = phantom()
    values = volume.values.copy()
    if kind == "air":
        values[:] = -1000.0
    elif kind == "one lung":
        values[truth["left_lung"]] = 20.0
    elif kind == "no air":
        values[truth["body"]] = 20.0
    elif kind == "gas":
        values[truth["left_lung"] | truth["right_lung"]] = -1000.0
    elif kind == "small":
        for label, side in (("left_lung", 1), ("right_lung", -1)):
            values[truth[label]] = 20.0
            x = (np.arange(values.shape[2]) + 0.5) * 2 - SIZE[0] / 2
            values[45:55, 60:70, np.abs(x - side * 60) < 8] = -850.0
    return Volume(values=values, spacing_mm=volume.spacing_mm, modality="CT", unit="HU")


@pytest.mark.parametrize(
    ("kind", "labels", "reason"),
    [
        ("air", set(), "as dense as a body"),
        ("no air", {"body"}, "no air"),
        ("one lung", {"body"}, "no two parts"),
        ("gas", {"body"}, "no two parts"),
        ("small", {"body"}, "too little for a lung"),
    ],
)
def test_what_cannot_be_lungs_is_refused_with_a_reason(
    kind: str, labels: set[str], reason: str
) -> None:
    found = segment_ct(emptied(kind))
    assert set(found.masks) == labels
    assert reason in (found.reason or "")


def test_the_lung_bases_of_a_real_series_are_found(shared_data: Path) -> None:
    volume = read_volume(shared_data / "dicom_good" / "ct_series")
    found = segment_ct(volume)
    assert found.reason is None
    assert not found.complete
    left, right = found.masks["left_lung"], found.masks["right_lung"]
    # The patient lies on the back, head first: image left is the right side.
    assert np.argwhere(left)[:, 2].mean() > 330
    assert np.argwhere(right)[:, 2].mean() < 180
    for lung in (left, right):
        assert -900 < np.median(volume.values[lung]) < -700
        assert (lung & found.masks["body"]).sum() == lung.sum()
    assert not (left & right).any()
    # The gas in the gullet, beside the spine, is no lung.
    assert not (left | right)[1, 285:300, 280:300].any()


@pytest.mark.parametrize("name", ["mr_series", "eCT_Supplemental.dcm"])
def test_of_a_real_mr_and_a_perfusion_map_nothing_is_claimed(shared_data: Path, name: str) -> None:
    found = segment_ct(read_volume(shared_data / "dicom_good" / name))
    assert (found.masks, bool(found.reason)) == ({}, True)
