"""Are the slips that radnlp names real, and which are missed? Images and words apart.

    python benchmarks/conflicts.py --cxr ../shared/data/cxr
    python benchmarks/conflicts.py --openi ../shared/data/openi_dev
    python benchmarks/conflicts.py --openi ../shared/data/openi_dev --sample 40 > alarms.txt
    python benchmarks/conflicts.py --verdicts verdicts.txt

Images, NIH dev films. Side: a sentence is made of each finding whose drawn boxes all lie on one
half of the film ("There is an infiltrate on the left."); its side is swapped by the throw of a
seeded coin. Precision: share of `side` conflicts on swapped sentences; recall: share of swapped
sentences that get one. ``both ways`` shows every sentence once as it is and once swapped.
Presence: for every film and every finding that the network supports, a sentence states it or
denies it by the throw of a coin; a conflict is right if the film's label says the contrary. Labels
are mined from reports and miss findings, so this precision is a lower bound for denials that the
picture contradicts. Count: how often the network's boxes of opacity are as many as the drawn ones,
beside always saying one.

Words, Open-i reports: rules were tuned on even ids, figures are of odd ids. Alarms per 1,000
untouched reports; ``--sample`` prints alarms of odd ids to be read by a person, ``--verdicts``
takes what the person said, one word a line (right, wrong or unclear, with the rule's id before it).
Recall: every "left" and "right" of the impression is swapped where it names one side only, and the
findings say that side of a finding too.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radnlp.evaluate import Bootstrap
from radnlp.evaluate.figures import mean_of
from radnlp.link import DefaultLink
from radnlp.pipeline import Pipeline
from radnlp.schema import ConflictKind, Image, Report, SectionKind, Side, Study
from radnlp.text import RuleText
from radnlp.text.consistency import check_report
from radnlp.text.consistency.told import claims
from radnlp.train.cache import read_grey
from radnlp.train.films import Film, read_films, targets_of
from radnlp.vision import EmbeddedVision
from results import append

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from radnlp.schema import Conflict, ImageReading, Inconsistency

SEED = 1
OTHER = {"left": "right", "right": "left"}
WORDS = {
    "opacity": "an opacity", "atelectasis": "atelectasis", "infiltrate": "an infiltrate",
    "mass": "a mass", "nodule": "a nodule", "pleural_effusion": "a pleural effusion",
    "pneumonia": "pneumonia", "pneumothorax": "a pneumothorax", "cardiomegaly": "cardiomegaly",
    "edema": "pulmonary edema", "tuberculosis": "tuberculosis",
}  # fmt: skip
SIDED = re.compile(r"\b(left|right)\b", re.IGNORECASE)


def share(rows: list[tuple[bool, str]]) -> dict[str, Any]:
    """Share of true ones, with a 95 % bootstrap interval over the groups."""
    sums = np.array([(float(hit), 1.0) for hit, _ in rows]).reshape(-1, 2)
    value, low, high = Bootstrap([group for _, group in rows]).interval(sums, mean_of)
    if value is None or low is None or high is None:
        return {"n": len(rows), "value": None, "interval": None}
    return {"n": len(rows), "value": round(value, 4), "interval": [round(low, 4), round(high, 4)]}


# Images


def drawn_side(film: Film, concept: str, columns: int) -> str | None:
    """The patient's side of a finding, if all its boxes lie on one half of the film."""
    boxes = [(x0, x1) for name, x0, _, x1, _ in film.boxes if name == concept]
    if all(x1 <= columns / 2 for _, x1 in boxes):
        return "right"
    if all(x0 >= columns / 2 for x0, _ in boxes):
        return "left"
    return None


class Seen:
    """A vision stage that looks once at the one image that it is asked about, and once mirrored."""

    def __init__(self, stage: EmbeddedVision, image: Image) -> None:
        self._stage = stage
        self.reading = stage(image)
        self._again: ImageReading | None = None

    def __call__(self, image: Image) -> ImageReading:
        """Return what was read."""
        return self.reading

    def mirrored(self, image: Image, reading: ImageReading) -> ImageReading:
        """Return what was seen in the mirror image."""
        if self._again is None:
            self._again = self._stage.mirrored(image, reading)
        return self._again


def conflicts_on(text: str, image: Image, seen: Seen) -> tuple[Conflict, ...]:
    pipeline = Pipeline(text=RULES, vision=seen, link=LINK, report=None)
    return pipeline(Study(report=Report(text=text), images=(image,))).conflicts


