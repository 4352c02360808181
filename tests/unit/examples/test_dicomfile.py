from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from radnlp.errors import OutputError
from radnlp.examples.dicomfile import LABEL, dataset_of, write_dicom
from radnlp.examples.film import Film
from radnlp.examples.phantom import Phantom, SimulatedStudy, simulate

pydicom = pytest.importorskip("pydicom")


@pytest.fixture(scope="module")
def written(sick: SimulatedStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dicom") / "chest.dcm"
    write_dicom(sick, path)
    return path


def test_the_file_gives_the_same_pixels_back(written: Path, sick: SimulatedStudy) -> None:
    assert np.array_equal(pydicom.dcmread(written).pixel_array, sick.pixels)


def test_the_file_says_simulated_wherever_a_reader_looks(written: Path) -> None:
    dataset = pydicom.dcmread(written)

    assert str(dataset.PatientName) == "SIMULATED^PHANTOM"
    for name in ("SeriesDescription", "ImageComments", "DerivationDescription", "PatientComments"):
        assert dataset[name].value == LABEL


@pytest.mark.parametrize(
    "name",
    [
        "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
        "PresentationIntentType", "ImageLaterality", "ImageType", "SamplesPerPixel",
        "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit",
        "PixelRepresentation", "PixelIntensityRelationship", "PixelIntensityRelationshipSign",
        "RescaleIntercept", "RescaleSlope", "RescaleType", "PresentationLUTShape",
        "LossyImageCompression", "BurnedInAnnotation", "PatientOrientation", "ImagerPixelSpacing",
        "WindowCenter", "WindowWidth", "PixelData",
    ],
)  # fmt: skip
def test_a_required_attribute_has_a_value(written: Path, name: str) -> None:
    assert pydicom.dcmread(written)[name].value not in (None, "", [])


@pytest.mark.parametrize(
    "name",
    [
        "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
        "AccessionNumber", "ReferringPhysicianName", "SeriesNumber", "InstanceNumber",
        "Manufacturer", "DetectorType", "AcquisitionContextSequence", "AnatomicRegionSequence",
    ],
)  # fmt: skip
def test_an_attribute_that_may_be_empty_is_there(written: Path, name: str) -> None:
    assert name in pydicom.dcmread(written)


def test_orientation_view_and_spacing_describe_a_pa_chest(
    written: Path, sick: SimulatedStudy
) -> None:
    dataset = pydicom.dcmread(written)

    assert list(dataset.PatientOrientation) == ["L", "F"]
    assert (dataset.ViewPosition, dataset.BodyPartExamined) == ("PA", "CHEST")
    assert float(dataset.ImagerPixelSpacing[0]) == pytest.approx(sick.spacing_mm, abs=1e-5)
    assert "PixelSpacing" not in dataset


def test_burned_in_letters_are_declared(sick: SimulatedStudy) -> None:
    bare = simulate(Phantom(film=Film(marker=False)), rows=64, columns=64)

    assert dataset_of(sick).BurnedInAnnotation == "YES"
    assert dataset_of(bare).BurnedInAnnotation == "NO"


def test_uids_follow_from_the_study(sick: SimulatedStudy, normal: SimulatedStudy) -> None:
    assert dataset_of(sick).SOPInstanceUID == dataset_of(sick).SOPInstanceUID
    assert dataset_of(sick).SOPInstanceUID != dataset_of(normal).SOPInstanceUID
    assert dataset_of(sick).StudyInstanceUID.is_valid


def test_a_place_that_cannot_be_written_is_named(sick: SimulatedStudy, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"chest\.dcm"):
        write_dicom(sick, tmp_path / "missing" / "chest.dcm")
