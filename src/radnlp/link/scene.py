"""One image as the link stage sees it: its zones, and the spots where it shows findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import InputError
from radnlp.link.anatomy import LUNGS, SIDES, Chest
from radnlp.link.ground import GroundOptions, boxes_of, hot_cells
from radnlp.link.places import load_places
from radnlp.link.usual import Measure
from radnlp.schema import Box, Image, ImageReading, Mask, Provenance, Region, RegionSource
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from radnlp.link.anatomy import Zone
    from radnlp.schema import ImageFinding

MASKS = (*LUNGS, "heart")
LATERAL_VIEWS = ("LATERAL", "LL", "RL")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """One image with everything that is known to lie in it.

    Attributes:
        reading: What the vision stage said.
        image: The image, if the study holds it.
        chest: Its lungs and heart.
        zones: Anatomy by label, those of the vision stage and those that were cut.
        spots: Where findings show, from a detector or from heat maps.
        new: The zones and spots that the vision stage did not give.
    """

    reading: ImageReading
    image: Image | None
    chest: Chest
    zones: Mapping[str, Region]
    spots: tuple[Region, ...]
    new: tuple[Region, ...]

    @property
    def simulated(self) -> bool:
        """Whether the image shows no patient."""
        return self.image is not None and self.image.simulated

    @property
    def image_box(self) -> Box:
        """The whole image, as far as it is known: the study's, or what its masks cover."""
        if self.image is not None:
            return self.image.box
        edges = [(mask.columns, mask.rows) for mask in self._masks()]
        return Box(0, 0, *max(edges))

    def _masks(self) -> Iterator[Mask]:
        return (zone.mask for zone in self.zones.values() if zone.mask is not None)

    def measures(self) -> dict[str, Measure]:
        """Return the measure of each side's lung; none if a lung is missing."""
        midline = self.chest.midline
        if midline is None:
            return {}
        lungs = [self.zones[label].box for label in LUNGS]
        return {
            side: Measure.of(lung, other, midline)
            for side, lung, other in zip(SIDES, lungs, reversed(lungs), strict=True)
        }

    def share_on(self, side: str, concept: str, threshold: float) -> float:
        """Return the share of a finding's heat on one side; NaN if that cannot be told.

        Heat counts from ``threshold`` of the map's maximum on. Without a map, boxes count.
        """
        points, weights = [], []
        for heat in self.reading.heatmaps:
            cells = hot_cells(heat, threshold) if heat.concept == concept else None
            if cells is not None:
                points.append(cells.points)
                weights.append(cells.weights)
        if not points:
            boxes = [spot.box for spot in self.spots if spot.label == concept]
            points = [across(box) for box in boxes]
            weights = [np.full(len(one), box.area) for one, box in zip(points, boxes, strict=True)]
        if not points:
            return float("nan")
        return self.chest.share_on(side, np.concatenate(points), np.concatenate(weights))

    def lead_on(self, side: str, concept: str) -> float | None:
        """Return how far the likeliest candidate on one side leads the likeliest on the other.

        Returns:
            The difference of their logits, negative if the other side leads; ``None`` if the
            detector weighs nothing for the finding, NaN if there is no midline.
        """
        weighed = next((one for one in self.reading.candidates if one.concept == concept), None)
        if weighed is None:
            return None
        inside = self.chest.on(side, (weighed.boxes[:, 0] + weighed.boxes[:, 2]) / 2)
        if inside is None:
            return float("nan")
        here, there = (weighed.logits[part].max(initial=-np.inf) for part in (inside, ~inside))
        return float(here - there)

    def box_share_on(self, side: str, box: Box) -> float:
        """Return the share of a box on one side; NaN if there is no midline."""
        points = across(box)
        return self.chest.share_on(side, points, np.ones(len(points)))


