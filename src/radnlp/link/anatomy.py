"""Zones of one image, cut from its lung and heart masks.

A zone's side is its mask's: ``left_lung`` is the patient's left wherever it lies in the picture,
so an image that is stored flipped gets its zones right. These zones are cut of every image:

=============================  =====================================================================
label                          what it is
=============================  =====================================================================
``{side}_lung``                the lung field, as segmented (made by the vision stage)
``{side}_upper_zone``          upper third of that lung field's height
``{side}_mid_zone``            middle third
``{side}_lower_zone``          lower third
``{side}_apex``                upper sixth of the height
``{side}_base``                a sixth of the height along the diaphragm
``{side}_costophrenic_angle``  from where the dome falls by 20 degrees towards the side wall; where
                               it does not (fluid, a film cut short): lateral third of the width,
                               within the lowest sixth of the height
``{side}_hilum``               box at the root of the lung, by `zones.toml`; the left one is higher
``cardiac_silhouette``         the heart, as segmented
``{side}_retrocardiac``        the heart's part on that side of the frame's midline: lung lies
                               behind it
``mediastinum``                between the lungs, row by row, down to the heart's lower edge, no
                               wider than the heart or the usual gap in the upper half
=============================  =====================================================================

These are cut when words name them:

=============================  =====================================================================
``{side}_cardiophrenic_angle`` corner of the base at the heart
``{side}_diaphragm``           strip along the lung's lower edge
``{side}_subdiaphragmatic``    from the dome down to the first lumbar vertebra
``{side}_lung_periphery``      lateral strip of the lung field
lobes, fissures                bands of the lung field that overlap, by `zones.toml`
ribs, clavicle, spine, …       at usual proportions of the chest, by `zones.toml`
=============================  =====================================================================

Source:
    Thirds: the reader's convention (Radiology Masterclass, "Chest X-ray anatomy: lung zones").
    Hilum as the root of each lung with bronchi, arteries, veins and nodes: Hansell et al.,
    "Fleischner Society: glossary of terms for thoracic imaging", Radiology 2008; 246:697. The
    glossary gives no fractions; those of apex, base, angle and hilum are ours. On 213 hand-drawn
    masks of adults the domes stand 16 % (right) and 30 % (left, median) of the lung's height above
    its tip, so a straight cut would leave the left base outside of it; and the tip is lateral.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.link.frame import Frame
from radnlp.link.named import angle_of, floor_of, follows_ribs, named_place
from radnlp.link.ribs import USUAL, find_ribs
from radnlp.schema import Box, Mask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from radnlp.link.ribs import Ribs

Bits: TypeAlias = NDArray[np.bool_]

SIDES = ("left", "right")
LUNGS = ("left_lung", "right_lung")

# Zones are cut on masks of at most this many rows and columns: finer than the network draws.
_LONGEST = 768


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A named place.

    Attributes:
        label: Anatomy label, for example ``left_upper_zone``.
        box: In stored pixels.
        mask: In stored pixels; ``None`` for the hilum, which no mask shows.
        rule: What it was cut by: ``zone`` (the lungs), ``ribs_seen`` (the ribs that the picture
            shows), ``ribs_usual`` (it shows none clearly: where most chests have them).
    """

    label: str
    box: Box
    mask: Mask | None = None
    rule: str = "zone"


