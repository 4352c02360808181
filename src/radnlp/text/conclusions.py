"""What a report says beyond its mentions: counts, volumes, attenuation, scores, advice."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from radnlp.schema.text import SectionKind
from radnlp.text.quantities import add_counts, add_quantities
from radnlp.text.recommendations import load_recommendations
from radnlp.text.scores import in_name, load_scores
from radnlp.text.triggers import what_more

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.schema.reading import TextReading


def conclude(
    text: str, sentences: Sequence[tuple[int, int, SectionKind]], reading: TextReading
) -> TextReading:
    """Return a reading with counts, quantities, recommendations and scores.

    Args:
        text: The report.
        sentences: Start, end and section of the sentences that may hold such.
        reading: What else the report says.
    """
    if not sentences:
        return reading
    held = [(one, what_more(text[one[0] : one[1]])) for one in sentences]
    entities = reading.entities
    counting = [one for one, more in held if more.number]
    measuring = [one for one, more in held if more.quantity]
    advising = [one for one, more in held if more.advice or one[2] is SectionKind.RECOMMENDATION]
    scoring = [one for one, more in held if more.score]
    if counting:
        entities = add_counts(text, counting, entities)
    if measuring:
        entities = add_quantities(text, measuring, entities)
    recommendations = load_recommendations()(text, advising) if advising else ()
    scores = load_scores()(text, scoring, entities) if scoring else ()
    if entities is reading.entities and not recommendations and not scores:
        return reading
    told = replace(reading, entities=entities, recommendations=recommendations, scores=scores)
    return _without_names(told) if scores else told


def _without_names(reading: TextReading) -> TextReading:
    """Leave out the mentions that are only a piece of a score's name, and number the rest anew."""
    starts = [entity.span.start for entity in reading.entities]
    pieces = {
        n
        for score in reading.scores
        for n in range(bisect_left(starts, score.span.start), bisect_left(starts, score.span.end))
        if in_name(score, reading.entities[n])
    }
    if not pieces:
        return reading
    kept = [entity for n, entity in enumerate(reading.entities) if n not in pieces]
    ids = {entity.id: f"e{n}" for n, entity in enumerate(kept)}
    return replace(
        reading,
        entities=tuple(replace(entity, id=ids[entity.id]) for entity in kept),
        relations=tuple(
            replace(one, head=ids[one.head], tail=ids[one.tail])
            for one in reading.relations
            if one.head in ids and one.tail in ids
        ),
        scores=tuple(
            replace(score, entity_id=ids[score.entity_id] if score.entity_id else None)
            for score in reading.scores
        ),
    )


__all__ = ["conclude"]
