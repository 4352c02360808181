"""Can any text break the text stage, or make it slow?

    python benchmarks/robustness.py            # all of it: about an hour on one core
    python benchmarks/robustness.py --only texts --texts 5000

Three questions, one line each in ``results.jsonl``, and a line for the time of a long report:

texts
    Hypothesis makes ``--texts`` texts (see ``odd_texts.py``); each is read in full. Counted are
    exceptions, inexact offsets and readings that do not come back from JSON.
time
    What plays a part for the rules (a phrase of every role, marks, titles, digits, blanks, …) is
    repeated to 1,000 up to 1,000,000 characters, each sentence read anew. The exponent is the
    slope of the logarithm of the processor time over that of the length: 1 is linear. Python's
    search for cycles is off while growth is measured, and on for the time of the report.
report
    A report of 1,000,000 characters (some 200 pages) of plain sentences.
patterns
    Every pattern of the package on texts made from its own words (see ``pattern_audit.py``).

The exit status is 1 if anything is wrong. The same seed makes the same texts.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import HealthCheck, Phase, given, seed, settings

from odd_texts import LONG, PHRASES, TEXTS, faults
from pattern_audit import adversaries, all_patterns, growth, suspects
from radnlp import Analysis, Report, analyze
from radnlp.text import RuleText, RuleTextOptions
from radnlp.text.lexicon import load_lexicon
from radnlp.vocabulary.spelling import split_words
from results import append

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from radnlp.schema.reading import TextReading

SHARD = 1_000  # texts that one run of hypothesis makes; it remembers all of a run
EVERY = 25  # every so many texts, the analysis goes through JSON and back
SIZES = (1_000, 10_000, 100_000, 1_000_000)
MOST_EXPONENT = 1.15
MOST_PATTERN_EXPONENT = 1.4  # linear is 1, quadratic 2; short times are noisy
PATTERN_CHARACTERS = 32_000
HARD = Path(__file__).parent.parent / "tests" / "data" / "hard_sentences.jsonl"
Times: TypeAlias = dict[int, float]


# --- texts --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """What one run has seen."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)
    distinct: set[bytes] = field(default_factory=set)
    slowest: float = 0.0

    def look_at(self, text: str, stage: RuleText) -> None:
        """Read a text and note what is wrong with its reading, with the shortest such text."""
        self.counts["texts"] += 1
        self.counts["characters"] += len(text)
        self.counts["long"] += len(text) >= LONG
        self.counts["not_ascii"] += not text.isascii()
        self.distinct.add(blake2b(text.encode(), digest_size=8).digest())
        began = time.process_time()
        try:
            reading = stage(Report(text=text))
            self._count(reading)
            said = faults(text, reading)
            if self.counts["texts"] % EVERY == 0:
                said += self._round_trip(text)
        except Exception as error:  # noqa: BLE001  (the question is whether there is any)
            said = [f"raises {type(error).__name__}"]
        self.slowest = max(self.slowest, time.process_time() - began)
        for one in said:
            self.counts["faults"] += 1
            self.wrong[one] = min(self.wrong.get(one, text), text, key=len)

    def _count(self, reading: TextReading) -> None:
        self.counts["with_entities"] += bool(reading.entities)
        for name in ("entities", "sections", "relations", "recommendations", "scores"):
            self.counts[name] += len(getattr(reading, name))
        self.counts["cues"] += sum(entity.cue is not None for entity in reading.entities)
        self.counts["sizes"] += sum(len(entity.measurements) for entity in reading.entities)

    def _round_trip(self, text: str) -> list[str]:
        self.counts["round_trips"] += 1
        analysis = analyze(report=text)
        analysis.labels("chexpert")
        analysis.to_radgraph()
        back = Analysis.from_json(analysis.to_json())
        same = all(getattr(back, one.name) == getattr(analysis, one.name) for one in fields(back))
        return [] if same else ["JSON: comes back different"]

    def add(self, other: Seen) -> None:
        """Take in what another run has seen."""
        self.counts += other.counts
        self.distinct |= other.distinct
        self.slowest = max(self.slowest, other.slowest)
        for one, text in other.wrong.items():
            self.wrong[one] = min(self.wrong.get(one, text), text, key=len)


