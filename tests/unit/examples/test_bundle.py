from __future__ import annotations

import json

import numpy as np
import pytest

from radnlp.examples import load_example
from radnlp.examples.bundle import bundled_study, truth_of
from radnlp.examples.narrative import write_report
from radnlp.examples.phantom import SimulatedStudy

pydicom = pytest.importorskip("pydicom")


@pytest.fixture(scope="module")
def made_now() -> SimulatedStudy:
    return bundled_study()


def test_the_bundled_film_is_what_the_generator_makes(made_now: SimulatedStudy) -> None:
    bundled = pydicom.dcmread(load_example().image).pixel_array.astype(int)
    # The last bit of exp and log depends on the processor's vector unit.
    assert np.abs(bundled - made_now.pixels).max() <= 2
    assert (bundled != made_now.pixels).mean() < 0.01


def test_the_bundled_report_and_truth_are_what_the_generator_makes(
    made_now: SimulatedStudy,
) -> None:
    report = write_report(made_now)

    assert load_example().report.read_text(encoding="utf-8") == report.text
    truth = json.loads(load_example().truth.read_text(encoding="utf-8"))
    made = json.loads(json.dumps(truth_of(made_now, report)))
    assert truth.pop("mask_pixels") == pytest.approx(made.pop("mask_pixels"), rel=1e-3)
    assert truth == made


def test_the_bundled_study_is_small_enough_to_ship() -> None:
    assert load_example().image.stat().st_size < 1_500_000


def test_the_bundled_findings_are_a_nodule_and_an_effusion(made_now: SimulatedStudy) -> None:
    nodule, effusion = made_now.findings

    assert (nodule.concept, nodule.zone) == ("nodule", "right_upper_zone")
    assert 15.0 <= (nodule.size_mm or 0.0) <= 18.0
    assert (effusion.concept, effusion.side) == ("pleural_effusion", "left")
    assert made_now.heart_ratio < 0.5
