"""Does any pattern of the package take more than linear time?

Two answers. `suspects` reads a pattern and names repeats that may share characters: one within
another, or two in a row. `growth` runs a pattern over texts made from its own words (what it
repeats, what stands before that, near misses), doubled until the time says how it grows.
"""

from __future__ import annotations

import ast
import importlib
import math
import pkgutil
import re
from itertools import pairwise
from pathlib import Path
from re import _constants as code
from re import _parser
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import radnlp
from radnlp.text import RuleText
from radnlp.text.recommendations import load_recommendations
from radnlp.text.scores import load_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Growth", "adversaries", "all_patterns", "growth", "suspects"]

_REPEATS = frozenset({code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT})
_TAKEN_WHOLE = frozenset({code.POSSESSIVE_REPEAT, code.ATOMIC_GROUP, code.ASSERT, code.ASSERT_NOT})
_MANY = 3  # a repeat with room for fewer cannot make much of a fault
_PROBES = " \n\taAzZsx09_-.,:;!?()[]{}<>*#/'\"%&+=×–•³é\xa0٣肺\x01"
_LONG_ENOUGH = 0.002  # seconds; less says nothing about growth
_GROWS = 1.4
_MOST_TEXTS = 80  # for one pattern


# --- which patterns there are -------------------------------------------------------------------


def all_patterns() -> dict[str, re.Pattern[Any]]:
    """Return every compiled pattern of the package, by where it was found.

    Modules, their classes and containers are walked, and the objects that build patterns from rule
    files; a pattern that a call names as text is compiled as the call would.
    """
    found: dict[re.Pattern[Any], str] = {}
    seen: set[int] = set()
    for name in _modules():
        module = importlib.import_module(name)
        _collect(vars(module), name, found, seen)
        for pattern in _spoken(Path(str(module.__file__))):
            found.setdefault(pattern, f"{name}: re.…({pattern.pattern[:20]!r})")
    for built in (RuleText(), load_recommendations(), load_scores()):
        _collect(built, type(built).__name__, found, seen)
    return {where: pattern for pattern, where in found.items()}


def _modules() -> list[str]:
    names = [one.name for one in pkgutil.walk_packages(radnlp.__path__, "radnlp.")]
    return [name for name in names if not name.endswith("__main__")]


def _collect(value: Any, where: str, found: dict[re.Pattern[Any], str], seen: set[int]) -> None:
    if isinstance(value, re.Pattern):
        found.setdefault(value, where)
        return
    if isinstance(value, str | bytes | int | float) or value is None or id(value) in seen:
        return
    seen.add(id(value))
    for name, part in _parts(value):
        _collect(part, f"{where}.{name}", found, seen)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a container, a class or an object of the package holds."""
    if isinstance(value, dict):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((str(n), part) for n, part in enumerate(value))
    elif str(getattr(value, "__module__", "")).partition(".")[0] == "radnlp" or (
        type(value).__module__.partition(".")[0] == "radnlp"
    ):
        yield from dict(getattr(value, "__dict__", {})).items()
        for name in getattr(type(value), "__slots__", ()):
            yield name, getattr(value, name, None)


def _spoken(source: Path) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns that calls such as ``re.sub("…", …)`` name as plain text."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, first = node.func.value, node.args[0]
            direct = (
                isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr != "compile"
            )
            if direct and isinstance(first, ast.Constant):
                flags = re.I if any(one.arg == "flags" for one in node.keywords) else 0
                yield re.compile(first.value, flags)


# --- what a pattern says of itself --------------------------------------------------------------


class _Reader:
    """Questions to the parsed form of one pattern, over a small alphabet."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        written = pattern.pattern
        self.source = written if isinstance(written, str) else written.decode("latin-1")
        self.flags = pattern.flags & ~re.UNICODE
        self.tree = list(_parser.parse(written, self.flags))
        letters = {letter for letter in self.source if letter.isprintable()}
        self.alphabet = sorted({*_PROBES, *letters, *map(str.swapcase, letters)})
        self._known: dict[str, frozenset[str]] = {}

    def taken(self, item: tuple[Any, Any]) -> frozenset[str]:
        """Return the characters that a one-character item takes."""
        key = str(item)
        if key not in self._known:
            loud = bool(self.flags & re.IGNORECASE)
            self._known[key] = frozenset(
                letter
                for letter in self.alphabet
                if _takes(item, letter)
                or (loud and any(_takes(item, one) for one in (letter.lower(), letter.upper())))
            )
        return self._known[key]

    def characters(self, sequence: Iterable[Any]) -> frozenset[str]:
        """Return all characters that a sequence may take."""
        found: frozenset[str] = frozenset()
        for item in sequence:
            parts = _branches(item)
            if parts is None:
                found |= self.taken(item)
            else:
                for part in parts:
                    found |= self.characters(part)
        return found

    def may_be_of(self, sequence: Iterable[Any], allowed: frozenset[str]) -> bool:
        """Tell whether a sequence can match something that has only these characters."""
        return all(self._item_of(item, allowed) for item in sequence)

    def _item_of(self, item: tuple[Any, Any], allowed: frozenset[str]) -> bool:
        kind, value = item
        if kind in _REPEATS and value[0] == 0:
            return True
        parts = _branches(item)
        if parts is None:
            return bool(self.taken(item) & allowed)
        return not parts or any(self.may_be_of(part, allowed) for part in parts)

    def first(self, sequence: list[Any]) -> tuple[frozenset[str], bool]:
        """Return the characters a sequence may begin with, and whether it may be empty."""
        found: frozenset[str] = frozenset()
        for item in sequence:
            parts = _branches(item)
            if parts is None:
                return found | self.taken(item), False
            empty = not parts or (item[0] in _REPEATS and item[1][0] == 0)
            for part in parts:
                begins, nothing = self.first(list(part))
                found |= begins
                empty = empty or nothing
            if not empty:
                return found, False
        return found, True


