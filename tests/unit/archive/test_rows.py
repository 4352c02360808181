"""Entities, recommendations and scores as rows."""

from __future__ import annotations

import dataclasses

from radnlp.archive.rows import Rows
from radnlp.archive.table import ENTITIES, RECOMMENDATIONS, REPORT_COLUMNS, RESULTS, SCORES
from radnlp.schema import (
    Analysis,
    Assertion,
    Confidence,
    Cue,
    Entity,
    EntityKind,
    Failure,
    Interval,
    Measurement,
    Modality,
    Provenance,
    Quantity,
    QuantityKind,
    Recommendation,
    Report,
    Score,
    SectionKind,
    Side,
    Span,
    TimeUnit,
)

TEXT = "No 12 x 8 mm nodule in the left lung, 30 HU. Lung-RADS 3. CT in 3-6 months if needed."


def at(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words))


def nodule() -> Entity:
    return Entity(
        id="e0",
        text="nodule",
        span=at("nodule"),
        section=SectionKind.FINDINGS,
        kind=EntityKind.FINDING,
        concept="nodule",
        ancestors=("opacity",),
        assertion=Assertion.ABSENT,
        cue=Cue(span=Span(0, 2), rule="no"),
        side=Side.LEFT,
        locations=("left_lung",),
        measurements=(Measurement(values_mm=(12.0, 8.0), span=at("12 x 8 mm")),),
        quantities=(
            Quantity(
                kind=QuantityKind.ATTENUATION, low=30, high=30, unit="hu", span=at("30 HU"),
                prior=True,
            ),
        ),
        count=2,
        confidence=Confidence(value=0.5),
        provenance=Provenance(producer="test", version="1", rule="r", weights="w"),
    )  # fmt: skip


def analysis(**more: object) -> Analysis:
    advice = Recommendation(
        text="CT in 3-6 months if needed",
        span=at("CT in 3-6 months if needed"),
        section=SectionKind.IMPRESSION,
        what="CT",
        modalities=(Modality.CT,),
        when="in 3-6 months",
        interval=Interval(low=3, high=6, unit=TimeUnit.MONTH),
        condition="if needed",
        rule="verb",
    )
    score = Score(
        text="Lung-RADS 3",
        span=at("Lung-RADS 3"),
        section=SectionKind.IMPRESSION,
        system="Lung-RADS",
        category="3",
        entity_id="e0",
    )
    whole = Analysis(
        report=Report(text=TEXT), entities=(nodule(),), recommendations=(advice,), scores=(score,)
    )
    return dataclasses.replace(whole, **more)


def read(*results: Analysis | Failure) -> list[dict[str, object]]:
    rows = Rows()
    for number, result in enumerate(results):
        report = {"report_id": f"r{number}", "report_row": number, "source": "a.csv", "text": TEXT}
        rows.add(report, result)
    batch = rows.batch()
    assert batch.schema == RESULTS
    return batch.to_pylist()


def test_every_field_of_an_entity_has_its_column() -> None:
    row = read(analysis())[0]
    said = {name: row[name] for name in ENTITIES.names if name not in ("change", "severity")}
    assert None not in said.values()
    assert (row["entity_id"], row["start"], row["end"], row["text"]) == ("e0", 13, 19, "nodule")
    assert (row["cue_text"], row["cue_rule"]) == ("No", "no")
    assert (row["side"], row["ancestors"], row["count"]) == ("left", ["opacity"], 2)
    assert row["measurements"] == [
        {"values_mm": [12, 8], "low_mm": None, "prior": False, "start": 3, "end": 12}
    ]
    assert row["quantities"] == [
        {"kind": "attenuation", "low": 30, "high": 30, "unit": "hu", "reference": None,
         "prior": True, "start": 38, "end": 43}
    ]  # fmt: skip


def test_every_field_of_a_recommendation_has_its_column() -> None:
    row = read(analysis())[1]
    assert row["recommendation"] == {
        "text": "CT in 3-6 months if needed",
        "start": 58,
        "end": 84,
        "section": "impression",
        "what": "CT",
        "modalities": ["ct"],
        "when": "in 3-6 months",
        "interval_low": 3,
        "interval_high": 6,
        "interval_unit": "month",
        "condition": "if needed",
        "negated": False,
        "rule": "verb",
    }
    assert list(row["recommendation"]) == RECOMMENDATIONS.names[len(REPORT_COLUMNS) :]


def test_every_field_of_a_score_has_its_column() -> None:
    row = read(analysis())[2]
    assert row["score"] == {
        "text": "Lung-RADS 3",
        "start": 45,
        "end": 56,
        "section": "impression",
        "system": "Lung-RADS",
        "category": "3",
        "prior": False,
        "entity_id": "e0",
    }
    assert list(row["score"]) == SCORES.names[len(REPORT_COLUMNS) :]


def test_each_row_is_of_one_kind_and_in_its_place() -> None:
    failure = Failure(id="r1", error="ReportTooLong", message="too long")
    rows = read(analysis(entities=(), scores=()), failure, analysis(), Analysis())
    kinds = [
        [name for name in ("entity_id", "recommendation", "score", "error") if row[name]]
        for row in rows
    ]
    assert kinds == [["recommendation"], ["error"], ["entity_id"], ["recommendation"], ["score"]]
    assert [row["report_id"] for row in rows] == ["r0", "r1", "r2", "r2", "r2"]
    assert rows[1]["message"] == "too long"
