from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from radnlp.link import DefaultLink
from radnlp.schema import Image, Mask, Orientation, OrientationSource, Region, Study


def shown(regions: tuple[Region, ...], change) -> tuple[Region, ...]:
    """The same anatomy with every mask changed."""
    found = []
    for region in regions:
        assert region.mask is not None
        mask = Mask.from_array(change(region.mask.to_array()))
        box = mask.box()
        assert box is not None
        found.append(replace(region, mask=mask, box=box))
    return tuple(found)


def turned(degrees: float):
    def change(mask: np.ndarray) -> np.ndarray:
        rows, columns = mask.shape
        ys, xs = np.mgrid[:rows, :columns] + 0.5
        angle = np.radians(degrees)
        dx, dy = xs - columns / 2, ys - rows / 2
        x = np.cos(angle) * dx + np.sin(angle) * dy + columns / 2
        y = np.cos(angle) * dy - np.sin(angle) * dx + rows / 2
        inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        there = mask[np.clip(y, 0, rows - 1).astype(int), np.clip(x, 0, columns - 1).astype(int)]
        return there & inside

    return change


def names(study: Study, reading, entities=()) -> list[str]:
    return [notice.name for notice in DefaultLink()(study, list(entities), [reading]).warnings]


def test_a_chest_as_it_is_hung_raises_nothing(study, look) -> None:
    assert names(study, look()) == []


def test_a_lung_that_is_cut_off_is_noticed(study, look, regions) -> None:
    def cut(mask: np.ndarray) -> np.ndarray:
        return np.vstack([mask[50:], np.zeros((50, mask.shape[1]), bool)])

    reading = replace(look(), regions=shown(regions, cut))
    assert names(study, reading) == ["CroppedChest"]


@pytest.mark.parametrize("degrees", [-14.0, 14.0])
def test_a_chest_that_lies_turned_is_noticed(study, look, regions, degrees: float) -> None:
    reading = replace(look(), regions=shown(regions, turned(degrees)))
    assert "TurnedChest" in names(study, reading)


def test_outlines_that_contradict_the_orientation_are_noticed(look, regions) -> None:
    hung_the_other_way = Orientation(row_direction="R", source=OrientationSource.HEADER)
    image = Image(pixels=None, rows=120, columns=100, orientation=hung_the_other_way)
    assert names(Study(images=(image,)), look()) == ["FlippedChest"]


def test_a_heart_on_the_right_is_noticed(study, look, regions) -> None:
    heart = shown(regions[2:], lambda mask: mask[:, ::-1])
    reading = replace(look(), regions=(*regions[:2], *heart))
    assert names(study, reading) == ["HeartOnTheRight"]


def test_a_view_from_the_side_says_that_it_has_no_zones(look, mention) -> None:
    lateral = Study(images=(Image(pixels=None, rows=120, columns=100, view="LATERAL"),))
    reading = DefaultLink()(lateral, [mention("cardiomegaly")], [look()])
    assert reading.links == ()
    (notice,) = reading.warnings
    assert notice.name == "NoAnatomyWarning"
    assert notice.message.startswith("no zones here: this is a view from the side")