def sides_on(film: Film, image: Image, seen: Seen) -> Iterator[dict[str, Any]]:
    coin = random.Random(f"{SEED}:{film.path.name}")
    for concept in sorted({name for name, *_ in film.boxes} - {"cardiomegaly"}):
        side = drawn_side(film, concept, image.columns)
        if side is None:
            continue
        raised = [
            any(
                one.kind is ConflictKind.SIDE
                for one in conflicts_on(f"There is {WORDS[concept]} on the {said}.", image, seen)
            )
            for said in (side, OTHER[side])
        ]
        yield {
            "concept": concept, "patient": film.patient, "as it is": raised[0],
            "swapped": raised[1], "coin": coin.random() < 0.5,
        }  # fmt: skip


def presence_on(film: Film, image: Image, seen: Seen) -> Iterator[dict[str, Any]]:
    coin = random.Random(f"{SEED}:{film.path.name}")
    truth = targets_of(film)
    for finding in seen.reading.findings:
        if finding.concept not in truth or not finding.supported:
            continue
        stated = coin.random() < 0.5
        words = WORDS[finding.concept]
        bare = words.removeprefix("an ").removeprefix("a ")
        text = f"There is {words}." if stated else f"There is no {bare}."
        raised = any(one.kind is ConflictKind.PRESENCE for one in conflicts_on(text, image, seen))
        yield {
            "stated": stated, "wrong": stated != truth[finding.concept], "raised": raised,
            "concept": finding.concept, "patient": film.patient,
        }  # fmt: skip


def counts_on(film: Film, reading: ImageReading) -> Iterator[dict[str, Any]]:
    drawn = sum(name == "opacity" for name, *_ in film.boxes)
    shown = sum(one.label == "opacity" for one in reading.regions)
    if drawn and shown:
        yield {"patient": film.patient, "equal": drawn == shown, "one": drawn == 1}


def detection(raised: list[tuple[bool, bool, str]]) -> dict[str, Any]:
    """Precision and recall of (raised, right to raise, patient)."""
    return {
        "precision": share([(right, who) for hit, right, who in raised if hit]),
        "recall": share([(hit, who) for hit, right, who in raised if right]),
    }


def images(folder: Path, split: str) -> dict[str, Any]:
    films = [film for film in read_films(folder) if film.pool == "nih" and film.split == split]
    stage = EmbeddedVision()
    sides: list[dict[str, Any]] = []
    presence: list[dict[str, Any]] = []
    counts: list[dict[str, Any]] = []
    for film in films:
        image = Image(pixels=read_grey(film.path))
        seen = Seen(stage, image)
        sides += sides_on(film, image, seen)
        presence += presence_on(film, image, seen)
        counts += counts_on(film, seen.reading)
    coin = [
        (row["swapped"] if row["coin"] else row["as it is"], row["coin"], row["patient"])
        for row in sides
    ]
    both = [(row["as it is"], False, row["patient"]) for row in sides]
    both += [(row["swapped"], True, row["patient"]) for row in sides]
    kinds = {}
    for stated, name in ((True, "stated and not seen"), (False, "denied and seen")):
        rows = [row for row in presence if row["stated"] is stated]
        kinds[name] = detection([(row["raised"], row["wrong"], row["patient"]) for row in rows])
        kinds[name]["statements"] = len(rows)
    each: dict[str, list[bool]] = defaultdict(list)
    for row in sides:
        each[row["concept"]].append(row["swapped"])
    return {
        "split": split,
        "weights": stage.provenance.weights,
        "films": len(films),
        "sentences": len(sides),
        "value": detection(coin)["precision"]["value"],
        "side, coin": detection(coin),
        "side, both ways": detection(both),
        "side, recall by finding": {
            concept: {"n": len(hits), "value": round(float(np.mean(hits)), 4)}
            for concept, hits in sorted(each.items())
        },
        "presence": kinds,
        "opacity boxes as many as drawn": share([(row["equal"], row["patient"]) for row in counts]),
        "floor: always one": share([(row["one"], row["patient"]) for row in counts]),
    }


# Words


