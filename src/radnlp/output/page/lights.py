"""What lights up together with what."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from radnlp.output.marks import image_finding_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from radnlp.schema import Analysis


class Lights:
    """For every id of an analysis, the ids that belong to it.

    A mention goes with its regions and its cue, an image finding with its regions, a region with
    its mentions and its image finding, a score with its finding and what goes with that.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._places: defaultdict[str, list[str]] = defaultdict(list)
        self._speakers: defaultdict[str, list[str]] = defaultdict(list)
        for entity in analysis.entities:
            if entity.cue is not None:
                self._places[entity.id].append(cue_id(entity.id))
        for link in analysis.links:
            self._join(link.entity_id, link.region_id)
        for region in analysis.regions:
            finding = image_finding_of(analysis, region)
            if finding is not None:
                self._join(finding.id, region.id)
        for number, score in enumerate(analysis.scores):
            if score.entity_id is not None:
                places = self._places[score.entity_id]
                self._places[score_id(number)] += (score.entity_id, *places)

    def _join(self, speaker: str, region: str) -> None:
        self._places[speaker].append(region)
        self._speakers[region].append(speaker)

    def of(self, *ids: str) -> str:
        """Return the ids and all that belongs to them, separated by blanks."""
        return self._joined(ids, self._places, self._speakers)

    def of_evidence(self, ids: Iterable[str]) -> str:
        """Return the ids and the places of the mentions and image findings among them."""
        return self._joined(ids, self._places)

    def _joined(self, ids: Iterable[str], *tables: dict[str, list[str]]) -> str:
        lit: dict[str, None] = {}
        for one in ids:
            lit[one] = None
            for table in tables:
                lit.update(dict.fromkeys(table.get(one, ())))
        return " ".join(lit)


def cue_id(entity_id: str) -> str:
    """Return the id under which a mention's cue is lit."""
    return f"cue-{entity_id}"


def advice_id(number: int) -> str:
    """Return the id under which a recommendation's words are lit."""
    return f"advice-{number}"


def score_id(number: int) -> str:
    """Return the id under which a score's words are lit."""
    return f"score-{number}"


__all__ = ["Lights", "advice_id", "cue_id", "score_id"]
