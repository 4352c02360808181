"""Can a finding that has no boxes be found where the picture shows others?

    python benchmarks/left_out.py --data ../shared/data/cxr [--results]

Each finding with drawn boxes is left out in turn: its boxes are not counted, the network's word on
it is not heard, and its sentence ("Nodule in the left mid zone.") is grounded by what is left. The
heart is not left out, for its box is the outline; its candidates count for others. Every way is
measured twice: *alone*, and *kin*, where the other names of the same shadow (opacity, infiltrate,
pneumonia; nodule, mass) are left out with it. A finding that the network never had is like the
second rather than the first; and even there the network's patches have learned from its boxes.

Ways: the zone that the words name; a box of all other findings' usual place and size there; what
`radnlp.link` does (the candidates of all others, weighted by odds and zone); the same weighted by
how near the text encoder places the findings' names (*concepts*), sentences (*sentence*), or
descriptions of how they look (*look*), at the sharpness that is best for the other findings; the
one other finding that is best in hindsight; a projection of phrase and patches into one space,
learned from the boxes of films that the network learned from, with the phrase and without it.

Films that are turned away are left aside. The others are of train patients that were held out of
the network's training (where the ways took their form), and dev (read once). Intervals are 95 %
bootstrap intervals over patients, *gain* is over the zone; *macro*
gives every finding the same weight.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from grounding import MEASURES, SEED, given_by, score, sentence_of
from left_out_ways import (
    LEFT_OUT,
    Asked,
    Out,
    Seen,
    Way,
    Ways,
    alone,
    asked_of,
    kin,
    learned_way,
    see,
)
from radnlp.link.usual import load_usual
from radnlp.schema import Box, Image
from radnlp.train.cache import read_grey
from radnlp.train.films import BOXED, read_films
from results import append

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHARPNESS = (0.03, 0.1, 0.3)


def through_pipeline(ways: Ways, asked: Asked, out: Out) -> Box:
    """What the whole pipeline gives, as if the network and the table did not know the finding."""
    drawn, one = asked
    side = drawn.label.partition("_")[0]
    reading = one.reading
    blind = replace(
        reading,
        candidates=tuple(other for other in reading.candidates if other.concept not in out),
        findings=tuple(other for other in reading.findings if other.concept not in out),
        heatmaps=tuple(other for other in reading.heatmaps if other.concept not in out),
        regions=tuple(other for other in reading.regions if other.label not in out),
    )
    image = Image(pixels=read_grey(one.film.path))
    with patch("radnlp.link.match.load_usual", lambda: ways.usual.without(out)):
        box, _, _ = given_by(sentence_of(drawn.concept, side, drawn.zone), image, blind)
    return box or drawn.named


Scores: TypeAlias = NDArray[np.float64]


def scores_of(way: Way, asked: Sequence[Asked], left_out: Callable[[str], Out]) -> Scores:
    """Return the measures of a way, shape (n, 4)."""
    rows = []
    for one in asked:
        whole = Box(0, 0, *one.seen.size)
        box = way(one, left_out(one.drawn.concept)).intersection(whole)
        rows.append(score(box, list(one.drawn.alike)))
    return np.array(rows)


def chosen(
    tables: Sequence[Scores], judged: Sequence[Scores], concepts: NDArray[np.str_],
    judges: NDArray[np.str_], *, hindsight: bool = False,
) -> Scores:  # fmt: skip
    """For each finding take the table that is best for the others, or in hindsight for itself.

    Args:
        tables: Of one way with different settings.
        judged: The same on the films where the setting is chosen.
        concepts: Of the rows of ``tables``.
        judges: Of the rows of ``judged``.
        hindsight: Choose by the finding itself.
    """
    result = np.zeros_like(tables[0])
    for concept in LEFT_OUT:
        others = [
            one for one in LEFT_OUT if (one == concept) == hindsight and (judges == one).any()
        ]
        worth = [
            np.mean([table[judges == one][:, [1, 3]].sum(1).mean() for one in others])
            for table in judged
        ]
        mine = concepts == concept
        result[mine] = tables[int(np.argmax(worth))][mine]
    return result


def summary(
    table: dict[str, Scores], concepts: NDArray[np.str_], patients: NDArray[np.str_], draws: int
) -> dict[str, Any]:
    """Return every way's measures and its gain over the zone, with intervals."""
    owners, which = np.unique(patients, return_inverse=True)
    random = np.random.default_rng(SEED)
    times = [np.bincount(random.integers(len(owners), size=len(owners)), minlength=len(owners))
             for _ in range(draws)]  # fmt: skip
    weight = np.array(times)[:, which].astype(float)
    parts = {"all": np.ones(len(concepts), bool)} | {one: concepts == one for one in LEFT_OUT}

    def means(values: Scores, part: NDArray[np.bool_]) -> Scores:
        total = weight[:, part].sum(1, keepdims=True)
        return np.where(total > 0, weight[:, part] @ values[part] / np.maximum(total, 1), np.nan)

    rows: dict[str, Any] = {}
    for name, values in table.items():
        gain = values - table["zone"]
        drawn = {
            "value": means(values, parts["all"]),
            "gain": means(gain, parts["all"]),
            "macro": np.nanmean([means(values, parts[one]) for one in LEFT_OUT], axis=0),
            "macro_gain": np.nanmean([means(gain, parts[one]) for one in LEFT_OUT], axis=0),
        }
        if name != "others":
            drawn["behind_others"] = means(table["others"] - values, parts["all"])
        rows[name] = {
            kind: {
                measure: [round(float(x), 4) for x in (one[:, m].mean(), *_edges(one[:, m]))]
                for m, measure in enumerate(MEASURES)
            }
            for kind, one in drawn.items()
        }
        rows[name]["by_finding"] = {
            one: [round(float(x), 3) for x in values[parts[one]].mean(0)]
            for one in LEFT_OUT
            if parts[one].any()
        }
    return {"n": len(concepts), "patients": len(owners), "ways": rows}


