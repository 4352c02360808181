"""No text breaks the text stage, and no pattern of the package takes more than linear time.

A short form of ``benchmarks/robustness.py``, with the same texts and the same questions.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from radnlp import Analysis, analyze
from radnlp.schema.text import Report
from radnlp.text import RuleText

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
STAGE = RuleText()


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


odd_texts = _load("odd_texts")
pattern_audit = _load("pattern_audit")
EVERY_CHECK = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True}


@given(odd_texts.TEXTS)
@settings(max_examples=500, **EVERY_CHECK)
def test_any_text_is_read_with_exact_offsets(text: str) -> None:
    assert odd_texts.faults(text, STAGE(Report(text=text))) == []


@given(odd_texts.TEXTS)
@settings(max_examples=40, **EVERY_CHECK)
def test_the_analysis_of_any_text_comes_back_from_json(text: str) -> None:
    analysis = analyze(report=text)
    back = Analysis.from_json(analysis.to_json())
    assert all(getattr(back, one.name) == getattr(analysis, one.name) for one in fields(back))


@pytest.fixture(scope="module")
def patterns() -> dict[str, re.Pattern[Any]]:
    found: dict[str, re.Pattern[Any]] = pattern_audit.all_patterns()
    return found


def test_no_pattern_takes_more_than_linear_time(patterns: dict[str, re.Pattern[Any]]) -> None:
    assert len(patterns) > 80
    slow = [
        (where, told)
        for where, pattern in patterns.items()
        for text in pattern_audit.adversaries(pattern)
        if (told := pattern_audit.growth(pattern, text, 4_000)).exponent > 1.6
    ]
    assert slow == []


def test_no_pattern_has_repeats_that_may_take_the_same_characters(
    patterns: dict[str, re.Pattern[Any]],
) -> None:
    said = {where: pattern_audit.suspects(pattern) for where, pattern in patterns.items()}
    assert {where: one for where, one in said.items() if one} == {}


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:a+)+b",
        r"(?:a|b*)*c",
        r"a*a*b",
        r"\s*,?\s*x",
        r"(?:\w+\s*){1,14}$",
        r"(?:[ :]+w?){0,6}x",
    ],
)
def test_the_audit_notices_repeats_that_share_characters(pattern: str) -> None:
    assert pattern_audit.suspects(re.compile(pattern))


@pytest.mark.parametrize(
    "pattern", [r"(?:a++)+b", r"a*b*c", r"\s*,\s*x", r"(?:\w+\s+){1,14}$", r"(?:[ :]++w?){0,6}x"]
)
def test_the_audit_lets_other_repeats_pass(pattern: str) -> None:
    assert pattern_audit.suspects(re.compile(pattern)) == []


@pytest.mark.parametrize("pattern", [r"\s+x", r"\{[^}]*\}", r"[a-z]+\d"])
def test_the_audit_notices_quadratic_time(pattern: str) -> None:
    slow = re.compile(pattern)
    texts = pattern_audit.adversaries(slow)
    assert any(pattern_audit.growth(slow, text, 4_000).exponent > 1.6 for text in texts)
