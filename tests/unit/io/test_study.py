from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as Pillow
from pydicom import Dataset
from pydicom.uid import UID

from radnlp import errors
from radnlp.io import load_study, read_volume
from radnlp.schema import Exam, Sex, Side

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Maker
    from radnlp.schema import Study


def names(study: Study) -> list[str]:
    return [notice.name for notice in study.warnings]


def save(make: Maker, path: Path, **header: Any) -> None:
    dataset = make(np.arange(4, dtype=np.uint8).reshape(2, 2), **header)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)


def test_a_folder_gives_its_images_and_its_report(tmp_path: Path, make: Maker) -> None:
    save(make, tmp_path / "film", SOPInstanceUID="2.25.2")
    Pillow.new("L", (3, 2)).save(tmp_path / "key.png")
    (tmp_path / "report.txt").write_text("No effusion.")
    study = load_study(tmp_path)
    assert study.id == tmp_path.name
    assert [(image.id, image.source) for image in study.images] == [
        ("i0", "film"),
        ("i1", "key.png"),
    ]
    assert study.report is not None
    assert study.report.text == "No effusion."
    assert study.warnings == ()


def test_a_single_file_is_a_study_of_its_own(tmp_path: Path, make: Maker) -> None:
    save(make, tmp_path / "film.dcm")
    (tmp_path / "report.txt").write_text("No effusion.")
    assert len(load_study(tmp_path / "film.dcm").images) == 1
    assert load_study(str(tmp_path / "report.txt")).images == ()


def test_images_come_series_by_series_in_order_of_their_numbers(
    tmp_path: Path, make: Maker
) -> None:
    for name, series, number in (("a", "2.25.9", 2), ("b", "2.25.8", 1), ("c", "2.25.9", 1)):
        uid = UID(f"2.25.{ord(name)}")
        save(make, tmp_path / name, SeriesInstanceUID=series, InstanceNumber=number,
             SOPInstanceUID=uid)  # fmt: skip
    assert [image.source for image in load_study(tmp_path).images] == ["c", "a", "b"]


def test_numbers_in_names_count_as_numbers(tmp_path: Path) -> None:
    for name in ("10.png", "9.png", "1.png"):
        Pillow.new("L", (2, 2)).save(tmp_path / name)
    assert [image.source for image in load_study(tmp_path).images] == ["1.png", "9.png", "10.png"]


def test_one_unusable_file_costs_no_other(tmp_path: Path, make: Maker) -> None:
    save(make, tmp_path / "a.dcm")
    save(make, tmp_path / "b.dcm", Rows=0, SOPInstanceUID="2.25.3")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "d.html").write_bytes(b"<html>")
    study = load_study(tmp_path)
    assert [image.source for image in study.images] == ["a.dcm"]
    assert [(notice.name, notice.source) for notice in study.warnings] == [
        ("InvalidHeader", "b.dcm"),
        ("ReportIsPdf", "c.pdf"),
        ("UnknownFormat", "d.html"),
    ]


@pytest.mark.parametrize("name", ["prior.txt", "Previous report.txt", "ct_prior_2019.txt"])
def test_a_report_whose_name_says_prior_is_the_prior_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Old.")
    (tmp_path / "z.txt").write_text("New.")
    study = load_study(tmp_path)
    assert study.report is not None
    assert study.prior is not None
    assert (study.report.text, study.report.id) == ("New.", "r0")
    assert (study.prior.text, study.prior.id) == ("Old.", "prior")


