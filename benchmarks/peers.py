"""How do peers read the same reports? Reports/s on one core, and the hard set's assertions.

    python benchmarks/peers.py --data ../shared/data/openi_dev [--envs FOLDER] [--rules FILE]

Each peer is installed from PyPI into an environment of its own under ``--envs`` (a temporary
folder if not given) and run by peer_worker.py there; radnlp runs the same way in this environment.
One process at a time, pinned to one core. After 200 reports to warm up, each pass reads 200 others,
and no two reports have the same text, so that a system which remembers what it has read has no use
of it; the rate is the median over the passes. "again" is the rate of a pass read a second time.

What each is given. Speed: the same reports, spread over the collection; peers that bring no
lexicon get a modest list, up to four names of each finding and device that the public contract
names. Assertions: such peers get the gold's own words as their lexicon, so nothing is lost in
finding a mention and only what they say of it is measured; a mention counts as right if the one
with the largest overlap says the same. radnlp gets no words and must find the right concept too.
pyConTextNLP's wheel brings no rules: ``--rules`` takes the table of modifiers that its authors
publish beside its code (KB/lexical_kb_05042016.tsv); without it, it can only say "present".
What a peer has no word for (uncertain, hypothetical) counts as wrong, and the table says how many.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from pathlib import Path
from typing import Any

from hard_set import SENTENCES, Gold, Sentence, read, score
from radnlp.schema.entity import Assertion
from radnlp.vocabulary import load_vocabulary
from results import append
from text_quality import text_of

WORKER = Path(__file__).with_name("peer_worker.py")
PACKAGES = ("negspacy", "medspacy", "pyConTextNLP", "radreport")
NEEDS_LEXICON = ("negspacy", "medspacy", "pyConTextNLP")
SAYS = {
    "negspacy": "present absent",
    "medspacy": "present absent uncertain hypothetical",
    "pyConTextNLP": "present absent uncertain hypothetical",
    "radreport": "present absent",
}
REPORTS = 200
NAMES = 4
CONTRACT = """
opacity consolidation infiltrate airspace_disease ground_glass_opacity pneumonia aspiration
atelectasis edema vascular_congestion interstitial_disease fibrosis scarring nodule mass malignancy
metastasis granuloma granulomatous_disease calcification cavity cyst abscess tuberculosis emphysema
copd hyperinflation low_lung_volumes bronchiectasis bronchial_wall_thickening pleural_effusion
pleural_thickening pleural_plaque pneumothorax hydropneumothorax hemothorax empyema
costophrenic_blunting cardiomegaly pericardial_effusion enlarged_cardiomediastinum heart_failure
lymphadenopathy hilar_enlargement tortuous_aorta aortic_aneurysm atherosclerosis pneumomediastinum
hiatal_hernia mediastinal_shift pulmonary_embolism pulmonary_hypertension fracture rib_fracture
degenerative_change osteophyte osteopenia scoliosis kyphosis lytic_lesion sclerotic_lesion
dislocation subcutaneous_emphysema free_air diaphragm_elevation surgical_change foreign_body
endotracheal_tube central_venous_catheter picc port nasogastric_tube feeding_tube chest_tube
pacemaker defibrillator tracheostomy sternotomy_wires surgical_clips
"""


def modest_list() -> list[list[str]]:
    """Return names of the contract's findings and devices, singular and regular plural."""
    vocabulary = load_vocabulary()
    chosen = [vocabulary.get(id).terms[:NAMES] for id in CONTRACT.split()]
    return [[*names, *(f"{name}s" for name in names if name[-1] not in "sxyh")] for names in chosen]


def passes(folder: Path, repeats: int) -> list[list[str]]:
    """Return 200 reports to warm up and 200 for each pass, no text twice, spread over all."""
    with (folder / "reports.jsonl").open(encoding="utf-8") as lines:
        texts = list(dict.fromkeys(text for line in lines if (text := text_of(json.loads(line)))))
    step = repeats + 1
    if len(texts) < REPORTS * step:
        raise SystemExit(f"{len(texts)} reports with texts of their own; {step} × {REPORTS} needed")
    return [texts[start::step][:REPORTS] for start in range(step)]


def interpreter(package: str, envs: Path) -> Path:
    """Return the Python of a peer's own environment, made if it is not there yet.

    Raises:
        CalledProcessError: The package cannot be installed.
    """
    home = envs / package.lower()
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", package]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return python


