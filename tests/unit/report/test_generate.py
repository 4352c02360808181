"""The shipped decoder words statements, and none of them is lost or said with others' evidence."""

from __future__ import annotations

from radnlp.report.generate import Decoder
from radnlp.report.statement import Claim, Statement
from radnlp.report.style import Style
from radnlp.vocabulary import load_vocabulary


def test_a_long_list_of_denials_becomes_sentences_of_four_at_most() -> None:
    ids = [one.id for one in load_vocabulary() if one.kind == "finding"][:120]
    statements = [
        Statement(concept=id, claim=Claim.ABSENT, evidence=(f"e{n}",)) for n, id in enumerate(ids)
    ]
    sentences = Decoder()(statements, Style(form="prose"))
    assert all(len(one.evidence) <= 4 for one in sentences)
    said = [id for one in sentences for id in one.evidence]
    assert sorted(said) == sorted(f"e{n}" for n in range(120))


def test_what_is_called_by_a_fuller_name_is_left_to_the_templates() -> None:
    fuller = Statement(
        concept="pleural_effusion", claim=Claim.PRESENT, evidence=("e0",), term="loculated effusion"
    )
    assert Decoder()([fuller], Style()) == []
