"""Builds the two networks from their weights and runs them over one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from radnlp.errors import ModelRejected
from radnlp.nets import anatomy, vision
from radnlp.nets.anatomy import AnatomyNet, AnatomyShape
from radnlp.nets.vision import VisionNet, VisionShape, boxes_of_cells, place_scores
from radnlp.nets.weights import Weights, load_weights
from radnlp.schema.geometry import PixelMap
from radnlp.vision.prepare import Fit, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Drawing", "Encoded", "Encoder", "Outliner"]

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """What the network says of the findings in one image, before any decision.

    ``evidence`` holds logits of shape (concepts, size / 16, size / 16), ``findings`` (concepts,);
    ``likely``, shape (boxed, size / 8, size / 8), how likely each cell is the middle of a finding,
    0 to 1, and ``boxes``, with 4 more at the end, the box that each speaks for. ``pixel_map``
    says how the square of the network, of side ``size``, lies in the image. ``layout``, shape
    (channels, 3, 3), tells what is where.
    """

    evidence: NDArray[np.float32]
    findings: NDArray[np.float32]
    likely: NDArray[np.float32]
    boxes: NDArray[np.float32]
    layout: NDArray[np.float32]
    size: int
    pixel_map: PixelMap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """What the network says of the anatomy in one image, before any decision.

    ``logits`` has shape (structures, k, k); ``fit`` says how the network's square lies in the
    image.
    """

    logits: NDArray[np.float32]
    fit: Fit


class Encoder:
    """The network for findings of one weights file; safe to call from several threads.

    Args:
        weights: Path of a ``.safetensors`` file or its folder, or a shipped name.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the file cannot be trusted or does not fit this network.
    """

    def __init__(self, weights: str | Path) -> None:
        loaded = load_weights(weights, architectures=frozenset({vision.ARCHITECTURE}))
        self.card: Mapping[str, Any] = loaded.card
        self.name = loaded.name
        self.size, self._net = _built(loaded, lambda shape: VisionNet(VisionShape(**shape)))
        self.boxed = tuple(self._net.shape.boxed)

    def __call__(self, pixels: NDArray[np.float32]) -> Encoded:
        """Run the network over pixels of shape (rows, columns), 0 black, image left as shown."""
        square, pixel_map = prepare(pixels, self.size)
        with torch.inference_mode():
            output = self._net(square * 2 - 1)
            likely = place_scores(output, self.boxed)
        return Encoded(
            evidence=output.evidence[0].numpy(),
            findings=output.findings[0].numpy(),
            likely=likely[0].numpy(),
            boxes=boxes_of_cells(output.extents)[0].numpy(),
            layout=output.layout[0].numpy(),
            size=self.size,
            pixel_map=pixel_map,
        )


class Outliner:
    """The network for anatomy of one weights file; safe to call from several threads.

    Args:
        weights: Path of a ``.safetensors`` file or its folder, or a shipped name.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the file cannot be trusted or does not fit this network.
    """

    def __init__(self, weights: str | Path) -> None:
        loaded = load_weights(weights, architectures=frozenset({anatomy.ARCHITECTURE}))
        self.card: Mapping[str, Any] = loaded.card
        self.name = loaded.name
        self.labels = tuple(str(label) for label in loaded.card.get("anatomy", ()))
        self.size, self._net = _built(loaded, lambda shape: AnatomyNet(AnatomyShape(**shape)))

    def __call__(self, pixels: NDArray[np.float32]) -> Drawing:
        """Run the network over pixels of shape (rows, columns), 0 black, image left as shown."""
        rows, columns = pixels.shape
        square, _ = prepare(pixels, self.size)
        with torch.inference_mode():
            logits = self._net(square * 2 - 1)
        return Drawing(logits=logits[0].numpy(), fit=Fit.of(rows, columns, self.size))


def _built(loaded: Weights, build: Callable[[dict[str, Any]], Net]) -> tuple[int, Net]:
    """Return the side of the network's square and the network, ready to run."""
    try:
        size = int(loaded.card["input"]["size"])
        net = build(loaded.card["shape"])
        net.load_state_dict(dict(loaded.tensors))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelRejected(
            f"the weights {loaded.name} do not fit the network of their card "
            f"({type(error).__name__}); train them again with this version of radnlp"
        ) from error
    net.eval().requires_grad_(requires_grad=False)
    net.to(memory_format=torch.channels_last)
    return size, net
