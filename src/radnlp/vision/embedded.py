"""The vision stage that runs on weights of this machine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from radnlp.schema.entity import Side
from radnlp.schema.geometry import Mask, PixelMap
from radnlp.schema.notice import Notice
from radnlp.schema.reading import HeatMap, ImageReading
from radnlp.schema.region import Confidence, Provenance, Region, RegionSource
from radnlp.version import __version__
from radnlp.vision.classify import classify, concept_cards, unsupported
from radnlp.vision.encoder import Encoder
from radnlp.vision.guard import objection
from radnlp.vision.prepare import PreparationOptions
from radnlp.vision.segment import Anatomy, Plausibility, segment

if TYPE_CHECKING:
    from radnlp.schema.image import Image

__all__ = ["EmbeddedVision", "VisionOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionOptions:
    """Options of `EmbeddedVision`.

    Attributes:
        weights: A ``.safetensors`` file with its card beside it, its folder, or a shipped name.
        plausible: Lungs and heart that are taken for true.
        preparation: The steps that bring an image to the network.
    """

    weights: str | Path = "vision-lite0"
    plausible: Plausibility = field(default_factory=Plausibility)
    preparation: PreparationOptions = field(default_factory=PreparationOptions)


class EmbeddedVision:
    """Finds lungs, heart and findings on a frontal chest film.

    The weights are read when it is built; after that it may be called from several threads.

    Args:
        options: All options.
        weights: Shorthand for ``VisionOptions(weights=…)``.

    Raises:
        ModelNotFound: no weights are there; nothing is downloaded.
        ModelRejected: the weights cannot be trusted or do not fit.
    """

    def __init__(
        self, options: VisionOptions | None = None, *, weights: str | Path | None = None
    ) -> None:
        self.options = options or VisionOptions()
        if weights is not None:
            self.options = replace(self.options, weights=weights)
        self._encoder = Encoder(self.options.weights, self.options.preparation)
        self._concepts = concept_cards(self._encoder.card["concepts"])
        self._anatomy = tuple(self._encoder.card["anatomy"])
        self.provenance = Provenance(
            producer="radnlp.vision.embedded", version=__version__, weights=self._encoder.name
        )

    def __call__(self, image: Image) -> ImageReading:
        """Return findings, anatomy regions and heat maps, all in stored pixels.

        An image that cannot be a frontal chest film, by its header or because no lungs are seen
        in it, gets no region, only unsupported findings, and a notice ``NotFrontalChest``.
        """
        reason = objection(image)
        if reason is not None or image.pixels is None:
            return self._silent(image, reason or "it has no pixels")
        # The network knows films as they are hung: the patient's right at the image's left.
        mirrored = image.orientation.image_left is Side.LEFT
        pixels = image.pixels[:, ::-1] if mirrored else image.pixels
        encoded = self._encoder(pixels)
        anatomy = segment(
            encoded, self._anatomy, (image.rows, image.columns), self.options.plausible
        )
        if anatomy.reason is not None:
            return self._silent(image, anatomy.reason)
        findings, heatmaps = classify(encoded, self._concepts, image.id, self.provenance)
        if mirrored:
            heatmaps = tuple(_mirror(heatmap, image.columns) for heatmap in heatmaps)
        return ImageReading(
            image_id=image.id,
            findings=findings,
            regions=self._regions(image, anatomy, mirrored=mirrored),
            heatmaps=heatmaps,
        )

    def _silent(self, image: Image, reason: str) -> ImageReading:
        notice = Notice(
            name="NotFrontalChest",
            message=f"the image was not read as a frontal chest film: {reason}",
            source=image.id,
        )
        return ImageReading(
            image_id=image.id,
            findings=unsupported(self._concepts, image.id, self.provenance),
            warnings=(notice,),
        )

    def _regions(self, image: Image, anatomy: Anatomy, *, mirrored: bool) -> tuple[Region, ...]:
        regions = []
        for label, drawn in anatomy.masks.items():
            mask = Mask.from_array(drawn[:, ::-1] if mirrored else drawn)
            box = mask.box()
            if box is None:
                continue
            regions.append(
                Region(
                    id=label,
                    image_id=image.id,
                    box=box,
                    label=label,
                    source=RegionSource.ANATOMY,
                    confidence=Confidence(value=anatomy.certainty[label]),
                    mask=mask,
                    provenance=self.provenance,
                )
            )
        return tuple(regions)


def _mirror(heatmap: HeatMap, columns: int) -> HeatMap:
    there = heatmap.pixel_map
    width = heatmap.values.shape[1] * there.scale_x
    back = PixelMap(
        scale_x=there.scale_x,
        scale_y=there.scale_y,
        offset_x=columns - width - there.offset_x,
        offset_y=there.offset_y,
    )
    return HeatMap(concept=heatmap.concept, values=np.fliplr(heatmap.values), pixel_map=back)
