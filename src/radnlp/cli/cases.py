"""Rows of a user's file → cases to evaluate."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radnlp.errors import InvalidRecord, RadnlpError
from radnlp.io import read_image, read_report
from radnlp.io.rows import read_rows
from radnlp.registry import label_files, label_schemes
from radnlp.schema import (
    Analysis,
    Assertion,
    Box,
    Entity,
    Failure,
    LinkSource,
    Report,
    Study,
    TextReading,
)

if TYPE_CHECKING:
    from radnlp.evaluate import BoxCase, DraftCase, EntityCase, LabelCase
    from radnlp.pipeline import Pipeline

Pairs = tuple[tuple[str, Assertion], ...]
Read = Callable[[Report], TextReading]
_SOURCES = (LinkSource.BOTH, LinkSource.IMAGE, LinkSource.ANATOMY)
_VALUES = {1.0: 1, 0.0: 0, -1.0: -1}


def link_cases(path: Path, pipeline: "Pipeline") -> "Iterator[BoxCase | Failure]":
    """Yield one case per phrase and image; rows with one box each are put together."""
    from radnlp.evaluate import BoxCase

    phrases: dict[tuple[str, str, str], list[Box]] = {}
    groups: dict[tuple[str, str, str], str] = {}
    for place, row in read_rows(path, needed=("image",)):
        text = row.get("phrase", row.get("report"))
        if not isinstance(text, str):
            raise InvalidRecord(f"{place}: there is no 'phrase' and no 'report'")
        key = (str(row["image"]), text, str(row.get("concept", "")))
        phrases.setdefault(key, []).extend(_boxes(row, place))
        groups.setdefault(key, str(row.get("patient", row.get("study", row["image"]))))
    for key, truth in phrases.items():
        image_file, text, concept = key
        try:
            image = read_image(path.parent / image_file, id="i0")
            analysis = pipeline(Study(report=Report(text=text), images=(image,)))
        except RadnlpError as error:
            yield Failure.of(image_file, error)
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


def entity_cases(path: Path, read: Read) -> "Iterator[EntityCase]":
    """Yield one case per report with ``entities``: a list of concept and assertion."""
    from radnlp.evaluate import EntityCase

    for place, row in read_rows(path, needed=("text",)):
        given = row.get("entities", [])
        try:
            listed = json.loads(given) if isinstance(given, str) else given
            gold = tuple((str(one["concept"]), Assertion(one["assertion"])) for one in listed)
        except (TypeError, ValueError, KeyError):
            raise InvalidRecord(
                f"{place}: 'entities' is not understood; expected "
                '[{"concept": …, "assertion": "present"}, …]'
            ) from None
        yield EntityCase(
            gold=gold,
            found=_pairs(read(_report(row["text"], place))),
            group=str(row.get("patient", place)),
        )


def label_cases(path: Path, read: Read, scheme: str) -> "Iterator[LabelCase]":
    """Yield one case per report with columns that are called like the labels of the scheme."""
    from radnlp.evaluate import LabelCase

    label = _labeller(scheme)
    names = tuple(label((), ()))
    for place, row in read_rows(path, needed=("text",)):
        reading = read(_report(row["text"], place))
        yield LabelCase(
            gold=_gold_labels(row, names, place),
            found=label(reading.entities, reading.sections),
            group=str(row.get("patient", place)),
        )


def draft_cases(path: Path, read: Read, scheme: str) -> "Iterator[DraftCase]":
    """Yield one case per draft with its reference: a report, or columns of labels."""
    from radnlp.evaluate import DraftCase, EntityCase, LabelCase

    label = _labeller(scheme)
    names = tuple(label((), ()))
    for place, row in read_rows(path):
        group = str(row.get("patient", place))
        text, sentences, bare = _draft(row, path.parent, place)
        drafted = read(Report(text=text))
        reference = _text(row, "reference", path.parent, place)
        entities = None
        if reference is None:
            gold = _gold_labels(row, names, place)
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


def _draft(row: Mapping[str, Any], folder: Path, place: str) -> tuple[str, int | None, int]:
    """Return the draft's text, its number of sentences if known, and those without evidence."""
    file = row.get("draft_file")
    if isinstance(file, str) and file.lower().endswith(".json"):
        draft = Analysis.from_json(_content(folder / file, place)).draft
        if draft is None:
            raise InvalidRecord(f"{place}: the analysis in {file} has no draft")
        text = f"FINDINGS:\n{draft.findings}\n\nIMPRESSION:\n{draft.impression}"
        return text, len(draft.sentences), sum(not one.evidence for one in draft.sentences)
    text_or_none = _text(row, "draft", folder, place)
    if text_or_none is None:
        raise InvalidRecord(f"{place}: there is no 'draft' and no 'draft_file'")
    return text_or_none, None, 0


def _text(row: Mapping[str, Any], name: str, folder: Path, place: str) -> str | None:
    if f"{name}_file" in row:
        return read_report(folder / str(row[f"{name}_file"])).text
    return _report(row[name], place).text if name in row else None


def _content(path: Path, place: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRecord(
            f"{place}: {path.name} cannot be read ({type(error).__name__})"
        ) from None


def _report(text: object, place: str) -> Report:
    if not isinstance(text, str):
        raise InvalidRecord(f"{place}: the text is a {type(text).__name__}; expected text")
    return Report(text=text)


def _pairs(reading: TextReading) -> Pairs:
    """Return what a report says of the patient now, each pair once."""
    pairs = (
        (one.concept, one.assertion)
        for one in reading.entities
        if one.is_current
        and not one.section.is_background
        and one.assertion is not Assertion.HYPOTHETICAL
    )
    return tuple(dict.fromkeys(pairs))


def _labeller(scheme: str) -> Callable[..., dict[str, int | None]]:
    kind = Path(scheme).suffix.lower().lstrip(".")
    label: Callable[..., dict[str, int | None]] = (
        label_files.get(kind)(scheme) if kind else label_schemes.get(scheme)
    )
    return label


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
