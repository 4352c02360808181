from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from radnlp import errors
from radnlp.io import read_report

if TYPE_CHECKING:
    from pathlib import Path


def code(meaning: str, value: str = "1") -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99T", meaning
    return item


def node(kind: str, name: str, *children: Dataset, how: str = "CONTAINS", **value: Any) -> Dataset:
    item = Dataset()
    item.ValueType, item.RelationshipType = kind, how
    if name:
        item.ConceptNameCodeSequence = [code(name, value.pop("name_code", "1"))]
    for keyword, one in value.items():
        setattr(item, keyword, one)
    if children:
        item.ContentSequence = list(children)
    return item


def number(name: str, amount: str, unit: str) -> Dataset:
    measured = Dataset()
    measured.NumericValue = amount
    measured.MeasurementUnitsCodeSequence = [code("unit", unit)]
    return node("NUM", name, MeasuredValueSequence=[measured])


def write(path: Path, *content: Dataset, charset: str | None = "ISO_IR 192") -> Path:
    dataset = node("CONTAINER", "Chest X-Ray Report", *content)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.22"
    dataset.SOPInstanceUID = "2.25.7"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.Modality = "SR"
    if charset:
        dataset.SpecificCharacterSet = charset
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_containers_become_section_headers(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.dcm",
        node("PNAME", "Person Observer Name", how="HAS OBS CONTEXT", PersonName="DOE^JANE"),
        node(
            "CONTAINER",
            "Findings",
            node("TEXT", "Finding", TextValue="Small left effusion."),
            node("TEXT", "Comment", TextValue="Portable film."),
            number("Diameter", "12", "mm"),
        ),
        node("CONTAINER", "Empty Section"),
        node("CONTAINER", "Impressions", node("TEXT", "Impression", TextValue="Effusion.")),
    )
    assert read_report(path).text == (
        "Chest X-Ray Report\n\nFINDINGS:\nSmall left effusion.\nComment: Portable film.\n"
        "Diameter: 12 mm\n\nIMPRESSIONS:\nEffusion."
    )


def test_the_language_is_read(tmp_path: Path) -> None:
    language = node(
        "CODE",
        "Language of Content Item and Descendants",
        how="HAS CONCEPT MOD",
        name_code="121049",
        ConceptCodeSequence=[code("German", "deu")],
    )
    path = write(tmp_path / "x.dcm", language, node("TEXT", "Finding", TextValue="Kein Ödem."))
    report = read_report(path)
    assert report.language == "de"
    assert report.text.endswith("Kein Ödem.")


def test_a_coded_finding_is_written_by_its_meaning(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.dcm",
        node("CODE", "Diagnosis", ConceptCodeSequence=[code("Pneumonia")]),
    )
    assert read_report(path).text.endswith("Diagnosis: Pneumonia")


@pytest.mark.parametrize("charset", [None, "ISO_IR 999"])
def test_text_in_no_known_character_set_is_refused(tmp_path: Path, charset: str | None) -> None:
    path = write(
        tmp_path / "x.dcm",
        node("TEXT", "Finding", TextValue="Kein Oedem."),
        charset="ISO_IR 100",
    )
    assert read_report(path).text.endswith("Kein Oedem.")
    data = path.read_bytes().replace(b"Kein Oedem.", b"Kein \xd6dem. ")
    said = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100"
    other = said.replace(b"100", b"999") if charset else b""
    path.write_bytes(data.replace(said, other))
    with pytest.raises(errors.EncodingError, match="character set"):
        read_report(path)


def test_a_report_without_text_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", node("CONTAINER", "Findings"))
    with pytest.raises(errors.UnknownFormat, match="without any text"):
        read_report(path)
