"""The page, without a browser."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from radnlp.output.html import render
from radnlp.output.page.report import Piece, woven
from radnlp.schema import (
    DISCLAIMER,
    Analysis,
    Correction,
    Critical,
    Draft,
    DraftSection,
    Image,
    ImageMeasure,
    ImageMeasurement,
    Report,
    Sentence,
    Span,
)


class Reader(HTMLParser):
    """Collects attributes, and the text inside every element that carries a ``data-id``."""

    VOID = frozenset({"meta", "link", "img", "br", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[dict[str, str]] = []
        self.attributes: list[tuple[str, dict[str, str]]] = []
        self.text: dict[str, str] = {}
        self.report = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.attributes.append((tag, found))
        if tag not in self.VOID:
            self.open.append(found)

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        classes = " ".join(one.get("class", "") for one in self.open)
        if "report-text" in classes.split():
            self.report += data
            for one in {one["data-id"] for one in self.open if "mention" in one.get("class", "")}:
                self.text[one] = self.text.get(one, "") + data


def page_of(analysis: Analysis) -> str:
    return render(analysis).decode("utf-8")


def test_the_whole_report_is_kept_character_by_character(chest: Analysis) -> None:
    assert chest.report is not None
    assert Reader(page_of(chest)).report == chest.report.text


def test_every_mention_covers_exactly_its_words(chest: Analysis) -> None:
    read = Reader(page_of(chest)).text
    assert read == {entity.id: entity.text for entity in chest.entities}


@st.composite
def texts_and_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(st.text(alphabet="ab<&\"'>\r\n é漢🩻", min_size=1, max_size=30))
    edge = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(edge, edge).map(sorted), max_size=8))
    return text, [Span(start, end) for start, end in pairs]


@given(texts_and_spans())
def test_nested_and_crossing_pieces_keep_text_and_offsets(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    pieces = []
    for number, span in enumerate(spans):
        tag = f'<span class="mention" data-id="p{number}">'
        pieces.append(Piece(span=span, name="span", first=tag, again=tag))
    reader = Reader(f'<div class="report-text">{woven(text, pieces)}</div>')
    assert reader.open == []
    assert reader.report == text
    assert reader.text == {
        f"p{number}": span.of(text) for number, span in enumerate(spans) if len(span)
    }


def test_a_script_in_a_report_stays_text(chest: Analysis) -> None:
    page = page_of(chest)
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page
    assert page.count("<script>") == 1


def test_the_page_asks_nothing_of_any_server(chest: Analysis) -> None:
    for tag, attributes in Reader(page_of(chest)).attributes:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        for key, value in attributes.items():
            assert not key.startswith("on"), f"inline event attribute on {tag}"
            assert key != "style"
            if key in {"src", "href", "action"}:
                assert value.startswith("data:")
    assert "url(" not in page_of(chest)
    assert "@import" not in page_of(chest)


def test_only_the_pages_own_script_and_style_are_admitted(chest: Analysis) -> None:
    attributes = [found for tag, found in Reader(page_of(chest)).attributes if tag == "meta"]
    (policy,) = [found["content"] for found in attributes if "http-equiv" in found]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(re.findall(r"(?:script|style)-src 'sha256-[\w+/]+='", policy)) == 2


def test_the_embedded_image_is_untouched(chest: Analysis) -> None:
    found = re.search(r"data:image/png;base64,([\w+/=]+)", page_of(chest))
    assert found
    with Picture.open(io.BytesIO(base64.b64decode(found[1]))) as opened:
        shown = np.asarray(opened)
    assert np.array_equal(shown, np.rint(np.asarray(chest.images[0].pixels) * 255))


def test_a_large_image_is_scaled_and_keeps_its_coordinates() -> None:
    image = Image(pixels=np.zeros((3200, 2400), np.float32))
    page = page_of(Analysis(images=(image,)))
    assert 'viewBox="0 0 2400 3200"' in page
    found = re.search(r"data:image/png;base64,([\w+/=]+)", page)
    assert found
    with Picture.open(io.BytesIO(base64.b64decode(found[1]))) as opened:
        assert opened.size == (1200, 1600)


def test_mentions_and_regions_name_each_other(chest: Analysis) -> None:
    lights = {
        found["data-id"]: found["data-lights"].split()
        for tag, found in Reader(page_of(chest)).attributes
        if tag in {"span", "g"} and {"data-id", "data-lights"} <= found.keys()
    }
    assert lights["e1"] == ["e1", "g2"]
    assert lights["g2"] == ["g2", "e1", "f0"]
    assert lights["e6"] == ["e6", "cue-e6"]


def rows(page: str, kind: str) -> list[dict[str, str]]:
    """Attributes of the rows of a card."""
    found = (found for _, found in Reader(page).attributes)
    return [one for one in found if {"row", kind} <= set(one.get("class", "").split())]


def words_of(page: str, own_id: str) -> str:
    """The words of the report under a recommendation or score."""
    pattern = rf'<span class="passage" data-id="{own_id}"[^>]*>(.*?)</span>'
    return "".join(html.unescape(words) for words in re.findall(pattern, page, re.DOTALL))


def test_a_recommendation_lights_its_words(advised: Analysis) -> None:
    page = page_of(advised)
    for number, (row, item) in enumerate(
        zip(rows(page, "advice"), advised.recommendations, strict=True)
    ):
        assert row["data-id"] == row["data-lights"] == f"advice-{number}"
        assert row["tabindex"] == "0"
        assert words_of(page, row["data-lights"]) == item.text


def test_a_score_lights_its_words_its_finding_and_the_regions_of_that(advised: Analysis) -> None:
    page = page_of(advised)
    first, second = rows(page, "score")
    assert first["data-lights"].split() == ["score-0", "e1", "g2"]
    assert words_of(page, "score-0") == "Lung-RADS 3"
    assert second["data-lights"] == "score-1"


def test_a_recommendation_says_what_when_and_on_what_condition(advised: Analysis) -> None:
    card = page_of(advised).partition("<h2>Recommendations</h2>")[2].partition("</section>")[0]
    needed, denied = card.split("</li>")[:2]
    assert "CT and &lt;i&gt;PET&lt;/i&gt;" in needed
    for words in ("CT, PET", "in 3 months", "if it\ufffd[2J grows", "impression"):
        assert f">{words}</span>" in needed
    assert "not needed" not in needed
    assert ">not needed</span>" in denied


def test_a_score_says_of_what_and_of_which_study(advised: Analysis) -> None:
    card = page_of(advised).partition("<h2>Scores</h2>")[2].partition("</section>")[0]
    first, second = card.split("</li>")[:2]
    assert ">Lung-RADS 3</span>" in first
    assert ">nodule</span>" in first
    assert ">Lung-RADS 2 (prior study)</span>" in second


def test_count_and_quantities_are_told_in_row_and_tooltip(advised: Analysis) -> None:
    page = page_of(advised)
    assert '<span class="chip">count 2</span>' in page
    assert '<span class="chip">30 HU</span>' in page
    assert "<dt>count</dt><dd>2</dd>" in page
    assert "<dt>value</dt><dd>30 HU</dd>" in page


def test_advice_keeps_the_text_and_the_page_whole(advised: Analysis) -> None:
    assert advised.report is not None
    reader = Reader(page_of(advised))
    assert reader.report == advised.report.text
    assert reader.text == {entity.id: entity.text for entity in advised.entities}
    assert reader.open == []


def test_nothing_recommended_or_scored_has_no_card(chest: Analysis) -> None:
    page = page_of(chest)
    assert "<h2>Recommendations</h2>" not in page
    assert "<h2>Scores</h2>" not in page


def test_a_draft_sentence_lights_its_evidence(chest: Analysis) -> None:
    sentence, _ = [
        found
        for _, found in Reader(page_of(chest)).attributes
        if "sentence" in found.get("class", "").split()
    ]
    assert sentence["data-lights"].split() == ["f0", "g2"]


def test_only_calibrated_confidence_is_shown_in_percent(chest: Analysis) -> None:
    page = page_of(chest)
    assert "66%" in page
    assert "41%" not in page
    assert "score 0.41" in page


def test_the_page_says_that_it_is_a_draft_who_spoke_and_what_is_odd(chest: Analysis) -> None:
    page = page_of(chest)
    assert page.count(DISCLAIMER) >= 3
    assert "radnlp.vision.embedded 1.2 (cxr@01234567)" in page
    assert "OrientationWarning [i0]: side by convention" in page
    assert "Not supported, so not judged: hiatal hernia, fibrosis." in page
    assert "Simulated image. It shows no patient." in page


def test_the_file_name_of_an_image_is_not_told(chest: Analysis) -> None:
    assert "doe.dcm" not in page_of(chest)


def test_an_analysis_read_from_json_shows_outlines_and_says_why_no_pixels(chest: Analysis) -> None:
    page = page_of(Analysis.from_json(chest.to_json()))
    assert "pixels are not part of the JSON" in page
    assert 'data-id="g2"' in page
    assert "data:image" not in page


@pytest.mark.parametrize("text", [None, "", "  \n", "No effusion."])
def test_a_page_without_images_is_whole(text: str | None) -> None:
    analysis = Analysis(report=None if text is None else Report(text=text))
    reader = Reader(page_of(analysis))
    assert reader.open == []
    assert reader.report == (text or "")


def test_a_page_is_well_formed_and_ids_are_unique(chest: Analysis) -> None:
    reader = Reader(page_of(chest))
    assert reader.open == []
    ids = [found["id"] for _, found in reader.attributes if "id" in found]
    assert len(ids) == len(set(ids))


def test_a_notebook_shows_the_page(chest: Analysis) -> None:
    shown = chest._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "<script>" not in shown


def test_no_mention_is_told_twice_in_the_list(chest: Analysis) -> None:
    again = dataclasses.replace(chest.entities[1], id="e8")
    page = page_of(dataclasses.replace(chest, entities=(*chest.entities, again)))
    assert page.count('data-id="e1 e8"') == 1


def test_critical_and_corrected_sentences_are_marked(chest: Analysis) -> None:
    said = Sentence(
        text="Possible <pneumothorax>.",
        section=DraftSection.IMPRESSION,
        evidence=("f0",),
        critical=Critical.POSSIBLE,
    )
    fixed = Correction(
        section=DraftSection.FINDINGS, before="Left <mass>.", after=None, reason="no side"
    )
    page = page_of(dataclasses.replace(chest, draft=Draft(sentences=(said,), corrections=(fixed,))))
    assert '<span class="flag">CRITICAL, POSSIBLE</span>Possible &lt;pneumothorax&gt;.' in page
    assert "“Left &lt;mass&gt;.” dropped: no side" in page
    assert 'class="flag"' not in page_of(chest)


def test_what_was_measured_stands_with_its_image(chest: Analysis) -> None:
    measured = ImageMeasurement(
        id="m0",
        image_id="i0",
        measure=ImageMeasure.CARDIOTHORACIC_RATIO,
        value=0.5249,
        region_ids=(chest.regions[0].id,),
    )
    page = page_of(dataclasses.replace(chest, image_measurements=(measured,)))
    assert "cardiothoracic ratio 0.52, by the outlines" in page
