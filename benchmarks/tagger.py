"""What do the rules, the language model, and both together find?

    python benchmarks/tagger.py [--weights PATH] [--sentences 600] [--results]

Two sets. *hard*: the project's own hard sentences (tests/data/hard_sentences.jsonl), its kept part
and its tuning part; all terms are known to the rules. *lexicon hold-out*: sentences made here, from
templates that no training used, in which every finding and device is named by a term that training
never saw; the rules, and the rules of the hybrid, have a lexicon without those terms. So the set
asks what becomes of phrasings that no lexicon has.

A gold mention is found if a mention overlaps its words and is the same concept, a broader or a
narrower one. F1 counts found mentions against all gold ones (recall) and against all findings and
devices said (precision). "exact" wants the very concept. Assertions are scored over those found,
and over all gold mentions. Intervals are bootstrapped over sentences.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from hard_set import SENTENCES, Gold, matched, read
from radnlp.schema import EntityKind, Report
from radnlp.text import RuleText
from radnlp.text.hybrid import HybridText, NeuralText, TaggerOptions
from radnlp.text.lexicon import Lexicon, load_lexicon
from radnlp.text.reader import SentenceReader
from radnlp.train.grammar import Grammar, is_held_out
from radnlp.vocabulary import Vocabulary, load_vocabulary
from results import append

if TYPE_CHECKING:
    from radnlp.schema import TextReading

BOOTSTRAP = 1_000
NAMED = (EntityKind.FINDING, EntityKind.DEVICE)

#: None of these is a template of the training's grammar.
TEMPLATES = (
    "We see (a|an) <p> on the current images.",
    "Compatible with the clinical picture, <p> can be appreciated on several slices.",
    "On today's study <p> is the dominant abnormality.",
    "<p> is the main finding here, together with <p>.",
    "As before, there is <p> accompanied by <p>.",
    "Imaging shows <p> but not <n>.",
    "An obvious <p> can be made out.",
    "The dominant abnormality is <p>, which has grown since the last visit.",
    "In addition, <p> is visible on the delayed images.",
    "Also visible: <p>.",
    "Known <p>, for which the patient is being followed.",
    "The radiologist on call noticed <p> overnight.",
    "Images demonstrate <pd> in satisfactory position.",
    "The <pd> has been advanced and now ends in the <a>.",
    "There continues to be no <n>.",
    "Not a trace of <n> or <n>.",
    "We could not find <n>.",
    "<n> has gone.",
    "No longer any <n>.",
    "Nothing here speaks for <n>.",
    "There was no <n>, no <n> and no <n>.",
    "<n> was looked for and not found.",
    "The study does not support <n>.",
    "This excludes <n>.",
    "This might well be <u>.",
    "<u> would explain the pain.",
    "The picture leaves <u> open.",
    "One could think of <u> or <u>.",
    "<u> cannot be ruled out on these images alone.",
    "Suspicion of <u> was raised.",
    "It remains possible that this is <u>.",
    "Appearances favour <u>.",
    "Please exclude <h>.",
    "The question was whether there is <h>.",
    "MRI would be the next step to look for <h>.",
    "Sent for assessment of suspected <h>.",
)


class Stage(Protocol):
    """A text stage."""

    def __call__(self, report: Report, /) -> TextReading:
        """Read a report."""
        ...


class Case(NamedTuple):
    """A sentence and what it names."""

    text: str
    gold: tuple[Gold, ...]


def held_out_cases(count: int) -> list[Case]:
    """Return made sentences with held-out terms."""
    grammar, draw = Grammar(held_out=True), random.Random(20)
    cases = []
    for number in range(count):
        example = grammar.fill(TEMPLATES[number % len(TEMPLATES)], draw)
        gold = tuple(
            Gold(
                start=one.start,
                end=one.end,
                said={"concept": one.concept, "assertion": str(one.assertion)},
            )
            for one in example.marked
            if one.kind in NAMED
        )
        cases.append(Case(example.text, gold))
    return cases


def reduced_lexicon() -> Lexicon:
    """Return the lexicon without the held-out terms."""
    vocabulary = Vocabulary(
        replace(
            concept, terms=tuple(term for term in concept.terms if not is_held_out(concept, term))
        )
        for concept in load_vocabulary()
    )
    return Lexicon(vocabulary, load_lexicon().rules)


class Row(NamedTuple):
    """Counts of one sentence."""

    gold: int
    said: int
    found: int
    exact: int
    asserted: int


def scored(stage: Stage, cases: list[Case]) -> tuple[list[Row], float]:
    """Return counts per sentence, and sentences per second."""
    rows = []
    begun = time.perf_counter()
    for case in cases:
        entities = [one for one in stage(Report(text=case.text)).entities if one.kind in NAMED]
        pairs = list(zip(case.gold, matched(case.gold, entities), strict=True))
        rows.append(
            Row(
                gold=len(case.gold),
                said=len(entities),
                found=sum(one is not None for _, one in pairs),
                exact=sum(one is not None and one.concept == g.said["concept"] for g, one in pairs),
                asserted=sum(
                    one is not None and str(one.assertion) == g.said["assertion"]
                    for g, one in pairs
                ),
            )
        )
    return rows, len(cases) / (time.perf_counter() - begun)


def figures(rows: list[Row]) -> dict[str, float]:
    """Return the scores of some sentences."""
    gold, said, found, exact, asserted = (sum(column) for column in zip(*rows, strict=True))
    return {
        "f1": 2 * found / max(1, gold + said),
        "exact_f1": 2 * exact / max(1, gold + said),
        "recall": found / max(1, gold),
        "precision": found / max(1, said),
        "assertions_of_found": asserted / max(1, found),
        "assertions_of_all": asserted / max(1, gold),
    }


def with_intervals(rows: list[Row]) -> dict[str, list[float]]:
    """Return each score with its 95 % interval."""
    draw = random.Random(0)
    drawn = [figures(draw.choices(rows, k=len(rows))) for _ in range(BOOTSTRAP)]
    table = {}
    for name, value in figures(rows).items():
        values = sorted(one[name] for one in drawn)
        low, high = values[int(BOOTSTRAP * 0.025)], values[int(BOOTSTRAP * 0.975)]
        table[name] = [round(number, 4) for number in (value, low, high)]
    return table


def main() -> None:
    """Score the three stages on both sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="language-mini0")
    parser.add_argument("--sentences", type=int, default=600)
    parser.add_argument("--nearness", type=float)
    parser.add_argument("--sureness", type=float)
    parser.add_argument("--results", action="store_true", help="append to results.jsonl")
    given = parser.parse_args()
    options = TaggerOptions(weights=given.weights)
    for name in ("nearness", "sureness"):
        if getattr(given, name) is not None:
            options = replace(options, **{name: getattr(given, name)})
    hard = read(SENTENCES)
    sets = {
        f"hard, {part}": [Case(one.text, one.gold) for one in hard if one.part == part]
        for part in sorted({one.part for one in hard})
    }
    sets["lexicon hold-out"] = held_out_cases(given.sentences)
    reduced = reduced_lexicon()
    less = RuleText(reader=SentenceReader(reduced, 0))
    stages: dict[str, tuple[Stage, Stage]] = {
        "rules": (RuleText(), less),
        "neural": (NeuralText(options), NeuralText(options, lexicon=reduced)),
        "hybrid": (HybridText(options), HybridText(options, lexicon=reduced)),
    }
    table = {}
    for name, cases in sets.items():
        print(f"\n{name}: {len(cases)} sentences, {sum(len(case.gold) for case in cases)} mentions")
        for system, (usual, without) in stages.items():
            rows, pace = scored(without if name == "lexicon hold-out" else usual, cases)
            table[f"{name}: {system}"] = {
                "sentences": len(rows),
                "n": sum(row.gold for row in rows),
                "per_second": round(pace, 1),
                **(scores := with_intervals(rows)),
            }
            told = "  ".join(f"{key} {value[0]:.3f}" for key, value in scores.items())
            print(f"{system:8} {told}  {pace:.0f}/s")
    if given.results:
        append("rules, language model and both: mentions and assertions", table)


if __name__ == "__main__":
    main()
