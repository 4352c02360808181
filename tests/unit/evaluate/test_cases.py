"""Rows of a table become cases."""

from __future__ import annotations

import numpy as np
import pytest

from radnlp import analyze
from radnlp.errors import FileMissing, InvalidRecord
from radnlp.evaluate import draft_cases, entity_cases, label_cases, link_cases
from radnlp.registry import label_scheme
from radnlp.schema import (
    Analysis,
    Assertion,
    Box,
    Failure,
    Image,
    Link,
    LinkSource,
    Region,
    RegionSource,
    Report,
    Study,
    TextReading,
)
from radnlp.text import RuleText

READ = RuleText()
CHEXPERT = label_scheme("chexpert")


def nothing(name: str) -> Report:
    raise FileMissing(f"{name}: no such file")


def no_analysis(name: str) -> Analysis:
    raise FileMissing(f"{name}: no such file")


def blank(name: str) -> Image:
    if name == "none.png":
        raise FileMissing("none.png: no such file")
    return Image(pixels=np.zeros((10, 20)))


def tied(study: Study) -> Analysis:
    """Tie every mention to a place by words, and a likelier one by words and picture."""
    assert study.report is not None
    entities = READ(study.report).entities
    regions = tuple(
        Region(id=name, image_id="i0", box=box, label="x", source=RegionSource.IMAGE)
        for name, box in (("g0", Box(0, 0, 9, 9)), ("g1", Box(1, 1, 2, 2)))
    )
    links = tuple(
        Link(entity_id=one.id, region_id=region, source=source)
        for one in entities
        for region, source in (("g0", LinkSource.ANATOMY), ("g1", LinkSource.BOTH))
    )
    return Analysis(report=study.report, entities=entities, regions=regions, links=links)


def test_boxes_of_one_phrase_make_one_case_and_the_surest_link_comes_first() -> None:
    edges = {"x0": 1, "y0": 2, "x1": 3, "y1": "4.5"}
    row = {"image": "a.png", "phrase": "Nodule.", "patient": "p"}
    rows = [("a:1", {**row, **edges}), ("a:2", {**row, "boxes": "[[5, 5, 6, 6]]"})]
    (case,) = link_cases(rows, analyse=tied, image_of=blank)
    assert not isinstance(case, Failure)
    assert case.truth == (Box(1, 2, 3, 4.5), Box(5, 5, 6, 6))
    assert case.found == (Box(1, 1, 2, 2), Box(0, 0, 9, 9))
    assert (case.concept, case.image, case.group) == ("nodule", Box(0, 0, 20, 10), "p")


def test_only_mentions_of_the_rows_concept_that_are_present_count() -> None:
    row = {"image": "a.png", "boxes": [[0, 0, 1, 1]], "concept": "pneumothorax"}
    rows = [("a:1", {**row, "phrase": "Nodule. No pneumothorax."})]
    (case,) = link_cases(rows, analyse=tied, image_of=blank)
    assert not isinstance(case, Failure)
    assert case.found == ()


def test_an_image_that_cannot_be_read_is_a_failure_and_costs_no_other() -> None:
    rows = [
        ("a:1", {"image": name, "phrase": "Nodule.", "boxes": [[0, 0, 1, 1]]})
        for name in ("none.png", "a.png")
    ]
    bad, good = link_cases(rows, analyse=tied, image_of=blank)
    assert isinstance(bad, Failure)
    assert (bad.id, bad.error) == ("none.png", "FileMissing")
    assert not isinstance(good, Failure)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "there is no 'image'; found 0 other"),
        ({"image": "a.png"}, "no 'phrase' and no 'report'"),
        ({"image": "a.png", "phrase": "Nodule."}, "no box"),
        ({"image": "a.png", "phrase": "Nodule.", "boxes": [[2, 0, 1, 1]]}, "x0 < x1"),
        ({"image": "a.png", "phrase": "Nodule.", "boxes": "[["}, "no box"),
    ],
)
def test_a_row_that_is_no_link_says_why_and_where(row: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidRecord, match=rf"gold\.csv:7: .*{said}"):
        list(link_cases([("gold.csv:7", row)], analyse=tied, image_of=blank))


