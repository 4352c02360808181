"""Archives of reports → an index of sentences to draft with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radnlp.archive.notices import Noted, count_notices
from radnlp.archive.records import Reading, Record, read_records
from radnlp.archive.sources import find_sources
from radnlp.errors import InputError
from radnlp.registry import text_stages
from radnlp.report.embed import HashedWords
from radnlp.report.index import IndexBuilder, check_folder
from radnlp.schema import Failure, Report, SectionKind
from radnlp.text.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        failures: Reports that could not be read, and why.
        notices: What was odd about reports that were read, by kind.
        sentences: Sentences in the findings and impressions of those reports.
        kept: Different sentences in the index.
    """

    folder: Path
    reports: int
    repeated: int
    failures: tuple[Failure, ...]
    notices: tuple[Noted, ...]
    sentences: int
    kept: int


def build_index(
    archives: Sequence[str | Path],
    folder: str | Path,
    *,
    reading: Reading | None = None,
    text: str = "rules",
    language: str | None = None,
    embed: Embedder | None = None,
) -> IndexSummary:
    """Write an index of the sentences of reports: what `radnlp.report.index` lets in.

    Args:
        archives: Folders, patterns and files of reports.
        folder: Where the index is to lie.
        reading: How the files are to be read.
        text: Name of the text stage that reads the sentences; the same must read the drafts.
        language: ISO 639-1 code of all reports; ``None`` detects it.
        embed: What makes vectors of sentences; ``None`` for the built-in one.

    Raises:
        FileMissing: A path does not exist or holds no reports.
        InputError: None of the records could be read, or there is none.
        OutputError: The index cannot be written there.
        StageNotFound: No text stage of that name.
    """
    out = Path(folder)
    check_folder(out)
    read = text_stages.get(text)()
    builder = IndexBuilder(read, language)
    seen: set[bytes] = set()
    repeated = 0
    failures: list[Failure] = []
    notices: list[tuple[int, str, str]] = []
    for source in find_sources(archives, without=(out,)).files:
        for record in read_records(source, reading or Reading()):
            try:
                report = _report(record, language)
                digest = hashlib.sha256(report.text.encode()).digest()
                if digest in seen:
                    repeated += 1
                    continue
                said = read(report)
            except Exception as error:  # noqa: BLE001  (one report must not end the run)
                failures.append(Failure.of(record.id, error))
                continue
            seen.add(digest)
            notices.extend((len(seen), one.name, one.message) for one in said.warnings)
            builder.add(_sentences(report, said))
    if failures and not seen:
        first = failures[0]
        raise InputError(
            f"none of the inputs could be read; the first: {first.id}: {first.error}: "
            f"{first.message}"
        )
    if not seen:
        raise InputError("the files hold no report, only headers or blank lines")
    index = builder.build(embed or HashedWords())
    return IndexSummary(
        folder=index.save(out),
        reports=len(seen),
        repeated=repeated,
        failures=tuple(failures),
        notices=count_notices(notices),
        sentences=builder.sentences,
        kept=len(index.entries),
    )


def _report(record: Record, language: str | None) -> Report:
    if record.text is None:
        raise record.error or InputError("the record holds no text")
    return Report(text=record.text, id=record.id, language=language)


def _sentences(report: Report, reading: TextReading) -> Iterator[str]:
    """Yield the sentences of the findings and the impression."""
    for section in reading.sections:
        if section.kind in _SECTIONS:
            for start, end in split_sentences(report.text, section.span.start, section.span.end):
                yield report.text[start:end]


__all__ = ["IndexSummary", "build_index"]
