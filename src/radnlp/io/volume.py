"""CT and MR series, enhanced multi-frame objects, NIfTI → `Volume`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import ImageTooLarge, InputError, NotAVolume, RadnlpError
from radnlp.io.decode import decode_frame
from radnlp.io.dicomfile import read_dataset
from radnlp.io.display import Window
from radnlp.io.folder import files_of
from radnlp.io.formats import Content, read_head, sniff
from radnlp.io.header import Header
from radnlp.io.lookup import read_grey_pipeline
from radnlp.io.nifti import holds_nifti, read_nifti
from radnlp.io.pixels import MAX_PIXELS, read_pixel_format, require_pixels
from radnlp.io.pydicom_guard import add_once, guarded
from radnlp.io.slices import Slice, series_id, slices_of
from radnlp.io.stack import GAP_TOLERANCE, Stack, choose_series, stack_slices
from radnlp.io.windows import windows_for
from radnlp.schema import Notice, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pydicom
    from numpy.typing import NDArray

    VolumeSource = str | Path | pydicom.Dataset | Sequence[str | Path | pydicom.Dataset]

# 2**29 float32 values are 2 GiB: 2,048 slices of 512 x 512.
MAX_VOXELS = 1 << 29
_LEAST_TILT_DEGREES = 0.5


def read_volume(
    source: VolumeSource,
    *,
    series: str | None = None,
    modality: str | None = None,
    gap_tolerance: float = GAP_TOLERANCE,
    max_voxels: int = MAX_VOXELS,
) -> Volume:
    """Read a CT, MR or PET series, an enhanced multi-frame object or a NIfTI file.

    Args:
        source: A folder (searched to the bottom; what is no slice is left out with a notice), a
            DICOM file that holds all frames, a NIfTI file (extra ``nifti``), a data set, or a
            sequence of files or data sets.
        series: First digits of the id of one series, as the message of `SeveralSeries` names it,
            where there are several.
        modality: What a NIfTI file shows, such as ``CT``, which then holds Hounsfield units;
            DICOM says it itself.
        gap_tolerance: How far a slice may lie from its even place, as a part of the distance
            between slices.
        max_voxels: Limit of slices times rows times columns; checked before anything is
            allocated.

    Returns:
        Slices sorted by ImagePositionPatient along the normal, never by number or name, in
        modality units (HU for CT): rescaled or through the modality LUT, without any window.

    Raises:
        FileMissing: No such file or folder.
        NotAVolume: Nothing there is a slice with a place, or there is only one slice.
        MixedPatients: The files are of several patients.
        SeveralSeries: They are of several series; the message names them.
        MixedSlices: The slices differ in size, orientation, spacing, modality or unit.
        DuplicateSlices: Two slices lie at one place.
        UnevenSlices: Slices are missing, or not evenly spaced.
        ImageTooLarge: More voxels than the limit.
        MissingExtra: A NIfTI file, and nibabel is not installed.
        CorruptImage: A damaged NIfTI file.
        UnknownFormat: A NIfTI file whose name does not end in ``.nii`` or ``.nii.gz``.
        DicomError: A damaged or unsupported DICOM file, one kind of error for each cause.
        InputError: A source of another kind.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_dir() and holds_nifti(path):
            return read_nifti(path, modality=modality, max_voxels=max_voxels)
    slices, notices = _gather(source)
    stack = stack_slices(choose_series(slices, series), gap_tolerance=gap_tolerance)
    first = stack.slices[0]
    if modality is not None and modality != first.modality:
        raise InputError(
            f"modality={modality!r} was asked for, but the slices say {first.modality}; "
            "leave it out for DICOM"
        )
    _check_voxels(stack, max_voxels)
    return _volume(stack, notices)


def _gather(source: VolumeSource) -> tuple[list[Slice], list[Notice]]:
    notices: list[Notice] = []
    if isinstance(source, str | Path) and Path(source).is_dir():
        files, found = files_of(Path(source))
        notices.extend(found)
        slices = [one for file in files for one in _if_usable(file, notices)]
        if not slices:
            told = "; ".join(sorted({str(one.name) for one in notices})) or "no file"
            raise NotAVolume(
                f"nothing in the folder is a slice that says where it lies (found: {told}), "
                "expected the files of a CT, MR or PET series"
            )
        return slices, notices
    single = isinstance(source, str | Path) or not isinstance(source, list | tuple)
    items = [source] if single else list(source)  # type: ignore[arg-type]
    if not items:
        raise InputError("a volume needs files or data sets, got an empty sequence")
    return [one for item in items for one in _slices(item, notices)], notices


def _if_usable(file: Path, notices: list[Notice]) -> list[Slice]:
    """Return a file's slices; what is none, or is damaged, leaves a notice."""
    try:
        if sniff(read_head(file)) is Content.DICOM:
            return _slices(file, notices)
        notices.append(
            Notice(name="LeftOut", message="is no DICOM file; left out", source=file.name)
        )
    except RadnlpError as error:
        notices.append(Notice(name=type(error).__name__, message=str(error), source=file.name))
    return []


