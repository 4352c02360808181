"""How the mentions of one sentence belong together, as pairs of mentions."""

from __future__ import annotations

from radnlp.schema.entity import EntityKind, RelationKind
from radnlp.text.mentions import Mention

Pair = tuple[Mention, Mention, RelationKind]


def find_relations(mentions: list[Mention], sizes: list[tuple[Mention, Mention]]) -> list[Pair]:
    """Return (head, tail, kind) in reading order of the heads.

    Args:
        mentions: Of one sentence, in reading order, with their attributes.
        sizes: (mention, size) pairs.
    """
    pairs: list[Pair] = []
    for n, mention in enumerate(mentions):
        if mention.kind is EntityKind.ANATOMY:
            continue
        if mention.places:
            pairs.extend((mention, place, RelationKind.LOCATED_AT) for place in mention.places)
        if mention.suggests:
            pairs.extend((mention, other, RelationKind.SUGGESTIVE_OF) for other in mention.suggests)
        following = mentions[n + 1] if n + 1 < len(mentions) else None
        if following is not None and _modifies(mention, following):
            pairs.append((mention, following, RelationKind.MODIFY))
        pairs.extend(
            (adjective, mention, RelationKind.MODIFY)
            for adjective in mention.modifiers
            if adjective.end != mention.start
        )
    pairs.extend((owner, size, RelationKind.MEASURED_AS) for owner, size in sizes)
    return pairs


def _modifies(mention: Mention, following: Mention) -> bool:
    """Tell whether a finding stands as an adjective right before another one."""
    both = mention.kind is EntityKind.FINDING and following.kind is EntityKind.FINDING
    return both and mention.end == following.start and mention.concept != following.concept


__all__ = ["Pair", "find_relations"]
