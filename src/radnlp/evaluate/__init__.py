"""Found against gold: scores with intervals, beside what trivial answers reach.

Pure functions, nouns in and figures out; nothing here reads a file or a report: `cases` makes
cases of rows with what it is handed.
"""

from __future__ import annotations

from radnlp.evaluate.boxes import BoxCase, score_boxes
from radnlp.evaluate.cases import draft_cases, entity_cases, label_cases, link_cases
from radnlp.evaluate.drafts import DraftCase, score_drafts
from radnlp.evaluate.entities import EntityCase, score_entities
from radnlp.evaluate.figures import Bootstrap, Figure
from radnlp.evaluate.labels import LabelCase, score_labels

__all__ = [
    "Bootstrap",
    "BoxCase",
    "DraftCase",
    "EntityCase",
    "Figure",
    "LabelCase",
    "draft_cases",
    "entity_cases",
    "label_cases",
    "link_cases",
    "score_boxes",
    "score_drafts",
    "score_entities",
    "score_labels",
]
