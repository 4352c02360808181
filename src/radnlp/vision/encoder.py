"""Builds the two networks from their weights and runs them over one image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from radnlp.errors import ModelRejected
from radnlp.nets import anatomy, vision
from radnlp.nets.build import build_network
from radnlp.nets.onnx import OnnxNet
from radnlp.nets.vision import VisionOutput, boxes_of_cells, place_scores
from radnlp.nets.weights import load_weights
from radnlp.schema.geometry import Box, PixelMap
from radnlp.vision.prepare import Fit, PreparationOptions, run_steps, to_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Drawing", "Encoded", "Encoder", "Outliner"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """What the network says of the findings in one image, before any decision.

    ``evidence`` holds logits of shape (concepts, size / 16, size / 16), ``findings`` (concepts,).
    ``boxed`` numbers the findings that have boxes: for these ``likely``, shape (boxed, size / 8,
    size / 8), says how likely each cell is the middle of a finding, 0 to 1, and ``boxes``, with 4
    more at the end, the box that each speaks for. ``pixel_map`` says how the square of the network,
    of side ``size``, lies in the image. ``layout``, shape (channels, 3, 3), tells what is where.
    """

    evidence: NDArray[np.float32]
    findings: NDArray[np.float32]
    boxed: tuple[int, ...]
    likely: NDArray[np.float32]
    boxes: NDArray[np.float32]
    layout: NDArray[np.float32]
    size: int
    pixel_map: PixelMap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """What the network says of the anatomy in one image, before any decision.

    ``logits`` has shape (structures, k, k); ``fit`` says where what was seen of the image lies in
    the network's square, ``pixel_map`` how that square lies in the image.
    """

    logits: NDArray[np.float32]
    fit: Fit
    pixel_map: PixelMap

    @property
    def frame(self) -> Box:
        """The part of the image that the network saw, in stored pixels."""
        fit = self.fit
        seen = Box(fit.left, fit.top, fit.left + fit.width, fit.top + fit.height)
        return self.pixel_map.box_to_stored(seen)


class Encoder:
    """The network for findings of one weights file; safe to call from several threads.

    Args:
        weights: Path of a ``.safetensors`` file or its folder, or a shipped name; or an ``.onnx``
            file that ``radnlp models export`` wrote, which runs through ONNX Runtime.
        preparation: How an image is brought to the network; the weights learned from the default.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the file cannot be trusted or does not fit this network.
        MissingExtra: An ``.onnx`` file is given and onnxruntime is not installed.
    """

    def __init__(self, weights: str | Path, preparation: PreparationOptions | None = None) -> None:
        self.preparation = preparation or PreparationOptions()
        self._run = _network(weights, vision.ARCHITECTURE, VisionOutput._fields)
        self.card: Mapping[str, Any] = self._run.card
        self.name, self.size = self._run.name, self._run.size
        try:
            self._boxed = tuple(int(number) for number in self.card["shape"]["boxed"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelRejected(
                f"the card of {self.name} does not say which findings have boxes; "
                "train the weights again with this version of radnlp"
            ) from error

    def __call__(self, pixels: NDArray[np.float32]) -> Encoded:
        """Run the network over pixels of shape (rows, columns), 0 black, image left as shown."""
        prepared, _ = run_steps(pixels, self.size, self.preparation)
        square = torch.from_numpy(prepared.pixels)[None, None]
        output = VisionOutput(*self._run(to_network(square)))
        return Encoded(
            evidence=output.evidence[0].numpy(),
            findings=output.findings[0].numpy(),
            boxed=self._boxed,
            likely=place_scores(output, self._boxed)[0].numpy(),
            boxes=boxes_of_cells(output.extents)[0].numpy(),
            layout=output.layout[0].numpy(),
            size=self.size,
            pixel_map=prepared.pixel_map,
        )


class Outliner:
    """The network for anatomy of one weights file; safe to call from several threads.

    Args:
        weights: As `Encoder` takes them.
        preparation: As `Encoder` takes it.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the file cannot be trusted or does not fit this network.
        MissingExtra: An ``.onnx`` file is given and onnxruntime is not installed.
    """

    def __init__(self, weights: str | Path, preparation: PreparationOptions | None = None) -> None:
        self.preparation = preparation or PreparationOptions()
        self._run = _network(weights, anatomy.ARCHITECTURE, ())
        self.card: Mapping[str, Any] = self._run.card
        self.name, self.size = self._run.name, self._run.size
        self.labels = tuple(str(label) for label in self.card.get("anatomy", ()))

    def __call__(self, pixels: NDArray[np.float32]) -> Drawing:
        """Run the network over pixels of shape (rows, columns), 0 black, image left as shown."""
        prepared, fit = run_steps(pixels, self.size, self.preparation)
        (logits,) = self._run(to_network(torch.from_numpy(prepared.pixels)[None, None]))
        return Drawing(logits=logits[0].numpy(), fit=fit, pixel_map=prepared.pixel_map)


class _Torch:
    """A network on torch."""

    def __init__(self, weights: str | Path, architecture: str) -> None:
        loaded = load_weights(weights, architectures=frozenset({architecture}))
        self.card: Mapping[str, Any] = loaded.card
        self.name = loaded.name
        try:
            self.size = int(self.card["input"]["size"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelRejected(
                f"the card of {loaded.name} does not say how large its input is; train the weights "
                "again with this version of radnlp"
            ) from error
        self._net = build_network(loaded)
        self._net.eval().requires_grad_(requires_grad=False)
        self._net.to(memory_format=torch.channels_last)

    def __call__(self, square: torch.Tensor) -> tuple[torch.Tensor, ...]:
        with torch.inference_mode():
            given = self._net(square)
        return (given,) if isinstance(given, torch.Tensor) else tuple(given)


class _Onnx:
    """A network in an ONNX file."""

    def __init__(self, weights: str | Path, architecture: str, outputs: Sequence[str]) -> None:
        self._net = OnnxNet(weights)
        self.card: Mapping[str, Any] = self._net.card
        self.name, self.size = self._net.name, self._net.size
        self._outputs = tuple(outputs) or self._net.outputs
        if self.card["architecture"] != architecture or not set(self._outputs) <= set(
            self._net.outputs
        ):
            raise ModelRejected(
                f"{Path(weights).name} has architecture {self.card['architecture']!r}; this stage "
                f"runs {architecture}; export its weights with 'radnlp models export'"
            )

    def __call__(self, square: torch.Tensor) -> tuple[torch.Tensor, ...]:
        given = self._net(square[:, 0].numpy())
        return tuple(torch.from_numpy(given[name]) for name in self._outputs)


def _network(weights: str | Path, architecture: str, outputs: Sequence[str]) -> _Torch | _Onnx:
    """Return the network, ready to run; an ONNX file must give ``outputs``, or one of any name."""
    if Path(weights).suffix == ".onnx":
        return _Onnx(weights, architecture, outputs)
    return _Torch(weights, architecture)
