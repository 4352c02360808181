"""Change words against the earlier report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, Change, Entity, EntityKind, Side, Subject
from radnlp.schema.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAMED = frozenset({EntityKind.FINDING, EntityKind.DEVICE})


def check_change(entities: Sequence[Entity], earlier: Sequence[Entity]) -> tuple[Notice, ...]:
    """Return a notice for each change word that the earlier report does not bear out.

    A finding called new must not be stated there already; one called stable, worse, improved,
    resolved or removed must be. Concepts count with their broader and narrower ones, sides as far
    as both reports give them; what is uncertain there counts as stated.

    Args:
        entities: Of the report.
        earlier: Of the earlier report.

    Examples:
        >>> check_change([], [])
        ()
    """
    stated = [item for item in earlier if _is_stated(item)]
    return tuple(
        Notice(name="ChangeNotBorneOut", message=message)
        for entity in entities
        if entity.kind in _NAMED and entity.change is not None
        for message in _objections(entity, stated)
    )


def _is_stated(entity: Entity) -> bool:
    said = entity.assertion in {Assertion.PRESENT, Assertion.UNCERTAIN}
    return entity.kind in _NAMED and said and entity.subject is Subject.PATIENT


def _objections(entity: Entity, stated: Sequence[Entity]) -> Iterator[str]:
    before = any(_same(entity, other) for other in stated)
    if entity.change is Change.NEW and before:
        yield f"{entity.id} is called new, and the earlier report already states it"
    elif entity.change is not Change.NEW and not before:
        yield f"{entity.id} is called {entity.change}, and the earlier report does not state it"


def _same(one: Entity, other: Entity) -> bool:
    sides = {one.side, other.side}
    apart = sides == {Side.LEFT, Side.RIGHT}
    return (one.is_a(other.concept) or other.is_a(one.concept)) and not apart


__all__ = ["check_change"]
