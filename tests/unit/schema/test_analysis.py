"""The analysis: JSON round trip and checks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.errors import InputError, InvalidRecord, OutputError, StageNotFound
from radnlp.schema import (
    Analysis,
    Assertion,
    Box,
    Confidence,
    Correction,
    Critical,
    Cue,
    Draft,
    DraftSection,
    Entity,
    EntityKind,
    Image,
    ImageFinding,
    ImageMeasure,
    ImageMeasurement,
    Interval,
    Link,
    LinkSource,
    Mask,
    Measurement,
    Modality,
    PatientPlane,
    Quantity,
    QuantityKind,
    Recommendation,
    Region,
    RegionSource,
    Relation,
    RelationKind,
    Report,
    Score,
    Section,
    SectionKind,
    Sentence,
    Side,
    Span,
    TimeUnit,
)

TEXT = "FINDINGS: No effusion. 8 mm nodule in the left apex."


def whole_analysis() -> Analysis:
    """An analysis in which every kind of noun occurs."""
    effusion, nodule = TEXT.index("effusion"), TEXT.index("nodule")
    plane = PatientPlane(
        position_mm=(0.0, 0.0, 0.0),
        row_cosines=(1.0, 0.0, 0.0),
        column_cosines=(0.0, 1.0, 0.0),
        row_mm=1.0,
        column_mm=1.0,
    )
    return Analysis(
        report=Report(text=TEXT),
        images=(Image(pixels=np.zeros((4, 6)), plane=plane, window=(40.0, 400.0)),),
        sections=(Section(kind=SectionKind.FINDINGS, span=Span(10, len(TEXT)), title=Span(0, 9)),),
        entities=(
            Entity(
                id="e0",
                text="effusion",
                span=Span(effusion, effusion + 8),
                section=SectionKind.FINDINGS,
                kind=EntityKind.FINDING,
                concept="pleural_effusion",
                assertion=Assertion.ABSENT,
                cue=Cue(span=Span(10, 12), rule="neg.no"),
            ),
            Entity(
                id="e1",
                text="nodule",
                span=Span(nodule, nodule + 6),
                section=SectionKind.FINDINGS,
                kind=EntityKind.FINDING,
                concept="nodule",
                ancestors=("lung_lesion",),
                side=Side.LEFT,
                locations=("lung_apex",),
                measurements=(Measurement(values_mm=(8.0,), span=Span(23, 27), low_mm=7.0),),
                quantities=(
                    Quantity(
                        kind=QuantityKind.VOLUME, low=1.0, high=2.0, unit="ml", span=Span(23, 27)
                    ),
                    Quantity(
                        kind=QuantityKind.DISTANCE,
                        low=30.0,
                        high=30.0,
                        unit="mm",
                        span=Span(23, 27),
                        reference="carina",
                    ),
                ),
                count=1,
            ),
        ),
        relations=(Relation(head="e1", tail="e0", kind=RelationKind.MODIFY),),
        recommendations=(
            Recommendation(
                text="nodule",
                span=Span(nodule, nodule + 6),
                section=SectionKind.FINDINGS,
                what="CT",
                modalities=(Modality.CT,),
                when="in 3 months",
                interval=Interval(low=3.0, high=3.0, unit=TimeUnit.MONTH),
                rule="recommendation.verb",
            ),
        ),
        scores=(
            Score(
                text="nodule",
                span=Span(nodule, nodule + 6),
                section=SectionKind.FINDINGS,
                system="Lung-RADS",
                category="4A",
                entity_id="e1",
            ),
        ),
        image_findings=(
            ImageFinding(
                id="f0",
                concept="nodule",
                image_id="i0",
                confidence=Confidence(value=0.7, calibrated=True),
                positive=True,
            ),
        ),
        regions=(
            Region(
                id="g0",
                image_id="i0",
                box=Box(1, 1, 3, 4),
                label="left_apex",
                source=RegionSource.ANATOMY,
                mask=Mask.from_array(np.eye(4, 6, dtype=bool)),
            ),
        ),
        links=(Link(entity_id="e1", region_id="g0", source=LinkSource.BOTH),),
        draft=Draft(
            sentences=(
                Sentence(
                    text="Nodule.",
                    section=DraftSection.FINDINGS,
                    evidence=("f0", "g0", "m0", "p:e0"),
                    critical=Critical.POSSIBLE,
                ),
            ),
            corrections=(
                Correction(
                    section=DraftSection.FINDINGS, before="Left nodule.", after=None, reason="side"
                ),
            ),
        ),
        image_measurements=(
            ImageMeasurement(
                id="m0",
                image_id="i0",
                measure=ImageMeasure.CARDIOTHORACIC_RATIO,
                value=0.5,
                region_ids=("g0",),
            ),
        ),
        prior=Report(text="Mass.", id="prior"),
        prior_entities=(
            Entity(
                id="e0",
                text="Mass",
                span=Span(0, 4),
                section=SectionKind.FINDINGS,
                kind=EntityKind.FINDING,
                concept="mass",
            ).of_prior(),
        ),
    )


def test_json_round_trip_loses_nothing_but_pixels() -> None:
    analysis = whole_analysis()
    back = Analysis.from_json(analysis.to_json())
    assert back.to_dict() == analysis.to_dict()
    assert back.entities == analysis.entities
    assert back.regions == analysis.regions
    assert back.draft == analysis.draft
    assert back.images[0].pixels is None
    assert back.images[0].plane == analysis.images[0].plane


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_report_text_survives_json(text: str) -> None:
    analysis = Analysis(report=Report(text=text))
    report = Analysis.from_json(analysis.to_json()).report
    assert report is not None
    assert report.text == text


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("entities", 0, "assertion"), "perhaps", r"entities\[0\]\.assertion"),
        (("entities", 0, "span"), [1], r"entities\[0\]\.span"),
        (("regions", 0, "box"), {"x0": 0, "y0": 0, "x1": 0, "y1": 1}, r"regions\[0\]\.box"),
        (("colour",), 1, "unknown field 'colour'"),
        (("links",), None, "links: expected a list"),
        (("schema_version",), "9.0", "schema_version"),
    ],
)
def test_a_wrong_field_is_named(path: tuple[str | int, ...], value: object, message: str) -> None:
    plain = whole_analysis().to_dict()
    target = plain
    for step in path[:-1]:
        target = target[step]  # type: ignore[index]
    target[path[-1]] = value  # type: ignore[index]
    with pytest.raises(InvalidRecord, match=message):
        Analysis.from_json(json.dumps(plain))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[]", "null"])
def test_what_is_no_analysis_is_an_invalid_record(text: str) -> None:
    with pytest.raises(InvalidRecord):
        Analysis.from_json(text)


def test_json_of_an_earlier_minor_version_is_read() -> None:
    plain = whole_analysis().to_dict()
    plain["schema_version"] = "1.0"
    del plain["recommendations"], plain["scores"]
    del plain["image_measurements"], plain["prior"], plain["prior_entities"]
    del plain["draft"]["corrections"]
    plain["draft"]["sentences"] = [
        {"text": "Nodule.", "section": "findings", "evidence": ["f0"], "provenance": None}
    ]
    for entity in plain["entities"]:
        del entity["quantities"], entity["count"]
        for measurement in entity["measurements"]:
            del measurement["low_mm"]
    back = Analysis.from_json(json.dumps(plain))
    assert (back.recommendations, back.scores) == ((), ())
    assert (back.entities[0].quantities, back.entities[0].count) == ((), None)


def test_a_recommendation_and_a_score_must_stand_in_the_report() -> None:
    analysis = whole_analysis()
    advice = replace(analysis.recommendations[0], span=Span(0, 6))
    score = replace(analysis.scores[0], span=Span(0, 6))
    with pytest.raises(InputError, match="not the report's"):
        replace(analysis, recommendations=(advice,))
    with pytest.raises(InputError, match="not the report's"):
        replace(analysis, scores=(score,))


def test_an_entity_must_stand_in_the_report() -> None:
    analysis = whole_analysis()
    with pytest.raises(InputError, match="e0"):
        replace(analysis, report=Report(text=TEXT.replace("effusion", "Effusion")))


@pytest.mark.parametrize(
    "change",
    [
        {"links": (Link(entity_id="e9", region_id="g0", source=LinkSource.BOTH),)},
        {"links": (Link(entity_id="e1", region_id="g9", source=LinkSource.BOTH),)},
        {"relations": (Relation(head="e1", tail="e7", kind=RelationKind.MODIFY),)},
        {"scores": (replace(whole_analysis().scores[0], entity_id="e5"),)},
    ],
)
def test_ids_must_point_somewhere(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="not part of this analysis"):
        replace(whole_analysis(), **change)  # type: ignore[arg-type]


def test_regions_of_an_entity_are_the_linked_ones() -> None:
    analysis = whole_analysis()
    assert [region.label for region in analysis.regions_of(analysis.entities[1])] == ["left_apex"]
    assert analysis.regions_of("e0") == ()


def test_saving_writes_the_format_of_the_extension(tmp_path: Path) -> None:
    path = whole_analysis().save(tmp_path / "study.json")
    assert Analysis.from_json(path.read_text("utf-8")).to_dict() == whole_analysis().to_dict()
    assert [item.name for item in tmp_path.iterdir()] == ["study.json"]


def test_an_unknown_extension_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="json"):
        whole_analysis().save(tmp_path / "study.docx")


def test_a_folder_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        whole_analysis().save(tmp_path / "nowhere" / "study.json")


def test_an_unknown_label_scheme_names_the_nearest() -> None:
    with pytest.raises(StageNotFound, match="Did you mean 'chexpert'"):
        whole_analysis().labels("chexprt")


def test_every_field_of_the_json_is_documented(root: Path) -> None:
    page = (root / "docs" / "reference" / "json.md").read_text("utf-8")

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {name for item in value.values() for name in names(item)}
        if isinstance(value, list):
            return {name for item in value for name in names(item)}
        return set()

    words = set(re.findall(r"[a-z_]+[0-9]*", page))
    plain = names(whole_analysis().to_dict())
    assert plain <= words, f"not documented: {sorted(plain - words)}"


@pytest.mark.parametrize("evidence", ["m9", "p:e9", "e9"])
def test_a_draft_sentence_points_at_evidence_that_is_there(evidence: str) -> None:
    lost = Sentence(text="Nodule.", section=DraftSection.FINDINGS, evidence=(evidence,))
    with pytest.raises(InputError, match=f"draft sentence points to '{evidence}'"):
        replace(whole_analysis(), draft=Draft(sentences=(lost,)))


def test_an_image_measurement_points_at_its_outlines() -> None:
    analysis = whole_analysis()
    (measured,) = analysis.image_measurements
    with pytest.raises(InputError, match="image measurement points to 'g7'"):
        replace(analysis, image_measurements=(replace(measured, region_ids=("g7",)),))


def test_a_mention_of_the_earlier_report_stands_in_its_text() -> None:
    with pytest.raises(InputError, match="p:e0"):
        replace(whole_analysis(), prior=Report(text="None."))


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_measurement_is_a_number(value: float) -> None:
    (measured,) = whole_analysis().image_measurements
    with pytest.raises(InputError, match="finite value"):
        replace(measured, value=value)
