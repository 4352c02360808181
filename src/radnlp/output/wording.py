"""How ids and values are said to a human reader."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from radnlp.schema import (
    Confidence,
    LinkSource,
    QuantityKind,
    RegionSource,
    Side,
    Subject,
    Temporality,
)

if TYPE_CHECKING:
    from radnlp.schema import Analysis, Entity, Image, Measurement, Quantity

_ACRONYMS = frozenset({"copd", "picc", "ards", "icd", "ivc", "svc"})
_SHA_SHOWN = 8
_LETTERS: dict[Side | None, tuple[str, str]] = {Side.RIGHT: ("R", "L"), Side.LEFT: ("L", "R")}

SOURCE_WORDS = {
    LinkSource.ANATOMY: "words",
    LinkSource.IMAGE: "picture",
    LinkSource.BOTH: "words and picture",
}
REGION_SOURCE_WORDS = {RegionSource.ANATOMY: "anatomy", RegionSource.IMAGE: "picture"}


def concept_words(concept: str) -> str:
    """Return a vocabulary id or anatomy label as words.

    Examples:
        >>> concept_words("pleural_effusion"), concept_words("picc")
        ('pleural effusion', 'PICC')
    """
    words = concept.split("_")
    return " ".join(word.upper() if word in _ACRONYMS else word for word in words)


def concept_title(concept: str) -> str:
    """Return a vocabulary id as words with a capital first letter."""
    words = concept_words(concept)
    return words[:1].upper() + words[1:]


def confidence_words(confidence: Confidence | None) -> str:
    """Return ``82%`` if calibrated, ``score 0.82`` if not, nothing if there is none."""
    return "" if confidence is None else str(confidence)


def size_words(measurement: Measurement) -> str:
    """Return a size such as ``12 × 8 mm`` or ``4–5 mm``, marked if it is of the earlier study."""
    lengths = " × ".join(f"{value:g}" for value in measurement.values_mm)
    if measurement.low_mm is not None:
        lengths = f"{measurement.low_mm:g}–{lengths}"
    return f"{lengths} mm{' (prior study)' if measurement.prior else ''}"


def distance_words(quantity: Quantity) -> str:
    """Return a distance such as ``30 mm from carina``, marked if it is of the earlier study."""
    ends = dict.fromkeys((f"{quantity.low:g}", f"{quantity.high:g}"))
    place = f"from {concept_words(quantity.reference)}" if quantity.reference else "distance"
    return f"{'–'.join(ends)} mm {place}{' (prior study)' if quantity.prior else ''}"


def place_words(entity: Entity) -> str:
    """Return the places that the words name."""
    return ", ".join(concept_words(place) for place in entity.locations)


def detail_words(entity: Entity) -> list[str]:
    """Return severity, change, sizes, distances, and what is not of today's patient."""
    details = [str(value) for value in (entity.severity, entity.change) if value is not None]
    details += [size_words(measurement) for measurement in entity.measurements]
    distances = (one for one in entity.quantities if one.kind is QuantityKind.DISTANCE)
    details += [distance_words(distance) for distance in distances]
    if entity.temporality is Temporality.HISTORICAL:
        details.append("historical")
    if entity.subject is Subject.OTHER:
        details.append("not the patient")
    return details


def cue_words(analysis: Analysis, entity: Entity) -> str:
    """Return the words that decided the assertion."""
    if entity.cue is None or analysis.report is None:
        return ""
    return one_line(entity.cue.span.of(analysis.report.text))


def image_words(image: Image) -> str:
    """Return what an image is, without its file name, which may identify the patient."""
    return " · ".join(part for part in (image.id, image.modality, image.view) if part)


def side_letters(image: Image) -> tuple[str, str]:
    """Return the patient's side at the image's left and right edge; empty if it is not known."""
    return _LETTERS.get(image.orientation.image_left, ("", ""))


def speakers(analysis: Analysis) -> tuple[str, ...]:
    """Return who spoke: producer and version, with weights as ``name@sha256`` shortened."""
    lines = []
    for item in analysis.provenance:
        line = f"{item.producer} {item.version}"
        if item.weights:
            name, at, digest = item.weights.partition("@")
            line += f" ({name}{at}{digest.removeprefix('sha256:')[:_SHA_SHOWN]})"
        lines.append(line)
    return tuple(dict.fromkeys(lines))


def one_line(text: str) -> str:
    """Return text on one line, without characters that could steer a terminal.

    Examples:
        >>> one_line("left" + chr(10) + "  lung" + chr(27) + "[2J")
        'left lung\ufffd[2J'
    """
    return "".join(_printable(character) for character in " ".join(text.split()))


def _printable(character: str) -> str:
    return "\ufffd" if unicodedata.category(character) in {"Cc", "Cf"} else character


__all__ = [
    "REGION_SOURCE_WORDS",
    "SOURCE_WORDS",
    "concept_title",
    "concept_words",
    "confidence_words",
    "cue_words",
    "detail_words",
    "distance_words",
    "image_words",
    "one_line",
    "place_words",
    "side_letters",
    "size_words",
    "speakers",
]