def read_scene(
    image: Image | None,
    reading: ImageReading,
    ids: Iterator[str],
    options: GroundOptions,
    named: Iterable[str] = (),
) -> Scene:
    """Cut the zones and spots of one image.

    Args:
        image: The image, if the study holds it; a lateral view gets no zones.
        reading: What the vision stage said of it.
        ids: Ids for new regions.
        options: How heat maps are cut.
        named: Labels of zones that are cut only if words name them.

    Raises:
        InputError: The masks of lungs and heart are not of the image's shape.
    """
    given = {
        region.label: region for region in reading.regions if region.source == RegionSource.ANATOMY
    }
    lateral = is_lateral(image)
    masks = {
        label: region.mask.to_array()
        for label, region in given.items()
        if label in MASKS and region.mask is not None and not lateral
    }
    _check_shapes(masks, image)
    chest = Chest(masks, None if image is None else image.pixels)
    cut = [
        Region(
            id=next(ids),
            image_id=reading.image_id,
            box=zone.box,
            label=zone.label,
            source=RegionSource.ANATOMY,
            mask=zone.mask,
            provenance=made_by(zone.rule),
        )
        for zone in _zones(chest, given, named)
    ]
    zones = given | {region.label: region for region in cut}
    detected = tuple(region for region in reading.regions if region.source == RegionSource.IMAGE)
    found = [
        Region(
            id=next(ids),
            image_id=reading.image_id,
            box=box,
            label=finding.concept,
            source=RegionSource.IMAGE,
            confidence=finding.confidence,
            provenance=made_by(rule, finding),
        )
        for finding in reading.findings
        if finding.positive and all(spot.label != finding.concept for spot in detected)
        for box, rule in _spots(finding, reading, zones, image, options)
    ]
    return Scene(
        reading=reading,
        image=image,
        chest=chest,
        zones=zones,
        spots=(*detected, *found),
        new=(*cut, *found),
    )


def _check_shapes(masks: Mapping[str, NDArray[np.bool_]], image: Image | None) -> None:
    shapes = {label: mask.shape for label, mask in masks.items()}
    known = [(image.rows, image.columns)] if image is not None else list(shapes.values())[:1]
    for label, shape in shapes.items():
        if shape != known[0]:
            raise InputError(
                f"the mask of {label} has shape {shape}, expected {known[0]} as the image; "
                "a vision stage gives masks in stored pixels"
            )


def is_lateral(image: Image | None) -> bool:
    """Tell whether an image says that it is a view from the side, where both lungs overlap."""
    return image is not None and (image.view or "").upper() in LATERAL_VIEWS


def _zones(chest: Chest, given: Mapping[str, Region], named: Iterable[str]) -> Iterator[Zone]:
    """Yield the usual zones that are not given, and those that are named, in order of labels."""
    cut = set(given)
    for zone in chest.zones():
        if zone.label not in cut:
            yield zone
        cut.add(zone.label)
    for label in sorted(set(named) - cut):
        found = chest.zone(label)
        if found is not None:
            yield found


def made_by(rule: str | None = None, finding: ImageFinding | None = None) -> Provenance:
    """Return the link stage's provenance, with the weights of the finding it rests on."""
    weights = finding.provenance.weights if finding and finding.provenance else None
    return Provenance(
        producer="radnlp.link.default", version=__version__, rule=rule, weights=weights
    )


def across(box: Box) -> NDArray[np.float64]:
    """Return points of shape (16, 2) evenly across a box, to weigh it against the midline."""
    x = box.x0 + (np.arange(16) + 0.5) / 16 * box.width
    return np.stack([x, np.full(16, box.center[1])], axis=1)


def _spots(
    finding: ImageFinding,
    reading: ImageReading,
    zones: Mapping[str, Region],
    image: Image | None,
    options: GroundOptions,
) -> Iterator[tuple[Box, str]]:
    """Yield boxes and the rule they come from; an organ's own outline beats its heat map."""
    organ = load_places().organ_of(finding.concept)
    if organ is not None and organ in zones:
        yield zones[organ].box, "organ"
        return
    for heat in reading.heatmaps:
        if heat.concept == finding.concept:
            rows, columns = heat.values.shape
            whole = heat.pixel_map.box_to_stored(Box(0, 0, columns, rows))
            for box in boxes_of(heat, image.box if image else whole, options):
                yield box, "heat_map"


__all__ = ["Scene", "across", "is_lateral", "made_by", "read_scene"]
