from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from radnlp.errors import ImageTooLarge, InputError, UnsupportedPhotometric
from radnlp.io import read_image
from radnlp.schema import OrientationSource, Side, SpacingKind

if TYPE_CHECKING:
    from conftest import Maker, Writer
    from radnlp.schema import Image


def names(image: Image) -> list[str]:
    return [notice.name for notice in image.warnings]


def test_the_window_of_the_header_is_applied_and_told(make: Maker, ramp: np.ndarray) -> None:
    image = read_image(make(ramp, WindowCenter=2048, WindowWidth=4096))
    assert image.window == (2048.0, 4096.0)
    np.testing.assert_allclose(image.pixels, ramp / 4095, atol=1e-6)


def test_changing_the_window_changes_pixels_and_window_only(make: Maker, ramp: np.ndarray) -> None:
    header = {"ImagerPixelSpacing": [0.1, 0.1], "ViewPosition": "PA", "BodyPartExamined": "CHEST"}
    one = read_image(make(ramp, WindowCenter=2048, WindowWidth=4096, **header))
    other = read_image(make(ramp, WindowCenter=100, WindowWidth=50, **header))
    for field in one.__dataclass_fields__:
        same = np.array_equal(getattr(one, field), getattr(other, field))
        assert same == (field not in {"pixels", "window"}), field


