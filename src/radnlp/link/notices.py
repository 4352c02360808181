"""What is odd about an image's chest: no zones, cut off, turned, or the heart on the other side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from radnlp.link.anatomy import LUNGS
from radnlp.link.scene import is_lateral
from radnlp.schema import Notice, Side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.link.scene import Scene
    from radnlp.schema import Region

_TURNED_DEGREES = 8.0
_HEART_SHARE = 0.6
_EDGE = 0.15  # of a lung's extent along an image's edge


def notices_of(scene: Scene, *, asked: bool) -> Iterator[Notice]:
    """Yield what the masks of one image say of the zones cut from them.

    Args:
        scene: The image.
        asked: The report has a mention that could be tied to a zone.
    """
    image_id = scene.reading.image_id
    if any(label in scene.zones for label in LUNGS) and not is_lateral(scene.image):
        for name, message in _doubts(scene):
            yield Notice(name=name, message=message, source=image_id)
        return
    if asked:
        yield Notice(
            name="NoAnatomyWarning",
            message=f"no zones here: {_why(scene)}; no words of the report were tied to it",
            source=image_id,
        )


def _why(scene: Scene) -> str:
    if is_lateral(scene.image):
        return "this is a view from the side, where both lungs lie over each other"
    if scene.reading.warnings:
        return "the image was not read as a frontal chest film"
    return "no lungs were found in this image"


def _doubts(scene: Scene) -> Iterator[tuple[str, str]]:
    lungs = [scene.zones[label] for label in LUNGS if label in scene.zones]
    edges = sorted({edge for lung in lungs for edge in _cut_edges(lung)})
    if edges:
        yield (
            "CroppedChest",
            f"a lung reaches the image's {' and '.join(edges)} edge, so it may be cut off; its "
            "zones are cut from the part that is shown",
        )
    frame = scene.chest.frame
    if frame is not None:
        degrees = math.degrees(math.atan(frame.slope))
        if abs(degrees) >= _TURNED_DEGREES:
            yield (
                "TurnedChest",
                f"the chest lies turned by about {abs(degrees):.0f} degrees in the image; its "
                "zones are less sure",
            )
    if _sides_disagree(scene):
        yield (
            "FlippedChest",
            "the outlines put left and right the other way round than the image's orientation "
            "says; sides follow the outlines; compare them with the film's side marker",
        )
    heart = scene.zones.get("heart")
    if heart is not None and heart.mask is not None and not _told(scene):
        share = scene.box_share_on("right", heart.box)
        if share >= _HEART_SHARE:
            yield (
                "HeartOnTheRight",
                "most of the heart lies on the patient's right: the film may be mirrored, and then "
                "left and right are swapped; compare it with its side marker",
            )


def _sides_disagree(scene: Scene) -> bool:
    left_is_high_x = scene.chest.left_is_high_x
    said = scene.image.orientation.image_left if scene.image is not None else None
    if said is None or left_is_high_x is None:
        return False
    return (said is Side.RIGHT) != left_is_high_x


def _told(scene: Scene) -> bool:
    """Tell whether the vision stage has said already that the film looks mirrored."""
    return any(notice.name == "LooksMirrored" for notice in scene.reading.warnings)


def _cut_edges(lung: Region) -> Iterator[str]:
    """Yield the edges of the image along which a good part of a lung lies."""
    if lung.mask is None:
        return
    box, rows, columns = lung.box, lung.mask.rows, lung.mask.columns
    touched = {
        "upper": box.y0 <= 0, "lower": box.y1 >= rows, "left": box.x0 <= 0,
        "right": box.x1 >= columns,
    }  # fmt: skip
    if not any(touched.values()):
        return
    inside = lung.mask.to_array()
    lines = {
        "upper": inside[0], "lower": inside[-1], "left": inside[:, 0], "right": inside[:, -1]
    }  # fmt: skip
    for edge, line in lines.items():
        extent = box.width if edge in ("upper", "lower") else box.height
        if np.count_nonzero(line) >= _EDGE * extent:
            yield edge


__all__ = ["notices_of"]