def look(first: int, texts: int) -> Seen:
    """Read what hypothesis makes of one seed."""
    seen, stage = Seen(), RuleText()

    @seed(first)
    @settings(
        max_examples=texts,
        phases=(Phase.generate,),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(TEXTS)
    def run(text: str) -> None:
        seen.look_at(text, stage)

    run()
    return seen


def ask_texts(texts: int, first: int, jobs: int) -> bool:
    """Read texts until there are enough different ones: hypothesis makes some of them again."""
    seen, begun = Seen(), first
    with ProcessPoolExecutor(jobs) as pool:
        while len(seen.distinct) < texts:
            for one in pool.map(look, range(begun, begun + jobs), repeat(min(SHARD, texts))):
                seen.add(one)
            begun += jobs
            done = f"{len(seen.distinct):,} texts, {seen.counts['faults']} faults"
            print(f"\r{done}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    n, wrong = len(seen.distinct), seen.counts["faults"]
    print(f"texts: n = {n:,} different ones, seeds {first} to {begun - 1}, faults: {wrong}")
    print(f"  {dict(seen.counts)}; slowest {seen.slowest:.2f} s")
    for one, text in seen.wrong.items():
        print(f"  {one}: {text[:300]!r}")
    append(
        "robustness: texts made by hypothesis",
        {
            "n": n,
            "value": wrong,
            "unit": "faults",
            "interval": [0, round(3 / n, 6)] if not wrong else None,
            "interval_is": "95 %, faults per text (rule of three)",
            "seeds": [first, begun - 1],
            "read": seen.counts.pop("texts"),
            **seen.counts,
            "slowest_s": round(seen.slowest, 3),
        },
    )
    return not wrong


# --- time ---------------------------------------------------------------------------------------

MARKS = (
    *("( ", ") ", "1.", "1 x ", "8 mm x ", "1 mm ", "12345 ", "1, ", "1 to ", "1/1/2020 ", "L4-5 "),
    *(": ", ":", ", ", ",", ". ", ".", "? ", "; ", "- ", "-", "/", "*", "**", "_", "#", "[", "'"),
    *("a", "a ", "é", "e\u0301", "😀", "\u200f", "א", "ſ", "İ", "肺", "\x00", "\x1c", "unknown "),
    *(" ", "\n", "\n\n", "\r\n", "\t", "\xa0", "\u2028", "[**", "[**a**] ", "**]", "XXXX ", "___ "),
    *("BI-RADS ", "BI-RADS 4 ", "LR-5 ", "TI-RADS: ", "Bosniak ", "Fleischner ", "in 3 months "),
    *("Findings: ", "FINDINGS:", "Findings:\n", "**Impression**\n", "1. Impression: ", "[TITLE] "),
    *("recommend ", "recommend CT ", "CT is recommended ", "consider ", "if ", "should ", "may "),
    *("should be followed ", "follow-up ", "30 ml ", "12 HU ", "SUV max 4 ", "3 ml effusion "),
    *("two nodules ", "It measures 9 mm. ", "It was 9 mm.\n", "contralateral effusion. ", "no "),
    *("opacity measuring 8 mm, ", "effusion and ", "effusion or ", "effusion, ", "no effusion, "),
    *("heart and lungs and ", "heart, ", "heart is normal ", "left and ", "No effusion. ", "or "),
    *("No effusion\n", "pneumothorsx ", "5th and 6th ", " x 1", "history and ", "clear lungs "),
)


def role_phrases() -> list[str]:
    """Return one phrase for every part that phrases play: each combination of fields of `Entry`."""
    lexicon = load_lexicon()
    found: dict[str, str] = {}
    for phrase in sorted(PHRASES, key=len):
        words = list(split_words(phrase))
        items = lexicon.scan(words)
        if len(items) == 1 and (items[0].start, items[0].end) == (0, len(words)):
            found.setdefault(_part(items[0].entry), f"{phrase} ")
    for concept in lexicon.vocabulary:
        for term in concept.terms[:1]:
            found.setdefault(f"{concept.kind} {bool(concept.sided)}", f"{term} ")
    return list(found.values())


def _part(entry: Any) -> str:
    """Return what an entry says, without the names of concepts and rules."""
    said = []
    for one in fields(entry):
        value = getattr(entry, one.name)
        if one.name in ("cue", "change") and value is not None:
            told = {"id", "phrases", "fires", "silent"}
            value = [getattr(value, part.name) for part in fields(value) if part.name not in told]
        said.append(str(value if one.name != "concept" else value is not None))
    return " ".join(said)


def seconds(stage: RuleText, text: str) -> float:
    """Return the processor time of one reading: the best of three if it is short."""
    report, best = Report(text=text), math.inf
    for _ in range(3 if len(text) <= 100_000 else 1):
        began = time.process_time()
        stage(report)
        best = min(best, time.process_time() - began)
    return best


@contextmanager
def without_collector() -> Iterator[None]:
    """Leave out Python's search for cycles: readings have none, and it looks at the vocabulary."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def exponent(times: Times) -> float:
    """Return the slope of the logarithm of the time over that of the length."""
    lengths, spent = [math.log(n) for n in times], [math.log(max(t, 1e-6)) for t in times.values()]
    return statistics.linear_regression(lengths, spent).slope


def times_of(stage: RuleText, make: Callable[[int], str]) -> Times:
    return {n: seconds(stage, make(n)) for n in SIZES}


def ask_time() -> bool:
    stage = RuleText(RuleTextOptions(remembered_sentences=0))
    stage(Report(text="pneumothorsx"))  # builds the index of typos
    told: dict[str, Times] = {}
    for piece in (*role_phrases(), *MARKS):

        def make(n: int, piece: str = piece) -> str:
            return (piece * (n // len(piece) + 1))[:n]

        with without_collector():
            times = times_of(stage, make)
            if exponent(times) > MOST_EXPONENT:  # another process may have slowed it
                times = min(times, times_of(stage, make), key=exponent)
        told[piece] = times
    ranked = sorted(told, key=lambda piece: -exponent(told[piece]))
    slow = [piece for piece in ranked if exponent(told[piece]) > MOST_EXPONENT]
    worst, slowest = ranked[0], max(told, key=lambda piece: told[piece][SIZES[-1]])
    print(f"time: n = {len(told)} pieces, highest exponent {exponent(told[worst]):.3f} ({worst!r})")
    print(f"  slowest: {told[slowest][SIZES[-1]]:.1f} s for 1 MB of {slowest!r}")
    for piece in ranked[:8]:
        shown = ", ".join(f"{spent:.4f} s" for spent in told[piece].values())
        print(f"  {exponent(told[piece]):.3f} {piece!r}: {shown}")
    exponents = [exponent(times) for times in told.values()]
    append(
        "robustness: growth of time with length",
        {
            "n": len(told),
            "value": round(max(exponents), 3),
            "unit": "exponent",
            "interval": [round(min(exponents), 3), round(max(exponents), 3)],
            "interval_is": "range over the pieces repeated",
            "median": round(statistics.median(exponents), 3),
            "characters": list(SIZES),
            "highest": worst,
            "slowest": slowest,
            "slowest_s_per_megabyte": round(told[slowest][SIZES[-1]], 2),
        },
    )
    return not slow


# --- a long report ------------------------------------------------------------------------------


def long_report(characters: int, first: int) -> str:
    """Return a report of plain sentences under titles, in an order that the seed decides."""
    chosen = random.Random(first)
    sentences = [json.loads(line)["text"] for line in HARD.read_text("utf-8").splitlines()]
    titles = ["HISTORY", "TECHNIQUE", "COMPARISON", "FINDINGS", "IMPRESSION"]
    parts: list[str] = []
    length = 0
    while length < characters:
        number = f" Series {chosen.randrange(10_000)}."  # so that no sentence comes twice
        body = " ".join(chosen.choice(sentences) for _ in range(8)) + number
        parts.append(f"{titles[len(parts) % len(titles)]}: {body}\n\n")
        length += len(parts[-1])
    return "".join(parts)[:characters]


def ask_report(first: int, repeats: int = 5) -> bool:
    stage = RuleText(RuleTextOptions(remembered_sentences=0))
    text = long_report(SIZES[-1], first)
    entities = len(stage(Report(text=text)).entities)
    with without_collector():
        times = times_of(stage, lambda n: long_report(n, first))
    runs = sorted(seconds(stage, text) for _ in range(repeats))
    grows = exponent(times)
    print(f"report: 1,000,000 characters, {entities:,} entities, {statistics.median(runs):.2f} s")
    print(f"  {runs[0]:.2f} to {runs[-1]:.2f} s, n = {repeats}; exponent {grows:.3f}")
    append(
        "robustness: a report of 1,000,000 characters",
        {
            "n": repeats,
            "value": round(statistics.median(runs), 3),
            "unit": "s of processor time",
            "interval": [round(runs[0], 3), round(runs[-1], 3)],
            "interval_is": "range of the repeats",
            "entities": entities,
            "exponent": round(grows, 3),
            "seed": first,
        },
    )
    return grows <= MOST_EXPONENT


# --- patterns -----------------------------------------------------------------------------------


def ask_patterns(longest: int) -> bool:
    patterns = all_patterns()
    doubtful = {where: said for where, one in patterns.items() if (said := suspects(one))}
    tried, worst, where_worst = 0, None, ""
    slow: list[str] = []
    for where, pattern in patterns.items():
        texts = adversaries(pattern)
        tried += len(texts)
        told = max(
            map(growth, repeat(pattern), texts, repeat(longest)), key=lambda one: one.exponent
        )
        if worst is None or told.exponent > worst.exponent:
            worst, where_worst = told, where
        if told.exponent > MOST_PATTERN_EXPONENT:
            slow.append(where)
            print(f"  {where}: exponent {told.exponent:.2f} on {told.repeated!r}")
    for where, said in doubtful.items():
        print(f"  {where}: {'; '.join(said)}")
    highest = worst.exponent if worst else 0.0
    print(f"patterns: n = {len(patterns)}, {tried:,} texts, up to {longest:,} characters each")
    print(f"  highest exponent {highest:.2f} ({where_worst}), {len(doubtful)} doubtful by form")
    append(
        "robustness: growth of time of every pattern",
        {
            "n": len(patterns),
            "value": len(slow),
            "unit": "patterns over linear time",
            "texts": tried,
            "characters": longest,
            "highest_exponent": round(highest, 2),
            "doubtful_by_form": sorted(doubtful),
        },
    )
    return not slow and not doubtful


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20_261_126)
    parser.add_argument("--jobs", type=int, default=1, help="processes for the texts")
    parser.add_argument("--pattern-characters", type=int, default=PATTERN_CHARACTERS)
    choices = ["texts", "time", "report", "patterns"]
    parser.add_argument("--only", choices=choices, action="append")
    chosen = parser.parse_args()
    ask: dict[str, Callable[[], bool]] = {
        "patterns": lambda: ask_patterns(chosen.pattern_characters),
        "report": lambda: ask_report(chosen.seed),
        "texts": lambda: ask_texts(chosen.texts, chosen.seed, chosen.jobs),
        "time": ask_time,
    }
    good = [ask[name]() for name in ask if name in (chosen.only or choices)]
    raise SystemExit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
