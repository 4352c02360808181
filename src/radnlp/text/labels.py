"""Report labels: what a whole report says of the findings that a label scheme lists.

1 present, 0 absent, -1 uncertain, `None` not mentioned. Findings and impression count; a report
without section titles counts as a whole. Hypothetical mentions, those of the past and those of
other persons never count. Over mentions, present beats uncertain beats absent. The schemes are in
``rules/label_sets.toml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radnlp.schema.entity import Assertion, Entity, Subject, Temporality
from radnlp.schema.text import Section, SectionKind
from radnlp.text.rulebook import load_rulebook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COUNTED = frozenset({SectionKind.FINDINGS, SectionKind.IMPRESSION})
_NEVER_COUNTED = frozenset(
    {
        SectionKind.HISTORY,
        SectionKind.INDICATION,
        SectionKind.TECHNIQUE,
        SectionKind.COMPARISON,
        SectionKind.RECOMMENDATION,
    }
)
_RANK = {None: 0, 0: 1, -1: 2, 1: 3}
_VALUE = {Assertion.PRESENT: 1, Assertion.UNCERTAIN: -1, Assertion.ABSENT: 0}
_NO_FINDING = "No Finding"
_DEVICES = "Support Devices"


def label_report(
    entities: Sequence[Entity],
    sections: Sequence[Section],
    scheme: Mapping[str, Sequence[str]],
) -> dict[str, int | None]:
    """Return the labels of a report under a scheme.

    Args:
        entities: All mentions of the report.
        sections: Its sections.
        scheme: Label → vocabulary ids. A narrower concept counts where it is present or
            uncertain; an absent one only if its own id is listed.

    Returns:
        ``No Finding`` first, then the scheme's labels in its order.
    """
    counted = [entity for entity in entities if _counts(entity, _counted_kinds(sections))]
    labels: dict[str, int | None] = {_NO_FINDING: None}
    for label, concepts in scheme.items():
        labels[label] = _label(counted, frozenset(concepts))
    others = (value for label, value in labels.items() if label not in (_NO_FINDING, _DEVICES))
    labels[_NO_FINDING] = None if any(value in (1, -1) for value in others) else 1
    return labels


def _counted_kinds(sections: Sequence[Section]) -> frozenset[SectionKind]:
    kinds = frozenset(section.kind for section in sections)
    if not any(section.title for section in sections):
        return frozenset(SectionKind)
    return _COUNTED if kinds & _COUNTED else frozenset(SectionKind) - _NEVER_COUNTED


def _counts(entity: Entity, kinds: frozenset[SectionKind]) -> bool:
    return (
        entity.section in kinds
        and entity.assertion is not Assertion.HYPOTHETICAL
        and entity.temporality is Temporality.CURRENT
        and entity.subject is Subject.PATIENT
    )


def _label(entities: Sequence[Entity], concepts: frozenset[str]) -> int | None:
    value: int | None = None
    for entity in entities:
        listed = entity.concept in concepts
        if not listed and (
            entity.assertion is Assertion.ABSENT or concepts.isdisjoint(entity.ancestors)
        ):
            continue
        given = _VALUE[entity.assertion]
        if _RANK[given] > _RANK[value]:
            value = given
    return value


def chexpert(entities: Sequence[Entity], sections: Sequence[Section]) -> dict[str, int | None]:
    """Return the 14 CheXpert labels of a report.

    Source:
        Irvin et al., CheXpert, AAAI 2019, table 1 (names and order of meaning).
    """
    return label_report(entities, sections, load_rulebook().label_sets["chexpert"])


def nih14(entities: Sequence[Entity], sections: Sequence[Section]) -> dict[str, int | None]:
    """Return the 14 labels of NIH ChestX-ray14 and ``No Finding``.

    Source:
        Wang et al., ChestX-ray8, CVPR 2017, extended to 14 findings.
    """
    return label_report(entities, sections, load_rulebook().label_sets["nih14"])


__all__ = ["chexpert", "label_report", "nih14"]
