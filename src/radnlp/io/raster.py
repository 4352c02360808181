"""PNG and JPEG files and Pillow images → `Image`. They know no patient space."""

from __future__ import annotations

import struct
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import CorruptImage, ImageTooLarge, InputError
from radnlp.io.arrays import brightness
from radnlp.io.codestream import jpeg_size
from radnlp.io.placement import says_simulated
from radnlp.io.pydicom_guard import guarded
from radnlp.schema import Image, Notice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image as Pillow

RASTER_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
_DECODE_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
_EXIF_ORIENTATION = 0x0112
_HEADER_BYTES = 1 << 20
_COMMENT_KEYS = ("Comment", "comment", "Description", "Title")


def image_from_raster(path: Path, *, id: str, max_pixels: int) -> Image:
    """Read a PNG or JPEG file of 8 or 16 bits.

    The stored pixels are kept as they lie: an EXIF orientation only leaves a notice.

    Raises:
        ImageTooLarge: Its header promises more than ``max_pixels``; told before decoding.
        CorruptImage: It cannot be decoded.
    """
    from PIL import Image as Pillow

    _check_promised_size(path, max_pixels)
    with (
        guarded(),
        _decoding(path.name),
        path.open("rb") as stream,
        Pillow.open(stream, formats=("PNG", "JPEG")) as opened,
    ):
        opened.load()
        return image_from_pillow(opened, id=id, max_pixels=max_pixels, name=path.name)


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    from PIL import Image as Pillow

    try:
        yield
    except Pillow.DecompressionBombError:
        raise ImageTooLarge(
            f"{name}: more pixels than Pillow's own limit, expected fewer; "
            "shrink the image, or raise PIL.Image.MAX_IMAGE_PIXELS"
        ) from None
    except _DECODE_ERRORS as error:
        raise CorruptImage(
            f"{name}: cannot be decoded ({type(error).__name__}), expected a complete PNG or JPEG; "
            "copy or export it again"
        ) from None


def image_from_pillow(
    picture: Pillow.Image, *, id: str, max_pixels: int, name: str | None = None
) -> Image:
    """Turn a Pillow image of any mode into an image.

    Raises:
        ImageTooLarge: It has more than ``max_pixels``.
        CorruptImage: Its file, not loaded yet, cannot be decoded.
        InputError: Its mode cannot be turned into brightness.
    """
    if picture.width * picture.height > max_pixels:
        raise _too_large(name or "the image", f"{picture.width} x {picture.height}", max_pixels)
    with _decoding(name or "the image"):
        array, notices = _array(picture)
        turned = (picture.getexif().get(_EXIF_ORIENTATION) or 1) != 1
    pixels, more = brightness(array, max_pixels=max_pixels)
    notices = [*notices, *more]
    if turned:
        notices.append(
            Notice(
                name="ExifOrientation",
                message="the file asks viewers to turn it; the stored pixels were kept as they lie",
            )
        )
    comments = " ".join(str(picture.info.get(key, "")) for key in _COMMENT_KEYS)
    return Image(
        pixels=pixels,
        id=id,
        source=name,
        simulated=says_simulated(comments),
        warnings=tuple(Notice(name=n.name, message=n.message, source=id) for n in notices),
    )


def _array(picture: Pillow.Image) -> tuple[NDArray[Any], list[Notice]]:
    """Return the pixels without losing a bit: 16-bit modes are never converted to ``L``."""
    if picture.mode == "1" or picture.mode in {"L", "RGB", "I", "F"} or picture.mode[:2] == "I;":
        return np.asarray(picture), []
    if picture.mode in {"P", "PA", "RGBA", "LA", "La", "RGBa"}:
        return _opaque(picture)
    if picture.mode in {"CMYK", "YCbCr", "LAB", "HSV", "RGBX"}:
        return np.asarray(picture.convert("RGB")), []
    raise InputError(
        f"a Pillow image of mode {picture.mode} cannot be read, expected L, I;16, I, F or RGB; "
        "convert it first"
    )


def _opaque(picture: Pillow.Image) -> tuple[NDArray[Any], list[Notice]]:
    whole = picture.convert("RGBA")
    array = np.asarray(whole)
    alpha = array[..., 3:].astype(np.float32) / 255.0
    colour = np.rint(array[..., :3] * alpha).astype(np.uint8)
    notices = []
    if alpha.min() < 1.0:
        notices.append(
            Notice(name="Transparency", message="transparent pixels were laid over black")
        )
    grey = (colour == colour[..., :1]).all()
    return (colour[..., 0] if grey else colour), notices


def _check_promised_size(path: Path, max_pixels: int) -> None:
    with path.open("rb") as stream:
        head = stream.read(_HEADER_BYTES)
    if head.startswith(b"\x89PNG") and head[12:16] == b"IHDR" and len(head) >= 24:
        columns, rows = struct.unpack(">II", head[16:24])
    else:
        size = jpeg_size(head)
        if size is None:
            return
        columns, rows = size.columns, size.rows
    if columns * rows > max_pixels:
        raise _too_large(path.name, f"{columns} x {rows}", max_pixels)


def _too_large(name: str, found: str, max_pixels: int) -> ImageTooLarge:
    return ImageTooLarge(
        f"{name}: the header promises {found} pixels, expected at most {max_pixels:,}; "
        "shrink the image, or raise max_pixels"
    )


__all__ = ["RASTER_SUFFIXES", "image_from_pillow", "image_from_raster"]
