"""NIfTI files → `Volume` (extra ``nifti``)."""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import (
    CorruptImage,
    GeometryError,
    ImageTooLarge,
    MissingExtra,
    NotAVolume,
    UnknownFormat,
)
from radnlp.io.formats import HEAD_BYTES, Content, read_head, sniff
from radnlp.io.windows import HOUNSFIELD, windows_for
from radnlp.schema import Notice, Volume

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SAME_MM = 0.1
# Axes whose unit vectors span a smaller volume lie in one plane.
_FLAT = 1e-6
# nifti1.h, xyzt_units: 1 is metres, 3 microns; 2 is mm, and 0 says nothing.
_MM = {1: 1e3, 3: 1e-3}
_GZIP = 16 + zlib.MAX_WBITS
_SIMULATED = b"SIMULATED"


def holds_nifti(path: Path) -> bool:
    """Tell whether a file is a NIfTI volume, gzipped or not, by its content.

    Raises:
        FileMissing: There is no such file.
    """
    head = read_head(path)
    if sniff(head) is Content.GZIP:
        try:
            head = zlib.decompressobj(_GZIP).decompress(head, HEAD_BYTES)
        except zlib.error:
            return False
    return sniff(head) is Content.NIFTI


def read_nifti(path: Path, *, modality: str | None, max_voxels: int) -> Volume:
    """Read a NIfTI-1 or NIfTI-2 file.

    Args:
        path: The file, gzipped or not.
        modality: What it shows, as the format does not say; ``CT`` is taken to be in HU.
        max_voxels: Limit, checked before the values are read.

    Returns:
        The volume in LPS axes. Metres and microns are brought to mm; a file that names no unit of
        length is in mm. Where the third NIfTI axis points against the normal of the slices (first
        × second axis), the slices are taken in reverse, so that their places stay true. Values that
        are not finite become the smallest finite one.

    Raises:
        MissingExtra: nibabel is not installed.
        CorruptImage: The file cannot be read.
        UnknownFormat: It is not named as what it is, ``.nii`` or ``.nii.gz``.
        NotAVolume: It has more than three dimensions, fewer than two slices, colours or complex
            numbers, or says nothing of where it lies.
        ImageTooLarge: More voxels than the limit.

    Source:
        NIfTI-1 (nifti1.h, methods 2 and 3): sform before qform; +x right, +y front, +z head.
    """
    image = _open(path)
    _check_numbers(path, image.get_data_dtype())
    shape = tuple(int(size) for size in image.shape)
    _check_shape(path, shape, max_voxels)
    affine, notices = _affine(path, image)
    values = _values(path, image, shape[:3], notices)
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    if float(np.cross(lps[:3, 0], lps[:3, 1]) @ lps[:3, 2]) < 0:
        values = values[::-1]
        lps[:3, 3] += (shape[2] - 1) * lps[:3, 2]
        lps[:3, 2] *= -1
    values = np.ascontiguousarray(values)
    values.setflags(write=False)
    unit = HOUNSFIELD if modality == "CT" else None
    sizes = np.linalg.norm(lps[:3, :3], axis=0)
    try:
        return Volume(
            values=values,
            position_mm=_vector(lps[:3, 3]),
            row_cosines=_vector(lps[:3, 0] / sizes[0]),
            column_cosines=_vector(lps[:3, 1] / sizes[1]),
            slice_cosines=_vector(lps[:3, 2] / sizes[2]),
            spacing_mm=(float(sizes[2]), float(sizes[1]), float(sizes[0])),
            modality=modality,
            unit=unit,
            sources=(path.name,) * shape[2],
            windows=windows_for(modality, unit),
            simulated=_SIMULATED in bytes(image.header["descrip"].item()),
            warnings=tuple(notices),
        )
    except GeometryError as error:
        raise NotAVolume(
            f"{path.name}: its affine is no stack of slices ({error}); resample the file to a "
            "grid without shear"
        ) from None


def _open(path: Path) -> Any:
    try:
        import nibabel
    except ImportError:
        raise MissingExtra(
            f"{path.name}: found a NIfTI volume, which needs the package nibabel; "
            'pip install "radnlp[nifti]", or give the DICOM series'
        ) from None
    # Its log lines may quote header text.
    logging.getLogger("nibabel").setLevel(logging.CRITICAL)
    try:
        content = nibabel.load(path)
    except Exception as error:  # noqa: BLE001  (nibabel raises whatever a broken file provokes)
        suffix = ".nii.gz" if sniff(read_head(path)) is Content.GZIP else ".nii"
        if not path.name.lower().endswith(suffix):
            raise UnknownFormat(
                f"{path.name}: holds a NIfTI volume by its content, which is read by the name "
                f"only, expected one that ends in {suffix}; rename the file"
            ) from None
        raise _corrupt(path, error) from None
    if not isinstance(content, nibabel.Nifti1Image):
        raise NotAVolume(
            f"{path.name}: is read as {type(content).__name__}, expected one .nii or .nii.gz file; "
            "save it as that"
        )
    return content


