"""Reads radiology reports and the images they describe, together.

The front door: names are loaded when they are first used, so that ``import radnlp`` costs nothing.

Examples:
    >>> from radnlp import analyze
    >>> result = analyze(report="Heart size is normal. Right lower lobe consolidation.")
    >>> result.labels()["Consolidation"]
    1
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from radnlp.version import __version__

if TYPE_CHECKING:
    from radnlp.errors import RadnlpError
    from radnlp.io import load_study, named_windows, read_image, read_report, read_volume
    from radnlp.pipeline import Pipeline, analyze
    from radnlp.schema import (
        Analysis,
        Assertion,
        Box,
        Change,
        Confidence,
        Conflict,
        Draft,
        Entity,
        EntityKind,
        Failure,
        Image,
        ImageFinding,
        Link,
        Mask,
        Measurement,
        Notice,
        Provenance,
        Quantity,
        Recommendation,
        Region,
        Relation,
        Report,
        Score,
        Section,
        SectionKind,
        Sentence,
        Severity,
        Side,
        Span,
        Study,
        Volume,
    )

_HOME = {
    "RadnlpError": "radnlp.errors",
    "analyze": "radnlp.pipeline",
    "load_study": "radnlp.io",
    "named_windows": "radnlp.io",
    "Pipeline": "radnlp.pipeline",
    "read_image": "radnlp.io",
    "read_report": "radnlp.io",
    "read_volume": "radnlp.io",
}

__all__ = [
    "Analysis",
    "Assertion",
    "Box",
    "Change",
    "Confidence",
    "Conflict",
    "Draft",
    "Entity",
    "EntityKind",
    "Failure",
    "Image",
    "ImageFinding",
    "Link",
    "Mask",
    "Measurement",
    "Notice",
    "Pipeline",
    "Provenance",
    "Quantity",
    "RadnlpError",
    "Recommendation",
    "Region",
    "Relation",
    "Report",
    "Score",
    "Section",
    "SectionKind",
    "Sentence",
    "Severity",
    "Side",
    "Span",
    "Study",
    "Volume",
    "__version__",
    "analyze",
    "load_study",
    "named_windows",
    "read_image",
    "read_report",
    "read_volume",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'radnlp' has no attribute {name!r}")
    value = getattr(import_module(_HOME.get(name, "radnlp.schema")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
