"""What can be wrong with the phantom's lungs, and where exactly it shows in the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.errors import InputError
from radnlp.examples.anatomy import cage_half_width, chord, smooth_step
from radnlp.examples.projection import blur

if TYPE_CHECKING:
    from radnlp.examples.anatomy import Torso

__all__ = ["CONCEPTS", "ZONES", "Request", "Shadow", "cast", "zone_bands"]

Floats: TypeAlias = NDArray[np.float64]
Bits: TypeAlias = NDArray[np.bool_]

ZONES = ("upper", "mid", "lower")
_DEFAULT_MM = {
    "nodule": 16.0, "mass": 42.0, "consolidation": 60.0, "pleural_effusion": 40.0,
    "pneumothorax": 25.0,
}  # fmt: skip
CONCEPTS = tuple(_DEFAULT_MM)
_PLEURAL = ("pleural_effusion", "pneumothorax")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A finding to put into the phantom.

    Attributes:
        concept: One of `CONCEPTS`. An enlarged heart is asked for by `Anatomy.heart`.
        side: The patient's ``left`` or ``right``.
        zone: ``upper``, ``mid`` or ``lower``; None for pleural findings, which have their place.
        size_mm: Diameter; height of the fluid at the chest wall; width of the air at the apex.
            None takes a usual size.
    """

    concept: str
    side: str
    zone: str | None = None
    size_mm: float | None = None

    def __post_init__(self) -> None:
        if self.concept not in CONCEPTS:
            raise InputError(
                f"the phantom cannot show {self.concept!r}; it knows {', '.join(CONCEPTS)}"
            )
        if self.side not in ("left", "right"):
            raise InputError(f"side must be 'left' or 'right', got {self.side!r}")
        wanted = (None,) if self.concept in _PLEURAL else ZONES
        if self.zone not in wanted:
            raise InputError(f"zone of {self.concept} must be one of {wanted}, got {self.zone!r}")
        if self.size_mm is not None and not 3.0 <= self.size_mm <= 200.0:
            raise InputError(f"size_mm must lie in [3, 200], got {self.size_mm}")

    @property
    def millimetres(self) -> float:
        """The size asked for, or the usual one."""
        return _DEFAULT_MM[self.concept] if self.size_mm is None else self.size_mm


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shadow:
    """What a finding does to the projection; arrays have the frame's shape.

    Attributes:
        attenuation: Added along each ray.
        visible: Where a reader would see it.
        hidden: Where it takes away the visible lung field, or None.
        airless: Share of the vessels that is gone from each ray (the lung has left), or None.
    """

    attenuation: Floats
    visible: Bits
    hidden: Bits | None = None
    airless: Floats | None = None


def zone_bands(lung: Bits) -> dict[str, tuple[float, float]]:
    """Return the rows (top, bottom; from the outer corner) of the thirds of a lung's height."""
    filled = np.flatnonzero(lung.any(axis=1))
    edges = np.linspace(filled[0], filled[-1] + 1.0, 4)
    return {name: (edges[i], edges[i + 1]) for i, name in enumerate(ZONES)}


def cast(request: Request, torso: Torso, rng: np.random.Generator, *, soft: float) -> Shadow:
    """Return the shadow of one finding.

    Args:
        request: What and where.
        torso: The body that has it.
        rng: Decides the exact place and the texture.
        soft: Attenuation of soft tissue per mm.
    """
    makers = {"pleural_effusion": _effusion, "pneumothorax": _pneumothorax, "consolidation": _patch}
    return makers.get(request.concept, _nodule)(request, torso, rng, soft)


def _place(request: Request, torso: Torso, rng: np.random.Generator) -> tuple[float, float]:
    """Pick a point of the zone (body x and y) as far from its borders as the size asks."""
    lung = torso.masks[f"{request.side}_lung"]
    top, bottom = zone_bands(lung)[request.zone or "mid"]
    rows = np.arange(lung.shape[0])[:, None] + 0.5
    zone = lung & (rows > top) & (rows < bottom)
    margin = 0.5 * request.millimetres * torso.frame.size / torso.frame.spacing_mm
    depth = blur(zone.astype(np.float64), max(margin * 0.6, 1.0))
    depth[~zone] = 0.0
    choices = np.flatnonzero(depth >= min(0.93, 0.985 * depth.max()))
    index = int(choices[int(rng.random() * len(choices))])
    x, y = torso.grid
    return float(x.flat[index]), float(y.flat[index])


