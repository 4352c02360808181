"""Spelling variants of terms by rule: plurals and British forms."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(r"[^\W\d_]+|\d+|_+|[^\w\s]")

# American part of a word → British part. `hemi-` keeps its e: only hemo-, hema- and hemorr- change.
_BRITISH: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(american), british)
    for american, british in (
        (r"edema", "oedema"),
        (r"esophag", "oesophag"),
        (r"hem(?=o|at|ang)", "haem"),
        (r"emia\b", "aemia"),
        (r"ischem", "ischaem"),
        (r"tumor", "tumour"),
        (r"center", "centre"),
        (r"caliber", "calibre"),
        (r"fiber", "fibre"),
        (r"goiter", "goitre"),
        (r"gray", "grey"),
        (r"color", "colour"),
        (r"orthoped", "orthopaed"),
        (r"cec(?=um|al)", "caec"),
        (r"sulf", "sulph"),
        (r"artifact", "artefact"),
        (r"\bfet(?=al\b|us)", "foet"),
        (r"\bameb", "amoeb"),
        (r"disk", "disc"),
        (r"disten[ts]ion", "distension"),
        (r"izat", "isat"),
        (r"iz(?=ed\b|ing\b)", "is"),
    )
)
_AMERICAN = re.compile("|".join(american.pattern for american, _ in _BRITISH))
_NO_PLURAL = ("ed", "ous", "ic", "al", "ive", "ary", "less", "ness", "like")
_NOUNS = frozenset({"canal", "ovary"})  # despite their ending
_HEAD_BEFORE = frozenset({"of", "in", "within"})


def split_words(text: str) -> tuple[str, ...]:
    """Split a term the way the text stage splits reports: lower case, hyphens dropped.

    Examples:
        >>> split_words("Ground-glass opacity")
        ('ground', 'glass', 'opacity')
    """
    return tuple(word for word in _WORD.findall(text.lower()) if word != "-")


@lru_cache(maxsize=16_384)
def plurals(word: str) -> tuple[str, ...]:
    """Return the plural forms of an English or Latin noun.

    Examples:
        >>> plurals("pneumothorax"), plurals("opacity"), plurals("diagnosis")
        (('pneumothoraces',), ('opacities',), ('diagnoses',))
    """
    if len(word) < 3 or not word.isalpha():
        return ()
    if word.endswith(_NO_PLURAL) and word not in _NOUNS:
        return ()
    for ending, replacements in (
        ("thorax", ("thoraces",)),
        ("sis", ("ses",)),
        ("oma", ("omas", "omata")),
        ("um", ("a", "ums")),
        ("us", ("i", "uses")),
        ("a", ("as", "ae")),
    ):
        if word.endswith(ending):
            return tuple(word[: -len(ending)] + replacement for replacement in replacements)
    if word.endswith(("s", "x", "sh", "ch", "z")):
        return (word + "es",)
    if word.endswith("y") and word[-2] not in "aeiou":
        return (word[:-1] + "ies",)
    return (word + "s",)


def british(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the term in British spelling; the same words where nothing differs.

    Examples:
        >>> british(("pulmonary", "edema"))
        ('pulmonary', 'oedema')
    """
    return tuple(map(_british_word, words))


@lru_cache(maxsize=16_384)  # a vocabulary has far fewer words than terms
def _british_word(word: str) -> str:
    if _AMERICAN.search(word):
        for pattern, replacement in _BRITISH:
            word = pattern.sub(replacement, word)
    return word


def variants(term: str) -> Iterator[tuple[str, ...]]:
    """Yield every spelling of a term as words, the term itself first.

    The last word, and a word before "of", "in" or "within", also stand in the plural; each form
    also stands in British spelling.

    Examples:
        >>> [" ".join(words) for words in variants("soft-tissue edema")][0]
        'soft tissue edema'
    """
    words = split_words(term)
    yield words
    forms = [words]
    heads = {len(words) - 1}
    heads.update(i - 1 for i, word in enumerate(words) if word in _HEAD_BEFORE and i)
    for head in sorted(heads):
        forms.extend(
            (*words[:head], plural, *words[head + 1 :])
            for plural in (plurals(words[head]) if words else ())
        )
    yield from forms[1:]
    for form in forms:
        other = british(form)
        if other != form:
            yield other


__all__ = ["british", "plurals", "split_words", "variants"]
