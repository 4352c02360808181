"""Found against gold: scores with intervals, beside what trivial answers reach.

Pure functions, nouns in and figures out; nothing here reads a file or a report.
"""

from __future__ import annotations

from radnlp.evaluate.boxes import BoxCase, score_boxes
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
    "score_boxes",
    "score_drafts",
    "score_entities",
    "score_labels",
]
