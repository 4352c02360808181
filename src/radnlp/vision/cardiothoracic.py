"""The cardiothoracic ratio, from the outlines of lungs and heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cardiothoracic_ratio"]


def cardiothoracic_ratio(
    left_lung: NDArray[np.bool_], right_lung: NDArray[np.bool_], heart: NDArray[np.bool_]
) -> float | None:
    """Return the greatest width of the heart over the greatest inner width of the chest.

    The heart's width is the sum of its greatest extents to the right and to the left of the
    midline, which need not lie on one level; that is the width of its outline. The chest's inner
    width is taken where it is widest, from the outer edge of one lung to that of the other on the
    same row. The film counts as upright: widths run along rows.

    Args:
        left_lung: Shape (rows, columns).
        right_lung: The same shape.
        heart: The same shape.

    Returns:
        A number above 0, or ``None`` where no row holds both lungs or there is no heart.

    Raises:
        GeometryError: the masks differ in shape.

    Source:
        Danzer, "The cardiothoracic ratio: an index of cardiac enlargement", Am J Med Sci 1919.

    Examples:
        >>> import numpy as np
        >>> chest = np.zeros((3, 10), bool)
        >>> right, left, heart = chest.copy(), chest.copy(), chest.copy()
        >>> right[:, 0:3], left[:, 7:10], heart[1, 3:8] = True, True, True
        >>> cardiothoracic_ratio(left, right, heart)
        0.5
    """
    if not left_lung.shape == right_lung.shape == heart.shape:
        raise GeometryError(
            f"masks of one film have one shape, got {left_lung.shape}, {right_lung.shape} and "
            f"{heart.shape}"
        )
    both = left_lung.any(axis=1) & right_lung.any(axis=1)
    columns = np.flatnonzero(heart.any(axis=0))
    if not both.any() or not columns.size:
        return None
    lungs = (left_lung | right_lung)[both]
    first = lungs.argmax(axis=1)
    last = lungs.shape[1] - lungs[:, ::-1].argmax(axis=1)
    return float((columns[-1] + 1 - columns[0]) / (last - first).max())