def test_entities_count_once_and_those_of_the_background_never() -> None:
    text = "HISTORY: Fracture. FINDINGS: No edema. No edema. Nodule."
    gold = [{"concept": "nodule", "assertion": "present"}]
    (case,) = entity_cases([("a:1", {"text": text, "entities": gold})], read=READ)
    assert case.gold == (("nodule", Assertion.PRESENT),)
    said = [pair for pair in case.found if pair[0] in {"edema", "fracture", "nodule"}]
    assert said == [("edema", Assertion.ABSENT), ("nodule", Assertion.PRESENT)]
    assert case.group == "a:1"


def test_labels_are_read_from_columns_of_their_names() -> None:
    rows = [("a:1", {"text": "Edema.", "Edema": "1", "Pneumonia": -1.0, "patient": 7})]
    (case,) = label_cases(rows, read=READ, label=CHEXPERT)
    assert (case.gold["Edema"], case.gold["Pneumonia"], case.gold["Fracture"]) == (1, -1, None)
    assert (case.found["Edema"], case.group) == (1, "7")
    with pytest.raises(InvalidRecord, match="there is no 'text'; found 1 other"):
        list(label_cases([("a:1", {"Edema": 1})], read=READ, label=CHEXPERT))
    with pytest.raises(InvalidRecord, match="the text is a int"):
        list(label_cases([("a:1", {"text": 3, "Edema": 1})], read=READ, label=CHEXPERT))


def test_a_draft_is_held_against_the_labels_of_its_reference() -> None:
    row = {"draft": "Edema.", "reference": "No edema. Nodule."}
    (case,) = draft_cases(
        [("a:1", row)], read=READ, label=CHEXPERT, report_of=nothing, analysis_of=no_analysis
    )
    assert (case.labels.found["Edema"], case.labels.gold["Edema"]) == (1, 0)
    assert case.entities is not None
    assert ("nodule", Assertion.PRESENT) in case.entities.gold
    assert case.sentences is None


def test_files_that_a_row_names_are_read_by_what_is_handed_in() -> None:
    row = {"draft_file": "draft.txt", "reference_file": "gold.txt"}
    (case,) = draft_cases(
        [("a:1", row)],
        read=READ,
        label=CHEXPERT,
        report_of=lambda name: Report(text=f"Edema. {name}"),
        analysis_of=no_analysis,
    )
    assert case.text == "Edema. draft.txt"
    assert case.labels.gold["Edema"] == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"Edema": 1}, "there is no 'draft' and no 'draft_file'"),
        ({"draft": "Edema."}, "no column is called like a label"),
        ({"draft_file": "none.txt", "Edema": 1}, "none.txt: no such file"),
        ({"draft_file": "none.json", "Edema": 1}, "none.json: no such file"),
        ({"draft_file": "a.json", "Edema": 1}, "the analysis in a.json has no draft"),
    ],
)
def test_a_row_that_is_no_draft_says_why_and_where(row: dict[str, object], said: str) -> None:
    def analysis_of(name: str) -> Analysis:
        return analyze(report="Edema.") if name == "a.json" else no_analysis(name)

    cases = draft_cases(
        [("drafts.csv:2", row)], read=READ, label=CHEXPERT, report_of=nothing,
        analysis_of=analysis_of,
    )  # fmt: skip
    with pytest.raises(InvalidRecord, match=rf"drafts\.csv:2: {said}"):
        list(cases)


def test_reading_is_what_is_handed_in() -> None:
    def deaf(_: Report) -> TextReading:
        return TextReading()

    (case,) = entity_cases([("a:1", {"text": "Edema.", "entities": "[]"})], read=deaf)
    assert (case.gold, case.found) == ((), ())
