"""An exported network says what the original says, or is not written."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from radnlp.errors import ExportMismatch, MissingExtra, ModelNotFound, ModelRejected, OutputError
from radnlp.nets import onnx as exporting
from radnlp.nets.onnx import OnnxNet, export_network, export_weights
from radnlp.nets.vision import ARCHITECTURE, VisionNet, VisionShape
from radnlp.nets.weights import write_weights

CARD = {"name": "tiny", "sha256": "0" * 64, "architecture": "tiny-1", "input": {"size": 32}}


class Tiny(nn.Module):
    """One tensor out, as the network of an anatomy gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 3, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        return self.layer(images) + images.mean(dim=(1, 2, 3), keepdim=True)


for package in ("onnx", "onnxruntime", "onnxscript"):
    pytest.importorskip(package, reason=f"{package} of radnlp[onnx] is not installed")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("onnx") / "tiny.onnx"
    export_network(Tiny(), path, card=CARD)
    return path


def test_the_vision_network_is_exported_within_tolerance(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = VisionNet(VisionShape(concepts=2, boxed=(0,)))
    card = {
        "name": "small",
        "version": "1",
        "architecture": ARCHITECTURE,
        "shape": net.shape.to_dict(),
        "input": {"size": 96},
    }
    write_weights(tmp_path / "small.safetensors", net.state_dict(), card)
    sides = []

    def films(side: int) -> np.ndarray:
        sides.append(side)
        return np.zeros((2, side, side), np.float32)

    done = export_weights(tmp_path / "small.safetensors", tmp_path / "small.onnx", images=films)
    assert done.outputs == ("findings", "evidence", "centres", "extents", "layout")
    assert done.difference <= done.tolerance
    assert (done.images, sides) == (5, [96])
    read = OnnxNet(tmp_path / "small.onnx")
    assert read.card == json.loads((tmp_path / "small.json").read_text())
    assert read(np.zeros((1, 96, 96), np.float32))["extents"].shape == (1, 1, 4, 12, 12)


def test_any_batch_size_runs(written: Path) -> None:
    net = OnnxNet(written)
    images = np.random.default_rng(1).uniform(-1, 1, (7, 32, 32)).astype(np.float32)
    together = net(images)["logits"]
    one_by_one = [net(images[index : index + 1])["logits"] for index in range(7)]
    np.testing.assert_allclose(together, np.concatenate(one_by_one), atol=1e-5)


def test_the_file_names_itself_by_its_own_checksum(written: Path, tmp_path: Path) -> None:
    first = OnnxNet(written)
    torch.manual_seed(9)
    export_network(Tiny(), tmp_path / "other.onnx", card=CARD)
    assert first.name.startswith("tiny.onnx@")
    assert OnnxNet(tmp_path / "other.onnx").name != first.name


def test_a_difference_over_the_tolerance_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = exporting._by_torch
    monkeypatch.setattr(
        exporting,
        "_by_torch",
        lambda net, samples: {name: v + 0.01 for name, v in honest(net, samples).items()},
    )
    with pytest.raises(ExportMismatch, match=r"logits 0\.01"):
        export_network(Tiny(), tmp_path / "tiny.onnx", card=CARD)
    assert not (tmp_path / "tiny.onnx").exists()


def test_a_network_that_gives_no_number_is_not_written(tmp_path: Path) -> None:
    net = Tiny()
    nn.init.constant_(net.layer.weight, float("nan"))
    with pytest.raises(ExportMismatch):
        export_network(net, tmp_path / "tiny.onnx", card=CARD)


@pytest.mark.parametrize("missing", ["name", "sha256", "architecture", "input"])
def test_a_card_that_lacks_something_is_rejected(missing: str, tmp_path: Path) -> None:
    card: dict[str, Any] = {key: value for key, value in CARD.items() if key != missing}
    with pytest.raises(ModelRejected, match="card"):
        export_network(Tiny(), tmp_path / "tiny.onnx", card=card)


def test_images_of_another_side_are_rejected(tmp_path: Path) -> None:
    images = np.zeros((1, 16, 16), np.float32)
    with pytest.raises(ModelRejected, match="32"):
        export_network(Tiny(), tmp_path / "tiny.onnx", card=CARD, images=images)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"tiny\.onnx"):
        export_network(Tiny(), tmp_path / "none" / "tiny.onnx", card=CARD)


def test_a_file_that_is_no_onnx_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(b"junk" * 99)
    with pytest.raises(ModelRejected, match=r"junk\.onnx"):
        OnnxNet(tmp_path / "junk.onnx")
    with pytest.raises(ModelNotFound, match="models export"):
        OnnxNet(tmp_path / "none.onnx")


def test_a_file_without_a_card_is_rejected(written: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(written)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "bare.onnx")
    with pytest.raises(ModelRejected, match="no card"):
        OnnxNet(tmp_path / "bare.onnx")


@pytest.mark.parametrize("package", ["onnxruntime", "onnxscript", "onnx"])
def test_a_missing_package_names_the_extra(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"radnlp\[onnx\]"):
        export_network(Tiny(), tmp_path / "tiny.onnx", card=CARD)


def test_running_a_file_imports_no_torch(written: Path) -> None:
    import subprocess

    code = (
        "import sys, numpy as np\nfrom radnlp.nets.onnx import OnnxNet\n"
        f"OnnxNet({str(written)!r})(np.zeros((1, 32, 32), np.float32))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
