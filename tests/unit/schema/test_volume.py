from __future__ import annotations

import pickle
from itertools import permutations, product
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from radnlp.errors import GeometryError, InputError, WindowNotFound
from radnlp.schema import Notice, SliceView, Volume, Window

LUNG = {"lung": Window(center=-600, width=1500)}


def numbered(shape: tuple[int, int, int] = (3, 4, 5), **more: object) -> Volume:
    return Volume(values=np.arange(np.prod(shape), dtype=np.float32).reshape(shape), **more)  # type: ignore[arg-type]


def rotation(angles: tuple[float, float, float]) -> np.ndarray:
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        c, s = np.cos(angle), np.sin(angle)
        one = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one[a, a], one[a, b], one[b, a], one[b, b] = c, -s, s, c
        turn = one @ turn
    return turn


angles = st.tuples(*[st.floats(-3.1, 3.1)] * 3)
spacings = st.tuples(*[st.floats(0.1, 10)] * 3)
positions = st.tuples(*[st.floats(-500, 500)] * 3)


@st.composite
def volumes(draw: st.DrawFn) -> Volume:
    turn = rotation(draw(angles))
    return numbered(
        row_cosines=tuple(turn[0]),
        column_cosines=tuple(turn[1]),
        slice_cosines=tuple(turn[2]),
        spacing_mm=draw(spacings),
        position_mm=draw(positions),
    )


