"""Does the decoder say what its plan holds, and does it look at the image?

    python benchmarks/writer.py --data ../shared/data/cxr [--statements 500] [--results]

*faithful*: made statements about anything in the vocabulary, put into words and read back by the
text stage; right if every finding named is the plan's (or broader or narrower), claimed as the plan
claims it, and every concept of the plan is named. Terms of training and of this test are the same.

*looks*: boxes of NIH dev films whose plan leaves the place out. Share of sentences that name the
side, and side and zone, of the box: with the film's patches, with those of another film of the set
(shuffled), with a blank grey image, and the commonest place of the train boxes. Only a test of
whether the image is used: in a draft the decoder is never asked to guess a place.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from radnlp.io import read_image
from radnlp.nets.writer import load_writer, plan_text, write
from radnlp.schema import EntityKind, Report
from radnlp.text import RuleText
from radnlp.train.films import read_films
from radnlp.train.statements import made_statement
from radnlp.train.writer import seen_boxes
from radnlp.vision.encoder import Encoder
from radnlp.vocabulary import load_vocabulary
from results import append

BOOTSTRAP = 1_000
CLAIMS = {"possible": "uncertain", "absent": "absent", "gone": "absent"}


def interval(right: list[bool]) -> list[float]:
    """Return a share and its 95 % bootstrap interval."""
    draw = np.random.default_rng(0)
    values = np.array(right, float)
    shares = draw.choice(values, (BOOTSTRAP, len(values))).mean(axis=1)
    low, high = np.quantile(shares, (0.025, 0.975))
    return [round(float(value), 4) for value in (values.mean(), low, high)]


def faithful(count: int) -> dict[str, object]:
    """Return the share of statements that are read back as their plan holds them."""
    loaded, rules, vocabulary = load_writer(), RuleText(), load_vocabulary()
    draw = random.Random(71)
    plans = [made_statement(draw).plan for _ in range(count)]
    begun = time.perf_counter()
    texts = [one for n in range(0, count, 8) for one in write(loaded, plans[n : n + 8])]
    seconds = time.perf_counter() - begun
    right = []
    for plan, text in zip(plans, texts, strict=True):
        fields = [field.split(" ", 1) for field in plan.split(" ; ")]
        names = [vocabulary.find(value) for key, value in fields if key == "name"]
        claim = next(value for key, value in fields if key == "claim")
        said = [
            one
            for one in rules(Report(text=text, language="en")).entities
            if one.kind in (EntityKind.FINDING, EntityKind.DEVICE)
        ]
        kin = [
            [
                vocabulary.is_a(one.concept, name.id) or vocabulary.is_a(name.id, one.concept)
                for name in names
                if name
            ]
            for one in said
        ]
        right.append(
            all(any(row) for row in kin)
            and bool(kin)
            and all(any(column) for column in zip(*kin, strict=True))
            and all(str(one.assertion) == CLAIMS.get(claim, "present") for one in said)
            and all(value in text.lower() for key, value in fields if key in ("side", "extent"))
        )
    return {
        "n": count,
        "value": interval(right),
        "milliseconds each, in batches of 8": round(1000 * seconds / count, 1),
    }


def looks(folder: Path) -> dict[str, object]:
    """Return how often side and zone of a box are said when the plan does not hold them."""
    loaded, encoder = load_writer(), Encoder("vision-lite0")
    films = [film for film in read_films(folder) if film.pool == "nih" and film.boxes]
    train = [one for film in films if film.split == "train" for one in seen_boxes(film, 0)]
    boxes, patches = [], []
    for film in films:
        if film.split == "dev" and (here := seen_boxes(film, len(patches))):
            layout = encoder(np.asarray(read_image(film.path).pixels, np.float32)).layout
            patches.append(layout.reshape(layout.shape[0], -1).T)
            boxes += here
    shown = torch.from_numpy(np.stack(patches))
    blank = encoder(np.full((512, 512), 0.5, np.float32)).layout
    grey = torch.from_numpy(blank.reshape(blank.shape[0], -1).T)
    order = np.random.default_rng(3).permutation(len(patches))
    plans = [
        plan_text(style="prose", claim="present", names=[load_vocabulary().get(one.concept).name])
        for one in boxes
    ]
    rows = {
        "own film": shown[[one.row for one in boxes]],
        "another film": shown[[int(order[one.row]) for one in boxes]],
        "grey image": grey[None].expand(len(boxes), -1, -1),
    }
    table: dict[str, object] = {"n": len(boxes)}
    for name, seen in rows.items():
        texts = [
            text
            for n in range(0, len(plans), 16)
            for text in write(loaded, plans[n : n + 16], seen[n : n + 16].contiguous())
        ]
        side = [one.side in text.lower() for one, text in zip(boxes, texts, strict=True)]
        both = [
            right and one.place in text.lower()
            for right, one, text in zip(side, boxes, texts, strict=True)
        ]
        table[name] = {"side": interval(side), "side and zone": interval(both)}
    usual = Counter((one.side, one.place) for one in train).most_common(1)[0][0]
    sides = Counter(one.side for one in train).most_common(1)[0][0]
    table["commonest of train"] = {
        "side": interval([one.side == sides for one in boxes]),
        "side and zone": interval([(one.side, one.place) == usual for one in boxes]),
    }
    return table


def main() -> None:
    """Print both and append them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--statements", type=int, default=500)
    parser.add_argument("--results", action="store_true", help="append to results.jsonl")
    given = parser.parse_args()
    table = {"faithful": faithful(given.statements), "looks": looks(given.data)}
    print(table)
    if given.results:
        append("decoder: says its plan, and looks at the image", table)


if __name__ == "__main__":
    main()
