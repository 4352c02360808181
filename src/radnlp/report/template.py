"""Statements → sentences, from the templates of `phrases.toml`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from radnlp.report.phrases import load_phrases
from radnlp.report.plan import Claim
from radnlp.schema import DraftSection, Provenance, Sentence
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.report.plan import Statement


def findings_of(statements: Sequence[Statement]) -> Iterator[Sentence]:
    """Yield one sentence per positive statement, and one per group for all that is denied.

    Args:
        statements: In the reader's order.
    """
    phrases = load_phrases()
    for _, group in groupby(statements, key=lambda one: phrases.group(one.concept)):
        denied = []
        for statement in group:
            if statement.claim == Claim.ABSENT:
                denied.append(statement)
            else:
                yield _positive(statement, DraftSection.FINDINGS)
        yield from _negative(denied)


def impression_of(statements: Sequence[Statement]) -> Iterator[Sentence]:
    """Yield the positive statements again, those stated outright first, then by urgency."""
    phrases = load_phrases()
    positive = [one for one in statements if one.claim != Claim.ABSENT]
    positive.sort(key=lambda one: (one.claim != Claim.PRESENT, phrases.rank(one.concept)))
    for statement in positive:
        if not statement.device:
            yield _positive(statement, DraftSection.IMPRESSION)


def nothing_seen(finding_ids: Sequence[str]) -> Sentence:
    """Return the impression of a film on which no judged finding is likely."""
    text = load_phrases().sentences["nothing"].format(count=len(finding_ids))
    return _sentence(text, DraftSection.IMPRESSION, tuple(finding_ids), "nothing")


def _positive(statement: Statement, section: DraftSection) -> Sentence:
    phrases = load_phrases()
    words = (
        statement.severity,
        statement.side,
        phrases.places.get(statement.place or ""),
        phrases.name(statement.concept),
    )
    rule = "possible" if statement.claim == Claim.POSSIBLE else "present"
    if statement.device and statement.claim == Claim.PRESENT:
        rule = "device"
    text = phrases.sentences[rule].format(phrase=" ".join(word for word in words if word))
    return _sentence(text, section, statement.evidence, rule)


def _negative(statements: Sequence[Statement]) -> Iterator[Sentence]:
    phrases = load_phrases()
    plain = [one for one in statements if one.concept not in phrases.absent]
    if plain:
        names = [phrases.name(one.concept) for one in plain]
        text = phrases.sentences["absent"].format(phrases=_either(names))
        evidence = tuple(dict.fromkeys(id for one in plain for id in one.evidence))
        yield _sentence(text, DraftSection.FINDINGS, evidence, "absent")
    for statement in statements:
        if statement not in plain:
            text = phrases.absent[statement.concept]
            yield _sentence(text, DraftSection.FINDINGS, statement.evidence, "absent")


def _sentence(text: str, section: DraftSection, evidence: tuple[str, ...], rule: str) -> Sentence:
    return Sentence(
        text=text[:1].upper() + text[1:],
        section=section,
        evidence=evidence,
        provenance=made_by(rule),
    )


def made_by(rule: str | None = None) -> Provenance:
    """Return the report stage's provenance."""
    return Provenance(producer="radnlp.report.template", version=__version__, rule=rule)


def _either(names: Sequence[str]) -> str:
    """Join names as American English does: "a", "a or b", "a, b, or c"."""
    if len(names) < 3:
        return " or ".join(names)
    return f"{', '.join(names[:-1])}, or {names[-1]}"


__all__ = ["findings_of", "impression_of", "made_by", "nothing_seen"]
