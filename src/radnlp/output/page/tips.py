"""What the tooltip says of a mention or a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.output.page.markup import element, escaped
from radnlp.output.wording import (
    REGION_SOURCE_WORDS,
    SOURCE_WORDS,
    concept_title,
    concept_words,
    confidence_words,
    cue_words,
    place_words,
    quantity_words,
    size_words,
)
from radnlp.schema import Subject, Temporality

if TYPE_CHECKING:
    from collections.abc import Iterable

    from radnlp.schema import Analysis, Entity, Region


def tips_html(analysis: Analysis) -> str:
    """Return one inert template per mention and per region."""
    entities = (_tip(entity.id, _of_entity(analysis, entity)) for entity in analysis.entities)
    regions = (_tip(region.id, _of_region(analysis, region)) for region in analysis.regions)
    return "".join((*entities, *regions))


def _tip(own_id: str, content: str) -> str:
    return element("template", content, id=f"tip-{own_id}")


def _of_entity(analysis: Analysis, entity: Entity) -> str:
    cue = cue_words(analysis, entity)
    rule = f" ({entity.cue.rule})" if entity.cue else ""
    when = str(entity.temporality) if entity.temporality is Temporality.HISTORICAL else ""
    head = element("strong", escaped(concept_title(entity.concept)))
    badge = element("span", escaped(str(entity.assertion)), class_=f"badge {entity.assertion}")
    rows = (
        ("cue", f"“{cue}”{rule}" if cue else ""),
        ("side", str(entity.side or "")),
        ("severity", str(entity.severity or "")),
        ("change", str(entity.change or "")),
        ("where", place_words(entity)),
        ("count", str(entity.count or "")),
        ("size", ", ".join(size_words(item) for item in entity.measurements)),
        ("value", ", ".join(quantity_words(item) for item in entity.quantities)),
        ("when", when),
        ("of whom", "not the patient" if entity.subject is Subject.OTHER else ""),
        ("confidence", confidence_words(entity.confidence)),
        ("also a", ", ".join(concept_words(one) for one in entity.ancestors)),
        *_places(analysis, entity),
    )
    return element("p", head + badge) + _definitions(rows)


def _places(analysis: Analysis, entity: Entity) -> Iterable[tuple[str, str]]:
    labels = {region.id: region.label for region in analysis.regions}
    for link in analysis.links:
        if link.entity_id == entity.id:
            said = (SOURCE_WORDS[link.source], confidence_words(link.confidence))
            words = ", ".join(word for word in said if word)
            yield "region", f"{concept_words(labels[link.region_id])} ({words})"


def _of_region(analysis: Analysis, region: Region) -> str:
    linked = {link.entity_id for link in analysis.links if link.region_id == region.id}
    said = dict.fromkeys(
        f"{concept_words(entity.concept)}{f', {entity.side}' if entity.side else ''}"
        for entity in analysis.entities
        if entity.id in linked
    )
    rows = (
        ("found by", REGION_SOURCE_WORDS[region.source]),
        ("confidence", confidence_words(region.confidence)),
        ("in the report", "; ".join(said)),
    )
    title = element("strong", escaped(concept_title(region.label)))
    return element("p", title) + _definitions(rows)


def _definitions(rows: Iterable[tuple[str, str]]) -> str:
    pairs = [
        element("dt", escaped(term)) + element("dd", escaped(words))
        for term, words in rows
        if words
    ]
    return element("dl", "".join(pairs)) if pairs else ""


__all__ = ["tips_html"]
