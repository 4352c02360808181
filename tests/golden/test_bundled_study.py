"""The whole bundled study against its golden, rewritten only with RADNLP_REGOLD=1.

Words, ids, concepts and links must be the same to the letter. What a network computed may differ
between processors and torch versions: boxes by 1 % of the image, masks' areas by 2 %, confidences
by 0.05.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from radnlp import analyze
from radnlp.examples import load_example

GOLDEN = Path(__file__).parent / "bundled_study.json"
COLUMNS = 860


def _plain() -> dict[str, Any]:
    example = load_example()
    plain = analyze(report=example.report, image=example.image).to_dict()
    for region in plain["regions"]:
        mask = region["mask"]
        region["mask"] = None if mask is None else {"area": sum(mask["counts"][1::2])}
    return plain


def _differences(found: Any, golden: Any, where: str = "analysis") -> list[str]:
    if isinstance(golden, dict) and isinstance(found, dict):
        if set(golden) != set(found):
            return [f"{where}: fields {sorted(set(golden) ^ set(found))}"]
        return [
            line
            for key in golden
            for line in _differences(found[key], golden[key], f"{where}.{key}")
        ]
    if isinstance(golden, list) and isinstance(found, list):
        if len(golden) != len(found):
            return [f"{where}: {len(found)} items, golden has {len(golden)}"]
        return [
            line
            for index, (one, other) in enumerate(zip(found, golden, strict=True))
            for line in _differences(one, other, f"{where}[{index}]")
        ]
    if where.endswith(".version") or _near(found, golden, where):
        return []
    return [f"{where}: {found!r}, golden has {golden!r}"]


def _near(found: Any, golden: Any, where: str) -> bool:
    if ".box." in where:
        return abs(found - golden) <= 0.01 * COLUMNS
    if where.endswith(".area"):
        return abs(found - golden) <= 0.02 * golden
    if where.endswith(".confidence.value"):
        return abs(found - golden) <= 0.05
    return bool(found == golden)


def test_the_bundled_study_reads_as_its_golden_says() -> None:
    plain = _plain()
    if os.environ.get("RADNLP_REGOLD") == "1":
        GOLDEN.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", "utf-8")
        pytest.skip("golden rewritten; read the difference before you commit it")
    differences = _differences(plain, json.loads(GOLDEN.read_text("utf-8")))
    assert not differences, "\n".join(differences[:20])


def test_the_comparison_with_the_golden_can_fail() -> None:
    golden = {"text": "a", "box": {"x0": 1.0}, "list": [1]}
    assert _differences({"text": "b", "box": {"x0": 1.0}, "list": [1]}, golden)
    assert _differences({"text": "a", "box": {"x0": 99.0}, "list": [1]}, golden)
    assert _differences({"text": "a", "box": {"x0": 1.0}, "list": []}, golden)
    assert not _differences({"text": "a", "box": {"x0": 2.0}, "list": [1]}, golden)
