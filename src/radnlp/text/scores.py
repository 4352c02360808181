"""Categories of standardised systems: BI-RADS, LI-RADS, Lung-RADS, PI-RADS and the like."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from radnlp.schema.advice import Score
from radnlp.schema.entity import Entity, EntityKind
from radnlp.schema.text import SectionKind, Span
from radnlp.text.casing import in_small_letters
from radnlp.text.intervals import find_when

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "iif": "2f"}
_NO_FOLLOW_UP = re.compile(r"\bno (?:(?:further|routine|additional|specific) )*follow[- ]?up", re.I)
_FLEISCHNER = re.compile(r"\bfleischner\b", re.IGNORECASE)
_FLEISCHNER_NAME = "Fleischner"
_MOST_CHARACTERS = 1500


class _System(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    needs: str | None


class ScoreReader:
    """Finds scores. Threads may share it."""

    def __init__(self) -> None:
        data = tomllib.loads((files("radnlp.text") / "rules" / "scores.toml").read_text("utf-8"))
        self._systems = tuple(_system(entry, data["between"]["words"]) for entry in data["system"])
        self._prior = _words(data["context"]["prior"])
        self._denied = _words(data["context"]["denied"])

    def __call__(
        self,
        text: str,
        sentences: Iterable[tuple[int, int, SectionKind]],
        entities: Sequence[Entity],
    ) -> tuple[Score, ...]:
        """Return the scores in reading order.

        Args:
            text: The report.
            sentences: Start, end and kind of section, in characters.
            entities: Of the report; a score is said of the nearest finding of its sentence.
        """
        found: list[Score] = []
        starts = [entity.span.start for entity in entities]
        for start, end, section in sentences:
            scores = [*self._read(text, start, end, section)]
            scores += self._fleischner(text, start, end, section)
            if scores:
                named = entities[bisect_left(starts, start) : bisect_left(starts, end)]
                findings = [
                    entity
                    for entity in named
                    if entity.kind is EntityKind.FINDING
                    and not any(in_name(score, entity) for score in scores)
                ]
                found.extend(_owned(score, findings) for score in scores)
        return tuple(sorted(found, key=lambda score: score.span))

    def _read(self, text: str, start: int, end: int, section: SectionKind) -> Iterator[Score]:
        end = min(end, start + _MOST_CHARACTERS)
        taken: list[tuple[str, str]] = []
        for system in self._systems:
            if system.needs is not None and system.needs not in text[start:end].lower():
                continue
            for match in system.pattern.finditer(text, start, end):
                category = in_small_letters(match["category"])
                category = _ROMAN.get(category, category).upper()
                before = text[max(start, match.start() - 30) : match.start()]
                if self._denied.search(before) or (system.name, category) in taken:
                    continue
                taken.append((system.name, category))
                yield Score(
                    text=match.group(),
                    span=Span(*match.span()),
                    section=section,
                    system=system.name,
                    category=category,
                    prior=self._prior.search(before) is not None,
                )

    def _fleischner(self, text: str, start: int, end: int, section: SectionKind) -> Iterator[Score]:
        """Yield the follow-up that a sentence gives by the Fleischner Society's guidelines."""
        end = min(end, start + _MOST_CHARACTERS)
        named = _FLEISCHNER.search(text, start, end)
        if named is None:
            return
        none = _NO_FOLLOW_UP.search(text, start, end)
        when = find_when(text, start, end)
        if none is not None:
            low, high, category = none.start(), none.end(), "no follow-up"
        elif when is not None and when.interval is not None:
            low, high = when.start, when.end
            category = re.sub(r"^(?:in|at|within|after)\s+", "", text[low:high], flags=re.I)
        else:
            return
        first, last = min(low, named.start()), max(high, named.end())
        yield Score(
            text=text[first:last],
            span=Span(first, last),
            section=section,
            system=_FLEISCHNER_NAME,
            category=" ".join(category.split()),
        )


def in_name(score: Score, entity: Entity) -> bool:
    """Tell whether a mention is a piece of a score's name: "CAD" of "CAD-RADS", "Lung" of its."""
    name = in_small_letters(score.text).find("rads")
    if name < 0 or score.system == _FLEISCHNER_NAME:
        return False
    return entity.span.start >= score.span.start and entity.span.end <= score.span.start + name + 4


def _system(entry: dict[str, Any], between: list[str]) -> _System:
    categories = sorted(entry["categories"], key=len, reverse=True)
    if all(one[0].isdigit() for one in categories):
        categories += sorted(_ROMAN, key=len, reverse=True)
    choice = "|".join(re.escape(one) for one in categories)
    words = "|".join(re.escape(word) for word in sorted(between, key=len, reverse=True))
    names = "|".join(re.escape(name) for name in entry["names"])
    version = r"(?:20\d\d|v(?:ersion)?[ .]?\d(?:\.\d)?)"
    # The marks are taken as a whole: given back one by one, a hundred blanks would take hours.
    joint = rf"(?:[\s:=#,(\[-]++(?:(?:{words}|{version})(?![\w]))?){{0,6}}"
    lead = rf"\b(?:{names}){joint}[\s:=#(\[-]*(?:lr-|tr-?)?"
    if "short" in entry:
        short = "|".join(re.escape(one) for one in entry["short"])
        lead = rf"(?:{lead}|\b(?:{short}))"
    pattern = re.compile(
        rf"{lead}(?P<category>{choice})(?![\w%]|\.\d| ?(?:mm|cm)\b)", re.IGNORECASE
    )
    return _System(entry["name"], pattern, entry.get("needs"))


def _words(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b(?:[ \w]{{0,20}})$", re.IGNORECASE)


def _owned(score: Score, findings: Sequence[Entity]) -> Score:
    """Give a score to the nearest finding of its sentence."""
    if not findings:
        return score
    nearest = min(findings, key=lambda entity: abs(entity.span.start - score.span.start))
    return Score(
        text=score.text,
        span=score.span,
        section=score.section,
        system=score.system,
        category=score.category,
        prior=score.prior,
        entity_id=nearest.id,
    )


@lru_cache(maxsize=1)
def load_scores() -> ScoreReader:
    """Return the reader; its systems are read once per process."""
    return ScoreReader()


__all__ = ["ScoreReader", "in_name", "load_scores"]
