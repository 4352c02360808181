"""The legend panel beside the overlay's images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from radnlp.output.marks import COLOURS, Mark
from radnlp.output.wording import (
    SOURCE_WORDS,
    concept_title,
    confidence_words,
    ratio_words,
    speakers,
)
from radnlp.schema import DISCLAIMER, Assertion, EntityKind, cardiothoracic_ratio_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import PIL.Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from radnlp.schema import Analysis

_BRIGHT = "#f2f4f7"
_QUIET = "#9aa4b1"
_ALERT = "#ffb454"
_WIDTH_IN_LETTERS = 21


@dataclass(frozen=True, slots=True)
class _Line:
    words: str
    colour: str = _QUIET
    scale: float = 0.8
    swatch: Mark | None = None
    indented: bool = False
    gap: float = 0.0


def font(size: float) -> FreeTypeFont | ImageFont:
    """Return Pillow's own font, which needs no file on the machine."""
    from PIL import ImageFont as Fonts

    return Fonts.load_default(size)


class Legend:
    """What the outlines mean, who says so, and that it is a draft.

    Args:
        analysis: What is shown.
        marks: The findings on the images.
        size: Font size, in shown pixels.
    """

    def __init__(self, analysis: Analysis, marks: tuple[Mark, ...], *, size: int) -> None:
        self._size = size
        self.width = size * _WIDTH_IN_LETTERS
        self._body = [part for line in _body(analysis, marks) for part in self._wrapped(line)]
        self._foot = [part for line in _foot(analysis) for part in self._wrapped(line)]
        self.height = round(self._length(self._body) + self._length(self._foot)) + 4 * size

    def draw_on(self, sheet: PIL.Image.Image, x: int) -> None:
        """Draw the panel on ``sheet`` with its left edge at ``x``, its foot at the bottom."""
        from PIL.ImageDraw import Draw

        draw = Draw(sheet)
        self._draw(draw, self._body, x + self._size, 1.5 * self._size)
        bottom = sheet.height - self._length(self._foot) - self._size
        self._draw(draw, self._foot, x + self._size, bottom)

    def _draw(self, draw: ImageDraw, lines: list[_Line], left: int, y: float) -> None:
        for line in lines:
            y += line.gap * self._size
            if line.swatch is not None:
                side = self._size * 1.3
                top = y - side * 0.1
                draw.rectangle((left, top, left + side, top + side), COLOURS[line.swatch.hue])
                middle = (left + side / 2, top + side / 2)
                number = str(line.swatch.number)
                draw.text(middle, number, "#000000", font(self._size * 0.9), anchor="mm")
            place = (left + self._indent(line), y)
            draw.text(place, line.words, line.colour, font(self._size * line.scale))
            y += self._step(line)

    def _step(self, line: _Line) -> float:
        return self._size * line.scale * 1.4

    def _length(self, lines: list[_Line]) -> float:
        return sum(self._step(line) + line.gap * self._size for line in lines)

    def _indent(self, line: _Line) -> float:
        return self._size * 1.9 if line.indented else 0.0

    def _wrapped(self, line: _Line) -> Iterator[_Line]:
        """Break a line at blanks, and inside a word that is wider than the panel."""
        face = font(self._size * line.scale)
        room = self.width - 2 * self._size - self._indent(line)
        current = ""
        for word in line.words.split():
            longer = f"{current} {word}".strip()
            if current and face.getlength(longer) > room:
                yield replace(line, words=current)
                line = replace(line, swatch=None, gap=0.0)
                current = word
            else:
                current = longer
            while face.getlength(current) > room and len(current) > 1:
                fits = max(1, int(len(current) * room / face.getlength(current)))
                yield replace(line, words=current[:fits])
                line = replace(line, swatch=None, gap=0.0)
                current = current[fits:]
        yield replace(line, words=current)


def _body(analysis: Analysis, marks: tuple[Mark, ...]) -> Iterator[_Line]:
    yield _Line("Findings", _BRIGHT, 1.2)
    if any(image.simulated for image in analysis.images):
        yield _Line("SIMULATED image. It shows no patient.", _ALERT)
    for mark in marks:
        yield _Line(concept_title(mark.concept), _BRIGHT, 1.0, mark, indented=True, gap=0.8)
        said = (str(mark.side or ""), SOURCE_WORDS[mark.source], confidence_words(mark.confidence))
        yield _Line(" · ".join(part for part in said if part), indented=True)
    if not marks:
        yield _Line("No finding is tied to a place in the image.", gap=0.8)
    placeless = _without_place(analysis, marks)
    if placeless:
        yield _Line("Without a place in the image", _BRIGHT, 0.9, gap=1.4)
        for words in placeless:
            yield _Line(words, gap=0.2)
    yield _Line("Thick: where the picture shows it. Thin: where the words place it.", gap=1.4)
    yield _Line("White: lungs and heart.")
    for image in analysis.images:
        measured = cardiothoracic_ratio_of(image, analysis.regions)
        if measured is not None:
            yield _Line(ratio_words(measured[0]), _BRIGHT, 0.9, gap=1.0)
            yield _Line(f"White lines; {measured[1]}.", gap=0.2)
    yield _Line("Letters above: the patient's side.")


def _foot(analysis: Analysis) -> Iterator[_Line]:
    yield _Line(DISCLAIMER, _ALERT, 1.0)
    for line in speakers(analysis):
        yield _Line(line, scale=0.66, gap=0.2)


def _without_place(analysis: Analysis, marks: tuple[Mark, ...]) -> list[str]:
    """Return present mentions and positive image findings that no outline shows."""
    shown = {mark.concept for mark in marks}
    said = [
        f"{concept_title(entity.concept)} (words)"
        for entity in analysis.entities
        if entity.kind in {EntityKind.FINDING, EntityKind.DEVICE}
        and entity.assertion is Assertion.PRESENT
        and entity.concept not in shown
    ]
    said += [
        f"{concept_title(item.concept)} (picture, {confidence_words(item.confidence)})"
        for item in analysis.image_findings
        if item.positive and item.concept not in shown
    ]
    return list(dict.fromkeys(said))


__all__ = ["Legend", "font"]
