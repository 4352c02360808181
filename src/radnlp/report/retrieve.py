"""Words a draft in sentences of somebody's own reports.

A sentence is taken only if it says exactly what the plan says: concepts, assertions, sides, places
and extents agree, as the text stage reads them. Of those that agree the one is taken that is most
typical of them and nearest to the template. What no sentence says, the templates say.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import IndexMissing, InvalidRecord
from radnlp.report.compose import ReportOptions, compose
from radnlp.report.embed import Embedder, embedder_of
from radnlp.report.index import Label, SentenceIndex
from radnlp.report.phrases import load_phrases
from radnlp.report.template import findings_of
from radnlp.schema import DraftSection, Provenance, Sentence
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from radnlp.report.statement import Statement
    from radnlp.report.style import Style
    from radnlp.schema import (
        Draft,
        Report,
        Study,
        StudyReading,
        TextReading,
    )

_PROVENANCE = Provenance(producer="radnlp.report.retrieve", version=__version__)


class RetrieveReport:
    """Drafts in sentences of one's own archive, as far as it has them.

    Args:
        index: The folder that ``radnlp index`` wrote, or an index.
        options: All have defaults.
        embed: What made the vectors of the index; ``None`` if it was one of radnlp's own.

    Raises:
        IndexMissing: No index is given.
        FileMissing: No index is there.
        InvalidRecord: The index is broken, or its vectors were made by something else.
    """

    def __init__(
        self,
        index: str | Path | SentenceIndex | None = None,
        options: ReportOptions | None = None,
        embed: Embedder | None = None,
    ) -> None:
        if index is None:
            raise IndexMissing(
                'report="retrieve" needs an index of sentences of your own reports; make one with '
                "radnlp index ARCHIVE -o FOLDER, then use radnlp draft --report-stage retrieve "
                "--index FOLDER, or Pipeline(report=RetrieveReport(FOLDER)) from radnlp.report"
            )
        loaded = index if isinstance(index, SentenceIndex) else SentenceIndex.load(index)
        self.options = options or ReportOptions()
        self.provenance = _PROVENANCE
        self._write = Retriever(loaded, embed or embedder_of(loaded.embedder))

    def __call__(
        self, study: Study, found: StudyReading, read: Callable[[Report], TextReading]
    ) -> Draft | None:
        """Return a draft as `radnlp.report.TemplateReport` does."""
        return compose(study, found, read, self.options, self._write)


class Retriever:
    """Chooses sentences of an index; a `radnlp.report.compose.Writer`.

    Args:
        index: The sentences.
        embed: What made their vectors.

    Raises:
        InvalidRecord: Something else made them.
    """

    def __init__(self, index: SentenceIndex, embed: Embedder) -> None:
        if index.embedder != embed.name:
            raise InvalidRecord(
                f"the index holds vectors of {index.embedder!r}, and {embed.name!r} is to search "
                "it; build it again, or pass the embedder that made it"
            )
        self._index, self._embed = index, embed

    def __call__(self, statements: Sequence[Statement], style: Style) -> list[Sentence]:
        """Return sentences that say exactly some of the statements, each statement at most once."""
        wanted = {label: one for one in statements for label in _label(one)}
        sentences = []
        for says in self._chosen(set(wanted)):
            meant = [wanted[label] for label in sorted(says)]
            evidence = tuple(dict.fromkeys(id for one in meant for id in one.evidence))
            sentences.append(
                Sentence(
                    text=self._sentence(says, meant, style),
                    section=DraftSection.FINDINGS,
                    evidence=evidence,
                    provenance=_PROVENANCE,
                )
            )
        return sentences

    @cached_property
    def _order(self) -> list[frozenset[Label]]:
        """What the index says within one group of the reader, most at once and most usual first."""
        entries = self._index.entries
        usual = {
            says: sum(entries[number].reports for number in numbers)
            for says, numbers in self._index.groups.items()
        }
        ranked = sorted(usual, key=lambda says: (-len(says), -usual[says], sorted(says)))
        return [says for says in ranked if _in_one_group(says)]

    def _chosen(self, wanted: set[Label]) -> Iterable[frozenset[Label]]:
        for says in self._order:
            if says <= wanted:
                wanted -= says
                yield says

    def _sentence(self, says: frozenset[Label], meant: Sequence[Statement], style: Style) -> str:
        numbers = list(self._index.groups[says])
        entries = [self._index.entries[number] for number in numbers]
        vectors = self._index.vectors[numbers]
        typical = np.average(vectors, axis=0, weights=[one.reports for one in entries])
        written = " ".join(one.sentence.text for one in findings_of(meant, style))
        scores = vectors @ (typical / max(float(np.linalg.norm(typical)), 1e-12))
        scores = scores + vectors @ self._embed([written])[0]
        return entries[int(scores.argmax())].text


def _label(one: Statement) -> list[Label]:
    """Return the label of a statement that a sentence of an archive may say."""
    assertion = one.claim.assertion
    if assertion is None or one.change is not None or one.term is not None:
        return []
    side, severity = str(one.side or ""), str(one.severity or "")
    return [Label(one.concept, str(assertion), side, one.place or "", severity)]


def _in_one_group(says: frozenset[Label]) -> bool:
    return len({load_phrases().group(one.concept) for one in says}) == 1


__all__ = ["RetrieveReport", "Retriever"]
