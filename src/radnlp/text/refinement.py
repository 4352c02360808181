"""What a place makes of a finding, and a size of a part: fracture at a rib, 16 mm lymph node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.entity import EntityKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from radnlp.schema.entity import Measurement
    from radnlp.text.lexicon import Lexicon
    from radnlp.text.mentions import Mention

_ENLARGED_MM = 10.0  # short axis of a lymph node, RECIST 1.1
_MOST_BETWEEN = 4  # words between a part and its size


class Refiner:
    """Makes mentions what their place or their size says; built once per lexicon.

    Args:
        lexicon: Vocabulary and rules.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._vocabulary = lexicon.vocabulary
        self._refine: Mapping[str, Mapping[str, str]] = lexicon.rules.organs["refine"]
        listed: Mapping[str, list[str]] = lexicon.rules.organs["measured"]
        self._measured = {
            concept.id: (large, small)
            for concept in lexicon.vocabulary
            for whole, (large, small) in listed.items()
            if lexicon.vocabulary.is_a(concept.id, whole)
        }

    def measure(
        self, mentions: Sequence[Mention], sizes: Iterable[tuple[Measurement, Mention]]
    ) -> None:
        """Make a part with a size the finding that it is then: "1.6 cm precarinal node".

        Args:
            mentions: Those of a sentence; changed in place.
            sizes: Its sizes. One stands right before its part, or after it.
        """
        for measurement, size in sizes:
            owner = None if measurement.prior else self._owner(mentions, size)
            if owner is None:
                continue
            large, small = self._measured[owner.concept]
            owner.locations = [owner.concept]
            owner.concept = large if min(measurement.values_mm) >= _ENLARGED_MM else small
            owner.kind = EntityKind.FINDING

    def _owner(self, mentions: Sequence[Mention], size: Mention) -> Mention | None:
        """Return the part that a size stands right before, else the last one before it.

        Other parts may stand between: "nodes in the retroperitoneum measuring 12 mm".
        """
        after = [mention for mention in mentions if 0 <= mention.start - size.end <= 1]
        if after:
            return after[-1] if after[-1].concept in self._measured else None
        reach = size.start
        for mention in reversed(mentions):
            if mention.end > size.start:
                continue
            if reach - mention.end > _MOST_BETWEEN or mention.kind is not EntityKind.ANATOMY:
                return None
            if mention.concept in self._measured:
                return mention
            reach = mention.start
        return None

    def refine(self, mentions: Sequence[Mention]) -> None:
        """Make findings the narrower ones that their place says: fracture at a rib, rib fracture.

        A finding without a place that another one suggests is where that one is: an echogenic
        liver suggests fatty infiltration, of the liver.

        Args:
            mentions: Those of a sentence, with their places; changed in place.
        """
        for mention in mentions:
            for suggested in mention.suggests:
                if not suggested.locations:
                    self._narrow(suggested, (*mention.locations, mention.concept))
            self._narrow(mention, mention.locations)

    def _narrow(self, mention: Mention, places: Iterable[str]) -> None:
        by_place = self._refine.get(mention.concept)
        if not by_place:
            return
        for location in places:
            for place in (location, *self._vocabulary.ancestors(location)):
                if place in by_place:
                    mention.concept = by_place[place]
                    return


__all__ = ["Refiner"]