@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 4), (1, 2, 3, 4)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="slices, rows, columns"):
        Volume(values=np.zeros(shape, dtype=np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    values = np.zeros((2, 2, 2), dtype=np.float32)
    values[1, 1, 1] = bad
    with pytest.raises(InputError, match="finite"):
        Volume(values=values)


@pytest.mark.parametrize(
    "bad",
    [
        {"spacing_mm": (1.0, 0.0, 1.0)},
        {"spacing_mm": (float("nan"), 1.0, 1.0)},
        {"row_cosines": (1.0, 1.0, 0.0)},
        {"slice_cosines": (0.0, 0.0, -1.0)},
        {"slice_cosines": (1.0, 0.0, 0.0)},
        {"slice_cosines": (0.0, 0.0, 2.0)},
    ],
)
def test_a_geometry_that_cannot_be_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(GeometryError):
        numbered(**bad)


@pytest.mark.parametrize("bad", [{"sources": ("a",)}, {"frames": (0, 1)}])
def test_sources_and_frames_are_told_for_each_slice_or_for_none(bad: dict[str, object]) -> None:
    with pytest.raises(InputError, match="3 slices"):
        numbered(**bad)


def test_the_values_are_the_volumes_own_and_read_only() -> None:
    values = np.zeros((2, 2, 2), dtype=np.float32)
    volume = Volume(values=values)
    values[:] = 1
    assert not volume.values.any()
    with pytest.raises(ValueError, match="read-only"):
        volume.values[0, 0, 0] = 1


def test_a_tensor_can_be_changed_without_changing_the_volume() -> None:
    values = torch.zeros(2, 2, 2)
    volume = Volume(values=values)  # type: ignore[arg-type]
    values[:] = 1
    assert not volume.values.any()


@pytest.mark.parametrize("mode", ["r+", "c"])
def test_a_file_can_be_changed_without_changing_the_volume(tmp_path: Path, mode: str) -> None:
    np.zeros((2, 2, 2), dtype=np.float32).tofile(tmp_path / "v")
    mapped = np.memmap(tmp_path / "v", dtype=np.float32, mode=mode, shape=(2, 2, 2))
    volume = Volume(values=mapped)
    mapped[:] = 1
    assert type(volume.values) is np.ndarray
    assert not volume.values.any()


def test_a_memory_map_that_cannot_be_written_is_copied_too(tmp_path: Path) -> None:
    np.zeros((2, 2, 2), dtype=np.float32).tofile(tmp_path / "v")
    volume = Volume(values=np.memmap(tmp_path / "v", dtype=np.float32, mode="r", shape=(2, 2, 2)))
    np.ones((2, 2, 2), dtype=np.float32).tofile(tmp_path / "v")
    assert not volume.values.any()


def test_an_array_that_is_read_only_is_kept_without_a_copy() -> None:
    values = np.zeros((2, 2, 2), dtype=np.float32)
    values.setflags(write=False)
    assert Volume(values=values).values is values


def test_with_a_window_the_rest_of_the_volume_is_not_looked_at() -> None:
    looked: list[str] = []

    class Watched(np.ndarray):
        def min(self, *_: object, **__: object) -> None:  # type: ignore[override]
            looked.append("min")

    volume = numbered()
    object.__setattr__(volume, "values", volume.values.view(Watched))
    volume.slice_image(0, window=(30, 20))
    assert not looked


def test_a_volume_can_be_sent_to_another_process() -> None:
    volume = numbered(modality="CT", unit="HU", windows=MappingProxyType(LUNG))
    back = pickle.loads(pickle.dumps(volume))  # noqa: S301  (our own bytes)
    np.testing.assert_array_equal(back.values, volume.values)
    assert back.windows == LUNG


@given(volumes())
def test_voxels_map_to_the_patient_and_back(volume: Volume) -> None:
    voxels = np.array([[0, 0, 0], [2, 3, 4], [1.5, -2, 7]])
    points = volume.to_patient(voxels)
    np.testing.assert_allclose(points[0], volume.position_mm)
    np.testing.assert_allclose(volume.to_voxels(points), voxels, atol=1e-6)


@given(volumes(), st.sampled_from(SliceView), st.data())
def test_every_pixel_of_a_cut_lies_where_its_voxel_does(
    volume: Volume, view: SliceView, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, volume.shape[volume.axis_of(view)] - 1))
    image = volume.slice_image(index, view=view)
    assert image.plane is not None
    assert image.slice is not None
    assert (image.slice.index, image.slice.view) == (index, view)
    # The values of `numbered` name their voxels.
    places = np.argwhere(np.ones((image.rows, image.columns), dtype=bool))
    points = image.plane.to_patient(places[:, ::-1] + 0.5)
    voxels = np.rint(volume.to_voxels(points)).astype(int)
    np.testing.assert_allclose(volume.to_patient(voxels), points, atol=1e-4)
    names = volume.values[tuple(voxels.T)]
    np.testing.assert_allclose(image.pixels.ravel(), names / volume.values.max(), atol=1e-6)
    assert set(voxels[:, volume.axis_of(view)]) == {index}


def test_cuts_are_turned_as_a_reader_expects_however_the_volume_is_stored() -> None:
    expected = {"axial": ("L", "P"), "coronal": ("L", "F"), "sagittal": ("P", "F")}
    checked = 0
    for order, signs in product(permutations(np.eye(3)), product((1, -1), repeat=3)):
        row, column, along = (tuple(s * axis) for s, axis in zip(signs, order, strict=True))
        if np.dot(np.cross(row, column), along) < 0:
            continue
        volume = numbered(row_cosines=row, column_cosines=column, slice_cosines=along)
        for view, (x, y) in expected.items():
            orientation = volume.slice_image(0, view=view).orientation
            assert (orientation.row_direction, orientation.column_direction) == (x, y)
        checked += 1
    assert checked == 24


def test_a_stored_slice_is_never_flipped() -> None:
    volume = numbered(row_cosines=(-1.0, 0, 0), column_cosines=(0, -1.0, 0))
    np.testing.assert_allclose(volume.slice_image(1).pixels, volume.values[1] / 59)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_slice_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(InputError, match="0 to 2"):
        numbered().slice_image(index)


def test_a_view_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="axial, coronal, sagittal"):
        numbered().slice_image(0, view="oblique")


