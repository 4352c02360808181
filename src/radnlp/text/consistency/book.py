"""The rules of consistency, read from ``rules/consistency.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from radnlp.schema.entity import Change
from radnlp.schema.exam import Exam, Sex


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """One rule.

    Attributes:
        id: Its name.
        weight: How grave it is, in (0, 1].
        sentence: What is said, with names in braces.
        fires: A report in which it speaks.
        silent: A report in which no rule does.
        exam: What is known of the examination in both.
    """

    id: str
    weight: float
    sentence: str
    fires: str
    silent: str
    exam: Exam


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What an operation takes away.

    Attributes:
        organ: Vocabulary id.
        sided: Whether it takes only the side that is named.
    """

    organ: str
    sided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkbook:
    """All rules and the words they go by; the TOML file says what each is for."""

    rules: Mapping[str, CheckRule]
    hedged: float
    too_broad: frozenset[str]
    same_shadow: tuple[frozenset[str], ...]
    same_place: tuple[frozenset[str], ...]
    critical: frozenset[str]
    changes: frozenset[Change]
    sexed: Mapping[Sex, frozenset[str]]
    not_telling: frozenset[str]
    removals: Mapping[str, Removal]
    denial: Mapping[str, re.Pattern[str]]
    comparison: Mapping[str, re.Pattern[str]]
    exam: Mapping[str, re.Pattern[str]]
    patient: Mapping[str, re.Pattern[str]]
    removed: Mapping[str, re.Pattern[str]]


@lru_cache(maxsize=1)
def load_checkbook() -> Checkbook:
    """Return the rules; they are read once per process."""
    source = files("radnlp.text") / "rules" / "consistency.toml"
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    return Checkbook(
        rules={rule["id"]: _rule(rule) for rule in table["rule"]},
        hedged=table["hedged"],
        too_broad=frozenset(table["alike"]["too_broad"]),
        same_shadow=tuple(map(frozenset, table["alike"]["same_shadow"])),
        same_place=tuple(map(frozenset, table["alike"]["same_place"])),
        critical=frozenset(table["critical"]["concepts"]),
        changes=frozenset(map(Change, table["comparison"].pop("changes"))),
        sexed={sex: frozenset(table["sex"][sex]) for sex in Sex},
        not_telling=frozenset(table["sex"]["not_telling"]),
        removals={name: Removal(**entry) for name, entry in table["removal"].items()},
        denial=_patterns(table["denial"]),
        comparison=_patterns(table["comparison"]),
        exam=_patterns(table["exam"]),
        patient=_patterns(table["patient"]),
        removed=_patterns(table["removed"]),
    )


def _rule(entry: Mapping[str, Any]) -> CheckRule:
    known = dict(entry.get("exam", {}))
    if "sex" in known:
        known["sex"] = Sex(known["sex"])
    return CheckRule(**{**entry, "exam": Exam(**known)})


def _patterns(entry: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in entry.items()}


__all__ = ["CheckRule", "Checkbook", "Removal", "load_checkbook"]
