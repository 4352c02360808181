"""Statements and the sentences that say them, made from `statements.toml` to train the decoder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from radnlp.nets.writer import plan_text
from radnlp.report.template import either
from radnlp.schema import EntityKind
from radnlp.vocabulary import load_vocabulary

if TYPE_CHECKING:
    import random

__all__ = ["Said", "made_statement", "said_of_box"]

_STYLES = ("prose", "telegraphic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A plan in the words that the decoder reads, and a sentence that says it."""

    plan: str
    sentence: str


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    text = (files("radnlp.train") / "statements.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def _names() -> dict[EntityKind, list[str]]:
    """Return findings and devices by any of their terms; a first term counts like all others."""
    found: dict[EntityKind, list[str]] = {}
    for concept in load_vocabulary():
        if concept.kind in (EntityKind.FINDING, EntityKind.DEVICE):
            names = found.setdefault(concept.kind, [])
            names.extend([concept.name] * max(1, len(concept.terms) - 1))
            names.extend(concept.terms[1:])
    return found


def made_statement(draw: random.Random) -> Said:
    """Return a statement about anything in the vocabulary.

    Examples:
        >>> import random
        >>> made_statement(random.Random(5)).plan.startswith("style ")
        True
    """
    words = _data()["words"]
    claim = draw.choices(
        ("present", "possible", "absent", "device", "new", "stable", "gone"),
        (34, 22, 22, 8, 5, 5, 4),
    )[0]
    names = _names()[EntityKind.DEVICE if claim == "device" else EntityKind.FINDING]
    if claim == "absent":
        chosen = [draw.choice(names) for _ in range(draw.choice((1, 1, 2, 2, 3, 4)))]
        return _said(draw, claim, chosen)
    return _said(
        draw,
        claim,
        [draw.choice(names)],
        extent=draw.choice(words["extent"]) if draw.random() < 0.35 else "",
        side=draw.choice(words["side"]) if draw.random() < 0.55 else "",
        place=draw.choice(words["place"]) if draw.random() < 0.35 else "",
    )


def said_of_box(draw: random.Random, concept: str, side: str, place: str) -> Said:
    """Return a statement on a box of a film; half of the plans leave it to the image where it is.

    Args:
        draw: Source of chance.
        concept: What the box shows.
        side: Patient's side of the box.
        place: Zone of the box.
    """
    name = load_vocabulary().get(concept).name
    claim = draw.choice(("present", "possible"))
    kept = draw.random() < 0.5
    return _said(draw, claim, [name], side=side, place=place, told=kept)


def _said(
    draw: random.Random,
    claim: str,
    names: list[str],
    *,
    extent: str = "",
    side: str = "",
    place: str = "",
    told: bool = True,
) -> Said:
    style = draw.choice(_STYLES)
    data = _data()
    own = data["own"].get(claim, {})
    if len(names) == 1 and names[0] in own:
        template = own[names[0]]
    else:
        template = draw.choice(data[style][claim])
    order = "placed" if place and style == "prose" else "sided" if side and not place else "plain"
    order = "plain" if side == "bilateral" or style == "telegraphic" else order
    phrase = draw.choice(data["phrase"][order])
    phrase = phrase.format(extent=extent, side=side, place=place, name=names[0])
    phrase = " ".join(phrase.split())
    sentence = template.format(a=_article(phrase, names[0]), np=phrase, names=either(names))
    return Said(
        plan=plan_text(
            style=style,
            claim="present" if claim == "device" else claim,
            extent=extent,
            side=side if told else "",
            place=place if told else "",
            names=names,
        ),
        sentence=" ".join(sentence.split()),
    )


def _article(phrase: str, name: str) -> str:
    if name.rsplit(maxsplit=1)[-1] not in _data()["words"]["countable"] or phrase.startswith(
        "bilateral"
    ):
        return ""
    return "an" if phrase[0] in "aeiou" else "a"
