"""Texts that no report should be, and what must hold of every reading of them.

`TEXTS` mixes terms of the vocabulary and phrases of the rules with control characters, emoji,
combining marks, right-to-left marks, lone line breaks, de-identification marks, numbers with units
and long words; some texts are one sentence of 10,000 characters. `faults` says what is wrong with a
reading.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from hypothesis import strategies as st

from radnlp.schema.entity import EntityKind, RelationKind
from radnlp.text.rulebook import spelled_out
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from radnlp.schema.entity import Entity
    from radnlp.schema.reading import TextReading
    from radnlp.schema.text import Span

T = TypeVar("T")
Twist: TypeAlias = "Callable[[str, int, str], str]"

__all__ = ["LONG", "PHRASES", "TEXTS", "faults"]

LONG = 10_000  # characters of a long sentence


def _strings(value: Any) -> Iterator[str]:
    """Yield every string in a TOML value, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _rule_strings() -> list[str]:
    found: dict[str, None] = {}
    for source in sorted((files("radnlp.text") / "rules").iterdir(), key=lambda one: one.name):
        if source.name.endswith(".toml"):
            listed = _strings(tomllib.loads(source.read_text("utf-8")))
            found.update(dict.fromkeys(spelled_out(listed)))
    return [phrase for phrase in found if phrase]


