"""A folder or a file → `Study`."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from radnlp.errors import FileError, InputError, RadnlpError
from radnlp.io.dicom import image_from_dataset
from radnlp.io.dicomfile import read_dataset
from radnlp.io.formats import Content, read_head, sniff
from radnlp.io.header import Header
from radnlp.io.images import read_image
from radnlp.io.pixels import MAX_PIXELS
from radnlp.io.pydicom_guard import guarded
from radnlp.io.reports import read_report
from radnlp.schema import Image, Notice, Report, Study

_PRIOR = re.compile(r"(?:^|[^a-z])(?:prior|previous|earlier)(?:[^a-z]|$)", re.IGNORECASE)
_DIGITS = re.compile(r"(\d+)")


@dataclass(kw_only=True)
class _Gathered:
    """What the files of a folder gave so far."""

    images: list[tuple[tuple[str, float], Image]] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    errors: list[RadnlpError] = field(default_factory=list)
    patient_ids: set[str] = field(default_factory=set)
    patient_names: set[str] = field(default_factory=set)
    instances: set[str] = field(default_factory=set)

    def notice(self, name: str, message: str, source: str) -> None:
        self.notices.append(Notice(name=name, message=message, source=source))


def load_study(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> Study:
    """Read a study from a folder or a file; the content of each file decides what it is.

    Images come series by series, in order of their instance numbers, else of their names (numbers
    in names count as numbers), and are called i0, i1, … The first report by name is the report;
    one whose name says prior, previous or earlier is the prior report. A file that cannot be used
    becomes a notice with the error's name, and costs no other file. Links that lead out of the
    folder are not followed, and neither are the entries of a DICOMDIR.

    Args:
        path: A folder (searched to the bottom) or a file.
        max_pixels: Largest rows times columns of an image.

    Raises:
        FileMissing: No such file or folder.
        InputError: Nothing in the folder can be used, or it mixes several patients.
        RadnlpError: The only file cannot be used; its own error.
    """
    path = Path(path)
    if path.is_dir():
        files, gathered = _files(path)
        for file in files:
            _take(file, gathered, max_pixels)
        return _study(path.resolve().name, gathered)
    gathered = _Gathered()
    read_head(path)
    _take(path, gathered, max_pixels)
    if gathered.errors:
        raise gathered.errors[0]
    return _study(path.stem, gathered)


def _files(folder: Path) -> tuple[list[Path], _Gathered]:
    """List regular files inside the folder, in natural order of their relative paths."""
    gathered = _Gathered()
    root = folder.resolve()
    found: list[Path] = []
    for place, folders, names in os.walk(folder, followlinks=False):
        for name in folders:
            if (Path(place) / name).is_symlink():
                gathered.notice("LinkSkipped", "a linked folder was not followed", name)
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(place) / name
            if name.startswith("."):
                continue
            if file.is_symlink() and not file.resolve().is_relative_to(root):
                gathered.notice("LinkSkipped", "a link out of the folder was not followed", name)
            elif _is_regular(file):
                found.append(file)
    return sorted(found, key=lambda file: _natural(str(file.relative_to(folder)))), gathered


def _is_regular(file: Path) -> bool:
    # A pipe or a device would block the reader for good.
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return False


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    return tuple(
        (int(part), "") if part.isascii() and part.isdigit() else (-1, part.lower())
        for part in _DIGITS.split(name)
        if part
    )


def _take(file: Path, gathered: _Gathered, max_pixels: int) -> None:
    try:
        content = sniff(read_head(file))
        if content is Content.DICOM:
            _take_dicom(file, gathered, max_pixels)
        elif content in {Content.PNG, Content.JPEG}:
            image = read_image(file, max_pixels=max_pixels)
            gathered.images.append((("", 0.0), image))
        else:
            _take_report(file, gathered)
    except RadnlpError as error:
        gathered.errors.append(error)
        gathered.notice(type(error).__name__, str(error), file.name)
    except OSError as error:
        failure = FileError(
            f"{file.name}: cannot be read ({type(error).__name__}), expected a readable file; "
            "check its permissions"
        )
        gathered.errors.append(failure)
        gathered.notice("FileError", str(failure), file.name)


def _take_report(file: Path, gathered: _Gathered) -> None:
    report = read_report(file)
    if not report.text.strip():
        gathered.notice("EmptyReport", "the report has no text", file.name)
    gathered.reports.append(report)


def _take_dicom(file: Path, gathered: _Gathered, max_pixels: int) -> None:
    dataset, found = read_dataset(file)
    with guarded() as notices:
        header = Header(dataset, name=file.name, notices=notices)
        if "DirectoryRecordSequence" in dataset:
            gathered.notice(
                "DirectorySkipped",
                "the directory of a medium (DICOMDIR); the files themselves were read instead",
                file.name,
            )
            return
        _remember(header, gathered)
        order = (header.text("SeriesInstanceUID") or "", header.number("InstanceNumber") or 0.0)
    if "ContentSequence" in dataset or "EncapsulatedDocument" in dataset:
        _take_report(file, gathered)
        return
    image = image_from_dataset(
        dataset, frame=None, id="i0", max_pixels=max_pixels, name=file.name, found=found
    )
    gathered.images.append((order, image))


def _remember(header: Header, gathered: _Gathered) -> None:
    """Keep what tells patients and duplicates apart; it never leaves this module."""
    patient_id, patient_name = header.text("PatientID"), header.text("PatientName")
    if patient_id:
        gathered.patient_ids.add(patient_id)
    elif patient_name:
        gathered.patient_names.add(patient_name)
    instance = header.text("SOPInstanceUID")
    if instance in gathered.instances:
        gathered.notice(
            "DuplicateInstance",
            "another file of the folder has the same SOP instance UID; both were read",
            header.name,
        )
    if instance:
        gathered.instances.add(instance)


def _study(name: str, gathered: _Gathered) -> Study:
    # Names count only where no file has an id: the same person is spelled in many ways.
    patients = len(gathered.patient_ids or gathered.patient_names)
    if patients > 1:
        raise InputError(
            f"the folder holds files of {patients} patients, expected "
            "one study of one patient; put each study into a folder of its own"
        )
    if not gathered.images and not gathered.reports:
        raise _nothing_usable(gathered)
    report, prior = _choose_reports(gathered)
    return Study(
        id=name or "s0",
        report=report,
        images=_in_reading_order(gathered.images),
        prior=prior,
        warnings=tuple(gathered.notices),
    )


def _nothing_usable(gathered: _Gathered) -> RadnlpError:
    if len(gathered.errors) == 1:
        return gathered.errors[0]
    counts = Counter(notice.name for notice in gathered.notices)
    found = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return InputError(
        f"nothing there can be used (found: {found or 'no file'}), expected at least one DICOM, "
        "PNG or JPEG image or one report"
    )


def _in_reading_order(images: list[tuple[tuple[str, float], Image]]) -> tuple[Image, ...]:
    """Keep series in order of their first file; sort each by instance number."""
    series = {order[0]: rank for rank, (order, _) in reversed(list(enumerate(images)))}
    ordered = sorted(images, key=lambda pair: (series[pair[0][0]], pair[0][1]))
    return tuple(read_image(image, id=f"i{index}") for index, (_, image) in enumerate(ordered))


def _choose_reports(gathered: _Gathered) -> tuple[Report | None, Report | None]:
    prior = [one for one in gathered.reports if _PRIOR.search(Path(one.source or "").stem)]
    current = [one for one in gathered.reports if one not in prior]
    for extra in (*current[1:], *prior[1:]):
        gathered.notice(
            "ExtraReport",
            "the folder holds another report that comes first by name; this one was left out",
            extra.source or "report",
        )
    report = replace(current[0], id="r0") if current else None
    return report, replace(prior[0], id="prior") if prior else None


__all__ = ["load_study"]