def test_a_tilted_volume_says_so_and_refuses_sheared_cuts() -> None:
    tilted = numbered(slice_cosines=(0.0, float(np.sin(0.2)), float(np.cos(0.2))))
    assert tilted.tilt_degrees == pytest.approx(np.degrees(0.2))
    tilted.slice_image(0)
    tilted.slice_image(0, view="coronal")
    with pytest.raises(GeometryError, match="tilted gantry"):
        tilted.slice_image(0, view="sagittal")


def test_a_named_window_is_told_with_the_slice() -> None:
    image = numbered(modality="CT", unit="HU", windows=LUNG).slice_image(0, window=" Lung ")
    assert image.window == (-600, 1500)
    assert image.slice is not None
    assert image.slice.window_name == "lung"


def test_a_window_is_the_one_asked_for_else_the_headers_else_the_full_range() -> None:
    with_header = numbered(window=Window(center=30, width=11))
    assert with_header.slice_image(0).window == (30, 11)
    image = with_header.slice_image(1, window=(30, 21))
    assert image.window == (30, 21)
    np.testing.assert_allclose(
        image.pixels, np.clip((np.arange(20, 40).reshape(4, 5) - 29.5) / 20 + 0.5, 0, 1), atol=1e-6
    )
    full = numbered().slice_image(2)
    assert full.window is None
    assert (full.pixels.min(), full.pixels.max()) == (np.float32(40 / 59), 1.0)


def test_low_values_of_an_inverted_volume_are_white() -> None:
    np.testing.assert_allclose(
        numbered(inverted=True).slice_image(0).pixels, 1 - numbered().slice_image(0).pixels,
        atol=1e-6,
    )  # fmt: skip


def test_a_constant_volume_is_black() -> None:
    assert not Volume(values=np.full((2, 2, 2), 7.0)).slice_image(0).pixels.any()


def test_an_unknown_window_lists_the_known_ones() -> None:
    with pytest.raises(WindowNotFound, match=r"Did you mean 'lung'\? Known: lung"):
        numbered(windows=LUNG).slice_image(0, window="lnug")


def test_a_named_window_of_a_volume_without_units_is_refused() -> None:
    with pytest.raises(WindowNotFound, match="Hounsfield"):
        numbered(modality="MR").slice_image(0, window="lung")


@pytest.mark.parametrize("window", [(1,), (1, 0), (1, -5), (1, float("nan")), 7, ("a", "b")])
def test_a_window_that_cannot_be_is_refused(window: object) -> None:
    with pytest.raises(InputError, match="centre, width"):
        numbered().slice_image(0, window=window)  # type: ignore[arg-type]


def test_a_slice_keeps_what_is_known_of_the_volume() -> None:
    volume = numbered(
        modality="CT", body_part="CHEST", series="abc", sources=("a", "b", "c"),
        frames=(2, 0, 1), simulated=True, spacing_mm=(5.0, 0.5, 0.7),
        warnings=(Notice(name="GantryTilt", message="x"),),
    )  # fmt: skip
    image = volume.slice_image(0, id="i3")
    assert (image.id, image.source, image.frame, image.frames) == ("i3", "a", 2, 3)
    assert (image.modality, image.body_part, image.simulated) == ("CT", "CHEST", True)
    assert image.spacing is not None
    assert (image.spacing.row_mm, image.spacing.column_mm) == (0.5, 0.7)
    assert [(one.name, one.source) for one in image.warnings] == [("GantryTilt", "i3")]
    cut = volume.slice_image(0, view="coronal")
    assert (cut.source, cut.frame) == (None, 0)
    assert cut.spacing is not None
    assert (cut.spacing.row_mm, cut.spacing.column_mm) == (5.0, 0.7)


@given(volumes())
def test_the_ras_affine_is_the_lps_one_with_x_and_y_turned(volume: Volume) -> None:
    voxel = np.array([[2, 1, 3]])
    lps = volume.to_patient(voxel)[0]
    ras = volume.ras_affine @ [3, 1, 2, 1]
    np.testing.assert_allclose(ras, [-lps[0], -lps[1], lps[2], 1], atol=1e-6)
