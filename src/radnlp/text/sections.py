"""Sections: history, indication, technique, comparison, findings, impression and the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from radnlp.schema.text import Section, SectionKind, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_TITLE_CHARACTERS = 60
_MOST_TITLE_WORDS = 6
_MARKS = " \t*_#>"
_WORD_START = re.compile(r"(?<![^\s*_#>(])[^\s*_#>(]")
_NUMBER = re.compile(r"^\(?\d{1,2}[.)]\s*")


class SectionReader:
    """Finds section titles in the shapes that archives have.

    Args:
        titles: Titles by section kind, lower case.
    """

    def __init__(self, titles: Mapping[str, list[str]]) -> None:
        self._kinds = {
            title: SectionKind(kind) for kind, listed in titles.items() for title in listed
        }

    def __call__(self, text: str) -> tuple[Section, ...]:
        """Return the sections in order; without any title, the whole text is one of kind other.

        A title stands before a colon, alone on its line, or in bold marks. Text before the first
        title is findings if it holds sentences and no findings title follows, otherwise other.
        """
        titles = sorted({*self._before_colons(text), *self._on_own_lines(text)})
        titles = _without_overlap(titles)
        if not titles:
            return _body(SectionKind.OTHER, text, 0, len(text), None)
        kinds = [kind for _, _, _, kind in titles]
        sections: list[Section] = []
        lead = text[: _without_marks(text, titles[0][0])]
        headed = SectionKind.FINDINGS in kinds or "." not in lead
        kind = SectionKind.OTHER if headed else SectionKind.FINDINGS
        sections.extend(_body(kind, text, 0, len(lead), None))
        ends = [_without_marks(text, start) for start, _, _, _ in titles[1:]] + [len(text)]
        for (start, title_end, body_start, kind), end in zip(titles, ends, strict=True):
            sections.extend(_body(kind, text, body_start, end, Span(start, title_end)))
        return tuple(sections)

    def _before_colons(self, text: str) -> list[tuple[int, int, int, SectionKind]]:
        """Return (start, end, start of the body, kind) of titles before a colon."""
        found = []
        colon = text.find(":")
        while colon >= 0:
            title = self._title_ending_at(text, colon)
            if title is not None:
                start, end, kind = title
                body = colon + 1
                while body < len(text) and text[body] in "*_":
                    body += 1
                found.append((start, end, body, kind))
            colon = text.find(":", colon + 1)
        return found

    def _title_ending_at(self, text: str, colon: int) -> tuple[int, int, SectionKind] | None:
        end = colon
        while end and text[end - 1] in _MARKS:
            end -= 1
        low = max(0, end - _MOST_TITLE_CHARACTERS)
        low = max(low, text.rfind("\n", low, end) + 1)
        starts = [match.start() for match in _WORD_START.finditer(text, low, end)]
        for start in starts[-_MOST_TITLE_WORDS:]:
            kind = self._kind(text[start:end])
            if kind is not None and _may_begin(text, start, end):
                return start, end, kind
        return None

    def _on_own_lines(self, text: str) -> list[tuple[int, int, int, SectionKind]]:
        """Return titles that fill a line, or stand in bold marks at its start."""
        found = []
        start = 0
        for line in text.split("\n") if "\n" in text or text.startswith(("*", "#")) else ():
            bare = line.strip(_MARKS + "\r")
            kind = self._kind(bare) if len(bare) <= _MOST_TITLE_CHARACTERS else None
            if kind is not None:
                begin = start + line.index(bare)
                found.append((begin, begin + len(bare), start + len(line), kind))
            elif line.startswith("**"):
                found.extend(self._in_bold(line, start))
            start += len(line) + 1
        return found

    def _in_bold(self, line: str, start: int) -> list[tuple[int, int, int, SectionKind]]:
        close = line.find("**", 2)
        kind = self._kind(line[2:close].rstrip(": ")) if close > 2 else None
        if kind is None:
            return []
        bare = line[2:close].rstrip(": ")
        return [(start + 2, start + 2 + len(bare), start + close + 2, kind)]

    def _kind(self, title: str) -> SectionKind | None:
        plain = " ".join(title.lower().replace("(s)", "").strip(" .*_#:").split())
        kind = self._kinds.get(plain)
        if kind is None and plain[:1] in "(0123456789":
            kind = self._kinds.get(_NUMBER.sub("", plain))
        return kind


def _may_begin(text: str, start: int, end: int) -> bool:
    """Tell whether a title may begin here: at a line's start, after a sentence, or in capitals."""
    before = start - 1
    while before >= 0 and text[before] in _MARKS:
        before -= 1
    if before < 0 or text[before] in "\n\r.;!?:)":
        return True
    if text[before].isdigit():
        return "\n" in text[max(0, start - 6) : start]
    return text[start:end].isupper()


def _without_marks(text: str, start: int) -> int:
    """Return where the bold or heading marks before a title begin."""
    while start and text[start - 1] in _MARKS:
        start -= 1
    return start


def _without_overlap(
    titles: list[tuple[int, int, int, SectionKind]],
) -> list[tuple[int, int, int, SectionKind]]:
    kept: list[tuple[int, int, int, SectionKind]] = []
    for title in titles:
        if not kept or title[0] >= kept[-1][2]:
            kept.append(title)
    return kept


def _body(
    kind: SectionKind, text: str, start: int, end: int, title: Span | None
) -> tuple[Section, ...]:
    """Return the section without white space at its ends; none if nothing is left and no title."""
    body = text[start:end]
    left = len(body) - len(body.lstrip())
    if not body.strip():
        span = Span(start, start)
        return (Section(kind=kind, span=span, title=title),) if title else ()
    span = Span(start + left, start + len(body.rstrip()))
    return (Section(kind=kind, span=span, title=title),)


__all__ = ["SectionReader"]