def _slices(item: object, notices: list[Notice]) -> list[Slice]:
    from pydicom import Dataset

    if isinstance(item, str | Path):
        path = Path(item)
        dataset, found = read_dataset(path, pixels=False)
        name: str = path.name
        origin: Path | Dataset = path
    elif isinstance(item, Dataset):
        dataset, found, name, origin = item, (), "the data set", item
    else:
        raise InputError(
            f"a volume cannot be read from {type(item).__name__}, expected a folder, a file, a "
            "pydicom Dataset, or a sequence of files or data sets"
        )
    with guarded() as caught:
        header = Header(dataset, name=name, notices=caught)
        slices = slices_of(header, origin, max_pixels=MAX_PIXELS)
    for notice in (*found, *caught):
        add_once(notices, notice)
    return slices


def _check_voxels(stack: Stack, max_voxels: int) -> None:
    first, count = stack.slices[0], len(stack.slices)
    if count * first.rows * first.columns > max_voxels:
        raise ImageTooLarge(
            f"the series has {count} slices of {first.columns} x {first.rows}, expected at most "
            f"{max_voxels:,} voxels in all; give a part of it, or raise max_voxels"
        )


def _volume(stack: Stack, notices: list[Notice]) -> Volume:
    first, middle = stack.slices[0], stack.slices[len(stack.slices) // 2]
    values, window = _values(stack, notices)
    step_mm = float(np.linalg.norm(stack.step_mm))
    x, y, z = (float(number) for number in stack.step_mm / step_mm)
    frames = tuple(one.frame for one in stack.slices)
    named = all(isinstance(one.source, Path) for one in stack.slices)
    volume = Volume(
        values=values,
        position_mm=first.plane.position_mm,
        row_cosines=first.plane.row_cosines,
        column_cosines=first.plane.column_cosines,
        slice_cosines=(x, y, z),
        spacing_mm=(step_mm, first.plane.row_mm, first.plane.column_mm),
        modality=first.modality,
        unit=first.unit,
        body_part=first.body_part,
        series=series_id(first.series),
        sources=tuple(one.name for one in stack.slices) if named else (),
        frames=frames if any(frames) else (),
        window=window,
        windows=windows_for(first.modality, first.unit),
        inverted=first.inverted,
        simulated=middle.simulated,
        warnings=tuple(notices),
    )
    tilt = max(volume.tilt_degrees, abs(first.tilt_degrees or 0.0))
    if tilt < _LEAST_TILT_DEGREES:
        return volume
    notice = Notice(
        name="GantryTilt",
        message=f"the gantry was tilted: the slices are shifted against each other by "
        f"{volume.tilt_degrees:.1f}° (the header says {first.tilt_degrees or 0.0:.1f}°); the "
        "affine says so, the voxels were not resampled",
    )
    return replace(volume, warnings=(*volume.warnings, notice))


def _values(stack: Stack, notices: list[Notice]) -> tuple[NDArray[np.float32], Window | None]:
    """Decode every slice; return modality units and the window of the middle slice."""
    first, middle = stack.slices[0], len(stack.slices) // 2
    values = np.empty((len(stack.slices), first.rows, first.columns), dtype=np.float32)
    window: Window | None = None
    held: tuple[object, pydicom.Dataset] | None = None  # frames of one file come one by one
    for index, one in enumerate(stack.slices):
        if held is None or held[0] is not one.source:
            held = (one.source, _whole(one, notices))
        with guarded() as caught:
            header = Header(held[1], name=one.name, notices=caught)
            voi = _decode(header, one, values[index])
        for notice in caught:
            add_once(notices, notice)
        if index == middle and isinstance(voi, Window):
            window = voi
    _fill(values, inverted=first.inverted)
    values.setflags(write=False)
    return values, window


def _whole(one: Slice, notices: list[Notice]) -> pydicom.Dataset:
    if not isinstance(one.source, Path):
        in_memory: pydicom.Dataset = one.source
        return in_memory
    dataset, found = read_dataset(one.source)
    for notice in found:
        add_once(notices, notice)
    return dataset


def _decode(header: Header, one: Slice, into: NDArray[np.float32]) -> object:
    """Put one slice's values in modality units into ``into``, NaN for padding."""
    require_pixels(header)
    layout = read_pixel_format(header, max_pixels=MAX_PIXELS)
    stored = decode_frame(header, layout, one.frame)
    pipeline = read_grey_pipeline(header, layout, one.frame)
    into[:] = pipeline.modality(stored.astype(np.float64))
    if pipeline.padding is not None:
        into[(stored >= pipeline.padding.low) & (stored <= pipeline.padding.high)] = np.nan
    return pipeline.voi


def _fill(values: NDArray[np.float32], *, inverted: bool) -> None:
    """Give padding the measured value that is shown darkest."""
    darkest = np.max if inverted else np.min
    found = []
    padded = []
    for index, plane in enumerate(values):
        missing = np.isnan(plane)
        if missing.any():
            padded.append(index)
        if not missing.all():
            found.append(float(darkest(plane[~missing])))
    for index in padded:
        plane = values[index]
        plane[np.isnan(plane)] = darkest(found) if found else 0.0


__all__ = ["MAX_VOXELS", "read_volume"]