def _corrupt(path: Path, error: Exception) -> CorruptImage:
    return CorruptImage(
        f"{path.name}: the NIfTI file cannot be read ({type(error).__name__}), expected a whole "
        ".nii or .nii.gz file; copy it again"
    )


def _check_numbers(path: Path, kind: np.dtype[Any]) -> None:
    if kind.kind not in "biuf":
        found = {"c": "complex numbers", "V": "colours"}.get(kind.kind, str(kind))
        raise NotAVolume(
            f"{path.name}: holds {found}, expected one real number for each voxel; save one part "
            "or channel of it, such as the magnitude, as a file of its own"
        )


def _check_shape(path: Path, shape: tuple[int, ...], max_voxels: int) -> None:
    if len(shape) < 3 or any(size != 1 for size in shape[3:]) or shape[2] < 2:
        raise NotAVolume(
            f"{path.name}: has dimensions {shape}, expected three with at least two slices; "
            "save one time point or channel as a file of its own"
        )
    if min(shape) < 1 or shape[0] * shape[1] * shape[2] > max_voxels:
        raise ImageTooLarge(
            f"{path.name}: the header promises {' x '.join(map(str, shape))} voxels, expected at "
            f"most {max_voxels:,}; if it is genuine, raise max_voxels"
        )


def _affine(path: Path, image: Any) -> tuple[NDArray[np.float64], list[Notice]]:
    try:
        sform, sform_code = image.get_sform(coded=True)
        qform, qform_code = image.get_qform(coded=True)
    except Exception as error:  # noqa: BLE001  (as above)
        raise _corrupt(path, error) from None
    millimetres = _MM.get(int(image.header["xyzt_units"]) & 7, 1.0)
    notices: list[Notice] = []
    if not sform_code and not qform_code:
        raise NotAVolume(
            f"{path.name}: says nothing of where it lies in the patient (sform and qform codes are "
            "0), so that left and right are unknown, expected one of them; convert it from its "
            "source again"
        )
    chosen = np.array(sform if sform_code else qform, dtype=np.float64)
    chosen[:3] *= millimetres
    if sform_code and qform_code and _farthest(sform, qform, image.shape) * millimetres > _SAME_MM:
        notices.append(
            Notice(
                name="AffinesDiffer",
                message="sform and qform place the volume differently; sform was used",
                source=path.name,
            )
        )
    if not _spans(chosen):
        raise NotAVolume(
            f"{path.name}: its affine is not finite or flat, expected three axes of positive "
            "length; convert it from its source again"
        )
    return chosen, notices


def _spans(affine: NDArray[np.float64]) -> bool:
    """Tell whether the axes span a space, however small the voxels are."""
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or not sizes.all():
        return False
    return bool(abs(np.linalg.det(affine[:3, :3] / sizes)) > _FLAT)


def _farthest(one: Any, other: Any, shape: tuple[int, ...]) -> float:
    corners = np.array([[i, j, k, 1] for i in (0, shape[0]) for j in (0, shape[1])
                        for k in (0, shape[2])], dtype=np.float64)  # fmt: skip
    apart = corners @ (np.asarray(one) - np.asarray(other)).T
    return float(np.linalg.norm(apart[:, :3], axis=1).max())


def _values(
    path: Path, image: Any, shape: tuple[int, ...], notices: list[Notice]
) -> NDArray[np.float32]:
    """Return scaled values of shape (slices, rows, columns)."""
    try:
        scaled = np.asarray(image.dataobj, dtype=np.float32)
    except Exception as error:  # noqa: BLE001  (as above)
        raise _corrupt(path, error) from None
    values = scaled.reshape(shape, order="F").transpose(2, 1, 0)
    finite = np.isfinite(values)
    if finite.all():
        return values
    if not finite.any():
        raise NotAVolume(f"{path.name}: holds no finite value, expected numbers; export it again")
    notices.append(
        Notice(
            name="NotFinite",
            message=f"{int((~finite).sum()):,} voxels are not finite numbers; the smallest value "
            "was put in their place",
            source=path.name,
        )
    )
    return np.where(finite, values, values[finite].min())


def _vector(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


__all__ = ["holds_nifti", "read_nifti"]
