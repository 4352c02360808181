"""Networks as ONNX files: export with a parity check, and running them through ONNX Runtime.

A file carries the card of its weights, so that nothing has to lie beside it.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.errors import ExportMismatch, MissingExtra, ModelNotFound, ModelRejected, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from torch import nn

__all__ = ["OnnxExport", "OnnxNet", "export_network", "export_weights"]

TOLERANCE = 1e-3
_CARD = "radnlp.card"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxExport:
    """What came of an export.

    Attributes:
        path: The file.
        name: ``name@sha256`` (twelve digits) of the weights in it.
        outputs: Names of what the network gives.
        differences: Largest absolute difference from torch, per output, in logits.
        images: How many images were compared.
        tolerance: What was allowed.
    """

    path: Path
    name: str
    outputs: tuple[str, ...]
    differences: tuple[float, ...]
    images: int
    tolerance: float

    @property
    def difference(self) -> float:
        """The largest of all differences."""
        return max(self.differences)


def export_weights(
    weights: str | Path,
    path: Path,
    *,
    images: Callable[[int], NDArray[np.float32]] | None = None,
    tolerance: float = TOLERANCE,
) -> OnnxExport:
    """Write the network of a weights file as ONNX, see `export_network`.

    Args:
        weights: A ``.safetensors`` file with its card, its folder, or a shipped name.
        path: The file to write.
        images: Gives, for the side of the network's square, images to compare on beside noise.
        tolerance: See `export_network`.

    Raises:
        ModelNotFound: no such weights.
        ModelRejected: they cannot be trusted, or do not fit the network of their card.
        MissingExtra: the packages of ``radnlp[onnx]`` are not installed.
        ExportMismatch: the file would not say what torch says.
        OutputError: the file cannot be written.
    """
    from radnlp.nets.build import NETWORKS, build_network
    from radnlp.nets.weights import load_weights

    loaded = load_weights(weights, architectures=frozenset(NETWORKS))
    net = build_network(loaded)
    samples = images(_side(loaded.card)) if images else None
    return export_network(net, path, card=loaded.card, images=samples, tolerance=tolerance)


def export_network(
    net: nn.Module,
    path: Path,
    *,
    card: Mapping[str, Any],
    images: NDArray[np.float32] | None = None,
    tolerance: float = TOLERANCE,
) -> OnnxExport:
    """Write a network as ONNX, if ONNX Runtime gives what torch gives.

    Both run in float32 on the CPU. The largest absolute difference of any logit, over noise and
    over ``images``, must not exceed ``tolerance``; 0.001 moves a probability by less than 0.0003.
    Batch size is free, the side of the image fixed. Nothing is written before the comparison.

    Args:
        net: Takes images of shape (n, 1, side, side), gives one tensor or a named tuple of them.
        path: The file to write; an old one is replaced.
        card: JSON values that go into the file's metadata; needs ``name``, ``sha256``,
            ``architecture``, and the side of the network's image at ``input``, ``size``.
        images: Shape (m, side, side), values about -1 to 1, to compare on beside noise.
        tolerance: In logits.

    Raises:
        ModelRejected: the card lacks what is needed, or images of another side are given.
        MissingExtra: the packages of ``radnlp[onnx]`` are not installed.
        ExportMismatch: a logit differs by more than ``tolerance``, or is not a number.
        OutputError: the file cannot be written.
    """
    side = _side(card)
    samples = _samples(side, images)
    net = net.eval()
    expected = _by_torch(net, samples)
    content = _model(net, side, tuple(expected), card)
    given = OnnxNet(content, name="the exported network")(samples)
    differences = tuple(
        float(np.abs(given[name] - values).max(initial=0.0)) for name, values in expected.items()
    )
    if not all(difference <= tolerance for difference in differences):
        worst = ", ".join(
            f"{name} {difference:.2g}"
            for name, difference in zip(expected, differences, strict=True)
        )
        raise ExportMismatch(
            f"ONNX Runtime and torch differ by {worst} in logits on {len(samples)} images, allowed "
            f"are {tolerance:g}; nothing was written; try other versions of torch or onnxruntime"
        )
    try:
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(
            f"cannot write {path.name}: {error.strerror}; choose a folder that can be written"
        ) from error
    return OnnxExport(
        path=path,
        name=f"{card['name']}@{card['sha256'][:12]}",
        outputs=tuple(expected),
        differences=differences,
        images=len(samples),
        tolerance=tolerance,
    )


class OnnxNet:
    """A network of an ONNX file that `export_network` wrote; safe to call from several threads.

    It imports no torch.

    Args:
        source: The file, or its content.
        name: What to call it in a message; else the file's name.
        threads: For one call; ONNX Runtime's own choice if ``None``.

    Raises:
        ModelNotFound: no such file.
        ModelRejected: not a readable ONNX file, or one without radnlp's card.
        MissingExtra: onnxruntime is not installed.
    """

    def __init__(
        self, source: str | Path | bytes, *, name: str | None = None, threads: int | None = None
    ) -> None:
        runtime = _extra("onnxruntime")
        content = source if isinstance(source, bytes) else _content(Path(source))
        called = name or ("an ONNX file" if isinstance(source, bytes) else Path(source).name)
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads or 0
        try:
            # From memory, so that a file cannot name others beside it.
            self._session = runtime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
            metadata = self._session.get_modelmeta().custom_metadata_map
            self.card: dict[str, Any] = json.loads(metadata[_CARD])
            self.size = _side(self.card)
            self.name = f"{self.card['name']}.onnx@{hashlib.sha256(content).hexdigest()[:12]}"
        except ModelRejected:
            raise
        except KeyError as error:
            raise ModelRejected(
                f"{called} has no card of radnlp in it; export it with 'radnlp models export'"
            ) from error
        # ONNX Runtime has its own errors, all of them derived from Exception alone.
        except Exception as error:
            raise ModelRejected(
                f"{called} is not an ONNX file that ONNX Runtime reads ({type(error).__name__}); "
                "export it again with 'radnlp models export'"
            ) from error
        self._input = self._session.get_inputs()[0].name
        self.outputs = tuple(output.name for output in self._session.get_outputs())

    def __call__(self, images: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return logits by output name for images of shape (n, side, side), about -1 to 1."""
        batch = np.ascontiguousarray(images[:, None], dtype=np.float32)
        values = self._session.run(None, {self._input: batch})
        return dict(zip(self.outputs, values, strict=True))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelNotFound(
            f"no weights at '{path}' ({error.strerror}); 'radnlp models export' writes them"
        ) from error