def test_of_several_reports_the_first_by_name_counts_with_a_notice(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("Second.")
    (tmp_path / "a.txt").write_text("First.")
    study = load_study(tmp_path)
    assert study.report is not None
    assert study.report.text == "First."
    assert [(notice.name, notice.source) for notice in study.warnings] == [("ExtraReport", "b.txt")]


def test_an_empty_report_leaves_a_notice(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" \n")
    assert names(load_study(tmp_path)) == ["EmptyReport"]


def test_a_dicomdir_is_skipped_with_a_notice(tmp_path: Path, make: Maker) -> None:
    save(make, tmp_path / "a.dcm")
    save(make, tmp_path / "DICOMDIR", DirectoryRecordSequence=[], SOPInstanceUID="2.25.4")
    study = load_study(tmp_path)
    assert len(study.images) == 1
    assert names(study) == ["DirectorySkipped"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.txt").write_text("Secret.")
    (inside / "report.txt").write_text("Mine.")
    (inside / "a.txt").symlink_to(outside / "secret.txt")
    (inside / "folder").symlink_to(outside)
    study = load_study(inside)
    assert study.report is not None
    assert study.report.text == "Mine."
    assert names(study) == ["LinkSkipped", "LinkSkipped"]


def test_a_pipe_does_not_block_the_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text("Clear.")
    assert load_study(tmp_path).report is not None


def test_hidden_files_are_no_part_of_the_study(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (tmp_path / "b.txt").write_text("Clear.")
    assert load_study(tmp_path).warnings == ()


def test_files_of_several_patients_are_refused(tmp_path: Path, make: Maker) -> None:
    save(make, tmp_path / "a.dcm", PatientID="A1")
    save(make, tmp_path / "b.dcm", PatientID="B2", SOPInstanceUID="2.25.5")
    with pytest.raises(errors.InputError, match="2 patients") as caught:
        load_study(tmp_path)
    assert "A1" not in str(caught.value)


def test_a_file_without_an_id_is_of_the_same_patient(tmp_path: Path, make: Maker) -> None:
    save(make, tmp_path / "a.dcm", PatientID="A1", PatientName="DOE^J")
    save(make, tmp_path / "b.dcm", PatientName="DOE^JANE", SOPInstanceUID="2.25.5")
    assert len(load_study(tmp_path).images) == 2
    save(make, tmp_path / "a.dcm", PatientName="ROE^R")
    with pytest.raises(errors.MixedPatients, match="2 patients"):
        load_study(tmp_path)


def test_the_same_instance_twice_leaves_a_notice(tmp_path: Path, make: Maker) -> None:
    save(make, tmp_path / "a.dcm")
    save(make, tmp_path / "b.dcm")
    study = load_study(tmp_path)
    assert len(study.images) == 2
    assert names(study) == ["DuplicateInstance"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.FileMissing):
        load_study(tmp_path / "gone")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.InputError, match="no file"):
        load_study(tmp_path)


def test_a_folder_with_one_unusable_file_gives_that_files_error(
    tmp_path: Path, make: Maker
) -> None:
    save(make, tmp_path / "a.dcm", Rows=0)
    with pytest.raises(errors.InvalidHeader):
        load_study(tmp_path)


def test_a_folder_of_unusable_files_says_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "b.html").write_bytes(b"<html>")
    with pytest.raises(errors.InputError, match="1 ReportIsPdf, 1 UnknownFormat"):
        load_study(tmp_path)


@pytest.mark.parametrize("name", ["ok.nii", "ok.nii.gz"])
def test_a_nifti_volume_is_to_be_read_as_a_volume(tmp_path: Path, name: str) -> None:
    header = bytearray(400)
    header[344:348] = b"n+1\0"
    (tmp_path / name).write_bytes(gzip.compress(header) if name.endswith("gz") else header)
    with pytest.raises(errors.UnknownFormat, match=r"NIfTI volume.*radnlp\.read_volume"):
        load_study(tmp_path / name)
    (tmp_path / "report.txt").write_text("Clear.")
    (notice,) = load_study(tmp_path).warnings
    assert "radnlp.read_volume" in notice.message


def test_a_single_file_gives_its_own_error(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4")
    with pytest.raises(errors.ReportIsPdf):
        load_study(path)


def save_slice(make: Maker, path: Path, z: float, number: int, **header: Any) -> None:
    fields = {
        "Modality": "CT", "SeriesInstanceUID": "2.25.7", "SOPInstanceUID": f"2.25.{500 + number}",
        "InstanceNumber": number, "ImagePositionPatient": [0, 0, z],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [1, 1],
        "WindowCenter": 40, "WindowWidth": 400,
    }  # fmt: skip
    save(make, path, **(fields | header))


def test_a_series_of_slices_gives_its_middle_slice_by_position(tmp_path: Path, make: Maker) -> None:
    for number, z in enumerate([30, 10, 50, 20, 40]):
        save_slice(make, tmp_path / f"{number}.dcm", z, number)
    (tmp_path / "report.txt").write_text("No nodule.")
    study = load_study(tmp_path)
    (image,) = study.images
    assert (image.id, image.source) == ("i0", "0.dcm")
    assert image.plane is not None
    assert image.plane.position_mm[2] == 30
    assert image.slice is not None
    assert (image.slice.index, image.slice.count) == (2, 5)
    (notice,) = image.warnings
    assert (notice.name, notice.source) == ("SliceChosen", "i0")
    assert "slice 2 of 5" in notice.message
    assert "40 / 400" in notice.message
    assert study.warnings == ()


def test_every_slice_comes_when_asked_for(tmp_path: Path, make: Maker) -> None:
    for number, z in enumerate([30, 10, 20]):
        save_slice(make, tmp_path / f"{number}.dcm", z, number)
    study = load_study(tmp_path, slices="all")
    assert [image.source for image in study.images] == ["0.dcm", "1.dcm", "2.dcm"]
    with pytest.raises(errors.InputError, match="'middle' or 'all'"):
        load_study(tmp_path, slices="first")  # type: ignore[arg-type]


def test_each_series_and_each_film_keeps_its_place(tmp_path: Path, make: Maker) -> None:
    Pillow.new("L", (2, 2)).save(tmp_path / "a.png")
    for number in range(3):
        save_slice(make, tmp_path / f"b{number}.dcm", number, number)
        save_slice(make, tmp_path / f"d{number}.dcm", number, 100 + number,
                   SeriesInstanceUID="2.25.8", Modality="MR")  # fmt: skip
    save(make, tmp_path / "c.dcm", SOPInstanceUID="2.25.900", SeriesInstanceUID="2.25.9")
    images = load_study(tmp_path).images
    assert [(image.id, image.source) for image in images] == [
        ("i0", "a.png"), ("i1", "b1.dcm"), ("i2", "c.dcm"), ("i3", "d1.dcm"),
    ]  # fmt: skip


def test_a_single_slice_and_a_slice_without_a_place_stand_for_themselves(
    tmp_path: Path, make: Maker
) -> None:
    save_slice(make, tmp_path / "a.dcm", 0, 1)
    save_slice(make, tmp_path / "b.dcm", 0, 2, SeriesInstanceUID="2.25.8", PixelSpacing=None)
    study = load_study(tmp_path)
    assert [image.source for image in study.images] == ["a.dcm", "b.dcm"]
    assert [image.slice for image in study.images] == [None, None]
    assert [image.warnings for image in study.images] == [(), ()]


def test_a_middle_slice_that_cannot_be_read_gives_way_to_its_neighbour(
    tmp_path: Path, make: Maker
) -> None:
    for number in range(5):
        broken = {"PixelData": b"\0\0"} if number == 2 else {}
        save_slice(make, tmp_path / f"{number}.dcm", number, number, **broken)
        if number == 2:
            content = (tmp_path / "2.dcm").read_bytes()
            (tmp_path / "2.dcm").write_bytes(content[:-2])
    study = load_study(tmp_path)
    (image,) = study.images
    assert image.source in {"1.dcm", "3.dcm"}
    assert [notice.source for notice in study.warnings] == ["2.dcm"]


def test_copies_of_a_slice_count_once(tmp_path: Path, make: Maker) -> None:
    for number in range(3):
        save_slice(make, tmp_path / f"{number}.dcm", number, number)
        save_slice(make, tmp_path / f"{number}b.dcm", number, number)
    study = load_study(tmp_path)
    assert study.images[0].slice is not None
    assert study.images[0].slice.count == 3
    assert names(study) == ["DuplicateInstance"] * 3
    assert len({notice.source for notice in study.warnings}) == 3


def test_a_scout_of_several_orientations_gives_one_image(tmp_path: Path, make: Maker) -> None:
    for number, axes in enumerate(([1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1])):
        save_slice(make, tmp_path / f"{number}.dcm", 0, number, ImageOrientationPatient=axes)
    (image,) = load_study(tmp_path).images
    assert "several orientations" in image.warnings[0].message


def test_a_slice_behind_the_middle_one_is_not_cut_unseen(tmp_path: Path, make: Maker) -> None:
    for number in range(5):
        cut = {"PixelData": b"\0\0"} if number == 0 else {}
        save_slice(make, tmp_path / f"{number}.dcm", number, number, **cut)
    study = load_study(tmp_path)
    (image,) = study.images
    assert image.slice is not None
    assert (image.source, image.slice.count) == ("3.dcm", 4)
    assert [(one.name, one.source) for one in study.warnings] == [("TruncatedPixels", "0.dcm")]


def test_what_is_odd_about_the_slices_behind_the_middle_one_is_said_once(
    tmp_path: Path, make: Maker
) -> None:
    for number in range(5):
        odd = {"GantryDetectorTilt": "1e40"} if number != 1 else {}
        save_slice(make, tmp_path / f"{number}.dcm", number, number, **odd)
    study = load_study(tmp_path)
    (notice,) = study.warnings
    assert (notice.name, notice.source) == ("HeaderWarning", "0.dcm")
    assert "GantryDetectorTilt" in notice.message
    assert "2 more files" in notice.message  # of 0, 3 and 4; 2 is shown


def save_enhanced(make: Maker, path: Path, places: list[float], **header: Any) -> None:
    """Save a multi-frame object whose stored values are those of the frame's number."""
    groups = []
    for z in places:
        position, orientation, measures, group = Dataset(), Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, z]
        orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        measures.PixelSpacing = [1, 1]
        group.PlanePositionSequence = [position]
        group.PlaneOrientationSequence = [orientation]
        group.PixelMeasuresSequence = [measures]
        groups.append(group)
    stored = np.arange(len(places), dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    fields = {
        "Modality": "CT", "SeriesInstanceUID": "2.25.7", "SOPInstanceUID": "2.25.600",
        "PerFrameFunctionalGroupsSequence": groups, "WindowCenter": 2, "WindowWidth": 5,
    }  # fmt: skip
    dataset = make(stored, **(fields | header))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)


def test_an_enhanced_object_gives_its_middle_frame_by_position(tmp_path: Path, make: Maker) -> None:
    save_enhanced(make, tmp_path / "a.dcm", [30, 10, 50, 20, 40])
    (image,) = load_study(tmp_path).images
    assert (image.frame, image.frames) == (0, 5)
    assert image.plane is not None
    assert image.plane.position_mm[2] == 30
    assert image.slice is not None
    assert (image.slice.index, image.slice.count) == (2, 5)
    assert [one.name for one in image.warnings] == ["SliceChosen"]


def test_every_frame_of_an_enhanced_object_comes_when_asked_for(
    tmp_path: Path, make: Maker
) -> None:
    save_enhanced(make, tmp_path / "a.dcm", [10, 20, 30])
    save_enhanced(make, tmp_path / "b.dcm", [0, 1], Modality="NM", SOPInstanceUID="2.25.601",
                  SeriesInstanceUID="2.25.8")  # fmt: skip
    images = load_study(tmp_path, slices="all").images
    assert [(one.id, one.source, one.frame) for one in images] == [
        ("i0", "a.dcm", 0), ("i1", "a.dcm", 1), ("i2", "a.dcm", 2), ("i3", "b.dcm", 1),
    ]  # fmt: skip


def test_frames_without_a_place_of_their_own_are_no_slices(tmp_path: Path, make: Maker) -> None:
    save_enhanced(make, tmp_path / "a.dcm", [10, 20, 30], PerFrameFunctionalGroupsSequence=None,
                  ImagePositionPatient=[0, 0, 0], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                  PixelSpacing=[1, 1])  # fmt: skip
    (image,) = load_study(tmp_path).images
    assert (image.frame, image.slice) == (1, None)
    assert [one.name for one in image.warnings] == ["FrameChosen"]
    with pytest.raises(errors.NotAVolume, match="where its slices lie"):
        read_volume(tmp_path / "a.dcm")


def test_a_header_tells_of_the_examination_what_all_files_agree_on(
    tmp_path: Path, make: Maker
) -> None:
    known = {"PatientSex": "F", "PatientAge": "054Y", "StudyDescription": "XR KNEE"}
    save(make, tmp_path / "a.dcm", SOPInstanceUID="2.25.2", Laterality="L", **known)
    (tmp_path / "report.txt").write_text("No effusion.")
    assert load_study(tmp_path).exam == Exam(
        name="XR KNEE", side=Side.LEFT, sex=Sex.FEMALE, age_years=54
    )
    save(make, tmp_path / "b.dcm", SOPInstanceUID="2.25.3", Laterality="R", **known)
    assert load_study(tmp_path).exam == Exam(name="XR KNEE", sex=Sex.FEMALE, age_years=54)
    assert load_study(tmp_path / "report.txt").exam is None


def test_language_and_encoding_hold_for_its_reports(tmp_path: Path) -> None:
    for name in ("report.txt", "prior.txt"):
        (tmp_path / name).write_bytes("Caf\xe9.".encode("cp1252"))
    study = load_study(tmp_path, language="en", encoding="cp1252")
    assert study.report is not None
    assert study.prior is not None
    assert {study.report.text, study.prior.text} == {"Caf\xe9."}
    assert {study.report.language, study.prior.language} == {"en"}
    with pytest.raises(errors.InputError, match="no encoding called 'utf-9'"):
        load_study(tmp_path, encoding="utf-9")


def test_the_reports_file_says_of_the_examination_what_headers_leave_open(
    tmp_path: Path, make: Maker
) -> None:
    save(make, tmp_path / "film.dcm", StudyDescription="XR HAND", PatientSex="F")
    fields = {"report": "No fracture.", "exam_name": "XR HAND LEFT 3V", "sex": "M", "age": 54}
    (tmp_path / "report.json").write_text(json.dumps(fields))
    (tmp_path / "prior.json").write_text(json.dumps({"report": "None.", "laterality": "R"}))
    assert load_study(tmp_path).exam == Exam(name="XR HAND", sex=Sex.FEMALE, age_years=54)


def test_a_report_that_is_left_out_says_nothing_of_the_examination(tmp_path: Path) -> None:
    first = {"report": "Clear.", "exam_name": "XR CHEST"}
    (tmp_path / "a.json").write_text(json.dumps(first))
    (tmp_path / "b.json").write_text(json.dumps({"report": "None.", "sex": "M", "age": 54}))
    assert load_study(tmp_path).exam == Exam(name="XR CHEST")