TERMS = sorted(" ".join(words) for words in load_vocabulary("en").forms)
PHRASES = _rule_strings()
GRAMMAR = [
    *("no", "not", "without", "may represent", "cannot be excluded", "versus", "or", "and", "nor"),
    *("but", "with", "the", "is", "are", "in the", "of", "if", "for", "there is", "history of"),
    *("effusion", "pneumothorax", "opacity", "nodule", "nodules", "lungs", "heart", "chest tube"),
    *("left", "right", "small", "large", "clear", "normal", "unchanged", "resolved", "removed"),
    *("it measures", "previously", "compared to", "from", "contralateral", "recommend", "consider"),
    *("FINDINGS:", "IMPRESSION:", "**Findings**", "# Technique", "1. IMPRESSION", "Comparison -"),
    *("BI-RADS", "Lung-RADS category", "LI-RADS", "LR-", "TR", "Fleischner", "Bosniak", "?"),
]
NUMBERS = [
    *("8", "12", "1.2", "0", "00", "123456", "3-4", "1,000", "-5", "1.2.3", ".5", "5.", "٣", "१२"),
    *("²", "½", "Ⅳ", "①", "𝟗", "８", "8 mm", "8mm", "1.2 cm", "8 x 9 mm", "8 mm x 1 cm x 2 cm"),
    *("from 8 mm to 12 mm", "3–4 cm", "٣ mm", "8 mmé", "8 cm²", "8 cm³", "30 ml", "0.5 l", "12 HU"),
    *("-20 HU", "SUV max 4.1", "SUV of", "x", "×", "by", "mm", "cm", "ml", "HU", "two", "six"),
    *("in 3-6 months", "in six months", "3 months ago", "annually", "for 2 years", "1/2/2020"),
    *("L4-5", "T2", "4A", "category 4", "v2022", "%", "#3"),
]
CONTROLS = [*map(chr, (*range(32), *range(127, 160))), "\u2028", "\u2029", "\ufffd", "\ufffe"]
SPACES = [" ", "  ", " " * 40, "\t", "\n", "\n\n", "\r\n", "\r", "\f", "\v", "\x1c", "\x85", "\xa0"]
SPACES += ["\u2003", "\u3000", "\u200b", "\u2060", "\ufeff", "\n \n", "\n- ", "\n1. ", ""]
MARKS = [*"\u0301\u0308\u0327\u0338\u20dd\u20e3\u0489\u05b0\u064b\u093c\u0e31\u3099\ufe0f"]
BIDI = [*"\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "שלום", "سلام"]
EMOJI = ["😀", "👩🏽‍⚕️", "👨‍👩‍👧", "🇩🇪", "1️⃣", "🏴\U000e0067\U000e0062\U000e007f", "❤️", "🫁", "☢"]
LETTERS = [
    "ſ",
    "K",
    "ı",
    "İ",
    "ß",
    "ŉ",
    "ǰ",
    "ﬁ",
    "Σ",
    "ς",
    "𝐧𝐨",
    "ｎｏ",
    "é",
    "e\u0301",
    "µ",
    "肺",
    "ё",
]
DEID = [
    "[**Name**]",
    "[** 12 **]",
    "[**2101-1-1**]",
    "[**",
    "**]",
    "[** x",
    "XXXX",
    "___",
    "_",
    "[]",
]
DEID += ["<<Name>>", "[**" + "x" * 70 + "**]", "[*", "*", "**", "##", "=", "***FINDINGS***"]
PUNCTUATION = [*".,;:?!()[]{}<>/\\|-–—•●▪*_#&+'\"`~^@$%", "...", "):", "-->", "?:", ". .", "(s)"]
JOINTS = [" "] * 12 + ["", ", ", ". ", "; ", ": ", "\n", "\n\n", "-", "/", " or ", " and ", "\xa0"]

# A letter, and what `re.IGNORECASE` takes it for.
TWINS = {"s": "ſ", "k": "\u212a", "i": "ı", "I": "İ"}
_ANY = [*CONTROLS, *SPACES, *MARKS, *BIDI, *EMOJI, *LETTERS, *PUNCTUATION, *DEID]


def _twin(phrase: str, _at: int, _odd: str) -> str:
    return "".join(TWINS.get(letter, letter) for letter in phrase)


def _one_twin(phrase: str, at: int, _odd: str) -> str:
    return phrase[:at] + TWINS.get(phrase[at : at + 1], phrase[at : at + 1]) + phrase[at + 1 :]


def _with_odd(phrase: str, at: int, odd: str) -> str:
    return phrase[:at] + odd + phrase[at:]


def _broken(phrase: str, _at: int, odd: str) -> str:
    return phrase.replace(" ", odd)


def _shorter(phrase: str, at: int, _odd: str) -> str:
    return phrase[:at] + phrase[at + 1 :]


def _longer(phrase: str, at: int, _odd: str) -> str:
    return phrase[:at] + phrase[at : at + 1] * 300 + phrase[at:]


_TWISTS = (_twin, _one_twin, _with_odd, _broken, _shorter, _longer)


def _pick(choices: Sequence[T]) -> st.SearchStrategy[T]:
    """One of many: `st.sampled_from` looks at all of them again and again."""
    return st.integers(0, len(choices) - 1).map(choices.__getitem__)


_TWIST, _ODD, _JOINT = _pick(_TWISTS), _pick(_ANY), _pick(JOINTS)
_KNOWN = st.one_of(*map(_pick, (TERMS, PHRASES, PHRASES, GRAMMAR, GRAMMAR)))
_LONG_WORDS = st.builds(
    lambda letter, times: letter * times,
    _pick(["a", "x", "1", "_", "ab", "é", "no", "İ", "-", " ", "(", "\u0301", "😀", "1."]),
    _pick([9, 60, 300, 2_001, 3_000]),
)


def _twisted(phrase: str, twist: Twist, share: int, odd: str) -> str:
    """A phrase with something wrong in it, at some share (of 100) of its length."""
    return twist(phrase, share * len(phrase) // 100, odd)


_SHARE = st.integers(0, 100)
_PIECES = st.one_of(
    _KNOWN,
    _KNOWN,
    st.builds(_twisted, _KNOWN, _TWIST, _SHARE, _ODD),
    st.builds(lambda phrase, case: case(phrase), _KNOWN, _pick([str.upper, str.title])),
    _pick(NUMBERS),
    _pick(PUNCTUATION),
    _ODD,
    _pick([*MARKS, *BIDI, *EMOJI, *DEID]),
    st.text(max_size=6),
)
_JOINED = st.tuples(_PIECES, _JOINT).map("".join)
_MIXED = st.lists(_JOINED, min_size=1, max_size=25).map("".join)

# What reports say, slot by slot; every slot is one of its words.
_SIZES = ["8 mm", "1.2 cm", "8 x 9 mm", "3-4 cm", "8 mm x 1 cm", "12 by 9 by 7 mm", "٣ mm", "8 cm²"]
_TIMES = ["in 3-6 months", "in six months", "annually", "in 1 to 2 weeks", "after treatment", "now"]
_FRAMES: tuple[tuple[list[str], ...], ...] = (
    (["No", "no", "Without", "There is no", "Possible", "?", "New", "Resolved"], TERMS, [".", ","]),
    (TERMS, ["is", "are", "has", "may represent", ":"], ["clear", "normal", "not seen", "8 mm"]),
    (["Two", "six", "3", "single", "both"], _SIZES, ["nodules", "cysts", "nodule", "tubes"]),
    (["It measures", "measuring", "previously", "from", "The mass is"], _SIZES, ["on prior", "to"]),
    (["contralateral", "same side", "Left", "right", "bilateral", "5th and 6th"], TERMS, TERMS),
    (
        ["Recommend", "consider", "Suggest", "repeat"],
        ["CT", "MRI", "biopsy"],
        _TIMES,
        ["if needed"],
    ),
    (
        ["Follow-up", "CT of the chest", "Correlation"],
        ["is recommended", "may help"],
        _TIMES,
        ["."],
    ),
    (["BI-RADS", "LI-RADS", "Bosniak", "TI-RADS", "CAD-RADS"], ["", ":", "category"], ["4A", "IV"]),
    (["Fleischner"], ["guidelines: follow-up", "no follow-up", "CT"], _TIMES, [".", "\n"]),
    (
        ["Volume", "attenuation", "SUV max", "effusion of"],
        ["30 ml", "-20 HU", "4.1", "0.5 l", "1,000 cc"],
    ),
    (["FINDINGS:", "**Impression**", "\n1. History:", "Technique -", "COMPARISON: None."], TERMS),
    (
        ["If", "Should there be", "Rule out", "History of", "Cannot exclude"],
        TERMS,
        [".", "or"],
        TERMS,
    ),
    (PHRASES,),
)
_SPACE = _pick([*[" "] * 5, "\n", "\xa0", "  "])
_SENTENCE = st.builds(
    lambda space, words: space.join(words),
    _SPACE,
    st.one_of(*(st.tuples(*map(_pick, slots)) for slots in _FRAMES)),
)
_FAULTS = st.lists(st.tuples(_TWIST, _SHARE, _ODD), max_size=4)


def _reported(sentences: list[str], joint: str, wrong: list[tuple[Twist, int, str]]) -> str:
    """Sentences of a report with a few odd things in them."""
    text = joint.join(sentences)
    for twist, share, odd in wrong:
        text = _twisted(text, twist, share, odd)[: 4 * LONG]
    return text


_REPORTS = st.builds(
    _reported,
    st.lists(_SENTENCE, min_size=1, max_size=6),
    _pick([" ", ". ", ".\n", "\n", " and ", ", ", ""]),
    _FAULTS,
)


def _stretched(piece: str, begin: str, end: str) -> str:
    """One sentence of `LONG` characters: no mark in it ends a sentence."""
    plain = "".join(" " if letter in "\n;!•●▪" else letter for letter in piece)
    plain = plain.replace(". ", " ").replace("?", " ").strip(".") or "x"
    body = (plain * (LONG // len(plain) + 1))[: LONG - len(begin) - len(end)]
    return begin + body + end


_VERY_LONG = st.builds(
    _stretched,
    st.one_of(st.lists(_JOINED, min_size=1, max_size=12).map("".join), _REPORTS),
    _PIECES,
    _PIECES,
)
_USUAL = st.one_of(_MIXED, _REPORTS, _REPORTS, st.text(max_size=80))
_LONG_WORDED = st.tuples(_USUAL, _LONG_WORDS, _USUAL).map("".join)
# One in forty is a very long sentence, one in twenty holds a long word.
TEXTS = st.integers(0, 39).flatmap(
    lambda n: _VERY_LONG if n == 39 else _LONG_WORDED if n >= 37 else _USUAL
)


def faults(text: str, reading: TextReading) -> list[str]:
    """Return what is wrong with a reading, in a few words each, without the text."""
    return [
        *_entity_faults(text, reading.entities),
        *_section_faults(text, reading),
        *_place_faults(reading),
        *_relation_faults(reading),
        *_conclusion_faults(text, reading),
    ]


def _bare(text: str, span: Span) -> bool:
    """Whether a range lies in the text, and holds something without white space around it."""
    words = span.of(text)
    return span.end <= len(text) and bool(words) and words == words.strip()


def _entity_faults(text: str, entities: Sequence[Entity]) -> Iterator[str]:
    if [entity.id for entity in entities] != [f"e{n}" for n in range(len(entities))]:
        yield "entity: ids not in order"
    places = [entity.span for entity in entities]
    if places != sorted(places):
        yield "entity: not in reading order"
    said = {(one.span, one.concept, one.assertion, one.side) for one in entities}
    if len(said) < len(entities):
        yield "entity: said twice"
    for entity in entities:
        if entity.span.of(text) != entity.text or not _bare(text, entity.span):
            yield "entity: text is not that of its span"
        if entity.cue is not None and not _bare(text, entity.cue.span):
            yield "cue: not exact"
        for size in (*entity.measurements, *entity.quantities):
            if not _bare(text, size.span) or not any(map(str.isdigit, size.span.of(text))):
                yield "measurement: its span holds no number"


def _section_faults(text: str, reading: TextReading) -> Iterator[str]:
    if text.strip() and not reading.sections:
        yield "section: none"
    last = 0
    for section in reading.sections:
        title, body = section.title, section.span
        for span in (body,) if title is None else (title, body):
            if not last <= span.start <= span.end <= len(text):
                yield "section: not in order"
            last = span.end
        if (body and not _bare(text, body)) or (title is not None and not _bare(text, title)):
            yield "section: not exact"


def _place_faults(reading: TextReading) -> Iterator[str]:
    """Yield what is wrong with the sections that mentions, advice and scores name."""
    said = (*reading.entities, *reading.recommendations, *reading.scores)
    n = 0
    for one in sorted(said, key=lambda one: one.span):
        while n < len(reading.sections) and reading.sections[n].span.end < one.span.end:
            n += 1
        section = reading.sections[n] if n < len(reading.sections) else None
        if section is None or not section.span.contains(one.span):
            yield "section: holds not what is said in it"
            return
        if one.section is not section.kind:
            yield "section: of another kind than what is said in it"


def _relation_faults(reading: TextReading) -> Iterator[str]:
    by_id = {entity.id: entity for entity in reading.entities}
    if len(set(reading.relations)) < len(reading.relations):
        yield "relation: said twice"
    for relation in reading.relations:
        head, tail = by_id.get(relation.head), by_id.get(relation.tail)
        if head is None or tail is None or head is tail:
            yield "relation: points nowhere"
        elif relation.kind is RelationKind.MEASURED_AS:
            spans = [size.span for size in head.measurements]
            if tail.kind is not EntityKind.MEASUREMENT or tail.span not in spans:
                yield "relation: size and mention of it differ"


def _conclusion_faults(text: str, reading: TextReading) -> Iterator[str]:
    for told in (reading.recommendations, reading.scores):
        spans = [one.span for one in told]
        if spans != sorted(spans):
            yield "recommendation or score: not in reading order"
        if any(one.span.of(text) != one.text or not _bare(text, one.span) for one in told):
            yield "recommendation or score: text is not that of its span"
    whole = " ".join(text.split())
    for advice in reading.recommendations:
        for words in (advice.what, advice.when, advice.condition):
            if words is not None and (not words.strip() or words not in whole):
                yield "recommendation: words are not the report's"
    ids = {entity.id for entity in reading.entities}
    for score in reading.scores:
        if score.system != "Fleischner" and not score.category.isascii():
            yield "score: unknown category"
        if score.entity_id is not None and score.entity_id not in ids:
            yield "score: of no mention"
