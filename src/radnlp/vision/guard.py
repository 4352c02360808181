"""Tells from the header whether an image can be a frontal chest film at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radnlp.schema.image import Image

__all__ = ["objection"]

#: Projection radiography, and what screenshots and digitised films are called.
_MODALITIES = frozenset({"CR", "DX", "DR", "RG", "RF", "XR", "OT", "SC"})

#: DICOM PS3.16, part of CID 4: body parts that a chest film is filed under.
_BODY_PARTS = ("CHEST", "THORAX", "LUNG", "RIB", "HEART")

_LEAST_SIDE = 64
_LARGEST_ASPECT = 2.5


def objection(image: Image) -> str | None:
    """Return why the image cannot be read as a frontal chest film, or ``None``.

    What the header does not say is taken as possible.
    """
    modality, body_part = (image.modality or "").upper(), (image.body_part or "").upper()
    views = (image.view or "").upper().replace("_", " ").split()
    if modality and modality not in _MODALITIES:
        return f"its modality is {modality}"
    if body_part and not any(part in body_part for part in _BODY_PARTS):
        return "its body part is not the chest"
    if views and not {"PA", "AP", "FRONTAL"} & set(views):
        return "its view is not frontal"
    short, long = sorted((image.rows, image.columns))
    if short < _LEAST_SIDE or long > _LARGEST_ASPECT * short:
        return f"it has {image.rows} rows and {image.columns} columns"
    if image.pixels is None or image.pixels.min() == image.pixels.max():
        return "it has no contrast"
    return None
