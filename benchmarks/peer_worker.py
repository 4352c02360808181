"""Runs one peer inside the peer's own environment: reads a job, prints what it says and how fast.

Started by peers.py, which explains the job. Needs the standard library and that one peer; knows
nothing of radnlp. Each ``read_with_…`` returns a function from a text to (start, end, assertion)
triples, set up as the peer's own documentation does.

    python peer_worker.py NAME < job.json > answer.json
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["PEERS", "main"]

Claim = tuple[int, int, str]
Reader = Callable[[str], list[Claim]]
Terms = list[list[str]]
"""Names, one list for each thing named."""


def read_with_negspacy(terms: Terms, _: str | None) -> Reader:
    import negspacy.negation  # noqa: F401 - registers the component
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler: Any = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": "FINDING", "pattern": name} for names in terms for name in names])
    nlp.add_pipe("negex", config={"ent_types": ["FINDING"]})

    def read(text: str) -> list[Claim]:
        return [
            (entity.start_char, entity.end_char, "absent" if entity._.negex else "present")
            for entity in nlp(text).ents
        ]

    return read


def read_with_medspacy(terms: Terms, _: str | None) -> Reader:
    import medspacy
    from loguru import logger
    from medspacy.ner import TargetRule

    logger.remove()
    nlp = medspacy.load()
    matcher = nlp.get_pipe("medspacy_target_matcher")
    matcher.add([TargetRule(name, "FINDING") for names in terms for name in names])

    def said(entity: Any) -> str:
        if entity._.is_negated:
            return "absent"
        if entity._.is_hypothetical:
            return "hypothetical"
        return "uncertain" if entity._.is_uncertain else "present"

    def read(text: str) -> list[Claim]:
        return [(one.start_char, one.end_char, said(one)) for one in nlp(text).ents]

    return read


CONTEXT_SAYS = (
    ("absent", ("definite_negated_existence", "probable_negated_existence")),
    ("hypothetical", ("indication", "hypothetical", "future")),
    ("uncertain", ("ambivalent_existence", "probable_existence")),
)


def read_with_pycontext(terms: Terms, rules: str | None) -> Reader:
    from pyConTextNLP.ConTextMarkup import ConTextMarkup
    from pyConTextNLP.helpers import sentenceSplitter
    from pyConTextNLP.itemData import contextItem, instantiateFromCSVtoitemData

    modifiers = instantiateFromCSVtoitemData(rules) if rules else []
    patterns = ["|".join(map(re.escape, sorted(names, key=len, reverse=True))) for names in terms]
    targets = [contextItem((each, "FINDING", rf"\b({each})\b", "")) for each in patterns]
    splitter = sentenceSplitter()

    def marked(sentence: str) -> Any:
        markup = ConTextMarkup()
        markup.setRawText(sentence)
        markup.cleanText()
        markup.markItems(modifiers, mode="modifier")
        markup.markItems(targets, mode="target")
        markup.pruneMarks()
        markup.dropMarks("Exclusion")
        markup.applyModifiers()
        markup.pruneSelfModifyingRelationships()
        markup.dropInactiveModifiers()
        return markup

    def said(markup: Any, target: Any) -> str:
        categories = {name for by in markup.predecessors(target) for name in by.getCategory()}
        return next((word for word, by in CONTEXT_SAYS if categories & set(by)), "present")

    def claims(text: str) -> Iterator[Claim]:
        after = 0
        whole = text.lower()
        for sentence in splitter.splitSentences(whole):
            start = max(after, whole.find(sentence.split()[0], after))
            markup = marked(sentence)
            for target in markup.getMarkedTargets():
                first, last = target.getSpan()
                yield start + first, start + last, said(markup, target)
            after = min(start + len(sentence), len(whole))

    return lambda text: list(claims(text))


def read_with_radreport(_: Terms, __: str | None) -> Reader:
    from radreport import CriticalFindingsDetector, RecommendationExtractor, ReportParser

    parser, detector = ReportParser(), CriticalFindingsDetector()
    extractor = RecommendationExtractor()

    def read(text: str) -> list[Claim]:
        report = extractor.extract(detector.detect(parser.parse(text)))
        return [
            (place.start(), place.end(), "absent" if finding.negated else "present")
            for finding in report.critical_findings
            for place in re.finditer(rf"\b{re.escape(finding.term)}\b", text, re.IGNORECASE)
        ]

    return read


def read_with_radnlp(_: Terms, __: str | None) -> Reader:
    from radnlp import analyze

    def read(text: str) -> list[Claim]:
        return [
            (entity.span.start, entity.span.end, str(entity.assertion))
            for entity in analyze(report=text).entities
            if entity.kind in ("finding", "device")
        ]

    return read


PEERS: dict[str, Callable[[Terms, str | None], Reader]] = {
    "radnlp": read_with_radnlp,
    "negspacy": read_with_negspacy,
    "medspacy": read_with_medspacy,
    "pyConTextNLP": read_with_pycontext,
    "radreport": read_with_radreport,
}


def rates(read: Reader, passes: list[list[str]]) -> tuple[list[float], list[float]]:
    """Return texts per second of each pass, by the clock and by processor time."""
    clock, processor = [], []
    for texts in passes:
        began, used = time.perf_counter(), time.process_time()
        for text in texts:
            read(text)
        clock.append(len(texts) / (time.perf_counter() - began))
        processor.append(len(texts) / (time.process_time() - used))
    return clock, processor


def peak_mib() -> float:
    """Return this process's own peak; what the kernel hands over from the parent does not count."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if peak:
            return int(peak[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    name = sys.argv[1]
    job = json.load(sys.stdin)
    answer: dict[str, Any] = {"version": version(name)}
    build = PEERS[name]
    reader = build(job["report_terms"], job["rules"])
    warm_up, *passes = job["passes"]
    rates(reader, [warm_up])
    answer["clock"], answer["processor"] = rates(reader, passes)
    answer["clock_again"], _ = rates(reader, passes[-1:])
    answer["peak_mib"] = peak_mib()
    reader = build(job["sentence_terms"], job["rules"])
    answer["claims"] = [reader(text) for text in job["sentences"]]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
