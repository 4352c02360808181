"""One small analysis, built by hand, that every writer is tried on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from radnlp.schema import (
    Analysis,
    Assertion,
    Box,
    Change,
    Confidence,
    Conflict,
    ConflictKind,
    Cue,
    Draft,
    DraftSection,
    Entity,
    EntityKind,
    Image,
    ImageFinding,
    Link,
    LinkSource,
    Mask,
    Measurement,
    Modality,
    Notice,
    Provenance,
    Quantity,
    QuantityKind,
    Recommendation,
    Region,
    RegionSource,
    Report,
    Score,
    Section,
    SectionKind,
    Sentence,
    Severity,
    Side,
    Span,
    Temporality,
)

TEXT = (
    "FINDINGS: New 12 x 8 mm nodule in the left upper lobe [sic]. Small left pleural effusion.\r\n"
    "Possible atelectasis. No pneumothorax. <script>alert('x')</script> Old rib fracture.\n"
)


def mention(words: str, concept: str, number: int, **fields: object) -> Entity:
    """One mention of `TEXT` at the first place where its words stand."""
    start = TEXT.index(words)
    values: dict[str, object] = {"kind": EntityKind.FINDING, "section": SectionKind.FINDINGS}
    span = Span(start, start + len(words))
    return Entity(id=f"e{number}", text=words, span=span, concept=concept, **(values | fields))


def cue(words: str, rule: str) -> Cue:
    start = TEXT.index(words)
    return Cue(span=Span(start, start + len(words)), rule=rule)


def entities() -> tuple[Entity, ...]:
    size = Measurement(values_mm=(12.0, 8.0), span=Span(14, 23))
    return (
        mention("12 x 8 mm", "measurement", 0, kind=EntityKind.MEASUREMENT),
        mention("nodule", "nodule", 1, side=Side.LEFT, change=Change.NEW, measurements=(size,)),
        mention("left upper lobe", "upper_lobe", 2, kind=EntityKind.ANATOMY, side=Side.LEFT),
        mention("left pleural effusion", "pleural_effusion", 3, side=Side.LEFT,
                severity=Severity.SMALL),
        mention("pleural", "pleura", 4, kind=EntityKind.ANATOMY),
        mention("atelectasis", "atelectasis", 5, assertion=Assertion.UNCERTAIN,
                cue=cue("Possible", "hedge.possible")),
        mention("pneumothorax", "pneumothorax", 6, assertion=Assertion.ABSENT,
                cue=cue("No ", "neg.no")),
        mention("rib fracture", "rib_fracture", 7, temporality=Temporality.HISTORICAL),
    )  # fmt: skip


def block(box: Box) -> Mask:
    inside = np.zeros((120, 100), dtype=bool)
    inside[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] = True
    return Mask.from_array(inside)


def regions() -> tuple[Region, ...]:
    lung, base = Box(55, 10, 95, 90), Box(55, 70, 95, 90)
    anatomy, picture = RegionSource.ANATOMY, RegionSource.IMAGE
    score = Confidence(value=0.41)
    return (
        Region(id="g0", image_id="i0", box=lung, label="left_lung", source=anatomy,
               mask=block(lung)),
        Region(id="g1", image_id="i0", box=base, label="left_lower_zone", source=anatomy,
               mask=block(base)),
        Region(id="g2", image_id="i0", box=Box(60, 20, 80, 40), label="nodule", source=picture,
               confidence=score),
        Region(id="g3", image_id="i0", box=Box(10, 50, 30, 80), label="opacity", source=picture),
    )  # fmt: skip


@pytest.fixture
def chest() -> Analysis:
    """A report and a simulated image that agree on a nodule and disagree on an effusion."""
    pixels = np.linspace(0, 1, 120 * 100, dtype=np.float32).reshape(120, 100)
    vision = Provenance(
        producer="radnlp.vision.embedded", version="1.2", weights="cxr@sha256:0123456789abcdef"
    )
    found = (("nodule", 0.41, False, True), ("opacity", 0.66, True, True),
             ("pleural_effusion", 0.12, True, False))  # fmt: skip
    findings = [
        ImageFinding(id=f"f{number}", concept=concept, image_id="i0", positive=positive,
                     confidence=Confidence(value=value, calibrated=calibrated))
        for number, (concept, value, calibrated, positive) in enumerate(found)
    ]  # fmt: skip
    findings += [
        ImageFinding(id="f3", concept="hiatal_hernia", image_id="i0", supported=False),
        ImageFinding(id="f4", concept="fibrosis", image_id="i0", supported=False),
    ]
    sentence = Sentence(
        text="Nodule in the left upper zone.",
        section=DraftSection.FINDINGS,
        evidence=("f0", "g2"),
    )
    second = Sentence(text="Possible opacity.", section=DraftSection.FINDINGS, evidence=("g3",))
    conflict = Conflict(
        kind=ConflictKind.PRESENCE,
        entity_ids=("e3",),
        finding_ids=("f2",),
        sentence="The report says pleural effusion; the image model sees none.",
    )
    return Analysis(
        report=Report(text=TEXT, language="en"),
        images=(Image(pixels=pixels, modality="DX", view="PA", simulated=True, source="doe.dcm"),),
        sections=(Section(kind=SectionKind.FINDINGS, title=Span(0, 9), span=Span(9, len(TEXT))),),
        entities=entities(),
        image_findings=tuple(findings),
        regions=regions(),
        links=(
            Link(entity_id="e1", region_id="g2", source=LinkSource.BOTH),
            Link(entity_id="e3", region_id="g1", source=LinkSource.ANATOMY),
        ),
        conflicts=(conflict,),
        draft=Draft(sentences=(sentence, second)),
        warnings=(Notice(name="OrientationWarning", message="side by convention", source="i0"),),
        provenance=(Provenance(producer="radnlp.text.rules", version="1.2"), vision),
    )


ADVICE = (
    "IMPRESSION: Lung-RADS 3, previously 2. "
    "CT and <i>PET</i> recommended\nin 3 months if it\x1b[2J grows. "
    "No follow-up of the effusion is needed.\n"
)


def advice(words: str, **fields: object) -> Recommendation:
    start = len(TEXT) + ADVICE.index(words)
    values = {"section": SectionKind.IMPRESSION, "rule": "r", "what": words}
    return Recommendation(text=words, span=Span(start, start + len(words)), **(values | fields))


def score(words: str, category: str, **fields: object) -> Score:
    start = len(TEXT) + ADVICE.index(words)
    values = {"section": SectionKind.IMPRESSION, "system": "Lung-RADS", "category": category}
    return Score(text=words, span=Span(start, start + len(words)), **(values | fields))


@pytest.fixture
def advised(chest: Analysis) -> Analysis:
    """`chest` with two nodules of 30 HU, and an impression that advises and scores."""
    value = Quantity(kind=QuantityKind.ATTENUATION, low=30, high=30, unit="hu", span=Span(14, 23))
    nodules = dataclasses.replace(chest.entities[1], count=2, quantities=(value,))
    words = "CT and <i>PET</i> recommended\nin 3 months if it\x1b[2J grows"
    return dataclasses.replace(
        chest,
        report=Report(text=TEXT + ADVICE, language="en"),
        entities=(chest.entities[0], nodules, *chest.entities[2:]),
        recommendations=(
            advice(
                words,
                what="CT and <i>PET</i>",
                modalities=(Modality.CT, Modality.PET),
                when="in 3 months",
                condition="if it\x1b[2J grows",
            ),
            advice("No follow-up of the effusion is needed", what="follow-up", negated=True),
        ),
        scores=(
            score("Lung-RADS 3", "3", entity_id="e1"),
            score("Lung-RADS 3, previously 2", "2", prior=True),
        ),
    )