def _takes(item: tuple[Any, Any], letter: str) -> bool:
    kind, value = item
    if kind is code.IN:
        negate = value[0][0] is code.NEGATE
        return negate != any(_takes(one, letter) for one in value[negate:])
    if kind is code.CATEGORY:
        return _of_category(value, letter)
    simple = {
        code.LITERAL: lambda: letter == chr(value),
        code.NOT_LITERAL: lambda: letter != chr(value),
        code.RANGE: lambda: value[0] <= ord(letter) <= value[1],
        code.ANY: lambda: letter != "\n",
    }
    return bool(simple[kind]()) if kind in simple else False


def _of_category(category: Any, letter: str) -> bool:
    name = str(category).removeprefix("CATEGORY_")
    plain = {
        "DIGIT": letter.isdecimal(),
        "SPACE": letter.isspace(),
        "WORD": letter.isalnum() or letter == "_",
    }
    return not plain[name[4:]] if name.startswith("NOT_") else plain[name]


def _branches(item: tuple[Any, Any]) -> list[Any] | None:
    """Return what an item holds; an empty list if it takes nothing, ``None`` if one character."""
    kind, value = item
    if kind in _REPEATS:
        return [value[2]]
    if kind is code.BRANCH:
        return list(value[1])
    if kind is code.SUBPATTERN:
        return [value[3]]
    if kind is code.ATOMIC_GROUP:
        return [value]
    if kind in (code.AT, code.ASSERT, code.ASSERT_NOT, code.GROUPREF):
        return []
    return None


def _is_open(item: tuple[Any, Any]) -> bool:
    return item[0] in _REPEATS and item[1][1] is code.MAXREPEAT


def suspects(pattern: re.Pattern[Any]) -> list[str]:
    """Return the repeats of a pattern that may give characters to one another, in words."""
    reader = _Reader(pattern)
    found: dict[str, None] = {}
    _in_a_row(reader, reader.tree, found)
    _nested(reader, reader.tree, [], found)
    return list(found)


def _flat(sequence: Iterable[Any]) -> list[Any]:
    """Return a sequence with its plain groups opened."""
    flat: list[Any] = []
    for item in sequence:
        if item[0] is code.SUBPATTERN:
            flat.extend(_flat(item[1][3]))
        else:
            flat.append(item)
    return flat


def _in_a_row(reader: _Reader, sequence: Iterable[Any], found: dict[str, None]) -> None:
    """Note open repeats that follow each other and may take the same characters."""
    flat = _flat(sequence)
    for n, item in enumerate(flat):
        if _is_open(item) and item[0] not in _TAKEN_WHOLE:
            own = reader.characters([item])
            for shared in _reached(reader, flat[n + 1 :], own):
                found[f"in a row, both take {_shown(shared)}"] = None
        for part in _branches(item) or ():
            _in_a_row(reader, part, found)


def _reached(
    reader: _Reader, sequence: Iterable[Any], own: frozenset[str]
) -> Iterator[frozenset[str]]:
    """Yield what open repeats share with ``own`` that may be reached over such characters."""
    for item in _flat(sequence):
        if _is_open(item) and reader.may_be_of(item[1][2], own):
            yield reader.characters(item[1][2]) & own
        else:
            for part in _branches(item) or ():
                yield from _reached(reader, part, own)
        if not reader.may_be_of([item], own):
            return


def _nested(
    reader: _Reader, sequence: Iterable[Any], after: list[Any], found: dict[str, None]
) -> None:
    """Note open repeats within a repeat that may begin anew with a character they take.

    Args:
        reader: Of the pattern.
        sequence: Part of the pattern.
        after: What follows within the innermost repeat around it, and that repeat's own start;
            empty outside of one.
        found: The notes.
    """
    flat = _flat(sequence)
    for n, item in enumerate(flat):
        kind, value = item
        rest = flat[n + 1 :]
        if kind in _TAKEN_WHOLE:
            continue
        if _is_open(item) and after:
            begins, _ = reader.first([*rest, *after])
            shared = begins & reader.characters([item])
            if reader.may_be_of(value[2], shared):
                found[f"one in another, both take {_shown(shared)}"] = None
        if kind in _REPEATS and value[1] >= _MANY:
            _nested(reader, value[2], list(value[2]), found)
        else:
            for part in _branches(item) or ():
                _nested(reader, part, [*rest, *after] if after else [], found)


