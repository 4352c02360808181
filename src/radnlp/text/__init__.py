"""Report text → sections, entities, relations, labels."""

from __future__ import annotations

from radnlp.text.stage import RuleText, RuleTextOptions

__all__ = ["RuleText", "RuleTextOptions"]
