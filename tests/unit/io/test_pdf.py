"""PDF documents are read by their text layer, where they have one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from radnlp.errors import ReportIsPdf
from radnlp.io import read_report

TEXT = "No pneumothorax."


def pdf(content: bytes) -> bytes:
    """A one-page PDF whose page draws ``content``."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 100] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    xref = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return data + xref + trailer % (len(objects) + 1, len(data))


def test_the_text_layer_is_the_report(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(b"BT /F1 12 Tf 20 50 Td (%s) Tj ET" % TEXT.encode()))
    assert read_report(path).text == TEXT


def test_a_page_without_text_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf(b"0 0 10 10 re f"))
    with pytest.raises(ReportIsPdf, match="without a text layer"):
        read_report(path)


def test_a_broken_document_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.4\n" + b"\0garbage" * 50)
    with pytest.raises(ReportIsPdf, match="pdftotext"):
        read_report(path)


def test_without_the_package_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(b""))
    with pytest.raises(ReportIsPdf, match=r"radnlp\[pdf\]"):
        read_report(path)
