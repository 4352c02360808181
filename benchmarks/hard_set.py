"""How many assertions does the text stage get right on the project's own hard sentences?

    python benchmarks/hard_set.py [FILE ...] [--wrong] [--results]

A line of a FILE holds one sentence with every finding and device that it names, in reading order
(tests/data/hard_sentences.jsonl, the default, shows the shape). A gold mention is found if a
mention of the same, a broader or a narrower concept overlaps its words; it is right if the
assertion is the same too. Side, change, severity, measurements and temporality are scored over the
gold mentions found. A present mention that overlaps no gold one is a false positive.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radnlp.schema.entity import Assertion, Entity, EntityKind, Subject
from radnlp.schema.text import Report
from radnlp.text import RuleText
from radnlp.vocabulary import broader
from results import append

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SENTENCES = Path(__file__).parents[1] / "tests" / "data" / "hard_sentences.jsonl"
ATTRIBUTES = ("side", "change", "severity", "measurements_mm", "temporality", "subject")
BOOTSTRAP = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """What a sentence says of one finding or device, and where it says it."""

    start: int
    end: int
    said: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of the set."""

    id: str
    modality: str
    phenomenon: str
    part: str
    text: str
    gold: tuple[Gold, ...]


def located(text: str, entities: Iterable[dict[str, Any]]) -> Iterator[Gold]:
    """Yield the gold mentions with their place; they stand in reading order."""
    after = 0
    for said in entities:
        start = text.find(said["text"], after)
        if start < 0:
            raise SystemExit(f"{said['text']!r} does not stand in {text!r} after character {after}")
        yield Gold(start=start, end=start + len(said["text"]), said=said)
        after = start + 1


def read(path: Path) -> list[Sentence]:
    """Return the sentences of a file."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    return [
        Sentence(
            **{name: record[name] for name in ("id", "modality", "phenomenon", "part", "text")},
            gold=tuple(located(record["text"], record["entities"])),
        )
        for record in records
    ]


def overlap(gold: Gold, entity: Entity) -> int:
    """Return how many characters the two share."""
    return min(gold.end, entity.span.end) - max(gold.start, entity.span.start)


def related(concept: str, entity: Entity) -> bool:
    """Tell whether one of the two concepts is the other or broader than it."""
    return entity.is_a(concept) or entity.concept in broader(concept)


def matched(gold: tuple[Gold, ...], entities: list[Entity]) -> list[Entity | None]:
    """Return for each gold mention the mention that is it: the largest overlap, each used once."""
    free = list(entities)
    found: list[Entity | None] = []
    for one in gold:
        near = [e for e in free if overlap(one, e) > 0 and related(one.said["concept"], e)]
        exact = [entity for entity in near if entity.concept == one.said["concept"]]
        best = max(exact or near, key=lambda e: overlap(one, e), default=None)
        if best is not None:
            free.remove(best)
        found.append(best)
    return found


def values(entity: Entity) -> dict[str, Any]:
    """Return a mention's attributes in the form of the gold."""
    return {
        "side": entity.side,
        "change": entity.change,
        "severity": entity.severity,
        "temporality": entity.temporality,
        "subject": entity.subject,
        "measurements_mm": [
            {"values": list(one.values_mm), "prior": one.prior} for one in entity.measurements
        ],
    }


def asked(attribute: str, said: dict[str, Any]) -> bool:
    """Tell whether an attribute is scored: when something holds is asked of the patient alone."""
    return attribute != "temporality" or said["subject"] == Subject.PATIENT


