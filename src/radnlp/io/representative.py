"""One slice that stands for its series, where a study is looked at image by image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import RadnlpError
from radnlp.io.dicom import image_from_file
from radnlp.io.slices import Slice, series_id
from radnlp.schema import Image, Notice, SliceOf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SERIES = frozenset({"CT", "MR", "PT"})
# A series of which three slices around the middle cannot be read is given up.
_MOST_TRIES = 3
_SAME_COSINE = 1e-3


def middle_image(
    slices: Sequence[Slice], *, max_pixels: int, failed: Callable[[RadnlpError, str], None]
) -> tuple[Slice, Image] | None:
    """Read the middle slice by position of one series, or the nearest one that can be read.

    Args:
        slices: Of one series, from files, at least one.
        max_pixels: Limit of rows times columns.
        failed: Told the error of a slice that cannot be read, and its file's name.

    Returns:
        The slice and its image; where there are several slices, with `SliceOf` and a notice.
        ``None`` if the slices around the middle cannot be read.
    """
    apart = {(one.instance or id(one), one.frame): one for one in slices}
    ordered, how = _ordered(list(apart.values()))
    middle = len(ordered) // 2
    nearest = sorted(range(len(ordered)), key=lambda index: abs(index - middle))
    for index in nearest[:_MOST_TRIES]:
        one = ordered[index]
        if not isinstance(one.source, Path):
            continue
        try:
            image = image_from_file(one.source, frame=one.frame, id="i0", max_pixels=max_pixels)
        except RadnlpError as error:
            failed(error, one.name)
            continue
        return one, image if len(ordered) == 1 else _told(image, one, index, len(ordered), how)
    return None


def _ordered(slices: list[Slice]) -> tuple[list[Slice], str]:
    """Sort by position along the normal; as they come, if they have several orientations."""
    first = slices[0].plane
    normal = np.array(first.normal)
    if any(np.abs(np.array(one.plane.normal) - normal).max() > _SAME_COSINE for one in slices):
        return slices, "in order of their names, as they have several orientations"
    return sorted(slices, key=lambda one: float(normal @ one.plane.position_mm)), "by position"


def _told(image: Image, one: Slice, index: int, count: int, how: str) -> Image:
    window = (
        f"the header's window {image.window[0]:g} / {image.window[1]:g} (centre / width)"
        if image.window
        else "the header's VOI LUT or, in its absence, the full range of values"
    )
    notice = Notice(
        name="SliceChosen",
        message=f"slice {index} of {count} (counted from 0, {how}) stands for its "
        f"{one.modality} series, shown through {window}; read the series whole with "
        "radnlp.read_volume, or load the study with slices='all'",
        source=image.id,
    )
    return replace(
        image,
        slice=SliceOf(index=index, count=count, series=series_id(one.series)),
        warnings=(*image.warnings, notice),
    )


__all__ = ["SERIES", "middle_image"]
