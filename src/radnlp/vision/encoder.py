"""Builds the network from its weights and runs it over one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from radnlp.errors import ModelRejected
from radnlp.nets.vision import ARCHITECTURE, VisionNet, VisionShape
from radnlp.nets.weights import load_weights
from radnlp.schema.geometry import Box, PixelMap
from radnlp.vision.prepare import Fit, PreparationOptions, run_steps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


__all__ = ["Encoded", "Encoder"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """What the network says of one image, before any decision.

    ``anatomy`` holds logits of shape (structures, size / 4, size / 4), ``evidence`` (concepts,
    size / 16, size / 16), ``findings`` (concepts,); ``fit`` and ``pixel_map`` say how the square
    of the network lies in the image.
    """

    anatomy: NDArray[np.float32]
    evidence: NDArray[np.float32]
    findings: NDArray[np.float32]
    fit: Fit
    pixel_map: PixelMap

    @property
    def frame(self) -> Box:
        """The part of the image that the network saw, in stored pixels."""
        fit = self.fit
        seen = Box(fit.left, fit.top, fit.left + fit.width, fit.top + fit.height)
        return self.pixel_map.box_to_stored(seen)


class Encoder:
    """The network of one weights file; safe to call from several threads.

    Args:
        weights: Path of a ``.safetensors`` file or its folder, or a shipped name.
        preparation: How an image is brought to the network; the weights learned from the default.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the file cannot be trusted or does not fit this network.
    """

    def __init__(self, weights: str | Path, preparation: PreparationOptions | None = None) -> None:
        loaded = load_weights(weights, architectures=frozenset({ARCHITECTURE}))
        self.card: Mapping[str, Any] = loaded.card
        self.name = loaded.name
        self.preparation = preparation or PreparationOptions()
        try:
            self.size = int(self.card["input"]["size"])
            self._net = VisionNet(VisionShape(**self.card["shape"]))
            self._net.load_state_dict(dict(loaded.tensors))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelRejected(
                f"the weights {loaded.name} do not fit the network of their card "
                f"({type(error).__name__}); train them again with this version of radnlp"
            ) from error
        self._net.eval().requires_grad_(requires_grad=False)
        self._net.to(memory_format=torch.channels_last)

    def __call__(self, pixels: NDArray[np.float32]) -> Encoded:
        """Run the network over pixels of shape (rows, columns), 0 black, image left as shown."""
        prepared, fit = run_steps(pixels, self.size, self.preparation)
        square = torch.from_numpy(prepared.pixels)[None, None]
        with torch.inference_mode():
            output = self._net(square * 2 - 1)
        return Encoded(
            anatomy=output.anatomy[0].numpy(),
            evidence=output.evidence[0].numpy(),
            findings=output.findings[0].numpy(),
            fit=fit,
            pixel_map=prepared.pixel_map,
        )
