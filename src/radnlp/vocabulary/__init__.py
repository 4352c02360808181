"""Concepts as data: ids, parents, terms, codes."""

from __future__ import annotations

from radnlp.vocabulary.concept import Concept, Form, Vocabulary
from radnlp.vocabulary.kin import broader, is_kin, is_narrower
from radnlp.vocabulary.load import load_vocabulary

__all__ = [
    "Concept",
    "Form",
    "Vocabulary",
    "broader",
    "is_kin",
    "is_narrower",
    "load_vocabulary",
]
