"""The study that a phantom makes: the film, its masks, its zones and what it shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.errors import InputError
from radnlp.examples.anatomy import Anatomy, Torso
from radnlp.examples.film import Film, develop
from radnlp.examples.landmarks import landmarks
from radnlp.examples.lesions import Request, Shadow, cast, zone_bands
from radnlp.examples.projection import Frame, blur
from radnlp.examples.skeleton import bones, spine
from radnlp.examples.vessels import airway, vessels
from radnlp.schema.geometry import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Lesion", "Phantom", "SimulatedStudy", "simulate"]

Floats: TypeAlias = NDArray[np.float64]
Bits: TypeAlias = NDArray[np.bool_]

SOFT = 0.0198  # soft tissue, per mm, around 70 keV effective
ENLARGED_HEART = 0.5  # cardiothoracic ratio above which a heart counts as enlarged on a PA film


@dataclass(frozen=True, slots=True, kw_only=True)
class Phantom:
    """Everything that can be chosen about a phantom; the defaults make a normal adult.

    Attributes:
        anatomy: How the body differs from the reference body.
        film: Exposure and processing.
        findings: What to put into the lungs.
        size: Size of the body, all directions.
        width: Further stretch from side to side.
        height: Further stretch from head to foot.
        shift_mm: (right, down) displacement in the image.
        tilt_degrees: Rotation in the image plane.
        turn_degrees: Rotation of the patient about the long axis.
    """

    anatomy: Anatomy = field(default_factory=Anatomy)
    film: Film = field(default_factory=Film)
    findings: tuple[Request, ...] = ()
    size: float = 1.0
    width: float = 1.0
    height: float = 1.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    tilt_degrees: float = 0.0
    turn_degrees: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """A finding that the film shows.

    Attributes:
        concept: Vocabulary id.
        side: Patient's side; None for the heart.
        zone: For example ``right_upper_zone``; None for pleural findings and the heart.
        size_mm: Size in the patient's body; None for the heart.
        box: Where it shows, stored pixels.
    """

    concept: str
    side: str | None
    zone: str | None
    size_mm: float | None
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedStudy:
    """A film and the truth about it.

    Attributes:
        pixels: uint16 (rows, columns), 0 black to 4095 white (MONOCHROME2).
        masks: bool (rows, columns) for ``left_lung``, ``right_lung`` (visible lung fields: without
            the part behind the heart, below the domes and under fluid) and ``heart``.
        zones: Boxes of ``{left,right}_{upper,mid,lower}_zone``, thirds of the height of the lung
            field before fluid hides any of it.
        places: Boxes of other named places by anatomy label; see `landmarks`.
        findings: What the film shows, in the order asked for, an enlarged heart last.
        spacing_mm: Distance between pixel centres at the detector.
        heart_ratio: Width of the heart against the inner width of the chest.
        seed: What the film was made from.
        marker: Letters are drawn into the pixels.
    """

    pixels: NDArray[np.uint16]
    masks: dict[str, Bits]
    zones: dict[str, Box]
    places: dict[str, Box]
    findings: tuple[Lesion, ...]
    spacing_mm: float
    heart_ratio: float
    seed: int
    marker: bool


def simulate(
    options: Phantom | None = None, *, rows: int = 1024, columns: int = 860, seed: int = 0
) -> SimulatedStudy:
    """Return a simulated film; the same arguments give the same pixels.

    Args:
        options: The body, the film and its findings.
        rows: Rows of the film; the field of view is 410 mm high.
        columns: Columns of the film.
        seed: Decides vessels, texture, noise and the place of a lesion in its zone.

    Raises:
        InputError: The film is smaller than 64 pixels on a side, or misses a lung or the heart.

    Examples:
        >>> study = simulate(rows=96, columns=80)
        >>> study.pixels.shape, sorted(study.masks)
        ((96, 80), ['heart', 'left_lung', 'right_lung'])
    """
    if min(rows, columns) < 64:
        raise InputError(f"a film needs at least 64 rows and columns, got {rows}×{columns}")
    options = options or Phantom()
    frame = Frame(
        rows=rows, columns=columns, size=options.size, width=options.width, height=options.height,
        shift_mm=options.shift_mm, tilt_degrees=options.tilt_degrees,
        turn_degrees=options.turn_degrees,
    )  # fmt: skip
    torso = Torso(anatomy=options.anatomy, frame=frame)
    streams = [np.random.default_rng([seed, index]) for index in range(4)]
    for name, mask in torso.masks.items():
        if not mask.any():
            raise InputError(f"{name} lies outside the film; reduce shift_mm or size")
    shadows = [cast(request, torso, streams[0], soft=SOFT) for request in options.findings]
    attenuation = options.size * _attenuation(torso, shadows, streams[1], streams[2])
    masks = torso.masks
    pixels = develop(
        attenuation,
        options.film,
        streams[3],
        spacing_mm=frame.spacing_mm,
        lungs=masks["left_lung"] | masks["right_lung"],
        heart=masks["heart"],
    )
    zones = _zones(masks)
    ratio = _heart_ratio(masks)
    findings = tuple(
        Lesion(
            concept=request.concept,
            side=request.side,
            zone=f"{request.side}_{request.zone}_zone" if request.zone else None,
            size_mm=request.millimetres * options.size,
            box=_box(shadow.visible),
        )
        for request, shadow in zip(options.findings, shadows, strict=True)
        if shadow.visible.any()
    )
    if ratio > ENLARGED_HEART:
        heart = Lesion(
            concept="cardiomegaly", side=None, zone=None, size_mm=None, box=_box(masks["heart"])
        )
        findings = (*findings, heart)
    return SimulatedStudy(
        pixels=pixels,
        masks=_visible(masks, shadows),
        zones=zones,
        places=landmarks(torso),
        findings=findings,
        spacing_mm=frame.spacing_mm,
        heart_ratio=ratio,
        seed=seed,
        marker=options.film.marker,
    )


def _attenuation(
    torso: Torso,
    shadows: Sequence[Shadow],
    tree: np.random.Generator,
    texture: np.random.Generator,
) -> Floats:
    """Return the line integral per unit of body size, bones, vessels and findings included."""
    frame = torso.frame
    excess = SOFT * (1.0 - torso.anatomy.density)
    lung = torso.lungs["left"] + torso.lungs["right"]
    spacing = frame.spacing_mm / frame.size
    grain = _grain(texture, lung.shape, [0.9 / spacing, 2.2 / spacing])
    clouds = _grain(texture, lung.shape, [7.0 / spacing, 16.0 / spacing])
    total = SOFT * torso.body * (1.0 + 0.006 * clouds) - excess * lung * (1.0 + 0.009 * grain)
    fine = [
        frame.project(vessels(torso, tree, frame.step_mm, excess=excess * 1.2)),
        frame.project(bones(frame.step_mm)),
        frame.project(airway(frame.step_mm, deficit=SOFT * 0.95)),
    ]
    kept = np.ones(lung.shape)
    for shadow in shadows:
        if shadow.airless is not None:
            kept = kept * (1.0 - shadow.airless)
    total += blur(fine[0], 0.8) * kept + blur(fine[1], 0.8) + blur(fine[2], 1.6) + spine(torso)
    total -= SOFT * _stomach(torso)
    for shadow in shadows:
        total += shadow.attenuation
    return np.where(torso.body > 0.0, np.maximum(total, 0.0), 0.0)


def _stomach(torso: Torso) -> Floats:
    """Length of the ray in the air bubble of the stomach and the bowel's left flexure."""
    x, y = torso.x_at(-30.0), torso.grid[1] - torso.anatomy.inspiration_mm
    bubble = np.maximum(1.0 - ((x - 72.0) / 27.0) ** 2 - ((y - 252.0) / 15.0) ** 2, 0.0) ** 0.7
    bowel = np.maximum(1.0 - ((x - 108.0) / 15.0) ** 2 - ((y - 300.0) / 20.0) ** 2, 0.0) ** 0.7
    return 26.0 * bubble + 18.0 * bowel


