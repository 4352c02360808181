"""Tells from the header, and from the layout, whether an image can be a frontal chest film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from radnlp.vision.view import PROJECTIONS, ViewKind

if TYPE_CHECKING:
    from radnlp.schema.image import Image
    from radnlp.vision.view import View

__all__ = [
    "ViewLimits",
    "contrast_objection",
    "objection",
    "projection_doubt",
    "view_objection",
]

#: Projection radiography, and what screenshots and digitised films are called.
_MODALITIES = frozenset({"CR", "DX", "DR", "RG", "RF", "XR", "OT", "SC"})

#: DICOM PS3.16, part of CID 4: body parts that a chest film is filed under.
_BODY_PARTS = ("CHEST", "THORAX", "LUNG", "RIB", "HEART")

#: Chances from which the look of a film is worth a notice; against a header it must be surer.
_SURE_OF_AP, _SURE_OF_ANOTHER = 0.9, 0.99

_LEAST_SIDE = 64
_LARGEST_ASPECT = 2.5

_REASONS = {
    ViewKind.UPSIDE_DOWN: "it looks turned upside down; turn it by half a turn first",
    ViewKind.TURNED_LEFT: "it looks turned to the left; turn it by a quarter to the right first",
    ViewKind.TURNED_RIGHT: "it looks turned to the right; turn it by a quarter to the left first",
    ViewKind.INVERTED: "its greys look inverted, with white lungs; invert it first",
    ViewKind.OTHER: "it does not look like a frontal chest film",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLimits:
    """From when on a look at the image refuses it.

    Attributes:
        chance: Least chance of a kind that is refused; the chances are uncalibrated.
        distance: Greatest distance from the chest films of the training, in the unit of
            `radnlp.vision.view.View`.
    """

    chance: float = 0.5
    distance: float = 1.25


def view_objection(view: View, limits: ViewLimits) -> str | None:
    """Return why an image cannot be read as a frontal chest film by its look, or ``None``."""
    if view.kind in _REASONS and view.chances[view.kind] >= limits.chance:
        return _REASONS[view.kind]
    if view.distance > limits.distance:
        return f"it is unlike the chest films of the training (distance {view.distance:.1f})"
    return None


def projection_doubt(view: View, header: str | None) -> tuple[str, str] | None:
    """Return name and message of what is odd about how a film was taken, or ``None``.

    Args:
        view: Of the film.
        header: ``AP`` or ``PA``, as the file says, if it does.
    """
    if view.ap is None or view.kind is not ViewKind.FRONTAL:
        return None
    said = next((one for one in PROJECTIONS if one in _words(header)), "")
    looks, other = PROJECTIONS if view.ap >= 0.5 else PROJECTIONS[::-1]
    if not _words(header) and looks == "AP" and view.ap >= _SURE_OF_AP:
        return (
            "LooksAP",
            "no header says how the film was taken; by its look it is an AP film, often taken at "
            "the bedside, on which the heart looks larger than it is",
        )
    if said == other and max(view.ap, 1 - view.ap) >= _SURE_OF_ANOTHER:
        return (
            "ViewDoubted",
            f"the header calls the film {said}, by its look it is {looks}; the size of the heart "
            "reads differently",
        )
    return None


def objection(image: Image) -> str | None:
    """Return why the image cannot be read as a frontal chest film, or ``None``.

    What the header does not say is taken as possible.
    """
    modality, body_part = (image.modality or "").upper(), (image.body_part or "").upper()
    views = _words(image.view)
    if modality and modality not in _MODALITIES:
        return f"its modality is {modality}"
    if body_part and not any(part in body_part for part in _BODY_PARTS):
        return "its body part is not the chest"
    if views and not {"PA", "AP", "FRONTAL"} & set(views):
        return "its view is not frontal"
    short, long = sorted((image.rows, image.columns))
    if short < _LEAST_SIDE or long > _LARGEST_ASPECT * short:
        return f"it has {image.rows} rows and {image.columns} columns"
    return contrast_objection(image)


def _words(view: str | None) -> list[str]:
    """Return the words of a header's view: ``AP SUPINE`` is AP."""
    return (view or "").upper().replace("_", " ").split()


def contrast_objection(image: Image) -> str | None:
    """Return why nothing can be seen in an image of any kind, or ``None``."""
    if image.pixels is None:
        return "it has no pixels"
    if image.pixels.min() == image.pixels.max():
        return "it has no contrast"
    return None
