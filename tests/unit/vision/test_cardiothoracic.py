"""The heart's width beside the chest's."""

from __future__ import annotations

import numpy as np
import pytest

from radnlp.errors import GeometryError
from radnlp.examples.phantom import Phantom, simulate
from radnlp.vision import cardiothoracic_ratio


def chest() -> dict[str, np.ndarray]:
    masks = {name: np.zeros((40, 60), bool) for name in ("left_lung", "right_lung", "heart")}
    masks["right_lung"][5:30, 10:25] = True
    masks["left_lung"][5:30, 35:50] = True
    masks["heart"][20:30, 22:42] = True
    return masks


def test_it_is_heart_width_over_chest_width() -> None:
    assert cardiothoracic_ratio(**chest()) == pytest.approx(20 / 40)


def test_the_heart_s_two_sides_need_not_lie_on_one_level() -> None:
    masks = chest()
    masks["heart"][:] = False
    masks["heart"][20:24, 22:32] = True
    masks["heart"][24:30, 30:42] = True
    assert cardiothoracic_ratio(**masks) == pytest.approx(20 / 40)


def test_the_chest_is_measured_where_both_lungs_are() -> None:
    masks = chest()
    masks["left_lung"][30:35, 35:58] = True
    assert cardiothoracic_ratio(**masks) == pytest.approx(20 / 40)


def test_a_mirrored_film_has_the_same_ratio() -> None:
    masks = {name: mask[:, ::-1] for name, mask in chest().items()}
    assert cardiothoracic_ratio(**masks) == pytest.approx(20 / 40)


@pytest.mark.parametrize("name", ["left_lung", "right_lung", "heart"])
def test_without_one_of_the_three_there_is_none(name: str) -> None:
    masks = chest()
    masks[name][:] = False
    assert cardiothoracic_ratio(**masks) is None


def test_masks_of_two_films_are_refused() -> None:
    masks = chest()
    masks["heart"] = masks["heart"][:20]
    with pytest.raises(GeometryError, match="one shape"):
        cardiothoracic_ratio(**masks)


def test_it_agrees_with_a_simulated_heart() -> None:
    study = simulate(Phantom(), rows=256, columns=224, seed=1)
    ratio = cardiothoracic_ratio(**{name: study.masks[name] for name in chest()})
    assert ratio is not None
    assert 0.35 < ratio < 0.55
