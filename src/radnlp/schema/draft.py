"""A draft report in which every sentence lists its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from radnlp.errors import InputError
from radnlp.schema.region import Provenance

DISCLAIMER = "Draft. Not for diagnosis."


class DraftSection(StrEnum):
    """Part of a draft."""

    FINDINGS = "findings"
    IMPRESSION = "impression"


class Critical(StrEnum):
    """How surely a sentence states what somebody must be told at once."""

    PRESENT = "present"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of a draft.

    Attributes:
        text: The sentence.
        section: Which part of the draft it stands in.
        evidence: Ids of entities, regions, image findings or image measurements that carry it; at
            least one. Ids that begin with ``p:`` are mentions of the earlier report: they carry
            the comparison, and nothing else.
        provenance: Who wrote it.
        critical: Set if it states a critical finding: a pneumothorax, free air, a misplaced tube.

    Raises:
        InputError: The text is empty or nothing carries it.
    """

    text: str
    section: DraftSection
    evidence: tuple[str, ...]
    provenance: Provenance | None = None
    critical: Critical | None = None

    def __post_init__(self) -> None:
        if not self.text.strip() or not self.evidence:
            raise InputError(
                "a draft sentence needs words and evidence, got "
                f"{len(self.text)} characters and {len(self.evidence)} evidence ids"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What reading a draft back has changed in it.

    Attributes:
        section: Which part of the draft the sentence was written for.
        before: The sentence as it was written.
        after: What its evidence carries of it; ``None`` if it was dropped.
        reason: What in it has no evidence; ids and reasons, none of its words.
    """

    section: DraftSection
    before: str
    after: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft report. Never a diagnosis.

    Attributes:
        sentences: In reading order.
        findings: Text of the findings part, made of the sentences.
        impression: Text of the impression part, made of the sentences.
        status: Always ``draft``.
        disclaimer: What every reader must be told.
        corrections: Sentences that said more than their evidence, and what became of them.
    """

    sentences: tuple[Sentence, ...] = ()
    findings: str = ""
    impression: str = ""
    status: str = "draft"
    disclaimer: str = DISCLAIMER
    corrections: tuple[Correction, ...] = ()

    def __post_init__(self) -> None:
        if self.status != "draft":
            raise InputError(f"radnlp writes drafts only, got status {self.status!r}")
        for section in DraftSection:
            text = " ".join(item.text for item in self.sentences if item.section == section)
            object.__setattr__(self, section.value, text)


__all__ = ["DISCLAIMER", "Correction", "Critical", "Draft", "DraftSection", "Sentence"]
