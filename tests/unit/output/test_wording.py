"""How ids and values are said."""

from __future__ import annotations

import dataclasses

import pytest

from radnlp.output.wording import (
    concept_title,
    confidence_words,
    cue_words,
    detail_words,
    image_words,
    one_line,
    quantity_words,
    side_letters,
    size_words,
    speakers,
)
from radnlp.schema import (
    Analysis,
    Confidence,
    Image,
    Measurement,
    Orientation,
    Quantity,
    QuantityKind,
    Span,
)


def test_only_a_calibrated_confidence_is_a_percentage() -> None:
    assert confidence_words(Confidence(value=0.8, calibrated=True)) == "80%"
    assert confidence_words(Confidence(value=0.8)) == "score 0.80"
    assert confidence_words(None) == ""


def test_acronyms_stay_in_capitals() -> None:
    assert concept_title("picc") == "PICC"
    assert concept_title("pleural_effusion") == "Pleural effusion"


def test_details_say_change_size_and_history(chest: Analysis) -> None:
    assert detail_words(chest.entities[1]) == ["new", "12 × 8 mm"]
    assert detail_words(chest.entities[7]) == ["historical"]


def test_details_say_number_and_values(advised: Analysis) -> None:
    assert detail_words(advised.entities[1]) == ["new", "count 2", "12 × 8 mm", "30 HU"]


@pytest.mark.parametrize(
    ("kind", "low", "high", "unit", "words"),
    [
        (QuantityKind.VOLUME, 250, 250, "ml", "250 ml"),
        (QuantityKind.ATTENUATION, -10, 20, "hu", "-10 to 20 HU"),
        (QuantityKind.UPTAKE, 4.2, 4.2, "suv", "SUV 4.2"),
    ],
)
def test_a_value_is_said_with_its_unit(
    kind: QuantityKind, low: float, high: float, unit: str, words: str
) -> None:
    quantity = Quantity(kind=kind, low=low, high=high, unit=unit, span=Span(0, 3))
    assert quantity_words(quantity) == words
    earlier = dataclasses.replace(quantity, prior=True)
    assert quantity_words(earlier) == f"{words} (prior study)"


def test_a_range_gives_both_ends_and_a_distance_its_place() -> None:
    assert size_words(Measurement(values_mm=(5.0,), span=Span(0, 6), low_mm=4.0)) == "4 to 5 mm"
    distance = Quantity(
        kind=QuantityKind.DISTANCE, low=30.0, high=30.0, unit="mm", span=Span(0, 4), prior=True
    )
    assert quantity_words(distance) == "distance 30 mm (prior study)"
    distance = dataclasses.replace(distance, prior=False, reference="carina")
    assert quantity_words(distance) == "30 mm from carina"


def test_a_cue_is_quoted_from_the_report(chest: Analysis) -> None:
    assert cue_words(chest, chest.entities[5]) == "Possible"
    assert cue_words(chest, chest.entities[1]) == ""


def test_an_image_is_named_without_its_file(chest: Analysis) -> None:
    assert image_words(chest.images[0]) == "i0 · DX · PA"


def test_side_letters_follow_the_orientation() -> None:
    def letters(direction: str | None) -> tuple[str, str]:
        orientation = Orientation(row_direction=direction)
        return side_letters(Image(pixels=None, rows=2, columns=2, orientation=orientation))

    assert letters("L") == ("R", "L")
    assert letters("R") == ("L", "R")
    assert letters(None) == ("", "")


def test_speakers_show_weights_with_a_short_digest(chest: Analysis) -> None:
    assert speakers(chest) == (
        "radnlp.text.rules 1.2",
        "radnlp.vision.embedded 1.2 (cxr@01234567)",
    )


def test_one_line_holds_no_control_characters() -> None:
    assert one_line("a\nb\x1b[31m\u202ec") == "a b\ufffd[31m\ufffdc"
