"""Mentions, image findings and regions to draft from, and the text stage to read drafts back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from radnlp.schema import (
    Box,
    Confidence,
    Draft,
    Entity,
    EntityKind,
    Image,
    ImageFinding,
    ImageReading,
    LinkReading,
    Region,
    RegionSource,
    Report,
    SectionKind,
    Span,
    Study,
    StudyReading,
    TextReading,
)
from radnlp.text import RuleText
from radnlp.vocabulary import load_vocabulary


@pytest.fixture(scope="session")
def read() -> Callable[[Report], TextReading]:
    """The text stage."""
    return RuleText()


@pytest.fixture
def study() -> Study:
    """One image of 100 columns and 90 rows."""
    return Study(images=(Image(pixels=np.zeros((90, 100)), id="i0"),))


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


@pytest.fixture
def finding() -> Callable[..., ImageFinding]:
    """Make an image finding; ``value=None`` makes it unsupported."""

    def make(
        concept: str, value: float | None, id: str = "f0", *, calibrated: bool = True
    ) -> ImageFinding:
        return ImageFinding(
            id=id,
            concept=concept,
            image_id="i0",
            confidence=None if value is None else Confidence(value=value, calibrated=calibrated),
            supported=value is not None,
            positive=value is not None and value >= 0.1,
        )

    return make


@pytest.fixture
def zones() -> tuple[Region, ...]:
    """Six zones: the right lung at low x, thirds of 30 rows each; ids ``g0`` to ``g5``."""
    return tuple(
        Region(
            id=f"g{3 * column + row}",
            image_id="i0",
            box=Box(50 * column, 30 * row, 50 * column + 50, 30 * row + 30),
            label=f"{side}_{third}_zone",
            source=RegionSource.ANATOMY,
        )
        for column, side in enumerate(("right", "left"))
        for row, third in enumerate(("upper", "mid", "lower"))
    )


@pytest.fixture
def spot() -> Callable[..., Region]:
    """Make the place where an image shows a finding."""

    def make(concept: str, box: Box, id: str = "g9") -> Region:
        return Region(id=id, image_id="i0", box=box, label=concept, source=RegionSource.IMAGE)

    return make


@pytest.fixture
def look() -> Callable[..., tuple[ImageReading, ...]]:
    """Make the readings of one image."""

    def make(*findings: ImageFinding) -> tuple[ImageReading, ...]:
        return (ImageReading(image_id="i0", findings=findings),)

    return make


@pytest.fixture
def draft_by(study, look, read) -> Callable[..., Draft | None]:
    """Draft by a stage, from mentions, image findings, regions and earlier mentions."""

    def make(
        stage: Callable[..., Draft | None],
        mentions: Iterable[Entity] = (),
        findings: Iterable[ImageFinding] = (),
        regions: Iterable[Region] = (),
        earlier: Iterable[Entity] = (),
    ) -> Draft | None:
        found = StudyReading(
            entities=tuple(mentions),
            earlier=tuple(earlier),
            images=look(*findings),
            links=LinkReading(regions=tuple(regions)),
        )
        return stage(study, found, read)

    return make
