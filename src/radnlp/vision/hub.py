"""The vision stage of an encoder without a head: an embedding, and no claim about the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from radnlp.errors import InputError
from radnlp.nets.hub import load_encoder
from radnlp.schema.entity import Side
from radnlp.schema.geometry import PixelMap
from radnlp.schema.notice import Notice
from radnlp.schema.reading import Embedding, ImageReading
from radnlp.schema.region import Provenance
from radnlp.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from radnlp.nets.encoders import ImageEncoder
    from radnlp.schema.image import Image

__all__ = ["HubVision"]


class HubVision:
    """Embeds images with an encoder of the hub, of timm, or of a folder.

    It is built once and may then be called from several threads.

    Args:
        encoder: What `radnlp.nets.hub.load_encoder` takes, or an `ImageEncoder`.
        pretrained: False leaves random weights: good for trying things out, for nothing else.
        offline: True asks only the cache; ``None`` does as ``HF_HUB_OFFLINE`` says.
        revision: Commit, tag or branch of the hub's repository.

    Raises:
        ModelNotFound: no such encoder, or it is not on this machine and cannot be asked for.
        ModelRejected: the weights cannot be trusted or do not fit.
    """

    def __init__(
        self,
        encoder: str | Path | ImageEncoder,
        *,
        pretrained: bool = True,
        offline: bool | None = None,
        revision: str | None = None,
    ) -> None:
        self.encoder: ImageEncoder = (
            encoder
            if callable(encoder)
            else load_encoder(encoder, pretrained=pretrained, offline=offline, revision=revision)
        )
        self.provenance = Provenance(
            producer="radnlp.vision.hub", version=__version__, weights=self.encoder.weights
        )

    def __call__(self, image: Image) -> ImageReading:
        """Return the embedding, no finding and no region, and a notice that says so.

        Raises:
            InputError: The image has no pixels.
        """
        notices = [self._notice(image, "NoFindingHead", "gives an embedding, but no findings")]
        if self.encoder.weights.endswith("@random"):
            notices.append(self._notice(image, "RandomWeights", "has random weights"))
        return ImageReading(image_id=image.id, embedding=self.embed(image), warnings=tuple(notices))

    def embed(self, image: Image) -> Embedding:
        """Return the embedding of one image; its largest central square is what is seen.

        Raises:
            InputError: The image has no pixels.
        """
        if image.pixels is None:
            raise InputError(
                f"the image {image.id} has no pixels to embed; read it again from its file"
            )
        # Encoders know films as they are hung: the patient's right at the image's left.
        mirrored = image.orientation.image_left is Side.LEFT
        pixels = image.pixels[:, ::-1] if mirrored else image.pixels
        square, shown = _central_square(pixels, self.encoder)
        encoding = self.encoder(square)
        patches = encoding.patches[0].numpy()
        height, width = patches.shape[:2]
        side = self.encoder.size
        cells = shown.after(PixelMap(scale_x=side / width, scale_y=side / height))
        if mirrored:
            patches = patches[:, ::-1]
            cells = PixelMap(
                scale_x=cells.scale_x,
                scale_y=cells.scale_y,
                offset_x=image.columns - width * cells.scale_x - cells.offset_x,
                offset_y=cells.offset_y,
            )
        return Embedding(
            encoder=self.encoder.weights,
            vector=encoding.embedding[0].numpy(),
            patches=patches,
            pixel_map=cells,
        )

    def _notice(self, image: Image, name: str, message: str) -> Notice:
        return Notice(name=name, message=f"{self.encoder.name} {message}", source=image.id)


def _central_square(pixels: NDArray[np.float32], encoder: ImageEncoder) -> tuple[Tensor, PixelMap]:
    """Cut what resizing the shorter side and cropping the middle leaves, and bring it to size.

    Cutting comes first, to the nearest pixel, so that a long strip is never enlarged as a whole.

    Returns:
        A tensor of shape (1, 1, size, size) with values from 0 to 1, and the map from its pixels
        to those of ``pixels``.
    """
    rows, columns = pixels.shape
    side = max(1, round(min(rows, columns) * encoder.size / encoder.resize))
    top, left = (rows - side) // 2, (columns - side) // 2
    cut = np.array(pixels[top : top + side, left : left + side], dtype=np.float32)
    size = (encoder.size, encoder.size)
    square = functional.interpolate(
        torch.from_numpy(cut)[None, None],
        size=size,
        mode="bicubic",
        align_corners=False,
        antialias=True,
    )
    scale = side / encoder.size
    shown = PixelMap(scale_x=scale, scale_y=scale, offset_x=left, offset_y=top)
    return square.clamp(0.0, 1.0), shown
