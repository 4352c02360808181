"""Named windows of CT, from ``windows.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from radnlp.schema import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUNSFIELD = "HU"


@cache
def named_windows() -> Mapping[str, Window]:
    """Return the named windows of CT, in Hounsfield units, in the order of ``windows.toml``.

    Examples:
        >>> named_windows()["lung"].center
        -600.0
    """
    text = (files("radnlp.io") / "windows.toml").read_text("utf-8")
    return MappingProxyType(
        {
            name: Window(center=float(entry["center"]), width=float(entry["width"]))
            for name, entry in tomllib.loads(text).items()
        }
    )


def windows_for(modality: str | None, unit: str | None) -> Mapping[str, Window]:
    """Return the named windows that apply: those of CT in Hounsfield units, else none."""
    if modality == "CT" and unit == HOUNSFIELD:
        return named_windows()
    return MappingProxyType({})


__all__ = ["HOUNSFIELD", "named_windows", "windows_for"]
