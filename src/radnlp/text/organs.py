"""Organ statements: what "normal", "enlarged" or "clear" makes of the organs around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from radnlp.schema.entity import Assertion, EntityKind
from radnlp.text.lexicon import VERBS
from radnlp.text.mentions import Mention, reading_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from radnlp.text.lexicon import Item, Lexicon

# What may stand between an organ and the word that describes it.
_BETWEEN = VERBS | {"article", "dimension", "place", "seen", "colon"}
_STATES = VERBS | {"colon"}
_LIST = frozenset({"and", "or", "comma"})
_MOST_UNKNOWN = 4
_FARTHEST = 60  # phrases between an organ and what is said of it; sentences have no such lists


class OrganReader:
    """Reads the organ statements of one sentence."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._organs = _organ_table(lexicon)

    def __call__(self, items: list[Item], mentions: list[Mention]) -> list[Mention]:
        """Return the mentions, in reading order; statements replace their organ."""
        qualities = [k for k, item in enumerate(items) if item.entry.quality is not None]
        if not qualities:
            return mentions
        at = {mention.first: mention for mention in mentions}
        said: dict[object, Mention] = {}  # two words may say the same: "clear and normal lungs"
        taken: set[int] = set()
        for k in qualities:
            stated = self._statement(items, k, at)
            for one in stated:
                said.setdefault((one.start, one.end, one.concept, one.assertion), one)
            if stated and items[k].entry.quality == "undistended":
                taken.add(k)  # a collapsed bowel is no atelectasis
        if not said:
            return mentions
        taken.update(k for m in said.values() for k in range(m.first, m.last + 1))
        kept = [mention for mention in mentions if mention.first not in taken]
        return sorted([*kept, *said.values()], key=reading_order)

    def _statement(self, items: list[Item], k: int, at: dict[int, Mention]) -> list[Mention]:
        """Return what the quality at item ``k`` says of the organs around it."""
        organs = _organs_after(items, k, at) or _organs_before(items, k, at)
        if not organs:
            _deny_finding(items, k, at)
        found: list[Mention] = []
        for organ in organs:
            table = self._organs.get(organ.concept)
            meaning = _meaning(table, str(items[k].entry.quality)) if table else None
            if meaning is None:
                continue
            found.extend(_state(organ, items, k, meaning, alone=len(organs) == 1))
        return found


def _meaning(table: Mapping[str, Any], quality: str) -> str | list[str] | None:
    if quality == "normal_size" and quality not in table:
        quality = "normal"
    if quality == "undistended":
        quality = "normal_size"
    meaning: str | list[str] | None = table.get(quality)
    return meaning


def _organ_table(lexicon: Lexicon) -> dict[str, Mapping[str, Any]]:
    """Give every part of the body the statements of the nearest whole that has some."""
    listed: Mapping[str, Mapping[str, Any]] = lexicon.rules.organs["organ"]
    table = {}
    for concept in lexicon.vocabulary:
        for id in (concept.id, *lexicon.vocabulary.ancestors(concept.id)):
            if id in listed:
                table[concept.id] = listed[id]
                break
    return table


def _is_anatomy(mention: Mention | None) -> bool:
    return mention is not None and mention.kind is EntityKind.ANATOMY


def _organs_after(items: list[Item], k: int, at: dict[int, Mention]) -> list[Mention]:
    """Return the organs that follow at once: "normal heart size and mediastinal contours"."""
    if k and items[k - 1].entry.role == "verb" and items[k - 1].end == items[k].start:
        return []
    organs: list[Mention] = []
    # A comma belongs to the list only if an "and" closes it: "normal heart, lungs and hila".
    listed, closed = 0, True
    t, reach = k + 1, items[k].end
    while t < min(len(items), k + _FARTHEST) and items[t].start - reach <= 1:
        mention = at.get(t)
        if mention is not None and _is_anatomy(mention):
            organs.append(mention)
            listed = len(organs) if closed else listed
        elif mention is not None or not _passes(items, t, organs):
            break
        elif items[t].entry.role == "comma":
            closed = False
        elif items[t].entry.role in ("and", "or"):
            closed, listed = True, len(organs)
        reach = items[t].end
        t += 1
    return organs[:listed]


def _passes(items: list[Item], t: int, organs: list[Mention]) -> bool:
    """Tell whether item ``t`` may stand before or between the organs that follow a quality."""
    entry = items[t].entry
    if entry.side or entry.role == "article":
        return True
    if organs:
        return entry.role in _LIST
    if entry.role == "and":
        return t + 1 < len(items) and items[t + 1].entry.quality is not None
    return entry.quality is not None or entry.role in ("place", "dimension")


