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
        ("Two views of the chest, 3 nodules.", []),
        ("Nodule on image 12.", []),
    ],
)
def test_a_size_is_read_in_millimetres(
    text: str, wanted: list[tuple[tuple[float, ...], bool]]
) -> None:
    assert sizes(text) == wanted


def test_a_size_is_a_mention_and_its_span_is_exact() -> None:
    text = "Right nodule measuring 1.2 x 0.8 cm."
    (size,) = [e for e in STAGE(Report(text=text)).entities if e.kind is EntityKind.MEASUREMENT]
    assert size.text == "1.2 x 0.8 cm"


def test_each_nodule_has_its_own_size() -> None:
    text = "5 mm nodule in the left apex and 7 mm nodule in the right base."
    nodules = [e for e in STAGE(Report(text=text)).entities if e.concept == "nodule"]
    assert [e.measurements[0].values_mm for e in nodules] == [(5.0,), (7.0,)]