def test_monochrome1_changes_pixels_only(make: Maker, ramp: np.ndarray) -> None:
    one = read_image(make(ramp))
    other = read_image(make(4095 - ramp, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_allclose(one.pixels, other.pixels, atol=1e-6)
    for field in set(one.__dataclass_fields__) - {"pixels"}:
        assert getattr(one, field) == getattr(other, field), field


def test_of_several_windows_the_first_is_used_with_a_notice(make: Maker, ramp: np.ndarray) -> None:
    image = read_image(make(ramp, WindowCenter=[40, 400], WindowWidth=[80, 800]))
    assert image.window == (40.0, 80.0)
    assert names(image) == ["WindowChosen"]


def test_a_window_without_width_shows_the_full_range(make: Maker, ramp: np.ndarray) -> None:
    image = read_image(make(ramp, WindowCenter=40, WindowWidth=0))
    assert image.window is None
    assert names(image) == ["WindowWarning"]
    assert (image.pixels.min(), image.pixels.max()) == (0.0, 1.0)


def test_rescale_comes_before_the_window(make: Maker) -> None:
    stored = np.array([[0, 1024, 2048]], dtype=np.uint16)
    header = {"RescaleSlope": 1, "RescaleIntercept": -1024, "VOILUTFunction": "LINEAR_EXACT"}
    image = read_image(make(stored, WindowCenter=0, WindowWidth=2048, **header))
    assert image.pixels.tolist() == [[0.0, 0.5, 1.0]]


def lut_item(descriptor: list[int], data: bytes) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", descriptor)
    item.add_new("LUTData", "OW", data)
    return item


def test_a_voi_lut_goes_before_a_window(make: Maker) -> None:
    item = lut_item([3, 1, 8], np.array([0, 51, 255], dtype="<u2").tobytes())
    stored = np.array([[1, 2, 3]], dtype=np.uint8)
    image = read_image(make(stored, VOILUTSequence=[item], WindowCenter=2, WindowWidth=1))
    np.testing.assert_allclose(image.pixels, [[0.0, 0.2, 1.0]], atol=1e-6)
    assert image.window is None


def test_a_modality_lut_replaces_the_rescale(make: Maker) -> None:
    item = lut_item([2, 0, 16], np.array([100, 0], dtype="<u2").tobytes())
    stored = np.array([[0, 1]], dtype=np.uint8)
    image = read_image(make(stored, ModalityLUTSequence=[item]))
    assert image.pixels.tolist() == [[1.0, 0.0]]


def test_a_lut_may_pack_8_bit_entries_into_words(make: Maker) -> None:
    item = lut_item([4, 0, 8], bytes([0, 85, 170, 255]))
    stored = np.array([[0, 1, 2, 3]], dtype=np.uint8)
    image = read_image(make(stored, VOILUTSequence=[item]))
    np.testing.assert_allclose(image.pixels, [[0, 1 / 3, 2 / 3, 1]], atol=1e-6)


def test_pixel_padding_with_the_wrong_sign_is_still_found(make: Maker) -> None:
    stored = np.array([[-2000, 0, 100]], dtype=np.int16)
    dataset = make(stored)
    dataset.add_new("PixelPaddingValue", "US", 65536 - 2000)
    assert read_image(dataset).pixels.tolist() == [[0.0, 0.0, 1.0]]


def test_signed_12_bit_values_are_read(make: Maker) -> None:
    stored = np.array([[0x0800, 0x0000, 0x07FF]], dtype=np.uint16)
    image = read_image(make(stored, BitsStored=12, PixelRepresentation=1))
    np.testing.assert_allclose(image.pixels, [[0.0, 2048 / 4095, 1.0]], atol=1e-6)


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_big_endian_and_little_endian_give_the_same(write: Writer, kind: str) -> None:
    stored = np.arange(12).reshape(3, 4).astype(kind)
    little = read_image(write(stored, name="little.dcm"))
    big = read_image(write(stored, name="big.dcm", syntax=ExplicitVRBigEndian))
    np.testing.assert_array_equal(little.pixels, big.pixels)
    np.testing.assert_allclose(little.pixels, stored / 11, atol=1e-6)


def test_rle_gives_what_native_gives(make: Maker, ramp: np.ndarray) -> None:
    dataset = make(ramp, BitsStored=12)
    native = read_image(dataset)
    dataset.compress(RLELossless)
    np.testing.assert_array_equal(read_image(dataset).pixels, native.pixels)


def test_jpeg_ls_of_signed_values_gives_what_native_gives(make: Maker) -> None:
    stored = np.arange(-200, 200, dtype=np.int16).reshape(20, 20)
    dataset = make(stored)
    native = read_image(dataset)
    dataset.compress("1.2.840.10008.1.2.4.80")
    np.testing.assert_array_equal(read_image(dataset).pixels, native.pixels)


def test_jpeg_2000_gives_what_native_gives(make: Maker, ramp: np.ndarray) -> None:
    dataset = make(ramp, BitsStored=12)
    native = read_image(dataset)
    dataset.compress("1.2.840.10008.1.2.4.90")
    np.testing.assert_array_equal(read_image(dataset).pixels, native.pixels)


def test_a_data_set_without_file_meta_is_read_as_native(make: Maker, ramp: np.ndarray) -> None:
    dataset = make(ramp)
    del dataset.file_meta
    assert read_image(dataset).rows == 64


@pytest.mark.parametrize(("modality", "frame"), [("CT", 2), ("US", 0)])
def test_the_default_frame_is_the_middle_one_of_volumes(
    make: Maker, modality: str, frame: int
) -> None:
    stored = np.zeros((5, 2, 2), dtype=np.uint8)
    stored[frame, 0, 0] = 200
    image = read_image(make(stored, Modality=modality))
    assert (image.frame, image.frames, image.pixels[0, 0]) == (frame, 5, 1.0)
    assert names(image) == ["FrameChosen"]


def test_the_frame_asked_for_is_read(make: Maker) -> None:
    stored = np.zeros((5, 2, 2), dtype=np.uint8)
    stored[4, 0, 0] = 200
    image = read_image(make(stored), frame=4)
    assert (image.frame, image.pixels[0, 0], image.warnings) == (4, 1.0, ())


@pytest.mark.parametrize("frame", [-1, 5])
def test_a_frame_that_is_not_there_is_refused(make: Maker, frame: int) -> None:
    with pytest.raises(InputError, match="0 to 4"):
        read_image(make(np.zeros((5, 2, 2), dtype=np.uint8)), frame=frame)


def test_colour_becomes_its_luminance_with_a_notice(make: Maker) -> None:
    stored = np.array([[[255, 0, 0], [255, 255, 255]]], dtype=np.uint8)
    image = read_image(make(stored))
    np.testing.assert_allclose(image.pixels, [[0.299, 1.0]], atol=1e-6)
    assert names(image) == ["ColourToGrey"]


def test_native_ybr_is_shown_by_its_luma(make: Maker) -> None:
    stored = np.array([[[0, 128, 128], [128, 128, 128], [255, 128, 128]]], dtype=np.uint8)
    image = read_image(make(stored, PhotometricInterpretation="YBR_FULL"))
    np.testing.assert_allclose(image.pixels, [[0.0, 128 / 255, 1.0]], atol=0.005)


def test_a_palette_is_looked_up(make: Maker) -> None:
    stored = np.array([[0, 1, 2]], dtype=np.uint8)
    dataset = make(stored, PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [4, 0, 8])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", bytes([255, 128, 0, 0]))
    np.testing.assert_allclose(read_image(dataset).pixels, [[1.0, 128 / 255, 0.0]], atol=1e-6)


def test_a_palette_that_makes_no_sense_is_refused(make: Maker) -> None:
    dataset = make(np.zeros((1, 1), dtype=np.uint8), PhotometricInterpretation="PALETTE COLOR")
    dataset.add_new("RedPaletteColorLookupTableDescriptor", "US", [4, 0, 8])
    with pytest.raises(UnsupportedPhotometric, match="palette"):
        read_image(dataset)


@pytest.mark.parametrize(
    ("header", "expected", "notices"),
    [
        ({"ImagerPixelSpacing": [0.1, 0.2]}, (0.1, 0.2, "detector"), []),
        ({"PixelSpacing": [1, 1]}, (1, 1, "detector"), ["SpacingWarning"]),
        (
            {"PixelSpacing": [1, 1], "PixelSpacingCalibrationType": "FIDUCIAL"},
            (1, 1, "patient"),
            [],
        ),
        (
            {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.1, 0.1]},
            (0.1, 0.1, "detector"),
            [],
        ),
        (
            {"PixelSpacing": [0.09, 0.09], "ImagerPixelSpacing": [0.1, 0.1]},
            (0.09, 0.09, "patient"),
            ["SpacingWarning"],
        ),
        ({"PixelSpacing": [1, 1], "Modality": "US"}, (1, 1, "patient"), []),
        ({"PixelSpacing": [0, 0]}, None, ["SpacingWarning"]),
    ],
)
def test_spacing_says_where_it_was_measured(
    make: Maker, header: dict[str, object], expected: tuple[object, ...] | None, notices: list[str]
) -> None:
    image = read_image(make(np.zeros((2, 2), dtype=np.uint8), **header))
    spacing = image.spacing
    found = None if spacing is None else (spacing.row_mm, spacing.column_mm, spacing.kind)
    assert found == expected
    assert names(image) == notices


def slice_header(axes: list[float]) -> dict[str, object]:
    return {
        "Modality": "CT",
        "ImagePositionPatient": [-100, -100, 50],
        "ImageOrientationPatient": axes,
        "PixelSpacing": [0.5, 0.7],
    }


def test_a_slice_has_its_plane_and_its_orientation_from_it(make: Maker) -> None:
    image = read_image(make(np.zeros((2, 2), dtype=np.uint8), **slice_header([1, 0, 0, 0, 1, 0])))
    assert image.plane is not None
    np.testing.assert_allclose(image.plane.to_patient([(0.5, 0.5)]), [(-100, -100, 50)])
    assert (image.plane.row_mm, image.plane.column_mm) == (0.5, 0.7)
    assert image.spacing is not None
    assert image.spacing.kind is SpacingKind.PATIENT
    assert image.orientation.row_direction == "L"
    assert image.orientation.source is OrientationSource.PLANE


def test_a_plane_that_cannot_be_leaves_a_notice(make: Maker) -> None:
    image = read_image(make(np.zeros((2, 2), dtype=np.uint8), **slice_header([1, 0, 0, 1, 0, 0])))
    assert image.plane is None
    assert names(image) == ["GeometryWarning"]


def test_functional_groups_give_each_frame_its_own_values(make: Maker) -> None:
    def frame(z: float, center: float) -> Dataset:
        position, voi, item = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, z]
        voi.WindowCenter, voi.WindowWidth = center, 100
        item.PlanePositionSequence, item.FrameVOILUTSequence = [position], [voi]
        return item

    axes, measures, shared = Dataset(), Dataset(), Dataset()
    axes.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [2, 2]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [axes], [measures]
    dataset = make(
        np.zeros((2, 2, 2), dtype=np.uint8),
        Modality="MR",
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[frame(10, 30), frame(20, 60)],
    )
    image = read_image(dataset, frame=1)
    assert image.plane is not None
    assert image.plane.position_mm[2] == 20
    assert image.window == (60, 100)


