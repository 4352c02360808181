"""Report labels: what a whole report says of the findings that a label set lists.

1 present, 0 absent, -1 uncertain, `None` not mentioned. The built-in sets are in
``rules/label_sets.toml``; a user's own is a TOML file of the form that `read_label_set` documents.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radnlp.errors import FileMissing, InputError
from radnlp.schema.entity import Assertion, Entity, Subject, Temporality
from radnlp.schema.text import Section, SectionKind
from radnlp.text.rulebook import load_rulebook

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEVER_COUNTED = (
    SectionKind.HISTORY,
    SectionKind.INDICATION,
    SectionKind.TECHNIQUE,
    SectionKind.COMPARISON,
    SectionKind.RECOMMENDATION,
)
_RANK = {None: 0, 0: 1, -1: 2, 1: 3}
_MEANINGS: dict[str, int | None] = {"present": 1, "absent": 0, "uncertain": -1, "ignored": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What counts for one label.

    Attributes:
        concepts: Vocabulary ids. A narrower concept counts where it is present or uncertain; an
            absent one only if its own id is listed, for no consolidation is not no opacity.
        but_not: Vocabulary ids that do not count, with all narrower ones.
    """

    concepts: frozenset[str]
    but_not: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPolicy:
    """How the mentions of a report become one value per label.

    Attributes:
        sections: Kinds of section that count. A report without any title counts as a whole; one
            that has titles and none of these counts but for history, indication, technique,
            comparison and recommendation.
        uncertain: What an uncertain mention counts as: ``uncertain``, ``present``, ``absent`` or
            ``ignored``.
        hypothetical: The same for hypothetical mentions.
        historical: Whether mentions of the past count.
        other_subject: Whether mentions of other persons count.
        narrower_absent: Whether an absent narrower concept makes the label absent.
        no_finding: Name of a label that is 1 if no other label is 1 or -1; empty for none.
        beside_no_finding: Labels that leave that one untouched.
    """

    sections: tuple[SectionKind, ...] = (SectionKind.FINDINGS, SectionKind.IMPRESSION)
    uncertain: str = "uncertain"
    hypothetical: str = "ignored"
    historical: bool = False
    other_subject: bool = False
    narrower_absent: bool = False
    no_finding: str = ""
    beside_no_finding: tuple[str, ...] = ()


_AS_CHEXPERT = LabelPolicy(no_finding="No Finding", beside_no_finding=("Support Devices",))


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """Labels and the policy that fills them. Over mentions, present beats uncertain beats absent.

    Attributes:
        labels: What counts for each, in order.
        policy: How mentions become values.
    """

    labels: Mapping[str, Label]
    policy: LabelPolicy = _AS_CHEXPERT

    def __call__(
        self, entities: Sequence[Entity], sections: Sequence[Section]
    ) -> dict[str, int | None]:
        """Return the labels of a report; the label for no finding, if there is one, comes first.

        Args:
            entities: All mentions of the report.
            sections: Its sections.
        """
        kinds = self._counted_kinds(sections)
        counted = [
            (entity, value)
            for entity in entities
            if entity.section in kinds and (value := self._value(entity)) is not None
        ]
        policy = self.policy
        labels: dict[str, int | None] = {policy.no_finding: None} if policy.no_finding else {}
        for name, label in self.labels.items():
            labels[name] = self._label(counted, label)
        if policy.no_finding:
            left_out = (policy.no_finding, *policy.beside_no_finding)
            others = [value for name, value in labels.items() if name not in left_out]
            # Without a report, or in an empty one, silence is not absence.
            unread = not sections and not entities
            abnormal = any(value in (1, -1) for value in others)
            labels[policy.no_finding] = None if unread or abnormal else 1
        return labels

    def _counted_kinds(self, sections: Sequence[Section]) -> frozenset[SectionKind]:
        if not any(section.title for section in sections):
            return frozenset(SectionKind)
        wanted = frozenset(self.policy.sections)
        if wanted & frozenset(section.kind for section in sections):
            return wanted
        return frozenset(SectionKind).difference(_NEVER_COUNTED)

    def _value(self, entity: Entity) -> int | None:
        policy = self.policy
        if entity.temporality is Temporality.HISTORICAL and not policy.historical:
            return None
        if entity.subject is Subject.OTHER and not policy.other_subject:
            return None
        if entity.assertion is Assertion.UNCERTAIN:
            return _MEANINGS[policy.uncertain]
        if entity.assertion is Assertion.HYPOTHETICAL:
            return _MEANINGS[policy.hypothetical]
        return 1 if entity.assertion is Assertion.PRESENT else 0

    def _label(self, counted: Sequence[tuple[Entity, int]], label: Label) -> int | None:
        value: int | None = None
        for entity, given in counted:
            listed = entity.concept in label.concepts
            narrower = not listed and not label.concepts.isdisjoint(entity.ancestors)
            if entity.assertion is Assertion.ABSENT and not self.policy.narrower_absent:
                narrower = False
            if not (listed or narrower) or any(map(entity.is_a, label.but_not)):
                continue
            if _RANK[given] > _RANK[value]:
                value = given
        return value


