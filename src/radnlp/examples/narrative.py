"""The report of a simulated study, in this project's own words, with the truth of each statement.

In the templates ``[phrase|concept|assertion]`` marks a statement; the marks are taken out of the
text and their places become offsets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radnlp.examples.simulation import Lesion, SimulatedStudy

__all__ = ["SimulatedReport", "Statement", "report_text", "write_report"]

_MARK = re.compile(r"\[([^\[|\]]+)\|([a-z_]+)\|([a-z]+)\|([a-z_]*)\]")
_ORDER = (
    "consolidation", "mass", "nodule", "pleural_effusion", "pneumothorax", "cardiomegaly",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one phrase of the report says.

    Attributes:
        start: First code point of the phrase.
        end: One past the last.
        concept: Vocabulary id.
        assertion: ``present``, ``absent`` or ``uncertain``.
        side: ``left``, ``right``, ``bilateral`` or None.
        zone: For example ``right_upper_zone``, or None.
    """

    start: int
    end: int
    concept: str
    assertion: str
    side: str | None
    zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedReport:
    """A report and what its findings and impression say, in reading order."""

    text: str
    statements: tuple[Statement, ...]


def report_text(study: SimulatedStudy) -> str:
    """Return the text of a report on the study."""
    return write_report(study).text


def write_report(study: SimulatedStudy) -> SimulatedReport:
    """Return a report that says what the study shows, what it does not, and one thing hedged."""
    lesions = sorted(study.findings, key=lambda lesion: _ORDER.index(lesion.concept))
    text = (
        "CHEST RADIOGRAPH, ONE VIEW\n\n"
        "INDICATION: Cough and weight loss. Evaluate for pneumonia.\n\n"
        "COMPARISON: None.\n\n"
        "TECHNIQUE: Single frontal PA view. Simulated image of an analytic phantom, "
        "not a patient.\n\n"
        f"FINDINGS:\n{_findings(lesions)}\n\n"
        f"IMPRESSION:\n{_impression(lesions)}\n"
    )
    return _unmark(text)


def _findings(lesions: list[Lesion]) -> str:
    shown = {lesion.concept for lesion in lesions}
    lines = [_sentence(lesion) for lesion in lesions if lesion.concept != "cardiomegaly"]
    lines.insert(1, _hedge(lesions))
    if "consolidation" not in shown:
        lines.append("No [focal consolidation|consolidation|absent|].")
    if "pleural_effusion" not in shown:
        lines.append("No [pleural effusion|pleural_effusion|absent|].")
    if "pneumothorax" not in shown:
        lines.append("There is no [pneumothorax|pneumothorax|absent|].")
    if "cardiomegaly" in shown:
        lines.append("The [heart is enlarged|cardiomegaly|present|].")
    else:
        lines.append("The [heart size is normal|cardiomegaly|absent|].")
    lines.append("No displaced [rib fracture|rib_fracture|absent|].")
    return "\n".join(lines)


def _sentence(lesion: Lesion) -> str:
    side, zone, size = lesion.side, lesion.zone, round(lesion.size_mm or 0.0)
    words = (zone or "").replace("_", " ")
    concept = lesion.concept
    if concept in ("nodule", "mass"):
        border = "well-defined" if concept == "nodule" else "lobulated"
        return f"There is a {border} {size} mm [{concept}|{concept}|present|{zone}] in the {words}."
    if concept == "consolidation":
        return f"Patchy [consolidation|consolidation|present|{zone}] is seen in the {words}."
    name = concept.replace("_", " ")
    extent = _extent(concept, size)
    if concept == "pneumothorax":
        return f"{extent} {side} apical [pneumothorax|pneumothorax|present|{side}]."
    return (
        f"{extent} {side} [{name}|{concept}|present|{side}] with "
        f"[blunting of the {side} costophrenic angle|costophrenic_blunting|present|{side}]."
    )


def _extent(concept: str, size_mm: float) -> str:
    small, moderate = {"pneumothorax": (20, 35)}.get(concept, (60, 100))
    return "Small" if size_mm < small else "Moderate" if size_mm < moderate else "Large"


def _hedge(lesions: list[Lesion]) -> str:
    for lesion in lesions:
        if lesion.concept == "consolidation":
            return f"This may represent [pneumonia|pneumonia|uncertain|{lesion.zone}]."
        if lesion.concept == "pleural_effusion":
            return (
                f"Mild adjacent [atelectasis|atelectasis|uncertain|{lesion.side}] "
                f"at the {lesion.side} base cannot be excluded."
            )
        if lesion.concept in ("nodule", "mass"):
            return f"This could represent a [granuloma|granuloma|uncertain|{lesion.zone}]."
    return "Minimal bibasilar [atelectasis|atelectasis|uncertain|bilateral] is possible."


def _impression(lesions: list[Lesion]) -> str:
    lines = []
    for lesion in lesions:
        words = (lesion.zone or "").replace("_", " ")
        concept, size = lesion.concept, round(lesion.size_mm or 0.0)
        name = concept.replace("_", " ")
        if concept in ("nodule", "mass"):
            mark = f"[{name}|{concept}|present|{lesion.zone}]"
            lines.append(f"{words.capitalize()} {mark}, {size} mm. CT of the chest is suggested.")
        elif concept == "consolidation":
            lines.append(f"{words.capitalize()} [{name}|{concept}|present|{lesion.zone}].")
        elif concept == "cardiomegaly":
            lines.append("[Cardiomegaly|cardiomegaly|present|].")
        else:
            mark = f"[{name}|{concept}|present|{lesion.side}]"
            lines.append(f"{_extent(concept, size)} {lesion.side} {mark}.")
    if not lines:
        return "No acute abnormality."
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def _unmark(marked: str) -> SimulatedReport:
    parts, statements, length, last = [], [], 0, 0
    for mark in _MARK.finditer(marked):
        phrase, concept, assertion, place = mark.groups()
        before = marked[last : mark.start()]
        start = length + len(before)
        length, last = start + len(phrase), mark.end()
        parts += [before, phrase]
        statements.append(
            Statement(
                start=start,
                end=length,
                concept=concept,
                assertion=assertion,
                side=place.split("_")[0] or None,
                zone=place if place.endswith("zone") else None,
            )
        )
    return SimulatedReport(text="".join([*parts, marked[last:]]), statements=tuple(statements))
