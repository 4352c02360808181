"""The vision stage that runs on weights of this machine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from radnlp.errors import ModelRejected
from radnlp.nets.anatomy import ARCHITECTURE
from radnlp.nets.weights import architecture_of
from radnlp.schema.entity import Side
from radnlp.schema.geometry import Box, Mask, PixelMap
from radnlp.schema.notice import Notice
from radnlp.schema.reading import Candidates, Embedding, HeatMap, ImageReading
from radnlp.schema.region import (
    Confidence,
    ImageMeasure,
    ImageMeasurement,
    Provenance,
    Region,
    RegionSource,
)
from radnlp.version import __version__
from radnlp.vision.cardiothoracic import cardiothoracic_ratio
from radnlp.vision.classify import classify, concept_cards, unsupported
from radnlp.vision.detect import DetectOptions, candidates_of, detect, place_card
from radnlp.vision.encoder import Encoded, Encoder, Outliner
from radnlp.vision.guard import (
    ViewLimits,
    contrast_objection,
    objection,
    projection_doubt,
    view_objection,
)
from radnlp.vision.prepare import PreparationOptions
from radnlp.vision.segment import Anatomy, Plausibility, segment
from radnlp.vision.view import SHIPPED, View, ViewKind, view_judge

if TYPE_CHECKING:
    from radnlp.schema.image import Image
    from radnlp.schema.region import ImageFinding

__all__ = ["EmbeddedVision", "VisionOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionOptions:
    """Options of `EmbeddedVision`.

    Attributes:
        weights: For findings: a ``.safetensors`` file with its card beside it, its folder, or a
            shipped name; or an ``.onnx`` file, run through ONNX Runtime (extra ``radnlp[onnx]``).
        anatomy: The same for lungs and heart.
        views: What tells whether an image is a frontal chest film as it is hung, or ``None`` to
            leave that to header and outlines. The shipped one is for the shipped network.
        view_limits: From when on an image is refused.
        plausible: Lungs and heart that are taken for true.
        boxes: How boxes of findings are chosen.
        preparation: The steps that bring an image to the network.
    """

    weights: str | Path = "vision-lite0"
    anatomy: str | Path = "anatomy-lite0"
    views: str | Path | None = SHIPPED
    view_limits: ViewLimits = field(default_factory=ViewLimits)
    plausible: Plausibility = field(default_factory=Plausibility)
    boxes: DetectOptions = field(default_factory=DetectOptions)
    preparation: PreparationOptions = field(default_factory=PreparationOptions)


class _Seen(NamedTuple):
    """What one look at an image gives, in stored pixels."""

    findings: tuple[ImageFinding, ...]
    heatmaps: tuple[HeatMap, ...]
    boxes: tuple[Region, ...]
    candidates: tuple[Candidates, ...]


class EmbeddedVision:
    """Finds lungs, heart and findings on a frontal chest film.

    Weights that learned from images of another kind say so in their card (``guard`` is null): they
    read every image as it is stored, nothing is outlined, and a notice ``KindNotChecked`` says that
    nobody looked whether it is of the kind they know.

    The weights are read when it is built; after that it may be called from several threads.

    Args:
        options: All options.
        weights: Shorthand for ``VisionOptions(weights=…)``, or ``VisionOptions(anatomy=…)`` if
            they are weights for anatomy.

    Raises:
        ModelNotFound: no weights are there; nothing is downloaded.
        ModelRejected: the weights cannot be trusted or do not fit.
    """

    def __init__(
        self, options: VisionOptions | None = None, *, weights: str | Path | None = None
    ) -> None:
        self.options = options or VisionOptions()
        if weights is not None:
            draws = Path(weights).suffix != ".onnx" and architecture_of(weights) == ARCHITECTURE
            self.options = (
                replace(self.options, anatomy=weights)
                if draws
                else replace(self.options, weights=weights)
            )
        self._encoder = Encoder(self.options.weights, self.options.preparation)
        self._chest = _knows_chest_films(self._encoder)
        self._outliner = Outliner(self.options.anatomy, self.options.preparation)
        self._concepts = concept_cards(self._encoder.card["concepts"])
        self._places = place_card(self._encoder.card)
        self._views = view_judge(self.options.views, self._encoder.card)
        self.provenance = _provenance(self._encoder.name)
        self._drawn_by = _provenance(self._outliner.name)

    def __call__(self, image: Image) -> ImageReading:
        """Return findings, anatomy regions and heat maps, all in stored pixels.

        An image that cannot be a frontal chest film, by its header, by its look, or because no
        lungs are seen in it, gets no region, only unsupported findings, and a notice
        ``NotFrontalChest``.
        """
        return self._film(image) if self._chest else self._any_kind(image)

    def _film(self, image: Image) -> ImageReading:
        reason = objection(image)
        if reason is not None or image.pixels is None:
            return self._silent(image, reason or "it has no pixels")
        # The network knows films as they are hung: the patient's right at the image's left.
        mirrored = image.orientation.image_left is Side.LEFT
        pixels = image.pixels[:, ::-1] if mirrored else image.pixels
        encoded = self._encoder(pixels)
        view = self._views(encoded.layout) if self._views else None
        reason = view_objection(view, self.options.view_limits) if view else None
        if reason is not None:
            return self._silent(image, reason)
        anatomy = segment(
            self._outliner(pixels),
            self._outliner.labels,
            (image.rows, image.columns),
            self.options.plausible,
        )
        if anatomy.reason is not None:
            return self._silent(image, anatomy.reason)
        findings, heatmaps, boxes, candidates = self._findings(encoded, image, mirrored=mirrored)
        return ImageReading(
            image_id=image.id,
            findings=findings,
            regions=(*self._regions(image, anatomy, mirrored=mirrored), *boxes),
            heatmaps=heatmaps,
            candidates=candidates,
            warnings=_doubts(view, image),
            measurements=() if _is_part(view) else self._ratio(image, anatomy),
            embedding=_embedding(self._encoder.name, encoded, image, mirrored=mirrored),
        )

    def mirrored(self, image: Image, reading: ImageReading) -> ImageReading:
        """Look at the mirror image too, and return what is seen there, mirrored back.

        Where a finding truly lies on one side, the network sees it there either way; a habit of
        its own, such as to expect a shadow beside the heart, moves to the other side.

        Args:
            image: The image, as it is.
            reading: What was read of it; its anatomy is kept.

        Returns:
            ``reading`` with the findings, boxes, heat maps and candidates of the mirror image, all
            in the stored pixels of ``image``; as it is where no anatomy was read.
        """
        anatomy = tuple(one for one in reading.regions if one.source is RegionSource.ANATOMY)
        if not anatomy or image.pixels is None:
            return reading
        mirrored = image.orientation.image_left is not Side.LEFT
        encoded = self._encoder(image.pixels[:, ::-1] if mirrored else image.pixels)
        findings, heatmaps, boxes, candidates = self._findings(encoded, image, mirrored=mirrored)
        return replace(
            reading,
            findings=findings,
            regions=(*anatomy, *boxes),
            heatmaps=heatmaps,
            candidates=candidates,
        )

    def _findings(self, encoded: Encoded, image: Image, *, mirrored: bool) -> _Seen:
        """Return what is seen, in stored pixels; ``mirrored`` if the network saw them mirrored."""
        findings, heatmaps = classify(encoded, self._concepts, image.id, self.provenance)
        boxes = detect(encoded, findings, image.box, self._places, self.options.boxes)
        candidates = candidates_of(
            encoded, [card.concept for card in self._concepts], self._encoder.name
        )
        if mirrored:
            candidates = tuple(_mirrored_candidates(one, image.columns) for one in candidates)
            heatmaps = tuple(_mirror(heatmap, image.columns) for heatmap in heatmaps)
            boxes = tuple(_mirrored_box(region, image.columns) for region in boxes)
        return _Seen(findings, heatmaps, boxes, candidates)

    def _ratio(self, image: Image, anatomy: Anatomy) -> tuple[ImageMeasurement, ...]:
        """Measure the cardiothoracic ratio where all three outlines are there."""
        outlines = ("left_lung", "right_lung", "heart")
        if any(label not in anatomy.masks for label in outlines):
            return ()
        ratio = cardiothoracic_ratio(*(anatomy.masks[label] for label in outlines))
        if ratio is None:
            return ()
        measurement = ImageMeasurement(
            id=ImageMeasure.CARDIOTHORACIC_RATIO,
            image_id=image.id,
            measure=ImageMeasure.CARDIOTHORACIC_RATIO,
            value=ratio,
            region_ids=outlines,
            provenance=self._drawn_by,
        )
        return (measurement,)

    def _any_kind(self, image: Image) -> ImageReading:
        reason = contrast_objection(image)
        if reason is not None or image.pixels is None:
            return self._silent(image, reason or "", name="NothingToSee", kind="an image")
        encoded = self._encoder(image.pixels)
        findings, heatmaps = classify(encoded, self._concepts, image.id, self.provenance)
        notice = Notice(
            name="KindNotChecked",
            message=f"the weights {self._encoder.name} read any image; nothing checked that this "
            "one is of the kind they learned from",
            source=image.id,
        )
        return ImageReading(
            image_id=image.id,
            findings=findings,
            regions=detect(encoded, findings, image.box, self._places, self.options.boxes),
            heatmaps=heatmaps,
            warnings=(notice,),
        )

    def _silent(
        self,
        image: Image,
        reason: str,
        *,
        name: str = "NotFrontalChest",
        kind: str = "a frontal chest film",
    ) -> ImageReading:
        notice = Notice(
            name=name,
            message=f"the image was not read as {kind}: {reason}",
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
                    provenance=self._drawn_by,
                )
            )
        return tuple(regions)


def _doubts(view: View | None, image: Image) -> tuple[Notice, ...]:
    """Say what is odd about a film that is read all the same."""
    said = {
        ViewKind.MIRRORED: (
            "LooksMirrored",
            "the film looks mirrored: heart and shadows lie on the other side than usual; if it "
            "is, left and right are swapped; compare it with its side marker",
        ),
        ViewKind.PART: ("PartOfChest", "the image seems to show a part of the chest only"),
    }
    if view is None:
        return ()
    odd = (said.get(view.kind), projection_doubt(view, image.view))
    return tuple(Notice(name=one[0], message=one[1], source=image.id) for one in odd if one)


def _embedding(name: str, encoded: Encoded, image: Image, *, mirrored: bool) -> Embedding:
    """Return the deepest map in fields, (h, w, channels), and its mean, in stored pixels."""
    fields = encoded.layout.transpose(1, 2, 0)
    step = encoded.size / fields.shape[0]
    there = encoded.pixel_map
    pixel_map = PixelMap(
        scale_x=there.scale_x * step,
        scale_y=there.scale_y * step,
        offset_x=there.offset_x,
        offset_y=there.offset_y,
    )
    if mirrored:
        fields = fields[:, ::-1]
        pixel_map = _mirrored_map(pixel_map, fields.shape[1], image.columns)
    return Embedding(
        encoder=name, vector=fields.mean(axis=(0, 1)), patches=fields, pixel_map=pixel_map
    )


def _knows_chest_films(encoder: Encoder) -> bool:
    """Tell whether weights read frontal chest films alone, or images of any kind."""
    guard = encoder.card.get("guard", "chest")
    if guard not in {"chest", None}:
        raise ModelRejected(
            f"the card of {encoder.name} asks for the guard {guard!r}, expected 'chest' or null; "
            "use the version of radnlp that trained it"
        )
    return bool(guard)


def _is_part(view: View | None) -> bool:
    return view is not None and view.kind is ViewKind.PART


def _provenance(weights: str) -> Provenance:
    return Provenance(producer="radnlp.vision.embedded", version=__version__, weights=weights)


def _mirrored_box(region: Region, columns: int) -> Region:
    box = region.box
    return replace(region, box=Box(columns - box.x1, box.y0, columns - box.x0, box.y1))


def _mirrored_candidates(candidates: Candidates, columns: int) -> Candidates:
    boxes = candidates.boxes.copy()
    boxes[:, [0, 2]] = columns - boxes[:, [2, 0]]
    return replace(candidates, boxes=boxes)


def _mirror(heatmap: HeatMap, columns: int) -> HeatMap:
    back = _mirrored_map(heatmap.pixel_map, heatmap.values.shape[1], columns)
    return HeatMap(concept=heatmap.concept, values=np.fliplr(heatmap.values), pixel_map=back)


def _mirrored_map(there: PixelMap, cells: int, columns: int) -> PixelMap:
    """Return the map of a grid whose cells were put in the opposite order along the rows."""
    return PixelMap(
        scale_x=there.scale_x,
        scale_y=there.scale_y,
        offset_x=columns - cells * there.scale_x - there.offset_x,
        offset_y=there.offset_y,
    )
