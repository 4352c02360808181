"""Anything that holds an image → `Image`."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import CorruptImage, InputError, NotDicom
from radnlp.io.arrays import brightness, from_tensor, is_tensor
from radnlp.io.dicom import image_from_dataset, image_from_file
from radnlp.io.dicomfile import claims_dicom
from radnlp.io.formats import Content, read_head, sniff
from radnlp.io.pixels import MAX_PIXELS
from radnlp.io.raster import RASTER_SUFFIXES, image_from_pillow, image_from_raster
from radnlp.schema import Image, Notice

if TYPE_CHECKING:
    import PIL.Image
    import pydicom
    import torch
    from numpy.typing import NDArray

    ImageSource = (
        str | Path | pydicom.Dataset | PIL.Image.Image | NDArray[Any] | torch.Tensor | Image
    )


def read_image(
    source: ImageSource,
    *,
    frame: int | None = None,
    window: str | tuple[float, float] | None = None,
    id: str = "i0",
    max_pixels: int = MAX_PIXELS,
    force: bool = False,
) -> Image:
    """Read one image, ready to be shown or fed to a model.

    Args:
        source: A DICOM, PNG or JPEG file (its content decides, not its name), a data set, a Pillow
            image, an array of shape (rows, columns) or (rows, columns, 3), a torch tensor of shape
            (rows, columns) or (1, rows, columns), or an `Image`.
        frame: Frame of a multi-frame DICOM object; ``None`` takes the middle one of CT, MR, PET
            and NM, and the first of all others.
        window: Shows a grey DICOM image through this window instead of its header's own: a name
            (``lung``, ``brain``, … of `radnlp.named_windows`; CT in Hounsfield units only), or
            (centre, width) in modality units.
        id: The image's id.
        max_pixels: Largest rows times columns; checked before anything is allocated.
        force: Read DICOM elements without the preamble and the DICM mark, too.

    Returns:
        Stored pixels, never flipped, rotated or resized, as brightness in [0, 1]: after modality
        LUT, VOI LUT or window and MONOCHROME1 inversion for DICOM; `radnlp.io.arrays.brightness`
        says how other number types are scaled. What was odd stands in ``warnings``.

    Raises:
        FileMissing: No such file.
        NotDicom: The content is neither DICOM nor PNG nor JPEG.
        NotAnImage: A DICOM object without an image.
        ImageTooLarge: More pixels than the limit.
        CorruptImage: A PNG or JPEG that cannot be decoded.
        DicomError: A damaged or unsupported DICOM file, one kind of error for each cause.
        WindowNotFound: No window of that name, or the image is not CT in Hounsfield units.
        InputError: A source of another kind or shape, no such frame, or a window for what is no
            grey DICOM image.

    Examples:
        >>> import numpy as np
        >>> read_image(np.array([[0, 128], [255, 64]], dtype=np.uint8)).pixels[1, 0]
        np.float32(1.0)
    """
    if isinstance(source, str | Path):
        return _from_path(
            Path(source), frame=frame, window=window, id=id, max_pixels=max_pixels, force=force
        )
    if _is_a(source, "pydicom.dataset", "Dataset"):
        return image_from_dataset(
            source,  # type: ignore[arg-type]
            frame=frame,
            window=window,
            id=id,
            max_pixels=max_pixels,
        )
    _refuse_window(window, "the source")
    if isinstance(source, Image):
        image = source if source.id == id else _renamed(source, id)
    elif _is_a(source, "PIL.Image", "Image"):
        image = image_from_pillow(source, id=id, max_pixels=max_pixels)  # type: ignore[arg-type]
    else:
        image = _from_array(_as_array(source), id=id, max_pixels=max_pixels)
    if frame not in {None, 0, image.frame}:
        raise InputError(f"frame {frame} was asked for, but the source holds a single image")
    return image


def _is_a(source: object, module: str, name: str) -> bool:
    """Tell an instance of a library's class without importing the library."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(source, getattr(loaded, name))


def _renamed(image: Image, id: str) -> Image:
    warnings = tuple(
        Notice(name=notice.name, message=notice.message, source=id) for notice in image.warnings
    )
    return dataclasses.replace(image, id=id, warnings=warnings)


def _refuse_window(window: object, what: str) -> None:
    if window is not None:
        raise InputError(
            f"window={window!r} was asked for, but {what} is no DICOM image with grey values in "
            "the units of its modality; leave it out"
        )


def _from_path(
    path: Path,
    *,
    frame: int | None,
    window: str | tuple[float, float] | None,
    id: str,
    max_pixels: int,
    force: bool,
) -> Image:
    content = sniff(read_head(path))
    raster = content in {Content.PNG, Content.JPEG}
    if raster and not claims_dicom(path):
        if frame not in {None, 0}:
            raise InputError(f"{path.name}: frame {frame} was asked for, but it has only one")
        _refuse_window(window, path.name)
        return image_from_raster(path, id=id, max_pixels=max_pixels)
    if path.suffix.lower() in RASTER_SUFFIXES and content is not Content.DICOM:
        raise CorruptImage(
            f"{path.name}: found {content}, expected a PNG or JPEG image as its name says; "
            "export it again"
        )
    if not (raster or claims_dicom(path) or content in {Content.DICOM, Content.BARE_DICOM}):
        raise NotDicom(
            f"{path.name}: found {content}, expected a DICOM, PNG or JPEG image; {_advice(content)}"
        )
    return image_from_file(
        path, frame=frame, window=window, id=id, max_pixels=max_pixels, force=force
    )


def _advice(content: Content) -> str:
    if content is Content.TEXT:
        return "pass text to radnlp.read_report"
    if content in {Content.NIFTI, Content.GZIP}:
        return "read a NIfTI volume with radnlp.read_volume and take a slice of it"
    if content is Content.LFS_POINTER:
        return "fetch the real file with 'git lfs pull'"
    return "convert it first"


def _as_array(source: object) -> NDArray[Any]:
    if isinstance(source, np.ndarray):
        return source
    if is_tensor(source):
        return from_tensor(source)
    raise InputError(
        f"an image cannot be read from {type(source).__name__}, expected a path, a pydicom "
        "Dataset, a PIL image, a numpy array, a torch tensor or a radnlp Image"
    )


def _from_array(array: NDArray[Any], *, id: str, max_pixels: int) -> Image:
    pixels, notices = brightness(array, max_pixels=max_pixels)
    return Image(
        pixels=pixels,
        id=id,
        warnings=tuple(Notice(name=n.name, message=n.message, source=id) for n in notices),
    )


__all__ = ["read_image"]
