"""Volumes → NIfTI-1 files (extra ``nifti``)."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import InputError, MissingExtra, OutputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radnlp.schema import Volume

_SUFFIXES = (".nii.gz", ".nii")
_SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT
_SAME_MM = 1e-2


def write_nifti(volume: Volume, path: str | Path, *, mask: NDArray[np.bool_] | None = None) -> Path:
    """Write a volume, or a mask of it, as one NIfTI-1 file.

    Values that are whole numbers within int16 are written as such, others as float32, masks as
    uint8. sform and qform both hold the place in RAS axes; a tilted gantry shears it, which only
    the sform can say. Of the header nothing else goes along but that the volume is simulated.

    Args:
        volume: What to write.
        path: Ends in ``.nii`` or ``.nii.gz``; a file that is there is replaced.
        mask: Written instead of the values; shape of the volume.

    Returns:
        The path.

    Raises:
        MissingExtra: nibabel is not installed.
        InputError: The mask has another shape.
        OutputError: Another extension, or the file cannot be written.
    """
    path = Path(path)
    suffix = next((suffix for suffix in _SUFFIXES if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        raise OutputError(
            f"cannot write {path.name!r} as NIfTI, expected a name that ends in .nii or .nii.gz"
        )
    if mask is not None and mask.shape != volume.shape:
        raise InputError(f"the mask has shape {mask.shape}, expected that of its volume, "
                         f"{volume.shape}")  # fmt: skip
    image = _image(volume, volume.values if mask is None else mask, path.name)
    part = path.with_name(f".{path.name}.part{suffix}")
    try:
        image.to_filename(part)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputError(
            f"cannot write {path.name!r}: {error.strerror or type(error).__name__}; check the "
            "folder and the space left"
        ) from None
    return path


def _image(volume: Volume, values: NDArray[Any], name: str) -> Any:
    try:
        import nibabel
    except ImportError:
        raise MissingExtra(
            f"{name}: writing NIfTI needs the package nibabel, which is not installed; "
            'pip install "radnlp[nifti]"'
        ) from None
    affine = volume.ras_affine
    make_image: Any = nibabel.Nifti1Image  # nibabel is only partly typed
    image = make_image(_compact(values).transpose(2, 1, 0), affine)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = "radnlp, SIMULATED" if volume.simulated else "radnlp"
    image.set_sform(affine, code=_SCANNER)
    image.set_qform(affine, code=_SCANNER)
    far = np.array([*values.shape[::-1], 1.0])
    if float(np.abs((image.get_qform() - affine) @ far).max()) > _SAME_MM:
        image.set_qform(None, code=0)
    return image


def _compact(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype == np.bool_:
        return values.astype(np.uint8)
    limits = np.iinfo(np.int16)
    if limits.min <= values.min() and values.max() <= limits.max:
        whole = values.astype(np.int16)
        if np.array_equal(whole, values):
            return whole
    return values


__all__ = ["write_nifti"]