def test_the_only_position_of_a_multi_frame_object_is_its_first_frames(make: Maker) -> None:
    dataset = make(np.zeros((2, 2, 2), dtype=np.uint8), **slice_header([1, 0, 0, 0, 1, 0]))
    assert read_image(dataset, frame=0).plane is not None
    assert read_image(dataset, frame=1).plane is None


@pytest.mark.parametrize(
    ("header", "left", "source"),
    [
        ({"PatientOrientation": ["L", "F"]}, Side.RIGHT, "header"),
        ({"PatientOrientation": ["R", "F"]}, Side.LEFT, "header"),
        ({"PatientOrientation": ["A", "F"]}, None, "header"),
        ({}, Side.RIGHT, "convention"),
        ({"BodyPartExamined": "CHEST", "ViewPosition": "AP"}, Side.RIGHT, "convention"),
        ({"BodyPartExamined": "HAND"}, None, "unknown"),
        ({"ViewPosition": "LL"}, None, "unknown"),
        ({"Modality": "US"}, None, "unknown"),
    ],
)
def test_the_orientation_says_how_it_is_known(
    make: Maker, header: dict[str, object], left: Side | None, source: str
) -> None:
    orientation = read_image(make(np.zeros((2, 2), dtype=np.uint8), **header)).orientation
    assert (orientation.image_left, orientation.source) == (left, source)


