"""Changes a batch of films as projection, exposure and display change them; never mirrored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Augmentation", "augment", "exposed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How far each change may go, to either side.

    Lengths are parts of the image's side, angles degrees, the rest parts of the grey scale.
    """

    shift: float = 0.09
    zoom: float = 0.2
    stretch: float = 0.06
    rotation_degrees: float = 8.0
    gamma: float = 0.45
    contrast: float = 0.25
    brightness: float = 0.1
    clip: float = 0.06
    haze: float = 0.15
    noise: float = 0.04
    blur: float = 0.25


def _uniform(count: int, limit: float, random: torch.Generator) -> Tensor:
    return (torch.rand(count, generator=random) * 2 - 1) * limit


def _warps(count: int, how: Augmentation, random: torch.Generator) -> Tensor:
    angle = _uniform(count, math.radians(how.rotation_degrees), random)
    zoom = torch.exp(_uniform(count, how.zoom, random))
    stretch = torch.exp(_uniform(count, how.stretch, random))
    cos, sin = torch.cos(angle), torch.sin(angle)
    warp = torch.zeros(count, 2, 3)
    warp[:, 0, 0], warp[:, 0, 1] = cos * zoom * stretch, -sin * zoom
    warp[:, 1, 0], warp[:, 1, 1] = sin * zoom, cos * zoom / stretch
    # affine_grid counts from -1 to 1: a shift by s of the side is 2 s there.
    warp[:, :, 2] = 2 * _uniform(2 * count, how.shift, random).view(count, 2)
    return warp


def _warped(images: Tensor, warps: Tensor, size: int) -> Tensor:
    grid = functional.affine_grid(
        warps, [len(images), images.shape[1], size, size], align_corners=False
    )
    return functional.grid_sample(images, grid, align_corners=False)


def exposed(images: Tensor, how: Augmentation, random: torch.Generator) -> Tensor:
    """Return images (n, 1, rows, columns) under another exposure, haze, blur and noise."""
    count = len(images)

    def each(limit: float) -> Tensor:
        return _uniform(count, limit, random).view(-1, 1, 1, 1)

    low, high = each(how.clip).abs(), 1 - each(how.clip).abs()
    grey = ((images - low) / (high - low)).clamp(0, 1) ** torch.exp(each(how.gamma))
    haze = torch.randn(count, 1, 4, 4, generator=random)
    grey = grey + each(how.haze) * functional.interpolate(
        haze, size=grey.shape[-2:], mode="bilinear", align_corners=False
    )
    grey = (grey - 0.5) * torch.exp(each(how.contrast)) + 0.5 + each(how.brightness)
    for width in (3, 5):
        blurred = functional.avg_pool2d(
            grey, width, stride=1, padding=width // 2, count_include_pad=False
        )
        soft = (torch.rand(count, generator=random) < how.blur).view(-1, 1, 1, 1)
        grey = torch.where(soft, blurred, grey)
    return grey + each(how.noise) * torch.randn(grey.shape, generator=random)


def augment(
    images: Tensor,
    masks: Tensor,
    how: Augmentation,
    random: torch.Generator,
    *,
    mask_stride: int = 4,
    side: int | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Warp films and targets together, then change the films' greys.

    Args:
        images: Shape (n, 1, size, size), values 0 to 1.
        masks: Shape (n, 4, size / 2, size / 2).
        how: The limits.
        random: Decides everything.
        mask_stride: The images' side over that of the masks that come out.
        side: Side of the images that come out; ``None`` keeps ``size``.

    Returns:
        Images of shape (n, 1, side, side), still about 0 to 1; masks at ``side / mask_stride``;
        and the warps, shape (n, 2, 3), that `radnlp.train.places.move_boxes` takes.
    """
    size = side or images.shape[-1]
    warps = _warps(len(images), how, random)
    return (
        exposed(_warped(images, warps, size), how, random),
        _warped(masks, warps, size // mask_stride),
        warps,
    )
