from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.io.formats import Content, sniff


@pytest.mark.parametrize(
    ("head", "content"),
    [
        (b"\0" * 128 + b"DICM", Content.DICOM),
        (b"%PDF-1.4".ljust(128, b"\0") + b"DICM", Content.DICOM),
        (b"", Content.EMPTY),
        (b"BMI 24. Chest clear.", Content.TEXT),
        (b"BM\x36\x00\x0c\x00\x00\x00\x00\x00", Content.BMP),
        ("Lungenödem".encode("latin-1"), Content.TEXT),
        ("\ufeffClear.".encode("utf-16"), Content.TEXT),
        (b"\n <HTML><p>", Content.HTML),
        (b"<?xml version='1.0'?><a/>", Content.XML),
        (b"{\\rtf1 Clear.}", Content.RTF),
        (b"PAR1\x15\x04", Content.PARQUET),
        (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", Content.BARE_DICOM),
        (b"\x08\x00\x00\x00\x04\x00\x00\x00\x12\x34\x56\x78", Content.BARE_DICOM),
        (b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100", Content.BARE_DICOM),
        (b"\x01\x02\x03\x04", Content.BINARY),
    ],
)
def test_the_first_bytes_tell_the_content(head: bytes, content: Content) -> None:
    assert sniff(head) is content


@given(st.binary(max_size=400))
def test_any_bytes_have_a_content(head: bytes) -> None:
    assert sniff(head) in Content