def _grain(rng: np.random.Generator, shape: tuple[int, ...], sigmas: Sequence[float]) -> Floats:
    """Return noise of unit deviation per scale, summed over the scales (pixels)."""
    layers = []
    for sigma in sigmas:
        layer = blur(rng.standard_normal(shape), max(sigma, 0.5))
        layers.append(layer / layer.std())
    total: Floats = np.sum(layers, axis=0)
    return total


def _visible(masks: dict[str, Bits], shadows: Sequence[Shadow]) -> dict[str, Bits]:
    result = dict(masks)
    for shadow in shadows:
        if shadow.hidden is not None:
            for name in ("left_lung", "right_lung"):
                result[name] = result[name] & ~shadow.hidden
    return result


def _zones(masks: dict[str, Bits]) -> dict[str, Box]:
    zones = {}
    for side in ("right", "left"):
        lung = masks[f"{side}_lung"]
        for name, (top, bottom) in zone_bands(lung).items():
            rows = np.arange(lung.shape[0])[:, None] + 0.5
            band = _box(lung & (rows > top) & (rows < bottom))
            zones[f"{side}_{name}_zone"] = Box(band.x0, float(top), band.x1, float(bottom))
    return zones


def _heart_ratio(masks: dict[str, Bits]) -> float:
    chest = _box(masks["left_lung"] | masks["right_lung"])
    return _box(masks["heart"]).width / chest.width


def _box(mask: Bits) -> Box:
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
