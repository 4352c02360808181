"""Entities, recommendations and scores as rows of tables.

One row each, in input order and then in reading order. Parquet, JSONL and csv have the same
columns; in csv a list is joined with ``;``, measurements and quantities are JSON, and text that a
spreadsheet would run as a formula starts with ``'``. What the report does not say is null.

Every table begins with the columns of the report, and says of every row where its words stand:

| column | meaning |
| --- | --- |
| `report_id` | the report's id field, else the file's name with its line or number |
| `report_row` | 0, 1, … over all reports, also failed ones; distinct even where ids are not |
| `source` | the report's file: its path inside the given folder, or its name |
| `text` | the words |
| `start`, `end` | where they stand: code points of the report's text, half-open (1) |
| `section` | kind of the section |

(1) If the report came in several fields: of the text that `join_sections` makes of them.

Entities, in the file that was asked for:

| column | meaning |
| --- | --- |
| `entity_id` | `e0`, `e1`, … within the report |
| `kind` | `finding`, `device`, `anatomy`, `measurement`, `procedure` |
| `concept` | vocabulary id |
| `ancestors` | broader vocabulary ids, nearest first |
| `assertion` | `present`, `absent`, `uncertain`, `hypothetical` |
| `cue_text` | the words that decided the assertion; null for plain presence |
| `cue_start`, `cue_end` | where those words stand |
| `cue_rule` | the rule that fired |
| `change` | against the earlier study |
| `temporality` | `current` or `historical` |
| `subject` | `patient` or `other` |
| `side` | `left`, `right`, `bilateral`, `midline` |
| `severity` | `trace` … `severe` |
| `locations` | vocabulary ids of anatomy |
| `measurements` | sizes: `values_mm` (one to three), `low_mm` (3), `prior` (2), `start`, `end` |
| `quantities` | `kind`, `low`, `high`, `unit`, `reference` (4), `prior` (2), `start`, `end` |
| `count` | how many the report counts |
| `confidence`, `calibrated` | null for rules |
| `producer`, `version` | the stage that found it |
| `rule`, `weights` | the rule, or the weights (`name@sha256`), that found it |

(2) Whether it is given for the earlier study. (3) Lower end of a range; the first of `values_mm` is
its upper end. (4) Vocabulary id of what a distance is measured from.

Recommendations, in ``out.recommendations.csv`` beside ``out.csv``, and so for every ending:

| column | meaning |
| --- | --- |
| `what` | what is recommended, in the report's words |
| `modalities` | `ct`, `mr`, `ultrasound`, `radiograph`, …: the examinations among it |
| `when` | when, in the report's words |
| `interval_low`, `interval_high`, `interval_unit` | the same as numbers; `day` … `year` |
| `condition` | "if symptoms persist", in the report's words |
| `negated` | whether the report says that it is not needed |
| `rule` | the rule that fired |

Scores, in ``out.scores.csv`` beside ``out.csv``, and so for every ending:

| column | meaning |
| --- | --- |
| `system` | `BI-RADS`, `Lung-RADS`, `Bosniak`, … |
| `category` | in capitals and without the system: `4A`, `2F` |
| `prior` | whether it is given for the earlier study |
| `entity_id` | the finding it is said of, where the same sentence names one |
"""

from __future__ import annotations

import pyarrow as pa

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

_RECOMMENDATION = pa.struct([
    pa.field("text", pa.string()),
    pa.field("start", pa.int32()),
    pa.field("end", pa.int32()),
    pa.field("section", pa.string()),
    pa.field("what", pa.string()),
    pa.field("modalities", pa.list_(pa.string())),
    pa.field("when", pa.string()),
    pa.field("interval_low", pa.float64()),
    pa.field("interval_high", pa.float64()),
    pa.field("interval_unit", pa.string()),
    pa.field("condition", pa.string()),
    pa.field("negated", pa.bool_()),
    pa.field("rule", pa.string()),
])  # fmt: skip

_SCORE = pa.struct([
    pa.field("text", pa.string()),
    pa.field("start", pa.int32()),
    pa.field("end", pa.int32()),
    pa.field("section", pa.string()),
    pa.field("system", pa.string()),
    pa.field("category", pa.string()),
    pa.field("prior", pa.bool_()),
    pa.field("entity_id", pa.string()),
])  # fmt: skip

_REPORT_FIELDS = [
    pa.field("report_id", pa.string()),
    pa.field("report_row", pa.int64()),
    pa.field("source", pa.string()),
]

#: The columns that say which report a row is of.
REPORT_COLUMNS = tuple(field.name for field in _REPORT_FIELDS)

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
    pa.field("count", pa.int32()),
    pa.field("confidence", pa.float64()),
    pa.field("calibrated", pa.bool_()),
    pa.field("producer", pa.string()),
    pa.field("version", pa.string()),
    pa.field("rule", pa.string()),
    pa.field("weights", pa.string()),
])  # fmt: skip

#: One recommendation per row.
RECOMMENDATIONS = pa.schema([*_REPORT_FIELDS, *_RECOMMENDATION])

#: One score per row.
SCORES = pa.schema([*_REPORT_FIELDS, *_SCORE])

#: What `process` returns. In each row one of ``entity_id``, ``recommendation``, ``score``,
#: ``error`` and ``notice`` (what was odd about the report) is not null.
RESULTS = pa.schema([
    *ENTITIES,
    pa.field("recommendation", _RECOMMENDATION),
    pa.field("score", _SCORE),
    pa.field("error", pa.string()),
    pa.field("notice", pa.string()),
    pa.field("message", pa.string()),
])  # fmt: skip

__all__ = ["ENTITIES", "RECOMMENDATIONS", "REPORTS", "REPORT_COLUMNS", "RESULTS", "SCORES"]
