"""Sentences of one's own archive: what gets into an index, and what is taken out of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from radnlp.errors import FileMissing, IndexMissing, InvalidRecord, OutputError
from radnlp.report import ReportOptions, RetrieveReport, Style
from radnlp.report.embed import HashedWords, Meaning, embedder_of
from radnlp.report.index import IndexBuilder, SentenceIndex, labels_of, tidy
from radnlp.report.retrieve import Retriever
from radnlp.schema import Assertion, Box, Critical, Report, Severity, Side


@pytest.fixture
def index(read):
    """An index of some sentences, one report each."""

    def make(*sentences: str) -> SentenceIndex:
        builder = IndexBuilder(read)
        for sentence in sentences:
            builder.add([sentence])
        return builder.build(HashedWords())

    return make


@pytest.fixture
def draft(draft_by, zones, index):
    """Draft from an archive of sentences."""

    def make(sentences, mentions=(), findings=(), spots=(), **style):
        stage = RetrieveReport(index(*sentences), ReportOptions(style=Style(**style)))
        return draft_by(stage, mentions, findings, (*zones, *spots))

    return make


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("No pneumothorax.", [("pneumothorax", "absent", "", "", "")]),
        ("There is a small left pleural effusion.",
         [("pleural_effusion", "present", "left", "", "small")]),
        ("Possible right lower lobe pneumonia.",
         [("pneumonia", "uncertain", "right", "lower_lobe", "")]),
        ("No effusion or pneumothorax is seen.",
         [("pleural_effusion", "absent", "", "", ""), ("pneumothorax", "absent", "", "", "")]),
        ("Heart size is normal.", [("cardiomegaly", "absent", "", "", "")]),
    ],
)  # fmt: skip
def test_a_sentence_is_kept_by_what_it_says(read, text: str, says) -> None:
    assert list(labels_of(text, read)) == says


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Left pleural effusion as told to Dr. Smith.",
        "Smith has a left pleural effusion.",
        "XXXX left pleural effusion.",
        "Left pleural effusion on May 3.",
        "Left pleural effusion of 12 mm.",
        "Two nodules.",
        "Left pleural effusion has increased.",
        "Left pleural effusion is again seen.",
        "Unchanged left pleural effusion.",
        "New left pleural effusion.",
        "No change in the left pleural effusion.",
        "History of pneumonia.",
        "Evaluate for pneumonia.",
        "Recommend CT for the nodule.",
        "Nodule after lobectomy.",
        "Acute rib fracture.",
        "Tension pneumothorax.",
        "No large effusion.",
        "No lower lobe consolidation.",
        "The lungs are clear.",
        "The heart is normal.",
        "Probable pneumonia.",
        "Pneumonia is unlikely.",
        "NO PNEUMOTHORAX.",
        "The patient is well.",
        "Mother had a left pleural effusion.",
        "Left pleural effusion in this pleasant lady.",
    ],
)
def test_a_sentence_that_holds_more_is_not_kept(read, text: str) -> None:
    assert labels_of(text, read) == ()


def test_a_sentence_is_kept_once_on_one_line(index) -> None:
    made = index("1. No  pneumothorax", "no pneumothorax.", "Cardiomegaly.", "The patient is well.")
    assert [(one.text, one.reports) for one in made.entries] == [
        ("No pneumothorax.", 2),
        ("Cardiomegaly.", 1),
    ]
    assert made.vectors.shape == (2, 512)


@pytest.mark.parametrize(
    ("text", "line"), [("- No mass;", "No mass."), ("No\n mass", "No mass."), (" ", "")]
)
def test_sentences_are_tidied(text: str, line: str) -> None:
    assert tidy(text) == line


def test_a_draft_speaks_in_the_words_of_the_archive(draft, finding, mention) -> None:
    result = draft(
        ["A small effusion is seen on the left.", "There is no evidence of pneumothorax."],
        [mention("pleural_effusion", side=Side.LEFT, severity=Severity.SMALL)],
        [finding("pneumothorax", 0.01)],
    )
    assert result.findings == (
        "A small effusion is seen on the left. There is no evidence of pneumothorax."
    )
    assert result.sentences[0].evidence == ("e0",)
    assert result.sentences[0].provenance.producer == "radnlp.report.retrieve"
    assert result.impression == "Small left pleural effusion."
    assert result.corrections == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "A small effusion is seen on the right.",
        "An effusion is seen on the left.",
        "A large effusion is seen on the left.",
        "There may be a small left effusion.",
        "No left effusion.",
        "Small left effusion and pneumonia.",
    ],
)
def test_a_sentence_that_says_anything_else_is_left_where_it_is(draft, mention, sentence) -> None:
    said = mention("pleural_effusion", side=Side.LEFT, severity=Severity.SMALL)
    assert draft([sentence], [said]).findings == "Small left pleural effusion."


def test_places_agree_too(draft, finding, spot) -> None:
    shown = {
        "findings": [finding("opacity", 0.95)],
        "spots": [spot("opacity", Box(60, 65, 90, 85))],
    }
    archive = ["Opacity is seen in the left upper zone.", "Opacity is seen in the left lower zone."]
    assert draft(archive, **shown).findings == "Opacity is seen in the left lower zone."
    assert draft(archive[:1], **shown).findings == "Left lower zone opacity."


def test_one_sentence_says_several_statements_of_a_group_if_it_can(draft, finding) -> None:
    denied = [finding("pneumothorax", 0.01), finding("pleural_effusion", 0.01, "f1")]
    archive = ["No pneumothorax.", "No effusion or pneumothorax.", "No mass or pneumothorax."]
    result = draft(archive, findings=denied)
    assert result.findings == "No effusion or pneumothorax."
    assert set(result.sentences[0].evidence) == {"f0", "f1"}


def test_of_those_that_agree_the_usual_one_near_the_form_is_taken(draft, mention) -> None:
    archive = ["Cardiomegaly.", "Cardiomegaly.", "Cardiomegaly is present.", "Enlarged heart."]
    said = [mention("cardiomegaly")]
    assert draft(archive, said).findings == "Cardiomegaly."
    assert draft(archive, said, form="prose").findings == "Cardiomegaly is present."


def test_comparisons_and_measurements_are_left_to_the_templates(index) -> None:
    from radnlp.report.statement import Claim, Statement
    from radnlp.schema import Change

    said = [
        Statement(concept="mass", claim=Claim.PRESENT, evidence=("e0",), change=Change.NEW),
        Statement(
            concept="cardiothoracic_ratio", claim=Claim.MEASURED, evidence=("m0",), value=0.5
        ),
    ]
    assert Retriever(index("Mass."), HashedWords())(said, Style()) == []


def test_a_critical_finding_is_flagged_in_the_words_of_the_archive(draft, mention) -> None:
    result = draft(["Pneumothorax is seen."], [mention("pneumothorax")])
    assert [(one.text, one.critical) for one in result.sentences] == [
        ("Pneumothorax is seen.", Critical.PRESENT),
        ("Pneumothorax.", Critical.PRESENT),
    ]


def test_a_hedge_of_the_archive_is_a_hedge_of_the_draft(draft, mention) -> None:
    said = [mention("pneumonia", assertion=Assertion.UNCERTAIN)]
    assert draft(["Pneumonia.", "There may be pneumonia."], said).sentences[0].text != "Pneumonia."


class TestFiles:
    """An index is a folder of JSON and safetensors."""

    def test_it_comes_back_as_it_was(self, index, tmp_path) -> None:
        made = index("No pneumothorax.", "Small left effusion.")
        made.save(tmp_path / "index")
        back = SentenceIndex.load(tmp_path / "index")
        assert back.entries == made.entries
        assert np.allclose(back.vectors, made.vectors, atol=1e-3)
        assert sorted(path.name for path in (tmp_path / "index").iterdir()) == [
            "embeddings.safetensors",
            "sentences.json",
        ]
        assert RetrieveReport(tmp_path / "index").options == ReportOptions()

    def test_an_index_is_replaced_and_nothing_else_is(self, index, tmp_path) -> None:
        index("Mass.").save(tmp_path / "index")
        index("Nodule.").save(tmp_path / "index")
        assert SentenceIndex.load(tmp_path / "index").entries[0].text == "Nodule."
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "notes.txt").write_text("mine")
        with pytest.raises(OutputError, match="not empty"):
            index("Mass.").save(tmp_path / "other")

    def test_no_index_says_how_to_make_one(self, tmp_path) -> None:
        with pytest.raises(IndexMissing, match="radnlp index ARCHIVE"):
            RetrieveReport()
        with pytest.raises(FileMissing, match="radnlp index ARCHIVE"):
            RetrieveReport(tmp_path)

    @pytest.mark.parametrize(
        "content", ["{", "[]", "{}", '{"format": "radnlp-sentences-1", "sentences": [1]}']
    )
    def test_a_broken_one_is_refused(self, index, tmp_path, content: str) -> None:
        folder = index("Mass.").save(tmp_path / "index")
        (folder / "sentences.json").write_text(content)
        with pytest.raises(InvalidRecord, match="build it again"):
            SentenceIndex.load(folder)

    def test_vectors_that_belong_to_another_are_refused(self, index, tmp_path) -> None:
        folder = index("Mass.").save(tmp_path / "index")
        table = json.loads((folder / "sentences.json").read_text("utf-8"))
        table["sentences"] *= 2
        (folder / "sentences.json").write_text(json.dumps(table))
        with pytest.raises(InvalidRecord, match="2 sentences"):
            SentenceIndex.load(folder)

    def test_another_embedder_is_refused(self, index) -> None:
        class Other(HashedWords):
            name = "other"

        with pytest.raises(InvalidRecord, match="'hashed-words-1', and 'other'"):
            RetrieveReport(index("Mass."), embed=Other())


def test_a_fuller_name_than_a_sentence_has_is_left_to_the_templates(draft, read) -> None:
    told = read(Report(text="Loculated effusion.")).entities
    result = draft(["There is a pleural effusion."], told)
    assert result.findings == "Loculated effusion."


def test_an_index_by_meaning_is_searched_by_meaning(read, draft_by, zones, tmp_path) -> None:
    builder = IndexBuilder(read)
    builder.add(["No pneumothorax.", "There is no pneumothorax."])
    builder.build(Meaning()).save(tmp_path)
    index = SentenceIndex.load(tmp_path)
    assert index.embedder.startswith("language-mini0@")
    assert draft_by(RetrieveReport(index), regions=zones) is None


def test_meaning_places_a_denial_apart() -> None:
    said, again, denied = Meaning()(
        ["There is a nodule.", "A nodule is present.", "There is no nodule."]
    )
    assert said @ again > said @ denied + 0.2
    assert Meaning()([]).shape == (0, 128)


def test_an_embedder_of_somebody_else_must_be_passed() -> None:
    with pytest.raises(InvalidRecord, match="pass it as embed="):
        embedder_of("theirs-1")
