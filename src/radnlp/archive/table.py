"""Entities as rows of a table.

One row per entity, in input order and then in reading order. The same columns are written to
Parquet, JSONL and csv; in csv a list is joined with ``;``, measurements and quantities are JSON,
and text that a spreadsheet would run as a formula starts with ``'``.

========================  ======================================================================
column                    meaning
========================  ======================================================================
``report_id``             the report's id field, else the file's name with its line or number
``report_row``            0, 1, … over all reports of the run in input order, failed ones
                          included; distinct even where ids are not
``source``                file the report came from: its path inside the given folder, or its name
``entity_id``             ``e0``, ``e1``, … within the report
``text``                  the words
``start``, ``end``        where they stand: code points of the report's text, half-open; if the
                          report came in several fields, of the text `join_sections` makes of them
``section``               kind of the section
``kind``                  ``finding``, ``device``, ``anatomy``, ``measurement``, ``procedure``
``concept``               vocabulary id
``ancestors``             broader vocabulary ids, nearest first
``assertion``             ``present``, ``absent``, ``uncertain``, ``hypothetical``
``cue_text``              the words that decided the assertion; null for plain presence
``cue_start``, ``cue_end``  where those words stand
``cue_rule``              the rule that fired
``change``                against the earlier study; null if nothing is said
``temporality``           ``current`` or ``historical``
``subject``               ``patient`` or ``other``
``side``                  ``left``, ``right``, ``bilateral``, ``midline``; null if nothing is said
``severity``              ``trace`` … ``severe``; null if nothing is said
``locations``             vocabulary ids of anatomy
``measurements``          list of ``values_mm`` (one to three lengths; of a range its upper end),
                          ``low_mm`` (lower end of a range), ``prior`` (said of the earlier study),
                          ``start``, ``end``
``quantities``            list of ``kind``, ``low``, ``high``, ``unit``, ``reference`` (of a
                          distance), ``prior``, ``start``, ``end``
``confidence``            null for rules
``calibrated``            whether the confidence is calibrated; null for rules
``producer``, ``version``  the stage that found it
``rule``, ``weights``     the rule, or the weights (``name@sha256``), that found it
========================  ======================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.schema import Analysis, Entity, Failure, Measurement, Quantity

_MEASUREMENT = pa.struct([
    pa.field("values_mm", pa.list_(pa.float64())),
    pa.field("low_mm", pa.float64()),
    pa.field("prior", pa.bool_()),
    pa.field("start", pa.int32()),
    pa.field("end", pa.int32()),
])  # fmt: skip

_QUANTITY = pa.struct([
    pa.field("kind", pa.string()),
    pa.field("low", pa.float64()),
    pa.field("high", pa.float64()),
    pa.field("unit", pa.string()),
    pa.field("reference", pa.string()),
    pa.field("prior", pa.bool_()),
    pa.field("start", pa.int32()),
    pa.field("end", pa.int32()),
])  # fmt: skip

_REPORT_FIELDS = [
    pa.field("report_id", pa.string()),
    pa.field("report_row", pa.int64()),
    pa.field("source", pa.string()),
]

#: One report per row; ``error`` and ``message`` say why a report could not be read.
REPORTS = pa.schema([
    *_REPORT_FIELDS,
    pa.field("text", pa.string()),
    pa.field("error", pa.string()),
    pa.field("message", pa.string()),
])  # fmt: skip

#: One entity per row.
ENTITIES = pa.schema([
    *_REPORT_FIELDS,
    pa.field("entity_id", pa.string()),
    pa.field("text", pa.string()),
    pa.field("start", pa.int32()),
    pa.field("end", pa.int32()),
    pa.field("section", pa.string()),
    pa.field("kind", pa.string()),
    pa.field("concept", pa.string()),
    pa.field("ancestors", pa.list_(pa.string())),
    pa.field("assertion", pa.string()),
    pa.field("cue_text", pa.string()),
    pa.field("cue_start", pa.int32()),
    pa.field("cue_end", pa.int32()),
    pa.field("cue_rule", pa.string()),
    pa.field("change", pa.string()),
    pa.field("temporality", pa.string()),
    pa.field("subject", pa.string()),
    pa.field("side", pa.string()),
    pa.field("severity", pa.string()),
    pa.field("locations", pa.list_(pa.string())),
    pa.field("measurements", pa.list_(_MEASUREMENT)),
    pa.field("quantities", pa.list_(_QUANTITY)),
    pa.field("confidence", pa.float64()),
    pa.field("calibrated", pa.bool_()),
    pa.field("producer", pa.string()),
    pa.field("version", pa.string()),
    pa.field("rule", pa.string()),
    pa.field("weights", pa.string()),
])  # fmt: skip

#: What `process` returns: entities, and one row for each failed report.
RESULTS = pa.schema([*ENTITIES, pa.field("error", pa.string()), pa.field("message", pa.string())])


def entity_rows(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """Yield one row of `ENTITIES`, without the columns of the report, for each entity."""
    text = analysis.report.text if analysis.report else ""
    for entity in analysis.entities:
        yield {**_words(entity), **_cue(entity, text), **_judgement(entity), **_origin(entity)}


def failure_row(failure: Failure) -> dict[str, Any]:
    """Return the row of `RESULTS`, without the columns of the report, for a failed report."""
    return {"error": failure.error, "message": failure.message}


def _words(entity: Entity) -> dict[str, Any]:
    return {
        "entity_id": entity.id,
        "text": entity.text,
        "start": entity.span.start,
        "end": entity.span.end,
        "section": entity.section,
        "kind": entity.kind,
        "concept": entity.concept,
        "ancestors": entity.ancestors,
    }


def _cue(entity: Entity, text: str) -> dict[str, Any]:
    cue = entity.cue
    if cue is None:
        return {}
    return {
        "cue_text": cue.span.of(text),
        "cue_start": cue.span.start,
        "cue_end": cue.span.end,
        "cue_rule": cue.rule,
    }


def _judgement(entity: Entity) -> dict[str, Any]:
    return {
        "assertion": entity.assertion,
        "change": entity.change,
        "temporality": entity.temporality,
        "subject": entity.subject,
        "side": entity.side,
        "severity": entity.severity,
        "locations": entity.locations,
        "measurements": [_measurement(item) for item in entity.measurements],
        "quantities": [_quantity(item) for item in entity.quantities],
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    return {
        "values_mm": measurement.values_mm,
        "low_mm": measurement.low_mm,
        "prior": measurement.prior,
        "start": measurement.span.start,
        "end": measurement.span.end,
    }


def _quantity(quantity: Quantity) -> dict[str, Any]:
    return {
        "kind": quantity.kind,
        "low": quantity.low,
        "high": quantity.high,
        "unit": quantity.unit,
        "reference": quantity.reference,
        "prior": quantity.prior,
        "start": quantity.span.start,
        "end": quantity.span.end,
    }


def _origin(entity: Entity) -> dict[str, Any]:
    origin, confidence = entity.provenance, entity.confidence
    return {
        "confidence": confidence.value if confidence else None,
        "calibrated": confidence.calibrated if confidence else None,
        "producer": origin.producer if origin else None,
        "version": origin.version if origin else None,
        "rule": origin.rule if origin else None,
        "weights": origin.weights if origin else None,
    }


__all__ = ["ENTITIES", "REPORTS", "RESULTS", "entity_rows", "failure_row"]
