"""DICOM → `Image`: display-ready pixels, geometry and where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import InputError, UnsupportedPhotometric
from radnlp.io.decode import check_codec, decode_frame
from radnlp.io.dicomfile import read_dataset
from radnlp.io.display import luminance
from radnlp.io.header import Header
from radnlp.io.lookup import read_grey_pipeline, read_unit
from radnlp.io.pixels import COLOUR, GREY, PALETTE, read_pixel_format, require_pixels
from radnlp.io.placement import (
    is_simulated,
    read_body_part,
    read_orientation,
    read_plane,
    read_spacing,
    read_view,
)
from radnlp.io.pydicom_guard import add_once, guarded, pydicom_errors
from radnlp.io.windows import windows_for
from radnlp.schema import Image, Notice, Window, choose_window

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray
    from pydicom import Dataset

    from radnlp.io.pixels import PixelFormat

# Volumes, where the middle frame shows more than the first.
_VOLUMES = frozenset({"CT", "MR", "PT", "NM"})


AskedWindow = str | tuple[float, float] | None


def image_from_file(
    path: Path,
    *,
    frame: int | None,
    id: str,
    max_pixels: int,
    force: bool = False,
    window: AskedWindow = None,
) -> Image:
    """Read one frame of a DICOM file.

    Raises:
        FileError: One of its kinds, see `radnlp.io.read_image`.
    """
    dataset, notices = read_dataset(path, force=force)
    return image_from_dataset(
        dataset,
        frame=frame,
        id=id,
        max_pixels=max_pixels,
        window=window,
        name=path.name,
        found=notices,
    )


def image_from_dataset(
    dataset: Dataset,
    *,
    frame: int | None,
    id: str,
    max_pixels: int,
    window: AskedWindow = None,
    name: str | None = None,
    found: tuple[Notice, ...] = (),
) -> Image:
    """Turn one frame of a data set into an image.

    Args:
        dataset: The object; it is not changed.
        frame: Index of the frame; ``None`` takes the middle one of a volume, else the first.
        id: The image's id.
        max_pixels: Limit of rows times columns.
        window: Used instead of the header's own.
        name: File name, for messages.
        found: What was odd about the file already.

    Raises:
        FileError: One of its kinds, see `radnlp.io.read_image`.
        InputError: There is no such frame.
    """
    with guarded() as notices:
        for notice in found:
            add_once(notices, notice)
        header = Header(dataset, name=name or "the data set", notices=notices)
        image = _read(header, frame=frame, window=window, max_pixels=max_pixels)
    warnings = tuple(
        Notice(name=notice.name, message=notice.message, source=id) for notice in notices
    )
    return Image(**image, id=id, source=name, warnings=warnings)


def _read(
    header: Header, *, frame: int | None, window: AskedWindow, max_pixels: int
) -> dict[str, Any]:
    """Return the fields of the image, all but those that the caller knows."""
    _tell_oddities(header)
    require_pixels(header)
    check_codec(header.dataset, name=header.name)
    layout = read_pixel_format(header, max_pixels=max_pixels)
    modality = header.text("Modality")
    chosen = _choose_frame(header, layout, frame, modality)
    pixels, applied = _pixels(header, layout, chosen, window)
    plane = read_plane(header, chosen, modality)
    view, body_part = read_view(header), read_body_part(header)
    return {
        "pixels": pixels,
        "modality": modality,
        "view": view,
        "body_part": body_part,
        "spacing": read_spacing(header, chosen, modality),
        "plane": plane,
        "orientation": read_orientation(
            header, plane=plane, modality=modality, view=view, body_part=body_part
        ),
        "frame": chosen,
        "frames": layout.frames,
        "window": applied,
        "simulated": is_simulated(header),
    }


def _choose_frame(
    header: Header, layout: PixelFormat, frame: int | None, modality: str | None
) -> int:
    if frame is None:
        chosen = layout.frames // 2 if modality in _VOLUMES else 0
        if layout.frames > 1:
            header.notice(
                "FrameChosen",
                f"frame {chosen} of {layout.frames} (counted from 0) was read; "
                "pass frame=… for another",
            )
        return chosen
    if not 0 <= frame < layout.frames:
        raise InputError(
            f"{header.name}: frame {frame} was asked for, expected 0 to {layout.frames - 1}"
        )
    return frame


def _pixels(
    header: Header, layout: PixelFormat, frame: int, asked: AskedWindow
) -> tuple[NDArray[np.float32], tuple[float, float] | None]:
    if asked is not None and layout.photometric not in GREY:
        raise InputError(
            f"{header.name}: window={asked!r} was asked for, but the image is in colour, expected "
            "grey values; leave it out"
        )
    override = _override(header, frame, asked)
    stored = decode_frame(header, layout, frame)
    if layout.photometric in COLOUR:
        _tell_colour(header)
        return luminance(stored, white=(1 << layout.bits_stored) - 1), None
    if layout.photometric == PALETTE:
        _tell_colour(header)
        return _palette(header, stored), None
    pipeline = read_grey_pipeline(header, layout, frame, window=override)
    window = pipeline.voi
    applied = (window.center, window.width) if isinstance(window, Window) else None
    return pipeline.show(stored), applied


def _override(header: Header, frame: int, asked: AskedWindow) -> Window | None:
    if asked is None:
        return None
    return choose_window(asked, windows_for(header.text("Modality"), read_unit(header, frame)))


def _tell_colour(header: Header) -> None:
    header.notice("ColourToGrey", "the image is in colour; its luminance (ITU-R BT.601) is used")


def _palette(header: Header, stored: NDArray[Any]) -> NDArray[np.float32]:
    from pydicom.pixels.processing import apply_color_lut

    missing = UnsupportedPhotometric(
        f"{header.name}: PALETTE COLOR without usable palette tables, expected red, green and "
        "blue ones; export the image as RGB or MONOCHROME2"
    )
    if "RedPaletteColorLookupTableDescriptor" not in header.dataset:
        raise missing
    try:
        colour = np.asarray(apply_color_lut(stored, header.dataset))
        bits = header.dataset.RedPaletteColorLookupTableDescriptor[2]
    except pydicom_errors():
        raise missing from None
    white = 65535 if colour.dtype.itemsize == 2 and bits > 8 else 255
    return luminance(colour, white=white)


def _tell_oddities(header: Header) -> None:
    if header.has_unknown_character_set():
        header.notice(
            "EncodingWarning",
            "the header names a character set that is not one of DICOM's, or text that does not "
            "fit it; read with the nearest one, so header text may be wrong",
        )
    if header.text("PresentationIntentType") == "FOR PROCESSING":
        header.notice(
            "ForProcessing",
            "the image is raw detector data (FOR PROCESSING), not made to be looked at; "
            "prefer the FOR PRESENTATION image of the study",
        )


__all__ = ["image_from_dataset", "image_from_file"]
