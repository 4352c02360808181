"""Builds the network from its weights and runs it over one image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from radnlp.errors import ModelRejected
from radnlp.nets.onnx import OnnxNet
from radnlp.nets.vision import ARCHITECTURE, VisionNet, VisionOutput, VisionShape
from radnlp.nets.weights import load_weights
from radnlp.schema.geometry import PixelMap
from radnlp.vision.prepare import Fit, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

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


class Encoder:
    """The network of one weights file; safe to call from several threads.

    Args:
        weights: Path of a ``.safetensors`` file or its folder, or a shipped name; or an ``.onnx``
            file that ``radnlp models export`` wrote, which runs through ONNX Runtime.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the file cannot be trusted or does not fit this network.
        MissingExtra: an ``.onnx`` file without onnxruntime.
    """

    def __init__(self, weights: str | Path) -> None:
        network = _Onnx if Path(weights).suffix == ".onnx" else _Torch
        self._run = network(weights)
        self.card: Mapping[str, Any] = self._run.card
        self.name, self.size = self._run.name, self._run.size

    def __call__(self, pixels: NDArray[np.float32]) -> Encoded:
        """Run the network over pixels of shape (rows, columns), 0 black, image left as shown."""
        rows, columns = pixels.shape
        square, pixel_map = prepare(pixels, self.size)
        anatomy, evidence, findings = self._run(square * 2 - 1)
        return Encoded(
            anatomy=anatomy,
            evidence=evidence,
            findings=findings,
            fit=Fit.of(rows, columns, self.size),
            pixel_map=pixel_map,
        )


class _Torch:
    """The network on torch."""

    def __init__(self, weights: str | Path) -> None:
        loaded = load_weights(weights, architectures=frozenset({ARCHITECTURE}))
        self.card: Mapping[str, Any] = loaded.card
        self.name = loaded.name
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

    def __call__(self, square: torch.Tensor) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            return [plane[0].numpy() for plane in self._net(square)]


class _Onnx:
    """The same network in an ONNX file."""

    def __init__(self, weights: str | Path) -> None:
        self._net = OnnxNet(weights)
        self.card: Mapping[str, Any] = self._net.card
        self.name, self.size = self._net.name, self._net.size
        fits = set(VisionOutput._fields) <= set(self._net.outputs)
        if self.card["architecture"] != ARCHITECTURE or not fits:
            raise ModelRejected(
                f"{Path(weights).name} has architecture {self.card['architecture']!r}; this stage "
                f"runs {ARCHITECTURE}; export its weights with 'radnlp models export'"
            )

    def __call__(self, square: torch.Tensor) -> list[NDArray[np.float32]]:
        given = self._net(square[:, 0].numpy())
        return [given[name][0] for name in VisionOutput._fields]
