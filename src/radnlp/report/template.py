"""Statements → sentences, from the templates of `phrases.toml`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from radnlp.report.phrases import load_phrases
from radnlp.report.statement import Claim, Statement
from radnlp.report.style import Style
from radnlp.schema import Change, DraftSection, Provenance, Sentence
from radnlp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from radnlp.schema import ImageFinding

_CHANGES = {
    Change.NEW: "new",
    Change.STABLE: "again",
    Change.WORSE: "worse",
    Change.IMPROVED: "improved",
    Change.RESOLVED: "gone",
}
_DEFAULT = Style()


class Written(NamedTuple):
    """A sentence and the statements that it says."""

    sentence: Sentence
    says: tuple[Statement, ...]


def findings_of(statements: Sequence[Statement], style: Style = _DEFAULT) -> Iterator[Written]:
    """Yield one sentence per statement, but one per group for all that is plainly denied.

    Args:
        statements: In the reader's order.
        style: Which templates speak.
    """
    phrases = load_phrases()
    for _, group in groupby(statements, key=lambda one: phrases.group(one.concept)):
        denied = []
        for statement in group:
            if statement.claim == Claim.ABSENT and statement.change is None and not statement.side:
                denied.append(statement)
            else:
                yield said(statement, DraftSection.FINDINGS, style)
        yield from _negative(denied, style)


def impression_of(statements: Sequence[Statement], style: Style = _DEFAULT) -> Iterator[Written]:
    """Yield the positive statements again: critical ones first, then by urgency, the sure first.

    Devices are left out unless they are misplaced. ``style.impression_length`` cuts the rest off
    but never a critical one.
    """
    phrases = load_phrases()
    positive = [one for one in statements if one.positive and (one.critical or not one.device)]
    positive.sort(
        key=lambda one: (
            one.critical is None,
            phrases.rank(one.concept),
            one.claim != Claim.PRESENT,
        )
    )
    most = len(positive) if style.impression_length is None else style.impression_length
    for number, statement in enumerate(positive):
        if number < most or statement.critical:
            yield said(statement, DraftSection.IMPRESSION, style)


def nothing_seen(judged: Sequence[ImageFinding], style: Style = _DEFAULT) -> Sentence:
    """Return the impression of films on which no judged finding is likely."""
    count = len({one.concept for one in judged})
    text = load_phrases().sentences[style.form]["nothing"].format(count=count)
    evidence = tuple(one.id for one in judged)
    return _sentence(text, DraftSection.IMPRESSION, evidence, "nothing")


def said(statement: Statement, section: DraftSection, style: Style = _DEFAULT) -> Written:
    """Return the sentence for one statement."""
    phrases = load_phrases()
    place = None if statement.device else phrases.places.get(statement.place or "")
    beside = statement.side if not statement.misplaced else None
    words = (statement.severity, beside, place, statement.name)
    there = (statement.side, phrases.misplaced.get(statement.place or ""))
    rule = _rule(statement)
    if rule == "absent":
        phrase = " ".join(word for word in words if word)
        text = phrases.sentences[style.form][rule].format(phrases=phrase)
    else:
        text = phrases.sentences[style.form][rule].format(
            phrase=" ".join(word for word in words if word),
            place=" ".join(word for word in there if word),
            be="are" if statement.concept in phrases.plural else "is",
            value="" if statement.value is None else f"{statement.value:.2f}",
        )
    sentence = _sentence(text, section, statement.evidence, rule, statement)
    return Written(sentence, (statement,))


def _rule(statement: Statement) -> str:
    """Return the name of the template for a statement."""
    if statement.claim == Claim.MEASURED:
        view = (statement.view or "").lower()
        return f"ratio_{view}" if view in ("pa", "ap") else "ratio"
    possible = statement.claim == Claim.POSSIBLE
    if statement.misplaced:
        return "misplaced_possible" if possible else "misplaced"
    if statement.change is not None:
        return "unchanged" if statement.same_extent else _CHANGES[statement.change]
    if statement.device and not possible:
        return "device"
    return str(statement.claim)


def _negative(statements: Sequence[Statement], style: Style) -> Iterator[Written]:
    phrases = load_phrases()
    plain = tuple(one for one in statements if one.concept not in phrases.absent)
    if plain:
        names = [phrases.name(one.concept) for one in plain]
        text = phrases.sentences[style.form]["absent"].format(phrases=either(names))
        evidence = tuple(dict.fromkeys(id for one in plain for id in one.evidence))
        yield Written(_sentence(text, DraftSection.FINDINGS, evidence, "absent"), plain)
    for statement in statements:
        if statement not in plain:
            text = phrases.absent[statement.concept]
            sentence = _sentence(text, DraftSection.FINDINGS, statement.evidence, "absent")
            yield Written(sentence, (statement,))


def _sentence(
    text: str,
    section: DraftSection,
    evidence: tuple[str, ...],
    rule: str,
    statement: Statement | None = None,
) -> Sentence:
    return Sentence(
        text=text[:1].upper() + text[1:],
        section=section,
        evidence=evidence,
        provenance=made_by(rule),
        critical=statement.critical if statement else None,
    )


def made_by(rule: str | None = None) -> Provenance:
    """Return the report stage's provenance."""
    return Provenance(producer="radnlp.report.template", version=__version__, rule=rule)


def either(names: Sequence[str]) -> str:
    """Join names as American English does: "a", "a or b", "a, b, or c"."""
    if len(names) < 3:
        return " or ".join(names)
    return f"{', '.join(names[:-1])}, or {names[-1]}"


__all__ = ["Written", "either", "findings_of", "impression_of", "made_by", "nothing_seen", "said"]
