"""Sentences made from `grammar.toml` and the vocabulary, with what each says known exactly.

Part of the vocabulary's terms is held out: it stands in no sentence that training sees, so that
what a model makes of phrasings that no lexicon has can be measured. A term is held out if its
SHA-256 says so, never a concept's first term, so the choice needs no list and never changes.
"""

from __future__ import annotations

import hashlib
import random
import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

from radnlp.schema import Assertion, EntityKind
from radnlp.text.lexicon import load_lexicon
from radnlp.vocabulary import load_vocabulary
from radnlp.vocabulary.spelling import british, split_words, variants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radnlp.vocabulary import Concept

__all__ = ["Example", "Frame", "Grammar", "Marked", "is_held_out"]

#: One in so many terms is held out.
HELD_OUT = 8

_ALTERNATIVES = re.compile(r"\(([^()|]*\|[^()]*)\)")
_SLOT = re.compile(r"<([a-z0-9:]+)(\+?)>")
_ASSERTIONS = {
    "p": Assertion.PRESENT,
    "n": Assertion.ABSENT,
    "u": Assertion.UNCERTAIN,
    "h": Assertion.HYPOTHETICAL,
}
#: How many of the names are drawn from what reports speak of most.
_COMMON = 0.25
_NAMED = (EntityKind.FINDING, EntityKind.DEVICE)
_PLAIN = {"a": EntityKind.ANATOMY, "x": EntityKind.PROCEDURE}
#: How often a sentence comes from each part of the grammar.
_PARTS = {
    "present": 0.28,
    "absent": 0.23,
    "uncertain": 0.16,
    "hypothetical": 0.09,
    "cued": 0.12,
    "plain": 0.12,
}
_ONE_SIDE = ("left", "right", "", "", "", "bilateral", "medial", "lateral", "anterior", "posterior")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A mention in a made sentence.

    Attributes:
        start: First character.
        end: One past the last.
        kind: What is named.
        concept: Vocabulary id.
        assertion: What the sentence claims; ``None`` for anatomy and procedures.
    """

    start: int
    end: int
    kind: EntityKind
    concept: str
    assertion: Assertion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A made sentence and its mentions in reading order."""

    text: str
    marked: tuple[Marked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a sentence of one finding says, to say it again in other words."""

    concept: str
    assertion: Assertion
    side: str


def is_held_out(concept: Concept, term: str) -> bool:
    """Tell whether a term is kept from training.

    Examples:
        >>> effusion = load_vocabulary().get("pleural_effusion")
        >>> is_held_out(effusion, effusion.terms[0])
        False
    """
    if concept.kind not in _NAMED or len(concept.terms) < 3:
        return False
    if term == concept.terms[0] or len(term) < 4:
        return False
    digest = hashlib.sha256(" ".join(split_words(term)).encode()).digest()
    return digest[0] % HELD_OUT == 0


@dataclass(slots=True, kw_only=True)
class _Growing:
    """A sentence in the making."""

    draw: random.Random
    region: str
    text: str = ""
    marked: list[Marked] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def tidied(self) -> Example:
        """Take out double spaces and spaces before marks, and vary the case; offsets follow."""
        kept: list[str] = []
        places = []
        for letter in self.text:
            space = letter == " " and (not kept or kept[-1] == " ")
            if letter in ".,;" and kept and kept[-1] == " ":
                kept.pop()
            places.append(len(kept))
            if not space:
                kept.append(letter)
        tidy = "".join(kept).rstrip()
        moved = tuple(
            replace(one, start=places[one.start], end=places[one.end - 1] + 1)
            for one in sorted(self.marked, key=lambda one: one.start)
        )
        return Example(text=_cased(tidy, self.draw), marked=moved)


class Grammar:
    """Makes sentences; the same seed makes the same ones.

    Args:
        held_out: Whether findings and devices are named by held-out terms alone, to measure,
            instead of by the others, to learn.

    Examples:
        >>> import random
        >>> example = Grammar().sentence(random.Random(4))
        >>> all(example.text[m.start : m.end] for m in example.marked)
        True
    """

    def __init__(self, *, held_out: bool = False) -> None:
        # Held-out terms, where they are not what the sentences are to name.
        self._never: set[tuple[str, ...]] = set()
        self._vocabulary = load_vocabulary()
        self._data = tomllib.loads(
            (files("radnlp.train") / "grammar.toml").read_text(encoding="utf-8")
        )
        self._terms: dict[str, tuple[str, ...]] = {}
        self._by_place: dict[tuple[EntityKind, str], list[str]] = {}
        for concept in self._vocabulary:
            named = concept.kind in _NAMED
            kept = tuple(
                term for term in concept.terms if is_held_out(concept, term) is (held_out and named)
            )
            if named and not held_out:
                self._never.update(split_words(one) for one in concept.terms if one not in kept)
            if kept:
                self._terms[concept.id] = kept
                for region in (concept.region or "", "*"):
                    self._by_place.setdefault((concept.kind, region), []).append(concept.id)

    @cached_property
    def _regions(self) -> list[str]:
        return sorted({region for _, region in self._by_place if region not in ("", "*")})

    @cached_property
    def _cues(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for rule in load_lexicon().rules.cues:
            if rule.means is not None and not rule.closes:
                reach = "after" if rule.reach in ("next", "both") else rule.reach
                found.setdefault((str(rule.means), reach), []).extend(rule.phrases)
        return found

    @cached_property
    def _common(self) -> dict[EntityKind, list[str]]:
        found: dict[EntityKind, list[str]] = {kind: [] for kind in _NAMED}
        for id in self._data["common"]["concepts"]:
            if id in self._terms:
                found[self._vocabulary.get(id).kind].append(id)
        return {kind: ids or self._by_place[kind, "*"] for kind, ids in found.items()}

    def term(self, draw: random.Random) -> tuple[str, str]:
        """Return a concept and one of its terms."""
        if draw.random() < _COMMON:
            concept = draw.choice(self._common[draw.choice(_NAMED)])
            return concept, draw.choice(self._terms[concept])
        return draw.choice(self._all_terms)

    @cached_property
    def _all_terms(self) -> list[tuple[str, str]]:
        return list(self.terms())

    def terms(self) -> Iterator[tuple[str, str]]:
        """Yield (concept, term) of everything the grammar names, in the vocabulary's order."""
        for concept, terms in self._terms.items():
            for term in terms:
                yield concept, term

    def sentence(self, draw: random.Random, part: str | None = None) -> Example:
        """Return a sentence.

        Args:
            draw: Source of chance.
            part: Part of the grammar; drawn if not given.
        """
        part = part or draw.choices(list(_PARTS), list(_PARTS.values()))[0]
        return self.fill(draw.choice(self._data[part]["sentences"]), draw)

    def organ_statement(self, draw: random.Random) -> str:
        """Return a statement about an organ; what it says is for the rules to read."""
        return self.fill(draw.choice(self._data["organs"]["sentences"]), draw).text

    def frame(self, draw: random.Random) -> Frame:
        """Return something to say of one finding."""
        pool = self._by_place.get((EntityKind.FINDING, draw.choice(self._regions)))
        pool = pool or self._by_place[EntityKind.FINDING, "*"]
        return Frame(
            concept=draw.choice(pool),
            assertion=draw.choice(list(_ASSERTIONS.values())[:3]),
            side=draw.choice(("left", "right", "")),
        )

    def say(self, frame: Frame, draw: random.Random) -> str:
        """Return a sentence that says what the frame holds."""
        letter = next(key for key, value in _ASSERTIONS.items() if value == frame.assertion)
        part = str(frame.assertion)
        fitting = [
            one
            for one in self._data[part]["sentences"]
            if {slot[0] for slot in _SLOT.findall(one)} == {letter} and one.count("<") == 1
        ]
        text = _choose(draw.choice(fitting), draw)
        term = self.spelled(draw.choice(self._terms[frame.concept]), draw)
        return _cased(_SLOT.sub(" ".join(filter(None, (frame.side, term))), text), draw)

    def spelled(self, term: str, draw: random.Random) -> str:
        """Return a term as it is listed, or in one of its other spellings."""
        if draw.random() < 0.25:
            other = " ".join(draw.choice(list(variants(term))))
        elif draw.random() < 0.1:
            other = " ".join(british(tuple(term.split())))
        else:
            return term
        # "metastases", held out, is a spelling of "metastasis", which is not.
        return term if split_words(other) in self._never else other

    def fill(self, template: str, draw: random.Random) -> Example:
        """Return a sentence made from a template as `grammar.toml` explains them."""
        growing = _Growing(draw=draw, region=draw.choice(self._regions))
        pattern = _choose(template, draw)
        reached = 0
        for slot in _SLOT.finditer(pattern):
            growing.text += pattern[reached : slot.start()]
            self._fill(growing, slot[1])
            if slot[2] and draw.random() < 0.4:
                self._put_place(growing)
            reached = slot.end()
        growing.text += pattern[reached:]
        return growing.tidied()

    def _fill(self, growing: _Growing, slot: str) -> None:
        draw = growing.draw
        if slot.startswith("cue:"):
            _, means, reach = slot.split(":")
            growing.text += draw.choice(self._cues[means, reach])
        elif slot in _PLAIN:
            self._name(growing, _PLAIN[slot], None)
        elif slot in ("d", "s", "n1"):
            growing.text += self._value(slot, draw)
        elif len(slot) == 2:
            self._name(growing, EntityKind.DEVICE, _ASSERTIONS[slot[0]])
        else:
            for part, often in (("extent", 0.25), ("nature", 0.25), ("side", 0.2)):
                if draw.random() < often:
                    growing.text += f"{self._part(part, draw)} "
            self._name(growing, EntityKind.FINDING, _ASSERTIONS[slot])

    def _put_place(self, growing: _Growing) -> None:
        draw = growing.draw
        side = draw.choice(_ONE_SIDE)
        place = self._part("place", draw)
        place = place.replace("<oneside> ", f"{side} " if side else "")
        place = place.replace("<oneonly>", draw.choice(("left", "right")))
        before, found, after = place.partition("<a>")
        growing.text += f" {before}"
        if found:
            self._name(growing, EntityKind.ANATOMY, None)
        growing.text += after

    def _name(self, growing: _Growing, kind: EntityKind, assertion: Assertion | None) -> None:
        draw = growing.draw
        pool = self._by_place.get((kind, growing.region), [])
        if kind in _NAMED and draw.random() < _COMMON:
            pool = self._common[kind]
        elif not pool or draw.random() < 0.2:
            pool = self._by_place[kind, "*"]
        concept = draw.choice(pool)
        for _ in range(8):
            if concept not in growing.taken:
                break
            concept = draw.choice(pool)
        growing.taken.add(concept)
        term = self.spelled(draw.choice(self._terms[concept]), draw)
        start = len(growing.text)
        growing.text += term
        growing.marked.append(
            Marked(
                start=start,
                end=start + len(term),
                kind=kind,
                concept=concept,
                assertion=assertion,
            )
        )

    def _value(self, slot: str, draw: random.Random) -> str:
        if slot == "d":
            return self._part("date", draw)
        if slot == "s":
            sizes = [f"{draw.randint(2, 60)}" for _ in range(draw.choice((1, 1, 2, 3)))]
            return f"{' x '.join(sizes)} {draw.choice(('mm', 'cm'))}"
        return str(draw.randint(1, 99))

    def _part(self, name: str, draw: random.Random) -> str:
        return str(draw.choice(self._data["parts"][name]))


def _choose(template: str, draw: random.Random) -> str:
    while found := _ALTERNATIVES.search(template):
        choice = draw.choice(found[1].split("|"))
        template = template[: found.start()] + choice + template[found.end() :]
    return template


def _cased(text: str, draw: random.Random) -> str:
    """Begin with a capital, as most do; some are written in capitals or without any."""
    text = " ".join(text.split())
    chance = draw.random()
    if chance < 0.06 and len(text.upper()) == len(text):
        return text.upper()
    return text if chance < 0.16 else text[:1].upper() + text[1:]
