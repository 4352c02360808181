"""The report as a document of RadGraph.

=============  ==================================================================================
field          meaning
=============  ==================================================================================
``text``       the report's tokens joined by single blanks
``entities``   by number, from ``"1"``, in reading order
``tokens``     the entity's tokens, joined by single blanks
``label``      ``OBS-DP`` (present), ``OBS-DA`` (absent), ``OBS-U`` (uncertain), ``ANAT-DP``
``start_ix``   its first token, counted from 0
``end_ix``     its last token, inclusive
``relations``  ``[kind, number of the entity pointed to]``; kinds ``located_at``, ``modify``,
               ``suggestive_of``
=============  ==================================================================================

Tokens: white space separates, and each of ``/ , : . ! ? ( )`` is a token of its own, as in
RadGraph. An entity covers every token that it touches.

What RadGraph has no word for is mapped to the nearest that it has: hypothetical is ``OBS-U``; a
size is an observation that modifies what it measures; "heart size is normal" is the anatomy
"heart size" and the observation "normal" located at it. What is said of another person or of the
past only, and procedures, are left out.

Source: Jain et al., RadGraph: Extracting Clinical Entities and Relations from Radiology Reports,
NeurIPS Datasets and Benchmarks 2021.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from radnlp.errors import InputError
from radnlp.schema import Assertion, EntityKind, RelationKind, Subject, Temporality

if TYPE_CHECKING:
    from radnlp.schema import Analysis, Entity, Span

_TOKEN = re.compile(r"[/,:.!?()]|[^\s/,:.!?()]+")
_OBSERVED = {
    Assertion.PRESENT: "OBS-DP",
    Assertion.ABSENT: "OBS-DA",
    Assertion.UNCERTAIN: "OBS-U",
    Assertion.HYPOTHETICAL: "OBS-U",
}
_ANATOMY = "ANAT-DP"

_Key = tuple[int, int, str]


def render(analysis: Analysis) -> bytes:
    """Return the RadGraph document of an analysis as UTF-8 JSON.

    Raises:
        InputError: The analysis has no report.
    """
    return (json.dumps(document(analysis), ensure_ascii=False) + "\n").encode("utf-8")


def document(analysis: Analysis) -> dict[str, Any]:
    """Return the RadGraph document of an analysis.

    Raises:
        InputError: The analysis has no report.
    """
    if analysis.report is None:
        raise InputError("RadGraph describes a report, and this analysis has none")
    graph = _Graph(analysis.report.text)
    placed: dict[str, _Key] = {}
    for entity in analysis.entities:
        if _counts(entity):
            placed[entity.id] = graph.add(entity)
    for relation in analysis.relations:
        head, tail = placed.get(relation.head), placed.get(relation.tail)
        if head is None or tail is None:
            continue
        if relation.kind is RelationKind.MEASURED_AS:
            graph.relate(tail, RelationKind.MODIFY, head)
        else:
            graph.relate(head, relation.kind, tail)
    return graph.document()


def _counts(entity: Entity) -> bool:
    current = entity.temporality is Temporality.CURRENT and entity.subject is Subject.PATIENT
    return current and entity.kind is not EntityKind.PROCEDURE


class _Graph:
    """Entities by their tokens and label; two mentions of the same words are one."""

    def __init__(self, text: str) -> None:
        matches = list(_TOKEN.finditer(text))
        self._tokens = [match.group() for match in matches]
        self._starts = [match.start() for match in matches]
        self._ends = [match.end() for match in matches]
        self._relations: dict[_Key, dict[tuple[str, _Key], None]] = {}

    def add(self, entity: Entity) -> _Key:
        """Add an entity and return its key."""
        if entity.kind is EntityKind.ANATOMY:
            return self._put(entity.span, _ANATOMY)
        cue = entity.cue
        if (
            cue is not None
            and cue.rule.startswith("organ.")
            and entity.assertion is Assertion.ABSENT
            and not cue.span.overlaps(entity.span)
        ):
            organ, quality = self._put(entity.span, _ANATOMY), self._put(cue.span, "OBS-DP")
            self.relate(quality, RelationKind.LOCATED_AT, organ)
            return organ
        return self._put(entity.span, _OBSERVED[entity.assertion])

    def _put(self, span: Span, label: str) -> _Key:
        first = bisect_right(self._ends, span.start)
        last = max(first, bisect_left(self._starts, span.end) - 1)
        key = (first, last, label)
        self._relations.setdefault(key, {})
        return key

    def relate(self, head: _Key, kind: RelationKind, tail: _Key) -> None:
        """Add a relation; none joins an entity with itself."""
        if head != tail:
            self._relations[head][(kind.value, tail)] = None

    def document(self) -> dict[str, Any]:
        """Return the document."""
        order = sorted(self._relations)
        number = {key: str(n) for n, key in enumerate(order, start=1)}
        entities = {
            number[key]: {
                "tokens": " ".join(self._tokens[key[0] : key[1] + 1]),
                "label": key[2],
                "start_ix": key[0],
                "end_ix": key[1],
                "relations": [[kind, number[tail]] for kind, tail in self._relations[key]],
            }
            for key in order
        }
        return {
            "text": " ".join(self._tokens),
            "entities": entities,
            "data_source": None,
            "data_split": "inference",
        }


__all__ = ["document", "render"]
