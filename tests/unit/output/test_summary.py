"""The readable summary."""

from __future__ import annotations

import dataclasses
import io

from rich.console import Console

from radnlp.output.summary import print_summary, render, summary_text
from radnlp.schema import (
    DISCLAIMER,
    Analysis,
    Conflict,
    ConflictKind,
    Correction,
    Critical,
    Draft,
    DraftSection,
    ImageMeasure,
    ImageMeasurement,
    Notice,
    Report,
    Sentence,
)


def line_with(text: str, words: str) -> str:
    return next(line for line in text.splitlines() if words in line)


def test_the_summary_says_first_and_last_that_it_is_a_draft(chest: Analysis) -> None:
    lines = summary_text(chest).splitlines()
    assert DISCLAIMER in lines[0]
    assert lines[-1] == DISCLAIMER


def test_a_finding_stands_with_its_attributes_and_regions(chest: Analysis) -> None:
    nodule = line_with(summary_text(chest), "e1 ")
    for words in ("nodule", "present", "left", "new, 12 × 8 mm", "g2"):
        assert words in nodule


def test_count_and_quantities_stand_among_the_details(advised: Analysis) -> None:
    assert "new, count 2, 12 × 8 mm, 30 HU" in line_with(summary_text(advised), "e1 ")


def test_a_recommendation_stands_with_when_and_on_what_condition(advised: Analysis) -> None:
    line = line_with(summary_text(advised).partition("Recommendations")[2], "PET")
    for words in ("<i>PET</i>", "recommended", "CT, PET", "in 3 months", "grows", "impression"):
        assert words in line


def test_a_follow_up_that_is_not_needed_says_so(advised: Analysis) -> None:
    line = line_with(summary_text(advised), "follow-up")
    assert "not needed" in line
    assert "recommended" not in line


def test_a_score_stands_with_its_finding_and_its_study(advised: Analysis) -> None:
    text = summary_text(advised).partition("\nScores")[2]
    assert line_with(text, "e1 ").split() == ["Lung-RADS", "3", "e1", "nodule", "impression"]
    assert "2 (prior study)" in text


def test_nothing_recommended_or_scored_has_no_block(chest: Analysis) -> None:
    assert "Recommendations" not in summary_text(chest)
    assert "Scores" not in summary_text(chest)


def test_advice_cannot_steer_the_terminal(advised: Analysis) -> None:
    unit = dataclasses.replace(advised.entities[1].quantities[0], unit="\x9b31m")
    nodules = dataclasses.replace(advised.entities[1], quantities=(unit,))
    odd = dataclasses.replace(advised.scores[0], system="\x1b[2J", category="[bold]\x1b3[/bold]")
    text = summary_text(
        dataclasses.replace(
            advised,
            entities=(advised.entities[0], nodules, *advised.entities[2:]),
            scores=(odd,),
        )
    )
    assert not {"\x1b", "\x9b"} & set(text)
    assert "[bold]\ufffd3[/bold]" in text


def test_region_ids_are_explained(chest: Analysis) -> None:
    regions = line_with(summary_text(chest), "Regions:")
    assert "g2 nodule (picture)" in regions
    assert "g1 left lower zone (anatomy)" in regions


def test_a_narrow_terminal_loses_no_word(advised: Analysis) -> None:
    file = io.StringIO()
    print_summary(advised, Console(file=file, width=72))
    words = ("hypothetical", "uncertain", "effusion", "Possible", "costophrenic", "Lung-RADS")
    for word in (*words, "recommended", "follow-up", "impression"):
        assert (word in file.getvalue()) == (word in summary_text(advised))


def test_a_negated_finding_stands_with_its_cue(chest: Analysis) -> None:
    assert "“No”" in line_with(summary_text(chest), "pneumothorax")


def test_places_and_sizes_have_no_row_of_their_own(chest: Analysis) -> None:
    assert "upper lobe" not in summary_text(chest)


def test_only_calibrated_confidence_is_printed_in_percent(chest: Analysis) -> None:
    text = summary_text(chest)
    assert "66%" in line_with(text, "f1 ")
    assert "score 0.41" in line_with(text, "f0 ")


def test_unsupported_findings_share_one_line(chest: Analysis) -> None:
    assert "hiatal hernia, fibrosis" in line_with(summary_text(chest), "Not supported")


def test_draft_conflicts_warnings_and_speakers_are_told(chest: Analysis) -> None:
    text = summary_text(chest)
    assert "Nodule in the left upper zone.  [f0, g2]" in text
    assert "the image model sees none" in text
    assert "OrientationWarning [i0]: side by convention" in text
    assert "radnlp.vision.embedded 1.2 (cxr@01234567)" in text
    assert "SIMULATED" in text


def test_a_report_cannot_steer_the_terminal_or_the_markup(chest: Analysis) -> None:
    odd = dataclasses.replace(
        chest,
        warnings=(Notice(name="Odd", message="\x1b[2J[bold]x[/bold]"),),
        conflicts=(
            Conflict(kind=ConflictKind.SIDE, entity_ids=("e1",), sentence="[link=x]\x9b31m"),
        ),
    )
    text = summary_text(odd)
    assert not {"\x1b", "\x9b"} & set(text)
    assert "[bold]x[/bold]" in text
    assert "[link=x]" in text


def test_no_line_is_wider_than_promised(advised: Analysis) -> None:
    assert max(map(len, summary_text(advised).splitlines())) <= 110


def test_an_empty_analysis_has_a_summary() -> None:
    assert DISCLAIMER in summary_text(Analysis(report=Report(text="")))


def test_the_file_is_the_plain_summary(chest: Analysis) -> None:
    assert render(chest).decode("utf-8") == summary_text(chest)


def test_a_terminal_gets_styles(chest: Analysis) -> None:
    file = io.StringIO()
    print_summary(chest, Console(file=file, force_terminal=True, width=120))
    assert "\x1b[1m" in file.getvalue()


def test_critical_corrected_and_measured_are_told(chest: Analysis) -> None:
    said = Sentence(
        text="Pneumothorax.",
        section=DraftSection.IMPRESSION,
        evidence=("f0", "m0"),
        critical=Critical.PRESENT,
    )
    fixed = Correction(
        section=DraftSection.FINDINGS, before="Left mass.", after="Mass.", reason="no side"
    )
    measured = ImageMeasurement(
        id="m0",
        image_id="i0",
        measure=ImageMeasure.CARDIOTHORACIC_RATIO,
        value=0.5249,
        region_ids=(chest.regions[0].id,),
    )
    text = summary_text(
        dataclasses.replace(
            chest,
            draft=Draft(sentences=(said,), corrections=(fixed,)),
            image_measurements=(measured,),
        )
    )
    assert "CRITICAL: Pneumothorax.  [f0, m0]" in text
    assert "“Left mass.” now “Mass.”: no side" in text
    assert "m0  cardiothoracic ratio 0.52, by the outlines" in text