class Chest:
    """The lungs and the heart of one frontal image.

    Args:
        masks: bool (rows, columns) by label; those of ``left_lung``, ``right_lung`` and ``heart``
            are used, as far as they are there and not empty.
        pixels: The image, shape (rows, columns), bone brighter than air. It is looked at only for
            places that follow the ribs; without it they are where most chests have them.

    Examples:
        >>> left, right = np.zeros((60, 50), bool), np.zeros((60, 50), bool)
        >>> right[5:50, 4:20] = True
        >>> left[5:50, 30:46] = True
        >>> chest = Chest({"left_lung": left, "right_lung": right})
        >>> [zone.box for zone in chest.zones() if zone.label == "right_lower_zone"]
        [Box(x0=4.0, y0=35.0, x1=20.0, y1=50.0)]
    """

    def __init__(
        self, masks: Mapping[str, Bits], pixels: NDArray[np.floating[Any]] | None = None
    ) -> None:
        self._pixels = pixels
        self._shape = max((mask.shape for mask in masks.values()), default=(1, 1))
        self._step = -(-max(self._shape) // _LONGEST)
        smaller = {label: self._thinned(mask) for label, mask in masks.items()}
        self._masks = {label: mask for label, mask in smaller.items() if mask.any()}

    def _thinned(self, mask: Bits) -> Bits:
        """Return every ``step``-th pixel, from the middle of each step's square."""
        rows, columns = (
            np.minimum(np.arange(-(-size // self._step)) * self._step + self._step // 2, size - 1)
            for size in mask.shape
        )
        return mask if self._step == 1 else mask[np.ix_(rows, columns)]

    def _averaged(self, pixels: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return the means of each step's square."""
        if self._step == 1:
            return pixels
        starts = [np.arange(0, size, self._step) for size in pixels.shape]
        sums = np.add.reduceat(np.add.reduceat(pixels, starts[0], axis=0), starts[1], axis=1)
        down, across = (
            np.diff([*one, size]) for one, size in zip(starts, pixels.shape, strict=True)
        )
        return np.asarray(sums / np.outer(down, across))

    @property
    def complete(self) -> bool:
        """Tell whether both lungs are there, so that left and right can be told apart."""
        return all(label in self._masks for label in LUNGS)

    @property
    def midline(self) -> float | None:
        """The x halfway between the lungs in their upper half, where no heart pushes it aside."""
        return None if self._midline is None else self._midline * self._step

    @cached_property
    def _midline(self) -> float | None:
        gap = self._gap
        return None if gap is None else float(np.nonzero(_upper_half(gap))[1].mean() + 0.5)

    @cached_property
    def frame(self) -> Frame | None:
        """The chest's frame in thinned pixels; ``None`` if a lung is missing."""
        if not self.complete:
            return None
        left, right = (self._masks[label] for label in LUNGS)
        return Frame(left, right)

    @cached_property
    def _ribs(self) -> Ribs:
        if self._pixels is None or self._pixels.shape != self._shape or self.frame is None:
            return USUAL
        left, right = (self._masks[label] for label in LUNGS)
        return find_ribs(self._averaged(self._pixels), left | right, self.frame)

    @cached_property
    def left_is_high_x(self) -> bool | None:
        """Tell whether the patient's left lies at high x; ``None`` if a lung is missing."""
        if not self.complete:
            return None
        left, right = (_columns(self._masks[label]).mean() for label in LUNGS)
        return bool(left > right)

    def zones(self) -> Iterator[Zone]:
        """Yield the zones of the first table, as far as the masks allow, without the lungs."""
        for side in SIDES:
            if f"{side}_lung" in self._masks:
                for name, mask in self._lung_parts(side):
                    yield from self._zone(f"{side}_{name}", mask)
                hilum = self.zone(f"{side}_hilum")
                if hilum is not None:
                    yield hilum
        heart = self._masks.get("heart")
        if heart is not None:
            yield from self._zone("cardiac_silhouette", heart)
            if self.frame is not None:
                left = self.frame.u_of(heart.shape) > 0
                yield from self._zone("left_retrocardiac", heart & left)
                yield from self._zone("right_retrocardiac", heart & ~left)
        if self._gap is not None:
            yield from self._zone("mediastinum", self._mediastinum(self._gap))

    def zone(self, label: str) -> Zone | None:
        """Return a zone of the second table; ``None`` if there is none or it lies outside."""
        if self.frame is None:
            return None
        side = label.partition("_")[0]
        lung = self._masks.get(f"{side}_lung")
        floor = None if lung is None else self._floor(side)
        ribs = self._ribs if follows_ribs(label) else None
        place = named_place(label, lung, floor, self.frame, ribs)
        if place is None:
            return None
        if isinstance(place, Box):
            rows, columns = self._masks[LUNGS[0]].shape
            inside = place.clip(columns, rows)
            found = None if inside is None else Zone(label=label, box=self._stored(inside))
        else:
            found = next(self._zone(label, place), None)
        if found is None or ribs is None:
            return found
        return replace(found, rule="ribs_seen" if ribs.seen else "ribs_usual")

    def _stored(self, box: Box) -> Box:
        """Return a box of thinned pixels in stored ones."""
        step, (rows, columns) = self._step, self._shape
        return Box(
            box.x0 * step,
            box.y0 * step,
            min(box.x1 * step, columns),
            min(box.y1 * step, rows),
        )

    def _zone(self, label: str, mask: Bits) -> Iterator[Zone]:
        coded = Mask.from_array(mask)
        box = coded.box()
        if box is not None:
            yield Zone(
                label=label,
                box=self._stored(box),
                mask=coded if self._step == 1 else coded.enlarged(self._step, *self._shape),
            )

    def share_on(
        self, side: str, points: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> float:
        """Return the share of weighted points on one side of the patient's midline.

        Args:
            side: ``left`` or ``right``.
            points: Shape (n, 2), (x, y) in stored pixels.
            weights: Shape (n,), not all 0.

        Returns:
            In [0, 1]; NaN if there is no midline.
        """
        inside = self.on(side, points[:, 0])
        return float("nan") if inside is None else float(weights[inside].sum() / weights.sum())

    def on(self, side: str, x: NDArray[np.floating[Any]]) -> Bits | None:
        """Tell which x, stored pixels, lie on one side of the midline; ``None`` without one."""
        return None if self.midline is None else self._on(side, x, self.midline)

    def _on(self, side: str, x: NDArray[np.floating[Any]], midline: float) -> Bits:
        high = (side == "left") == self.left_is_high_x
        return np.asarray(x > midline if high else x < midline)

    def _lung_parts(self, side: str) -> Iterator[tuple[str, Bits]]:
        lung = self._masks[f"{side}_lung"]
        rows = _rows(lung)
        top, bottom = float(rows[0]), float(rows[-1] + 1)
        height = bottom - top
        centre = np.arange(lung.shape[0])[:, None] + 0.5
        for index, name in enumerate(("upper_zone", "mid_zone", "lower_zone")):
            first, last = top + height * index / 3, top + height * (index + 1) / 3
            yield name, lung & (centre > first) & (centre <= last)
        yield "apex", lung & (centre <= top + height / 6)
        yield "base", lung & (centre > self._floor(side) - height / 6)
        lateral = self._lateral_third(side)
        if lateral is not None:
            angle = self._angle(side)
            low = centre > bottom - height / 6
            yield "costophrenic_angle", (lung & low & lateral) if angle is None else angle

    def _floor(self, side: str) -> NDArray[np.float64]:
        return floor_of(self._masks[f"{side}_lung"], self._masks.get("heart"))

    def _angle(self, side: str) -> Bits | None:
        if self.frame is None:
            return None
        outward = self.frame.sign if side == "left" else -self.frame.sign
        return angle_of(self._masks[f"{side}_lung"], self._floor(side), outward)

    def _lateral_third(self, side: str) -> Bits | None:
        """Return bool (columns,); ``None`` if nothing tells lateral from medial."""
        medial = self._medial_x(side)
        if medial is None:
            return None
        columns = _columns(self._masks[f"{side}_lung"])
        first, last = columns[0], columns[-1] + 1
        third = (last - first) / 3
        centres = np.arange(self._masks[f"{side}_lung"].shape[1]) + 0.5
        if (first + last) / 2 > medial:
            return np.asarray(centres > last - third)
        return np.asarray(centres < first + third)

    def _medial_x(self, side: str) -> float | None:
        if self._midline is not None:
            return self._midline
        other = self._masks.get(f"{'right' if side == 'left' else 'left'}_lung")
        guide = other if other is not None else self._masks.get("heart")
        return None if guide is None else float(_columns(guide).mean())

    def _mediastinum(self, gap: Bits) -> Bits:
        """Return the gap without what lies under the domes, which is as wide as the abdomen."""
        upper = _upper_half(gap)
        width = np.median(upper.sum(axis=1)[upper.any(axis=1)])
        middle = np.nonzero(upper)[1].mean()
        first, last = int(middle - width / 2), int(middle + width / 2)
        result = gap.copy()
        heart = self._masks.get("heart")
        if heart is not None:
            first, last = min(first, _columns(heart)[0]), max(last, _columns(heart)[-1])
            result[_rows(heart)[-1] + 1 :] = False
        result[:, :first] = result[:, last + 1 :] = False
        return result

    @cached_property
    def _gap(self) -> Bits | None:
        """Return what lies between the lungs, row by row; ``None`` if a lung is missing."""
        if not self.complete:
            return None
        low, high = (self._masks[label] for label in LUNGS)
        if self.left_is_high_x:
            low, high = high, low
        columns = low.shape[1]
        start = columns - np.argmax(low[:, ::-1], axis=1)
        end = np.argmax(high, axis=1)
        both = np.asarray(low.any(axis=1) & high.any(axis=1))
        centres = np.arange(columns)[None, :] + 0.5
        gap = both[:, None] & (centres > start[:, None]) & (centres < end[:, None])
        return gap if gap.any() else None


def _upper_half(mask: Bits) -> Bits:
    rows = _rows(mask)
    return mask[rows[0] : rows[0] + max(1, rows.size // 2)]


def _rows(mask: Bits) -> NDArray[np.int_]:
    """Return every row from the first to the last that the mask touches."""
    touched = np.flatnonzero(mask.any(axis=1))
    return np.arange(touched[0], touched[-1] + 1)


def _columns(mask: Bits) -> NDArray[np.int_]:
    touched = np.flatnonzero(mask.any(axis=0))
    return np.arange(touched[0], touched[-1] + 1)


__all__ = ["LUNGS", "SIDES", "Chest", "Zone"]
