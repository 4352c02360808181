"""The cardiothoracic ratio, from the outlines of lungs and heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.cardiothoracic import CardiothoracicRatio

if TYPE_CHECKING:
    import numpy as np
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
    measured = CardiothoracicRatio.of_masks(left_lung, right_lung, heart)
    return None if measured is None else measured.value
