"""Side, extent and place of each mention, from the words around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, EntityKind, Severity, Side
from radnlp.text.extent import ExtentReader, degrees_of_change
from radnlp.text.lexicon import BREAKS, VERBS

if TYPE_CHECKING:
    from radnlp.text.lexicon import Entry, Item
    from radnlp.text.mentions import Mention

# What may stand with a side or a part before "there is".
_OPENING = frozenset({"place", "article", "comma"})
_LIST = frozenset({"and", "or", "comma"})
_ENDS = frozenset({"break", "under", "comma", "colon", "with"})
_LEADING = frozenset({"article", "place", "and", "ordinal"})
_SEVERITIES = tuple(Severity)  # from least to most
_MOST_UNKNOWN_BEFORE = 3
_MOST_UNKNOWN_AFTER = 6
_MOST_MODIFIERS = 12
_MOST_IN_PLACE = 4


class AttributeReader:
    """Reads the attributes of one sentence's mentions; used once per sentence.

    Args:
        items: Phrases of the sentence.
        words: Its words, in lower case.
        mentions: Its mentions, with their assertion; their attributes are set.
    """

    def __init__(self, items: list[Item], words: list[str], mentions: list[Mention]) -> None:
        self._items = items
        self._words = words
        self._degrees = degrees_of_change(items, words)
        self._findings: dict[int, Mention] = {}
        self._anatomy: dict[int, Mention] = {}
        self._named: list[Mention] = []
        for mention in mentions:
            if mention.kind is EntityKind.ANATOMY:
                self._anatomy[mention.first] = mention
            else:
                self._named.append(mention)
                for k in range(mention.first, mention.last + 1):
                    self._findings.setdefault(k, mention)

    def read(self) -> None:
        """Set side, severity, places and change of every mention."""
        for k, anatomy in self._anatomy.items():
            self._side_of_anatomy(k, anatomy)
        for mention in self._named:
            self._inside(mention)
            self._before(mention)
            if not mention.fixed:
                self._after(mention)
            if mention.adjective and not mention.fixed:
                self._predicate(mention)
        for mention in self._named:
            if not mention.places and mention.side is None and not mention.locations:
                self._subject(mention)
            if mention.modifiers and mention.assertion is not Assertion.PRESENT:
                _claim_adjectives(mention)
        self._opening()
        self._share()
        ExtentReader(
            self._items,
            self._words,
            self._findings,
            self._named,
            degrees=self._degrees,
            modifies=self._modifies,
        ).read()

    def _side_of_anatomy(self, k: int, anatomy: Mention) -> None:
        """Take the side that stands before a part: "right lower lobe", "left and right bases"."""
        reach = anatomy.start
        for t in range(k - 1, -1, -1):
            item = self._items[t]
            entry = item.entry
            if reach - item.end > 1 or t in self._findings or t in self._anatomy:
                return
            if entry.side is not None:
                anatomy.side = _joined(anatomy.side, entry.side)
            elif not (entry.severity or self._joins_sides(t, anatomy) or self._counts(t)):
                return
            reach = item.start

    def _counts(self, t: int) -> bool:
        """Tell whether item ``t`` is part of "5th and 6th", "5th to 7th" or "11 and 12"."""
        role, item = self._role(t), self._items[t]
        around = [*self._words[max(item.start - 1, 0) : item.start], *self._words[item.end :][:1]]
        if role in (*_LIST, "place") and len(around) == 2 and all(map(str.isdigit, around)):
            return True
        if role == "place":
            return self._role(t - 1) == self._role(t + 1) == "ordinal"
        before = t - 1 - (role == "and" and self._role(t - 1) == "comma")  # "4th, and 5th"
        return role == "ordinal" or (role in _LIST and self._role(before) == "ordinal")

    def _role(self, t: int) -> str | None:
        return self._items[t].entry.role if 0 <= t < len(self._items) else None

    def _joins_sides(self, t: int, anatomy: Mention) -> bool:
        joins = self._items[t].entry.role in _LIST and self._modifies(t - 1)
        return joins and anatomy.side is not None

    def _modifies(self, k: int) -> bool:
        """Tell whether item ``k`` says a side, an extent or a part of another mention."""
        if k < 0 or k >= len(self._items) or k in self._findings:
            return False
        entry = self._items[k].entry
        return bool(entry.side or entry.severity or k in self._anatomy)

    def _inside(self, mention: Mention) -> None:
        for k in range(mention.first, mention.last + 1):
            self._take(mention, self._items[k].entry)

    def _take(self, mention: Mention, entry: Entry) -> None:
        if entry.side is not None:
            mention.side = _joined(mention.side, entry.side)
        if entry.severity is not None and mention.kind is EntityKind.FINDING:
            order = _SEVERITIES.index
            if mention.severity is None or order(mention.severity) < order(entry.severity):
                mention.severity = entry.severity

    def _before(self, mention: Mention) -> None:
        """Read the adjectives before a mention: "small left lower lobe opacity"."""
        reach, unknown = mention.start, 0
        for t in range(mention.first - 1, -1, -1):
            item = self._items[t]
            entry = item.entry
            unknown += sum(not _is_number(word) for word in self._words[item.end : reach])
            if unknown > _MOST_UNKNOWN_BEFORE:
                return
            if t in self._findings:
                if not self._is_modifier(t, mention, reach):
                    return
            elif t in self._anatomy:
                if mention.locations and not mention.places:
                    return  # an organ statement has its place already
                self._place(mention, self._anatomy[t])
            elif t in self._degrees:
                pass
            elif entry.side is not None or entry.severity is not None:
                self._take(mention, entry)
            elif not self._stands_before(t, entry):
                return
            reach = item.start

    def _stands_before(self, t: int, entry: Entry) -> bool:
        """Tell whether a word may stand among the adjectives of a mention after it."""
        if self._counts(t):
            return True  # "left 5th and 6th rib fractures"
        if entry.role in _LIST:
            opens = t == 1 and entry.role == "comma"  # "severe, diffuse emphysema"
            joins = self._modifies(t - 1) and (opens or self._modifies(t + 1))
            return joins and not self._closes_place(t)
        return entry.role == "adjective" or (entry.role is None and _is_adjective(entry))

    def _closes_place(self, t: int) -> bool:
        """Tell whether the joint at ``t`` follows another's place: "cyst in the liver, small …"."""
        for k in range(t - 1, max(-1, t - 1 - _MOST_IN_PLACE), -1):
            if self._items[k].entry.role == "place":
                return self._named[0].first < k
        return False

    def _is_modifier(self, t: int, mention: Mention, reach: int) -> bool:
        """Tell whether the finding at item ``t`` is an adjective of a mention after it."""
        adjective = self._findings[t]
        if not adjective.adjective or adjective.end != reach or adjective.last != adjective.first:
            return False
        if len(mention.modifiers) == _MOST_MODIFIERS:
            return False  # a row without end would tie each of its words to all the others
        mention.modifiers.append(adjective)
        return True

    def _predicate(self, adjective: Mention) -> None:
        """Tie "the fracture is displaced" together."""
        verb = False
        for t in range(adjective.first - 1, -1, -1):
            role = self._items[t].entry.role
            if t in self._findings:
                if verb and not self._findings[t].adjective:
                    self._findings[t].modifiers.append(adjective)
                return
            if role in VERBS:
                verb = True
            elif t in self._anatomy or role in _ENDS:
                return

    def _place(self, mention: Mention, anatomy: Mention) -> None:
        if anatomy not in mention.places:
            mention.places.append(anatomy)
        if anatomy.concept not in mention.locations:
            mention.locations.append(anatomy.concept)
        if anatomy.side is not None:
            mention.side = _joined(mention.side, anatomy.side)

    def _after(self, mention: Mention) -> None:
        """Read the place after a mention: "opacity in the left base", "effusions bilaterally"."""
        reach, unknown, placed, said = mention.end, 0, False, False
        group: list[int] = []
        for t in range(mention.last + 1, len(self._items)):
            item = self._items[t]
            entry = item.entry
            unknown += item.start - reach
            if unknown > _MOST_UNKNOWN_AFTER:
                break
            if t in self._findings:
                group = self._without_next(group)
                break
            if self._says(t, group):
                said = said or t not in self._degrees
            elif t in self._anatomy or entry.side is not None:
                follows = bool(group) and item.start == reach  # "fractured left fifth rib"
                if not (placed or follows or self._adjoins(t, mention, said=said)):
                    break
                group.append(t)
            elif entry.severity is not None and said and mention.severity is None:
                self._take(mention, entry)
            elif entry.role == "place":
                placed = True
            elif not self._runs_on(t, group):
                break
            reach = item.end
        self._place_all(mention, group)

    def _says(self, t: int, group: list[int]) -> bool:
        """Tell whether item ``t`` leads to what is said of a mention, and says nothing itself."""
        if t in self._degrees or self._items[t].entry.role in ("verb", "seen", "colon"):
            return True
        return not group and self._trails(t)

    def _adjoins(self, t: int, mention: Mention, *, said: bool) -> bool:
        """Tell whether a side or part belongs to the mention before it without a preposition."""
        close = self._items[t].start == mention.end
        if self._items[t].entry.side is not None:
            return said or close
        following = self._findings.get(t + 1)
        return close and (following is None or following.start > self._items[t].end)

    def _trails(self, t: int) -> bool:
        """Tell whether a comma leads to a lone attribute: "pneumothorax, small, left"."""
        if self._items[t].entry.role != "comma" or t + 1 >= len(self._items):
            return False
        following = self._items[t + 1].entry
        alone = t + 2 >= len(self._items) or self._items[t + 2].entry.role == "comma"
        return alone and (following.side is not None or following.severity is not None)

    def _runs_on(self, t: int, group: list[int]) -> bool:
        entry = self._items[t].entry
        if entry.role in ("and", "or", "comma"):
            if not group:
                return self._goes_on(t)
            group.append(t)
            return self._leads_to_place(t + 1)
        if entry.role is not None:
            return entry.role in ("article", "dimension", "adjective", "ordinal")
        return bool(entry.change or (entry.cue and entry.cue.reach == "before") or entry.quality)

    def _goes_on(self, t: int) -> bool:
        """Tell "the fourth and fifth ribs" and "mild, at the left base" from a new phrase."""
        before = self._items[t - 1].entry
        following = self._items[t + 1].entry if t + 1 < len(self._items) else None
        led = following is not None and following.role == "place" and before.severity is not None
        return before.role == "ordinal" or led

    def _leads_to_place(self, t: int) -> bool:
        while t < len(self._items) and (
            self._items[t].entry.role in _LEADING or self._follows_number(t)
        ):
            t += 1
        return t < len(self._items) and (
            t in self._anatomy or self._items[t].entry.side is not None
        )

    def _follows_number(self, t: int) -> bool:
        """Tell a joint of "4th, 5th, and 6th ribs" and "ribs 4, 5 and 6, and right ribs"."""
        between = self._words[self._items[t - 1].end : self._items[t].start]
        digits = bool(between) and all(map(_is_number, between))
        return self._role(t) in _LIST and (digits or self._role(t - 1) == "ordinal")

    def _without_next(self, group: list[int]) -> list[int]:
        """Drop what follows the last joint: it belongs to the next mention."""
        for n in range(len(group) - 1, -1, -1):
            if self._items[group[n]].entry.role in _LIST:
                return group[:n]
        return group

    def _place_all(self, mention: Mention, group: list[int]) -> None:
        for t in group:
            if t in self._anatomy:
                self._place(mention, self._anatomy[t])
            elif self._items[t].entry.side is not None:
                self._take(mention, self._items[t].entry)

    def _subject(self, mention: Mention) -> None:
        """Take the place from the sentence's subject: "the left lung shows an opacity"."""
        verb, side = False, None
        for t in range(mention.first - 1, -1, -1):
            entry = self._items[t].entry
            if t in self._findings or entry.role in _ENDS - {"colon", "with"}:
                return
            if t in self._anatomy:
                if verb:
                    self._place(mention, self._anatomy[t])
                    mention.side = mention.side or side
                return
            side = entry.side or side  # "ribs 3-7 on the left are fractured"
            if entry.role in VERBS or entry.role == "colon":
                verb = True

    def _opening(self) -> None:
        """Give what a sentence opens with: "On the left, there is a pneumothorax"."""
        side: Side | None = None
        place: Mention | None = None
        for k, item in enumerate(self._items):
            entry = item.entry
            place = self._anatomy.get(k, place)
            side = entry.side or side
            if entry.role in BREAKS and k > 0:
                break
            known = entry.side is not None or k in self._anatomy
            if not known and entry.role not in _OPENING:
                return
        else:
            return
        for mention in self._named:
            if mention.side is None and not mention.places and not mention.locations:
                mention.side = side
                if place is not None:
                    self._place(mention, place)

    def _share(self) -> None:
        """Let mentions that are joined by "and" share the side before and the place after them."""
        for left, right in zip(self._named, self._named[1:], strict=False):
            joint = left.last + 1
            if right.first != left.last + 2 or self._items[joint].entry.role not in ("and", "or"):
                continue
            if right.end - left.start > 8 or left.concept == right.concept:
                continue
            if right.severity is None and right.start == left.end + 1 and not right.fixed:
                right.severity = left.severity
            if right.side is None and not right.locations:
                right.side = left.side
                right.places.extend(left.places)
                right.locations.extend(left.locations)
            elif left.side is None and not left.locations:
                left.side = right.side
                left.places.extend(right.places)
                left.locations.extend(right.locations)


def _is_adjective(entry: Entry) -> bool:
    if entry.cue is not None:
        return entry.cue.means is not Assertion.ABSENT and entry.cue.reach == "nearest"
    return entry.change is not None or entry.quality is not None or entry.time is not None


def _claim_adjectives(mention: Mention) -> None:
    """Claim of the adjective right before a mention what follows it claims of it.

    "A loculated effusion is not seen" denies the septation too.
    """
    for adjective in mention.modifiers:
        bare = adjective.assertion is Assertion.PRESENT and adjective.cue is None
        if bare and adjective.end == mention.start:
            adjective.assertion, adjective.cue = mention.assertion, mention.cue


def _is_number(word: str) -> bool:
    """Tell digits and the dash of a range, as in "left 4-6 rib fractures"."""
    return word.isdigit() or word in ("-", "–")


def _joined(one: Side | None, other: Side) -> Side:
    """Return the side that two sides make together."""
    if one is None or one == other:
        return other
    return Side.BILATERAL if Side.MIDLINE not in (one, other) else one


__all__ = ["AttributeReader"]
