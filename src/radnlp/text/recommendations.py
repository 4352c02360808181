"""What a report says should be done next: what, by which examination, when, on what condition."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from radnlp.schema.advice import Modality, Recommendation
from radnlp.schema.text import SectionKind, Span
from radnlp.text.casing import in_small_letters
from radnlp.text.intervals import find_when

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_CONDITION = re.compile(
    r"\b(?:(?:if|unless|when|as|where)\s+(?:(?!(?:then|one|would|could|may|can|we|i)?\s?(?:consider"
    r"|recommend|suggest|please|further evaluation))[^\s,.;()]++\s*+){1,14}"
    r"|should (?:symptoms|there|the patient)"
    r"\s+(?:[^\s,.;()]++\s*+){1,10})",
    re.IGNORECASE,
)
_CONDITION_WORDS = re.compile(
    r"^(?:if|unless|should)\b|^(?:when|as|where) (?:clinically|medically|needed|necessary|feasible"
    r"|appropriate|able|possible|warranted|indicated|tolerated|patient|the patient|symptoms)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:no|not|without|nor|neither|against)\b", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[,:(]\s+|(?<!\s)\s+-+\s+|\b(?:for which|and therefore|therefore|thus|hence|so)\s+", re.I
)
_JOINT = re.compile(r"\b(?:with|by|using|on)\s+", re.IGNORECASE)
_STOP = re.compile(r"[,;]\s|[.)](?=\s|$)|\s-+\s")
_LIST_GOES_ON = re.compile(r"\s{0,20}(?:and|or|and/or)\b", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:[\s\-*•\d.)(:#,]|\b(?:that|the|a|an|and|or|also|then|please|we|would|patient|with|by|made"
    r"|obtaining|performing|undergo|for|no|not|any|do|does|there|is)\b(?!-))+",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:[\s,:\-(]|\b(?:is|are|be|also|strongly|again|may|should|would|could|in|at|within|and|or"
    r"|a|an|the|with|by|on|not|as)\b)$",
    re.IGNORECASE,
)
_LONGEST_CLOSING = len("strongly")
_SPEAKS = re.compile(
    r"(?:^|[,:;(]|\b(?:we|i|would|could|may|can|please|and|or|to|then|also|should))\s*$", re.I
)

# A longer sentence is read up to here, so that the work on a text stays linear in its length.
_MOST_CHARACTERS = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceRule:
    """Phrases that recommend.

    Attributes:
        id: Name of the rule; goes into `Recommendation.rule`.
        what: Where the thing recommended stands: ``after`` the phrase, ``before`` it, ``whole``
            (up to its end), ``cue`` (only the phrase), ``start`` (the phrase begins a sentence that
            tells nothing).
        weak: Whether an action must stand beside the phrase.
        phrases: The words.
        fires: An example in which the rule decides.
        silent: An example in which it does not.
    """

    id: str
    what: str
    weak: bool
    phrases: tuple[str, ...]
    fires: str
    silent: str


class _Cue(NamedTuple):
    start: int
    end: int
    rule: str


class RecommendationReader:
    """Finds recommendations. Threads may share it."""

    def __init__(self) -> None:
        data = tomllib.loads(
            (files("radnlp.text") / "rules" / "recommendations.toml").read_text("utf-8")
        )
        self.rules = tuple(
            AdviceRule(**{**rule, "phrases": tuple(rule["phrases"])}) for rule in data["rule"]
        )
        self._by_id = {rule.id: rule for rule in self.rules}
        self._by_phrase = {phrase: rule for rule in self.rules for phrase in rule.phrases}
        anywhere = [p for p, rule in self._by_phrase.items() if rule.what != "start"]
        at_start = [p for p, rule in self._by_phrase.items() if rule.what == "start"]
        self._ignored = _any_of(data["ignored"])
        self._cue = _any_of(anywhere)
        self._start = re.compile(
            rf"(?:[^.,;:]{{1,60}}:)?[\s\-*•\d.)(:#]{{0,40}}(?:please\s+)?(?P<cue>{_choice(at_start)})(?!\w)",
            re.IGNORECASE,
        )
        self._reason = re.compile(rf"\s(?:{_choice(data['reasons'])})\s", re.IGNORECASE)
        self._tells = _any_of(data["tells"]["words"])
        self._modalities = {
            phrase: Modality(kind)
            for kind, phrases in data["actions"].items()
            if kind != "other"
            for phrase in phrases
        }
        self._action = _any_of([*self._modalities, *data["actions"]["other"]])
        self._known = lru_cache(maxsize=2_000)(self._read)
        self._left_out = frozenset(SectionKind(kind) for kind in data["sections"]["left_out"])

    def __call__(
        self, text: str, sentences: Iterable[tuple[int, int, SectionKind]]
    ) -> tuple[Recommendation, ...]:
        """Return the recommendations in reading order.

        Args:
            text: The report.
            sentences: Start, end and kind of section, in characters.
        """
        return tuple(
            _moved(found, start)
            for start, end, section in sentences
            if section not in self._left_out
            for found in self._known(text[start : min(end, start + _MOST_CHARACTERS)], section)
        )

    def _read(self, text: str, section: SectionKind) -> tuple[Recommendation, ...]:
        return tuple(self._spoken(text, section)) or tuple(self._alone(text, section))

    def _spoken(self, text: str, section: SectionKind) -> Iterator[Recommendation]:
        """Yield what the cues of a sentence recommend."""
        cues = self._cues(text)
        low = 0
        for n, cue in enumerate(cues):
            high = cues[n + 1].start if n + 1 < len(cues) else len(text)
            found = self._recommendation(text, (low, high), cue, section)
            if found is not None:
                low = found.span.end
                yield found

    def _cues(self, text: str) -> list[_Cue]:
        """Return the cues of a sentence from left to right, without those that only look so."""
        void = [match.span() for match in self._ignored.finditer(text)]
        void += _conditions(text, 0, len(text))
        cues = []
        for match in self._cue.finditer(text):
            if any(low < match.end() and match.start() < high for low, high in void):
                continue
            cues.append(_Cue(*match.span(), self._by_phrase[_plain(match.group())].id))
        return cues

    def _recommendation(
        self, text: str, zone: tuple[int, int], cue: _Cue, section: SectionKind
    ) -> Recommendation | None:
        rule = self._by_id[cue.rule]
        what = self._what(text, zone, cue, rule)
        if rule.what == "before" and not self._acts(text, what, rule):
            follows = text.startswith(" for ", cue.end)
            what = self._after(text, cue.end, zone[1]) if follows else None
        if what is None or not self._acts(text, what, rule):
            return None
        return self._build(text, zone, cue, what, section)

    def _what(
        self, text: str, zone: tuple[int, int], cue: _Cue, rule: AdviceRule
    ) -> tuple[int, int] | None:
        """Return where the thing recommended stands."""
        low, high = zone
        if rule.what == "after":
            speaks = not rule.weak or self._may_speak(text, low, cue)
            return self._after(text, cue.end, high) if speaks else None
        if rule.what == "before":
            return self._before(text, low, cue.start)
        if rule.what == "cue":
            return cue.start, cue.end
        return _trimmed(text, low + _opening(text, low, cue.start), cue.end)

    def _may_speak(self, text: str, low: int, cue: _Cue) -> bool:
        """Tell whether "consider", "suggest" and the like speak to the reader, not of a finding."""
        bare = text[cue.start : cue.end].split(maxsplit=1)[0].lower()
        if bare not in {"consider", "suggest", "obtain", "perform"}:
            return True
        conditions = _conditions(text, low, cue.start)
        return any(high >= cue.start - 1 for _, high in conditions) or bool(
            _SPEAKS.search(text[low : cue.start])
        )

    def _acts(self, text: str, what: tuple[int, int] | None, rule: AdviceRule) -> bool:
        """Tell whether an action is named, where a rule asks for one; near the cue's right."""
        if what is None:
            return False
        if not rule.weak or rule.what in ("whole", "cue"):
            return True
        match = self._find_action(text, *what)
        return match is not None and (
            rule.what == "before" or len(text[what[0] : match.start()].split()) <= 5
        )

    def _alone(self, text: str, section: SectionKind) -> Iterator[Recommendation]:
        """Read a sentence that recommends by its first words, or by its section."""
        match = self._start.match(text)
        end = len(text)
        if match is not None and self._tells.search(text) is None:
            begin = match.start("cue")
            denied = _NEGATED.match(text, begin) is not None
            when = find_when(text, match.end(), end)
            named = denied or when is not None or self._names_more(text, match.end(), end)
            acts = self._find_action(text, begin, end) is not None
            what = self._after(text, begin, end) if acts and named else None
            rule = self._by_phrase[_plain(match["cue"])].id
        elif section is SectionKind.RECOMMENDATION and self._find_action(text, 0, end):
            what, rule = self._after(text, 0, end), "section.recommendation"
        else:
            return
        if what is not None:
            yield self._build(text, (0, end), _Cue(*what, rule), what, section)

    def _names_more(self, text: str, start: int, end: int) -> bool:
        """Tell whether a modality or a correlation follows: "repeat radiograph"."""
        said = _plain(text[max(0, start - 24) : start])
        return bool(self._named_modalities(text, start, end)) or "correlat" in said

    def _find_action(self, text: str, start: int, end: int) -> re.Match[str] | None:
        for match in self._action.finditer(text, start, end):
            if match.group().lower() != "us" or match.group() == "US":
                return match
        return None

    def _after(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Return what follows a cue, up to its time, its reason or its condition."""
        first = start + _opening(text, start, end)
        stop = min(
            [end]
            + [low for low, _ in _conditions(text, first, end)]
            + [match.start() for match in self._reason.finditer(text, first + 1, end)]
            + list(self._stops(text, first, end))
        )
        when = find_when(text, first, end)
        if when is not None and first < when.start < stop and text[when.end : when.end + 1] != " ":
            stop = when.start
        elif when is not None and first < when.start < stop:
            more = self._find_action(text, when.end, stop)
            stop = more.end() if more else when.start
        return _trimmed(text, first, stop)

    def _stops(self, text: str, start: int, end: int) -> Iterator[int]:
        """Yield the marks that end what is recommended; a comma in a list of actions does not."""
        for match in _STOP.finditer(text, start, end):
            at = match.end()
            goes_on = _LIST_GOES_ON.match(text, at, end) or self._action.match(text, at, end)
            if not goes_on or match.group()[0] != ",":
                yield match.start()

    def _before(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Return what precedes a cue, from the clause that names an action on."""
        cuts = [start] + [match.end() for match in _CLAUSE.finditer(text, start, end)]
        first = cuts[-1]
        for cut in reversed(cuts):
            if self._find_action(text, cut, end):
                first = cut
                break
        first += _opening(text, first, end)
        when = find_when(text, first, end)
        named = self._find_action(text, first, when.start if when else end)
        stop = when.start if when and named else end
        reason = self._reason.search(text, named.end(), stop) if named else None
        return _trimmed(text, first, reason.start() if reason else stop)

    def _build(
        self,
        text: str,
        zone: tuple[int, int],
        cue: _Cue,
        what: tuple[int, int],
        section: SectionKind,
    ) -> Recommendation:
        when = find_when(text, *zone)
        condition = next(iter(_conditions(text, *zone)), None)
        parts = [(cue.start, cue.end), what] + ([(when.start, when.end)] if when else [])
        parts += [condition] if condition else []
        low = max(zone[0], min(cue.start, what[0]) - 12)
        denied = _NEGATED.search(text, low, max(cue.end, what[0]))
        if denied is None and cue.start >= what[1]:
            denied = _NEGATED.search(text, what[0], cue.end)
        parts += [denied.span()] if denied else []
        start, end = min(low for low, _ in parts), max(high for _, high in parts)
        return Recommendation(
            text=text[start:end],
            span=Span(start, end),
            section=section,
            what=" ".join(text[what[0] : what[1]].split()),
            modalities=self._modalities_in(text, what, zone),
            when=" ".join(text[when.start : when.end].split()) if when else None,
            interval=when.interval if when else None,
            condition=" ".join(text[condition[0] : condition[1]].split()) if condition else None,
            negated=denied is not None,
            rule=cue.rule,
        )

    def _modalities_in(
        self, text: str, what: tuple[int, int], zone: tuple[int, int]
    ) -> tuple[Modality, ...]:
        """Return what examinations are named; else those that follow ("in 3 months with CT")."""
        found = self._named_modalities(text, *what)
        joint = _JOINT.search(text, what[1], zone[1])
        if not found and joint is not None:
            found = self._named_modalities(text, joint.end(), min(zone[1], joint.end() + 60))
        return found

    def _named_modalities(self, text: str, start: int, end: int) -> tuple[Modality, ...]:
        found: dict[Modality, None] = {}
        for match in self._action.finditer(text, start, end):
            modality = self._modalities.get(_plain(match.group()))
            if modality is not None and (match.group().lower() != "us" or match.group() == "US"):
                found[modality] = None
        return tuple(found)


def _moved(found: Recommendation, offset: int) -> Recommendation:
    return replace(found, span=Span(found.span.start + offset, found.span.end + offset))


def _conditions(text: str, start: int, end: int) -> Sequence[tuple[int, int]]:
    """Return the conditions in a range of the text: "if symptoms persist"."""
    return [
        (match.start(), match.start() + len(match.group().rstrip()))
        for match in _CONDITION.finditer(text, start, end)
        if _CONDITION_WORDS.match(match.group())
    ]


def _opening(text: str, start: int, end: int) -> int:
    """Return how many characters of list marks, articles and the like a range begins with."""
    match = _OPENING.match(text[start:end])
    return match.end() if match else 0


def _plain(words: str) -> str:
    return " ".join(in_small_letters(words).split())


def _choice(phrases: Iterable[str]) -> str:
    longest_first = sorted(phrases, key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in longest_first)


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{_choice(phrases)})(?!\w)", re.IGNORECASE)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    end = start + len(text[start:end].rstrip(" \n\t.;"))
    while closing := _CLOSING.search(text, max(start, end - _LONGEST_CLOSING), end):
        end = closing.start()
    while start < end and text[start].isspace():
        start += 1
    return (start, end) if start < end else None


@lru_cache(maxsize=1)
def load_recommendations() -> RecommendationReader:
    """Return the reader; its rules are read once per process."""
    return RecommendationReader()


__all__ = ["AdviceRule", "RecommendationReader", "load_recommendations"]
