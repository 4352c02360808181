"""The link stage: words and pictures tied to the same places.

In: the study, the report's mentions, and what the vision stage said of each image. Out: zones cut
from the anatomy, spots cut from heat maps, links, and where the two sides disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from radnlp.link.conflict import ConflictOptions, conflicts_of
from radnlp.link.ground import GroundOptions
from radnlp.link.match import is_linkable, links_of
from radnlp.link.scene import made_by, read_scene
from radnlp.schema import LinkReading, Notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.link.scene import Scene
    from radnlp.schema import Entity, ImageReading, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultLinkOptions:
    """Options of `DefaultLink`.

    Attributes:
        overlap: A spot lies in a zone if their common area is this share of the smaller one.
        ground: How heat maps become boxes.
        conflict: How sure the picture must be to contradict the report.
    """

    overlap: float = 0.3
    ground: GroundOptions = field(default_factory=GroundOptions)
    conflict: ConflictOptions = field(default_factory=ConflictOptions)


class DefaultLink:
    """Ties mentions to zones by rule and to heat maps by concept.

    Args:
        options: All have defaults.
    """

    def __init__(self, options: DefaultLinkOptions | None = None) -> None:
        self.options = options or DefaultLinkOptions()
        self.provenance = made_by()

    def __call__(
        self, study: Study, entities: Sequence[Entity], readings: Sequence[ImageReading]
    ) -> LinkReading:
        """Return new regions, links and conflicts.

        Args:
            study: For the images' sizes and views.
            entities: The report's mentions; none if there is no report.
            readings: One per image, with final region and finding ids.
        """
        ids = _ids_after(readings)
        images = {image.id: image for image in study.images}
        scenes = [
            read_scene(images.get(reading.image_id), reading, ids, self.options.ground)
            for reading in readings
        ]
        return LinkReading(
            regions=tuple(region for scene in scenes for region in scene.new),
            links=tuple(
                link
                for entity in entities
                for scene in scenes
                for link in links_of(entity, scene, self.options.overlap)
            ),
            conflicts=conflicts_of(entities, scenes, self.options.conflict),
            warnings=_without_zones(entities, scenes),
        )


def _ids_after(readings: Sequence[ImageReading]) -> Iterator[str]:
    taken = [region.id for reading in readings for region in reading.regions]
    numbers = [int(id[1:]) for id in taken if id[:1] == "g" and id[1:].isdecimal()]
    number = max(numbers, default=-1)
    while True:
        number += 1
        yield f"g{number}"


def _without_zones(entities: Sequence[Entity], scenes: Sequence[Scene]) -> tuple[Notice, ...]:
    if not any(is_linkable(entity) for entity in entities):
        return ()
    return tuple(
        Notice(
            name="NoAnatomyWarning",
            message=(
                "no lungs were found in this image, so no words of the report were tied to zones "
                "in it"
            ),
            source=scene.reading.image_id,
        )
        for scene in scenes
        # Where the vision stage has said why it saw nothing, that is enough.
        if not scene.reading.warnings
        and not any(label in scene.zones for label in ("left_lung", "right_lung"))
    )


__all__ = ["ConflictOptions", "DefaultLink", "DefaultLinkOptions", "GroundOptions"]
