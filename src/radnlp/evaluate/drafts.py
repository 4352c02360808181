"""Drafts against reference reports: labels, entities, evidence, variety, and two floors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from radnlp.evaluate.entities import EntityCase, score_entities
from radnlp.evaluate.figures import (
    ALL,
    CONSTANT,
    SHUFFLED,
    SYSTEM,
    Bootstrap,
    Figure,
    mean_of,
)
from radnlp.evaluate.labels import LabelCase, f1_figures, label_names, positives

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCase:
    """One draft and what the reference says.

    Attributes:
        labels: Of the draft, and of the reference as gold.
        text: Of the draft.
        entities: Of the draft, and of the reference as gold; ``None`` if there are only labels.
        sentences: Sentences of the draft; ``None`` if its evidence is not known.
        without_evidence: Those of them that list none.
    """

    labels: LabelCase
    text: str
    entities: EntityCase | None = None
    sentences: int | None = None
    without_evidence: int = 0

    @property
    def group(self) -> str:
        """What is drawn whole for the interval."""
        return self.labels.group


def score_drafts(
    cases: Sequence[DraftCase],
    *,
    uncertain_is_present: bool = True,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[Figure, ...]:
    """Return how well drafts say what the references say.

    Floors: the one draft among all that scores best when every case gets it (``constant``), and
    the drafts dealt out anew among the cases (``shuffled``). A system that is not clearly above
    both does not look at its image.

    Args:
        cases: Drafts and references, with the same labels each.
        uncertain_is_present: Whether a label of -1 is positive; else it is negative.
        draws: Of the bootstrap, over groups.
        seed: Of the bootstrap and the dealing.

    Returns:
        ``macro_f1``, ``micro_f1`` and ``f1`` per label; ``entity_f1`` and ``concept_f1`` where
        there are reference reports; ``without_evidence``: share of sentences; ``distinct``:
        distinct drafts by drafts.

    Raises:
        InputError: Cases with different labels.
    """
    names = label_names([case.labels for case in cases])
    gold = positives([case.labels.gold for case in cases], names, uncertain_is_present)
    found = positives([case.labels.found for case in cases], names, uncertain_is_present)
    again = Bootstrap([case.group for case in cases], draws=draws, seed=seed)
    order = np.arange(len(cases))
    systems = {SYSTEM: order}
    if cases:
        systems[CONSTANT] = np.full(len(cases), _best_for_all(gold, found))
        systems[SHUFFLED] = np.random.default_rng(seed).permutation(order)
    figures: list[Figure] = []
    for system, given in systems.items():
        figures += f1_figures(system, names, gold, found[given], again)
        dealt = _dealt(cases, given)
        if dealt:
            scores = score_entities(dealt, system=system, draws=draws, seed=seed)
            figures += [one for one in scores if one.part == ALL]
    figures += list(_evidence(cases, draws, seed))
    return tuple(figures)


def _best_for_all(gold: NDArray[np.bool_], found: NDArray[np.bool_]) -> int:
    """Return which draft has the highest micro-F1 if every case gets it."""
    right = found @ gold.sum(axis=0)
    given = len(gold) * found.sum(axis=1)
    return int(np.argmax(2 * right / np.maximum(given + gold.sum(), 1)))


def _dealt(cases: Sequence[DraftCase], given: NDArray[np.int_]) -> list[EntityCase]:
    """Return the references' entities with those of the drafts that each case is given."""
    pairs = []
    for case, other in zip(cases, (cases[n] for n in given), strict=True):
        if case.entities is None or other.entities is None:
            return []
        pairs.append(replace(case.entities, found=other.entities.found))
    return pairs


def _evidence(cases: Sequence[DraftCase], draws: int, seed: int) -> Iterator[Figure]:
    known = [case for case in cases if case.sentences is not None]
    sums = np.array([(case.without_evidence, case.sentences) for case in known], dtype=float)
    again = Bootstrap([case.group for case in known], draws=draws, seed=seed)
    yield again.figure(
        sums.reshape(len(known), 2), mean_of, system=SYSTEM, part=ALL,
        measure="without_evidence", n=len(known),
    )  # fmt: skip
    distinct = len({" ".join(case.text.split()) for case in cases})
    share = distinct / len(cases) if cases else None
    yield Figure(system=SYSTEM, part=ALL, measure="distinct", value=share, n=len(cases))


__all__ = ["DraftCase", "score_drafts"]
