"""A chain's way back is that of its steps; results come back in stored pixels."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from functools import reduce

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from radnlp.errors import InputError
from radnlp.examples.variety import write_folder
from radnlp.schema.geometry import PixelMap
from radnlp.schema.image import Image, Orientation, OrientationSource
from radnlp.schema.reading import ImageReading
from radnlp.schema.region import RegionSource
from radnlp.vision import EmbeddedVision, PreparationOptions, VisionOptions
from radnlp.vision.prepare import STEPS, normalise, prepare, run_steps
from radnlp.vision.steps import Fit

FULL = PreparationOptions(steps=("crop_border", "denoise", "resize", "clahe", "percentile", "pad"))
CROPPED = PreparationOptions(steps=("crop_border", "resize", "percentile", "pad"))
SIZE = 96

chains = st.permutations(["denoise", "percentile", "clahe", "resize"]).map(
    lambda middle: PreparationOptions(steps=("crop_border", *middle, "pad"))
)
sides = st.tuples(*[st.integers(0, 60)] * 4)


def film(rows: int, columns: int, border: tuple[int, int, int, int]) -> np.ndarray:
    grey = np.random.default_rng(rows * 1000 + columns).random((rows, columns)) * 0.5 + 0.3
    top, bottom, left, right = border
    return np.pad(grey.astype(np.float32), ((top, bottom), (left, right)))


@settings(max_examples=40, deadline=None)
@given(chain=chains, rows=st.integers(1, 300), columns=st.integers(1, 300), border=sides)
def test_the_map_of_a_chain_is_that_of_its_steps(
    chain: PreparationOptions, rows: int, columns: int, border: tuple[int, int, int, int]
) -> None:
    pixels = film(rows, columns, border)
    prepared, _ = run_steps(pixels, SIZE, chain)
    maps, current = [], pixels
    for name in chain.steps:
        done = STEPS[name](current, chain, SIZE)
        maps.append(done.pixel_map)
        current = done.pixels
    assert prepared.pixel_map == reduce(PixelMap.after, maps, PixelMap())
    np.testing.assert_array_equal(prepared.pixels, current)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 300),
    columns=st.integers(1, 300),
    border=sides,
    x=st.floats(0, 1),
    y=st.floats(0, 1),
)
def test_a_point_finds_its_pixel_in_the_square_and_back(
    rows: int, columns: int, border: tuple[int, int, int, int], x: float, y: float
) -> None:
    prepared, fit = run_steps(film(rows, columns, border), SIZE, CROPPED)
    there = prepared.pixel_map
    inside = np.array([[fit.left + x * fit.width, fit.top + y * fit.height]])
    point = there.to_stored(inside)
    cell = np.floor(np.minimum(there.to_model(point), SIZE - 1e-9))
    back = there.to_stored(cell + 0.5)
    assert (np.abs(back - point) <= 0.5001 * np.array([there.scale_x, there.scale_y])).all()
    np.testing.assert_allclose(there.to_model(point), inside, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(border=sides, row=st.integers(20, 180), column=st.integers(20, 130))
def test_what_is_seen_in_the_square_lies_at_its_place_in_the_file(
    border: tuple[int, int, int, int], row: int, column: int
) -> None:
    pixels = np.pad(
        np.full((200, 150), 0.4, np.float32), (border[:2], border[2:]), constant_values=0.0
    )
    y, x = border[0] + row, border[2] + column
    pixels[y - 4 : y + 4, x - 4 : x + 4] = 1.0
    plain = PreparationOptions(steps=("crop_border", "resize", "pad"))
    prepared, _ = run_steps(pixels, SIZE, plain)
    weights = np.where(prepared.pixels > 0.75 * prepared.pixels.max(), prepared.pixels, 0)
    rows, columns = np.indices(weights.shape) + 0.5
    seen = [[(columns * weights).sum() / weights.sum(), (rows * weights).sum() / weights.sum()]]
    found = prepared.pixel_map.to_stored(seen)[0]
    step = prepared.pixel_map
    assert abs(found[0] - x) <= 0.5 * step.scale_x + 0.5
    assert abs(found[1] - y) <= 0.5 * step.scale_y + 0.5


@pytest.mark.parametrize("shape", [(90, 120), (300, 200), (1, 1), (1000, 3)], ids=str)
def test_the_default_chain_normalises_the_resized_film(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(2).random(shape).astype(np.float32)
    fit = Fit.of(*shape, SIZE)
    expected = fit.place(torch.from_numpy(pixels)[None, None])
    inside = (..., slice(fit.top, fit.top + fit.height), slice(fit.left, fit.left + fit.width))
    expected[inside] = torch.from_numpy(normalise(expected[inside][0, 0].numpy()))
    square, _ = prepare(pixels, SIZE)
    assert torch.equal(square, expected)


def test_a_chain_without_its_steps_does_not_load_opencv() -> None:
    code = (
        "import sys, numpy as np; from radnlp.vision.prepare import *; "
        "prepare(np.eye(9, dtype=np.float32), 32); assert 'cv2' not in sys.modules; "
        "how = PreparationOptions(steps=('crop_border', 'resize', 'pad')); "
        "prepare(np.eye(9, dtype=np.float32), 32, how); assert 'cv2' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((4, 4), np.nan, np.float32),
        np.array([[0, np.inf]], np.float32),
        np.zeros((0, 4), np.float32),
        np.zeros((2, 2, 3), np.float32),
    ],
    ids=["nan", "infinite", "empty", "colour"],
)
def test_pixels_that_cannot_be_prepared_are_named(pixels: np.ndarray) -> None:
    with pytest.raises(InputError, match="finite pixels of shape"):
        prepare(pixels, SIZE)


def test_an_unknown_step_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"'clahee'. Did you mean 'clahe'\? Known: percentile,"):
        PreparationOptions(steps=("resize", "clahee", "pad"))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((), "once each"),
        (("percentile",), "once each"),
        (("resize", "resize", "pad"), "once each"),
        (("pad", "resize"), "comes last"),
        (("resize", "crop_border", "pad"), "comes before"),
        ("pad", "list of names"),
    ],
)
def test_a_chain_that_cannot_reach_the_network_is_refused(
    steps: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        PreparationOptions(steps=steps)


@pytest.mark.parametrize(
    "setting",
    [{"low": 99.5}, {"clip": 0.5}, {"tiles": 0}, {"method": "mean"}, {"strength": 0.0},
     {"limit": 0.5}, {"high": float("nan")}],
    ids=str,
)  # fmt: skip
def test_a_setting_out_of_range_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(setting))):
        PreparationOptions(**setting)


def test_a_toml_table_is_the_options() -> None:
    table = tomllib.loads('steps = ["crop_border", "resize", "clahe", "pad"]\nclip = 3.0\n')
    options = PreparationOptions(**table)
    assert options == PreparationOptions(steps=("crop_border", "resize", "clahe", "pad"), clip=3.0)
    assert hash(options) == hash(PreparationOptions(**table))


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    folder = tmp_path_factory.mktemp("phantom")
    write_folder(folder, count=1, seed=4711)
    with PillowImage.open(next((folder / "images").iterdir())) as image:
        return np.asarray(image.convert("L"), np.float32) / 255


def masks_of(reading: ImageReading) -> dict[str, np.ndarray]:
    return {region.label: region.mask.to_array() for region in reading.regions if region.mask}


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


@pytest.mark.parametrize("mirrored", [False, True], ids=["as hung", "mirrored"])
def test_masks_boxes_and_maps_land_where_they_do_without_the_border(
    phantom: np.ndarray, mirrored: bool
) -> None:
    stage = EmbeddedVision(VisionOptions(preparation=CROPPED))
    rows, columns = phantom.shape
    top, left, right = round(0.5 * rows), round(0.6 * columns), round(0.1 * columns)
    wide = np.pad(phantom, ((top, round(0.2 * rows)), (left, right)))
    header = Orientation(row_direction="R", column_direction="F", source=OrientationSource.HEADER)
    if mirrored:
        bare = stage(Image(pixels=phantom[:, ::-1], orientation=header))
        reading = stage(Image(pixels=wide[:, ::-1], orientation=header))
        left = right
    else:
        bare, reading = stage(Image(pixels=phantom)), stage(Image(pixels=wide))
    there = np.s_[top : top + rows, left : left + columns]
    assert set(masks_of(reading)) == set(masks_of(bare)) == {"left_lung", "right_lung", "heart"}
    for label, mask in masks_of(reading).items():
        assert mask.shape == wide.shape
        assert dice(mask[there], masks_of(bare)[label]) > 0.97
        assert mask[there].sum() == mask.sum()
    boxes = {region.id: region.box for region in bare.regions}
    # A slightly other crop may change the order of the less likely boxes of a finding.
    likeliest = [
        region
        for region in reading.regions
        if region.id in boxes and (region.mask or region.id.endswith("_0"))
    ]
    assert {region.source for region in likeliest} == {RegionSource.ANATOMY, RegionSource.IMAGE}
    for region in likeliest:
        box = boxes[region.id]
        found = np.array([region.box.x0, region.box.y0, region.box.x1, region.box.y1])
        moved = np.array([box.x0 + left, box.y0 + top, box.x1 + left, box.y1 + top])
        assert np.abs(found - moved).max() <= 0.03 * max(rows, columns)
    # All maps of one image lie alike; which findings are positive may change at a threshold.
    (seen, *_), (plain, *_) = reading.heatmaps, bare.heatmaps
    moved = plain.pixel_map.to_stored([(0, 0)])[0] + (left, top)
    assert np.abs(seen.pixel_map.to_stored([(0, 0)])[0] - moved).max() <= 0.03 * rows


def test_without_the_step_the_wide_border_costs_the_lungs(phantom: np.ndarray) -> None:
    rows, columns = phantom.shape
    wide = np.pad(phantom, ((rows // 2, rows // 5), (round(0.6 * columns), columns // 10)))
    bare = masks_of(EmbeddedVision()(Image(pixels=phantom)))
    found = masks_of(EmbeddedVision()(Image(pixels=wide)))
    placed = {
        label: mask[rows // 2 : rows // 2 + rows, round(0.6 * columns) :][:, :columns]
        for label, mask in found.items()
    }
    assert not placed or min(dice(placed[label], bare[label]) for label in placed) < 0.97


def test_every_step_runs_inside_the_stage(phantom: np.ndarray) -> None:
    reading = EmbeddedVision(VisionOptions(preparation=FULL))(Image(pixels=phantom))
    assert {"left_lung", "right_lung"} <= set(masks_of(reading))
