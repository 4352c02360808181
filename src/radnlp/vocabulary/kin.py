"""Which concepts are broader or narrower than others, also where a name is nobody's concept."""

from __future__ import annotations

from radnlp.vocabulary.load import load_vocabulary


def broader(concept: str) -> tuple[str, ...]:
    """Return broader ids, nearest first; none for what a plug-in calls by a name of its own.

    Examples:
        >>> broader("consolidation"), broader("somebodys_own_finding")
        (('opacity', 'lung_abnormality', 'abnormality'), ())
    """
    vocabulary = load_vocabulary()
    return vocabulary.ancestors(concept) if concept in vocabulary else ()


def is_narrower(concept: str, other: str) -> bool:
    """Tell whether ``concept`` is ``other`` or a narrower name of it."""
    return concept == other or other in broader(concept)


def is_kin(one: str, other: str) -> bool:
    """Tell whether one is the other, or a narrower or broader name of it."""
    return is_narrower(one, other) or is_narrower(other, one)


__all__ = ["broader", "is_kin", "is_narrower"]
