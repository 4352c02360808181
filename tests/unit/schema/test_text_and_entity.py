"""Reports, spans and entities check what they are given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radnlp.errors import EncodingError, GeometryError, InputError
from radnlp.schema import (
    Assertion,
    Confidence,
    Draft,
    Entity,
    EntityKind,
    Image,
    ImageFinding,
    Measurement,
    Orientation,
    Relation,
    RelationKind,
    Report,
    SectionKind,
    Sentence,
    Side,
    Span,
    Study,
)

spans = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: Span(*sorted(pair)))


@given(spans, spans)
def test_overlap_is_symmetric_and_containment_implies_it(a: Span, b: Span) -> None:
    assert a.overlaps(b) == b.overlaps(a)
    if a.contains(b) and len(b) > 0:
        assert a.overlaps(b)


@given(st.text(max_size=60), spans)
def test_a_span_covers_code_points(text: str, span: Span) -> None:
    assert span.of(text) == "".join(list(text)[span.start : span.end])


def test_a_backward_span_is_refused() -> None:
    with pytest.raises(GeometryError, match="start <= end"):
        Span(3, 2)


def test_a_lone_surrogate_is_refused_at_the_border() -> None:
    with pytest.raises(EncodingError, match="character 4"):
        Report(text="mass\ud800")


def test_bytes_are_not_a_report() -> None:
    with pytest.raises(InputError, match="bytes"):
        Report(text=b"No mass.")  # type: ignore[arg-type]


def test_an_entitys_text_has_its_spans_length() -> None:
    with pytest.raises(InputError, match="e0"):
        Entity(
            id="e0",
            text="mass",
            span=Span(0, 3),
            section=SectionKind.FINDINGS,
            kind=EntityKind.FINDING,
            concept="mass",
        )


def test_enum_values_equal_and_print_as_plain_strings() -> None:
    assert Assertion.PRESENT == "present"
    assert str(Assertion.PRESENT) == "present"


def test_a_relation_needs_two_entities() -> None:
    with pytest.raises(InputError, match="itself"):
        Relation(head="e0", tail="e0", kind=RelationKind.MODIFY)


@pytest.mark.parametrize("values", [(), (1.0, 2.0, 3.0, 4.0), (-1.0,), (float("nan"),)])
def test_a_measurement_holds_one_to_three_lengths(values: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="one to three"):
        Measurement(values_mm=values, span=Span(0, 1))


@pytest.mark.parametrize("low", [-1.0, 9.0, float("nan")])
def test_the_lower_end_of_a_range_lies_below_its_upper_end(low: float) -> None:
    with pytest.raises(InputError, match="lower end"):
        Measurement(values_mm=(8.0,), span=Span(0, 1), low_mm=low)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_confidence_lies_between_0_and_1(value: float) -> None:
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        Confidence(value=value)


def test_only_a_calibrated_confidence_prints_as_a_percentage() -> None:
    assert str(Confidence(value=0.5, calibrated=True)) == "50%"
    assert "%" not in str(Confidence(value=0.5))


def test_an_unsupported_finding_has_no_confidence() -> None:
    with pytest.raises(InputError, match="unsupported"):
        ImageFinding(
            id="f0",
            concept="nodule",
            image_id="i0",
            supported=False,
            confidence=Confidence(value=0.5),
        )


def test_a_supported_finding_has_a_confidence() -> None:
    with pytest.raises(InputError, match="supported"):
        ImageFinding(id="f0", concept="nodule", image_id="i0")


def test_a_draft_sentence_needs_evidence() -> None:
    with pytest.raises(InputError, match="evidence"):
        Sentence(text="No pneumothorax.", section="findings", evidence=())  # type: ignore[arg-type]


def test_a_draft_is_never_final() -> None:
    with pytest.raises(InputError, match="drafts only"):
        Draft(status="final")


def test_an_images_pixels_are_read_only_and_tell_its_size() -> None:
    image = Image(pixels=np.zeros((3, 5), dtype=np.float32))
    assert (image.rows, image.columns) == (3, 5)
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1.0  # type: ignore[index]


@pytest.mark.parametrize(
    "bad", [np.full((2, 2), 2.0), np.full((2, 2), np.nan), np.zeros((2, 2, 3))]
)
def test_pixels_outside_the_display_range_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(InputError, match="image pixels"):
        Image(pixels=bad)


@pytest.mark.parametrize(
    ("row_direction", "side"), [("L", Side.RIGHT), ("R", Side.LEFT), ("A", None), (None, None)]
)
def test_x_running_to_the_left_puts_the_patients_right_at_the_image_left(
    row_direction: str | None, side: Side | None
) -> None:
    assert Orientation(row_direction=row_direction).image_left is side


def test_images_of_a_study_have_distinct_ids() -> None:
    image = Image(pixels=np.zeros((2, 2)))
    with pytest.raises(InputError, match="distinct"):
        Study(images=(image, image))
