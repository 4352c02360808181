"""How a network computes while it learns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from radnlp.errors import InputError, ModelNotFound
from radnlp.nets.vision import VisionNet, VisionShape
from radnlp.train.device import choose_device, precision_for, run
from radnlp.train.learner import Learner
from radnlp.train.losses import total_loss
from radnlp.train.targets import Targets


def batch() -> tuple[torch.Tensor, Targets]:
    torch.manual_seed(1)
    targets = Targets(
        masks=torch.zeros(4, 4, 16, 16),
        masks_known=torch.zeros(4, 4),
        boxes=(torch.zeros(0, 5),) * 4,
        side=64,
        findings=torch.tensor([[1.0], [0.0], [1.0], [0.0]]),
        findings_known=torch.ones(4, 1),
        positive_weight=torch.ones(1),
        columns=(),
    )
    return torch.randn(4, 1, 64, 64), targets


def learner(precision: torch.dtype) -> Learner[VisionNet]:
    torch.manual_seed(0)
    net = VisionNet(VisionShape(concepts=1, boxed=()))
    return Learner(net, total_loss, precision=precision)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_mixed_precision_learns_as_full_precision_does(precision: torch.dtype) -> None:
    images, targets = batch()
    full, mixed = learner(torch.float32), learner(precision)
    losses: list[list[float]] = []
    for each in (full, mixed):
        torch.manual_seed(2)  # for the dropout
        losses.append([each.learn(images, targets, 1.0)["findings"] for _ in range(8)])
    assert losses[1][0] == pytest.approx(losses[0][0], rel=0.05)
    assert all(last < 0.9 * first for first, *_, last in losses)
    assert all(weight.dtype is torch.float32 for weight in mixed.net.parameters())


def test_a_step_that_overflows_is_left_out_and_the_scale_is_kept(tmp_path: Path) -> None:
    images, targets = batch()
    first = learner(torch.float16)
    before = first.net.findings.evidence.weight.detach().clone()
    first.learn(images * float("inf"), targets, 1.0)
    torch.testing.assert_close(first.net.findings.evidence.weight.detach(), before)
    first.save(tmp_path, {})
    scale = json.loads((tmp_path / "last.json").read_text(encoding="utf-8"))["scale"]
    assert scale < 65536
    second = learner(torch.float16)
    second.resume(tmp_path)
    second.save(tmp_path, {})
    assert json.loads((tmp_path / "last.json").read_text(encoding="utf-8"))["scale"] == scale


def test_there_must_be_a_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="without resuming"):
        learner(torch.float32).resume(tmp_path)


def test_a_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device(None).type == "cuda"
    assert choose_device("cuda:1").index == 1
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(InputError, match="'cuda:x'"):
        choose_device("cuda:x")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device(None).type == "cpu"
    for name in ("cuda", "tpu"):
        with pytest.raises(InputError, match=f"'{name}'"):
            choose_device(name)


def test_a_gpu_computes_in_mixed_precision() -> None:
    gpu, processor = torch.device("cuda"), torch.device("cpu")
    assert precision_for(gpu, bfloat16=False) is torch.float16
    assert precision_for(gpu, bfloat16=True) is torch.bfloat16
    assert precision_for(processor, bfloat16=True) is torch.bfloat16
    assert precision_for(processor, bfloat16=False) is torch.float32


def test_a_learner_runs_on_a_gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no GPU on this machine")
    net = VisionNet(VisionShape(concepts=1, boxed=(0,)))
    on_gpu = Learner(net, total_loss, device=torch.device("cuda"), precision=torch.float16)
    images, targets = batch()
    on_gpu.settle([images])
    on_gpu.learn(images, targets, 1.0)
    assert run(on_gpu.average, images).findings.device.type == "cpu"
