"""Rows of a table → cases to score.

A row is a mapping by column, and comes with its place for messages (``gold.csv:2``). What reads
reports and files is handed in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from radnlp.errors import InvalidRecord, RadnlpError
from radnlp.evaluate.boxes import BoxCase
from radnlp.evaluate.drafts import DraftCase
from radnlp.evaluate.entities import EntityCase
from radnlp.evaluate.labels import LabelCase
from radnlp.schema import (
    Analysis,
    Assertion,
    Box,
    Entity,
    Failure,
    Image,
    LinkSource,
    Report,
    Study,
    TextReading,
)

Row: TypeAlias = tuple[str, Mapping[str, Any]]
Read: TypeAlias = Callable[[Report], TextReading]
#: From entities and sections to labels, as `radnlp.registry.label_scheme` gives it.
LabelScheme: TypeAlias = Callable[..., Mapping[str, int | None]]

_SOURCES = (LinkSource.BOTH, LinkSource.IMAGE, LinkSource.ANATOMY)
_VALUES = {1.0: 1, 0.0: 0, -1.0: -1}


def link_cases(
    rows: Iterable[Row],
    *,
    analyse: Callable[[Study], Analysis],
    image_of: Callable[[str], Image],
) -> Iterator[BoxCase | Failure]:
    """Yield one case per phrase and image; rows with one box each are put together.

    Args:
        rows: With ``image``, ``phrase`` (or ``report``), ``boxes`` (or ``x0``, ``y0``, ``x1``,
            ``y1``; stored pixels), and where known ``concept`` and ``patient``.
        analyse: The pipeline.
        image_of: Reads what ``image`` names.

    Yields:
        A `Failure` for an image that cannot be used.

    Raises:
        InvalidRecord: A row without an image, a phrase or a box.
    """
    phrases: dict[tuple[str, str, str], list[Box]] = {}
    groups: dict[tuple[str, str, str], str] = {}
    for place, row in rows:
        name = str(_needed(row, "image", place))
        text = row.get("phrase", row.get("report"))
        if not isinstance(text, str):
            raise InvalidRecord(
                f"{place}: there is no 'phrase' and no 'report'; name a column so: a phrase of the "
                "report, or the report itself"
            )
        key = (name, text, str(row.get("concept", "")))
        phrases.setdefault(key, []).extend(_boxes(row, place))
        groups.setdefault(key, str(row.get("patient", row.get("study", name))))
    for key, truth in phrases.items():
        name, text, concept = key
        try:
            image = image_of(name)
            analysis = analyse(Study(report=Report(text=text), images=(image,)))
        except RadnlpError as error:
            yield Failure.of(name, error)
            continue
        meant = [
            one
            for one in analysis.entities
            if one.is_current
            and one.assertion is Assertion.PRESENT
            and (not concept or one.is_a(concept))
        ]
        yield BoxCase(
            concept=concept or (meant[0].concept if meant else "none found"),
            truth=tuple(truth),
            found=_linked(analysis, meant),
            image=image.box,
            group=groups[key],
        )


def _linked(analysis: Analysis, mentions: list[Entity]) -> tuple[Box, ...]:
    """Return the boxes that mentions are tied to: by words and picture, picture, words alone."""
    ids = {one.id for one in mentions}
    regions = {region.id: region for region in analysis.regions}
    links = [link for link in analysis.links if link.entity_id in ids]
    links.sort(
        key=lambda link: (
            _SOURCES.index(link.source),
            -(link.confidence.value if link.confidence else 0.0),
        )
    )
    return tuple(regions[link.region_id].box for link in links)


def _boxes(row: Mapping[str, Any], place: str) -> list[Box]:
    given = row.get("boxes", [[row.get(edge) for edge in ("x0", "y0", "x1", "y1")]])
    try:
        boxes = json.loads(given) if isinstance(given, str) else given
        made = [Box(*map(float, edges)) for edges in boxes]
    except (TypeError, ValueError):
        made = []
    except RadnlpError as error:
        raise InvalidRecord(f"{place}: {error}") from None
    if not made:
        raise InvalidRecord(
            f"{place}: no box; expected 'boxes' as [[x0, y0, x1, y1], …] or the columns x0, y0, "
            "x1, y1, in stored pixels"
        )
    return made


def entity_cases(rows: Iterable[Row], *, read: Read) -> Iterator[EntityCase]:
    """Yield one case per report.

    Args:
        rows: With ``text``, ``entities`` (a list of objects with ``concept`` and ``assertion``, or
            its JSON), and where known ``patient``.
        read: The text stage.

    Raises:
        InvalidRecord: A row without text, or entities that are not understood.
    """
    for place, row in rows:
        text = _text(_needed(row, "text", place), place)
        given = row.get("entities", [])
        try:
            listed = json.loads(given) if isinstance(given, str) else given
            gold = tuple((str(one["concept"]), Assertion(one["assertion"])) for one in listed)
        except (TypeError, ValueError, KeyError):
            raise InvalidRecord(
                f"{place}: 'entities' is not understood; expected "
                '[{"concept": …, "assertion": "present"}, …]'
            ) from None
        yield EntityCase(gold=gold, found=_pairs(read(Report(text=text))), group=_group(row, place))


def label_cases(rows: Iterable[Row], *, read: Read, label: LabelScheme) -> Iterator[LabelCase]:
    """Yield one case per report.

    Args:
        rows: With ``text``, columns that are called like the labels (1, 0, -1 or no value), and
            where known ``patient``.
        read: The text stage.
        label: The label scheme.

    Raises:
        InvalidRecord: A row without text or labels, or a label of another value.
    """
    names = tuple(label((), ()))
    for place, row in rows:
        reading = read(Report(text=_text(_needed(row, "text", place), place)))
        yield LabelCase(
            gold=_gold_labels(row, names, place),
            found=label(reading.entities, reading.sections),
            group=_group(row, place),
        )


def draft_cases(
    rows: Iterable[Row],
    *,
    read: Read,
    label: LabelScheme,
    report_of: Callable[[str], Report],
    analysis_of: Callable[[str], Analysis],
) -> Iterator[DraftCase]:
    """Yield one case per draft with its reference.

    Args:
        rows: With ``draft`` or ``draft_file``; ``reference`` or ``reference_file``, or columns
            that are called like the labels; and where known ``patient``.
        read: The text stage, for drafts and references.
        label: The label scheme.
        report_of: Reads a file with a draft or a reference.
        analysis_of: Reads a ``draft_file`` that ends in ``.json``: an analysis with its draft.

    Raises:
        InvalidRecord: A row without draft or reference, or a file that cannot be used.
    """
    names = tuple(label((), ()))
    for place, row in rows:
        group = _group(row, place)
        text, sentences, bare = _draft(row, place, report_of, analysis_of)
        drafted = read(Report(text=text))
        reference = _given(row, "reference", place, report_of)
        entities = None
        if reference is None:
            gold: Mapping[str, int | None] = _gold_labels(row, names, place)
        else:
            told = read(Report(text=reference))
            gold = label(told.entities, told.sections)
            entities = EntityCase(gold=_pairs(told), found=_pairs(drafted), group=group)
        yield DraftCase(
            labels=LabelCase(
                gold=gold, found=label(drafted.entities, drafted.sections), group=group
            ),
            text=text,
            entities=entities,
            sentences=sentences,
            without_evidence=bare,
        )


def _draft(
    row: Mapping[str, Any],
    place: str,
    report_of: Callable[[str], Report],
    analysis_of: Callable[[str], Analysis],
) -> tuple[str, int | None, int]:
    """Return the draft's text, its number of sentences if known, and those without evidence."""
    file = row.get("draft_file")
    if isinstance(file, str) and file.lower().endswith(".json"):
        with _told_at(place):
            draft = analysis_of(file).draft
        if draft is None:
            raise InvalidRecord(f"{place}: the analysis in {file} has no draft")
        text = f"FINDINGS:\n{draft.findings}\n\nIMPRESSION:\n{draft.impression}"
        return text, len(draft.sentences), sum(not one.evidence for one in draft.sentences)
    text_or_none = _given(row, "draft", place, report_of)
    if text_or_none is None:
        raise InvalidRecord(
            f"{place}: there is no 'draft' and no 'draft_file'; name a column so: the draft's "
            "text, or a file that holds it"
        )
    return text_or_none, None, 0


