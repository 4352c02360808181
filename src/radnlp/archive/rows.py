"""What was read in reports, gathered column by column."""

from __future__ import annotations

from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from radnlp.archive.table import REPORT_COLUMNS, RESULTS
from radnlp.schema import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from radnlp.schema import Analysis, Entity, Measurement, Quantity, Recommendation, Score


class Rows:
    """Rows of `RESULTS`, one report after the other.

    Held as columns of plain values: an object or a dictionary per row makes the garbage collector
    walk through the whole vocabulary again and again.
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in RESULTS.names}
        self._count = 0

    def add(self, report: Mapping[str, Any], result: Analysis | Failure) -> None:
        """Add the rows of one report: entities, recommendations, scores, notices; or the failure.

        Args:
            report: A row of `REPORTS`.
            result: What was read.
        """
        if isinstance(result, Failure):
            self._extend(report, 1, {"error": [result.error], "message": [result.message]})
            return
        entities, advice, scores = result.entities, result.recommendations, result.scores
        if entities:
            text = result.report.text if result.report else ""
            words = [entity.cue.span.of(text) if entity.cue else None for entity in entities]
            values = {name: map(value, entities) for name, value in _ENTITY.items()}
            self._extend(report, len(entities), {"cue_text": words, **values})
        if advice:
            self._extend(report, len(advice), {"recommendation": map(_recommendation, advice)})
        if scores:
            self._extend(report, len(scores), {"score": map(_score, scores)})
        if result.warnings:
            said = {
                "notice": [notice.name for notice in result.warnings],
                "message": [notice.message for notice in result.warnings],
            }
            self._extend(report, len(result.warnings), said)

    def _extend(
        self, report: Mapping[str, Any], count: int, values: Mapping[str, Iterable[Any]]
    ) -> None:
        for name in REPORT_COLUMNS:
            self._columns[name].extend(repeat(report[name], count))
        for name, filled in values.items():
            self._level(name)
            self._columns[name].extend(filled)
        self._count += count

    def _level(self, name: str) -> None:
        """Fill a column with nulls down to the last row."""
        column = self._columns[name]
        if len(column) < self._count:
            column.extend(repeat(None, self._count - len(column)))

    def batch(self) -> pa.RecordBatch:
        """Return all rows so far."""
        for name in RESULTS.names:
            self._level(name)
        return pa.RecordBatch.from_pydict(self._columns, schema=RESULTS)


_ENTITY: dict[str, Callable[[Entity], object]] = {
    "entity_id": attrgetter("id"),
    "text": attrgetter("text"),
    "start": attrgetter("span.start"),
    "end": attrgetter("span.end"),
    "section": attrgetter("section"),
    "kind": attrgetter("kind"),
    "concept": attrgetter("concept"),
    "ancestors": attrgetter("ancestors"),
    "assertion": attrgetter("assertion"),
    "cue_start": lambda entity: entity.cue.span.start if entity.cue else None,
    "cue_end": lambda entity: entity.cue.span.end if entity.cue else None,
    "cue_rule": lambda entity: entity.cue.rule if entity.cue else None,
    "change": attrgetter("change"),
    "temporality": attrgetter("temporality"),
    "subject": attrgetter("subject"),
    "side": attrgetter("side"),
    "severity": attrgetter("severity"),
    "locations": attrgetter("locations"),
    "measurements": lambda entity: tuple(map(_measurement, entity.measurements)),
    "quantities": lambda entity: tuple(map(_quantity, entity.quantities)),
    "count": attrgetter("count"),
    "confidence": lambda entity: entity.confidence.value if entity.confidence else None,
    "calibrated": lambda entity: entity.confidence.calibrated if entity.confidence else None,
    "producer": lambda entity: entity.provenance.producer if entity.provenance else None,
    "version": lambda entity: entity.provenance.version if entity.provenance else None,
    "rule": lambda entity: entity.provenance.rule if entity.provenance else None,
    "weights": lambda entity: entity.provenance.weights if entity.provenance else None,
}


def _measurement(measurement: Measurement) -> dict[str, object]:
    return {
        "values_mm": measurement.values_mm,
        "low_mm": measurement.low_mm,
        "prior": measurement.prior,
        "start": measurement.span.start,
        "end": measurement.span.end,
    }


def _quantity(quantity: Quantity) -> dict[str, object]:
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


def _recommendation(advice: Recommendation) -> dict[str, object]:
    interval = advice.interval
    return {
        "text": advice.text,
        "start": advice.span.start,
        "end": advice.span.end,
        "section": advice.section,
        "what": advice.what,
        "modalities": advice.modalities,
        "when": advice.when,
        "interval_low": interval.low if interval else None,
        "interval_high": interval.high if interval else None,
        "interval_unit": interval.unit if interval else None,
        "condition": advice.condition,
        "negated": advice.negated,
        "rule": advice.rule,
    }


def _score(score: Score) -> dict[str, object]:
    return {
        "text": score.text,
        "start": score.span.start,
        "end": score.span.end,
        "section": score.section,
        "system": score.system,
        "category": score.category,
        "prior": score.prior,
        "entity_id": score.entity_id,
    }


__all__ = ["Rows"]