def _extra(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingExtra(
            f'ONNX needs the package {module}, which is not installed; pip install "radnlp[onnx]"'
        ) from None


def _side(card: Mapping[str, Any]) -> int:
    try:
        for key in ("name", "sha256", "architecture"):
            str(card[key])
        return int(card["input"]["size"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRejected(
            "the card lacks name, sha256, architecture or input.size; copy it again, or train the "
            "weights again with this version of radnlp"
        ) from error


def _samples(side: int, images: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return three images of noise, from fine to coarse, and those given."""
    rng = np.random.default_rng(0)
    noise = [
        np.kron(rng.uniform(-1, 1, (side // grain, side // grain)), np.ones((grain, grain)))
        for grain in (1, 8, 32)
    ]
    samples = np.asarray(noise, dtype=np.float32)
    if images is None:
        return samples
    if images.ndim != 3 or images.shape[1:] != (side, side):
        raise ModelRejected(
            f"images to compare on must have shape (m, {side}, {side}), got {images.shape}"
        )
    return np.concatenate([samples, images.astype(np.float32)])


def _by_torch(net: nn.Module, samples: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    import torch

    with torch.inference_mode():
        output = net(torch.from_numpy(samples[:, None]))
    if isinstance(output, torch.Tensor):
        return {"logits": output.numpy()}
    return {name: value.numpy() for name, value in zip(output._fields, output, strict=True)}


def _model(net: nn.Module, side: int, outputs: tuple[str, ...], card: Mapping[str, Any]) -> bytes:
    """Return the ONNX file's content."""
    for package in ("onnx", "onnxscript"):
        _extra(package)
    import torch

    # Two images, because a batch of one would be taken for a fixed size.
    example = torch.zeros(2, 1, side, side)
    batch = {0: torch.export.Dim("batch", min=1, max=4096)}
    with warnings.catch_warnings():
        # The exporter warns of its own parts.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            net,
            (example,),
            input_names=["images"],
            output_names=list(outputs),
            dynamic_shapes=(batch,),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ExportMismatch("torch exported nothing; try another version of torch")
    model = program.model_proto
    model.doc_string = "Draft. Not for diagnosis."
    entry = model.metadata_props.add()
    entry.key, entry.value = _CARD, json.dumps(dict(card), ensure_ascii=False)
    content: bytes = model.SerializeToString()
    return content
