"""The link stage: words and pictures tied to the same places.

In: the study, the report's mentions, and what the vision stage said of each image. Out: zones cut
from the anatomy, spots cut from heat maps, links, and where the two sides disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from radnlp.link.conflict import ConflictOptions, conflicts_of
from radnlp.link.ground import GroundOptions
from radnlp.link.match import Matcher, Mention, is_linkable
from radnlp.link.notices import notices_of
from radnlp.link.places import load_places
from radnlp.link.scene import made_by, read_scene
from radnlp.link.words import said_of
from radnlp.schema import LinkReading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        mentions = _mentions(study, entities)
        labels = {label for mention in mentions for label in mention.named.labels}
        scenes = [
            read_scene(images.get(one.image_id), one, ids, self.options.ground, labels)
            for one in readings
        ]
        matcher = Matcher(ids, self.options.overlap)
        links = tuple(
            link
            for mention in mentions
            for scene in scenes
            for link in matcher.links_of(mention, scene)
        )
        cut = (region for scene in scenes for region in scene.new)
        return LinkReading(
            regions=(*cut, *matcher.regions),
            links=links,
            conflicts=conflicts_of(entities, scenes, self.options.conflict),
            warnings=tuple(
                notice for scene in scenes for notice in notices_of(scene, asked=bool(mentions))
            ),
        )


def _mentions(study: Study, entities: Sequence[Entity]) -> list[Mention]:
    """Return what can be tied to places, with the zones that its sentence names."""
    text, places = study.report.text if study.report else "", load_places()
    return [
        Mention(entity=entity, named=places.named_by(entity, said_of(entity, text)))
        for entity in entities
        if is_linkable(entity)
    ]


def _ids_after(readings: Sequence[ImageReading]) -> Iterator[str]:
    taken = [region.id for reading in readings for region in reading.regions]
    numbers = [int(id[1:]) for id in taken if id[:1] == "g" and id[1:].isdecimal()]
    number = max(numbers, default=-1)
    while True:
        number += 1
        yield f"g{number}"


__all__ = ["ConflictOptions", "DefaultLink", "DefaultLinkOptions", "GroundOptions"]
