"""The overlay writer: outlines over the untouched image, and a legend beside it."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import OutputError
from radnlp.output.contour import outlines
from radnlp.output.legend import Legend, font
from radnlp.output.marks import COLOURS, marks_of, outlined_anatomy
from radnlp.output.wording import image_words, side_letters
from radnlp.schema import RegionSource, cardiothoracic_ratio_of

if TYPE_CHECKING:
    import PIL.Image
    from PIL.ImageDraw import ImageDraw

    from radnlp.output.marks import Mark
    from radnlp.schema import Analysis, Image, Region

_SHORTEST, _LONGEST = 1024, 2048
_SMOOTHING = 2
_BACKGROUND = (14, 16, 19)
_WORDS = (226, 230, 235)
_HALO = (0, 0, 0, 150)
_ANATOMY = (255, 255, 255, 80)
_RATIO = (255, 255, 255, 200)


def render(analysis: Analysis) -> bytes:
    """Return an RGB PNG: the images side by side, linked findings outlined, and a legend.

    An image is shown at its stored size where its long side has 1,024 to 2,048 pixels, else
    scaled to that. Only outlines and their number tags cover its pixels.

    Raises:
        OutputError: There is no image, or its pixels are not there.
    """
    from PIL import Image as Picture

    _check(analysis)
    marks = marks_of(analysis)
    tiles = [_tile(analysis, image, marks) for image in analysis.images]
    legend = Legend(analysis, marks, size=_text_size(max(max(tile.size) for tile in tiles)))
    height = max(legend.height, *(tile.height for tile in tiles))
    width = sum(tile.width for tile in tiles) + legend.width
    sheet = Picture.new("RGB", (width, height), _BACKGROUND)
    x = 0
    for tile in tiles:
        sheet.paste(tile, (x, 0))
        x += tile.width
    legend.draw_on(sheet, x)
    file = io.BytesIO()
    sheet.save(file, "PNG", compress_level=3)
    return file.getvalue()


def scale_of(image: Image) -> float:
    """Return shown pixels per stored pixel; whole numbers where an image is enlarged."""
    longest = max(image.rows, image.columns)
    if longest > _LONGEST:
        return _LONGEST / longest
    return float(math.ceil(_SHORTEST / longest))


def _check(analysis: Analysis) -> None:
    if not analysis.images:
        raise OutputError(
            "an overlay needs an image and this analysis has none; "
            "give one to analyze(image=…), or save as .txt, .html or .json"
        )
    missing = [image.id for image in analysis.images if image.pixels is None]
    if missing:
        raise OutputError(
            f"image {missing[0]} has no pixels, because JSON does not hold them; analyse the "
            "image file again and save the overlay from that result"
        )


def _text_size(longest: int) -> int:
    return max(18, longest // 58)


def _tile(analysis: Analysis, image: Image, marks: tuple[Mark, ...]) -> PIL.Image.Image:
    """Return one image with its outlines, under a strip with its name and its sides."""
    from PIL import Image as Picture
    from PIL.ImageDraw import Draw

    scale = scale_of(image)
    shown = _shown(image, scale)
    layer = _outlines(analysis, image, marks, scale)
    size = _text_size(max(shown.size))
    strip = size * 2
    tile = Picture.new("RGB", (shown.width, shown.height + strip), _BACKGROUND)
    tile.paste(shown, (0, strip))
    tile.paste(layer, (0, strip), layer)
    _label(Draw(tile), image, size)
    return tile


def _shown(image: Image, scale: float) -> PIL.Image.Image:
    from PIL import Image as Picture

    if image.pixels is None:
        raise OutputError(f"image {image.id} has no pixels")
    grey = Picture.fromarray(np.rint(image.pixels * 255).astype(np.uint8))
    size = max(1, round(image.columns * scale)), max(1, round(image.rows * scale))
    if size != grey.size:
        sampling = Picture.Resampling.BICUBIC if scale > 1 else Picture.Resampling.LANCZOS
        grey = grey.resize(size, sampling)
    return grey.convert("RGB")


def _label(draw: ImageDraw, image: Image, size: int) -> None:
    """Name the image and the patient's sides above it, where no pixel is covered."""
    width = int(draw.im.size[0])
    middle = size
    name = image_words(image) + (" · SIMULATED" if image.simulated else "")
    left, right = side_letters(image)
    large = font(size * 1.4)
    draw.text((size // 2, middle), left, _WORDS, large, anchor="lm")
    draw.text((width - size // 2, middle), right, _WORDS, large, anchor="rm")
    draw.text((width // 2, middle), name, _WORDS, font(size), anchor="mm")


def _outlines(
    analysis: Analysis, image: Image, marks: tuple[Mark, ...], scale: float
) -> PIL.Image.Image:
    """Return a transparent layer of the shown size, drawn twice as large for smooth lines."""
    from PIL import Image as Picture
    from PIL.ImageDraw import Draw

    size = max(1, round(image.columns * scale)), max(1, round(image.rows * scale))
    layer = Picture.new("RGBA", (size[0] * _SMOOTHING, size[1] * _SMOOTHING), (0, 0, 0, 0))
    draw = Draw(layer)
    fine = scale * _SMOOTHING
    line = max(2, round(max(layer.size) / 900))
    for region in outlined_anatomy(analysis):
        if region.image_id == image.id:
            for path in _paths(region, fine):
                draw.line(path, _ANATOMY, line)
    measured = cardiothoracic_ratio_of(image, analysis.regions)
    if measured is not None:
        for x0, y0, x1, y1 in (measured[0].chest, *measured[0].heart):
            draw.line([(x0 * fine, y0 * fine), (x1 * fine, y1 * fine)], _RATIO, line)
    for region in analysis.regions:
        shown_as = [mark for mark in marks if region.id in mark.region_ids]
        if shown_as and region.image_id == image.id:
            _draw_region(draw, region, shown_as, fine, line)
    return layer.resize(size, Picture.Resampling.BOX)


def _draw_region(
    draw: ImageDraw, region: Region, marks: list[Mark], scale: float, line: int
) -> None:
    """Draw an outline in its first finding's colour, and the number of every finding on it."""
    paths = _paths(region, scale)
    width = line * 2 if region.source is RegionSource.IMAGE else round(line * 1.4)
    for path in paths:
        draw.line(path, _HALO, width * 2, joint="curve")
        draw.line(path, COLOURS[marks[0].hue], width, joint="curve")
    if paths:
        _draw_tags(draw, min(paths[0], key=lambda point: point[1]), marks, line * 18)


def _draw_tags(draw: ImageDraw, corner: tuple[float, float], marks: list[Mark], side: int) -> None:
    columns, rows = draw.im.size
    x = min(max(round(corner[0]), 0), max(0, columns - side * len(marks)))
    y = min(max(round(corner[1]) - side, 0), max(0, rows - side))
    for mark in marks:
        draw.rectangle((x, y, x + side, y + side), COLOURS[mark.hue])
        middle = (x + side / 2, y + side / 2)
        draw.text(middle, str(mark.number), "#000000", font(side * 0.72), anchor="mm")
        x += side


def _paths(region: Region, scale: float) -> list[list[tuple[float, float]]]:
    """Return closed outlines in shown pixels: the mask's where there is one, else the box."""
    if region.mask is not None:
        polygons = [polygon.tolist() for polygon in outlines(region.mask, max(0.5, 1 / scale))]
    else:
        box = region.box
        corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
        polygons = [[*corners]]
    return [[(x * scale, y * scale) for x, y in (*path, path[0])] for path in polygons]


__all__ = ["render", "scale_of"]
