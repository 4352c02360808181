"""Where findings usually lie in a zone and how large they are, counted in drawn boxes.

``usual.json`` is written by ``radnlp train grounding``. It holds, for each finding and
zone, mean and spread of four numbers that describe a box within a lung's own measure:

- how far its middle lies from the midline, in half widths of the chest, outwards positive;
- how far down the lung's height its middle lies, 0 at the top, 1 at the lowest tip;
- the logarithms of its width, in half widths of the chest, and of its height, in heights of the
  lung.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from radnlp.schema import Box

Floats: TypeAlias = NDArray[np.float64]

#: The name of the entry over all zones.
ANYWHERE = "anywhere"
THIRDS = ("upper_zone", "mid_zone", "lower_zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """Where boxes of a finding lie in a zone: mean and spread (standard deviation), shape (4,)."""

    mean: tuple[float, float, float, float]
    spread: tuple[float, float, float, float]
    boxes: int

    def log_density(self, own: Floats) -> Floats:
        """Return how usual boxes are, shape (n,): 0 for the mean, less for others.

        Args:
            own: Shape (n, 4), in the lung's own measure.
        """
        far = (own - np.array(self.mean)) / np.array(self.spread)
        return np.asarray(-0.5 * (far**2).sum(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One lung's own measure.

    Attributes:
        midline: x of the midline, stored pixels.
        half_width: Half the width of the chest.
        top: y of the lung's top.
        height: The lung's height.
        outwards: 1 if the side wall lies at higher x than the midline, else -1.
    """

    midline: float
    half_width: float
    top: float
    height: float
    outwards: float

    @classmethod
    def of(cls, lung: Box, other: Box, midline: float) -> Measure:
        """Return the measure of ``lung`` by the boxes of both."""
        width = max(lung.x1, other.x1) - min(lung.x0, other.x0)
        outwards = 1.0 if lung.center[0] > other.center[0] else -1.0
        return cls(
            midline=midline,
            half_width=width / 2,
            top=lung.y0,
            height=lung.height,
            outwards=outwards,
        )

    def own(self, boxes: NDArray[np.floating[Any]]) -> Floats:
        """Bring boxes, shape (n, 4), stored pixels, to the lung's measure, shape (n, 4)."""
        x0, y0, x1, y1 = boxes.astype(np.float64).T
        return np.stack(
            [
                self.outwards * ((x0 + x1) / 2 - self.midline) / self.half_width,
                ((y0 + y1) / 2 - self.top) / self.height,
                np.log(np.maximum(x1 - x0, 1e-3) / self.half_width),
                np.log(np.maximum(y1 - y0, 1e-3) / self.height),
            ],
            axis=1,
        )

    def box(self, own: tuple[float, float, float, float]) -> Box:
        """Return a box of the lung's measure in stored pixels."""
        u, v, width, height = own
        half = (np.exp(width) * self.half_width / 2, np.exp(height) * self.height / 2)
        x = self.midline + self.outwards * u * self.half_width
        y = self.top + v * self.height
        return Box(x - half[0], y - half[1], x + half[0], y + half[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The whole table.

    A candidate's score is ``logit(network) + prior_weight · log density``; the confidence that the
    best one is well placed is ``sigmoid(slope · score + offset)``.

    Attributes:
        habits: By finding, then by zone.
        weights: ``name@sha256`` of the network whose scores the numbers below were fitted to.
        prior_weight: What the words count beside the picture.
        silent_below: A network's logit under which the picture says nothing there.
        slope: Of the confidence.
        offset: Of the confidence.
        calibrated: True if its error on held-out patients was small enough.
        others: Slope and offset of the confidence in a box that other findings place; fitted on
            findings with boxes, as if each had none, and so never calibrated.
    """

    habits: Mapping[str, Mapping[str, Habit]]
    weights: str
    prior_weight: float
    silent_below: float
    slope: float
    offset: float
    calibrated: bool
    others: tuple[float, float]

    def without(self, concepts: Collection[str]) -> Usual:
        """Return the table as it would be if these findings had no boxes."""
        habits = {one: zones for one, zones in self.habits.items() if one not in concepts}
        return replace(self, habits=habits)

    def habit(self, concept: str, labels: tuple[str, ...], zone: Box, measure: Measure) -> Habit:
        """Return where a finding usually lies in a zone.

        Args:
            concept: One of the table's findings.
            labels: Anatomy labels of one side; none if the words name no place but the side.
            zone: The box around them.
            measure: That side's lung.
        """
        own = self.habits[concept]
        names = {label.partition("_")[2] for label in labels}
        if len(names) == 1 and (name := names.pop()) in own:
            return own[name]
        anywhere = own[ANYWHERE]
        if not _narrows(labels):
            return anywhere
        # No boxes were counted there: the zone gives the place, the finding the size.
        inside = _zone_habit(zone, measure, anywhere)
        return replace(inside, mean=(*inside.mean[:2], *anywhere.mean[2:]))

    def common_habit(self, labels: tuple[str, ...], zone: Box, measure: Measure) -> Habit | None:
        """Return where a finding that the table does not know is looked for in a zone.

        The zone gives place and size, the boxes of all findings but organs how far to look around
        it. Where labels give the side only, these boxes give the place and size as well.

        Args:
            labels: Anatomy labels of one side.
            zone: The box around them.
            measure: That side's lung.

        Returns:
            ``None`` if the table knows no finding but organs.
        """
        anywhere = self._pooled(ANYWHERE)
        if anywhere is None or not _narrows(labels):
            return anywhere
        inside = _zone_habit(zone, measure, anywhere)
        names = {label.partition("_")[2] for label in labels}
        there = self._pooled(names.pop()) if len(names) == 1 else None
        return replace(inside, spread=there.spread) if there else inside

    def _pooled(self, zone: str) -> Habit | None:
        """Return mean and spread over the boxes of all findings in a zone, organs left out."""
        tables = [zones for zones in self.habits.values() if len(zones) > 1]
        own = [zones[zone] for zones in tables if zone in zones and zones[zone].boxes]
        if not own:
            return None
        boxes = np.array([one.boxes for one in own], dtype=np.float64)
        means, spreads = (np.array([getattr(one, name) for one in own]) for name in _MOMENTS)
        mean = boxes @ means / boxes.sum()
        variance = boxes @ (spreads**2 + (means - mean) ** 2) / boxes.sum()
        return Habit(
            mean=tuple(mean.tolist()),
            spread=tuple((variance**0.5).tolist()),
            boxes=int(boxes.sum()),
        )


_MOMENTS = ("mean", "spread")


def _zone_habit(zone: Box, measure: Measure, sizes: Habit) -> Habit:
    """Return a habit as wide as a zone, in its middle; ``sizes`` gives the spread of sizes."""
    edges = np.array([[zone.x0, zone.y0, zone.x1, zone.y1]])
    u, v, width, height = measure.own(edges)[0].tolist()
    return Habit(
        mean=(u, v, width, height),
        spread=(float(np.exp(width) / 4), float(np.exp(height) / 4), *sizes.spread[2:]),
        boxes=sizes.boxes,
    )


def _narrows(labels: tuple[str, ...]) -> bool:
    """Tell whether labels say more than the side."""
    wide = any(label.endswith("_lung") or label == "cardiac_silhouette" for label in labels)
    return bool(labels) and not wide


@lru_cache(maxsize=1)
def load_usual() -> Usual:
    """Return the table of `usual.json`; it is read once per process."""
    table = json.loads((files("radnlp.link") / "usual.json").read_text(encoding="utf-8"))
    return usual_of(table)


def usual_of(table: Mapping[str, Any]) -> Usual:
    """Build the table from plain values."""
    habits = {
        concept: {
            zone: Habit(
                mean=tuple(entry["mean"]), spread=tuple(entry["spread"]), boxes=entry["boxes"]
            )
            for zone, entry in zones.items()
        }
        for concept, zones in table["habits"].items()
    }
    names = ("weights", "prior_weight", "silent_below", "slope", "offset", "calibrated")
    others = table["others"]["slope"], table["others"]["offset"]
    return Usual(habits=habits, others=others, **{name: table[name] for name in names})


__all__ = ["ANYWHERE", "THIRDS", "Habit", "Measure", "Usual", "load_usual", "usual_of"]
