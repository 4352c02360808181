"""Do drafts say what films show? Label F1 of drafts that were read back, beside six floors.

    python benchmarks/drafts.py --data ../shared/data/cxr

The dev split of the NIH films. Each is drafted from the image alone, the draft is read by the text
stage and labelled by the ``nih14`` label reader, and the labels are held against those of the film
(mined from its report, so noisy) over the findings that the network supports. Two readings:
``stated or possible`` counts what the draft states or holds for possible, ``stated`` only what it
states.

Floors: ``constant`` (the fixed label set that is best on train, for macro and micro each),
``all normal``, ``random`` (labels at their frequency on train), ``nearest film`` (labels of the
train film whose pooled features of the same network are nearest), ``blank image`` (drafts of a grey
field), ``shuffled`` (drafts of another patient's film). Intervals: 95 %, bootstrap over patients;
of the differences too. Nothing is tuned here.
"""

from __future__ import annotations

import argparse
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from radnlp import Pipeline
from radnlp.schema import Analysis, Draft, Image, Report, Study
from radnlp.text import RuleText
from radnlp.text.labels import nih14
from radnlp.train.cache import read_grey
from radnlp.train.films import LABELS, Film, read_films, targets_of
from radnlp.vision.encoder import Encoder
from results import append

SEED, SHUFFLES = 1, 20
NIH_NAMES = {concept: name for name, concept in reversed(LABELS.items())}


class Reading(NamedTuple):
    """What a draft says of each finding: bool (films, findings)."""

    possible: np.ndarray
    stated: np.ndarray


def supported(encoder: Encoder) -> list[str]:
    """Findings that the network supports and the NIH labels know."""
    unknown = {"opacity", "tuberculosis"}
    entries = encoder.card["concepts"]
    return [one["concept"] for one in entries if one["supported"] and one["concept"] not in unknown]


def truth_of(films: list[Film], concepts: list[str]) -> np.ndarray:
    return np.array([[targets_of(film)[one] for one in concepts] for film in films])


def draft_of(pipeline: Pipeline, image: Image) -> Analysis:
    return pipeline(Study(images=(image,)))


def labels_of(drafts: list[Draft | None], concepts: list[str]) -> Reading:
    """Read drafts back; a film without a draft has no label."""
    read = RuleText()
    rows = []
    for draft in drafts:
        text = f"FINDINGS: {draft.findings}\nIMPRESSION: {draft.impression}" if draft else ""
        reading = read(Report(text=text))
        found = nih14(reading.entities, reading.sections)
        rows.append([found[NIH_NAMES[one]] for one in concepts])
    return Reading(
        np.array([[value in (1, -1) for value in row] for row in rows]),
        np.array([[value == 1 for value in row] for row in rows]),
    )


