"""Which mention heads a phrase: the nodule of "the nodule at the margin of the cavity"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.entity import EntityKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from radnlp.text.lexicon import Item
    from radnlp.text.mentions import Mention

_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})
_MOST_UNKNOWN = 4
_PASSED = frozenset({None, "article", "adjective", "ordinal", "dimension"})


def head_of(items: list[Item], findings: Mapping[int, Mention], mention: Mention) -> Mention | None:
    """Return the finding or device before the preposition that leads to a mention.

    Args:
        items: Phrases of the sentence.
        findings: Findings and devices by the numbers of their items.
        mention: One that may stand in a phrase of place.

    Returns:
        The head; ``None`` if no preposition leads to the mention, or nothing is named before it.
    """
    reach, unknown, led = mention.start, 0, False
    for t in range(mention.first - 1, -1, -1):
        item = items[t]
        unknown += reach - item.end
        reach = item.start
        if unknown > _MOST_UNKNOWN:
            return None
        if t in findings:
            head = findings[t]
            if led and head.kind in _NAMED and not head.adjective:
                return head
            if not head.adjective:
                return None
        elif item.entry.role == "place":
            led = True
        elif not _passes(item):
            return None
    return None


def _passes(item: Item) -> bool:
    """Tell whether an item may stand inside a phrase of place."""
    entry = item.entry
    plain = entry.concept is None or entry.kind is EntityKind.ANATOMY
    return plain and entry.cue is None and entry.role in _PASSED


def is_led(items: list[Item], mention: Mention) -> int | None:
    """Return the number of the preposition that leads to a mention, or ``None``."""
    reach = mention.start
    for t in range(mention.first - 1, -1, -1):
        item = items[t]
        if reach - item.end > 1:
            return None
        if item.entry.role == "place":
            return t
        if not _passes(item):
            return None
        reach = item.start
    return None


__all__ = ["head_of", "is_led"]
