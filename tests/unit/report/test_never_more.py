"""A draft never says more than its evidence, whatever was found; the check is the test's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radnlp.report import ReportOptions, Style, TemplateReport, WriterReport
from radnlp.report.phrases import load_phrases
from radnlp.schema import (
    Assertion,
    Box,
    Change,
    Confidence,
    Critical,
    Draft,
    Entity,
    EntityKind,
    Image,
    ImageFinding,
    ImageMeasure,
    ImageMeasurement,
    ImageReading,
    LinkReading,
    Region,
    RegionSource,
    Report,
    SectionKind,
    Sentence,
    Severity,
    Side,
    Span,
    Study,
    StudyReading,
)
from radnlp.text import RuleText
from radnlp.vocabulary import load_vocabulary

READ = RuleText()
CONCEPTS = (
    "opacity", "consolidation", "infiltrate", "atelectasis", "cardiomegaly", "edema", "mass",
    "nodule", "pleural_effusion", "pneumonia", "pneumothorax", "emphysema", "rib_fracture",
)  # fmt: skip
ZONES = tuple(
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
PRIORS = (
    None, "", "No pneumothorax. Small left pleural effusion.", "Lungs are clear.",
    "Possible pneumonia. Right nodule. Bilateral pleural effusions.", "No acute findings.",
    "HISTORY: Pneumonia.\nFINDINGS: Cardiomegaly. No pneumonia, mass, or nodule.",
)  # fmt: skip
SENTENCES = (
    "Large right pneumothorax.", "The lungs are clear.", "No pneumonia, mass, or nodule is seen.",
    "Left lower zone consolidation has increased.", "New left pleural effusion.", "Cardiomegaly.",
    "Bilateral pleural effusions are present.", "There is a nodule of 4 mm in the left lung.",
    "Unchanged pneumonia.", "The mass is no longer seen.", "Mild atelectasis in Mr. Grey.",
    "Tension pneumothorax.", "No opacity.", "Probable right upper lobe pneumonia.",
    "Rule out infiltrate.", "Old rib fracture.", "Heart size is normal.",
    "Cardiothoracic ratio 0.61.",
)  # fmt: skip

findings = st.lists(
    st.tuples(
        st.sampled_from(CONCEPTS),
        st.none() | st.sampled_from((0.01, 0.09, 0.12, 0.25, 0.5, 0.79, 0.8, 0.99)),
        st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one[0],
).map(
    lambda drawn: tuple(
        ImageFinding(
            id=f"f{number}",
            concept=concept,
            image_id="i0",
            confidence=None if value is None else Confidence(value=value, calibrated=calibrated),
            supported=value is not None,
            positive=value is not None and value >= 0.1,
        )
        for number, (concept, value, calibrated) in enumerate(drawn)
    )
)
mentions = st.lists(
    st.tuples(
        st.sampled_from(CONCEPTS),
        st.sampled_from(Assertion),
        st.none() | st.sampled_from(Side),
        st.none() | st.sampled_from(Severity),
        st.none() | st.sampled_from(Change),
        st.sampled_from(((), ("lower_zone",), ("upper_lobe",), ("lung", "lower_lobe"))),
        st.sampled_from((SectionKind.FINDINGS, SectionKind.HISTORY)),
    ),
    max_size=5,
).map(
    lambda drawn: tuple(
        Entity(
            id=f"e{number}",
            text="words",
            span=Span(0, 5),
            section=section,
            kind=EntityKind.FINDING,
            concept=concept,
            ancestors=load_vocabulary().ancestors(concept),
            assertion=assertion,
            side=side,
            severity=severity,
            change=change,
            locations=locations,
        )
        for number, (
            concept, assertion, side, severity, change, locations, section,
        ) in enumerate(drawn)
    )
)  # fmt: skip
spots = st.lists(
    st.tuples(st.sampled_from(CONCEPTS), st.integers(0, 80), st.integers(0, 70)), max_size=4
).map(
    lambda drawn: tuple(
        Region(
            id=f"g{10 + number}",
            image_id="i0",
            box=Box(x, y, x + 20, y + 20),
            label=concept,
            source=RegionSource.IMAGE,
        )
        for number, (concept, x, y) in enumerate(drawn)
    )
)
ratios = st.none() | st.floats(0.3, 0.8)
styles = st.builds(
    Style,
    form=st.sampled_from(("telegraphic", "prose")),
    normals=st.booleans(),
    impression_length=st.none() | st.integers(1, 3),
)


class Case:
    """What was found, and a draft of it."""

    def __init__(self, seen, *, told=(), shown=(), ratio=None, prior=None, view=None) -> None:
        image = Image(pixels=np.zeros((90, 100)), id="i0", view=view)
        self.study = Study(images=(image,))
        self.entities, self.findings = told, seen
        measured = () if ratio is None else (self.measurement(ratio),)
        self.readings = (ImageReading(image_id="i0", findings=seen, measurements=measured),)
        self.links = LinkReading(regions=(*ZONES, *shown))
        before = () if prior is None else READ(Report(text=prior, id="prior")).entities
        self.earlier = tuple(one.of_prior() for one in before)
        self.evidence = {
            one.id: one
            for one in (
                *told, *seen, *ZONES, *shown, *measured, *self.earlier
            )
        }  # fmt: skip

    @staticmethod
    def measurement(ratio: float) -> ImageMeasurement:
        return ImageMeasurement(
            id="m0",
            image_id="i0",
            measure=ImageMeasure.CARDIOTHORACIC_RATIO,
            value=ratio,
            region_ids=("g0", "g3"),
        )

    def draft(self, stage) -> Draft:
        found = StudyReading(
            entities=self.entities, earlier=self.earlier, images=self.readings, links=self.links
        )
        return stage(self.study, found, READ) or Draft()


cases = st.builds(
    Case,
    findings,
    told=mentions,
    shown=spots,
    ratio=ratios,
    prior=st.sampled_from(PRIORS),
    view=st.sampled_from((None, "PA", "AP")),
)


def check(case: Case, draft: Draft) -> None:
    """Hold every sentence against its evidence, without the code that writes drafts."""
    for sentence in draft.sentences:
        evidence = [case.evidence[id] for id in sentence.evidence]
        said = [one for one in READ(Report(text=sentence.text)).entities if one.kind == "finding"]
        general = sentence.provenance and sentence.provenance.rule == "nothing"
        measured = any(isinstance(one, ImageMeasurement) for one in evidence)
        assert said or general or measured, sentence.text
        for one in said:
            assert any(carries(piece, one, evidence, case) for piece in evidence), sentence.text
        stated = [one for one in said if one.assertion != Assertion.ABSENT]
        if any(load_phrases().is_critical(one.concept) for one in stated):
            sure = any(one.assertion == Assertion.PRESENT for one in stated)
            assert sentence.critical == (Critical.PRESENT if sure else Critical.POSSIBLE)
        else:
            assert sentence.critical is None


def carries(piece, said: Entity, evidence, case: Case) -> bool:
    if isinstance(piece, Entity) and not piece.id.startswith("p:"):
        ok = {
            Assertion.PRESENT: piece.assertion == Assertion.PRESENT,
            Assertion.UNCERTAIN: piece.assertion in (Assertion.PRESENT, Assertion.UNCERTAIN),
            Assertion.ABSENT: piece.assertion == Assertion.ABSENT,
        }[said.assertion]
        sides, severity = both(piece.side), piece.severity
    elif isinstance(piece, ImageFinding) and piece.confidence is not None:
        value, calibrated = piece.confidence.value, piece.confidence.calibrated
        ok = {
            Assertion.PRESENT: piece.positive and calibrated and value >= 0.8,
            Assertion.UNCERTAIN: piece.positive and (value >= 0.25 or not calibrated),
            Assertion.ABSENT: not piece.positive and calibrated and value <= 0.1,
        }[said.assertion]
        places = [one.label for one in evidence if isinstance(one, Region)]
        sides = {side for side in ("left", "right") if any(side in label for label in places)}
        severity = None
    else:
        return False
    denied = said.assertion == Assertion.ABSENT
    upper, lower = (piece, said) if denied else (said, piece)
    names = {lower.concept, *load_vocabulary().ancestors(lower.concept)}
    there = denied and not isinstance(piece, Entity)
    return (
        ok
        and upper.concept in names
        and (there or both(said.side) <= sides)
        and said.severity in (None, severity)
        and changed(piece, said, evidence)
    )


def changed(piece, said: Entity, evidence) -> bool:
    if said.change is None or (isinstance(piece, Entity) and piece.change == said.change):
        return True
    before = [one for one in evidence if isinstance(one, Entity) and one.id.startswith("p:")]
    wanted = Assertion.ABSENT if said.change == Change.NEW else Assertion.PRESENT
    return said.change in (Change.NEW, Change.STABLE, Change.RESOLVED) and any(
        one.assertion == wanted for one in before
    )


def both(side: Side | None) -> set[str]:
    return {"left", "right"} if side == Side.BILATERAL else {side} & {"left", "right"}


@settings(max_examples=300, deadline=None)
@given(case=cases, style=styles)
def test_a_draft_never_says_more_than_its_evidence(case: Case, style: Style) -> None:
    draft = case.draft(TemplateReport(ReportOptions(style=style)))
    check(case, draft)
    if not style.normals:
        absent = [one.text for one in draft.sentences if one.text.startswith("No ")]
        assert all("likely" in text for text in absent)


@settings(max_examples=150, deadline=None)
@given(case=cases, texts=st.lists(st.sampled_from(SENTENCES), max_size=6), style=styles)
def test_nor_does_it_whatever_a_writer_says(case: Case, texts, style: Style) -> None:
    ids = tuple(case.evidence) or ("e99",)

    def write(statements, style):
        return [Sentence(text=text, section="findings", evidence=ids) for text in texts]

    check(case, case.draft(WriterReport(write, ReportOptions(style=style))))


def test_the_check_notices_a_side_that_nothing_carries() -> None:
    (seen,) = (
        ImageFinding(
            id="f0",
            concept="mass",
            image_id="i0",
            confidence=Confidence(value=0.9, calibrated=True),
            positive=True,
        ),
    )
    case = Case((seen,))
    moved = Draft(sentences=(Sentence(text="Left mass.", section="findings", evidence=("f0",)),))
    with pytest.raises(AssertionError, match="Left mass"):
        check(case, moved)
