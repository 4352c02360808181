from __future__ import annotations

import numpy as np
import pytest

from radnlp.examples.simulation import simulate
from radnlp.schema import (
    CardiothoracicRatio,
    Image,
    Mask,
    Region,
    RegionSource,
    cardiothoracic_ratio_of,
)

LABELS = ("left_lung", "right_lung", "heart")


def chest() -> dict[str, np.ndarray]:
    """Lungs from x 10 to 90 at their widest, in row 60; a heart from x 42 to 72."""
    masks = {label: np.zeros((100, 100), bool) for label in LABELS}
    masks["right_lung"][20:60, 20:40] = True
    masks["right_lung"][60, 10:40] = True
    masks["left_lung"][20:60, 60:80] = True
    masks["left_lung"][60, 60:90] = True
    masks["heart"][40:50, 42:60] = True
    masks["heart"][50:58, 50:72] = True
    return masks


def regions_of(masks: dict[str, np.ndarray]) -> list[Region]:
    found = []
    for label, array in masks.items():
        mask = Mask.from_array(array)
        box = mask.box()
        assert box is not None
        found.append(
            Region(
                id=label, image_id="i0", box=box, label=label, mask=mask,
                source=RegionSource.ANATOMY,
            )
        )  # fmt: skip
    return found


def test_the_chest_is_measured_where_it_is_widest() -> None:
    ratio = CardiothoracicRatio.of_masks(*chest().values())
    assert ratio is not None
    assert ratio.chest == (10.0, 60.5, 90.0, 60.5)
    assert ratio.value == pytest.approx(30 / 80)


def test_the_hearts_borders_are_measured_each_on_its_level() -> None:
    ratio = CardiothoracicRatio.of_masks(*chest().values())
    assert ratio is not None
    assert ratio.heart == ((42.0, 45.0, 50.0, 45.0), (50.0, 54.0, 72.0, 54.0))


def test_the_lines_are_as_long_as_the_ratio_says() -> None:
    study = simulate(rows=256, columns=215)
    ratio = CardiothoracicRatio.of_masks(*(study.masks[label] for label in LABELS))
    assert ratio is not None
    width = sum(x1 - x0 for x0, _, x1, _ in ratio.heart)
    assert width / (ratio.chest[2] - ratio.chest[0]) == pytest.approx(ratio.value)
    assert ratio.value == pytest.approx(study.heart_ratio, abs=0.02)


@pytest.mark.parametrize(
    ("view", "words"), [("AP", "magnifies the heart"), (None, "view not known"), ("PA", "rotated")]
)
def test_its_limits_follow_the_view(view: str | None, words: str) -> None:
    image = Image(pixels=None, rows=100, columns=100, view=view)
    measured = cardiothoracic_ratio_of(image, regions_of(chest()))
    assert measured is not None
    assert words in measured[1]
    assert ("AP" in measured[1]) is (view != "PA")


def test_there_is_no_ratio_without_a_heart() -> None:
    image = Image(pixels=None, rows=100, columns=100)
    masks = chest()
    del masks["heart"]
    assert cardiothoracic_ratio_of(image, regions_of(masks)) is None
