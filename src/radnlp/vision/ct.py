"""Body and lungs of a chest CT, from Hounsfield units and shape alone: nothing is learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from radnlp.vision.islands import Islands, grown, islands, shrunk

if TYPE_CHECKING:
    from radnlp.schema.volume import Volume

__all__ = ["CtAnatomy", "CtOptions", "segment_ct"]

_LUNGS = ("left_lung", "right_lung")
_LEFT, _RIGHT, _OTHER = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CtOptions:
    """What is taken for body and lung.

    Attributes:
        body_hu: What is denser is body, or table.
        lung_hu: What is thinner, inside the body, is air or lung: about midway between lung and
            soft tissue.
        gas_hu: A part whose median is below is plain gas: bowel, airway, the outside.
        opening_mm: How far the body is shrunk to part it from table and clothes.
        parting_mm: How far air and lung are shrunk, one after the other, to part the lungs from
            the airway and from one another.
        closing_mm: Notches in a lung that are narrower than twice this, as vessels at its edge
            are, belong to it.
        lung_area_cm2: Least area of a lung in its largest axial slice.
        lung_ml: Greatest volume of a lung.
        least_ratio: Least volume of the smaller lung as a part of the larger one's.
        apart_mm: Least distance of the lungs' middles from left to right.
        oblique_degrees: Greatest angle between the voxel axes and the patient's.
    """

    body_hu: float = -300.0
    lung_hu: float = -400.0
    gas_hu: float = -965.0
    opening_mm: float = 2.0
    parting_mm: tuple[float, ...] = (2.0, 3.0, 4.0, 6.0, 8.0)
    closing_mm: float = 4.0
    lung_area_cm2: float = 8.0
    lung_ml: float = 5000.0
    least_ratio: float = 0.2
    apart_mm: float = 40.0
    oblique_degrees: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CtAnatomy:
    """What was found in a volume; nothing is claimed that is not there.

    Attributes:
        masks: By label (``body``, ``left_lung``, ``right_lung``; the patient's sides), bool, shape
            of the volume's values.
        volumes_ml: Volume of each mask.
        complete: False if a lung reaches the first or last axial slice, so that its volume is that
            of a part.
        reason: Why there are no lungs, or no masks at all; ``None`` if there are.
    """

    masks: dict[str, NDArray[np.bool_]]
    volumes_ml: dict[str, float]
    complete: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Canonical:
    """A volume turned so that its axes grow towards head, back and the patient's left.

    Attributes:
        values: Shape (axial slices, rows, columns), a view.
        axes: Axis of the volume that each of them is.
        flipped: Which of them run against the volume's.
        spacing_mm: Of each of them.
    """

    values: NDArray[np.float32]
    axes: tuple[int, int, int]
    flipped: tuple[int, ...]
    spacing_mm: tuple[float, float, float]

    @property
    def voxel_ml(self) -> float:
        return math.prod(self.spacing_mm) / 1000.0

    def back(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Turn a mask into the order of the volume's values."""
        flipped = np.flip(mask, axis=self.flipped) if self.flipped else mask
        return np.ascontiguousarray(np.transpose(flipped, np.argsort(self.axes)))

    def steps(self, millimetres: float) -> tuple[int, int, int]:
        """Return how many voxels that is along each axis, rounded down."""
        slices, rows, columns = (int(millimetres / size + 1e-6) for size in self.spacing_mm)
        return slices, rows, columns


def segment_ct(volume: Volume, options: CtOptions | None = None) -> CtAnatomy:
    """Find the body and both lungs of a CT volume.

    The body is the largest dense part, filled slice by slice. Air and lung inside it are shrunk
    until two large parts are left that are no plain gas; they grow back into the rest against the
    airway, and vessels inside them are filled in. Sides are the patient's, by the volume's
    geometry. Consolidated lung and fluid are dense and therefore left out.

    Args:
        volume: CT in Hounsfield units.
        options: Thresholds and limits.

    Returns:
        Masks, or the reason why there are none. Other volumes than CT in HU get none.
    """
    options = options or CtOptions()
    reason = _objection(volume, options)
    if reason is not None:
        return CtAnatomy(masks={}, volumes_ml={}, reason=reason)
    turned = _canonical(volume)
    body = _body(turned, options)
    if body is None:
        return CtAnatomy(masks={}, volumes_ml={}, reason="nothing in it is as dense as a body")
    found: dict[str, NDArray[np.bool_]] = {"body": body}
    lungs, reason = _lungs(turned, body, options)
    if lungs is not None:
        reason = _fault(lungs, turned, options)
        found |= {} if reason else lungs
    return CtAnatomy(
        masks={label: turned.back(mask) for label, mask in found.items()},
        volumes_ml={label: float(mask.sum()) * turned.voxel_ml for label, mask in found.items()},
        complete=reason is None
        and not any(mask[end].any() for mask in (lungs or {}).values() for end in (0, -1)),
        reason=reason,
    )


def _objection(volume: Volume, options: CtOptions) -> str | None:
    if volume.modality != "CT":
        return f"its modality is {volume.modality or 'not known'}, expected CT"
    if volume.unit != "HU":
        return f"its values are in {volume.unit or 'no known unit'}, expected Hounsfield units"
    cosines = np.abs([volume.slice_cosines, volume.column_cosines, volume.row_cosines])
    order = [(2, "axial"), (1, "coronal"), (0, "sagittal")]
    nearest = min(float(cosines[volume.axis_of(view)][axis]) for axis, view in order)
    if nearest < math.cos(math.radians(options.oblique_degrees)):
        return f"it is turned by more than {options.oblique_degrees:g}° against the patient"
    return None


def _canonical(volume: Volume) -> _Canonical:
    axes = (volume.axis_of("axial"), volume.axis_of("coronal"), volume.axis_of("sagittal"))
    directions = (volume.slice_cosines, volume.column_cosines, volume.row_cosines)
    flipped = tuple(
        place
        for place, (axis, patient) in enumerate(zip(axes, (2, 1, 0), strict=True))
        if directions[axis][patient] < 0
    )
    values = np.transpose(volume.values, axes)
    slices, rows, columns = (volume.spacing_mm[axis] for axis in axes)
    return _Canonical(
        values=np.flip(values, axis=flipped) if flipped else values,
        axes=axes,
        flipped=flipped,
        spacing_mm=(slices, rows, columns),
    )


def _body(turned: _Canonical, options: CtOptions) -> NDArray[np.bool_] | None:
    dense = turned.values > options.body_hu
    _, rows, columns = turned.steps(options.opening_mm)
    core = islands(shrunk(dense, (0, rows, columns)))
    if not len(core.sizes):
        return None
    # Legs and arms are parts of the body; a table's shell is far smaller.
    kept = core.mask(core.sizes >= 0.1 * core.sizes.max())
    return _filled(grown(kept, (0, rows, columns)) & dense)


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill holes, slice by slice."""
    outside = islands(~mask, in_plane=True)
    return ~outside.mask(outside.touching_edge())


def _lungs(
    turned: _Canonical, body: NDArray[np.bool_], options: CtOptions
) -> tuple[dict[str, NDArray[np.bool_]] | None, str | None]:
    air = body & (turned.values < options.lung_hu)
    if not air.any():
        return None, "there is no air inside the body"
    box = _bounds(air)
    air, values = air[box], turned.values[box]
    for parting_mm in options.parting_mm:
        parts = islands(shrunk(air, turned.steps(parting_mm)))
        labels = _sides(parts, values, turned, options)
        if labels is not None:
            break
    else:
        return None, "no two parts of the air inside it are like a left and a right lung"
    seeds = np.zeros(air.shape, dtype=np.int8)
    for label in (_LEFT, _RIGHT, _OTHER):
        seeds[parts.mask(labels == label)] = label
    _spread(seeds, air)
    closed = {}
    for name, label in zip(_LUNGS, (_LEFT, _RIGHT), strict=True):
        lung = _filled(_closed(seeds == label, turned.steps(options.closing_mm)))
        closed[name] = lung & ((seeds == 0) | (seeds == label)) & body[box]
    closed["right_lung"] &= ~closed["left_lung"]
    lungs = {name: np.zeros(body.shape, dtype=bool) for name in closed}
    for name, lung in closed.items():
        lungs[name][box] = lung
    return lungs, None


def _sides(
    parts: Islands, values: NDArray[np.float32], turned: _Canonical, options: CtOptions
) -> NDArray[np.int8] | None:
    """Say of each part whether it is left or right lung or something else.

    Returns:
        Shape (parts,); ``None`` if there are no two parts that can be the lungs.
    """
    if len(parts.sizes) < 2:
        return None
    order = np.argsort(-parts.sizes)[:40]
    large = [int(one) for one in order if parts.sizes[one] >= 0.01 * parts.sizes.max()]
    middle = _middles(parts) * turned.spacing_mm[2]
    tissue = [one for one in large if _median(parts, one, values) >= options.gas_hu]
    if len(tissue) < 2:
        return None
    first, second = tissue[:2]
    if parts.sizes[second] < options.least_ratio * parts.sizes[first]:
        return None
    if abs(middle[first] - middle[second]) < options.apart_mm:
        return None
    labels = np.full(len(parts.sizes), _OTHER, dtype=np.int8)
    labels[parts.sizes < 0.001 * parts.sizes.max()] = 0  # too small to hold its own against a lung
    between = (middle[first] + middle[second]) / 2
    for one in tissue:
        labels[one] = _LEFT if middle[one] > between else _RIGHT
    return labels


def _middles(parts: Islands) -> NDArray[np.float64]:
    """Return the mean column of each part."""
    width = parts.shape[2] + 1
    lengths = (parts.ends - parts.starts).astype(np.float64)
    centres = parts.starts % width + (lengths - 1) / 2
    count = len(parts.sizes)
    return np.bincount(parts.labels, weights=centres * lengths, minlength=count) / parts.sizes


def _median(parts: Islands, one: int, values: NDArray[np.float32]) -> float:
    chosen = np.zeros(len(parts.sizes), dtype=bool)
    chosen[one] = True
    return float(np.median(values[parts.mask(chosen)]))


def _spread(labels: NDArray[np.int8], within: NDArray[np.bool_]) -> None:
    """Let every label grow by faces into what is free within the mask, at one speed, in place."""
    padded = np.full(tuple(size + 2 for size in labels.shape), -1, dtype=np.int8)
    inner = (slice(1, -1),) * 3
    padded[inner] = np.where(within | (labels > 0), labels, np.int8(-1))
    flat = padded.ravel()
    _, rows, columns = padded.shape
    offsets = (1, -1, columns, -columns, rows * columns, -rows * columns)
    fronts = {label: np.flatnonzero(flat == label) for label in (_OTHER, _LEFT, _RIGHT)}
    while any(front.size for front in fronts.values()):
        for label, front in fronts.items():
            reached = np.concatenate([front + offset for offset in offsets])
            reached = np.unique(reached[flat[reached] == 0])
            flat[reached] = label
            fronts[label] = reached
    labels[:] = np.maximum(padded[inner], 0)


def _fault(
    lungs: dict[str, NDArray[np.bool_]], turned: _Canonical, options: CtOptions
) -> str | None:
    pixel_cm2 = turned.spacing_mm[1] * turned.spacing_mm[2] / 100.0
    for label, mask in lungs.items():
        name = label.replace("_", " ")
        area = float(mask.sum(axis=(1, 2)).max()) * pixel_cm2
        if area < options.lung_area_cm2:
            return f"the {name} would cover {area:.1f} cm² at most, too little for a lung"
        volume = float(mask.sum()) * turned.voxel_ml
        if volume > options.lung_ml:
            return f"the {name} would hold {volume:.0f} ml, too much for a lung"
        if float(np.median(turned.values[mask])) < options.gas_hu:
            return f"the {name} would be plain gas"
    levels = [mask.any(axis=(1, 2)) for mask in lungs.values()]
    common = int((levels[0] & levels[1]).sum())
    if common < 0.5 * min(int(level.sum()) for level in levels):
        return "the lungs would lie at different heights"
    return None


def _bounds(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the smallest box around a mask, one voxel wider where there is room."""
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        inside = np.flatnonzero(mask.any(axis=others))
        box.append(slice(max(0, int(inside[0]) - 1), int(inside[-1]) + 2))
    return tuple(box)


def _closed(mask: NDArray[np.bool_], steps: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Fill notches narrower than the box, without growing at the edges of the volume."""
    return shrunk(grown(mask, steps), steps)
