"""Brings an image to the size and grey scale of the network, and says how to come back."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from radnlp.errors import InputError
from radnlp.schema.geometry import PixelMap
from radnlp.vision import steps
from radnlp.vision.grey import HIGH, LOW, normalise
from radnlp.vision.steps import Fit, Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from torch import Tensor

__all__ = [
    "STEPS",
    "Fit",
    "PreparationOptions",
    "Prepared",
    "normalise",
    "prepare",
    "run_steps",
    "to_network",
]

_METHODS = ("median", "bilateral", "nlm")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationOptions:
    """Which steps bring an image to the network, in which order, and their settings.

    A TOML table with the same names maps to it: ``PreparationOptions(**table)``.

    Attributes:
        steps: Names in `STEPS`. ``resize`` and ``pad`` occur once, ``pad`` last; ``crop_border``
            stands before ``resize``. ``resize`` early makes the rest cheap.
        low: ``percentile``: what becomes 0.
        high: ``percentile``: what becomes 1.
        gamma: ``percentile``: whether the median becomes 0.5.
        clip: ``clahe``: limit of the gain, 1 or more.
        tiles: ``clahe``: tiles along each side.
        method: ``denoise``: ``median``, ``bilateral`` or ``nlm``.
        strength: ``denoise``: what counts as noise, as part of the image's range.
        limit: ``crop_border``: greatest part that each side may lose, under 0.5.

    Raises:
        InputError: an unknown step (the message names the nearest), an order that cannot be, or a
            setting out of range.

    Examples:
        >>> PreparationOptions(steps=["crop_border", "resize", "clahe", "pad"]).steps
        ('crop_border', 'resize', 'clahe', 'pad')
    """

    steps: tuple[str, ...] = ("resize", "percentile", "pad")
    low: float = LOW
    high: float = HIGH
    gamma: bool = True
    clip: float = 2.0
    tiles: int = 8
    method: Literal["median", "bilateral", "nlm"] = "median"
    strength: float = 0.05
    limit: float = 0.35

    def __post_init__(self) -> None:
        given: object = self.steps
        if isinstance(given, str):
            raise InputError(f"steps is a list of names, got {given!r}; write [{given!r}]")
        object.__setattr__(self, "steps", tuple(self.steps))
        for name in self.steps:
            if name not in STEPS:
                raise InputError(_not_found(name))
        self._check_order()
        self._check_settings()

    def _check_order(self) -> None:
        found = ", ".join(self.steps) or "none"
        if [self.steps.count(name) for name in ("resize", "pad")] != [1, 1]:
            raise InputError(
                f"a chain needs 'resize' and 'pad' once each to reach the network, got {found}"
            )
        if self.steps[-1] != "pad":
            raise InputError(f"'pad' comes last in a chain, got {found}")
        if "crop_border" in self.steps[self.steps.index("resize") :]:
            raise InputError(f"'crop_border' comes before 'resize', got {found}")

    def _check_settings(self) -> None:
        right = {
            "0 <= low < high <= 100": 0 <= self.low < self.high <= 100,
            "clip >= 1": self.clip >= 1,
            "1 <= tiles <= 64": 1 <= self.tiles <= 64,
            f"method is one of {', '.join(_METHODS)}": self.method in _METHODS,
            "0 < strength <= 1": 0 < self.strength <= 1,
            "0 <= limit < 0.5": 0 <= self.limit < 0.5,
        }
        for rule, holds in right.items():
            if not holds:
                raise InputError(f"preparation needs {rule}, got {self}")


#: Every step by its name: takes pixels, the options and the side of the network's square.
STEPS: Mapping[str, Callable[[NDArray[np.float32], PreparationOptions, int], Prepared]]
STEPS = MappingProxyType(
    {
        "percentile": lambda pixels, how, size: steps.percentile(
            pixels, low=how.low, high=how.high, gamma=how.gamma
        ),
        "clahe": lambda pixels, how, size: steps.clahe(pixels, clip=how.clip, tiles=how.tiles),
        "denoise": lambda pixels, how, size: steps.denoise(
            pixels, method=how.method, strength=how.strength
        ),
        "crop_border": lambda pixels, how, size: steps.crop_border(pixels, limit=how.limit),
        "resize": lambda pixels, how, size: steps.resize(pixels, size=size),
        "pad": lambda pixels, how, size: steps.pad(pixels, size=size),
    }
)


def run_steps(
    pixels: NDArray[np.float32], size: int, options: PreparationOptions
) -> tuple[Prepared, Fit]:
    """Run a chain.

    Args:
        pixels: Shape (rows, columns), display-ready (0 is black).
        size: Side of the square that the network takes.
        options: The chain.

    Returns:
        Pixels of shape (size, size) with the map to those given, and where the image, without
        padding, lies in them.

    Raises:
        InputError: pixels of another shape, none at all, or not finite.
    """
    if pixels.ndim != 2 or pixels.size == 0 or not np.isfinite(pixels).all():
        raise InputError(
            f"preparation takes finite pixels of shape (rows, columns), got shape {pixels.shape}"
            f"{'' if pixels.ndim != 2 or pixels.size == 0 else ' with NaN or infinite values'}; "
            "read the file with read_image"
        )
    current, pixel_map = np.asarray(pixels, dtype=np.float32), PixelMap()
    rows, columns = pixels.shape
    for name in options.steps:
        if name == "resize":
            rows, columns = current.shape
        done = STEPS[name](current, options, size)
        current, pixel_map = done.pixels, pixel_map.after(done.pixel_map)
    return Prepared(pixels=current, pixel_map=pixel_map), Fit.of(rows, columns, size)


def prepare(
    pixels: NDArray[np.float32], size: int, options: PreparationOptions | None = None
) -> tuple[Tensor, PixelMap]:
    """Resize with the aspect ratio kept, normalise, and pad with black to a square.

    Args:
        pixels: Shape (rows, columns), display-ready (0 is black).
        size: Side of the square that the network takes.
        options: Another chain of steps.

    Returns:
        A tensor of shape (1, 1, size, size) with values from 0 to 1, and the map from its
        pixels to those of ``pixels``.

    Raises:
        InputError: pixels of another shape, none at all, or not finite.
    """
    prepared, _ = run_steps(pixels, size, options or PreparationOptions())
    return torch.from_numpy(prepared.pixels)[None, None], prepared.pixel_map


def to_network(greys: Tensor) -> Tensor:
    """Return greys from 0 to 1 as the networks take them, from -1 to 1."""
    return greys * 2 - 1


def _not_found(name: str) -> str:
    near = difflib.get_close_matches(name, STEPS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"no preparation step called {name!r}.{hint} Known: {', '.join(STEPS)}"
