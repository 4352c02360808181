"""How well the text stage finds what an expert indexed: Open-i reports against manual MeSH.

Prints one JSON line per split: macro- and micro-F1 over the 23 concepts of the map, with counts
per concept. Reports with even ids are for tuning, odd ids for reporting. MeSH holds positives only,
hedged ones included, so a concept counts as found if a mention of it is present or uncertain.

``without_weak_hedges`` gives the scores that leave mentions out whose hedge is one of ``WEAK``
("may represent", "possible", "suggests", a differential). Which rules are weak was chosen on even
ids. ``hedged`` tells why: of the concepts that a report claims by hedges alone, how many the
indexers coded, where one of the hedges is strong ("consistent with", "probable", "or", "versus")
and where all are weak.

``in_the_indexers_terms`` reads the tags as their makers meant them, in two points chosen on even
ids: qualifiers may stand in any order ("Lung/bilateral/hypoinflation" is "Lung/hypoinflation"), and
the map's ``degenerative_change`` holds tags of the spine only, so arthritis and what is said of
a shoulder or a knee does not count as found.

The data lie outside the project: a folder with ``reports.jsonl`` (uid, sections, mesh_manual) and
``mesh_map.py`` (GOLD, ALSO, gold).

    python benchmarks/text_quality.py --data FOLDER
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radnlp.schema.entity import Assertion, Entity, Subject, Temporality
from radnlp.schema.text import Report, SectionKind
from radnlp.text import RuleText
from radnlp.vocabulary import load_vocabulary
from results import append

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

COUNTED = (SectionKind.FINDINGS, SectionKind.IMPRESSION)
BOOTSTRAP = 1_000
SPINAL = frozenset({"spine", "vertebra", "intervertebral_disc", "spondylosis", "disc_degeneration"})
# Rules of hedges that the indexers left out, by the counts on even ids.
WEAK = frozenset(
    {"hedge.may", "hedge.possible", "hedge.suggests", "hedge.differential", "hedge.after"}
    | {"hedge.difficult", "hedge.not_excluded_before", "hedge.not_excluded_after"}
)


def load_map(folder: Path) -> ModuleType:
    """Import the MeSH map that lies beside the reports."""
    spec = importlib.util.spec_from_file_location("mesh_map", folder / "mesh_map.py")
    if spec is None or spec.loader is None:
        sys.exit(f"no mesh_map.py in {folder}; give the folder of the Open-i data with --data")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text_of(record: Mapping[str, Any]) -> str:
    """Return a report's sections under their titles."""
    return "\n\n".join(f"{title}: {body}" for title, body in record["sections"].items() if body)


