"""A folder or a file → `Study`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from radnlp.errors import FileError, InputError, MixedPatients, NotAVolume, RadnlpError
from radnlp.io.decode import check_length
from radnlp.io.dicom import image_from_dataset
from radnlp.io.dicomfile import read_dataset
from radnlp.io.exam import exam_of_header
from radnlp.io.folder import files_of
from radnlp.io.formats import Content, read_head, sniff
from radnlp.io.header import Header
from radnlp.io.images import read_image
from radnlp.io.patient import Patient, count_patients, read_patient
from radnlp.io.pixels import MAX_PIXELS, read_pixel_format, require_pixels
from radnlp.io.pydicom_guard import guarded
from radnlp.io.reports import check_encoding, report_and_exam
from radnlp.io.representative import SERIES, middle_image
from radnlp.io.slices import Slice, slices_of
from radnlp.schema import Exam, Image, Notice, Report, Study

if TYPE_CHECKING:
    from collections.abc import Sequence

_PRIOR = re.compile(r"(?:^|[^a-z])(?:prior|previous|earlier)(?:[^a-z]|$)", re.IGNORECASE)


SlicesKept = Literal["middle", "all"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """An image, or a slice that may stand for its series, and what puts it in order.

    Attributes:
        series: SeriesInstanceUID, or empty.
        number: Instance number, or 0.
        rank: Which of the study's files it is.
        content: The image, or the slice.
        notices: What was odd about the slice's file; an image carries its own.
    """

    series: str
    number: float
    rank: int
    content: Image | Slice
    notices: tuple[Notice, ...] = ()


@dataclass(kw_only=True)
class _Gathered:
    """What the files of a folder gave so far."""

    max_pixels: int
    slices_kept: SlicesKept
    language: str | None = None
    encoding: str = "utf-8"
    found: list[_Found] = field(default_factory=list)
    reports: list[tuple[Report, Exam | None]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    errors: list[RadnlpError] = field(default_factory=list)
    patients: set[Patient] = field(default_factory=set)
    exams: set[Exam] = field(default_factory=set)
    instances: set[str] = field(default_factory=set)

    def notice(self, name: str, message: str, source: str) -> None:
        self.notices.append(Notice(name=name, message=message, source=source))

    def failure(self, error: RadnlpError, source: str) -> None:
        self.errors.append(error)
        self.notice(type(error).__name__, str(error), source)


def load_study(
    path: str | Path,
    *,
    slices: SlicesKept = "middle",
    language: str | None = None,
    encoding: str = "utf-8",
    max_pixels: int = MAX_PIXELS,
) -> Study:
    """Read a study from a folder or a file; the content of each file decides what it is.

    Images come series by series, in order of their instance numbers, else of their names (numbers
    in names count as numbers), and are called i0, i1, … A CT, MR or PET series of several slices
    (files, or frames of an enhanced object) gives one image, its middle slice by position, with a
    notice that says which slice and window that is; `radnlp.read_volume` reads such a series whole.
    Of the slices behind it, headers and the length of the pixel data are checked and what was odd
    is noted; their pixels are not decoded. The first report by name is the report;
    one whose name says prior, previous or earlier is the prior report. What is said of the
    examination comes from the headers of DICOM, and where they say nothing from the report's file
    (JSON, FHIR, HL7), not from one that is left out. A file that cannot be used
    becomes a notice with the error's name, and costs no other file. Links that lead out of the
    folder are not followed, and neither are the entries of a DICOMDIR.

    Args:
        path: A folder (searched to the bottom) or a file.
        slices: ``all`` gives every slice of every series as an image, every frame of a CT, MR or
            PET object with several included.
        language: ISO 639-1 code of the reports; ``None`` takes what a file says, if it does.
        encoding: Of text and JSON files; it is never guessed.
        max_pixels: Largest rows times columns of an image.

    Raises:
        FileMissing: No such file or folder.
        MixedPatients: The files are of several patients.
        InputError: Nothing in the folder can be used, ``slices`` is neither of the two, or there
            is no such encoding.
        RadnlpError: The only file cannot be used; its own error.
    """
    path = Path(path)
    if slices not in {"middle", "all"}:
        raise InputError(f"slices is {slices!r}, expected 'middle' or 'all'")
    check_encoding(encoding)
    gathered = _Gathered(
        max_pixels=max_pixels, slices_kept=slices, language=language, encoding=encoding
    )
    if path.is_dir():
        files, notices = files_of(path)
        gathered.notices.extend(notices)
        for rank, file in enumerate(files):
            _take(file, gathered, rank)
        return _study(path.resolve().name, gathered)
    read_head(path)
    _take(path, gathered, 0)
    if gathered.errors:
        raise gathered.errors[0]
    return _study(path.stem, gathered)


def _take(file: Path, gathered: _Gathered, rank: int) -> None:
    try:
        content = sniff(read_head(file))
        if content is Content.DICOM:
            _take_dicom(file, gathered, rank)
        elif content in {Content.PNG, Content.JPEG}:
            image = read_image(file, max_pixels=gathered.max_pixels)
            gathered.found.append(_Found(series="", number=0.0, rank=rank, content=image))
        else:
            _take_report(file, gathered)
    except RadnlpError as error:
        gathered.failure(error, file.name)
    except OSError as error:
        failure = FileError(
            f"{file.name}: cannot be read ({type(error).__name__}), expected a readable file; "
            "check its permissions"
        )
        gathered.failure(failure, file.name)


def _take_report(file: Path, gathered: _Gathered) -> None:
    report, exam = report_and_exam(file, language=gathered.language, encoding=gathered.encoding)
    if not report.text.strip():
        gathered.notice("EmptyReport", "the report has no text", file.name)
    gathered.reports.append((report, exam))


def _take_dicom(file: Path, gathered: _Gathered, rank: int) -> None:
    dataset, notices_of_file = read_dataset(file)
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
        series, number = header.text("SeriesInstanceUID"), header.number("InstanceNumber")
        slices = _as_slices(header, file, gathered)
        frames = _frames(header, gathered)
    if "ContentSequence" in dataset or "EncapsulatedDocument" in dataset:
        _take_report(file, gathered)
        return
    images = (
        image_from_dataset(
            dataset,
            frame=frame,
            id="i0",
            max_pixels=gathered.max_pixels,
            name=file.name,
            found=notices_of_file,
        )
        for frame in frames
    )
    for content in slices or images:
        found = _Found(
            series=series or "",
            number=number or 0.0,
            rank=rank,
            content=content,
            notices=(*notices_of_file, *notices),
        )
        gathered.found.append(found)


def _frames(header: Header, gathered: _Gathered) -> Sequence[int | None]:
    """Return which frames of an object are images of the study; ``None`` is the usual one."""
    count = int(header.number("NumberOfFrames") or 1)
    if gathered.slices_kept == "all" and count > 1 and header.text("Modality") in SERIES:
        return range(count)
    return (None,)


def _as_slices(header: Header, file: Path, gathered: _Gathered) -> list[Slice]:
    """Return the slices of a series that a file holds; none if it stands for itself.

    Raises:
        FileError: It holds fewer pixels than its header promises, or a header that cannot be.
    """
    if gathered.slices_kept == "all" or "Rows" not in header.dataset:
        return []
    if header.text("Modality") not in SERIES or not header.text("SeriesInstanceUID"):
        return []
    try:
        slices = slices_of(header, file, max_pixels=gathered.max_pixels)
    except NotAVolume:
        return []
    # Only the slice in the middle is decoded, and the others shall not be cut unseen.
    require_pixels(header)
    check_length(header, read_pixel_format(header, max_pixels=gathered.max_pixels))
    return slices


def _remember(header: Header, gathered: _Gathered) -> None:
    """Keep what tells patients and duplicates apart; it never leaves this module."""
    gathered.patients.add(read_patient(header))
    exam = exam_of_header(header)
    if exam is not None:
        gathered.exams.add(exam)
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
    patients = count_patients(gathered.patients)
    if patients > 1:
        raise MixedPatients(
            f"the folder holds files of {patients} patients, expected "
            "one study of one patient; put each study into a folder of its own"
        )
    images = _in_reading_order(gathered)
    if not images and not gathered.reports:
        raise _nothing_usable(gathered)
    report, told, prior = _choose_reports(gathered)
    return Study(
        id=name or "s0",
        report=report,
        images=images,
        prior=prior,
        exam=_exam(gathered, told),
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


def _in_reading_order(gathered: _Gathered) -> tuple[Image, ...]:
    """Keep series in order of their first file; sort each by instance number."""
    first: dict[str, int] = {}
    slices: dict[str, list[_Found]] = defaultdict(list)
    chosen: list[_Found] = []
    for found in gathered.found:
        first.setdefault(found.series, found.rank)
        if isinstance(found.content, Slice):
            slices[found.series].append(found)
        else:
            chosen.append(found)
    for several in slices.values():
        middle = middle_image(
            [found.content for found in several if isinstance(found.content, Slice)],
            max_pixels=gathered.max_pixels,
            failed=gathered.failure,
        )
        _tell_of_others(several, middle, gathered)
        if middle is not None:
            chosen.append(replace(several[0], content=middle[1]))
    chosen.sort(key=lambda found: (first[found.series], found.number))
    images = [found.content for found in chosen if isinstance(found.content, Image)]
    return tuple(read_image(image, id=f"i{index}") for index, image in enumerate(images))


def _tell_of_others(
    several: list[_Found], middle: tuple[Slice, Image] | None, gathered: _Gathered
) -> None:
    """Note what was odd about the files behind the middle slice, each kind once."""
    shown = middle[0].source if middle else None
    files: dict[tuple[str, str], dict[Path, None]] = defaultdict(dict)
    for found in several:
        if isinstance(found.content, Slice) and found.content.source != shown:
            for notice in found.notices:
                files[notice.name, notice.message][found.content.source] = None
    for (name, message), sources in files.items():
        more = f" (and of {len(sources) - 1} more files of its series)" if len(sources) > 1 else ""
        gathered.notice(name, message + more, next(iter(sources)).name)


def _exam(gathered: _Gathered, told: Exam) -> Exam | None:
    """Return what the images' headers say; what they leave open, as the report's file says it."""
    headers = _common_exam(gathered.exams)
    said = {
        item.name: getattr(headers, item.name)
        if getattr(headers, item.name) is not None
        else getattr(told, item.name)
        for item in fields(Exam)
    }
    exam = Exam(**said)
    return None if exam == Exam() else exam


def _common_exam(exams: set[Exam]) -> Exam:
    """Return what no file says otherwise: files of both sides leave no side."""
    said = {
        item.name: {getattr(exam, item.name) for exam in exams} - {None} for item in fields(Exam)
    }
    return Exam(**{name: values.pop() for name, values in said.items() if len(values) == 1})


def _choose_reports(gathered: _Gathered) -> tuple[Report | None, Exam, Report | None]:
    """Return the report, what its file says of the examination, and the earlier report."""
    prior = [one for one, _ in gathered.reports if _PRIOR.search(Path(one.source or "").stem)]
    current = [(one, exam) for one, exam in gathered.reports if one not in prior]
    for extra in (*(one for one, _ in current[1:]), *prior[1:]):
        gathered.notice(
            "ExtraReport",
            "the folder holds another report that comes first by name; this one was left out",
            extra.source or "report",
        )
    report, told = current[0] if current else (None, None)
    return (
        replace(report, id="r0") if report else None,
        told or Exam(),
        replace(prior[0], id="prior") if prior else None,
    )


__all__ = ["load_study"]
