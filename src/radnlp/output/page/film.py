"""The images: untouched pixels, and outlines above them in stored pixels."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np

from radnlp.output.contour import outlines
from radnlp.output.marks import outlined_anatomy
from radnlp.output.page.markup import element, escaped, opening
from radnlp.output.wording import concept_words, image_words, ratio_words, side_letters
from radnlp.schema import RegionSource, cardiothoracic_ratio_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radnlp.output.marks import Mark
    from radnlp.output.page.lights import Lights
    from radnlp.schema import Analysis, Image, Region

_LONGEST = 1600
_NO_PIXELS = "The pixels are not part of the JSON. Analyse the image file again to see it."


def film_html(analysis: Analysis, image: Image, marks: Sequence[Mark], lights: Lights) -> str:
    """Return one figure: sides and name above, the image with its outlines below."""
    left, right = side_letters(image)
    name = escaped(image_words(image))
    if image.simulated:
        name += " " + element("span", "SIMULATED", class_="chip simulated")
    caption = element(
        "figcaption",
        element("span", left, class_="side", aria_label="patient's side at the image's left")
        + element("span", name, class_="film-name")
        + element("span", right, class_="side", aria_label="patient's side at the image's right"),
    )
    note = element("p", _NO_PIXELS, class_="film-note") if image.pixels is None else ""
    measured = cardiothoracic_ratio_of(image, analysis.regions)
    if measured is not None:
        said = f"{ratio_words(measured[0])} (white lines): {measured[1]}."
        note += element("p", escaped(said), class_="film-note")
    return element("figure", caption + _svg(analysis, image, marks, lights) + note, class_="film")


def _svg(analysis: Analysis, image: Image, marks: Sequence[Mark], lights: Lights) -> str:
    parts = []
    if image.pixels is not None:
        parts.append(
            opening(
                "image",
                href=_data_uri(image),
                width=str(image.columns),
                height=str(image.rows),
                preserveAspectRatio="none",
            )
            + "</image>"
        )
    parts += [
        f'<path class="anatomy" d="{_path(_polygons(region, image))}"></path>'
        for region in outlined_anatomy(analysis)
        if region.image_id == image.id
    ]
    measured = cardiothoracic_ratio_of(image, analysis.regions)
    if measured is not None:
        lines = (measured[0].chest, *measured[0].heart)
        path = "".join(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" for x0, y0, x1, y1 in lines)
        parts.append(f'<path class="ratio" d="{path}"></path>')
    shown = [region for region in _shown(analysis, marks) if region.image_id == image.id]
    # Small above large, so that the pointer reaches both.
    shown.sort(key=lambda region: -region.box.area)
    parts += [_region(region, image, marks, lights) for region in shown]
    return element(
        "svg",
        "".join(parts),
        class_="canvas",
        viewBox=f"0 0 {image.columns} {image.rows}",
        role="group",
        aria_label=f"image {image_words(image)}",
    )


def _shown(analysis: Analysis, marks: Sequence[Mark]) -> list[Region]:
    """Return the regions that anything on the page can light."""
    wanted = {one for mark in marks for one in mark.region_ids}
    wanted |= {one for conflict in analysis.conflicts for one in conflict.region_ids}
    if analysis.draft is not None:
        wanted |= {one for item in analysis.draft.sentences for one in item.evidence}
    return [region for region in analysis.regions if region.id in wanted]


def _region(region: Region, image: Image, marks: Sequence[Mark], lights: Lights) -> str:
    mine = [mark for mark in marks if region.id in mark.region_ids]
    kind = "region picture" if region.source is RegionSource.IMAGE else "region words"
    kind += f" hue-{mine[0].hue}" if mine else " latent"
    kind += " shared" if len(mine) > 1 else ""
    polygons = _polygons(region, image)
    shape = f'<path class="shape" d="{_path(polygons)}"></path>'
    top = min(polygons[0], key=lambda point: point[1]) if polygons else (0.0, 0.0)
    findings = ", ".join(dict.fromkeys(concept_words(mark.concept) for mark in mine))
    label = f"{concept_words(region.label)}{': ' if findings else ''}{findings}"
    return element(
        "g",
        shape + _tag(top, image, [str(mark.number) for mark in mine]),
        class_=kind,
        data_id=region.id,
        data_lights=lights.of(region.id),
        data_tip=region.id,
        tabindex="0" if mine else None,
        role="button" if mine else None,
        aria_label=label,
    )


def _tag(top: tuple[float, float], image: Image, numbers: list[str]) -> str:
    """Return the numbers of the findings, above the outline's topmost point."""
    if not numbers:
        return ""
    size = max(image.columns, image.rows) / 42
    width = size * (0.55 + 0.6 * len(" ".join(numbers)))
    x = min(max(top[0], 0.0), max(0.0, image.columns - width))
    y = min(max(top[1] - size, 0.0), max(0.0, image.rows - size))
    back = f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{size:.1f}"></rect>'
    middle = f'x="{x + width / 2:.1f}" y="{y + size * 0.78:.1f}" font-size="{size * 0.78:.1f}"'
    text = f'<text {middle} text-anchor="middle">{" ".join(numbers)}</text>'
    return element("g", back + text, class_="tag", aria_hidden="true")


def _polygons(region: Region, image: Image) -> list[list[tuple[float, float]]]:
    box = region.box
    if region.mask is None:
        return [[(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]]
    tolerance = max(0.5, max(image.rows, image.columns) / _LONGEST)
    return [[(x, y) for x, y in one.tolist()] for one in outlines(region.mask, tolerance)]


def _path(polygons: list[list[tuple[float, float]]]) -> str:
    lines = ("L".join(f"{x:.1f} {y:.1f}" for x, y in polygon) for polygon in polygons)
    return "".join(f"M{line}Z" for line in lines)


def _data_uri(image: Image) -> str:
    from PIL import Image as Picture

    grey = Picture.fromarray(np.rint(np.asarray(image.pixels) * 255).astype(np.uint8))
    longest = max(grey.size)
    if longest > _LONGEST:
        width, height = (max(1, round(side * _LONGEST / longest)) for side in grey.size)
        grey = grey.resize((width, height), Picture.Resampling.LANCZOS)
    file = io.BytesIO()
    grey.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


__all__ = ["film_html"]