def _given(
    row: Mapping[str, Any], name: str, place: str, report_of: Callable[[str], Report]
) -> str | None:
    """Return a text that stands in the row or in a file that the row names."""
    if f"{name}_file" in row:
        with _told_at(place):
            return report_of(str(row[f"{name}_file"])).text
    return _text(row[name], place) if name in row else None


@contextmanager
def _told_at(place: str) -> Iterator[None]:
    """Put the row's place before what is wrong with a file that it names."""
    try:
        yield
    except RadnlpError as error:
        raise InvalidRecord(f"{place}: {error}") from None


def _needed(row: Mapping[str, Any], name: str, place: str) -> Any:
    if name not in row:
        # Their names may be a patient's: those of a table without a header are its first row.
        raise InvalidRecord(
            f"{place}: there is no {name!r}; found {len(row)} other fields, expected it among "
            "them (of a table, is the first line a header?)"
        )
    return row[name]


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise InvalidRecord(f"{place}: the text is a {type(value).__name__}; expected text")
    return value


def _group(row: Mapping[str, Any], place: str) -> str:
    return str(row.get("patient", place))


def _pairs(reading: TextReading) -> tuple[tuple[str, Assertion], ...]:
    """Return what a report says of the patient now, each pair once."""
    pairs = (
        (one.concept, one.assertion)
        for one in reading.entities
        if one.is_current
        and not one.section.is_background
        and one.assertion is not Assertion.HYPOTHETICAL
    )
    return tuple(dict.fromkeys(pairs))


def _gold_labels(
    row: Mapping[str, Any], names: tuple[str, ...], place: str
) -> dict[str, int | None]:
    if not set(names) & set(row):
        raise InvalidRecord(
            f"{place}: no column is called like a label; expected some of {', '.join(names)}"
        )
    labels: dict[str, int | None] = {}
    for name in names:
        try:
            labels[name] = _VALUES[float(row[name])] if name in row else None
        except (KeyError, TypeError, ValueError):
            raise InvalidRecord(f"{place}: {name!r} is not 1, 0, -1 or empty") from None
    return labels


__all__ = ["draft_cases", "entity_cases", "label_cases", "link_cases"]