def _nodule(request: Request, torso: Torso, rng: np.random.Generator, soft: float) -> Shadow:
    cx, cy = _place(request, torso, rng)
    x, y = torso.grid
    dx, dy = x - cx, y - cy
    angle = np.arctan2(dy, dx)
    lobes = sum(
        share * np.cos(order * angle + phase)
        for order, share, phase in zip(
            (2, 3, 5), (0.05, 0.04, 0.02), rng.uniform(0, 2 * np.pi, 3), strict=True
        )
    )
    radius = 0.5 * request.millimetres * (1.0 + lobes)
    inside = np.hypot(dx, dy) / radius
    excess = soft * (1.08 - torso.anatomy.density)
    return Shadow(attenuation=excess * request.millimetres * chord(inside**2), visible=inside < 1.0)


def _patch(request: Request, torso: Torso, rng: np.random.Generator, soft: float) -> Shadow:
    """Airspace filling: cloudy, with an ill-defined border."""
    cx, cy = _place(request, torso, rng)
    x, y = torso.grid
    spacing = torso.frame.spacing_mm / torso.frame.size
    clouds = [
        blur(rng.standard_normal(x.shape), sigma / spacing) * sigma / spacing * 3.5
        for sigma in (4.0, 9.0)
    ]
    half = 0.5 * request.millimetres
    wide, tall = half * rng.uniform(0.9, 1.15), half * rng.uniform(0.7, 0.95)
    inside = np.hypot((x - cx) / wide, (y - cy) / tall) + 0.13 * clouds[1] + 0.05 * clouds[0]
    lung = torso.lungs[request.side]
    amount = smooth_step((1.08 - inside) / 0.55) * (0.85 + 0.10 * clouds[0])
    length = np.minimum(lung, 1.9 * half) * np.clip(amount, 0.0, 1.0)
    attenuation = soft * (0.90 - torso.anatomy.density) * length
    return Shadow(attenuation=attenuation, visible=attenuation > 0.33 * attenuation.max())


def _effusion(request: Request, torso: Torso, rng: np.random.Generator, soft: float) -> Shadow:
    """Fluid that stands highest at the chest wall."""
    del rng
    x, y = torso.grid
    size = request.millimetres
    wall = np.abs(x) / cage_half_width(y)
    floor = {"right": 258.0, "left": 262.0}[request.side] + torso.anatomy.inspiration_mm
    climb = 0.62 * size * (1.0 - np.clip(wall, 0.0, 1.0) ** 5)
    level = floor - size + climb
    share = smooth_step((y - level) / (6.0 + 0.06 * size) + 0.5)
    attenuation = soft * (1.0 - torso.anatomy.density) * torso.lungs[request.side] * share
    field = torso.masks[f"{request.side}_lung"]
    return Shadow(
        attenuation=attenuation, visible=field & (share > 0.25), hidden=field & (share > 0.5)
    )


def _pneumothorax(request: Request, torso: Torso, rng: np.random.Generator, soft: float) -> Shadow:
    """Air around the upper lung, bounded by the line of the visceral pleura."""
    del rng
    x, y = torso.grid
    size = request.millimetres
    gap = size * (1.0 - smooth_step((y - 10.0) / 170.0))
    beyond = np.abs(x) - (cage_half_width(np.maximum(y - gap, 0.0)) - 0.6 * gap)
    beyond = np.maximum(beyond, gap - y)
    field = torso.masks[f"{request.side}_lung"]
    empty = smooth_step(beyond + 0.5) * (torso.lungs[request.side] > 0.0)
    line = 0.05 * np.exp(-((beyond / 0.8) ** 2)) * (gap > 1.0) * (torso.lungs[request.side] > 8.0)
    lost = soft * torso.anatomy.density * torso.lungs[request.side] * 0.75 * empty
    return Shadow(
        attenuation=line - lost, visible=field & (beyond > 0.0) & (gap > 1.0), airless=empty
    )