class Tally:
    """Counts over the sentences seen."""

    def __init__(self) -> None:
        self.sentences = 0
        self.gold = 0
        self.found = 0
        self.right = 0
        self.false_positives = 0
        self.attributes: dict[str, Counter[str]] = {name: Counter() for name in ATTRIBUTES}
        self.per_sentence: list[tuple[int, int]] = []

    def add(self, sentence: Sentence, entities: list[Entity]) -> list[str]:
        """Count one sentence and return what is wrong with it, in words."""
        wrong = []
        right = 0
        for gold, entity in zip(sentence.gold, matched(sentence.gold, entities), strict=True):
            wanted = gold.said["assertion"]
            self.found += entity is not None
            if entity is None:
                wrong.append(f"{gold.said['text']}: {wanted}, not found")
                continue
            right += entity.assertion == wanted
            if entity.assertion != wanted:
                wrong.append(f"{gold.said['text']}: {wanted}, said {entity.assertion}")
            for name, value in values(entity).items():
                if asked(name, gold.said):
                    wrong += self._count(name, gold.said, value)
        for entity in entities:
            extra = all(overlap(gold, entity) <= 0 for gold in sentence.gold)
            if extra and entity.assertion == Assertion.PRESENT:
                self.false_positives += 1
                wrong.append(f"{entity.text}: {entity.concept} present, not in the gold")
        self.sentences += 1
        self.gold += len(sentence.gold)
        self.right += right
        self.per_sentence.append((right, len(sentence.gold)))
        return wrong

    def _count(self, name: str, said: dict[str, Any], value: object) -> list[str]:
        """Count one attribute. ``said`` counts apart the mentions of which there is one to find."""
        counts = self.attributes[name]
        plain = {"temporality": "current", "subject": "patient"}.get(name)
        same = value == said[name]
        counts["n"] += 1
        counts["right"] += same
        if (said[name] or plain) != plain:
            counts["said"] += 1
            counts["said_right"] += same
        return [] if same else [f"{said['text']}: {name} {said[name]}, said {value}"]

    def interval(self) -> list[float]:
        """Return the 95 % bootstrap interval of the share right, over sentences."""
        draw = random.Random(0)
        shares = []
        for _ in range(BOOTSTRAP):
            drawn = draw.choices(self.per_sentence, k=len(self.per_sentence))
            shares.append(sum(right for right, _ in drawn) / max(1, sum(n for _, n in drawn)))
        shares.sort()
        return [round(shares[int(BOOTSTRAP * q)], 4) for q in (0.025, 0.975)]

    def summary(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        return {
            "sentences": self.sentences,
            "n": self.gold,
            "found": self.found,
            "right": self.right,
            "value": round(self.right / max(1, self.gold), 4),
            "false_positives": self.false_positives,
        }


def line(name: str, tally: Tally) -> str:
    """Return one row of the table."""
    share = f"{tally.right / max(1, tally.gold):7.1%}"
    counts = f"{tally.sentences:5} {tally.gold:5} {tally.found:5} {tally.right:5}"
    return f"{name:32} {counts} {share} {tally.false_positives:5}"


def score(sentences: list[Sentence], *, show_wrong: bool) -> dict[str, dict[str, Tally]]:
    """Return tallies by part, by phenomenon and by modality."""
    stage = RuleText()
    tallies: dict[str, dict[str, Tally]] = {
        group: defaultdict(Tally) for group in ("part", "phenomenon", "modality")
    }
    for sentence in sentences:
        reading = stage(Report(text=sentence.text))
        named = (EntityKind.FINDING, EntityKind.DEVICE)
        entities = [entity for entity in reading.entities if entity.kind in named]
        for group, by_name in tallies.items():
            wrong = by_name[getattr(sentence, group)].add(sentence, entities)
        if show_wrong and wrong:
            print(f"{sentence.id} {sentence.text!r}\n    " + "\n    ".join(wrong))
    return tallies


def tell(tallies: dict[str, dict[str, Tally]]) -> None:
    """Print the tables."""
    head = "sents  gold found right   share extra"
    for group, by_name in tallies.items():
        print(f"\n{group:32} {head}")
        for name, tally in by_name.items():
            print(line(name, tally))
    for part, tally in tallies["part"].items():
        print(f"\nattributes, {part:20} right of found    right where one is given")
        for name, counts in tally.attributes.items():
            given = f"{counts['said_right']:5} / {counts['said']}"
            print(f"{name:32} {counts['right']:5} / {counts['n']:<10} {given}")
        low, high = tally.interval()
        print(
            f"{part}: {tally.right / max(1, tally.gold):.1%} right (95 % {low:.1%} to {high:.1%})"
        )


def main() -> None:
    """Score the files and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, default=[SENTENCES], metavar="FILE")
    parser.add_argument("--wrong", action="store_true", help="print the sentences that are wrong")
    parser.add_argument("--results", action="store_true", help="append to results.jsonl")
    given = parser.parse_args()
    sentences = [sentence for path in given.files for sentence in read(path)]
    tallies = score(sentences, show_wrong=given.wrong)
    tell(tallies)
    if given.results:
        parts = {
            part: {
                **tally.summary(),
                "interval": tally.interval(),
                "attributes": {name: dict(counts) for name, counts in tally.attributes.items()},
            }
            for part, tally in tallies["part"].items()
        }
        groups = {
            group: {name: tally.summary() for name, tally in tallies[group].items()}
            for group in ("phenomenon", "modality")
        }
        append("assertions right on the project's hard sentences", {"part": parts, **groups})


if __name__ == "__main__":
    main()
