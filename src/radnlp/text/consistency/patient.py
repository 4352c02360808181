"""What this patient cannot have: organs of the other sex, organs that were taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, EntityKind, Side
from radnlp.schema.exam import Sex
from radnlp.schema.text import Span
from radnlp.text.consistency.told import claims, name_of, opposite, words_of
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from re import Match

    from radnlp.schema.entity import Entity
    from radnlp.schema.inconsistency import Inconsistency
    from radnlp.text.consistency.told import Told

_OTHER_SEX = {Sex.FEMALE: Sex.MALE, Sex.MALE: Sex.FEMALE}


def patient_slips(told: Told) -> Iterator[Inconsistency]:
    """Yield sexes and ages that do not go together, and organs of the other sex."""
    named = next(told.book.patient["said"].finditer(told.text), None)
    said = _sex_of(named)
    words = (Span(*named.span()),) if named else ()
    if told.exam.sex and said and said is not told.exam.sex:
        yield told.slip("sex.words", (), words, sex=told.exam.sex, said=said)
    yield from _age(told)
    sex = told.exam.sex or said
    mentions = {one: _of_sex(told, one) for one in Sex}
    if sex is None:
        both = [found[0] for found in mentions.values() if found]
        if len(both) == len(mentions):
            one, other = sorted(both, key=lambda entity: entity.span)
            yield told.slip("sex.both", (one, other), one=name_of(one), other=name_of(other))
        return
    wrong = mentions[_OTHER_SEX[sex]]
    if wrong:
        spans = () if told.exam.sex else words
        yield told.slip("sex.other", wrong[:1], spans, sex=sex, concept=name_of(wrong[0]))


def _age(told: Told) -> Iterator[Inconsistency]:
    """Yield an age that is more than a year off: a birthday may lie between."""
    known = told.exam.age_years
    found = next(told.book.patient["age"].finditer(told.text), None)
    if known is None or found is None:
        return
    if abs(int(found["age"]) - known) > 1:
        yield told.slip("age.words", (), (Span(*found.span()),), one=known, other=found["age"])


def _sex_of(named: Match[str] | None) -> Sex | None:
    if named is None:
        return None
    return Sex.FEMALE if named["female"] else Sex.MALE


def _of_sex(told: Told, sex: Sex) -> list[Entity]:
    organs = told.book.sexed[sex]
    return [
        entity
        for entity in told.of_patient
        if entity.concept not in told.book.not_telling
        and (entity.concept in organs or not organs.isdisjoint(entity.ancestors))
    ]


def removal_slips(told: Told) -> Iterator[Inconsistency]:
    """Yield organs that are called normal though the report says that they were taken out."""
    normal = [one for one in told.of_patient if one.cue and one.cue.rule.startswith("organ.")]
    normal = [one for one in normal if one.assertion is Assertion.ABSENT]
    if not normal:
        return
    for gone, organ, sided, procedure in _removed(told):
        for one in normal:
            lies = any(load_vocabulary().is_a(place, organ) for place in one.locations)
            if not lies or (sided and not _same_side(gone.side, one.side)):
                continue
            words = {"procedure": procedure, "organ": words_of(organ)}
            yield told.slip("surgery.organ_normal", (gone, one), **words)
            break


def _removed(told: Told) -> Iterator[tuple[Entity, str, bool, str]]:
    """Yield what tells of a removal, the organ, whether sides count, and how it is called."""
    book = told.book
    organs = {removal.organ: removal for removal in book.removals.values()}
    for entity in told.of_patient:
        if entity.kind is EntityKind.PROCEDURE and entity.concept in book.removals:
            start, end = told.sentence(entity.span)
            if claims(entity) and not book.removed["part"].search(told.text, start, end):
                removal = book.removals[entity.concept]
                yield entity, removal.organ, removal.sided, f"a {name_of(entity)}"
        elif entity.concept == "surgical_change" and book.removed["words"].search(entity.text):
            for place in entity.locations:
                if place in organs:
                    yield entity, place, organs[place].sided, "its removal"


def _same_side(gone: Side | None, normal: Side | None) -> bool:
    """Tell whether a side that was taken out is among the sides that are called normal."""
    if gone is None or normal is None:
        return False
    return not opposite(gone, normal)


__all__ = ["patient_slips", "removal_slips"]
