"""A simulated study as a DICOM file: Digital X-Ray Image, for presentation (PS3.3 A.26)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import OutputError
from radnlp.examples.film import MAX_VALUE

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    from radnlp.examples.simulation import SimulatedStudy

__all__ = ["LABEL", "dataset_of", "write_dicom"]

LABEL = "SIMULATED: analytic phantom, not a patient"
_DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"


def write_dicom(study: SimulatedStudy, path: Path) -> None:
    """Write the film, losslessly compressed by run lengths, which every reader decodes.

    Raises:
        OutputError: The file cannot be written.
    """
    from pydicom.uid import RLELossless

    dataset = dataset_of(study)
    dataset.compress(RLELossless, generate_instance_uid=False, encoding_plugin="pydicom")
    try:
        dataset.save_as(path, enforce_file_format=True)
    except OSError as error:
        raise OutputError(
            f"cannot write {path.name}: {error.strerror}; choose a folder that can be written"
        ) from error


def dataset_of(study: SimulatedStudy) -> Dataset:
    """Return the film as an uncompressed dataset; its UIDs follow from pixels and seed."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset = Dataset()
    _identify(dataset, study)
    _describe(dataset)
    _picture(dataset, study)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _uid("radnlp phantom writer")
    meta.ImplementationVersionName = "RADNLP_PHANTOM"
    dataset.file_meta = meta
    return dataset


def _uid(name: str) -> UID:
    from pydicom.uid import UID

    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}")


def _identify(dataset: Dataset, study: SimulatedStudy) -> None:
    """Patient, study, series and equipment; dates stay empty because nothing was ever taken."""
    made_from = f"{study.seed} {study.pixels.shape} {int(study.pixels.astype(np.int64).sum())}"
    dataset.SOPClassUID = _DX_FOR_PRESENTATION
    dataset.SOPInstanceUID = _uid(f"radnlp phantom instance {made_from}")
    dataset.StudyInstanceUID = _uid(f"radnlp phantom study {made_from}")
    dataset.SeriesInstanceUID = _uid(f"radnlp phantom series {made_from}")
    dataset.PatientName = "SIMULATED^PHANTOM"
    dataset.PatientID = f"SIMULATED-{study.seed}"
    dataset.PatientBirthDate = ""
    dataset.PatientSex = ""
    dataset.PatientComments = LABEL
    dataset.StudyDate = ""
    dataset.StudyTime = ""
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = ""
    dataset.AccessionNumber = ""
    dataset.StudyDescription = "SIMULATED chest radiograph"
    dataset.Modality = "DX"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.SeriesNumber = 1
    dataset.SeriesDescription = LABEL
    dataset.InstanceNumber = 1
    dataset.ContentDate = ""
    dataset.ContentTime = ""
    dataset.Manufacturer = "radnlp"
    dataset.ManufacturerModelName = "radnlp.examples.phantom"
    dataset.ImageComments = LABEL
    dataset.DerivationDescription = LABEL


def _describe(dataset: Dataset) -> None:
    """Anatomy, position and acquisition."""
    dataset.BodyPartExamined = "CHEST"
    dataset.AnatomicRegionSequence = [_code("816094009", "Chest")]
    dataset.ImageLaterality = "U"
    dataset.PatientOrientation = ["L", "F"]
    dataset.ViewPosition = "PA"
    view = _code("272479007", "postero-anterior")
    view.ViewModifierCodeSequence = []
    dataset.ViewCodeSequence = [view]
    dataset.AcquisitionContextSequence = []
    dataset.DetectorType = ""


def _code(value: str, meaning: str) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "SCT"
    item.CodeMeaning = meaning
    return item


def _picture(dataset: Dataset, study: SimulatedStudy) -> None:
    rows, columns = study.pixels.shape
    spacing = f"{study.spacing_mm:.6f}"
    dataset.ImageType = ["DERIVED", "PRIMARY", ""]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = rows
    dataset.Columns = columns
    dataset.BitsAllocated = 16
    dataset.BitsStored = 12
    dataset.HighBit = 11
    dataset.PixelRepresentation = 0
    dataset.ImagerPixelSpacing = [spacing, spacing]
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = -1
    dataset.RescaleIntercept = "0"
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "US"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.WindowCenter = f"{(MAX_VALUE + 1) / 2:g}"
    dataset.WindowWidth = f"{MAX_VALUE + 1:g}"
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "YES" if study.marker else "NO"
    dataset.PixelData = study.pixels.astype("<u2").tobytes()
