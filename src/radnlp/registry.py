"""Plug-ins: everything replaceable is found by name through package entry points.

radnlp's own stages and a third party's come through the same door. Names are listed without
importing anything; a plug-in's module is imported when its object is asked for.
"""

from __future__ import annotations

import difflib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radnlp.errors import StageNotFound

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Registry:
    """Named objects of one kind, from one entry-point group.

    Args:
        group: Entry-point group, for example ``radnlp.text``.
        noun: What one member is called in messages, for example ``text stage``.

    Examples:
        >>> "rules" in text_stages.names()
        True
    """

    def __init__(self, group: str, noun: str) -> None:
        self.group = group
        self.noun = noun

    @cached_property
    def _entry_points(self) -> dict[str, EntryPoint]:
        from importlib.metadata import entry_points

        return {point.name: point for point in entry_points(group=self.group)}

    def names(self) -> tuple[str, ...]:
        """Names that can be asked for, sorted; no plug-in is imported."""
        return tuple(sorted(self._entry_points))

    def get(self, name: str) -> Any:
        """Import and return the object registered under ``name``.

        Raises:
            StageNotFound: Nobody registered that name; the message names the nearest one.
        """
        point = self._entry_points.get(name)
        if point is None:
            raise StageNotFound(self._not_found(name))
        return point.load()

    def _not_found(self, name: str) -> str:
        known = self.names()
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(known) if known else "none (is radnlp installed with pip?)"
        return f"no {self.noun} called {name!r}.{hint} Known: {listed}"


text_stages = Registry("radnlp.text", "text stage")
vision_stages = Registry("radnlp.vision", "vision stage")
link_stages = Registry("radnlp.link", "link stage")
report_stages = Registry("radnlp.report", "report stage")
writers = Registry("radnlp.output", "output format")
label_schemes = Registry("radnlp.labels", "label scheme")
label_files = Registry("radnlp.label_files", "label set format")


def label_scheme(scheme: str | Path) -> Any:
    """Return what makes labels of entities and sections.

    Args:
        scheme: Name of a label scheme, or a TOML file that holds one.

    Raises:
        StageNotFound: No such label scheme.
        FileMissing: No such file.
        InputError: The file is no label set; the message says what is wrong in it.
    """
    kind = Path(scheme).suffix.lower().lstrip(".")
    return label_files.get(kind)(scheme) if kind else label_schemes.get(str(scheme))


__all__ = [
    "Registry",
    "label_files",
    "label_scheme",
    "label_schemes",
    "link_stages",
    "report_stages",
    "text_stages",
    "vision_stages",
    "writers",
]
