"""A made-up film with two lungs and a heart, and mentions of a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from radnlp.schema import (
    Confidence,
    Entity,
    EntityKind,
    HeatMap,
    Image,
    ImageFinding,
    ImageReading,
    Mask,
    PixelMap,
    Region,
    RegionSource,
    SectionKind,
    Span,
    Study,
)
from radnlp.vocabulary import load_vocabulary

ROWS, COLUMNS = 120, 100


def _ellipse(x: float, y: float, half_width: float, half_height: float) -> np.ndarray:
    ys, xs = np.mgrid[:ROWS, :COLUMNS] + 0.5
    return ((xs - x) / half_width) ** 2 + ((ys - y) / half_height) ** 2 <= 1


@pytest.fixture
def study() -> Study:
    """One frontal image."""
    return Study(images=(Image(pixels=np.zeros((ROWS, COLUMNS)), id="i0", view="PA"),))


@pytest.fixture
def regions() -> tuple[Region, ...]:
    """Anatomy as the vision stage gives it: the patient's right lung at low x."""
    masks = {
        "left_lung": _ellipse(74, 60, 16, 45),
        "right_lung": _ellipse(28, 60, 18, 45),
        "heart": _ellipse(55, 85, 18, 16),
    }
    found = []
    for number, (label, array) in enumerate(masks.items()):
        mask = Mask.from_array(array)
        box = mask.box()
        assert box is not None
        found.append(
            Region(
                id=f"g{number}",
                image_id="i0",
                box=box,
                label=label,
                mask=mask,
                source=RegionSource.ANATOMY,
            )
        )
    return tuple(found)


@pytest.fixture
def look(regions: tuple[Region, ...]) -> Callable[..., ImageReading]:
    """Make a reading: ``look(finding(…), …)``, each with a heat map if it is positive."""

    def make(*shown: tuple[ImageFinding, HeatMap | None], anatomy: bool = True) -> ImageReading:
        return ImageReading(
            image_id="i0",
            findings=tuple(finding for finding, _ in shown),
            heatmaps=tuple(heat for _, heat in shown if heat is not None),
            regions=regions if anatomy else (),
        )

    return make


@pytest.fixture
def finding() -> Callable[..., tuple[ImageFinding, HeatMap | None]]:
    """Make an image finding; ``at=(x, y)`` puts a hot spot there."""

    def make(
        concept: str,
        value: float | None = 0.95,
        *,
        at: tuple[float, float] | None = None,
        calibrated: bool = True,
        id: str = "f0",
    ) -> tuple[ImageFinding, HeatMap | None]:
        sure = None if value is None else Confidence(value=value, calibrated=calibrated)
        found = ImageFinding(
            id=id, concept=concept, image_id="i0", confidence=sure, supported=sure is not None,
            positive=value is not None and value >= 0.5,
        )  # fmt: skip
        if at is None:
            return found, None
        values = np.zeros((24, 20), np.float32)
        values[int(at[1] // 5), int(at[0] // 5)] = 0.9
        return found, HeatMap(
            concept=concept, values=values, pixel_map=PixelMap(scale_x=5, scale_y=5)
        )

    return make


@pytest.fixture
def mention() -> Callable[..., Entity]:
    """Make an entity; plain presence of a finding unless told otherwise."""

    def make(concept: str, id: str = "e0", **attributes: Any) -> Entity:
        defaults: dict[str, Any] = {
            "id": id,
            "text": "words",
            "span": Span(0, 5),
            "section": SectionKind.FINDINGS,
            "kind": EntityKind.FINDING,
            "concept": concept,
            "ancestors": load_vocabulary().ancestors(concept),
        }
        return Entity(**{**defaults, **attributes})

    return make
