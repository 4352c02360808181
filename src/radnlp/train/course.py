"""The steps of a text network's training: pace, loss, lines of the log, checkpoints."""

from __future__ import annotations

import json
import math
import random
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from radnlp.errors import ModelNotFound
from radnlp.train.start import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import Tensor
    from torch.optim import Optimizer

__all__ = ["Course"]

#: Steps between checkpoints, and between lines of the log.
_SAVED_EVERY, _TOLD_EVERY = 500, 100


class Course:
    """Takes a network through its steps, each with a source of chance of its own.

    So a resumed run goes on as it would have: checkpoint and log lie in ``folder`` under ``name``.

    Args:
        net: What learns; changed in place.
        optimiser: Its groups have the key ``greatest``, their greatest learning rate.
        folder: Where checkpoint and log lie.
        name: Of the weights; the files begin with it.
        seed: With the number of a step it decides what is made and left out in it.
        rising: Over so many steps the rate rises to its greatest.
        bfloat16: Compute in bfloat16.
    """

    def __init__(
        self,
        net: nn.Module,
        optimiser: Optimizer,
        folder: Path,
        *,
        name: str,
        seed: int,
        rising: int,
        bfloat16: bool,
    ) -> None:
        self.net, self.optimiser = net, optimiser
        self.step = 0
        self._seed, self._rising, self._bfloat16 = seed, rising, bfloat16
        self._weights = folder / f"{name}.checkpoint.safetensors"
        self._state = folder / f"{name}.optimiser.pt"
        self._log = folder / f"{name}.log.jsonl"

    def run(
        self,
        steps: int,
        losses: Callable[[random.Random], tuple[Tensor, dict[str, Tensor]]],
        state: Callable[[], Mapping[str, Tensor]],
    ) -> None:
        """Learn until ``steps`` are used.

        Args:
            steps: All of them, those of an earlier run included.
            losses: Makes a batch and returns the loss and, by name, the parts that are logged.
            state: Returns what a checkpoint keeps of the network.
        """
        self.net.train()
        parts: list[dict[str, float]] = []
        while self.step < steps:
            number = self._seed * 1_000_003 + self.step
            torch.manual_seed(number)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bfloat16):
                total, named = losses(random.Random(number))  # noqa: S311
            self.optimiser.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self._set_pace(self.step / steps)
            self.optimiser.step()
            self.step += 1
            parts.append({name: float(loss.detach()) for name, loss in named.items()})
            if self.step % _TOLD_EVERY == 0:
                self._note(parts)
                parts = []
            if self.step % _SAVED_EVERY == 0:
                self._save(state())

    def resume(self) -> Mapping[str, Tensor]:
        """Go on from the checkpoint; return what it kept of the network, to be loaded.

        Raises:
            ModelNotFound: There is none.
        """
        if not self._state.is_file():
            raise ModelNotFound(
                f"no checkpoint {self._state.name} in {self._state.parent} to go on from; start "
                "without resuming"
            )
        # Written by this very run; weights_only reads tensors and plain values alone.
        state = torch.load(self._state, weights_only=True)
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = int(state["step"])
        tell(f"resumed at step {self.step}")
        return load_file(self._weights)

    def _set_pace(self, part: float) -> None:
        """Rise over the first steps, then fall with half a cosine."""
        fall = 0.505 + 0.495 * math.cos(math.pi * part)  # to a hundredth
        pace = min(1.0, (self.step + 1) / self._rising) * fall
        for group in self.optimiser.param_groups:
            group["lr"] = pace * group["greatest"]

    def _note(self, parts: list[dict[str, float]]) -> None:
        row: dict[str, Any] = {"step": self.step}
        row |= {name: round(sum(p[name] for p in parts) / len(parts), 4) for name in parts[0]}
        tell("  ".join(f"{name} {value}" for name, value in row.items()))
        with self._log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")

    def _save(self, state: Mapping[str, Tensor]) -> None:
        save_file(dict(state), self._weights)
        torch.save({"optimiser": self.optimiser.state_dict(), "step": self.step}, self._state)
