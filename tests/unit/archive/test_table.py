"""Entities as rows."""

from __future__ import annotations

import pyarrow as pa

from radnlp.archive.process import process
from radnlp.archive.table import ENTITIES, REPORTS, RESULTS, entity_rows
from radnlp.schema import (
    Analysis,
    Assertion,
    Cue,
    Entity,
    EntityKind,
    Measurement,
    Provenance,
    Quantity,
    QuantityKind,
    Report,
    SectionKind,
    Side,
    Span,
)

TEXT = "No 12 x 8 mm nodule in the left lung."


def nodule() -> Entity:
    return Entity(
        id="e0",
        text="nodule",
        span=Span(13, 19),
        section=SectionKind.FINDINGS,
        kind=EntityKind.FINDING,
        concept="nodule",
        ancestors=("opacity",),
        assertion=Assertion.ABSENT,
        cue=Cue(span=Span(0, 2), rule="no"),
        side=Side.LEFT,
        locations=("left_lung",),
        measurements=(Measurement(values_mm=(12.0, 8.0), span=Span(3, 12)),),
        quantities=(
            Quantity(
                kind=QuantityKind.DISTANCE,
                low=12.0,
                high=12.0,
                unit="mm",
                span=Span(3, 12),
                reference="carina",
            ),
        ),
        provenance=Provenance(producer="test", version="1", rule="r"),
    )


def reports(*rows: dict[str, object]) -> pa.RecordBatch:
    blank = {"source": "a.csv", "error": None, "message": None}
    whole = [
        {**blank, "report_id": f"r{number}", "report_row": number, **row}
        for number, row in enumerate(rows)
    ]
    return pa.RecordBatch.from_pylist(whole, schema=REPORTS)


def test_every_field_of_an_entity_has_its_column() -> None:
    (row,) = entity_rows(Analysis(report=Report(text=TEXT), entities=(nodule(),)))
    assert set(row) | {"report_id", "report_row", "source"} == set(ENTITIES.names)
    assert (row["start"], row["end"], row["text"]) == (13, 19, "nodule")
    assert (row["cue_text"], row["cue_rule"]) == ("No", "no")
    assert row["measurements"] == [
        {"values_mm": (12.0, 8.0), "low_mm": None, "prior": False, "start": 3, "end": 12}
    ]
    (distance,) = row["quantities"]
    assert (distance["kind"], distance["high"], distance["reference"]) == (
        "distance",
        12.0,
        "carina",
    )


def test_a_row_fits_the_schema_of_the_table() -> None:
    rows = list(entity_rows(Analysis(report=Report(text=TEXT), entities=(nodule(),))))
    table = pa.Table.from_pylist(rows, schema=ENTITIES)
    assert table["side"].to_pylist() == ["left"]
    assert table["ancestors"].to_pylist() == [["opacity"]]


def test_process_gives_one_row_for_each_entity() -> None:
    results = process(reports({"text": "Left pleural effusion. No pneumothorax."}))
    assert results.schema == RESULTS
    said = {row["concept"]: row["assertion"] for row in results.to_pylist()}
    assert said["pleural_effusion"] == "present"
    assert said["pneumothorax"] == "absent"


def test_process_passes_unreadable_reports_on_in_their_place() -> None:
    batch = reports(
        {"text": "Pneumothorax."},
        {"error": "MalformedRow", "message": "an open quote"},
        {"text": "Nodule."},
    )
    rows = process(batch).to_pylist()
    assert sorted({row["report_row"] for row in rows}) == [0, 1, 2]
    (failed,) = (row for row in rows if row["error"])
    assert (failed["report_row"], failed["message"]) == (1, "an open quote")
    assert failed["entity_id"] is None


def test_process_turns_a_report_over_the_limit_into_a_failure() -> None:
    long = "Clear lungs. " * 100_000
    rows = process(reports({"text": long}, {"text": "Pneumothorax."})).to_pylist()
    assert [row["error"] for row in rows if row["report_row"] == 0] == ["ReportTooLong"]
    assert any(row["concept"] == "pneumothorax" for row in rows)


def test_process_reads_an_empty_batch() -> None:
    assert process(reports()).num_rows == 0