def label_report(
    entities: Sequence[Entity],
    sections: Sequence[Section],
    scheme: Mapping[str, Sequence[str]],
) -> dict[str, int | None]:
    """Return the labels of a report under a scheme, by the policy of the built-in sets.

    Args:
        entities: All mentions of the report.
        sections: Its sections.
        scheme: Label → vocabulary ids.
    """
    return _plain_set(scheme)(entities, sections)


def _plain_set(scheme: Mapping[str, Sequence[str]]) -> LabelSet:
    named = {name: Label(concepts=frozenset(concepts)) for name, concepts in scheme.items()}
    return LabelSet(labels=named)


@cache
def _built_in(name: str) -> LabelSet:
    return _plain_set(load_rulebook().label_sets[name])


def chexpert(entities: Sequence[Entity], sections: Sequence[Section]) -> dict[str, int | None]:
    """Return the 14 CheXpert labels of a report.

    Source:
        Irvin et al., CheXpert, AAAI 2019, table 1 (names and order of meaning).
    """
    return _built_in("chexpert")(entities, sections)


def nih14(entities: Sequence[Entity], sections: Sequence[Section]) -> dict[str, int | None]:
    """Return the 14 labels of NIH ChestX-ray14 and ``No Finding``.

    Source:
        Wang et al., ChestX-ray8, CVPR 2017, extended to 14 findings.
    """
    return _built_in("nih14")(entities, sections)


def read_label_set(path: str | Path) -> LabelSet:
    """Read a label set from a TOML file.

    ``[labels]`` gives each label a list of vocabulary ids, or a table with ``concepts`` and
    ``but_not``; ``[policy]`` takes the attributes of `LabelPolicy`, and may be left out.

    Raises:
        FileMissing: No such file.
        InputError: Not TOML, an unknown key or value, or an id that the vocabulary does not have.
    """
    path = Path(path)
    try:
        content = path.read_text("utf-8")
    except FileNotFoundError:
        raise FileMissing(f"no label set at {path}; give the path of a TOML file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the label set {path.name}: {error}") from None
    return _parse(content, path.name)


@cache
def _parse(content: str, name: str) -> LabelSet:
    try:
        data = tomllib.loads(content)
        _only_keys(data, {"labels", "policy"})
        labels = {label: _read_label(entry) for label, entry in data.get("labels", {}).items()}
        if not labels:
            raise InputError("it has no [labels]")
        policy = _read_policy(data.get("policy", {}), labels)
    except (tomllib.TOMLDecodeError, InputError) as error:
        raise InputError(f"label set {name}: {error}") from None
    return LabelSet(labels=labels, policy=policy)


def _read_label(entry: Any) -> Label:
    entry = {"concepts": entry} if isinstance(entry, list) else entry
    if not isinstance(entry, dict) or not entry.get("concepts"):
        raise InputError("a label is a list of vocabulary ids, or a table with concepts")
    _only_keys(entry, {"concepts", "but_not"})
    return Label(
        concepts=_known_ids(entry["concepts"]), but_not=_known_ids(entry.get("but_not", []))
    )


def _known_ids(ids: Any) -> frozenset[str]:
    from radnlp.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise InputError(f"expected a list of vocabulary ids, got {ids!r}")
    return frozenset(vocabulary.get(id).id for id in ids)


def _read_policy(entry: Mapping[str, Any], labels: Mapping[str, Label]) -> LabelPolicy:
    _only_keys(entry, {field.name for field in fields(LabelPolicy)})
    for name, value in entry.items():
        wanted = type(getattr(_AS_CHEXPERT, name))
        if wanted is tuple and not isinstance(value, list):
            raise InputError(f"policy {name} must be a list, got {value!r}")
        if wanted is not tuple and not isinstance(value, wanted):
            raise InputError(f"policy {name} must be {wanted.__name__}, got {value!r}")
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }
    for name in ("uncertain", "hypothetical"):
        _one_of(f"policy {name}", given.get(name, "ignored"), _MEANINGS)
    for kind in given.get("sections", ()):
        _one_of("policy sections", kind, list(SectionKind))
    for label in given.get("beside_no_finding", ()):
        _one_of("policy beside_no_finding", label, labels)
    if "sections" in given:
        given["sections"] = tuple(SectionKind(kind) for kind in given["sections"])
    return LabelPolicy(**given)


def _only_keys(entry: Mapping[str, Any], known: set[str]) -> None:
    for key in entry:
        _one_of("key", key, sorted(known))


def _one_of(noun: str, value: Any, known: Mapping[str, Any] | Sequence[str]) -> None:
    if value not in known:
        raise InputError(f"unknown {noun} {value!r}; expected one of {', '.join(known)}")


__all__ = [
    "Label",
    "LabelPolicy",
    "LabelSet",
    "chexpert",
    "label_report",
    "nih14",
    "read_label_set",
]
