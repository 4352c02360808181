"""The project's own hard sentences: what they hold, and that the rules keep reading them."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from radnlp.schema import Entity, EntityKind, Report
from radnlp.text import RuleText
from radnlp.vocabulary import load_vocabulary

FILE = Path(__file__).resolve().parents[2] / "data" / "hard_sentences.jsonl"
SENTENCES: list[dict[str, Any]] = [
    json.loads(line) for line in FILE.read_text("utf-8").splitlines()
]
LEAST = {"tune": 0.97, "kept": 0.95}


@cache
def stage() -> RuleText:
    return RuleText()


def mentions(text: str) -> list[Entity]:
    named = {EntityKind.FINDING, EntityKind.DEVICE}
    return [entity for entity in stage()(Report(text=text)).entities if entity.kind in named]


def is_right(gold: dict[str, Any], start: int, found: list[Entity]) -> bool:
    """Tell whether a mention overlaps the gold's words with its concept and assertion."""
    broader = load_vocabulary().ancestors(gold["concept"])
    end = start + len(gold["text"])
    return any(
        entity.span.start < end
        and start < entity.span.end
        and (entity.is_a(gold["concept"]) or entity.concept in broader)
        and entity.assertion == gold["assertion"]
        for entity in found
    )


def test_there_are_enough_of_every_kind() -> None:
    assert len(SENTENCES) >= 400
    assert len({one["text"] for one in SENTENCES}) == len(SENTENCES)
    assert min(Counter(one["phenomenon"] for one in SENTENCES).values()) >= 15
    assert {one["modality"] for one in SENTENCES} == {"X-ray", "CT", "MR", "US"}
    parts = Counter(one["part"] for one in SENTENCES)
    assert parts["kept"] >= len(SENTENCES) / 3


def test_every_gold_mention_stands_in_its_sentence_with_a_known_concept() -> None:
    vocabulary = load_vocabulary()
    for one in SENTENCES:
        for gold in one["entities"]:
            assert gold["text"] in one["text"], one["id"]
            assert gold["concept"] in vocabulary, one["id"]


@pytest.mark.parametrize("part", ["tune", "kept"])
def test_the_rules_read_them(part: str) -> None:
    right = total = 0
    for one in SENTENCES:
        if one["part"] != part:
            continue
        found, place = mentions(one["text"]), 0
        for gold in one["entities"]:
            place = one["text"].find(gold["text"], place)
            start = place if place >= 0 else one["text"].find(gold["text"])
            right += is_right(gold, start, found)
            total += 1
            place = start + 1
    assert right / total >= LEAST[part]
