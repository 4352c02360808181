"""Bricks: torch modules and their weights; they know no medicine.

Names are loaded when they are first used, so that reading a card does not load torch's parts.

Examples:
    >>> from radnlp.nets import VisionNet
    >>> net = VisionNet.from_pretrained("vision-lite0")
    >>> net.card["concepts"][2]["concept"]
    'cardiomegaly'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radnlp.nets.anatomy import AnatomyNet
    from radnlp.nets.vision import VisionNet

__all__ = ["AnatomyNet", "VisionNet"]

_HOME = {"AnatomyNet": "radnlp.nets.anatomy", "VisionNet": "radnlp.nets.vision"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'radnlp.nets' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