def counts(truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    """True positives, and positives in truth and in what is said, per film: (films, k, 3)."""
    return np.stack([truth & said, truth, said], axis=-1).astype(float)


def scores(table: np.ndarray) -> tuple[float, float]:
    """Macro and micro F1 of summed counts, shape (k, 3)."""
    hits, there, said = table.T
    each = 2 * hits / np.maximum(there + said, 1)
    return float(each.mean()), float(2 * hits.sum() / max(there.sum() + said.sum(), 1))


def resampled(patients: np.ndarray, draws: int) -> np.ndarray:
    """How often each film is drawn, shape (draws, films), patients with replacement."""
    names, number = np.unique(patients, return_inverse=True)
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return drawn[:, number]


def row_of(name: str, tables: list[np.ndarray], weights: np.ndarray) -> dict[str, Any]:
    """Scores of a row, the mean over its tables (a random row has several)."""
    whole = np.mean([scores(table.sum(axis=0)) for table in tables], axis=0)
    spread = np.mean(
        [[scores(part) for part in np.tensordot(weights, table, axes=(1, 0))] for table in tables],
        axis=0,
    )
    return {"row": name, "macro": whole[0], "micro": whole[1], "spread": spread}


def best_sets(truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The fixed label sets with the best macro and micro F1."""
    size = truth.shape[1]
    ranked = []
    for length in range(1, size + 1):
        for chosen in combinations(range(size), length):
            said = np.zeros(size, bool)
            said[list(chosen)] = True
            macro, micro = scores(counts(truth, np.tile(said, (len(truth), 1))).sum(axis=0))
            ranked.append((macro, micro, said))
    return max(ranked, key=lambda one: one[0])[2], max(ranked, key=lambda one: one[1])[2]


def pooled(films: list[Film], encoder: Encoder, cache: Path | None) -> np.ndarray:
    """Mean of the layout over its nine fields, shape (films, channels)."""
    file = cache / f"pooled-{encoder.name.replace('@', '-')}.npz" if cache else None
    known = dict(np.load(file)) if file and file.is_file() else {}
    for film in films:
        if film.path.name not in known:
            known[film.path.name] = encoder(read_grey(film.path)).layout.mean(axis=(1, 2))
    if file:
        np.savez(file, **known)
    return np.stack([known[film.path.name] for film in films])


def nearest(train: np.ndarray, dev: np.ndarray) -> np.ndarray:
    """Number of the train film that is nearest to each dev film by cosine of scaled features."""
    middle, spread = train.mean(axis=0), train.std(axis=0) + 1e-6
    there, here = (train - middle) / spread, (dev - middle) / spread
    there /= np.linalg.norm(there, axis=1, keepdims=True)
    here /= np.linalg.norm(here, axis=1, keepdims=True)
    return (here @ there.T).argmax(axis=1)


def other_patients(patients: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A shuffle in which no film gets one of its own patient, as far as few tries find."""
    order = rng.permutation(len(patients))
    for _ in range(100):
        same = np.flatnonzero(patients[order] == patients)
        if not len(same):
            break
        swap = rng.integers(len(patients), size=len(same))
        order[same], order[swap] = order[swap].copy(), order[same].copy()
    return order


def floors(
    train: list[Film], dev: list[Film], concepts: list[str], encoder: Encoder, cache: Path | None
) -> dict[str, list[np.ndarray]]:
    """What the rows that see no film, or no draft, say: bool (films, findings) each."""
    known = truth_of(train, concepts)
    macro_set, micro_set = best_sets(known)
    rng = np.random.default_rng(SEED)
    shape = (len(dev), len(concepts))
    features = np.split(pooled([*train, *dev], encoder, cache), [len(train)])
    return {
        "constant, best macro": [np.tile(macro_set, (len(dev), 1))],
        "constant, best micro": [np.tile(micro_set, (len(dev), 1))],
        "all normal": [np.zeros(shape, bool)],
        "random": [rng.random(shape) < known.mean(axis=0) for _ in range(SHUFFLES)],
        "nearest film": [known[nearest(*features)]],
    }


def compare(
    truth: np.ndarray, draft: np.ndarray, rows: dict[str, list[np.ndarray]], weights: np.ndarray
) -> list[dict[str, Any]]:
    """One row each with intervals, and the draft's lead over it."""
    ours = row_of("draft", [counts(truth, draft)], weights)
    table = [ours]
    for name, said in rows.items():
        table.append(row_of(name, [counts(truth, one) for one in said], weights))
    shown = []
    for row in table:
        entry: dict[str, Any] = {"row": row["row"]}
        for column, kind in enumerate(("macro", "micro")):
            entry[kind] = round(float(row[kind]), 4)
            entry[f"{kind}_interval"] = interval(row["spread"][:, column])
            entry[f"{kind}_lead"] = interval(ours["spread"][:, column] - row["spread"][:, column])
        shown.append(entry)
    return shown


def interval(values: np.ndarray) -> list[float]:
    return [round(float(one), 4) for one in np.quantile(values, (0.025, 0.975))]


def sentences_of(results: list[Analysis]) -> dict[str, Any]:
    """Evidence, corrections and variety of the drafts."""
    drafts = [one.draft for one in results if one.draft]
    sentences = [(one, item) for one in results if one.draft for item in one.draft.sentences]
    bare = sum(not set(item.evidence) & ids_of(one) for one, item in sentences)
    texts = ["\n".join(item.text for item in draft.sentences) for draft in drafts]
    unmeasured = {
        tuple(item.text for item in draft.sentences if "ratio" not in item.text.lower())
        for draft in drafts
    }
    return {
        "films": len(results),
        "drafts": len(drafts),
        "sentences": len(sentences),
        "sentences_without_evidence": bare,
        "corrections": sum(len(draft.corrections) for draft in drafts),
        "critical_sentences": sum(item.critical is not None for _, item in sentences),
        "distinct_drafts": len(set(texts)),
        "distinct_share": round(len(set(texts)) / max(len(texts), 1), 4),
        "distinct_share_without_ratio": round(len(unmeasured) / max(len(texts), 1), 4),
    }


def ids_of(one: Analysis) -> set[str]:
    nouns = (*one.image_findings, *one.regions, *one.image_measurements)
    return {noun.id for noun in nouns}


def show(reading: str, rows: list[dict[str, Any]]) -> None:
    print(f"\n{reading}: F1 (95 % interval over patients); lead of the draft")
    for row in rows:
        cells = [
            f"{kind} {row[kind]:.3f} {row[f'{kind}_interval']} lead {row[f'{kind}_lead']}"
            for kind in ("macro", "micro")
        ]
        print(f"  {row['row']:22} " + "   ".join(cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/cxr"))
    parser.add_argument("--cache", type=Path, help="folder for features of the films")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-record", action="store_true", help="do not append to results.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    films = [film for film in read_films(options.data) if film.pool == "nih"]
    train = [film for film in films if film.split == "train"]
    dev = [film for film in films if film.split == "dev"]
    encoder, pipeline = Encoder("vision-lite0"), Pipeline()
    concepts = supported(encoder)
    patients = np.array([film.patient for film in dev])
    results = [
        draft_of(pipeline, Image(pixels=read_grey(film.path), view=film.view or None))
        for film in dev
    ]
    ours = labels_of([one.draft for one in results], concepts)
    blank = draft_of(pipeline, Image(pixels=np.full((512, 512), 0.5, np.float32)))
    grey = labels_of([blank.draft], concepts)
    seeing = floors(train, dev, concepts, encoder, options.cache)
    rng = np.random.default_rng(SEED)
    orders = [other_patients(patients, rng) for _ in range(SHUFFLES)]
    truth, weights = truth_of(dev, concepts), resampled(patients, options.draws)
    tables = {}
    for name, said, field in (
        ("stated or possible", ours.possible, grey.possible),
        ("stated", ours.stated, grey.stated),
    ):
        rows = seeing | {
            "blank image": [np.tile(field, (len(dev), 1))],
            "shuffled": [said[order] for order in orders],
        }
        tables[name] = compare(truth, said, rows, weights)
        show(name, tables[name])
    each = {
        concept: round(scores(counts(truth, ours.possible)[:, [k]].sum(axis=0))[0], 4)
        for k, concept in enumerate(concepts)
    }
    drafts = sentences_of(results)
    print("\nF1 by finding, stated or possible:", each)
    print("Drafts:", drafts)
    if not options.no_record:
        append(
            "drafts",
            {
                "weights": encoder.name,
                "n": len(dev),
                "patients": len(set(patients)),
                "value": tables["stated or possible"][0]["macro"],
                "interval": tables["stated or possible"][0]["macro_interval"],
                "readings": tables,
                "findings": each,
                "drafts": drafts,
            },
        )


if __name__ == "__main__":
    main()
