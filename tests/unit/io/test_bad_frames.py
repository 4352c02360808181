"""Compressed pixel data that is damaged, hostile or beyond the decoders."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from radnlp import errors
from radnlp.io import read_image
from radnlp.io.decode import codec_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Maker

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)


def test_a_transfer_syntax_that_nobody_registered_is_refused(make: Maker) -> None:
    dataset = make(GREY)
    dataset.file_meta.TransferSyntaxUID = UID("1.2.3.4")
    with pytest.raises(errors.UnknownTransferSyntax):
        read_image(dataset)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.4.100"])
def test_a_transfer_syntax_without_decoder_is_refused(make: Maker, syntax: str) -> None:
    dataset = make(GREY)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    with pytest.raises(errors.UnsupportedCodec, match="Explicit VR Little Endian"):
        read_image(dataset)


def compressed(make: Maker, frame: bytes, syntax: str, **header: Any) -> Dataset:
    stored = header.pop("stored", GREY)
    dataset = make(stored, syntax=syntax, PixelData=encapsulate([frame]), **header)
    dataset["PixelData"].VR = "OB"
    return dataset


def jpeg(rows: int, columns: int, *, precision: int = 8, marker: int = 0xC0) -> bytes:
    frame = struct.pack(">BHHB3B", precision, rows, columns, 1, 1, 0x11, 0)
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    return b"\xff\xd8\xff" + bytes([marker]) + b"\x00\x0b" + frame + scan + b"\xff\xd9"


def jpeg_2000(rows: int, columns: int) -> bytes:
    siz = struct.pack(
        ">HHIIIIIIIIHBBB", 41, 0, columns, rows, 0, 0, columns, rows, 0, 0, 1, 7, 1, 1
    )
    return b"\xff\x4f\xff\x51" + siz + b"\xff\xd9"


def test_lossy_jpeg_of_12_bits_names_what_to_do(make: Maker) -> None:
    frame = jpeg(8, 8, precision=12, marker=0xC1)
    stored = GREY.astype(np.uint16)
    dataset = compressed(make, frame, JPEGExtended12Bit, stored=stored, BitsStored=12)
    with pytest.raises(errors.UnsupportedCodec, match=r"dcmdjpeg|radnlp\[jpeg\]"):
        read_image(dataset)


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGExtended12Bit])
def test_a_missing_plug_in_is_named(
    make: Maker, monkeypatch: pytest.MonkeyPatch, syntax: str
) -> None:
    monkeypatch.setattr("pydicom.pixels.decoders.base.Decoder.available_plugins", ())
    with pytest.raises(errors.UnsupportedCodec, match=r'pip install "radnlp\[jpeg\]"'):
        read_image(compressed(make, jpeg(8, 8, marker=0xC3), syntax))


@pytest.mark.parametrize("number", [50, 51, 57, 70, 80, 81, 90, 91, 201, 203])
def test_codecs_that_take_the_process_down_are_never_used(number: int) -> None:
    assert "gdcm" not in codec_of(f"1.2.840.10008.1.2.4.{number}").plugins
    assert codec_of(RLELossless).plugins == ("pydicom",)


def test_one_bit_rle_is_refused(make: Maker) -> None:
    header = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}
    with pytest.raises(errors.UnsupportedPixelFormat):
        read_image(compressed(make, b"\0" * 64, RLELossless, **header))


def test_a_cut_compressed_file_is_refused(make: Maker, tmp_path: Path) -> None:
    dataset = make(GREY)
    dataset.compress(JPEGLSLossless)
    path = tmp_path / "x.dcm"
    dataset.save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(errors.TruncatedFile):
        read_image(path)


def test_an_rle_bomb_is_refused(make: Maker) -> None:
    bomb = compressed(make, b"\0" * 1000, RLELossless, Rows=65535, Columns=65535)
    with pytest.raises(errors.ImageTooLarge):
        read_image(bomb)


@pytest.mark.parametrize(
    ("frame", "syntax"),
    [
        (jpeg_2000(60_000, 60_000), JPEG2000Lossless),
        (jpeg(4, 8), JPEGBaseline8Bit),
        (jpeg(8, 9, marker=0xF7), JPEGLSLossless),
    ],
)
def test_a_frame_of_another_size_is_refused_before_decoding(
    make: Maker, frame: bytes, syntax: str
) -> None:
    with pytest.raises(errors.CodestreamMismatch, match="expected 8 x 8"):
        read_image(compressed(make, frame, syntax))


@pytest.mark.parametrize(
    "syntax", [JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless]
)
@pytest.mark.parametrize("start", [b"", b"\xff\xd8", b"\xff\x4f\xff\x51", jpeg(8, 8)])
def test_garbage_frames_are_refused(make: Maker, syntax: str, start: bytes) -> None:
    noise = np.random.default_rng(0).integers(0, 256, 500).astype(np.uint8).tobytes()
    with pytest.raises(errors.CorruptPixels):
        read_image(compressed(make, start + noise + b"\xff\xd9", syntax))


def test_a_frame_without_any_scan_is_refused(make: Maker) -> None:
    headers_only = jpeg(8, 8)[:-12] + b"\xff\xd9"
    with pytest.raises(errors.CorruptPixels):
        read_image(compressed(make, headers_only, JPEGBaseline8Bit))


@pytest.mark.parametrize("cut", [2, 300])
def test_a_cut_jpeg_frame_is_refused_though_decoders_fill_it_up(make: Maker, cut: int) -> None:
    buffer = io.BytesIO()
    stored = (np.arange(4096) % 251).astype(np.uint8).reshape(64, 64)
    Image.fromarray(stored).save(buffer, "JPEG")
    whole = buffer.getvalue()
    assert read_image(compressed(make, whole, JPEGBaseline8Bit, stored=stored)).rows == 64
    with pytest.raises(errors.TruncatedPixels, match="end mark"):
        read_image(compressed(make, whole[:-cut], JPEGBaseline8Bit, stored=stored))


def test_a_frame_that_is_not_there_is_refused(make: Maker) -> None:
    dataset = make(GREY)
    dataset.compress(JPEGLSLossless)
    dataset.NumberOfFrames = 3
    with pytest.raises(errors.CorruptPixels, match="3 frame"):
        read_image(dataset, frame=2)
