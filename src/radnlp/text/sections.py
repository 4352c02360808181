"""Sections: history, indication, technique, comparison, findings, impression and the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from radnlp.schema.text import Section, SectionKind, Span
from radnlp.text.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST_TITLE_CHARACTERS = 60
_MOST_TITLE_WORDS = 6
_ENDING = 3  # letters that tell quickly that a word ends no title
_MARKS = " \t*_#>"
_WORD_START = re.compile(r"(?<![^\s*_#>(.])[^\s*_#>(.]")
_NUMBER = re.compile(r"^\(?\d{1,2}[.)]\s*")
# What may stand before a title on its line: bold, heading and list marks, a number.
_LEAD = re.compile(
    r"[ \t*_#>=\[<-]{0,12}(?:[bBuU]>)?(?:\(?(?:\d{1,2}|[IVX]{1,4})[.)][ \t]*)?[*_\[]{0,3}"
)
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)?|[/&,+]|\(s\)")
# What may stand between a title and its colon or its line's end: a number or date, closing marks.
_TAIL = re.compile(
    r"(?:[ \t]{0,12}#?\d{1,2}(?![\d.)]))?(?:[ \t]{0,12}\(?\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\)?)?"
    r"[ \t*_=#\]]{0,12}(?P<end>:|</?[bBuU]>|[ \t][-–][ \t\n\r]|\.[ \t]+(?=[^\W\da-z_])|\r|$)"
    r"(?P<after>(?:</?[bBuU]>|[:*_=\]]){0,4})"
)
# A title in brackets may stand anywhere in a line.
_BRACKETED = re.compile(r"\[[ \t]{0,3}([^\W\d_][^\[\]\n]{1,40})\](?P<after>:?)")
# A line that names an examination and nothing else: it begins the report on it.
_EXAMINATION = re.compile(r"[^\W\d_][^\n.;?!]{3,90}")
# A line after the first, with the empty lines before it, and its title in capitals if it has one.
_LINE = re.compile(r"\n\s*+((?P<title>[A-Z][A-Z /&-]{2,40}:)?[^\n]*)")
_EMPTY_LINE = re.compile(r"\n[ \t\r]*\n")
_LEAST_CAPITALS = 0.9
_MERGED = re.compile(r" ?(?:[/&+,]|\band\b|\bor\b) ?")
_OPENERS = tuple("*_#=[<(-123456789")
_FOUND = frozenset({SectionKind.FINDINGS, SectionKind.IMPRESSION})
_BEFORE_FINDINGS = frozenset({SectionKind.COMPARISON, SectionKind.TECHNIQUE})
_ASKING = frozenset({SectionKind.HISTORY, SectionKind.INDICATION})


class _Title(NamedTuple):
    """A title: where its line's marks begin, its words, where the body begins, and its kind.

    A line that names an examination is a title that is its own body; what follows it up to the
    next title is findings.
    """

    lead: int
    start: int
    end: int
    body: int
    kind: SectionKind
    examination: bool = False


class SectionReader:
    """Finds section titles in the shapes that archives have.

    Args:
        titles: Titles by section kind, lower case.
        implicit: For texts without titles: by kind, what a sentence that belongs there holds;
            the words with which a line in capitals begins that names an ``examination``, and
            which make it a ``sentence`` after all; those with which a title begins that names an
            ``organ``; and what a paragraph on the ``past`` holds.
    """

    def __init__(
        self,
        titles: Mapping[str, list[str]],
        implicit: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._kinds = {
            title: SectionKind(kind) for kind, listed in titles.items() for title in listed
        }
        self._endings = {title[-_ENDING:] for title in self._kinds}
        self._first_words = {_WORD.findall(title)[0] for title in self._kinds}
        self._plain = frozenset(title for title in self._kinds if title.isalpha())
        listed = dict(implicit or {})
        self._modalities = frozenset(listed.pop("examination", ()))
        self._sentence = frozenset(listed.pop("sentence", ()))
        self._organs = frozenset(listed.pop("organ", ()))
        self._past = _any_of(listed.pop("past", ()))
        self._implicit = {SectionKind(kind): _any_of(phrases) for kind, phrases in listed.items()}

    def __call__(self, text: str) -> tuple[Section, ...]:
        """Return the sections in order; without any title, the whole text is one of kind other.

        A title stands before a colon, alone on its line, in bold marks, before a dash, or in
        capitals at the start of a line. Text before the first title is findings if it holds
        sentences and no findings title follows, otherwise other. In a text without titles,
        sentences at its start that plainly tell the indication, the technique or the comparison
        are sections of that kind, and the rest is findings.
        """
        titles = list(self._before_colons(text))
        if "[" in text:
            titles.extend(self._in_brackets(text))
        if "\n" in text or text[:1] in _OPENERS or text[:3].isupper():
            titles.extend(self._at_lines(text, {title.start for title in titles}))
        titles = _without_overlap(sorted(set(titles)))
        if not titles:
            return self._by_content(text, 0, len(text), SectionKind.OTHER)
        kinds = [title.kind for title in titles]
        sections: list[Section] = []
        lead = titles[0].lead
        if SectionKind.FINDINGS in kinds or "." not in text[:lead]:
            sections.extend(_body(SectionKind.OTHER, text, 0, lead, None))
        else:
            sections.extend(self._by_content(text, 0, lead, SectionKind.FINDINGS))
        ends = [title.lead for title in titles[1:]] + [len(text)]
        for title, end in zip(titles, ends, strict=True):
            if title.examination:
                sections.extend(_body(title.kind, text, title.start, title.end, None))
                sections.extend(self._by_content(text, title.end, end, SectionKind.FINDINGS))
            else:
                span = Span(title.start, title.end)
                sections.extend(_body(title.kind, text, title.body, end, span))
        if SectionKind.FINDINGS not in kinds:
            sections = [part for section in sections for part in self._freed(text, section)]
        if _FOUND.isdisjoint(kinds) and sections[-1].kind in _BEFORE_FINDINGS:
            sections[-1:] = self._cut(text, sections[-1])
        return tuple(sections)

    def _freed(self, text: str, section: Section) -> tuple[Section, ...]:
        """Part a background section from findings that stand under its title without their own.

        They begin after an empty line, at a line that names an examination, or at one that has an
        organ or an examination as its title in capitals ("CT HEAD: No hemorrhage."). Another title
        ("COMPLAINT:") goes on with the background, and so does a paragraph of a history or an
        indication that speaks of the past.
        """
        if not section.kind.is_background:
            return (section,)
        start, end = section.span.start, section.span.end
        for at in self._beginnings(text, section):
            return (
                *_body(section.kind, text, start, at, section.title),
                *self._by_content(text, at, end, SectionKind.FINDINGS),
            )
        return (section,)

    def _beginnings(self, text: str, section: Section) -> Iterator[int]:
        """Yield where findings may begin in a background section."""
        start, end = section.span.start, section.span.end
        for line in _LINE.finditer(text, start, end):
            title = line["title"]
            if title:
                begins = self._names_reported(title)
            elif line[0].count("\n") > 1:
                begins = section.kind not in _ASKING or not self._past.search(
                    text, line.start(1), _paragraph_end(text, line.start(1), end)
                )
            else:
                begins = self._is_examination(line[1])
            if begins:
                yield line.start(1)
        for n, (first, last) in enumerate(split_sentences(text, start, end)):
            name, colon, _ = text[first:last].partition(":")
            if n and colon and self._is_examination(name):
                yield first

    def _names_reported(self, title: str) -> bool:
        """Tell whether a title names what is reported on: an examination or an organ."""
        words = _WORD.findall(title.lower())
        return words[0] in self._organs or words[0] in self._modalities

    def _is_examination(self, line: str) -> bool:
        """Tell whether a line is the name of an examination in any case: "XR Left wrist"."""
        words = line.lower().split()
        named = len(words) > 1 and words[0] in self._modalities
        return named and self._sentence.isdisjoint(words) and line.strip()[-1] not in ".;"

    def _cut(self, text: str, last: Section) -> Iterator[Section]:
        """Yield a last section such as "comparison: none", and what follows it as findings."""
        for n, (start, end) in enumerate(split_sentences(text, last.span.start, last.span.end)):
            if n and self._told(text[start:end]) is None:
                yield from _body(last.kind, text, last.span.start, start, last.title)
                yield from _body(SectionKind.FINDINGS, text, start, last.span.end, None)
                return
        yield last

    def _by_content(
        self, text: str, begin: int, stop: int, otherwise: SectionKind
    ) -> tuple[Section, ...]:
        """Return the sections of a part without titles; of kind ``otherwise`` if it tells none."""
        parts: list[tuple[SectionKind, int]] = []
        rest = -1
        for start, end in split_sentences(text, begin, stop) if self._implicit else ():
            kind = self._told(text[start:end])
            if kind is None:
                rest = start
                break
            parts.append((kind, start))
        if not parts or rest < 0:
            return _body(otherwise, text, begin, stop, None)
        parts.append((SectionKind.FINDINGS, rest))
        ends = [start for _, start in parts[1:]] + [stop]
        bodies = (
            _body(kind, text, start, end, None)
            for (kind, start), end in zip(parts, ends, strict=True)
        )
        return tuple(section for body in bodies for section in body)

    def _told(self, sentence: str) -> SectionKind | None:
        for kind, pattern in self._implicit.items():
            if pattern.search(sentence):
                return kind
        return None

    def _in_brackets(self, text: str) -> Iterator[_Title]:
        """Yield the titles in brackets: "[FINDINGS] Small effusion."."""
        for match in _BRACKETED.finditer(text):
            kind = self._kind(match[1])
            if kind is not None:
                yield _Title(match.start(), match.start(1), match.end(1), match.end(), kind)

    def _before_colons(self, text: str) -> Iterator[_Title]:
        """Yield the titles before a colon."""
        colon = text.find(":")
        while colon >= 0:
            title = self._title_ending_at(text, colon)
            if title is not None:
                start, end, kind = title
                body = colon + 1
                while body < len(text) and text[body] in "*_":
                    body += 1
                yield _Title(_without_marks(text, start), start, end, body, kind)
            colon = text.find(":", colon + 1)

    def _title_ending_at(self, text: str, colon: int) -> tuple[int, int, SectionKind] | None:
        end = colon
        while end and text[end - 1] in _MARKS:
            end -= 1
        low = max(0, end - _MOST_TITLE_CHARACTERS)
        low = max(low, text.rfind("\n", low, end) + 1)
        whole = self._kinds.get(text[low:end].lower())
        if whole is not None:
            return low, end, whole
        if text[end - 1 : end] != ")" and text[end - _ENDING : end].lower() not in self._endings:
            return None
        starts = [match.start() for match in _WORD_START.finditer(text, low, end)]
        for start in starts[-_MOST_TITLE_WORDS:]:
            kind = self._kind(text[start:end])
            if kind is not None and _may_begin(text, start, end):
                return start, end, kind
        return None

    def _at_lines(self, text: str, known: set[int]) -> Iterator[_Title]:
        """Yield the titles that open a line in any other shape.

        Args:
            text: The report.
            known: Where titles begin that are found already.
        """
        begin = 0
        while True:
            stop = text.find("\n", begin)
            end = len(text) if stop < 0 else stop
            title = None if begin in known or begin == end else self._opening(text, begin, end)
            if title is not None:
                yield title
            if stop < 0:
                return
            begin = stop + 1

    def _opening(self, text: str, begin: int, end: int) -> _Title | None:
        """Return the title that opens the line ``text[begin:end]``."""
        lead = _LEAD.match(text, begin, end)
        start = lead.end() if lead else begin
        first = _WORD.match(text, start, end)
        if first is None:
            return None
        if first[0].lower() in self._modalities and self._names_examination(text, start, end):
            return _Title(begin, start, end, start, SectionKind.TECHNIQUE, examination=True)
        if first[0].lower() not in self._first_words:
            return None
        words: list[int] = []
        for word in _WORD.finditer(text, start, min(end, start + _MOST_TITLE_CHARACTERS)):
            if len(words) == _MOST_TITLE_WORDS:
                break
            words.append(word.end())
        for stop in reversed(words):
            kind = self._kind(text[start:stop])
            body = self._body_after(text, start, stop, end) if kind is not None else None
            if kind is not None and body is not None:
                return _Title(begin, start, stop, body, kind)
        return None

    def _names_examination(self, text: str, start: int, end: int) -> bool:
        """Tell whether a line such as "CT HEAD WITHOUT CONTRAST" names an examination only."""
        line = text[start:end].rstrip(" \t\r:*_")
        letters = [letter for letter in line if letter.isalpha()]
        loud = sum(map(str.isupper, letters)) >= _LEAST_CAPITALS * len(letters)
        plain = self._sentence.isdisjoint(_WORD.findall(line.lower()))
        return loud and plain and " " in line and _EXAMINATION.fullmatch(line) is not None

    def _body_after(self, text: str, start: int, stop: int, end: int) -> int | None:
        """Return where the body begins if words at a line's start are a title by their shape."""
        title = text[start:stop]
        tail = _TAIL.match(text, stop, end)
        if tail is None:
            following = text[stop : stop + 2]
            loud = (
                title.isupper() and title.lower() in self._plain and len(title) > _MOST_TITLE_WORDS
            )
            return (
                stop
                if loud and following[:1] == " " and not text[stop + 1 : stop + 3].isupper()
                else None
            )
        mark = tail["end"].strip()
        if mark == "." and not (title.lower() in self._plain and title[0].isupper()):
            return None
        if mark in "-–" and mark and not title.isupper():
            return None
        return tail.end()

    def _kind(self, title: str) -> SectionKind | None:
        kind = self._kinds.get(title.lower())
        if kind is not None:
            return kind
        plain = " ".join(title.lower().replace("(s)", "").strip(" .*_#:").split())
        kind = self._kinds.get(plain)
        if kind is None and plain[:1] in "(0123456789":
            kind = self._kinds.get(_NUMBER.sub("", plain))
        return self._merged(plain) if kind is None else kind

    def _merged(self, title: str) -> SectionKind | None:
        """Return the kind of "impression/plan", "history & indication" and the like."""
        parts = _MERGED.split(title)
        kinds = [self._kinds.get(part) for part in parts]
        first = kinds[0]
        if len(kinds) < 2 or first is None or None in kinds:
            return None
        return SectionKind.INDICATION if first in _ASKING and len(set(kinds)) > 1 else first


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    """Return the pattern of any of the phrases as whole words; of nothing if there is none."""
    listed = "|".join(map(re.escape, phrases)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)