def run(name: str, python: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Run a peer on the job.

    Raises:
        CalledProcessError: The peer fails.
    """
    command = [str(python), "-W", "ignore", str(WORKER), name]
    done = subprocess.run(
        command, input=json.dumps(job), check=True, capture_output=True, text=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def best(gold: Gold, claims: list[list[Any]]) -> str | None:
    """Return the assertion of the claim that shares most with a gold mention."""
    shared = [(min(gold.end, end) - max(gold.start, start), said) for start, end, said in claims]
    size, said = max(shared, default=(0, None), key=lambda pair: pair[0])
    return said if size > 0 else None


def judge(says: str, sentences: list[Sentence], answer: dict[str, Any]) -> dict[str, Any]:
    """Count a peer's claims against the gold."""
    right, counts = Counter[str](), Counter[str]()
    for sentence, claims in zip(sentences, answer["claims"], strict=True):
        for gold in sentence.gold:
            wanted = gold.said["assertion"]
            said = best(gold, claims)
            counts["n"] += 1
            counts["found"] += said is not None
            counts["cannot_say"] += wanted not in says.split()
            counts["right"] += said == wanted
            right[wanted] += said == wanted
    return {**counts, "by_assertion": {kind: right[kind] for kind in Assertion}}


def judge_radnlp(sentences: list[Sentence]) -> dict[str, Any]:
    """Count radnlp's claims against the gold, concept included."""
    tally = score(sentences, show_wrong=False)["part"]["tune"]
    return {"n": tally.gold, "found": tally.found, "cannot_say": 0, "right": tally.right}


def measured(answer: dict[str, Any], judged: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table."""
    return {
        "version": answer["version"],
        "reports_per_second": round(statistics.median(answer["clock"]), 1),
        "range": [round(min(answer["clock"]), 1), round(max(answer["clock"]), 1)],
        "per_processor_second": round(statistics.median(answer["processor"]), 1),
        "again": round(statistics.median(answer["clock_again"]), 1),
        "peak_mib": round(answer["peak_mib"]),
        "assertions": judged,
    }


def reason(fault: subprocess.CalledProcessError) -> str:
    """Return the last line that a failed process left."""
    said = (fault.stderr or fault.stdout or "no message").strip().splitlines()
    return said[-1][:200]


def measure(job: dict[str, Any], sentences: list[Sentence], envs: Path) -> dict[str, Any]:
    """Return a row for radnlp and for each peer, or why there is none."""
    answer = run("radnlp", Path(sys.executable), job)
    rows: dict[str, Any] = {"radnlp": measured(answer, judge_radnlp(sentences))}
    for name in PACKAGES:
        print(f"{name} …", file=sys.stderr)
        try:
            answer = run(name, interpreter(name, envs), job)
        except subprocess.CalledProcessError as fault:
            step = "install" if "pip" in fault.cmd else "run"
            rows[name] = {"not_measured": f"{step} failed: {reason(fault)}"}
        else:
            without_rules = name == "pyConTextNLP" and not job["rules"]
            says = "present" if without_rules else SAYS[name]
            rows[name] = measured(answer, judge(says, sentences, answer))
    return rows


def tell(rows: dict[str, Any], *, rules: bool) -> None:
    """Print the table and what must be known to read it."""
    head = f"{'reports/s':>10} {'range':>17} {'per cpu s':>10} {'again':>7} {'MiB':>5}"
    print(f"{'system':22} {head} {'right':>6} {'gold':>5} {'found':>6} {'cannot say':>11}")
    for name, row in rows.items():
        if "not_measured" in row:
            print(f"{name:22} not measured: {row['not_measured']}")
            continue
        said = row["assertions"]
        low, high = row["range"]
        print(
            f"{name + ' ' + row['version']:22} {row['reports_per_second']:10.1f} "
            f"{f'{low:.0f} to {high:.0f}':>17} {row['per_processor_second']:10.1f} "
            f"{row['again']:7.0f} {row['peak_mib']:5} {said['right']:6} {said['n']:5} "
            f"{said['found']:6} {said['cannot_say']:11}"
        )
    print("given the gold's own words as a lexicon:", ", ".join(NEEDS_LEXICON))
    print("cannot say: gold assertions that the peer has no word for; they count as wrong")
    if not rules:
        print("pyConTextNLP ran without modifiers: its wheel brings none and --rules was not given")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the Open-i data")
    parser.add_argument("--envs", type=Path, help="folder for the peers' environments")
    parser.add_argument("--rules", type=Path, help="pyConTextNLP's table of modifiers")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--results", action="store_true", help="append to results.jsonl")
    given = parser.parse_args()
    sentences = [sentence for sentence in read(SENTENCES) if sentence.part == "tune"]
    words = sorted({gold.said["text"].lower() for one in sentences for gold in one.gold})
    names = modest_list()
    job = {
        "passes": passes(given.data, given.repeats),
        "report_terms": names,
        "sentences": [sentence.text for sentence in sentences],
        "sentence_terms": [[word] for word in words],
        "rules": str(given.rules.resolve()) if given.rules else None,
    }
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(job, sentences, given.envs or Path(folder))
    tell(rows, rules=given.rules is not None)
    payload = {
        "n": REPORTS * given.repeats,
        "terms": sum(len(each) for each in names),
        "systems": rows,
    }
    print(json.dumps({"benchmark": "peers", **payload}))
    if given.results:
        append("reports/s and assertions right, beside the peers", payload)


if __name__ == "__main__":
    main()
