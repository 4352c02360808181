"""Windows: which values are shown between black and white, and in what shape."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import InputError, InvalidHeader, WindowNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# The standard asks for more than 0; a bound keeps the division from overflowing.
_LEAST_WIDTH = 1e-12


class VoiFunction(StrEnum):
    """Shape of a window (DICOM PS3.3 C.11.2.1.3)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window in modality units.

    Attributes:
        center: Value shown at half brightness (``LINEAR``: half a unit below it).
        width: Range of values between black and white.
        function: Shape of the curve.

    Raises:
        InvalidHeader: The width is below 1 (``LINEAR``), or below 1e-12 (the others).
    """

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR

    def __post_init__(self) -> None:
        least = 1.0 if self.function is VoiFunction.LINEAR else _LEAST_WIDTH
        if not self.width >= least:
            raise InvalidHeader(
                f"window width is {self.width:g}, expected at least {least:g} for {self.function}; "
                "leave the window out to show all values"
            )

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return brightness in [0, 1] of the same shape.

        Source:
            DICOM PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT).
        """
        if self.function is VoiFunction.SIGMOID:
            steepness = np.clip(-4.0 * (values - self.center) / self.width, -700.0, 700.0)
            return np.asarray(1.0 / (1.0 + np.exp(steepness)))
        center, width = self.center, self.width
        if self.function is VoiFunction.LINEAR:
            center, width = center - 0.5, width - 1.0
        if width == 0:
            return (values > center).astype(np.float64)
        return np.clip((values - center) / width + 0.5, 0.0, 1.0)


def choose_window(asked: str | tuple[float, float], known: Mapping[str, Window]) -> Window:
    """Return the window that was asked for.

    Args:
        asked: A name, or (centre, width) in modality units, which gives a ``LINEAR`` window
            (``LINEAR_EXACT`` where it is narrower than that allows, 1).
        known: Named windows that apply to the image.

    Raises:
        WindowNotFound: No window of that name applies.
        InputError: Not a name and not two finite numbers, or the width is not positive.

    Examples:
        >>> choose_window((40, 400), {}).width
        400.0
    """
    if isinstance(asked, str):
        return _named(asked, known)
    try:
        center, width = (float(number) for number in asked)
    except (TypeError, ValueError):
        center = width = math.nan
    if not (math.isfinite(center) and math.isfinite(width) and width >= _LEAST_WIDTH):
        raise InputError(
            f"window is {asked!r}, expected a name such as 'lung', or (centre, width) as two "
            "numbers with a positive width"
        )
    function = VoiFunction.LINEAR if width >= 1 else VoiFunction.LINEAR_EXACT
    return Window(center=center, width=width, function=function)


def _named(name: str, known: Mapping[str, Window]) -> Window:
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    if key in known:
        return known[key]
    if not known:
        raise WindowNotFound(
            f"window {name!r} was asked for, but named windows are in Hounsfield units and this is "
            "not known to be CT in such units; pass (centre, width) in its own units instead"
        )
    near = difflib.get_close_matches(key, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise WindowNotFound(
        f"no window is called {name!r}.{hint} Known: {', '.join(known)}; or pass (centre, width)"
    )


__all__ = ["VoiFunction", "Window", "choose_window"]