def _paragraph_end(text: str, start: int, end: int) -> int:
    """Return where the paragraph that begins at ``start`` ends: at the next empty line."""
    match = _EMPTY_LINE.search(text, start, end)
    return match.start() if match else end


def _may_begin(text: str, start: int, end: int) -> bool:
    """Tell whether a title may begin here: at a line's start, after a sentence, or in capitals."""
    before = start - 1
    while before >= 0 and text[before] in _MARKS:
        before -= 1
    if before < 0 or text[before] in "\n\r.;!?:)":
        return True
    if text[before].isdigit():
        return "\n" in text[max(0, start - 6) : start]
    return text[start:end].isupper() and not text[max(0, before - 1) : before + 1].isupper()


def _without_marks(text: str, start: int) -> int:
    """Return where the bold or heading marks before a title begin."""
    while start and text[start - 1] in _MARKS:
        start -= 1
    return start


def _without_overlap(titles: list[_Title]) -> list[_Title]:
    kept: list[_Title] = []
    for title in titles:
        if not kept or title.start >= kept[-1].body:
            kept.append(title)
    return kept


def _body(
    kind: SectionKind, text: str, start: int, end: int, title: Span | None
) -> tuple[Section, ...]:
    """Return the section without white space at its ends; none if nothing is left and no title."""
    body = text[start:end]
    bare = body.strip()
    if not bare:
        span = Span(start, start)
        return (Section(kind=kind, span=span, title=title),) if title else ()
    start += len(body) - len(body.lstrip())
    return (Section(kind=kind, span=Span(start, start + len(bare)), title=title),)


__all__ = ["SectionReader"]
