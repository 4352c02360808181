"""Series of slices → volumes, or the reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from radnlp import errors
from radnlp.io import named_windows, read_image, read_volume

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Maker
    from radnlp.schema import Volume

AXIAL = [1, 0, 0, 0, 1, 0]


def names(volume: Volume) -> list[str]:
    return [notice.name for notice in volume.warnings]


def one_slice(make: Maker, z: float, number: int = 0, **header: Any) -> Dataset:
    """Return a slice whose stored values are all ``1024 + z``."""
    fields: dict[str, Any] = {
        "Modality": "CT",
        "SeriesInstanceUID": "2.25.77",
        "SOPInstanceUID": f"2.25.{1000 + number}",
        "PatientID": "P1",
        "InstanceNumber": number,
        "ImagePositionPatient": [-10, -20, z],
        "ImageOrientationPatient": AXIAL,
        "PixelSpacing": [0.5, 0.75],
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "WindowCenter": 40,
        "WindowWidth": 400,
    }
    stored = header.pop("stored", np.full((4, 6), 1024 + z, dtype=np.uint16))
    return make(stored, **(fields | header))


def series(make: Maker, places: list[float], **header: Any) -> list[Dataset]:
    return [one_slice(make, z, number, **header) for number, z in enumerate(places)]


def saved(folder: Path, datasets: list[Dataset]) -> list[Path]:
    paths = []
    for index, dataset in enumerate(datasets):
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        paths.append(folder / f"{index:02}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(order=st.permutations(range(6)))
def test_slices_are_sorted_by_position_whatever_their_numbers(
    make: Maker, order: list[int]
) -> None:
    datasets = [one_slice(make, 5.0 * z, number) for number, z in enumerate(order)]
    volume = read_volume(datasets)
    assert volume.values[:, 0, 0].tolist() == [0, 5, 10, 15, 20, 25]
    assert volume.spacing_mm == (5.0, 0.5, 0.75)
    assert volume.position_mm == (-10, -20, 0)
    assert names(volume) == []


def test_ct_is_in_hounsfield_units_with_named_windows(make: Maker) -> None:
    volume = read_volume(series(make, [0, 1, 2]))
    assert (volume.modality, volume.unit, volume.shape) == ("CT", "HU", (3, 4, 6))
    assert volume.windows == named_windows()
    image = volume.slice_image(1, window="lung")
    assert image.window == (-600.0, 1500.0)
    assert image.pixels[0, 0] == pytest.approx((1 + 600.5) / 1499 + 0.5, abs=1e-6)


def test_a_folder_is_read_and_what_is_no_slice_is_left_out_with_a_notice(
    tmp_path: Path, make: Maker
) -> None:
    saved(tmp_path, series(make, [4, 2, 0]))
    (tmp_path / "notes.txt").write_text("Some text.")
    film = make(np.zeros((2, 2), dtype=np.uint8), Modality="DX", SOPInstanceUID="2.25.9")
    film.file_meta.MediaStorageSOPInstanceUID = "2.25.9"
    film.save_as(tmp_path / "film.dcm", enforce_file_format=True)
    volume = read_volume(str(tmp_path))
    assert volume.sources == ("02.dcm", "01.dcm", "00.dcm")
    assert [(one.name, one.source) for one in volume.warnings] == [
        ("NotAVolume", "film.dcm"),
        ("LeftOut", "notes.txt"),
    ]
    image = volume.slice_image(0)
    assert image.source == "02.dcm"
    np.testing.assert_array_equal(image.pixels, read_image(tmp_path / "02.dcm").pixels)


def test_a_sequence_of_paths_is_read(tmp_path: Path, make: Maker) -> None:
    paths = saved(tmp_path, series(make, [0, 3, 6, 9]))
    assert read_volume([str(paths[2]), paths[0], paths[1]]).shape[0] == 3


def test_each_slice_is_rescaled_by_its_own_slope(make: Maker) -> None:
    stored = np.full((2, 2), 100, dtype=np.uint16)
    datasets = [
        one_slice(make, z, z, stored=stored, RescaleSlope=slope, RescaleIntercept=0,
                  Modality="PT", Units="BQML")
        for z, slope in enumerate((1.5, 2.5, 3.5))
    ]  # fmt: skip
    volume = read_volume(datasets)
    assert volume.values[:, 0, 0].tolist() == [150, 250, 350]
    assert (volume.unit, dict(volume.windows)) == ("BQML", {})


def test_signed_values_are_read(make: Maker) -> None:
    stored = np.full((2, 2), -500, dtype=np.int16)
    datasets = series(make, [0, 1], stored=stored, RescaleIntercept=0)
    assert read_volume(datasets).values.max() == -500


def test_padding_takes_the_smallest_value_that_was_measured(make: Maker) -> None:
    stored = np.array([[-2000, 10], [20, 30]], dtype=np.int16)
    datasets = series(make, [0, 1], stored=stored, PixelPaddingValue=-2000)
    assert read_volume(datasets).values[0].tolist() == [[-1014, -1014], [-1004, -994]]


@pytest.mark.parametrize("window", [None, (-1000, 100)])
def test_padding_is_black_where_low_values_are_white(
    make: Maker, window: tuple[float, float] | None
) -> None:
    stored = np.array([[-2000, 10], [20, 30]], dtype=np.int16)
    datasets = series(
        make, [0, 1], stored=stored, PixelPaddingValue=-2000, WindowCenter=None, WindowWidth=None,
        PhotometricInterpretation="MONOCHROME1",
    )  # fmt: skip
    volume = read_volume(datasets)
    assert volume.values[0].tolist() == [[-994, -1014], [-1004, -994]]
    pixels = volume.slice_image(0, window=window).pixels
    assert pixels is not None
    assert pixels[0, 0] == pixels.min() < pixels[0, 1] == pixels.max()


def test_ct_with_another_rescale_type_has_no_hounsfield_units(make: Maker) -> None:
    volume = read_volume(series(make, [0, 1], RescaleType="US"))
    assert (volume.unit, dict(volume.windows)) == (None, {})
    with pytest.raises(errors.WindowNotFound, match="Hounsfield"):
        volume.slice_image(0, window="lung")


def test_the_series_id_tells_series_apart_without_telling_the_uid(make: Maker) -> None:
    one = read_volume(series(make, [0, 1]))
    other = read_volume(series(make, [0, 1], SeriesInstanceUID="2.25.78"))
    assert one.series != other.series
    assert len(one.series or "") == 12
    assert "2.25" not in (one.series or "")


def test_of_several_series_one_must_be_chosen(make: Maker) -> None:
    both = [
        *series(make, [0, 1, 2]),
        *series(make, [0, 5], SeriesInstanceUID="2.25.78", PatientID="P1"),
    ]
    with pytest.raises(errors.SeveralSeries, match=r"2 series.*CT, 3 slices of 4 x 6") as caught:
        read_volume(both)
    assert "2.25" not in str(caught.value)
    wanted = read_volume(both[:3]).series
    assert wanted is not None
    assert read_volume(both, series=wanted[:6]).shape[0] == 3
    with pytest.raises(errors.SeveralSeries, match="0 series are called 'zzz'"):
        read_volume(both, series="zzz")


def test_files_of_several_patients_are_refused(make: Maker) -> None:
    datasets = series(make, [0, 1, 2])
    datasets[1].PatientID = "P2"
    with pytest.raises(errors.MixedPatients, match="2 patients") as caught:
        read_volume(datasets)
    assert "P2" not in str(caught.value)


def test_a_slice_without_an_id_is_of_the_same_patient(make: Maker) -> None:
    datasets = series(make, [0, 1, 2], PatientName="DOE^J")
    datasets[1].PatientID = ""
    datasets[2].PatientName = "DOE^JANE"
    assert read_volume(datasets).shape[0] == 3


def test_without_ids_names_tell_patients_apart(make: Maker) -> None:
    datasets = series(make, [0, 1, 2], PatientID=None, PatientName="DOE^J")
    datasets[1].PatientName = "ROE^R"
    with pytest.raises(errors.MixedPatients, match="2 patients"):
        read_volume(datasets)


def test_a_copy_of_a_slice_is_refused(make: Maker) -> None:
    datasets = series(make, [0, 1, 2])
    with pytest.raises(errors.DuplicateSlices, match="copies of one instance"):
        read_volume([*datasets, datasets[1]])


def test_two_passes_over_one_place_are_refused_with_what_differs(make: Maker) -> None:
    first, second = (series(make, [0, 1, 2], Modality="MR", EchoTime=echo) for echo in (10, 80))
    for number, one in enumerate(second):
        one.SOPInstanceUID = f"2.25.{2000 + number}"
    with pytest.raises(errors.DuplicateSlices, match=r"3 pairs.*EchoTime"):
        read_volume([*first, *second])


def test_a_missing_slice_is_refused(make: Maker) -> None:
    with pytest.raises(errors.UnevenSlices, match=r"about 1 slices .*4\.00 mm.*2\.00 mm"):
        read_volume(series(make, [0, 2, 4, 8, 10]))


def test_uneven_distances_are_refused_unless_allowed(make: Maker) -> None:
    datasets = series(make, [0, 2, 4, 6.5, 8.5, 10.5])
    with pytest.raises(errors.UnevenSlices, match="1 distances differ"):
        read_volume(datasets)
    assert read_volume(datasets, gap_tolerance=0.3).shape[0] == 6


def test_a_drift_that_adds_up_is_refused(make: Maker) -> None:
    places = [float(z) for z in np.cumsum([0, *[0.96] * 20, *[1.04] * 20])]
    with pytest.raises(errors.UnevenSlices):
        read_volume(series(make, places))


def test_rounded_positions_are_even_enough(make: Maker) -> None:
    places = [round(1.25 * number, 1) for number in range(9)]
    assert read_volume(series(make, places)).spacing_mm[0] == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("odd", "found"),
    [
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "2 orientations"),
        ({"PixelSpacing": [0.6, 0.75]}, "2 pixel spacings"),
        ({"stored": np.zeros((4, 5), dtype=np.uint16)}, "2 sizes"),
        ({"Modality": "MR", "RescaleType": "HU"}, "2 modalities"),
        ({"RescaleType": "US"}, "2 units"),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "2 photometric"),
        ({"ImagePositionPatient": [-8, -20, 2]}, "shifted within its plane"),
    ],
)
def test_slices_that_do_not_fit_together_are_refused(
    make: Maker, odd: dict[str, Any], found: str
) -> None:
    datasets = series(make, [0, 1])
    datasets.append(one_slice(make, 2, 9, **odd))
    with pytest.raises(errors.MixedSlices, match=found):
        read_volume(datasets)


@pytest.mark.parametrize("angle", [10.0, -20.0])
def test_a_tilted_gantry_is_noticed_and_kept_in_the_affine(make: Maker, angle: float) -> None:
    # The table moves along z while the slices are turned about the x axis.
    c, s = float(np.cos(np.radians(angle))), float(np.sin(np.radians(angle)))
    datasets = series(
        make, [0, 5, 10], ImageOrientationPatient=[1, 0, 0, 0, c, s], GantryDetectorTilt=angle
    )
    volume = read_volume(datasets)
    assert names(volume) == ["GantryTilt"]
    assert volume.tilt_degrees == pytest.approx(abs(angle))
    assert volume.spacing_mm[0] == pytest.approx(5)
    np.testing.assert_allclose(volume.to_patient([(2, 0, 0)]), [(-10, -20, 10)], atol=1e-9)


@pytest.mark.parametrize("flip", [1, -1])
def test_the_order_follows_the_normal(make: Maker, flip: int) -> None:
    datasets = series(make, [0, 1, 2], ImageOrientationPatient=[flip, 0, 0, 0, 1, 0])
    volume = read_volume(datasets)
    assert np.dot(volume.normal, volume.slice_cosines) == pytest.approx(1)
    assert volume.values[:, 0, 0].tolist() == [0, 1, 2][::flip]


@pytest.mark.parametrize(
    ("header", "error", "found"),
    [
        ({"Modality": "DX"}, "NotAVolume", "projection"),
        ({"ImagePositionPatient": None}, "NotAVolume", "where its slices lie"),
        ({"PixelSpacing": [0, 0]}, "NotAVolume", "where its slices lie"),
        ({"Rows": 0}, "InvalidHeader", "Rows"),
    ],
)
def test_what_is_no_slice_is_refused(
    make: Maker, header: dict[str, Any], error: str, found: str
) -> None:
    with pytest.raises(errors.RadnlpError, match=found) as caught:
        read_volume(series(make, [0, 1], **header))
    assert type(caught.value).__name__ == error


def test_one_slice_is_no_volume(tmp_path: Path, make: Maker) -> None:
    with pytest.raises(errors.NotAVolume, match="one slice"):
        read_volume(saved(tmp_path, series(make, [0]))[0])


def test_a_folder_without_slices_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(errors.NotAVolume, match="LeftOut"):
        read_volume(tmp_path)


def test_a_damaged_slice_of_a_folder_leaves_a_gap_that_is_told(tmp_path: Path, make: Maker) -> None:
    paths = saved(tmp_path, series(make, [0, 1, 2, 3, 4]))
    paths[2].write_bytes(paths[2].read_bytes()[:400])
    with pytest.raises(errors.UnevenSlices, match=r"between 01\.dcm and 03\.dcm"):
        read_volume(tmp_path)


def test_a_slice_whose_pixels_are_cut_is_an_error(tmp_path: Path, make: Maker) -> None:
    paths = saved(tmp_path, series(make, [0, 1, 2]))
    paths[1].write_bytes(paths[1].read_bytes()[:-20])
    with pytest.raises(errors.RadnlpError) as caught:
        read_volume(tmp_path)
    assert type(caught.value).__name__ in {"TruncatedPixels", "TruncatedFile"}


@pytest.mark.parametrize("source", [[], 7, [7], {"a": 1}])
def test_a_source_of_another_kind_is_refused(source: Any) -> None:
    with pytest.raises(errors.InputError):
        read_volume(source)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.FileMissing):
        read_volume(tmp_path / "gone")


def test_the_limit_is_checked_before_pixels_are_read(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr("radnlp.io.volume.decode_frame", never)
    with pytest.raises(errors.ImageTooLarge, match="3 slices of 6 x 4"):
        read_volume(series(make, [0, 1, 2]), max_voxels=71)


def test_a_modality_that_contradicts_the_header_is_refused(make: Maker) -> None:
    with pytest.raises(errors.InputError, match="say CT"):
        read_volume(series(make, [0, 1]), modality="MR")


def enhanced(make: Maker, places: list[float], **header: Any) -> Dataset:
    """Return a multi-frame object whose frames come in the order given."""

    def item(**fields: Any) -> Dataset:
        dataset = Dataset()
        for keyword, value in fields.items():
            setattr(dataset, keyword, value)
        return dataset

    frames = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])],
            FrameVOILUTSequence=[item(WindowCenter=100 + z, WindowWidth=50)],
            FrameContentSequence=[item(TemporalPositionIndex=1 + places[:index].count(z))],
            PixelValueTransformationSequence=[
                item(RescaleSlope=1 + index, RescaleIntercept=-10, RescaleType="HU")
            ],
        )
        for index, z in enumerate(places)
    ]
    shared = item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=AXIAL)],
        PixelMeasuresSequence=[item(PixelSpacing=[2, 3])],
    )
    stored = np.stack([np.full((3, 4), 10, dtype=np.uint16)] * len(places))
    return make(
        stored, Modality="CT", SeriesInstanceUID="2.25.5",
        PerFrameFunctionalGroupsSequence=frames, SharedFunctionalGroupsSequence=[shared], **header,
    )  # fmt: skip


def test_an_enhanced_object_is_a_volume_with_each_frames_own_values(
    tmp_path: Path, make: Maker
) -> None:
    dataset = enhanced(make, [20, 0, 10])
    for source in (dataset, saved(tmp_path, [dataset])[0]):
        volume = read_volume(source)
        assert volume.values[:, 0, 0].tolist() == [10, 20, 0]  # slopes 2, 3 and 1
        assert volume.spacing_mm == (10, 2, 3)
        assert volume.frames == (1, 2, 0)
        assert volume.window is not None
        assert volume.window.center == 110  # of the middle slice
        image = volume.slice_image(0)
        assert (image.frame, image.frames) == (1, 3)


def test_an_enhanced_object_with_several_times_is_refused(make: Maker) -> None:
    with pytest.raises(errors.DuplicateSlices, match="TemporalPositionIndex"):
        read_volume(enhanced(make, [0, 10, 0, 10]))


def test_frames_without_positions_are_refused(shared_data: Path) -> None:
    with pytest.raises(errors.NotAVolume, match="where its slices lie"):
        read_volume(shared_data / "dicom_good" / "emri_small.dcm")


@pytest.mark.parametrize(
    ("name", "shape", "spacing"),
    [
        ("ct_series", (3, 512, 512), (1.0, 0.810547, 0.810547)),
        ("mr_series", (16, 256, 256), (2.0, 0.234375, 0.234375)),
        ("eCT_Supplemental.dcm", (2, 512, 512), (10.0, 0.388672, 0.388672)),
    ],
)
def test_a_real_series_is_a_volume_that_shows_what_its_slices_show(
    shared_data: Path, name: str, shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    path = shared_data / "dicom_good" / name
    volume = read_volume(path)
    assert volume.shape == shape
    assert volume.spacing_mm == pytest.approx(spacing, abs=1e-4)
    assert np.dot(volume.normal, volume.slice_cosines) == pytest.approx(1)
    for index in range(shape[0]):
        image = volume.slice_image(index)
        file = path / volume.sources[index] if path.is_dir() else path
        alone = read_image(file, frame=image.frame)
        np.testing.assert_allclose(image.pixels, alone.pixels, atol=1e-6)
        assert alone.plane is not None
        assert image.plane is not None
        np.testing.assert_allclose(image.plane.position_mm, alone.plane.position_mm, atol=0.01)


def test_the_good_folder_as_a_whole_is_refused(shared_data: Path) -> None:
    with pytest.raises(errors.MixedPatients):
        read_volume(shared_data / "dicom_good")
