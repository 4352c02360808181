"""Archives of reports → an index of sentences to draft with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.archive.records import Reading, read_records
from radnlp.archive.sources import find_sources
from radnlp.errors import InputError
from radnlp.registry import text_stages
from radnlp.report.embed import HashedWords
from radnlp.report.index import IndexBuilder
from radnlp.schema import Report, SectionKind
from radnlp.text.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from radnlp.report.embed import Embedder
    from radnlp.schema import TextReading

_SECTIONS = frozenset({SectionKind.FINDINGS, SectionKind.IMPRESSION, SectionKind.OTHER})


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSummary:
    """What became of an archive.

    Attributes:
        folder: Where the index lies.
        reports: Different reports that were read.
        repeated: Reports with the text of another one; they count once.
        failures: Records that could not be read.
        sentences: Sentences in the findings and impressions of those reports.
        kept: Different sentences in the index.
    """

    folder: Path
    reports: int
    repeated: int
    failures: int
    sentences: int
    kept: int


def build_index(
    archives: Sequence[str | Path],
    folder: str | Path,
    *,
    reading: Reading | None = None,
    text: str = "rules",
    embed: Embedder | None = None,
) -> IndexSummary:
    """Write an index of the sentences of reports: what `radnlp.report.index` lets in.

    Args:
        archives: Folders, patterns and files of reports.
        folder: Where the index is to lie.
        reading: How the files are to be read.
        text: Name of the text stage that reads the sentences; the same must read the drafts.
        embed: What makes vectors of sentences; ``None`` for the built-in one.

    Raises:
        FileMissing: A path does not exist or holds no reports.
        InputError: None of the records could be read.
        OutputError: The index cannot be written there.
    """
    out = Path(folder)
    read = text_stages.get(text)()
    builder = IndexBuilder(read)
    seen: set[bytes] = set()
    repeated = failures = 0
    first: Exception | None = None
    for source in find_sources(archives, without=(out,)).files:
        for record in read_records(source, reading or Reading()):
            if record.text is None:
                failures, first = failures + 1, first or record.error
                continue
            digest = hashlib.sha256(record.text.encode()).digest()
            if digest in seen:
                repeated += 1
                continue
            seen.add(digest)
            builder.add(_sentences(record.text, read))
    if first is not None and not seen:
        raise InputError(f"none of the inputs could be read; the first: {first}")
    index = builder.build(embed or HashedWords())
    return IndexSummary(
        folder=index.save(out),
        reports=len(seen),
        repeated=repeated,
        failures=failures,
        sentences=builder.sentences,
        kept=len(index.entries),
    )


def _sentences(text: str, read: Callable[[Report], TextReading]) -> Iterator[str]:
    """Yield the sentences of the findings and the impression."""
    for section in read(Report(text=text, language="en")).sections:
        if section.kind in _SECTIONS:
            for start, end in split_sentences(text, section.span.start, section.span.end):
                yield text[start:end]


__all__ = ["IndexSummary", "build_index"]