def reports(folder: Path, *, odd: bool) -> Iterator[tuple[str, dict[str, str]]]:
    with (folder / "reports.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if int(record["uid"]) % 2 == odd:
                yield (
                    record["uid"],
                    {name: body for name, body in record["sections"].items() if body},
                )


def text_of(sections: Mapping[str, str]) -> str:
    return "\n\n".join(f"{title}: {body}" for title, body in sections.items())


def slips_in(text: str) -> tuple[Inconsistency, ...]:
    report = Report(text=text)
    read = RULES(report)
    return check_report(report, read.sections, read.entities)


def swapped(sections: Mapping[str, str]) -> str | None:
    """The report with the side of its impression swapped, where that makes a slip."""
    impression = sections.get("IMPRESSION", "")
    if len({word.lower() for word in SIDED.findall(impression)}) != 1:
        return None
    read = RULES(Report(text=text_of(sections)))
    named: dict[SectionKind, set[Side | None]] = defaultdict(set)
    for one in read.entities:
        if one.is_current and claims(one):
            named[one.section].add(one.side)
    both = {Side.LEFT, Side.RIGHT}
    if not named[SectionKind.IMPRESSION] & named[SectionKind.FINDINGS] & both:
        return None

    def other(match: re.Match[str]) -> str:
        word = match.group()
        new = OTHER[word.lower()]
        return new.upper() if word.isupper() else new.capitalize() if word[0].isupper() else new

    return text_of({**sections, "IMPRESSION": SIDED.sub(other, impression)})


def words(folder: Path, *, odd: bool) -> dict[str, Any]:
    untouched, recall, alarms = [], [], Counter[str]()
    for uid, sections in reports(folder, odd=odd):
        found = slips_in(text_of(sections))
        untouched.append((bool(found), uid))
        alarms.update(one.rule for one in found)
        slip = swapped(sections)
        if slip is not None:
            named = {one.rule for one in slips_in(slip)}
            before = any(one.rule.startswith("side.") for one in found)
            recall.append((any(rule.startswith("side.") for rule in named), before, uid))
    return {
        "split": "odd (report)" if odd else "even (tuning)",
        "n": len(untouched),
        "value": round(1000 * sum(alarms.values()) / len(untouched), 2),
        "alarms": dict(alarms.most_common()),
        "reports with an alarm": share(untouched),
        "swapped sides found": share([(hit, uid) for hit, _, uid in recall]),
        "side alarms on the same reports before": sum(before for _, before, _ in recall),
    }


def print_sample(folder: Path, most: int) -> None:
    alarms = [
        (uid, one, text_of(sections))
        for uid, sections in reports(folder, odd=True)
        for one in slips_in(text_of(sections))
    ]
    random.Random(SEED).shuffle(alarms)
    for number, (uid, one, text) in enumerate(alarms[:most], start=1):
        quoted = [span.of(text) for span in one.spans]
        sys.stdout.write(
            f"--- {number} of {len(alarms)} [{uid}] {one.rule}: {one.sentence} {quoted}\n{text}\n\n"
        )


def verdicts(path: Path) -> dict[str, Any]:
    said = [line.split()[:2] for line in path.read_text("utf-8").splitlines() if line.strip()]
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for rule, verdict in said:
        table[rule][verdict] += 1
    right = [(verdict == "right", str(n)) for n, (_, verdict) in enumerate(said)]
    return {**share(right), "rules": {rule: dict(counts) for rule, counts in sorted(table.items())}}


RULES = RuleText()
LINK = DefaultLink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cxr", type=Path, help="folder of films")
    parser.add_argument("--split", default="dev", choices=("dev", "train"))
    parser.add_argument("--openi", type=Path, help="folder of reports")
    parser.add_argument("--even", action="store_true", help="the half that rules are tuned on")
    parser.add_argument("--sample", type=int, help="print alarms to read, and append nothing")
    parser.add_argument("--verdicts", type=Path, help="what a person said of the alarms")
    given = parser.parse_args()
    answers = {}
    if given.cxr:
        answers["conflicts with the image"] = images(given.cxr, given.split)
    if given.openi and given.sample:
        print_sample(given.openi, given.sample)
    elif given.openi:
        answers["slips in the words"] = words(given.openi, odd=not given.even)
    if given.verdicts:
        answers["slips in the words, read by a person"] = verdicts(given.verdicts)
    for question, answer in answers.items():
        print(json.dumps(answer, indent=1))
        if given.split == "dev" and not given.even:
            append(question, answer)


if __name__ == "__main__":
    main()
