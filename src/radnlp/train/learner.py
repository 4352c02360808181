"""One network in training: its average, its optimiser, its checkpoint."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from radnlp.errors import ModelNotFound, ModelRejected
from radnlp.nets.anatomy import AnatomyNet
from radnlp.nets.vision import VisionNet
from radnlp.train.device import run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from radnlp.train.targets import Targets

__all__ = ["Learner"]

Net = TypeVar("Net", VisionNet, AnatomyNet)


class Learner(Generic[Net]):
    """Trains a network step by step and keeps a moving average of it.

    Stem and first two stages of the backbone stay as they were given: their maps are the largest,
    and with so few films nothing was gained by changing edge filters. ``settle`` fits their
    normalisation to films once.

    Args:
        net: The network; it is changed in place.
        loss: Takes what the network gives and the targets; returns the loss and its parts.
        rate: The highest learning rate, that of the heads; the backbone has a third of it.
        decay: How much of the average is kept at a step, once the average has warmed up.
        device: Where the network computes.
        precision: Compute in this type where it is faster; weights stay in float32. In float16
            the loss is scaled, so that small gradients are not lost; a step whose gradients
            overflow is left out.

    Source:
        Micikevicius et al., "Mixed precision training", ICLR 2018 (scaling of the loss).
    """

    def __init__(
        self,
        net: Net,
        loss: Callable[[Any, Targets], tuple[Tensor, dict[str, float]]],
        *,
        rate: float = 1e-3,
        decay: float = 0.99,
        device: torch.device | None = None,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self._device = device or torch.device("cpu")
        self.net: Net = net.to(self._device).to(memory_format=torch.channels_last)
        self.average: Net = copy.deepcopy(self.net).eval().requires_grad_(requires_grad=False)
        self.decay = decay
        self.step = 0
        backbone = self.net.backbone
        self._fixed: list[nn.Module] = [
            backbone.conv_stem,
            backbone.bn1,
            backbone.blocks[0],
            backbone.blocks[1],
        ]
        for part in self._fixed:
            part.requires_grad_(requires_grad=False)
        moving = [weight for weight in backbone.parameters() if weight.requires_grad]
        heads = [
            weight
            for name, weight in self.net.named_parameters()
            if not name.startswith("backbone.")
        ]
        self._optimiser = torch.optim.AdamW(
            [{"params": moving, "part": 1 / 3}, {"params": heads, "part": 1.0}],
            lr=rate,
            weight_decay=0.02,
        )
        self._rate = rate
        self._loss = loss
        self._precision = precision
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=precision is torch.float16)
        if precision is torch.bfloat16 and self._device.type == "cpu":
            _keep_depthwise_wide(self.net)

    def settle(self, batches: Sequence[Tensor]) -> None:
        """Fit the normalisation of the fixed stages to batches of (n, 1, size, size)."""
        norms = [
            module
            for part in self._fixed
            for module in part.modules()
            if isinstance(module, nn.BatchNorm2d)
        ]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        self.net.train()
        with torch.no_grad():
            for batch in batches:
                features = batch.to(self._device)
                for stage in self._fixed:
                    features = stage(features)
        self._update_average(0.0)

    def learn(self, images: Tensor, targets: Targets, pace: float) -> dict[str, float]:
        """Take one step at ``pace`` times the highest rate; return the parts of the loss."""
        self.net.train()
        for part in self._fixed:
            part.eval()
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * pace * group["part"]
        mixed = self._precision is not torch.float32
        with torch.autocast(self._device.type, self._precision if mixed else None, enabled=mixed):
            output = run(self.net, images)
        loss, parts = self._loss(output, targets)
        self._optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss.to(self._device)).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(self._optimiser)
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self.step += 1
        self._update_average(min(self.decay, self.step / (self.step + 10)))
        return parts

    def _update_average(self, keep: float) -> None:
        with torch.no_grad():
            mine, theirs = self.average.state_dict(), self.net.state_dict()
            for name, value in mine.items():
                if value.is_floating_point():
                    value.lerp_(theirs[name], 1 - keep)
                else:
                    value.copy_(theirs[name])

    def save(self, folder: Path, progress: dict[str, float]) -> None:
        """Write a checkpoint that ``resume`` reads: two files, each replaced as a whole."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"net.{name}": value for name, value in self.net.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        for index, state in self._optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
        part = folder / "last.part"
        save_file({name: value.contiguous() for name, value in tensors.items()}, part)
        part.replace(folder / "last.safetensors")
        scale = {"scale": self._scaler.get_scale()} if self._scaler.is_enabled() else {}
        text = json.dumps({"step": self.step, **progress, **scale})
        part.write_text(text, encoding="utf-8")
        part.replace(folder / "last.json")

    def resume(self, folder: Path) -> dict[str, float]:
        """Go on from a checkpoint; return its progress.

        Raises:
            ModelNotFound: there is no checkpoint.
            ModelRejected: the checkpoint belongs to a network of another shape.
        """
        try:
            tensors = load_file(folder / "last.safetensors")
            progress: dict[str, float] = json.loads(
                (folder / "last.json").read_text(encoding="utf-8")
            )
        except FileNotFoundError as error:
            raise ModelNotFound(
                f"no checkpoint in {folder} to go on from; expected last.safetensors and last.json "
                "of an earlier run; start without resuming"
            ) from error

        def part(prefix: str) -> dict[str, Tensor]:
            return {
                name.removeprefix(prefix): value
                for name, value in tensors.items()
                if name.startswith(prefix)
            }

        try:
            self.net.load_state_dict(part("net."))
            self.average.load_state_dict(part("average."))
        except RuntimeError as error:
            raise ModelRejected(
                f"the checkpoint in {folder} belongs to a network of another shape; "
                "start in an empty folder"
            ) from error
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in part("optimiser.").items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
        whole = self._optimiser.state_dict()
        whole["state"] = state
        self._optimiser.load_state_dict(whole)
        if self._scaler.is_enabled() and "scale" in progress:
            self._scaler = torch.amp.GradScaler(self._device.type, init_scale=progress["scale"])
        self.step = int(progress["step"])
        return progress


def _keep_depthwise_wide(net: nn.Module) -> None:
    """Let depthwise convolutions compute in float32.

    On CPUs their backward pass in bfloat16 is five times slower, all others are twice as fast.
    """

    def widened(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def wide(features: Tensor) -> Tensor:
            with torch.autocast("cpu", enabled=False):
                return forward(features.float())

        return wide

    for module in net.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            # On the object, not the class: the state keeps its names, the average stays as it is.
            setattr(module, "forward", widened(module.forward))  # noqa: B010
