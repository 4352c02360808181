"""A user's own concepts, terms and rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from radnlp.errors import FileMissing, InputError
from radnlp.schema.text import Report
from radnlp.text import RuleText, RuleTextOptions

MINE = """
[concept.zorblax_sign]
kind = "finding"
parents = ["opacity"]
terms = ["zorblax sign", "sign of zorblax"]

[terms]
pleural_effusion = ["pleural puddle"]

[[rule]]
id = "mine.lunch"
means = "absent"
reach = "before"
phrases = ["out to lunch"]
"""


def stage(tmp_path: Path, content: str) -> RuleText:
    path = tmp_path / "mine.toml"
    path.write_text(content, "utf-8")
    return RuleText(RuleTextOptions(additions=path))


def test_a_users_concept_term_and_rule_are_read(tmp_path: Path) -> None:
    report = Report(text="Left zorblax sign. Zorblax signs and pleural puddle out to lunch.")
    first, *others = stage(tmp_path, MINE)(report).entities
    assert (first.concept, first.side, first.ancestors[0]) == ("zorblax_sign", "left", "opacity")
    assert {one.concept for one in others} == {"zorblax_sign", "pleural_effusion"}
    assert {one.cue.rule for one in others if one.cue} == {"mine.lunch"}


def test_additions_leave_other_stages_as_they_are(tmp_path: Path) -> None:
    stage(tmp_path, MINE)
    assert RuleText()(Report(text="Zorblax sign.")).entities == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[concept", "mine.toml"),
        ("[words]\na = 1", "words"),
        ('[concept.x]\nkind = "finding"', "terms"),
        ('[concept.x]\nkind = "thing"\nterms = ["x"]', "thing"),
        ('[concept.mass]\nkind = "finding"\nterms = ["x"]', "known already"),
        ('[concept.x]\nkind = "finding"\nterms = ["x"]\nparents = ["nobody"]', "nobody"),
        ('[terms]\nnobody = ["x"]', "nobody"),
        ('[terms]\nmass = "lump"', "list of words"),
        ('[[rule]]\nid = "x"\nmeans = "gone"\nreach = "after"\nphrases = ["y"]', "gone"),
        ('[[rule]]\nid = "x"\nmeans = "present"\nreach = "after"\nphrases = ["no"]', "two rules"),
    ],
)
def test_a_fault_in_the_additions_is_named(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        stage(tmp_path, content)


def test_additions_that_are_not_there_are_missing(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        RuleText(RuleTextOptions(additions=tmp_path / "none.toml"))
