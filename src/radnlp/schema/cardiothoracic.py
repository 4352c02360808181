"""The cardiothoracic ratio with the lines that it is measured along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from radnlp.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from radnlp.schema.image import Image
    from radnlp.schema.region import Region

#: x0, y0, x1, y1 in stored pixels.
Line: TypeAlias = tuple[float, float, float, float]

_MASKS = ("left_lung", "right_lung", "heart")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardiothoracicRatio:
    """The greatest width of the heart over the greatest inner width of the chest.

    Attributes:
        value: Above 0.
        heart: From the middle of the chest to the heart's border on either side, each where it is
            farthest; the two need not lie on one level.
        chest: From the outer edge of one lung to that of the other, where the chest is widest.

    Source:
        Danzer, "The cardiothoracic ratio: an index of cardiac enlargement", Am J Med Sci 1919.
    """

    value: float
    heart: tuple[Line, Line]
    chest: Line

    @classmethod
    def of_masks(
        cls, left_lung: NDArray[np.bool_], right_lung: NDArray[np.bool_], heart: NDArray[np.bool_]
    ) -> CardiothoracicRatio | None:
        """Measure outlines of one shape (rows, columns); widths run along rows.

        Returns:
            ``None`` where no row holds both lungs or there is no heart.

        Raises:
            GeometryError: the masks differ in shape.
        """
        if not left_lung.shape == right_lung.shape == heart.shape:
            raise GeometryError(
                f"masks of one film have one shape, got {left_lung.shape}, {right_lung.shape} and "
                f"{heart.shape}"
            )
        rows = np.flatnonzero(left_lung.any(axis=1) & right_lung.any(axis=1))
        columns = np.flatnonzero(heart.any(axis=0))
        if not rows.size or not columns.size:
            return None
        lungs = (left_lung | right_lung)[rows]
        first = lungs.argmax(axis=1)
        last = lungs.shape[1] - lungs[:, ::-1].argmax(axis=1)
        widest = int((last - first).argmax())
        x0, x1 = float(first[widest]), float(last[widest])
        y = float(rows[widest]) + 0.5
        low, high = float(columns[0]), float(columns[-1] + 1)
        # Drawn from the middle of the chest, or from a border that does not reach it.
        middle = min(max((x0 + x1) / 2, low), high)
        left, right = (float(np.flatnonzero(heart[:, at]).mean()) + 0.5 for at in columns[[0, -1]])
        return cls(
            value=(high - low) / (x1 - x0),
            heart=((low, left, middle, left), (middle, right, high, right)),
            chest=(x0, y, x1, y),
        )


def cardiothoracic_ratio_of(
    image: Image, regions: Iterable[Region]
) -> tuple[CardiothoracicRatio, str] | None:
    """Return the ratio of an image and what limits it, from the outlines of lungs and heart.

    Args:
        image: For its view.
        regions: Those of other images are left out.

    Returns:
        ``None`` if lungs or heart have no outline.
    """
    masks = {
        region.label: region.mask.to_array()
        for region in regions
        if region.image_id == image.id and region.label in _MASKS and region.mask is not None
    }
    if len(masks) < len(_MASKS):
        return None
    ratio = CardiothoracicRatio.of_masks(*(masks[label] for label in _MASKS))
    return None if ratio is None else (ratio, _limits(image))


def _limits(image: Image) -> str:
    view = (image.view or "").upper()
    usual = "too high if the patient is rotated or breathes in poorly"
    if view == "PA":
        return f"from predicted outlines; {usual}"
    seen = "AP film, which magnifies the heart" if view == "AP" else "view not known, AP magnifies"
    return f"from predicted outlines; {seen}; {usual}"


__all__ = ["CardiothoracicRatio", "Line", "cardiothoracic_ratio_of"]
