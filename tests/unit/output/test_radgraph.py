"""RadGraph's JSON: tokens, labels, relations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from radnlp import Analysis, analyze
from radnlp.errors import InputError
from radnlp.output.radgraph import document


def graph(text: str) -> dict[str, Any]:
    return document(analyze(report=text))


def labelled(text: str) -> list[tuple[str, str]]:
    return [(one["tokens"], one["label"]) for one in graph(text)["entities"].values()]


def test_a_document_has_radgraphs_fields() -> None:
    assert graph("No pneumothorax.") == {
        "text": "No pneumothorax .",
        "entities": {
            "1": {
                "tokens": "pneumothorax",
                "label": "OBS-DA",
                "start_ix": 1,
                "end_ix": 1,
                "relations": [],
            }
        },
        "data_source": None,
        "data_split": "inference",
    }


def test_indices_count_tokens_and_include_the_last() -> None:
    found = graph("Small (left) pleural effusion, 1.5 cm. No pneumothorax/effusion.")
    tokens = found["text"].split()
    for one in found["entities"].values():
        assert tokens[one["start_ix"] : one["end_ix"] + 1] == one["tokens"].split()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Pneumonia.", "OBS-DP"),
        ("No pneumonia.", "OBS-DA"),
        ("Possible pneumonia.", "OBS-U"),
        ("Evaluate for pneumonia.", "OBS-U"),
    ],
)
def test_the_assertion_is_the_label(text: str, label: str) -> None:
    assert [one for _, one in labelled(text)] == [label]


def test_a_finding_is_located_at_its_anatomy() -> None:
    entities = graph("Nodule in the left upper lobe.")["entities"]
    assert entities["1"]["relations"] == [["located_at", "2"]]
    assert entities["2"]["label"] == "ANAT-DP"


def test_a_size_modifies_what_it_measures() -> None:
    entities = graph("8 mm nodule.")["entities"]
    assert (entities["1"]["tokens"], entities["1"]["relations"]) == ("8 mm", [["modify", "2"]])


def test_a_normal_organ_is_an_anatomy_with_an_observation() -> None:
    entities = graph("Heart size is normal.")["entities"]
    assert [(one["tokens"], one["label"]) for one in entities.values()] == [
        ("Heart size", "ANAT-DP"),
        ("normal", "OBS-DP"),
    ]
    assert entities["2"]["relations"] == [["located_at", "1"]]


def test_the_past_and_other_persons_are_left_out() -> None:
    assert labelled("History of pneumonia. Mother had tuberculosis.") == []


def test_the_graph_can_be_saved_and_asked_for(tmp_path: Path) -> None:
    analysis = analyze(report="Opacity may represent pneumonia.")
    path = analysis.save(tmp_path / "one.radgraph")
    assert json.loads(path.read_text("utf-8")) == analysis.to_radgraph()


def test_without_a_report_there_is_no_graph() -> None:
    with pytest.raises(InputError, match="report"):
        document(Analysis())
