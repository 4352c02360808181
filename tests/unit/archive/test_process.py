"""A batch of reports, read."""

from __future__ import annotations

import pyarrow as pa

from radnlp.archive.process import process
from radnlp.archive.table import REPORTS, RESULTS


def reports(*rows: dict[str, object]) -> pa.RecordBatch:
    blank = {"source": "a.csv", "error": None, "message": None}
    whole = [
        {**blank, "report_id": f"r{number}", "report_row": number, **row}
        for number, row in enumerate(rows)
    ]
    return pa.RecordBatch.from_pylist(whole, schema=REPORTS)


def test_process_gives_one_row_for_each_entity() -> None:
    results = process(reports({"text": "Left pleural effusion. No pneumothorax."}))
    assert results.schema == RESULTS
    said = {row["concept"]: row["assertion"] for row in results.to_pylist()}
    assert said["pleural_effusion"] == "present"
    assert said["pneumothorax"] == "absent"


def test_process_gives_one_row_for_each_recommendation_and_score() -> None:
    text = "Nodule, Lung-RADS 3. Recommend CT in 6 months."
    rows = process(reports({"text": text}, {"text": "Pneumothorax."})).to_pylist()
    (advice,) = (row for row in rows if row["recommendation"])
    (score,) = (row for row in rows if row["score"])
    assert (advice["report_id"], advice["recommendation"]["what"]) == ("r0", "CT")
    assert (score["report_id"], score["score"]["category"]) == ("r0", "3")
    assert [advice["entity_id"], score["entity_id"]] == [None, None]


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
