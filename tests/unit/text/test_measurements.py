"""Sizes: one to three axes, mm and cm, current and prior."""

from __future__ import annotations

import pytest

from radnlp.schema.entity import EntityKind, Measurement
from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()


def sizes(text: str) -> list[tuple[tuple[float, ...], bool]]:
    measurements: list[Measurement] = []
    for entity in STAGE(Report(text=text)).entities:
        measurements.extend(entity.measurements)
    return [(measurement.values_mm, measurement.prior) for measurement in measurements]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("8 mm nodule.", [((8.0,), False)]),
        ("8-mm nodule.", [((8.0,), False)]),
        ("Nodule measuring 1.2 cm.", [((12.0,), False)]),
        ("Nodule of 1.2 x 0.8 cm.", [((12.0, 8.0), False)]),
        ("Mass measuring 3 cm x 4 cm x 5 cm.", [((30.0, 40.0, 50.0), False)]),
        ("Mass measuring 3 by 4 centimeters.", [((30.0, 40.0), False)]),
        ("9 mm nodule, previously 7 mm.", [((9.0,), False), ((7.0,), True)]),
        ("Nodule increased from 7 mm to 9 mm.", [((7.0,), True), ((9.0,), False)]),
        ("Nodule now 9 mm, was 7 mm.", [((9.0,), False), ((7.0,), True)]),
        ("Endotracheal tube tip 3 cm above the carina.", [((30.0,), False)]),
        ("3-4 mm nodule.", [((4.0,), False)]),
        ("Nodule has grown to 4.2 cm from 3.8 cm.", [((42.0,), False), ((38.0,), True)]),
        ("Cyst of 35 x 28 mm, decreased from 41 x 30 mm.",
         [((35.0, 28.0), False), ((41.0, 30.0), True)]),
        ("Mass decreased from 5 cm.", [((50.0,), True)]),
        ("Mass of 5.2 cm compared with 4.8 cm previously.", [((52.0,), False), ((48.0,), True)]),
        ("Nodule: 6 mm today, 8 mm in 2019.", [((6.0,), False), ((8.0,), True)]),
        ("Two views of the chest, 3 nodules.", []),
        ("Nodule on image 12.", []),
    ],
)  # fmt: skip
def test_a_size_is_read_in_millimetres(
    text: str, wanted: list[tuple[tuple[float, ...], bool]]
) -> None:
    assert sizes(text) == wanted


def test_a_size_is_a_mention_and_its_span_is_exact() -> None:
    text = "Right nodule measuring 1.2 x 0.8 cm."
    (size,) = [e for e in STAGE(Report(text=text)).entities if e.kind is EntityKind.MEASUREMENT]
    assert size.text == "1.2 x 0.8 cm"


def test_a_sentence_that_refers_back_gives_the_size_of_what_it_means() -> None:
    text = "Nodule in the left apex measures 9 mm; it was 12 mm on the prior study."
    reading = STAGE(Report(text=text))
    (nodule,) = [e for e in reading.entities if e.concept == "nodule"]
    assert [(m.values_mm, m.prior) for m in nodule.measurements] == [
        ((9.0,), False),
        ((12.0,), True),
    ]
    assert [text[m.span.start : m.span.end] for m in nodule.measurements] == ["9 mm", "12 mm"]
    measured = [r for r in reading.relations if r.kind == "measured_as"]
    assert [r.head for r in measured] == [nodule.id, nodule.id]


def test_a_size_of_something_else_is_not_given_to_an_earlier_finding() -> None:
    assert sizes("Nodule. The spleen measures 12 cm.") == []


def test_each_nodule_has_its_own_size() -> None:
    text = "5 mm nodule in the left apex and 7 mm nodule in the right base."
    nodules = [e for e in STAGE(Report(text=text)).entities if e.concept == "nodule"]
    assert [e.measurements[0].values_mm for e in nodules] == [(5.0,), (7.0,)]


def test_a_size_inside_a_de_identified_word_is_none() -> None:
    assert STAGE(Report(text="Removed [** left 3-4 mm right **] and")).entities == ()
