"""Real files that lie beside the project: good ones are read, odd ones end in a named error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_modality_lut, apply_voi_lut, apply_windowing

from radnlp import errors
from radnlp.io import load_study, read_image, read_report, read_volume

if TYPE_CHECKING:
    from pathlib import Path

# The same 12-bit lossy JPEG as pydicom's JPEG-lossy.dcm, which no decoder reads.
UNREADABLE = {"NM1_JPLY"}


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".tsv"]


def test_every_good_file_is_read(shared_data: Path) -> None:
    for path in files(shared_data / "dicom_good"):
        if path.name == "sr.dcm":
            assert "MEASUREMENT GROUP" in read_report(path).text
        elif path.name not in UNREADABLE:
            pixels = read_image(path).pixels
            assert pixels is not None
            assert np.isfinite(pixels).all(), path.name
            assert 0.0 <= pixels.min() < pixels.max() <= 1.0, path.name


def test_pixels_agree_with_pydicoms_own_functions(shared_data: Path) -> None:
    compared = 0
    for path in files(shared_data / "dicom_good"):
        dataset = pydicom.dcmread(path)
        grey = dataset.get("PhotometricInterpretation", "").startswith("MONOCHROME")
        if not grey or "NumberOfFrames" in dataset or path.name in UNREADABLE:
            continue
        if not ("WindowCenter" in dataset or "VOILUTSequence" in dataset):
            continue
        modality = apply_modality_lut(dataset.pixel_array, dataset)
        if "VOILUTSequence" in dataset:
            values = apply_voi_lut(modality, dataset)
            bounds = (0, (1 << dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1)
        else:
            values = apply_windowing(modality, dataset)
            bounds = tuple(apply_windowing(np.array([-1e9, 1e9]), dataset))
        shown = (values - bounds[0]) / (bounds[1] - bounds[0])
        if dataset.PhotometricInterpretation == "MONOCHROME1":
            shown = 1 - shown
        np.testing.assert_allclose(read_image(path).pixels, shown, atol=1e-5, err_msg=path.name)
        compared += 1
    assert compared >= 20


@pytest.mark.parametrize("force", [False, True])
def test_every_odd_file_is_read_or_ends_in_a_named_error(shared_data: Path, force: bool) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in files(shared_data / "dicom_odd"):
        started = time.monotonic()
        for read in (lambda one: read_image(one, force=force), read_report, read_volume):
            try:
                read(path)
            except errors.RadnlpError as error:
                told = str(error)
                assert "expected" in told, told
        assert time.monotonic() - started < 10, path.name
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 600_000, f"{grown} kB more than before"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("synthetic/empty.dcm", "NotDicom"),
        ("synthetic/jpeg_named.dcm", "NotDicom"),
        ("synthetic/html_named.dcm", "NotDicom"),
        ("synthetic/lfs_pointer.dcm", "NotDicom"),
        ("pydicom__no_meta.dcm", "NotDicom"),
        ("fo-dicom__CR-MONO1-10-chest", "NotDicom"),
        ("pydicom__meta_missing_tsyntax.dcm", "UnknownTransferSyntax"),
        ("pydicom__JPEG-lossy.dcm", "UnsupportedCodec"),
        ("pydicom-data__liver_deflate.dcm", "UnsupportedCodec"),
        ("pydicom-data__liver_rle.dcm", "UnsupportedPixelFormat"),
        ("pydicom__MR_truncated.dcm", "TruncatedPixels"),
        ("pydicom__rtplan_truncated.dcm", "NotAnImage"),
        ("fo-dicom__GH1339.dcm", "TruncatedFile"),
        ("fo-dicom__GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm", "CorruptDicom"),
        ("pydicom__badVR.dcm", "InvalidHeader"),
        ("synthetic/nest200.dcm", "NestingLimit"),
        ("synthetic/frames_2e9.dcm", "ImageTooLarge"),
        ("synthetic/rle_bomb.dcm", "ImageTooLarge"),
        ("synthetic/j2k_bigsiz.dcm", "CodestreamMismatch"),
        ("synthetic/deflate_1GiB.dcm", "InflateLimit"),
        ("synthetic/j2k_garbage.dcm", "CorruptPixels"),
        ("pydicom__JPEG2000-embedded-sequence-delimiter.dcm", "CorruptPixels"),
        ("synthetic/rows0.dcm", "InvalidHeader"),
        ("synthetic/bits12.dcm", "InvalidHeader"),
        ("synthetic/palette_no_lut.dcm", "UnsupportedPhotometric"),
        ("pydicom__dicomdirtests_DICOMDIR", "NotAnImage"),
        ("pydicom__waveform_ecg.dcm", "NotAnImage"),
        ("pydicom__reportsi.dcm", "NotAnImage"),
    ],
)
def test_an_odd_file_ends_in_its_error(shared_data: Path, name: str, error: str) -> None:
    with pytest.raises(errors.RadnlpError) as caught:
        read_image(shared_data / "dicom_odd" / name)
    assert type(caught.value).__name__ == error


def test_the_chest_film_without_preamble_is_read_when_forced(shared_data: Path) -> None:
    image = read_image(shared_data / "dicom_odd" / "fo-dicom__CR-MONO1-10-chest", force=True)
    assert image.rows > 100


def test_a_series_is_read_in_order(shared_data: Path) -> None:
    study = load_study(shared_data / "dicom_good" / "mr_series", slices="all")
    assert [image.id for image in study.images] == [f"i{number}" for number in range(16)]
    positions = [image.plane.position_mm for image in study.images if image.plane]
    steps = np.diff(np.array(positions), axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), atol=0.01)


def test_a_real_series_in_a_study_gives_its_middle_slice(shared_data: Path) -> None:
    (image,) = load_study(shared_data / "dicom_good" / "ct_series").images
    assert image.source == "02.dcm"
    assert image.slice is not None
    assert (image.slice.index, image.slice.count) == (1, 3)
    assert [notice.name for notice in image.warnings] == ["SliceChosen"]