def _organs_before(items: list[Item], k: int, at: dict[int, Mention]) -> list[Mention]:
    """Return the organs that the quality is said of: "heart size and hila are normal"."""
    following = at.get(k + 1)
    if following is not None and items[k + 1].start == items[k].end:
        return []
    t = k - 1
    unknown = 0
    reach = items[k].start
    low = max(0, k - _FARTHEST)
    while t >= low:
        start, end, _ = items[t]
        unknown += reach - end
        mention = at.get(t)
        if unknown > _MOST_UNKNOWN:
            return []
        if _is_anatomy(mention):
            break
        if mention is not None or not _describes(items[t]):
            return []
        reach = start
        t -= 1
    if t < low or (items[t].end < items[k].start - 2 and not _has_verb(items, t + 1, k)):
        return []
    subject = _subject_of(items, t, at)
    return [subject] if subject is not None else _organ_list(items, t, at)


def _subject_of(items: list[Item], t: int, at: dict[int, Mention]) -> Mention | None:
    """Return the organ that "ends at L1 and is normal" speaks of: not the place, its subject."""
    if t < 2 or items[t - 1].entry.role != "place" or items[t - 1].end != items[t].start:
        return None
    subject = next((at[n] for n in range(t - 2, max(-1, t - _FARTHEST), -1) if n in at), None)
    return subject if _is_anatomy(subject) else None


def _deny_finding(items: list[Item], k: int, at: dict[int, Mention]) -> None:
    """Make a finding absent that is itself called normal: "the vascular prominence is normal"."""
    t = k - 1
    while t >= 0 and items[t].entry.role in ("verb", "dimension"):
        t -= 1
    mention = at.get(t)
    said = any(item.entry.role == "verb" for item in items[t + 1 : k])
    if items[k].entry.quality != "normal" or not said:
        return
    if mention is None or mention.kind is not EntityKind.FINDING:
        return
    mention.assertion = Assertion.ABSENT
    mention.cue = (items[k].start, items[k].end, "organ.normal")
    mention.fixed = True


def _describes(item: Item) -> bool:
    entry = item.entry
    return bool(
        entry.role in _BETWEEN
        or entry.role == "and"
        or entry.quality
        or entry.severity
        or entry.side
        or entry.change
        or (entry.cue and entry.cue.means is not None)
    )


def _has_verb(items: list[Item], low: int, high: int) -> bool:
    return any(items[t].entry.role in _STATES for t in range(low, high))


def _organ_list(items: list[Item], t: int, at: dict[int, Mention]) -> list[Mention]:
    """Return the organs listed up to item ``t``, from left to right."""
    organs = [at[t]]
    reach = items[t].start
    low = max(0, t - _FARTHEST)
    t -= 1
    while t >= low and reach - items[t].end <= 1:
        entry = items[t].entry
        mention = at.get(t)
        if mention is not None and _is_anatomy(mention):
            organs.append(mention)
        elif mention is not None or not (
            entry.role in _LIST or entry.role in ("article", "place") or entry.side
        ):
            break
        reach = items[t].start
        t -= 1
    return organs[::-1]


def _state(
    organ: Mention, items: list[Item], k: int, meaning: str | list[str], *, alone: bool
) -> list[Mention]:
    """Return the findings that a quality makes of an organ."""
    quality = items[k]
    rule = f"organ.{quality.entry.quality}"
    if isinstance(meaning, list):
        if _denied(items, organ.last, k):
            return []
        return [
            Mention(
                organ.first,
                organ.last,
                organ.start,
                organ.end,
                concept,
                EntityKind.FINDING,
                assertion=Assertion.ABSENT,
                cue=(quality.start, quality.end, rule),
                fixed=True,
                side=organ.side,
                locations=[organ.concept],
            )
            for concept in meaning
        ]
    low, high = min(organ.first, k), max(organ.last, k)
    mention = Mention(
        low if alone else organ.first,
        high if alone else organ.last,
        items[low].start if alone else organ.start,
        items[high].end if alone else organ.end,
        meaning,
        EntityKind.FINDING,
        side=organ.side,
        locations=[organ.concept],
    )
    if quality.entry.quality == "borderline":
        mention.assertion = Assertion.UNCERTAIN
        mention.cue = (quality.start, quality.end, rule)
        mention.fixed = True
    return [mention]


def _denied(items: list[Item], organ: int, quality: int) -> bool:
    """Tell whether a negation stands between an organ and its quality ("not clear")."""
    cues = (items[k].entry.cue for k in range(organ + 1, quality))
    return any(cue is not None and cue.means is Assertion.ABSENT for cue in cues)


__all__ = ["OrganReader"]
