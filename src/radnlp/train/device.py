"""Where a network computes while it learns: on the processor or on a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from radnlp.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["choose_device", "precision_for", "run"]


def choose_device(name: str | None) -> torch.device:
    """Return the device of that name; ``None`` is the GPU where there is one.

    Raises:
        InputError: torch knows no such device, or it is not there.
    """
    there = torch.cuda.is_available()
    if name is None:
        return torch.device("cuda" if there else "cpu")
    if name.partition(":")[0] not in {"cpu", "cuda"} or (name != "cpu" and not there):
        raise InputError(
            f"found device {name!r}, expected 'cpu'{' or cuda' if there else ''}; torch "
            f"{'sees' if there else 'sees no'} GPU here"
        )
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise InputError(f"found device {name!r}, expected cpu, cuda or cuda:NUMBER") from error


def precision_for(device: torch.device, *, bfloat16: bool) -> torch.dtype:
    """Return the type to compute in: mixed precision on a GPU, on a processor only if asked for."""
    if bfloat16:
        return torch.bfloat16
    return torch.float16 if device.type == "cuda" else torch.float32


def run(net: nn.Module, images: Tensor) -> Any:
    """Return what the network gives for images (n, 1, size, size), brought to the processor.

    Losses and figures are computed there: what comes out of a network is small.
    """
    device = next(net.parameters()).device
    given = net(images.to(device).contiguous(memory_format=torch.channels_last))
    if isinstance(given, torch.Tensor):
        return given.cpu()
    return type(given)(*(part.cpu() for part in given))
