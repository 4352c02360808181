"""How ids and values are said to a human reader."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from radnlp.schema import (
    Confidence,
    Critical,
    LinkSource,
    QuantityKind,
    RegionSource,
    Side,
    Subject,
    Temporality,
)

if TYPE_CHECKING:
    from radnlp.schema import (
        Analysis,
        CardiothoracicRatio,
        Correction,
        Entity,
        Image,
        ImageMeasurement,
        Measurement,
        Quantity,
        Recommendation,
        Score,
        Sentence,
    )

_ACRONYMS = frozenset({"copd", "picc", "ards", "icd", "ivc", "svc", "ct", "mr", "pet"})
_UNITS = {"hu": "HU"}
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


def measured_words(measurement: ImageMeasurement) -> str:
    """Return what was measured on an image, such as ``cardiothoracic ratio 0.52``."""
    return f"{concept_words(measurement.measure)} {measurement.value:.2f}"


def critical_words(sentence: Sentence) -> str:
    """Return ``CRITICAL`` or ``CRITICAL, POSSIBLE``; nothing if the sentence is not critical."""
    if sentence.critical is None:
        return ""
    return "CRITICAL" if sentence.critical is Critical.PRESENT else "CRITICAL, POSSIBLE"


def correction_words(correction: Correction) -> str:
    """Return what became of a draft sentence that said more than its evidence, and why."""
    became = "dropped" if correction.after is None else f"now “{one_line(correction.after)}”"
    return f"“{one_line(correction.before)}” {became}: {one_line(correction.reason)}"


def confidence_words(confidence: Confidence | None) -> str:
    """Return ``82%`` if calibrated, ``score 0.82`` if not, nothing if there is none."""
    return "" if confidence is None else str(confidence)


def size_words(measurement: Measurement) -> str:
    """Return a size such as ``12 × 8 mm`` or ``4 to 5 mm``, marked if of the earlier study."""
    lengths = " × ".join(f"{value:g}" for value in measurement.values_mm)
    if measurement.low_mm is not None:
        lengths = f"{measurement.low_mm:g} to {lengths}"
    return f"{lengths} mm{_earlier(prior=measurement.prior)}"


def quantity_words(quantity: Quantity) -> str:
    """Return a value such as ``10 to 20 HU`` or ``30 mm from carina``, marked like a size."""
    numbers = f"{quantity.low:g}"
    if quantity.high != quantity.low:
        numbers += f" to {quantity.high:g}"
    unit = one_line(quantity.unit)
    said = f"SUV {numbers}" if unit == "suv" else f"{numbers} {_UNITS.get(unit, unit)}"
    if quantity.reference is not None:
        said += f" from {concept_words(quantity.reference)}"
    elif quantity.kind is QuantityKind.DISTANCE:
        said = f"distance {said}"
    return said + _earlier(prior=quantity.prior)


def count_words(entity: Entity) -> str:
    """Return how many the report counts, such as ``count 2``; nothing if it gives no number."""
    return "" if entity.count is None else f"count {entity.count}"


def modality_words(recommendation: Recommendation) -> str:
    """Return the examinations, such as ``CT, ultrasound``."""
    return ", ".join(map(concept_words, recommendation.modalities))


def category_words(score: Score) -> str:
    """Return the category, marked if the report gives it for the earlier study."""
    return one_line(score.category) + _earlier(prior=score.prior)


def subject_words(analysis: Analysis, score: Score) -> str:
    """Return the finding that a score is said of; nothing if the sentence names none."""
    named = (entity for entity in analysis.entities if entity.id == score.entity_id)
    return "".join(concept_words(entity.concept) for entity in named)


def _earlier(*, prior: bool) -> str:
    return " (prior study)" if prior else ""


def place_words(entity: Entity) -> str:
    """Return the places that the words name."""
    return ", ".join(concept_words(place) for place in entity.locations)


def detail_words(entity: Entity) -> list[str]:
    """Return severity, change, number, sizes, values, and what is not of today's patient."""
    details = [str(value) for value in (entity.severity, entity.change) if value is not None]
    details += [count_words(entity)] if entity.count is not None else []
    details += [size_words(measurement) for measurement in entity.measurements]
    details += [quantity_words(quantity) for quantity in entity.quantities]
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


def ratio_words(ratio: CardiothoracicRatio) -> str:
    """Return the cardiothoracic ratio in words."""
    return f"Cardiothoracic ratio {ratio.value:.2f}"


__all__ = [
    "REGION_SOURCE_WORDS",
    "SOURCE_WORDS",
    "category_words",
    "concept_title",
    "concept_words",
    "confidence_words",
    "correction_words",
    "count_words",
    "critical_words",
    "cue_words",
    "detail_words",
    "image_words",
    "measured_words",
    "modality_words",
    "one_line",
    "place_words",
    "quantity_words",
    "ratio_words",
    "side_letters",
    "size_words",
    "speakers",
    "subject_words",
]
