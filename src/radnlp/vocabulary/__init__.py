"""Concepts as data: ids, parents, terms, codes."""

from __future__ import annotations

from radnlp.vocabulary.concept import Concept, Form, Vocabulary
from radnlp.vocabulary.load import load_vocabulary

__all__ = ["Concept", "Form", "Vocabulary", "load_vocabulary"]