def _edges(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return float(low), float(high)


def measured(
    ways: Ways, learned: Sequence[Seen], splits: dict[str, list[Asked]],
    left_out: Callable[[str], Out], draws: int,
) -> dict[str, Any]:  # fmt: skip
    """Return the table of each split for one manner of leaving out."""
    fixed: dict[str, Way] = {
        "zone": ways.zone,
        "usual box of the others": ways.usual_box,
        "centre box": ways.centre,
        "others": ways.others,
        "pipeline": partial(through_pipeline, ways),
    }
    for name, phrase in (("projection", True), ("projection without words", False)):
        sets = {left_out(one) for one in LEFT_OUT}
        maps = {out: learned_way(learned, out, ways, phrase=phrase) for out in sets}
        fixed[name] = lambda asked, out, maps=maps: maps[out](asked, out)
        print("learned", name, flush=True)
    tuned: dict[str, list[Way]] = {
        f"others by {kind}": [partial(ways.near_by, kind, sharpness) for sharpness in SHARPNESS]
        for kind in ways.near
    }
    single = [partial(ways.only, one) for one in BOXED]
    concepts = {
        split: np.array([one.drawn.concept for one in asked]) for split, asked in splits.items()
    }
    tried = {
        (split, name): [scores_of(way, asked, left_out) for way in settings]
        for split, asked in splits.items()
        for name, settings in (tuned | {"hindsight": single}).items()
    }
    result = {}
    for split, asked in splits.items():
        table = {name: scores_of(way, asked, left_out) for name, way in fixed.items()}
        mine = concepts[split]
        for name in tuned:
            judged = tried["held out", name]
            table[name] = chosen(tried[split, name], judged, mine, concepts["held out"])
        same = tried[split, "hindsight"]
        table["best other in hindsight"] = chosen(same, same, mine, mine, hindsight=True)
        patients = np.array([one.drawn.patient for one in asked])
        result[split] = summary(table, mine, patients, draws)
    return result


def main() -> None:
    """Print the tables and append them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--dev", action="store_true", help="measure on dev too")
    parser.add_argument("--results", action="store_true", help="append to results.jsonl")
    given = parser.parse_args()
    films = [one for one in read_films(given.data) if one.boxes]
    train = see([one for one in films if one.split == "train"])
    learned = [one for one in train if one.drawn and not one.drawn[0].held_out]
    splits = {"held out": asked_of([one for one in train if one not in learned])}
    if given.dev:
        splits["dev"] = asked_of(see([one for one in films if one.split == "dev"]))
    ways = Ways(learned, prior_weight=load_usual().prior_weight)
    table = {}
    for name, left_out in (("alone", alone), ("kin", kin)):
        table[name] = measured(ways, learned, splits, left_out, given.draws)
        for split, one in table[name].items():
            print(
                f"{name}, {split} (n={one['n']}, {one['patients']} patients)", ", ".join(MEASURES)
            )
            for way, row in one["ways"].items():
                for kind in ("value", "gain", "macro", "macro_gain", "behind_others"):
                    cells = (
                        f"{x:+.3f} [{y:+.3f}, {z:+.3f}]" for x, y, z in row.get(kind, {}).values()
                    )
                    print(f"   {way:26} {kind:13}", "  ".join(cells))
    if given.results:
        append(
            "grounding of findings that are left out in turn",
            {"weights": load_usual().weights} | table,
        )


if __name__ == "__main__":
    main()
