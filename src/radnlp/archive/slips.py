"""Likely slips and missed findings of an archive, worst first.

One row per slip:

| column | meaning |
| --- | --- |
| `rank` | 1, 2, …: the worst first |
| `score` | `weight` times `confidence` |
| `report_id`, `report_row`, `source` | as in the tables of `radnlp extract` |
| `rule` | which rule fired; those of an image begin with `image.` |
| `sentence` | says so in words, with both evidences |
| `words` | the report's words on both sides |
| `spans` | where they stand: `start`, `end` in code points of the report's text, half-open |
| `boxes` | places in the images: `image_id`, `label`, `x0`, `y0`, `x1`, `y1` in stored pixels |
| `weight` | how grave the rule is |
| `confidence` | 1; 0.5 where the report hedges; the network's where an image is the other side |

A network's confidence that is not calibrated is no probability: the score orders, it does not
count.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from radnlp import errors
from radnlp.archive.table import REPORT_COLUMNS, REPORTS
from radnlp.schema import ConflictKind, Failure
from radnlp.text.consistency import check_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from radnlp.schema import Analysis, Conflict, Exam, Inconsistency

#: How grave a disagreement with the image is. None is above 0.5: most of them are false where slips
#: are rare (see the page on evaluation), so slips of side in the words come first.
IMAGE_WEIGHTS: dict[ConflictKind, float] = {
    ConflictKind.SIDE: 0.5,
    ConflictKind.POSITION: 0.5,
    ConflictKind.PRESENCE: 0.5,
    ConflictKind.COUNT: 0.3,
}

#: Of files that lie in a study's folder and are no report and no image: a viewer's, a table.
_OTHER_FILES = frozenset({"InvalidRecord", "NotAnImage", "UnknownFormat"})

_EXAM = pa.struct([
    pa.field("name", pa.string()),
    pa.field("side", pa.string()),
    pa.field("sex", pa.string()),
    pa.field("age_years", pa.int64()),
])  # fmt: skip

_BOX = [pa.field("image_id", pa.string()), pa.field("label", pa.string())]
_BOX += [pa.field(edge, pa.float64()) for edge in ("x0", "y0", "x1", "y1")]

#: What a shard of reports or studies holds; ``path`` is the file, or the study's folder.
CHECKED = pa.schema([*REPORTS, pa.field("exam", _EXAM), pa.field("path", pa.string())])

_SAID = [
    pa.field("rule", pa.string()),
    pa.field("sentence", pa.string()),
    pa.field("words", pa.list_(pa.string())),
    pa.field("spans", pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())]))),
    pa.field("boxes", pa.list_(pa.struct(_BOX))),
    pa.field("weight", pa.float64()),
    pa.field("confidence", pa.float64()),
]

_REPORT = [REPORTS.field(name) for name in REPORT_COLUMNS]

#: One slip per row, worst first.
SLIPS = pa.schema([
    pa.field("rank", pa.int64()), pa.field("score", pa.float64()), *_REPORT, *_SAID,
])  # fmt: skip

#: What a shard's part holds; in each row one of ``rule``, ``error`` and ``notice`` is not null.
#: ``part`` says that an error is of one file of a study whose others were checked all the same.
FOUND = pa.schema([
    pa.field("score", pa.float64()), *_REPORT, *_SAID,
    pa.field("error", pa.string()), pa.field("message", pa.string()), pa.field("part", pa.bool_()),
    pa.field("notice", pa.string()),
])  # fmt: skip


def slips_of(
    report: Mapping[str, Any], outcome: Analysis | Failure, exam: Exam | None
) -> Iterator[dict[str, Any]]:
    """Yield rows of `FOUND`: one per slip, notice and unusable file, or one for the failure.

    Args:
        report: A row of `CHECKED`.
        outcome: What was read, a report among it.
        exam: What is known of the examination.
    """
    about = {name: report[name] for name in REPORT_COLUMNS}
    if isinstance(outcome, Failure):
        yield {**about, "error": outcome.error, "message": outcome.message, "part": False}
    elif outcome.report is not None:
        for notice in outcome.warnings:
            if notice.name not in errors.__all__:
                yield {**about, "notice": notice.name, "message": notice.message}
            elif notice.name not in _OTHER_FILES:
                yield {**about, "error": notice.name, "message": notice.message, "part": True}
        for slip in check_report(outcome.report, outcome.sections, outcome.entities, exam):
            yield {**about, **_of_text(slip, outcome.report.text)}
        for conflict in outcome.conflicts:
            yield {**about, **_of_image(conflict, outcome)}


def _of_text(slip: Inconsistency, text: str) -> dict[str, Any]:
    return {
        "score": slip.score,
        "rule": slip.rule,
        "sentence": slip.sentence,
        "words": [span.of(text) for span in slip.spans],
        "spans": [asdict(span) for span in slip.spans],
        "boxes": [],
        "weight": slip.weight,
        "confidence": slip.confidence,
    }


def _of_image(conflict: Conflict, analysis: Analysis) -> dict[str, Any]:
    entities = [one for one in analysis.entities if one.id in conflict.entity_ids]
    regions = [one for one in analysis.regions if one.id in conflict.region_ids]
    findings = [one for one in analysis.image_findings if one.id in conflict.finding_ids]
    judged = findings or regions
    sure = [one.confidence.value for one in judged if one.confidence is not None]
    seen = not findings or any(one.positive for one in findings)
    confidence = (max(sure) if seen else 1 - max(sure)) if sure else 0.5
    weight = IMAGE_WEIGHTS[conflict.kind]
    return {
        "score": weight * confidence,
        "rule": f"image.{conflict.kind}",
        "sentence": conflict.sentence,
        "words": [one.text for one in entities],
        "spans": [asdict(one.span) for one in entities],
        "boxes": [
            {"image_id": one.image_id, "label": one.label, **asdict(one.box)} for one in regions
        ],
        "weight": weight,
        "confidence": confidence,
    }


def ranked(rows: Sequence[Mapping[str, Any]], least: float) -> tuple[dict[str, Any], ...]:
    """Return rows of `SLIPS`, worst first, those of a score below ``least`` left out."""
    slips = [row for row in rows if row["rule"] is not None and row["score"] >= least]
    slips.sort(key=lambda row: (-row["score"], row["report_row"]))
    return tuple(
        {name: rank if name == "rank" else row[name] for name in SLIPS.names}
        for rank, row in enumerate(slips, start=1)
    )


def failure_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the file of failures says of a row of `FOUND` with an error."""
    return {
        "id": row["report_id"],
        "row": row["report_row"],
        **{name: row[name] for name in ("source", "error", "message")},
    }


__all__ = ["CHECKED", "FOUND", "IMAGE_WEIGHTS", "SLIPS", "failure_of", "ranked", "slips_of"]