def test_pixels_are_not_flipped_whatever_the_orientation(make: Maker, ramp: np.ndarray) -> None:
    one = read_image(make(ramp, PatientOrientation=["L", "F"]))
    other = read_image(make(ramp, PatientOrientation=["R", "F"]))
    np.testing.assert_array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize(
    ("said", "view"),
    [("PA ", "PA"), ("AP", "AP"), ("LL", "LATERAL"), ("RL", "LATERAL"), ("", None)],
)
def test_the_view_is_read(make: Maker, said: str, view: str | None) -> None:
    assert read_image(make(np.zeros((2, 2), dtype=np.uint8), ViewPosition=said)).view == view


def test_the_view_is_read_from_its_code_where_there_is_no_position(make: Maker) -> None:
    code = Dataset()
    code.CodeMeaning = "postero-anterior"
    dataset = make(np.zeros((2, 2), dtype=np.uint8), ViewCodeSequence=[code])
    assert read_image(dataset).view == "PA"


@pytest.mark.parametrize("said", ["SIMULATED: a phantom", "simulated"])
def test_a_header_that_says_simulated_marks_the_image(make: Maker, said: str) -> None:
    stored = np.zeros((2, 2), dtype=np.uint8)
    assert read_image(make(stored, ImageComments=said)).simulated
    assert not read_image(make(stored, ImageComments="real")).simulated


def test_an_unknown_character_set_becomes_a_notice(write: Writer) -> None:
    path = write(np.zeros((2, 2), dtype=np.uint8), BodyPartExamined="CHEST")
    data = path.read_bytes()
    path.write_bytes(data[:132] + _meta_and_charset(data[132:]))
    image = read_image(path)
    assert names(image) == ["EncodingWarning"]
    assert image.body_part == "CHEST"


def _meta_and_charset(rest: bytes) -> bytes:
    at = rest.index(b"\x08\x00\x16\x00UI")
    return rest[:at] + b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 999" + rest[at:]


def test_one_bad_optional_value_leaves_a_notice_and_the_image(make: Maker) -> None:
    dataset = make(np.zeros((2, 2), dtype=np.uint8))
    dataset.add_new("ImagerPixelSpacing", "LO", ["wide", "wide"])
    image = read_image(dataset)
    assert image.spacing is None
    assert "HeaderWarning" in names(image)


def test_raw_detector_data_leaves_a_notice(make: Maker) -> None:
    stored = np.zeros((2, 2), dtype=np.uint8)
    image = read_image(make(stored, PresentationIntentType="FOR PROCESSING"))
    assert names(image) == ["ForProcessing"]


def test_notices_carry_the_images_id(make: Maker) -> None:
    image = read_image(make(np.zeros((5, 2, 2), dtype=np.uint8)), id="i7")
    assert {notice.source for notice in image.warnings} == {"i7"}


def test_the_pixel_limit_is_an_option(make: Maker, ramp: np.ndarray) -> None:
    assert read_image(make(ramp), max_pixels=4096).rows == 64
    with pytest.raises(ImageTooLarge, match="64 x 64"):
        read_image(make(ramp), max_pixels=4095)


def test_a_file_without_preamble_is_read_only_when_asked_to(write: Writer) -> None:
    path = write(np.arange(4, dtype=np.uint8).reshape(2, 2))
    data = path.read_bytes()
    path.write_bytes(data[data.index(b"\x08\x00\x16\x00UI") :])
    assert read_image(path, force=True).rows == 2


def test_reading_does_not_change_the_data_set(make: Maker, ramp: np.ndarray) -> None:
    dataset = make(ramp, WindowCenter=2048, WindowWidth=4096)
    before = dataset.to_json()
    read_image(dataset)
    assert dataset.to_json() == before


def test_threads_keep_their_own_notices(write: Writer, ramp: np.ndarray) -> None:
    quiet = write(ramp, name="quiet.dcm")
    odd = write(ramp, name="odd.dcm", PresentationIntentType="FOR PROCESSING")
    odd.write_bytes(odd.read_bytes() + b"\xfc\xff\xfc\xffOB\0\0\x02\0\0\0\0\0")
    with ThreadPoolExecutor(max_workers=8) as pool:
        images = list(pool.map(read_image, [quiet, odd] * 20))
    assert [names(image) for image in images] == [[], ["ForProcessing"]] * 20
