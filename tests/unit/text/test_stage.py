"""The text stage as a whole: limits, errors, offsets on any text."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radnlp.errors import InputError, LanguageNotSupported, ReportTooLong
from radnlp.schema.reading import TextReading
from radnlp.schema.text import Report
from radnlp.text import RuleText, RuleTextOptions

STAGE = RuleText()
FORGETFUL = RuleText(RuleTextOptions(remembered_sentences=0))
WORDS = st.sampled_from(
    [
        "no", "not", "effusion", "pneumothorax", "left", "right", ",", ".", ";",
        ":", "?", "or", "and", "but", "with", "the", "is", "are",
        "may", "represent", "cannot", "be", "excluded", "opacity", "in", "lower", "lobe",
        "heart", "lungs", "clear", "normal", "enlarged", "unchanged", "resolved", "removed",
        "chest",
        "tube", "8", "mm", "x", "1.2", "cm", "FINDINGS:", "IMPRESSION:", "\n",
        "\n\n", "XXXX", "___", "-", "/", "(", ")", "é", "😀",
        "history", "of", "prior", "versus", "if", "small", "large", "bilateral", "aorta",
        "calcified",
    ]
)  # fmt: skip


def check(text: str, reading: TextReading) -> None:
    ids = [entity.id for entity in reading.entities]
    assert ids == [f"e{n}" for n in range(len(ids))]
    last = 0
    for entity in reading.entities:
        assert text[entity.span.start : entity.span.end] == entity.text
        assert entity.span.start >= last
        last = entity.span.start
        if entity.cue:
            assert entity.cue.span.end <= len(text)
        for measurement in entity.measurements:
            assert measurement.span.end <= len(text)
    for relation in reading.relations:
        assert {relation.head, relation.tail} <= set(ids)
    for section in reading.sections:
        assert section.span.end <= len(text)


@given(st.text())
def test_offsets_are_exact_on_any_text(text: str) -> None:
    check(text, STAGE(Report(text=text)))


@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_offsets_are_exact_on_any_order_of_known_words(text: str) -> None:
    check(text, STAGE(Report(text=text)))


@given(st.lists(WORDS, max_size=12))
@settings(max_examples=50)
def test_a_report_reads_the_same_twice(words: list[str]) -> None:
    report = Report(text=" ".join(words))
    assert STAGE(report) == STAGE(report)


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n"])
def test_a_blank_report_gives_an_empty_reading_with_a_warning(text: str) -> None:
    reading = STAGE(Report(text=text, id="r7"))
    assert reading.entities == ()
    assert [(notice.name, notice.source) for notice in reading.warnings] == [("EmptyReport", "r7")]


def test_a_report_over_the_limit_is_refused_with_the_limit() -> None:
    stage = RuleText(RuleTextOptions(max_characters=10))
    with pytest.raises(ReportTooLong, match=r"11 characters, the limit is 10"):
        stage(Report(text="No effusion"))


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        RuleTextOptions(max_characters=0)


def test_a_report_in_another_language_is_refused() -> None:
    with pytest.raises(LanguageNotSupported, match="'zh'"):
        STAGE(Report(text="x", language="zh"))


def test_a_stage_for_a_language_without_rules_is_refused() -> None:
    with pytest.raises(LanguageNotSupported, match="available: en"):
        RuleText(RuleTextOptions(language="xx"))


def test_a_regional_code_of_english_is_english() -> None:
    assert STAGE(Report(text="No effusion.", language="en-GB")).entities


def test_every_mention_says_who_found_it() -> None:
    (entity,) = STAGE(Report(text="No effusion.")).entities
    assert entity.provenance is not None
    assert entity.provenance.producer == "radnlp.text.rules"
    assert entity.confidence is None


@given(st.lists(WORDS, max_size=12))
@settings(max_examples=50)
def test_what_is_remembered_reads_the_same(words: list[str]) -> None:
    report = Report(text=" ".join(words))
    assert STAGE(report) == FORGETFUL(report)


def test_a_stage_forgets_before_it_grows() -> None:
    stage = RuleText(RuleTextOptions(remembered_sentences=2))
    texts = [f"No effusion {n}." for n in range(9)]
    assert [len(stage(Report(text=text)).entities) for text in texts] == [1] * 9


def test_a_negative_memory_is_refused() -> None:
    with pytest.raises(InputError, match="at least 0"):
        RuleTextOptions(remembered_sentences=-1)


def test_threads_may_share_a_stage() -> None:
    reports = [Report(text=f"No effusion. {n} mm nodule in the left base.") for n in range(200)]
    wanted = [STAGE(report) for report in reports]
    with ThreadPoolExecutor(max_workers=4) as pool:
        assert list(pool.map(STAGE, reports)) == wanted


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "no effusion, ",
            "heart and lungs and ",
            "a: ",
            "8 mm x ",
            "and left ",
            "if ",
            ". ",
            "* ",
        ),
        *("Contralateral effusion. ", "It was 9 mm.\n", "Cyst. It was 9 mm. It is 8 mm. "),
    ],
)
def test_the_time_grows_no_faster_than_the_text(piece: str) -> None:
    def seconds(times: int) -> float:
        report = Report(text=piece * times)
        best = 9e9
        for _ in range(2):
            start = process_time()
            STAGE(report)
            best = min(best, process_time() - start)
        return best

    gc.disable()  # its full passes look at the vocabulary too, once in a while
    try:
        short, long = seconds(2_000), seconds(8_000)
    finally:
        gc.enable()
    assert long < 0.1 + 10 * short  # quadratic time would be 16 times


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("双肺纹理清晰，未见胸腔积液。", ["LanguageWarning"]),
        ("Легкие без очаговых теней.", ["LanguageWarning"]),
        ("Kein Pneumothorax. Kleiner Pleuraerguss links.", ["LanguageWarning"]),
        ("Pas de pneumothorax. Le coeur est normal.", ["LanguageWarning"]),
        ("No effusion. Carcinoma in situ of the breast.", []),
        ("Müller sign is negative, 3 µm, no oedème.", []),
    ],
)
def test_another_language_is_noticed(text: str, names: list[str]) -> None:
    reading = RuleText()(Report(text=text))
    assert [notice.name for notice in reading.warnings] == names


def test_a_stated_language_needs_no_guess() -> None:
    assert RuleText()(Report(text="Легкие", language="en")).warnings == ()