def _shown(letters: frozenset[str]) -> str:
    return ascii("".join(sorted(letters)[:3]))


# --- how its time grows -------------------------------------------------------------------------


class Growth(NamedTuple):
    """How the time of a pattern grows on a text that is doubled.

    Attributes:
        exponent: 1 for linear, 2 for quadratic; 0 where the time is too short to tell.
        seconds: For the longest text.
        characters: Of that text.
        repeated: What it repeats.
    """

    exponent: float
    seconds: float
    characters: int
    repeated: tuple[str, str, str]


def _sample(reader: _Reader, sequence: Iterable[Any], choice: int) -> str:
    """Return a text that a sequence may match; ``choice`` picks among alternatives."""
    made = []
    for item in sequence:
        kind, value = item
        if kind in _REPEATS:
            times = max(value[0], 1) if value[1] else 0
            made.append(_sample(reader, value[2], choice) * times)
            continue
        parts = _branches(item)
        if parts is None:
            taken = reader.taken(item)
            made.append(next((one for one in _PROBES if one in taken), min(taken, default="")))
        elif parts:
            made.append(_sample(reader, parts[choice % len(parts)], choice))
    return "".join(made)


def adversaries(pattern: re.Pattern[Any]) -> list[tuple[str, str, str]]:
    """Return texts as (head, what is repeated, tail), made from a pattern's own words."""
    reader = _Reader(pattern)
    made: dict[tuple[str, str, str], None] = {}
    for choice in range(3):
        whole = _sample(reader, reader.tree, choice)
        for unit in (whole, whole[:-1], whole + " ", whole[:1], whole[: len(whole) // 2]):
            made["", unit, ""] = None
        for head, body in _repeats(reader, reader.tree, "", choice):
            for tail in ("\x01", ""):
                made[head, body, tail] = None
            made["", head + body, ""] = None
            made["", head, ""] = None
            made[head, body + " ", "\x01"] = None
    for mark in " \na1.,-:(*{":
        made["", mark, ""] = None
        made["", mark, "\x01"] = None
    told = [one for one in made if one[1]]
    return told[:: -(-len(told) // _MOST_TEXTS)]


def _repeats(
    reader: _Reader, sequence: Iterable[Any], head: str, choice: int
) -> Iterator[tuple[str, str]]:
    """Yield what each repeat repeats, with a text that leads to it."""
    before = head
    for item in sequence:
        kind, value = item
        if kind in _REPEATS and value[1] >= _MANY:
            for one in range(3):
                yield before, _sample(reader, value[2], choice + one)
            letters = reader.characters(value[2])
            yield from ((before, letter) for letter in " a1-" if letter in letters)
        for part in _branches(item) or ():
            yield from _repeats(reader, part, before, choice)
        before += _sample(reader, [item], choice)


def growth(pattern: re.Pattern[Any], text: tuple[str, str, str], longest: int) -> Growth:
    """Return how the time to find all matches grows with the length of a text.

    The text is doubled up to ``longest`` characters, or until two doublings took long enough to
    tell. Another process may slow one run: the smaller exponent of the two counts, and what seems
    to grow is measured again.
    """
    told = _measured(pattern, text, longest)
    for _ in range(2):
        if told.exponent > _GROWS:
            told = min(told, _measured(pattern, text, longest))
    return told


def _measured(pattern: re.Pattern[Any], text: tuple[str, str, str], longest: int) -> Growth:
    head, body, tail = text
    times: list[float] = []
    characters = 0
    repeats = max(1, 64 // len(body))
    while characters < longest:
        whole = head + body * repeats + tail
        characters = len(whole)
        times.append(_seconds(pattern, whole, times))
        if times[-1] > 0.5 or (len(times) > 2 and times[-3] > _LONG_ENOUGH):
            break
        repeats *= 2
    steps = [math.log2(after / before) for before, after in pairwise(times[-3:])]
    told = times[-1] > _LONG_ENOUGH and steps
    return Growth(min(steps) if told else 0.0, times[-1], characters, text)


def _seconds(pattern: re.Pattern[Any], text: str, before: list[float]) -> float:
    """Return the shortest of a few runs, of one if it takes long."""
    subject: Any = text if isinstance(pattern.pattern, str) else text.encode("utf-8")
    best = math.inf
    for _ in range(1 if before and before[-1] > _LONG_ENOUGH else 2):
        began = process_time()
        for _match in pattern.finditer(subject):
            pass
        best = min(best, process_time() - began)
    return best