def read(folder: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Yield (id, text, tags) of the reports that were indexed."""
    with (folder / "reports.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            tags = record["mesh_manual"]
            if tags and tags != ["No Indexing"]:
                yield int(record["uid"]), text_of(record), tags


def claims(entity: Entity, weak: frozenset[str] = frozenset()) -> bool:
    """Tell whether a mention says that the patient has the finding now, or likely has it."""
    hedge = entity.cue.rule if entity.cue and entity.assertion == Assertion.UNCERTAIN else ""
    return (
        hedge not in weak
        and entity.assertion in (Assertion.PRESENT, Assertion.UNCERTAIN)
        and entity.temporality is Temporality.CURRENT
        and entity.subject is Subject.PATIENT
        and entity.section in COUNTED
    )


def found_in(
    entities: tuple[Entity, ...], mesh: ModuleType, weak: frozenset[str] = frozenset()
) -> set[str]:
    """Return the concepts of the map that the mentions claim."""
    concepts = {entity.concept for entity in entities if claims(entity, weak)}
    broader = {id for entity in entities if claims(entity, weak) for id in entity.ancestors}
    return {
        concept
        for concept in mesh.GOLD
        if concept in concepts | broader or mesh.ALSO.get(concept, set()) & concepts
    }


def strength(entities: tuple[Entity, ...], concept: str, mesh: ModuleType) -> str | None:
    """Return how strong the hedges are by which alone a concept is claimed, if it is."""
    also = mesh.ALSO.get(concept, set())
    said = [one for one in entities if claims(one) and (one.is_a(concept) or one.concept in also)]
    if any(one.assertion is not Assertion.UNCERTAIN for one in said):
        return None
    return "strong" if any(claims(one, WEAK) for one in said) else "weak"


def in_any_order(tags: list[str], mesh: ModuleType) -> list[str]:
    """Return the tags, and beside them what the map would have read in another order."""
    more = []
    for tag in tags:
        head, *qualifiers = tag.split("/")
        for name in (name for names in mesh.GOLD.values() for name in names):
            wanted_head, *wanted = name.split("/")
            if head.lower() == wanted_head.lower() and set(wanted) <= set(qualifiers):
                more.append(name)
    return [*tags, *more]


def of_the_spine(entity: Entity) -> bool:
    """Tell whether a mention may be what the map calls ``degenerative_change``."""
    if not entity.is_a("degenerative_change"):
        return True
    spinal = [entity.concept, *entity.ancestors, *entity.locations]
    spinal += [id for place in entity.locations for id in load_vocabulary().ancestors(place)]
    if entity.is_a("arthritis") or entity.is_a("joint_space_narrowing"):
        return False
    return not entity.locations or not SPINAL.isdisjoint(spinal)


def f1(true_positive: int, false_positive: int, false_negative: int) -> float:
    """Return F1, 0 where nothing was found and nothing was there."""
    wrong = false_positive + false_negative
    return 2 * true_positive / (2 * true_positive + wrong) if true_positive else 0.0


def score(pairs: list[tuple[set[str], set[str]]], concepts: list[str]) -> dict[str, Any]:
    """Return macro- and micro-F1 and F1 per concept over (gold, found) pairs."""
    right, extra, missed = Counter[str](), Counter[str](), Counter[str]()
    for gold, found in pairs:
        right.update(gold & found)
        extra.update(found - gold)
        missed.update(gold - found)
    each = {c: f1(right[c], extra[c], missed[c]) for c in concepts if right[c] + missed[c]}
    return {
        "macro_f1": sum(each.values()) / len(each),
        "micro_f1": f1(right.total(), extra.total(), missed.total()),
        "concepts": {
            c: {"f1": round(value, 3), "tp": right[c], "fp": extra[c], "fn": missed[c]}
            for c, value in each.items()
        },
    }


def short(scores: Mapping[str, Any]) -> dict[str, float]:
    """Return the two means of a score."""
    return {name: round(scores[name], 4) for name in ("macro_f1", "micro_f1")}


def interval(pairs: list[tuple[set[str], set[str]]], concepts: list[str]) -> list[float]:
    """Return the 95 % bootstrap interval of micro-F1 over reports."""
    draw = random.Random(0)
    values = sorted(
        score(draw.choices(pairs, k=len(pairs)), concepts)["micro_f1"] for _ in range(BOOTSTRAP)
    )
    return [round(values[int(BOOTSTRAP * q)], 4) for q in (0.025, 0.975)]


def main() -> None:
    """Score both splits and print one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the Open-i data")
    parser.add_argument("--errors", metavar="CONCEPT", help="list tuning reports that are wrong")
    parser.add_argument("--results", action="store_true", help="append to results.jsonl")
    options = parser.parse_args()
    mesh = load_map(options.data)
    stage = RuleText()
    splits: dict[str, list[tuple[set[str], set[str]]]] = {"even (tuning)": [], "odd (report)": []}
    strong: dict[str, list[tuple[set[str], set[str]]]] = {split: [] for split in splits}
    meant: dict[str, list[tuple[set[str], set[str]]]] = {split: [] for split in splits}
    both: dict[str, list[tuple[set[str], set[str]]]] = {split: [] for split in splits}
    hedged: dict[str, Counter[str]] = {split: Counter() for split in splits}
    for uid, text, tags in read(options.data):
        entities = stage(Report(text=text)).entities
        found = found_in(entities, mesh)
        gold = mesh.gold(tags)
        split = "odd (report)" if uid % 2 else "even (tuning)"
        splits[split].append((gold, found))
        for concept in found:
            how = strength(entities, concept, mesh)
            if how is not None:
                hedged[split].update([how] + [f"{how}, coded"] * (concept in gold))
        strong[split].append((gold, found_in(entities, mesh, WEAK)))
        as_meant = mesh.gold(in_any_order(tags, mesh))
        spinal = tuple(entity for entity in entities if of_the_spine(entity))
        meant[split].append((as_meant, found_in(spinal, mesh)))
        both[split].append((as_meant, found_in(spinal, mesh, WEAK)))
        if uid % 2 == 0 and (options.errors in gold) != (options.errors in found):
            kind = "missed" if options.errors in gold else "extra"
            sys.stderr.write(f"{uid} {kind} {tags}\n{text}\n\n")
    concepts = list(mesh.GOLD)
    for split, pairs in splits.items():
        scores = score(pairs, concepts)
        line = {
            "split": split,
            "n": len(pairs),
            "value": round(scores["macro_f1"], 4),
            "micro_f1": round(scores["micro_f1"], 4),
            "micro_f1_interval": interval(pairs, concepts),
            "without_weak_hedges": short(score(strong[split], concepts)),
            "in_the_indexers_terms": short(score(meant[split], concepts)),
            "both": short(score(both[split], concepts)),
            "hedged": dict(hedged[split]),
            "concepts": scores["concepts"],
        }
        sys.stdout.write(json.dumps(line) + "\n")
        if options.results:
            append("text_quality", line)


if __name__ == "__main__":
    main()
