from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from radnlp import errors
from radnlp.io import named_windows, read_image
from radnlp.io.windows import windows_for

if TYPE_CHECKING:
    from conftest import Maker

CT = {"Modality": "CT", "RescaleSlope": 1, "RescaleIntercept": -1024}


def test_the_windows_of_the_reading_room_are_there() -> None:
    known = named_windows()
    assert {"lung", "mediastinum", "soft_tissue", "bone", "brain", "subdural", "stroke", "liver",
            "abdomen", "angio"} <= set(known)  # fmt: skip
    assert (known["lung"].center, known["lung"].width) == (-600, 1500)
    assert (known["brain"].center, known["brain"].width) == (40, 80)


def test_named_windows_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        named_windows()["lung"] = named_windows()["bone"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("modality", "unit", "there"), [("CT", "HU", True), ("CT", None, False), ("MR", "HU", False)]
)
def test_they_apply_to_ct_in_hounsfield_units_only(
    modality: str, unit: str | None, there: bool
) -> None:
    assert bool(windows_for(modality, unit)) is there


def test_an_image_is_shown_through_the_window_that_was_asked_for(make: Maker) -> None:
    stored = np.array([[0, 424, 1024, 3000]], dtype=np.uint16)  # -1024, -600, 0, 1976 HU
    dataset = make(stored, WindowCenter=40, WindowWidth=400, **CT)
    image = read_image(dataset, window="lung")
    assert image.window == (-600, 1500)
    # C.11.2.1.2.1 with c = -600, w = 1500.
    expected = [0.5 + (hu + 600.5) / 1499 for hu in (-1024, -600, 0)]
    np.testing.assert_allclose(image.pixels[0], [*expected, 1.0], atol=1e-6)
    assert read_image(dataset, window=(40, 80)).window == (40, 80)
    assert read_image(dataset).window == (40, 400)


def test_the_window_asked_for_goes_before_a_voi_lut(make: Maker, ramp: np.ndarray) -> None:
    dataset = make(ramp, WindowCenter=[1, 2], WindowWidth=[3, 4])
    image = read_image(dataset, window=(2048, 4096))
    assert image.warnings == ()
    np.testing.assert_allclose(image.pixels, ramp / 4095, atol=1e-6)


@pytest.mark.parametrize(
    ("header", "window", "error", "found"),
    [
        (CT, "lnug", "WindowNotFound", "Did you mean 'lung'"),
        (CT, "nothing like it", "WindowNotFound", "Known: lung, mediastinum"),
        ({"Modality": "MR"}, "brain", "WindowNotFound", "Hounsfield"),
        ({"Modality": "CT", "RescaleIntercept": 0, "RescaleType": "US"}, "lung",
         "WindowNotFound", "Hounsfield"),
        (CT, (40, 0), "InputError", "centre, width"),
    ],
)  # fmt: skip
def test_a_window_that_does_not_fit_is_refused(
    make: Maker, header: dict[str, Any], window: Any, error: str, found: str
) -> None:
    with pytest.raises(errors.InputError, match=found) as caught:
        read_image(make(np.zeros((2, 2), dtype=np.uint16), **header), window=window)
    assert type(caught.value).__name__ == error


def test_what_has_no_modality_units_takes_no_window(make: Maker) -> None:
    colour = make(np.zeros((2, 2, 3), dtype=np.uint8))
    for source in (colour, np.zeros((2, 2)), read_image(np.zeros((2, 2)))):
        with pytest.raises(errors.InputError, match="leave it out"):
            read_image(source, window=(0.5, 1))
