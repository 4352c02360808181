"""The rules of the text stage, read from the TOML files in ``rules/``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from radnlp.errors import LanguageNotSupported
from radnlp.schema.entity import Assertion, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class CueRule:
    """Phrases that decide what a report claims about the mentions in their reach.

    Attributes:
        id: Name of the rule; goes into `Cue.rule`.
        means: The assertion; ``None`` for phrases that only look like a cue.
        reach: ``after``, ``before``, or ``nearest``: after if a mention follows at once.
        phrases: The words.
        change: What the phrase says about the earlier study.
        links: Whether it ties an observation before it to a diagnosis after it.
        fires: An example in which the rule decides.
        silent: An example in which it does not.
    """

    id: str
    means: Assertion | None
    reach: str
    phrases: tuple[str, ...]
    change: Change | None = None
    links: bool = False
    fires: str = ""
    silent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRule:
    """Phrases that compare with an earlier study.

    Attributes:
        id: Name of the rule.
        change: What they say; ``None`` for nouns that speak only with a negation.
        noun: Whether a negation before them makes them mean "stable".
        phrases: The words.
        fires: An example in which the rule decides.
        silent: An example in which it does not.
    """

    id: str
    change: Change | None
    noun: bool
    phrases: tuple[str, ...]
    fires: str = ""
    silent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All rules of one language.

    Attributes:
        cues: Rules of assertion.
        changes: Rules of change.
        scope: Grammar words by role, from ``scope.toml``.
        attributes: Words by attribute, from ``attributes.toml``.
        organs: Organ statements, from ``organs.toml``.
        titles: Section titles by kind, from ``sections.toml``.
        label_sets: Label schemes, from ``label_sets.toml``.
    """

    cues: tuple[CueRule, ...]
    changes: tuple[ChangeRule, ...]
    scope: Mapping[str, Any]
    attributes: Mapping[str, Any]
    organs: Mapping[str, Any]
    titles: Mapping[str, list[str]]
    label_sets: Mapping[str, Mapping[str, list[str]]]


def _read(name: str) -> dict[str, Any]:
    source = files("radnlp.text") / "rules" / f"{name}.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _cue(rule: Mapping[str, Any]) -> CueRule:
    return CueRule(
        id=rule["id"],
        means=None if rule["means"] == "nothing" else Assertion(rule["means"]),
        reach=rule["reach"],
        phrases=tuple(rule["phrases"]),
        change=Change(rule["change"]) if "change" in rule else None,
        links=rule.get("links", False),
        fires=rule["fires"],
        silent=rule["silent"],
    )


def _change(rule: Mapping[str, Any]) -> ChangeRule:
    return ChangeRule(
        id=rule["id"],
        change=Change(rule["change"]) if "change" in rule else None,
        noun=rule.get("noun", False),
        phrases=tuple(rule["phrases"]),
        fires=rule["fires"],
        silent=rule["silent"],
    )


@lru_cache(maxsize=8)
def load_rulebook(language: str = "en") -> Rulebook:
    """Return the rules of a language; they are read once per process.

    Raises:
        LanguageNotSupported: There are no rules in that language.
    """
    if language != "en":
        raise LanguageNotSupported(
            f"the text stage has no rules for language {language!r}; available: en"
        )
    cue_files = ("negation", "hedges", "hypothetical")
    return Rulebook(
        cues=tuple(_cue(rule) for name in cue_files for rule in _read(name)["rule"]),
        changes=tuple(_change(rule) for rule in _read("change")["rule"]),
        scope=_read("scope"),
        attributes=_read("attributes"),
        organs=_read("organs"),
        titles=_read("sections"),
        label_sets=_read("label_sets"),
    )


__all__ = ["ChangeRule", "CueRule", "Rulebook", "load_rulebook"]
