"""Every good file is shown as DICOM's formulas say, computed here again from the raw header.

The second opinion is plain: pydicom decodes, the formulas of PS3.3 C.11.1.1, C.11.2.1.1 and
C.11.2.1.2 are written out once more, value by value, without any of radnlp's code.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from radnlp.errors import UnsupportedCodec
from radnlp.io import read_image

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Maker

UNREADABLE = "NM1_JPLY"  # 12-bit lossy JPEG: no decoder with a permissive licence reads it


def linear(x: float, c: float, w: float) -> float:
    """C.11.2.1.2.1, output 0 to 1."""
    if x <= c - 0.5 - (w - 1) / 2:
        return 0.0
    if x > c - 0.5 + (w - 1) / 2:
        return 1.0
    return (x - (c - 0.5)) / (w - 1) + 0.5


def linear_exact(x: float, c: float, w: float) -> float:
    """C.11.2.1.3.2."""
    if x <= c - w / 2:
        return 0.0
    return 1.0 if x > c + w / 2 else (x - c) / w + 0.5


def sigmoid(x: float, c: float, w: float) -> float:
    """C.11.2.1.3.1."""
    return 1 / (1 + math.exp(-4 * (x - c) / w))


FORMULAS = {"LINEAR": linear, "LINEAR_EXACT": linear_exact, "SIGMOID": sigmoid}


def looked_up(item: Any, x: float) -> float:
    count, first, _ = item.LUTDescriptor
    return float(item.LUTData[min(max(int(x) - first, 0), (count or 65536) - 1)])


def group(dataset: Any, frame: int, name: str) -> Any:
    for place, index in (
        ("PerFrameFunctionalGroupsSequence", frame),
        ("SharedFunctionalGroupsSequence", 0),
    ):
        if place in dataset and name in dataset[place].value[index]:
            return dataset[place].value[index][name].value[0]
    return dataset


def first(value: Any) -> float:
    return float(value[0] if isinstance(value, pydicom.multival.MultiValue) else value)


def expected(dataset: Any, stored: np.ndarray, frame: int) -> np.ndarray:
    """Show each value that occurs, one at a time."""
    values = np.unique(stored)
    modality = {}
    rescale = group(dataset, frame, "PixelValueTransformationSequence")
    for value in values.tolist():
        if "ModalityLUTSequence" in dataset:
            modality[value] = looked_up(dataset.ModalityLUTSequence[0], value)
        else:
            slope = float(rescale.get("RescaleSlope") or 1)
            modality[value] = slope * value + float(rescale.get("RescaleIntercept") or 0)
    padding = dataset.get("PixelPaddingValue")
    window = group(dataset, frame, "FrameVOILUTSequence")
    if "VOILUTSequence" in dataset:
        item = dataset.VOILUTSequence[0]
        white = 2 ** item.LUTDescriptor[2] - 1
        shown = {value: looked_up(item, x) / white for value, x in modality.items()}
    elif window.get("WindowCenter") is not None:
        formula = FORMULAS[window.get("VOILUTFunction", "LINEAR")]
        c, w = first(window.WindowCenter), first(window.WindowWidth)
        shown = {value: formula(x, c, w) for value, x in modality.items()}
    else:
        seen = [x for value, x in modality.items() if value != padding]
        low, high = min(seen), max(seen)
        shown = {value: (x - low) / (high - low) for value, x in modality.items()}
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = {value: 1 - y for value, y in shown.items()}
    if padding is not None:
        shown[padding] = 0.0
    return np.array([shown[value] for value in values.tolist()])[np.searchsorted(values, stored)]


def good_files(folder: Path) -> list[Path]:
    skipped = {"sr.dcm", UNREADABLE}
    return [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in skipped
    ]


def test_every_frame_of_every_good_file_follows_the_standard(shared_data: Path) -> None:
    shown = 0
    for path in good_files(shared_data / "dicom_good"):
        dataset = pydicom.dcmread(path)
        frames = int(dataset.get("NumberOfFrames") or 1)
        stored = dataset.pixel_array.reshape(frames, dataset.Rows, dataset.Columns)
        for frame in range(frames):
            image = read_image(path, frame=frame)
            assert (image.frame, image.frames) == (frame, frames)
            np.testing.assert_allclose(
                image.pixels, expected(dataset, stored[frame], frame), atol=1e-5,
                err_msg=f"{path.name} {frame}",
            )  # fmt: skip
            shown += 1
    assert shown == 83


def test_the_same_object_in_five_encodings_looks_the_same(shared_data: Path) -> None:
    folder = shared_data / "dicom_good"
    plain = read_image(folder / "emri_small.dcm", frame=7)
    for kind in ("RLE", "big_endian", "jpeg_2k_lossless", "jpeg_ls_lossless"):
        other = read_image(folder / f"emri_small_{kind}.dcm", frame=7)
        np.testing.assert_array_equal(other.pixels, plain.pixels, err_msg=kind)


def test_the_chest_film_looks_like_a_chest_film(shared_data: Path) -> None:
    image = read_image(shared_data / "dicom_good" / "RG1_J2KI.dcm")
    assert (image.modality, image.view, image.window) == ("CR", "PA", (15000.0, 30000.0))
    assert image.pixels is not None
    rows, columns = image.pixels.shape

    def part(y0: float, y1: float, x0: float, x1: float) -> float:
        area = image.pixels[int(y0 * rows) : int(y1 * rows), int(x0 * columns) : int(x1 * columns)]
        return float(area.mean())

    mediastinum = part(0.3, 0.6, 0.46, 0.54)
    liver = part(0.85, 0.95, 0.15, 0.35)
    for lung in (part(0.2, 0.35, 0.2, 0.35), part(0.2, 0.35, 0.65, 0.8)):
        assert lung < mediastinum - 0.1  # lungs are dark, MONOCHROME1 or not
        assert lung < liver - 0.1


def test_the_signed_test_pattern_has_its_steps(shared_data: Path) -> None:
    folder = shared_data / "dicom_good"
    for name in ("test16signed.dcm", "mlut_18.dcm", "vlut_04.dcm"):
        pixels = read_image(folder / name).pixels
        # SMPTE: the 0 % patch at the left of the bottom row of patches, 100 % at its right.
        assert pixels[330, 115] < 0.05, name
        assert pixels[330, 395] > 0.95, name


def test_the_file_that_nobody_decodes_says_so(shared_data: Path) -> None:
    with pytest.raises(UnsupportedCodec, match="more than 8 bits"):
        read_image(shared_data / "dicom_good" / UNREADABLE)


@pytest.mark.parametrize("function", list(FORMULAS))
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_15_bit_values_follow_the_standard(make: Maker, function: str, photometric: str) -> None:
    stored = np.linspace(0, 32767, 4096).astype(np.uint16).reshape(64, 64)
    dataset = make(
        stored, BitsStored=15, PhotometricInterpretation=photometric, WindowCenter=15000,
        WindowWidth=30000, VOILUTFunction=function,
    )  # fmt: skip
    np.testing.assert_allclose(read_image(dataset).pixels, expected(dataset, stored, 0), atol=1e-6)


@pytest.mark.parametrize("bits", [12, 15, 16])
def test_signed_values_with_a_window_follow_the_standard(make: Maker, bits: int) -> None:
    limit = 1 << (bits - 1)
    stored = np.linspace(-limit, limit - 1, 1024).astype(np.int16).reshape(32, 32)
    dataset = make(
        stored, BitsStored=bits, RescaleSlope=2, RescaleIntercept=-24, WindowCenter=40,
        WindowWidth=1000,
    )  # fmt: skip
    np.testing.assert_allclose(read_image(dataset).pixels, expected(dataset, stored, 0), atol=1e-6)


def test_overlays_are_left_out_wherever_they_lie(make: Maker) -> None:
    values = np.arange(16, dtype=np.uint16).reshape(4, 4) * 200
    plain = read_image(make(values, BitsStored=12))
    # In the unused high bits (retired), and in their own group.
    marked = make(values | np.uint16(0x8000), BitsStored=12)
    marked.add_new(0x60000010, "US", 4)
    marked.add_new(0x60000011, "US", 4)
    marked.add_new(0x60000040, "CS", "G")
    marked.add_new(0x60000050, "SS", [1, 1])
    marked.add_new(0x60000100, "US", 1)
    marked.add_new(0x60000102, "US", 0)
    marked.add_new(0x60003000, "OW", b"\xff\xff")
    np.testing.assert_array_equal(read_image(marked).pixels, plain.pixels)


@pytest.mark.parametrize("vr", ["US", "SS"])
def test_a_voi_lut_may_begin_below_0_where_the_rescaled_values_do(make: Maker, vr: str) -> None:
    item = pydicom.Dataset()
    begin = -1024 if vr == "SS" else 65536 - 1024  # as an ambiguous VR may be read
    item.add_new("LUTDescriptor", "US" if vr == "US" else "SS", [4, begin, 8])
    item.add_new("LUTData", "OW", np.array([0, 85, 170, 255], dtype="<u2").tobytes())
    stored = np.array([[0, 1, 2, 3]], dtype=np.uint16)
    image = read_image(make(stored, RescaleSlope=1, RescaleIntercept=-1024, VOILUTSequence=[item]))
    np.testing.assert_allclose(image.pixels, [[0, 1 / 3, 2 / 3, 1]], atol=1e-6)


def test_native_ybr_422_is_shown_by_its_luma(make: Maker) -> None:
    # Two pixels share their colour: Y1 Y2 Cb Cr.
    data = bytes([16, 235, 128, 128, 100, 50, 128, 128])
    dataset = make(
        np.zeros((2, 2, 3), dtype=np.uint8), PhotometricInterpretation="YBR_FULL_422",
        PixelData=None,
    )  # fmt: skip
    dataset.add_new("PixelData", "OB", data)
    np.testing.assert_allclose(
        read_image(dataset).pixels, np.array([[16, 235], [100, 50]]) / 255, atol=0.005
    )


def test_a_16_bit_palette_is_looked_up(make: Maker) -> None:
    dataset = make(np.array([[0, 1, 2]], dtype=np.uint8), PhotometricInterpretation="PALETTE COLOR")
    data = np.array([0, 0x8000, 0xFFFF], dtype="<u2").tobytes()
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [3, 0, 16])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", data)
    image = read_image(dataset)
    np.testing.assert_allclose(image.pixels, [[0, 0x8000 / 0xFFFF, 1]], atol=0.005)
    assert [notice.name for notice in image.warnings] == ["ColourToGrey"]
