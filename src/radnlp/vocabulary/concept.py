"""Concepts and the vocabulary that holds them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from radnlp.errors import InputError
from radnlp.schema.entity import EntityKind, Side
from radnlp.vocabulary.spelling import split_words, variants


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One thing that reports speak of.

    Attributes:
        id: The name used everywhere, for example ``pleural_effusion``.
        kind: What sort of thing it is.
        parents: Broader concepts; for anatomy, the whole that it is a part of.
        terms: What reports call it, in singular and American spelling; the first is its name.
        sided: Terms that also say the side, as "RLL" does.
        region: Body region.
        radlex: RadLex RID, where it is certain.
    """

    id: str
    kind: EntityKind
    parents: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    sided: Mapping[Side, tuple[str, ...]] = field(default_factory=dict)
    region: str | None = None
    radlex: str | None = None

    @property
    def name(self) -> str:
        """The concept's first term, or its id in plain words."""
        return self.terms[0] if self.terms else self.id.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What one spelling stands for.

    Attributes:
        concept: Vocabulary id.
        side: The side, where the words say it.
    """

    concept: str
    side: Side | None = None


class Vocabulary:
    """Concepts by id and by term. Immutable once built, so threads may share it.

    Args:
        concepts: All concepts, in any order.
        language: Language of the terms.

    Raises:
        InputError: An id stands twice, a parent does not exist, or parents form a circle.
    """

    def __init__(self, concepts: Iterable[Concept], language: str = "en") -> None:
        self.language = language
        self._concepts: dict[str, Concept] = {}
        for concept in concepts:
            if concept.id in self._concepts:
                raise InputError(f"concept {concept.id!r} stands twice; give each id one entry")
            self._concepts[concept.id] = concept
        self._ancestors = {id: self._broader(id) for id in self._concepts}

    def _broader(self, id: str) -> tuple[str, ...]:
        """Return all broader ids, nearest first, by breadth."""
        found: dict[str, None] = {}
        level = [id]
        while level:
            parents = [parent for child in level for parent in self._concepts[child].parents]
            for parent in parents:
                if parent not in self._concepts:
                    raise InputError(f"concept {id!r} has the unknown parent {parent!r}")
                if parent == id:
                    raise InputError(f"concept {id!r} is its own ancestor; parents form a circle")
            level = [parent for parent in dict.fromkeys(parents) if parent not in found]
            found.update(dict.fromkeys(level))
        return tuple(found)

    def __len__(self) -> int:
        return len(self._concepts)

    def __iter__(self) -> Iterator[Concept]:
        return iter(self._concepts.values())

    def __contains__(self, id: object) -> bool:
        return id in self._concepts

    def get(self, id: str) -> Concept:
        """Return the concept with that id.

        Raises:
            InputError: There is none; the message names near ones.
        """
        try:
            return self._concepts[id]
        except KeyError:
            from difflib import get_close_matches

            near = ", ".join(get_close_matches(id, self._concepts, n=3)) or "none"
            raise InputError(
                f"no concept has the id {id!r}; near ids: {near}. "
                "To look a term up, use Vocabulary.find"
            ) from None

    def ancestors(self, id: str) -> tuple[str, ...]:
        """Return the broader ids of a concept, nearest first.

        Raises:
            InputError: No such concept.
        """
        return self._ancestors[self.get(id).id]

    def is_a(self, id: str, broader: str) -> bool:
        """Tell whether a concept is ``broader`` or narrower than it.

        Raises:
            InputError: No such concept.
        """
        return self.get(id).id == self.get(broader).id or broader in self._ancestors[id]

    @cached_property
    def forms(self) -> Mapping[tuple[str, ...], Form]:
        """Every spelling as words (lower case, no hyphens), and what it stands for.

        A spelling that is listed beats one that a rule makes; among those made, the first concept
        listed wins.
        """
        listed: dict[tuple[str, ...], Form] = {}
        made: dict[tuple[str, ...], Form] = {}
        for concept in self:
            for side, terms in ((None, concept.terms), *concept.sided.items()):
                form = Form(concept=concept.id, side=side)
                for term in terms:
                    first, *others = variants(term)
                    listed.setdefault(first, form)
                    for other in others:
                        made.setdefault(other, form)
        return {**made, **listed}

    def find(self, term: str) -> Concept | None:
        """Return the concept that a term names; case, hyphens, plural and spelling do not matter.

        Examples:
            >>> from radnlp.vocabulary import load_vocabulary
            >>> load_vocabulary().find("Pulmonary oedema").id
            'edema'
        """
        form = self.forms.get(split_words(term))
        return self._concepts[form.concept] if form else None

    def search(self, query: str, limit: int = 10) -> tuple[Concept, ...]:
        """Return concepts with a term that holds every word of the query as the start of a word.

        Closer terms come first: fewer words besides those asked for, then the concept's id.
        """
        wanted = split_words(query)
        scored: list[tuple[int, str]] = []
        for concept in self:
            terms = (split_words(term) for term in (*concept.terms, concept.id.replace("_", " ")))
            extra = [
                len(words) - len(wanted)
                for words in terms
                if all(any(word.startswith(part) for word in words) for part in wanted)
            ]
            if wanted and extra:
                scored.append((min(extra), concept.id))
        return tuple(self._concepts[id] for _, id in sorted(scored)[:limit])


__all__ = ["Concept", "Form", "Vocabulary"]
