"""The table of bad inputs: what each one ends in, and that no other exception gets out."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
)

from radnlp import errors
from radnlp.io import read_image, read_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Maker, Writer

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty file"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 200, "JPEG"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "LFS pointer"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04" + b"\0" * 100, "ZIP"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "PNG"),
        (b"II*\x00" + b"\0" * 100, "TIFF"),
        (b"Chest radiograph.", "text"),
        (bytes(range(256)) * 2, "unknown kind"),
    ],
)
def test_what_is_not_dicom_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    with pytest.raises(errors.NotDicom, match=said):
        read_image(path)


def test_elements_without_preamble_are_not_read_by_default(write: Writer) -> None:
    path = write(GREY)
    path.write_bytes(_elements(path.read_bytes()))
    with pytest.raises(errors.NotDicom, match="force=True"):
        read_image(path)


@pytest.mark.parametrize("junk", [b"\x08\x00\x05\x00CS\x02\x00XX", b"junk" * 50])
def test_force_does_not_turn_junk_into_dicom(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "x.dcm"
    path.write_bytes(junk)
    with pytest.raises(errors.NotDicom):
        read_image(path, force=True)


def _elements(data: bytes) -> bytes:
    return data[data.index(b"\x08\x00\x16\x00UI") :]


def test_a_file_meta_without_transfer_syntax_is_refused(write: Writer) -> None:
    path = write(GREY)
    data = path.read_bytes()
    version = b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01"
    length = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(version))
    path.write_bytes(data[:132] + length + version + _elements(data))
    with pytest.raises(errors.UnknownTransferSyntax, match="TransferSyntaxUID"):
        read_image(path)


@pytest.mark.parametrize("bits", [1, 64])
def test_one_bit_or_64_bits_are_refused(make: Maker, bits: int) -> None:
    dataset = make(GREY, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1)
    with pytest.raises(errors.UnsupportedPixelFormat, match=f"{bits} bit"):
        read_image(dataset)


def test_cut_pixels_are_refused(make: Maker, write: Writer, ramp: np.ndarray) -> None:
    path = write(ramp)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(errors.TruncatedPixels, match=r"expected 8,192"):
        read_image(path)
    dataset = make(ramp)
    dataset.PixelData = dataset.PixelData[:-2]
    with pytest.raises(errors.TruncatedPixels, match="8,190"):
        read_image(dataset)


def test_empty_pixels_are_refused(make: Maker) -> None:
    dataset = make(GREY)
    dataset.PixelData = b""
    with pytest.raises(errors.TruncatedPixels):
        read_image(dataset)


@pytest.mark.parametrize("keep", [0, 4])
def test_a_file_cut_before_its_first_element_is_refused(write: Writer, keep: int) -> None:
    path = write(GREY)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\x08\x00\x16\x00UI") + keep])
    with pytest.raises((errors.TruncatedFile, errors.CorruptDicom)):
        read_image(path)


@pytest.mark.parametrize(
    "header",
    [
        {"Rows": 65535, "Columns": 65535},
        {"Rows": 10_001, "Columns": 10_000},
        {"NumberOfFrames": 2_000_000_000},
    ],
)
def test_a_header_that_promises_too_much_is_refused_at_once(
    make: Maker, header: dict[str, int]
) -> None:
    with pytest.raises(errors.ImageTooLarge, match="expected at most"):
        read_image(make(GREY, **header))


@pytest.mark.parametrize(
    "header",
    [
        {"Rows": 0},
        {"Rows": None, "rows_present": True},
        {"BitsAllocated": 12},
        {"BitsStored": 9, "HighBit": 8},
        {"BitsStored": 0, "HighBit": 7},
        {"HighBit": 3},
        {"NumberOfFrames": 0},
        {"NumberOfFrames": -1},
        {"PixelRepresentation": 2},
        {"SamplesPerPixel": 3},
        {"SamplesPerPixel": 1, "PhotometricInterpretation": "RGB"},
    ],
)
def test_a_header_that_cannot_be_is_refused(make: Maker, header: dict[str, Any]) -> None:
    empty = header.pop("rows_present", False)
    dataset = make(GREY, **header)
    if empty:
        dataset.add_new("Rows", "US", None)
    with pytest.raises(errors.InvalidHeader, match="expected"):
        read_image(dataset)


def test_a_number_of_the_wrong_type_is_refused(write: Writer) -> None:
    path = write(GREY, NumberOfFrames=1)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"\x28\x00\x08\x00IS\x02\x001 ", b"\x28\x00\x08\x00IS\x02\x001A"))
    with pytest.raises(errors.InvalidHeader, match="NumberOfFrames"):
        read_image(path)


@pytest.mark.parametrize("photometric", ["PALETTE COLOR", "HSV", "XYZ"])
def test_a_photometric_interpretation_that_cannot_be_shown_is_refused(
    make: Maker, photometric: str
) -> None:
    with pytest.raises(errors.UnsupportedPhotometric):
        read_image(make(GREY, PhotometricInterpretation=photometric))


def nested(levels: int) -> bytes:
    """A sequence within a sequence, each of undefined length."""
    open_sequence = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    close_sequence = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return open_sequence * levels + close_sequence * levels


def test_sequences_nested_too_deep_are_refused(write: Writer) -> None:
    path = write(GREY)
    data = path.read_bytes()
    at = data.index(b"\x08\x00\x60\x00CS")
    path.write_bytes(data[:at] + nested(400) + data[at:])
    with pytest.raises(errors.NestingLimit):
        read_image(path)


def deflated(path: Path, elements: bytes) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2", "2.25.1"
    empty = Dataset()
    empty.file_meta = meta
    empty.save_as(path, enforce_file_format=True)
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = compressor.compress(elements) + compressor.flush()
    head = path.read_bytes()
    end = 144 + int.from_bytes(head[140:144], "little")
    path.write_bytes(head[:end] + body)


def test_a_deflated_file_is_read(write: Writer) -> None:
    path = write(GREY)
    plain = path.read_bytes()
    deflated(path, _elements(plain))
    assert read_image(path).rows == 8


def test_a_deflated_file_that_grows_out_of_bounds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radnlp.io.dicomfile.MAX_INFLATED_BYTES", 1 << 22)
    path = tmp_path / "x.dcm"
    deflated(path, bytes(1 << 24))
    with pytest.raises(errors.InflateLimit, match="4 MiB"):
        read_image(path)


def test_a_deflated_file_of_garbage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.dcm"
    deflated(path, b"")
    path.write_bytes(path.read_bytes()[:-2] + b"\xff" * 50)
    with pytest.raises(errors.DicomError):
        read_image(path)


def test_an_executable_preamble_leaves_a_notice(write: Writer) -> None:
    path = write(GREY)
    path.write_bytes(b"MZ" + path.read_bytes()[2:])
    assert [notice.name for notice in read_image(path).warnings] == ["PreambleWarning"]


def other_object(path: Path, **fields: Any) -> Path:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = fields.pop("SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.11")
    dataset.SOPInstanceUID = "2.25.7"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    for keyword, value in fields.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.5", "Modality": "RTPLAN"}, "RT Plan"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.9.1.2", "WaveformSequence": []}, "Waveform"),
        ({"ContentSequence": [], "Modality": "SR"}, "read_report"),
        ({"EncapsulatedDocument": b"%PDF-1.4", "Modality": "DOC"}, "read_report"),
        ({"SOPClassUID": "1.2.840.10008.1.3.10", "DirectoryRecordSequence": []}, "load_study"),
        ({"Modality": "CR", "Rows": 4, "Columns": 4}, "no image"),
    ],
)
def test_an_object_without_an_image_says_what_it_is(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(errors.NotAnImage, match=said):
        read_image(other_object(tmp_path / "x.dcm", **fields))


def test_an_encapsulated_pdf_is_no_text(tmp_path: Path) -> None:
    path = other_object(
        tmp_path / "x.dcm",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1",
        EncapsulatedDocument=b"%PDF-1.4",
        MIMETypeOfEncapsulatedDocument="application/pdf",
    )
    with pytest.raises(errors.ReportIsPdf, match="pdftotext"):
        read_report(path)


def png_header(rows: int, columns: int) -> bytes:
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + ihdr + struct.pack(">I", zlib.crc32(ihdr))


@pytest.mark.parametrize("side", [12_000, 30_000])
def test_a_png_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png_header(side, side))
    with pytest.raises(errors.ImageTooLarge, match=f"{side} x {side}"):
        read_image(path)


def test_a_jpeg_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    size = struct.pack(">HH", 65_000, 65_000)
    path.write_bytes(b"\xff\xd8\xff\xc0\x00\x0b\x08" + size + b"\x01\x01\x11\x00")
    with pytest.raises(errors.ImageTooLarge, match="65000"):
        read_image(path)


@pytest.mark.parametrize(
    "content", [png_header(8, 8), b"\x89PNG\r\n\x1a\n", b"<html>", b"", b"no image at all"]
)
def test_a_cut_or_fake_png_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(errors.CorruptImage):
        read_image(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    for read in (read_image, read_report):
        with pytest.raises(errors.FileMissing, match="gone"):
            read(tmp_path / "gone.dcm")
        with pytest.raises(errors.FileError, match="folder"):
            read(tmp_path)


@pytest.mark.parametrize("source", [None, 3, [1, 2], b"bytes", object()])
def test_a_source_of_another_kind_is_refused(source: object) -> None:
    with pytest.raises(errors.InputError, match="expected"):
        read_image(source)


def test_nothing_that_identifies_the_patient_is_repeated(tmp_path: Path, make: Maker) -> None:
    secret = {"PatientName": "DOE^JANE", "PatientID": "12345", "StudyInstanceUID": "1.2.3.99999"}
    folder = tmp_path / "DOE_JANE"
    folder.mkdir()
    said = []
    for number, header in enumerate(
        [{"Rows": 0}, {"BitsAllocated": 12}, {"WindowCenter": [1, 2], "WindowWidth": [0, 0]}]
    ):
        path = folder / f"{number}.dcm"
        make(GREY, **secret, **header).save_as(path, enforce_file_format=True)
        try:
            said += [str(notice) for notice in read_image(path).warnings]
        except errors.RadnlpError as error:
            said.append(str(error))
    assert len(said) >= 3
    assert not any(word in text for text in said for word in ("DOE", "12345", "99999"))


@pytest.mark.parametrize("position", range(0, 1200, 37))
def test_a_damaged_byte_never_ends_in_a_foreign_exception(
    write: Writer, ramp: np.ndarray, position: int
) -> None:
    path = write(ramp[:8, :8].copy(), WindowCenter=[1, 2], WindowWidth=[3, 4], PixelSpacing=[1, 1])
    data = bytearray(path.read_bytes())
    at = 132 + position % (len(data) - 132)
    for value in (0x00, 0xFF, 0x41):
        data[at] = value
        path.write_bytes(data)
        _only_our_errors(lambda: read_image(path))
        _only_our_errors(lambda: read_report(path))


def _only_our_errors(action: Callable[[], object]) -> None:
    try:
        action()
    except errors.RadnlpError:
        return


def test_reading_an_image_imports_no_framework(write: Writer) -> None:
    code = (
        "import sys, json, radnlp.io; radnlp.io.read_image(sys.argv[1]); "
        "print(json.dumps([m for m in ('torch', 'transformers', 'timm', 'spacy', 'datasets', "
        "'pandas', 'pyarrow') if m in sys.modules]))"
    )
    path = write(GREY)
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_importing_the_room_imports_neither_pydicom_nor_pillow() -> None:
    code = "import sys, radnlp.io; print([m for m in ('pydicom', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
