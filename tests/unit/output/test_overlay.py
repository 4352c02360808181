"""The overlay picture."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture
from PIL import ImageColor

from radnlp.errors import OutputError
from radnlp.output.html import render as page
from radnlp.output.marks import COLOURS
from radnlp.output.overlay import render, scale_of
from radnlp.output.summary import summary_text
from radnlp.schema import Analysis, Box, Image, Mask, Region, RegionSource, Report


def picture(analysis: Analysis) -> np.ndarray:
    with Picture.open(io.BytesIO(render(analysis))) as opened:
        return np.asarray(opened).astype(int)


def film(analysis: Analysis, columns: int = 900, rows: int = 1080) -> np.ndarray:
    """The shown image (enlarged 9 times) without the strip above it."""
    sheet = picture(analysis)
    strip = 2 * max(18, max(rows, columns) // 58)
    return sheet[strip : strip + rows, :columns]


def test_pixels_away_from_outlines_are_untouched(chest: Analysis) -> None:
    bare = dataclasses.replace(chest, regions=(), links=(), draft=None)
    changed = np.any(film(chest) != film(bare), axis=2)
    assert 0.005 < changed.mean() < 0.08
    inside_the_opacity_box = changed[500:700, 100:260]
    assert not inside_the_opacity_box.any()


def test_a_box_is_drawn_where_it_lies_in_stored_pixels(chest: Analysis) -> None:
    red, green, blue = ImageColor.getrgb(COLOURS[2])
    row = film(chest)[600]
    at_left_edge = row[86:95]
    assert [red, green, blue] in at_left_edge.tolist()


def test_a_linked_zone_is_outlined_and_an_unlinked_one_is_not(chest: Analysis) -> None:
    colour = list(ImageColor.getrgb(COLOURS[1]))
    assert colour in film(chest)[803:813, 700].tolist()
    unlinked = dataclasses.replace(chest, links=chest.links[:1])
    assert colour not in film(unlinked)[803:813, 700].tolist()


def test_an_image_of_the_right_size_is_shown_pixel_for_pixel() -> None:
    pixels = np.linspace(0, 1, 1100 * 1030, dtype=np.float32).reshape(1100, 1030)
    shown = film(Analysis(images=(Image(pixels=pixels),)), columns=1030, rows=1100)
    assert np.array_equal(shown[:, :, 0], np.rint(pixels * 255))
    assert np.array_equal(shown[:, :, 0], shown[:, :, 2])


@given(st.integers(1, 30000), st.integers(1, 30000))
def test_the_shown_long_side_is_between_1024_and_2048(rows: int, columns: int) -> None:
    shown = max(rows, columns) * scale_of(Image(pixels=None, rows=rows, columns=columns))
    assert 1024 <= round(shown) <= 2048


def test_several_images_stand_side_by_side(chest: Analysis) -> None:
    second = dataclasses.replace(chest.images[0], id="i1")
    both = dataclasses.replace(chest, images=(*chest.images, second))
    assert picture(both).shape[1] == picture(chest).shape[1] + 900


@pytest.mark.parametrize("shape", [(1, 1), (1, 20000), (20000, 1)])
def test_extreme_shapes_are_drawn(shape: tuple[int, int]) -> None:
    sheet = picture(Analysis(images=(Image(pixels=np.zeros(shape, np.float32)),)))
    assert max(sheet.shape) >= 1024


def test_an_analysis_read_from_json_is_refused_with_what_to_do(chest: Analysis) -> None:
    with pytest.raises(OutputError, match="analyse the image file again"):
        render(Analysis.from_json(chest.to_json()))


def test_a_report_alone_is_refused_with_what_to_do() -> None:
    with pytest.raises(OutputError, match="needs an image"):
        render(Analysis(report=Report(text="No effusion.")))


def with_a_heart(analysis: Analysis, view: str | None) -> Analysis:
    """The same with a right lung and a heart: chest from x 5 to 95 in row 85, heart 40 to 70."""
    boxes = {"right_lung": Box(5, 10, 45, 90), "heart": Box(40, 70, 70, 88)}
    added = []
    for label, box in boxes.items():
        inside = np.zeros((120, 100), dtype=bool)
        inside[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] = True
        added.append(
            Region(
                id=f"g_{label}", image_id="i0", box=box, label=label,
                source=RegionSource.ANATOMY, mask=Mask.from_array(inside),
            )
        )  # fmt: skip
    image = dataclasses.replace(analysis.images[0], view=view)
    return dataclasses.replace(analysis, images=(image,), regions=(*analysis.regions, *added))


def test_the_cardiothoracic_ratio_is_drawn_along_its_lines(chest: Analysis) -> None:
    shown = film(with_a_heart(chest, "PA"))
    plain = film(dataclasses.replace(with_a_heart(chest, "PA"), regions=chest.regions))
    row = 9 * 79  # the heart's borders are highest between rows 70 and 88
    changed = np.any(shown[row - 8 : row + 12, 9 * 45 : 9 * 65] != plain[row - 8 : row + 12,
                     9 * 45 : 9 * 65], axis=2)  # fmt: skip
    assert changed.any(axis=0).mean() > 0.95


@pytest.mark.parametrize(("view", "limit"), [("AP", "magnifies the heart"), ("PA", "rotated")])
def test_summary_and_page_give_the_ratio_with_its_limits(
    chest: Analysis, view: str, limit: str
) -> None:
    analysis = with_a_heart(chest, view)
    for text in (summary_text(analysis), page(analysis).decode()):
        words = " ".join(text.split())
        assert "Cardiothoracic ratio 0.33" in words
        assert limit in words
