"""Arrays in memory (numpy, torch, Pillow) → brightness in [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import ImageTooLarge, InputError
from radnlp.io.display import by_table, luminance
from radnlp.schema import Notice

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANGE = "ScaledToRange"


def brightness(
    array: NDArray[Any], *, max_pixels: int
) -> tuple[NDArray[np.float32], tuple[Notice, ...]]:
    """Turn an array of any number type into brightness.

    ==================  ===========================================================
    values              scale
    ==================  ===========================================================
    bool                False 0, True 1
    unsigned, or no     0 to the largest number of the bits in use, at least 8: 255 for
    negative integer    8-bit, 4095 for 12-bit data in 16 bits, 65535 for full 16-bit
    integers below 0    smallest value 0, largest 1 (with a notice)
    floats in [0, 1]    as they are
    other floats        smallest finite value 0, largest 1 (with a notice)
    ==================  ===========================================================

    Args:
        array: Shape (rows, columns), or (rows, columns, 3) in RGB.
        max_pixels: Limit of rows times columns.

    Returns:
        float32 of shape (rows, columns), in [0, 1], and what was odd.

    Raises:
        InputError: Another shape or type, nothing in it, or no finite value.
        ImageTooLarge: More than ``max_pixels``.
    """
    _check_shape(array, max_pixels)
    scaled, notices = _scale(array)
    if scaled.ndim == 3:
        scaled = luminance(scaled, white=1.0)
        notices = (
            *notices,
            Notice(
                name="ColourToGrey",
                message="the image is in colour; its luminance (ITU-R BT.601) is used",
            ),
        )
    return scaled, notices


def _check_shape(array: NDArray[Any], max_pixels: int) -> None:
    grey = array.ndim == 2
    colour = array.ndim == 3 and array.shape[2] == 3
    if not (grey or colour) or array.size == 0:
        raise InputError(
            f"an image array must have shape (rows, columns) or (rows, columns, 3), got "
            f"{array.shape}; choose one slice, and put colour last"
        )
    if array.shape[0] * array.shape[1] > max_pixels:
        raise ImageTooLarge(
            f"the array has {array.shape[1]} x {array.shape[0]} pixels, expected at most "
            f"{max_pixels:,}; shrink it, or raise max_pixels"
        )


def _scale(array: NDArray[Any]) -> tuple[NDArray[np.float32], tuple[Notice, ...]]:
    if array.dtype == np.bool_:
        return array.astype(np.float32), ()
    if np.issubdtype(array.dtype, np.integer):
        low, high = int(array.min()), int(array.max())
        if low >= 0:
            white = (1 << max(8, high.bit_length())) - 1
            return by_table(array, lambda values: values / white), ()
        return by_table(array, lambda values: (values - low) / max(high - low, 1)), (
            _range_notice("has negative values"),
        )
    if np.issubdtype(array.dtype, np.floating):
        return _scale_floats(array)
    raise InputError(
        f"an image array must hold numbers, got dtype {array.dtype}; convert it to uint8, uint16 "
        "or float32"
    )


def _scale_floats(array: NDArray[Any]) -> tuple[NDArray[np.float32], tuple[Notice, ...]]:
    finite = np.isfinite(array)
    notices: list[Notice] = []
    if not finite.all():
        if not finite.any():
            raise InputError(
                "the image array holds no finite value, expected brightness; check how it was made"
            )
        notices.append(
            Notice(
                name="NotFinite",
                message=f"{int((~finite).sum()):,} pixels are not finite numbers; shown black",
            )
        )
    kept = array[finite].astype(np.float64)
    low, high = float(kept.min()), float(kept.max())
    shown = np.zeros(array.shape, dtype=np.float32)
    if low >= 0.0 and high <= 1.0:
        shown[finite] = kept
        return shown, tuple(notices)
    notices.append(_range_notice("has floats outside [0, 1]"))
    # Halved first: the difference of two finite numbers may overflow.
    span = high / 2 - low / 2
    if span > 0:
        shown[finite] = np.clip((kept / 2 - low / 2) / span, 0.0, 1.0)
    return shown, tuple(notices)


def _range_notice(why: str) -> Notice:
    return Notice(
        name=RANGE, message=f"the array {why}; its smallest value is shown black, its largest white"
    )


def from_tensor(tensor: Any) -> NDArray[Any]:
    """Turn a torch tensor of shape (rows, columns) or (1, rows, columns) into an array."""
    detached = tensor.detach().cpu()
    if str(detached.dtype) == "torch.bfloat16":
        detached = detached.float()
    array = np.asarray(detached.numpy())
    return array[0] if array.ndim == 3 and array.shape[0] == 1 else array


def is_tensor(source: object) -> bool:
    """Tell a torch tensor without importing torch."""
    return any(kind.__module__.split(".")[0] == "torch" for kind in type(source).__mro__) and all(
        hasattr(source, method) for method in ("detach", "cpu", "numpy")
    )


__all__ = ["brightness", "from_tensor", "is_tensor"]
