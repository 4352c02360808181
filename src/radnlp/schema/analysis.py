"""The one object a pipeline returns."""

from __future__ import annotations

import contextlib
import html
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radnlp.errors import InputError, InvalidRecord, OutputError, RadnlpError, StageNotFound
from radnlp.registry import label_scheme, writers
from radnlp.schema.advice import Recommendation, Score
from radnlp.schema.draft import Draft
from radnlp.schema.entity import Entity, Relation
from radnlp.schema.image import Image
from radnlp.schema.notice import Notice
from radnlp.schema.region import (
    Conflict,
    ImageFinding,
    ImageMeasurement,
    Link,
    Provenance,
    Region,
)
from radnlp.schema.serial import decode, encode
from radnlp.schema.text import Report, Section, Span

SCHEMA_VERSION = "1.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An input that could not be analysed; the rest of the batch goes on.

    Attributes:
        id: Which input.
        error: Name of the error, for example ``TruncatedPixels``.
        message: What was found, what was expected, what to do. No patient text.
    """

    id: str
    error: str
    message: str

    @classmethod
    def of(cls, name: str, error: Exception) -> Failure:
        """Return the failure of the input ``name``.

        The message of a foreign error may quote the report, so it is not passed on.
        """
        if isinstance(error, RadnlpError):
            return cls(id=name, error=type(error).__name__, message=str(error))
        message = "an unexpected error; run analyze() on this input alone to see its traceback"
        return cls(id=name, error=type(error).__name__, message=message)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """Everything that was found in one study.

    Attributes:
        report: The input report, if there was one.
        images: The input images.
        sections: The report's sections.
        entities: Every mention, in reading order.
        relations: Between entities.
        recommendations: What the report says should be done next, in reading order.
        scores: Categories of standardised systems, in reading order.
        image_findings: What the image shows, per concept.
        regions: Places in the images.
        links: Present findings tied to regions.
        conflicts: Where report and image disagree.
        draft: A draft report, if one was asked for and there was an image to judge.
        image_measurements: Numbers measured on those places.
        prior: The earlier report, if there was one.
        prior_entities: Every mention in it, ids ``p:e0``, ``p:e1``, …
        warnings: What was odd about the input.
        provenance: The stages that spoke.
        schema_version: Major.minor; adding a field is minor, changing one is major.

    Raises:
        InputError: Ids are not unique or point nowhere, or an entity's text is not the report's.
    """

    report: Report | None = None
    images: tuple[Image, ...] = ()
    sections: tuple[Section, ...] = ()
    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    scores: tuple[Score, ...] = ()
    image_findings: tuple[ImageFinding, ...] = ()
    regions: tuple[Region, ...] = ()
    links: tuple[Link, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    draft: Draft | None = None
    image_measurements: tuple[ImageMeasurement, ...] = ()
    prior: Report | None = None
    prior_entities: tuple[Entity, ...] = ()
    warnings: tuple[Notice, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    schema_version: str = SCHEMA_VERSION

    def __post_init__(self) -> None:
        text = self.report.text if self.report else ""
        _check_mentions(text, self.entities)
        _check_mentions(self.prior.text if self.prior else "", self.prior_entities)
        entity_ids = _unique("entity", [entity.id for entity in self.entities])
        for advice in self.recommendations:
            _check_words(text, advice.span, advice.text)
        for score in self.scores:
            _check_words(text, score.span, score.text)
        if self.scores:
            named = [score.entity_id for score in self.scores if score.entity_id is not None]
            _known("score", named, entity_ids)
        if self.relations:
            ends = [end for item in self.relations for end in (item.head, item.tail)]
            _known("relation", ends, entity_ids)
        if self.images:
            self._check_image_side(entity_ids)

    def _check_image_side(self, entity_ids: set[str]) -> None:
        image_ids = _unique("image", [image.id for image in self.images])
        region_ids = _unique("region", [region.id for region in self.regions])
        finding_ids = _unique("image finding", [finding.id for finding in self.image_findings])
        _known("region", [region.image_id for region in self.regions], image_ids)
        _known("image finding", [item.image_id for item in self.image_findings], image_ids)
        _known("link", [link.entity_id for link in self.links], entity_ids)
        _known("link", [link.region_id for link in self.links], region_ids)
        for conflict in self.conflicts:
            _known("conflict", list(conflict.entity_ids), entity_ids)
            _known("conflict", list(conflict.region_ids), region_ids)
            _known("conflict", list(conflict.finding_ids), finding_ids)
        measured = [one.id for one in self.image_measurements]
        measured_ids = _unique("image measurement", measured)
        for one in self.image_measurements:
            _known("image measurement", [one.image_id], image_ids)
            _known("image measurement", list(one.region_ids), region_ids)
        known = entity_ids | region_ids | finding_ids | measured_ids
        known |= _unique("mention of the earlier report", [one.id for one in self.prior_entities])
        for sentence in self.draft.sentences if self.draft else ():
            _known("draft sentence", list(sentence.evidence), known)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; the fields stand in the reference page on JSON."""
        plain: dict[str, Any] = encode(self)
        return plain

    def to_json(self, indent: int | None = None) -> str:
        """Return JSON text, without NaN and without pixels."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Analysis:
        """Read what `to_json` wrote. The images come back without pixels.

        Raises:
            InvalidRecord: Not JSON, another schema version, or a field that is not as expected.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidRecord(f"not the JSON of an Analysis: {error}") from None
        version = value.get("schema_version") if isinstance(value, dict) else None
        if str(version).partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
            raise InvalidRecord(
                f"schema_version is {version!r}, expected {SCHEMA_VERSION}; "
                "write the analysis again with this version of radnlp"
            )
        return decode(cls, value)

    def labels(self, scheme: str | Path = "chexpert") -> dict[str, int | None]:
        """Return report labels: 1 present, 0 absent, -1 uncertain, ``None`` not mentioned.

        Args:
            scheme: Name of a label scheme, or a TOML file that holds one.

        Raises:
            StageNotFound: No such label scheme.
            FileMissing: No such file.
            InputError: The file is no label set; the message says what is wrong in it.
        """
        labels: dict[str, int | None] = label_scheme(scheme)(self.entities, self.sections)
        return labels

    def to_radgraph(self) -> dict[str, Any]:
        """Return the report as a document of RadGraph: ``text`` and ``entities``.

        Source:
            Jain et al., RadGraph, NeurIPS Datasets 2021, section on the data format.

        Raises:
            InputError: There is no report.
        """
        document: dict[str, Any] = json.loads(writers.get("radgraph")(self))
        return document

    def regions_of(self, entity: Entity | str) -> tuple[Region, ...]:
        """Return the regions that a mention (or its id) is linked to."""
        entity_id = entity if isinstance(entity, str) else entity.id
        linked = {link.region_id for link in self.links if link.entity_id == entity_id}
        return tuple(region for region in self.regions if region.id in linked)

    def save(self, path: str | Path) -> Path:
        """Write to a file, in the format its extension names; never half a file.

        Raises:
            OutputError: No writer for that extension, or the file cannot be written.
        """
        path = Path(path)
        try:
            render = writers.get(path.suffix.lower().lstrip("."))
        except StageNotFound as error:
            raise OutputError(f"cannot write {path.name!r}: {error}") from None
        _write_whole(path, render(self))
        return path

    def _repr_html_(self) -> str:
        page: bytes = writers.get("html")(self)
        return (
            f'<iframe srcdoc="{html.escape(page.decode("utf-8"))}" sandbox="allow-scripts" '
            'style="width:100%;height:640px;border:0"></iframe>'
        )


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None


def _check_mentions(text: str, entities: tuple[Entity, ...]) -> None:
    for entity in entities:
        if text[entity.span.start : entity.span.end] != entity.text:
            raise InputError(f"the text of entity {entity.id} is not the report's at its span")


def _check_words(text: str, span: Span, words: str) -> None:
    if span.of(text) != words:
        raise InputError("the text of a recommendation or score is not the report's at its span")


def _unique(noun: str, ids: list[str]) -> set[str]:
    known = set(ids)
    if len(known) != len(ids):
        raise InputError(f"{noun} ids must be unique, got {len(ids)} with {len(known)} distinct")
    return known


def _known(noun: str, ids: list[str], known: set[str]) -> None:
    for one in ids:
        if one not in known:
            raise InputError(f"a {noun} points to {one!r}, which is not part of this analysis")


__all__ = ["SCHEMA_VERSION", "Analysis", "Failure"]
