from __future__ import annotations

import pytest

from radnlp.examples.lesions import Request
from radnlp.examples.phantom import Phantom, SimulatedStudy, simulate

TWO_FINDINGS = Phantom(
    findings=(
        Request(concept="nodule", side="right", zone="upper", size_mm=20.0),
        Request(concept="pleural_effusion", side="left", size_mm=60.0),
    )
)


@pytest.fixture(scope="session")
def normal() -> SimulatedStudy:
    return simulate(rows=256, columns=215, seed=5)


@pytest.fixture(scope="session")
def sick() -> SimulatedStudy:
    return simulate(TWO_FINDINGS, rows=256, columns=215, seed=5)
