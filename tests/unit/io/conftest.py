"""DICOM files made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

Maker = Callable[..., Dataset]
Writer = Callable[..., Path]

CR_CLASS = "1.2.840.10008.5.1.4.1.1.1"


def dataset_of(
    stored: np.ndarray, *, syntax: str = ExplicitVRLittleEndian, **header: Any
) -> Dataset:
    """Return an image of these stored values; an element set to ``None`` is left out."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = CR_CLASS
    dataset.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
    bits = 8 * stored.dtype.itemsize
    frames = stored.ndim == 3 and stored.shape[2] != 3
    fields: dict[str, Any] = {
        "SOPClassUID": CR_CLASS,
        "SOPInstanceUID": "2.25.1",
        "Modality": "CR",
        "SamplesPerPixel": 3 if stored.ndim == 3 and not frames else 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": stored.shape[1] if frames else stored.shape[0],
        "Columns": stored.shape[2] if frames else stored.shape[1],
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": header.get("BitsStored", bits) - 1,
        "PixelRepresentation": int(stored.dtype.kind == "i"),
    }
    if frames:
        fields["NumberOfFrames"] = stored.shape[0]
    if fields["SamplesPerPixel"] == 3:
        fields |= {"PlanarConfiguration": 0, "PhotometricInterpretation": "RGB"}
    for keyword, value in (fields | header).items():
        if value is not None:
            setattr(dataset, keyword, value)
    if "PixelData" not in header:
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        data = stored.astype(stored.dtype.newbyteorder(order)).tobytes()
        dataset.add_new("PixelData", "OW" if bits > 8 else "OB", data + b"\0" * (len(data) % 2))
    return dataset


@pytest.fixture
def make() -> Maker:
    return dataset_of


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write an image of these stored values as a file."""

    def writer(stored: np.ndarray, *, name: str = "x.dcm", **header: Any) -> Path:
        path = tmp_path / name
        dataset_of(stored, **header).save_as(path, enforce_file_format=True)
        return path

    return writer


@pytest.fixture
def ramp() -> np.ndarray:
    """Stored values 0 … 4095 in 16 bits."""
    return np.arange(4096, dtype=np.uint16).reshape(64, 64)
