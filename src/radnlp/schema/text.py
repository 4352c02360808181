"""Reports, their sections, and character offsets into them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from radnlp.errors import EncodingError, GeometryError, InputError


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of Unicode code points of `Report.text`.

    Attributes:
        start: First code point.
        end: One past the last code point.

    Raises:
        GeometryError: Unless ``0 <= start <= end``.

    Examples:
        >>> Span(6, 10).of("Small left effusion")
        'left'
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise GeometryError(
                f"span must satisfy 0 <= start <= end, got ({self.start}, {self.end}); "
                "offsets count code points of Report.text"
            )

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """Return the characters of ``text`` that the span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two ranges share at least one code point."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Tell whether ``other`` lies wholly inside this range."""
        return self.start <= other.start and other.end <= self.end


class SectionKind(StrEnum):
    """What a section of a report is for."""

    HISTORY = "history"
    INDICATION = "indication"
    TECHNIQUE = "technique"
    COMPARISON = "comparison"
    FINDINGS = "findings"
    IMPRESSION = "impression"
    ADDENDUM = "addendum"
    RECOMMENDATION = "recommendation"
    OTHER = "other"

    @property
    def is_background(self) -> bool:
        """Whether it tells why and how the study was made, not what it shows."""
        kind = SectionKind
        return self in {kind.HISTORY, kind.INDICATION, kind.TECHNIQUE, kind.COMPARISON}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of a report.

    Attributes:
        kind: What the section is for.
        span: The section's body, without its header.
        title: The header's range; ``None`` where the text has no header.
    """

    kind: SectionKind
    span: Span
    title: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The text of one radiology report, never changed after reading.

    Attributes:
        text: The whole text. All offsets count its Unicode code points.
        id: Name of the report within a study or an archive.
        language: ISO 639-1 code, or ``None`` if it is not known.
        source: Where it came from (a file name), if anywhere.

    Raises:
        InputError: ``text`` is not a string.
        EncodingError: ``text`` holds a lone surrogate.
    """

    text: str
    id: str = "r0"
    language: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise InputError(
                f"a report's text must be str, got {type(self.text).__name__}; "
                "decode bytes first, or pass a Path to have the file read"
            )
        try:
            self.text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise EncodingError(
                f"the report holds a lone surrogate at character {error.start}, which no file can "
                "hold; expected valid Unicode: decode the source with the right encoding"
            ) from None


__all__ = ["Report", "Section", "SectionKind", "Span"]
