"""Section titles in the shapes that archives have."""

from __future__ import annotations

import pytest

from radnlp.schema.text import Report, Section
from radnlp.text import RuleText
from radnlp.text.rulebook import load_rulebook
from radnlp.text.sections import SectionReader

READ = SectionReader(load_rulebook().titles)


def bodies(text: str) -> list[tuple[str, str]]:
    return [(str(section.kind), section.span.of(text)) for section in READ(text)]


@pytest.mark.parametrize(
    "text",
    [
        "FINDINGS: Clear lungs.\nIMPRESSION: Normal chest.",
        "Findings: Clear lungs.\nImpression: Normal chest.",
        "FINDINGS:\nClear lungs.\n\nIMPRESSION:\nNormal chest.",
        "FINDINGS\nClear lungs.\nIMPRESSION\nNormal chest.",
        "**Findings:** Clear lungs.\n**Impression:** Normal chest.",
        "**FINDINGS**\nClear lungs.\n**IMPRESSION**\nNormal chest.",
        "## Findings\nClear lungs.\n## Impression\nNormal chest.",
        "FINDINGS: Clear lungs. IMPRESSION: Normal chest.",
        "1. FINDINGS: Clear lungs.\n2. IMPRESSION: Normal chest.",
        "I. FINDINGS: Clear lungs.\nII. IMPRESSION: Normal chest.",
        "1) FINDINGS\nClear lungs.\n2) IMPRESSION\nNormal chest.",
        "=== FINDINGS ===\nClear lungs.\n=== IMPRESSION ===\nNormal chest.",
        "[FINDINGS]\nClear lungs.\n[IMPRESSION]\nNormal chest.",
        "[FINDINGS] Clear lungs. [IMPRESSION] Normal chest.",
        "[Findings]: Clear lungs. [Impression]: Normal chest.",
        "FINDINGS - Clear lungs.\nIMPRESSION - Normal chest.",
        "Findings. Clear lungs.\nImpression. Normal chest.",
        "FINDINGS Clear lungs.\nIMPRESSION Normal chest.",
        "Findings:Clear lungs.Impression:Normal chest.",
        "\r\nFINDINGS:\r\nClear lungs.\r\n\r\nIMPRESSION:\r\nNormal chest.\r\n",
    ],
)
def test_titles_are_found_in_any_shape(text: str) -> None:
    assert bodies(text) == [("findings", "Clear lungs."), ("impression", "Normal chest.")]


def test_every_kind_of_section_is_told_apart() -> None:
    text = (
        "HISTORY: Cough.\nINDICATION: Fever.\nTECHNIQUE: Two views.\nCOMPARISON: None.\n"
        "FINDINGS: Clear.\nIMPRESSION: Normal.\nRECOMMENDATION: None.\nADDENDUM: None."
    )
    assert [kind for kind, _ in bodies(text)] == [
        "history",
        "indication",
        "technique",
        "comparison",
        "findings",
        "impression",
        "recommendation",
        "addendum",
    ]


def test_a_list_of_lines_is_read_line_by_line() -> None:
    text = "IMPRESSION:\n1. No pneumothorax\n2. Small effusion\n- Edema"
    entities = RuleText()(Report(text=text)).entities
    assert [str(entity.assertion) for entity in entities] == ["absent", "present", "present"]


def test_a_merged_title_is_findings() -> None:
    assert bodies("FINDINGS/IMPRESSION: Clear lungs.") == [("findings", "Clear lungs.")]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("IMPRESSION/PLAN: Clear.", ["impression"]),
        ("CLINICAL HISTORY/INDICATION: Cough.", ["indication"]),
        ("ADDENDUM #2: Fracture.", ["addendum"]),
        ("ADDENDUM 3/4/2020:\nFracture.", ["addendum"]),
        ("CT WITH CONTRAST:\nFINDINGS: Clear.", ["other", "findings"]),
        ("FINDINGS: a.\nIMPRESSION: b.\nFINDINGS: c.\nIMPRESSION: d.",
         ["findings", "impression", "findings", "impression"]),
        ("COMPARISON: None. The lungs are clear.", ["comparison", "findings"]),
    ],
)  # fmt: skip
def test_merged_numbered_and_repeated_titles_are_told(text: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in bodies(text)] == kinds


def test_a_text_without_titles_is_read_by_its_content() -> None:
    text = "A 70 year old man.\n\nTwo views were obtained.\n\nThe lungs are clear. No mass."
    rules = load_rulebook()
    read = SectionReader(rules.titles, rules.implicit_sections)
    assert [(str(section.kind), section.span.of(text)) for section in read(text)] == [
        ("indication", "A 70 year old man."),
        ("technique", "Two views were obtained."),
        ("findings", "The lungs are clear. No mass."),
    ]


def test_what_stands_before_a_single_title_is_read_by_its_content() -> None:
    text = "A 70 year old man with cough. Two views were obtained. Clear lungs. Impression: Normal."
    rules = load_rulebook()
    read = SectionReader(rules.titles, rules.implicit_sections)
    assert [str(section.kind) for section in read(text)] == [
        "indication",
        "technique",
        "findings",
        "impression",
    ]


def test_a_report_on_two_examinations_is_parted_at_their_names() -> None:
    text = (
        "CT HEAD WITHOUT CONTRAST\nFINDINGS: No hemorrhage.\nIMPRESSION: Normal.\n\n"
        "CT CERVICAL SPINE\nThere is a fracture.\nIMPRESSION: C5 fracture."
    )
    rules = load_rulebook()
    sections = SectionReader(rules.titles, rules.implicit_sections)(text)
    assert [(str(section.kind), section.span.of(text)) for section in sections] == [
        ("technique", "CT HEAD WITHOUT CONTRAST"),
        ("findings", "No hemorrhage."),
        ("impression", "Normal."),
        ("technique", "CT CERVICAL SPINE"),
        ("findings", "There is a fracture."),
        ("impression", "C5 fracture."),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "CLINICAL DETAILS: Cough.\n\nThe lungs are clear.\n\nIMPRESSION: Normal.",
            ["history", "findings", "impression"],
        ),
        ("HISTORY: Trauma.\nCT HEAD: No hemorrhage.", ["history", "findings"]),
        ("History: cough\nXR chest\nClear lungs.", ["history", "findings"]),
        ("Indication: fall. XR left wrist: Fracture.", ["indication", "findings"]),
        ("HISTORY: Cough\nand fever.\n\nFINDINGS: Clear.", ["history", "findings"]),
        ("HISTORY: Cough.\nLUNGS: Clear.\nHEART: Normal.", ["history", "findings"]),
        ("DIAGNOSIS: Pneumonia.", ["impression"]),
    ],
)
def test_findings_are_not_lost_in_a_background_section(text: str, wanted: list[str]) -> None:
    rules = load_rulebook()
    read = SectionReader(rules.titles, rules.implicit_sections)
    assert [str(section.kind) for section in read(text)] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "HISTORY: Cough.\nORDERING DIAGNOSIS: Pneumonia.\nIMPRESSION: Normal.",
        "HISTORY: Cough.\n\nCOMPLAINT: Pneumonia\nIMPRESSION: Normal.",
        "HISTORY: Cough.\n\nPneumonia two years ago, treated.\n\nIMPRESSION: Normal.",
        "CLINICAL INDICATION: Fall.\n\nThe patient has pain.\n\nIMPRESSION: Normal.",
    ],
)
def test_the_background_goes_on_where_it_speaks_of_the_past(text: str) -> None:
    rules = load_rulebook()
    kinds = [str(one.kind) for one in SectionReader(rules.titles, rules.implicit_sections)(text)]
    assert "findings" not in kinds


@pytest.mark.parametrize("line", ["CT SHOWS NO HEMORRHAGE", "CT is normal", "US OF THE LIVER."])
def test_a_line_that_says_something_names_no_examination(line: str) -> None:
    rules = load_rulebook()
    read = SectionReader(rules.titles, rules.implicit_sections)
    kinds = [str(section.kind) for section in read(f"{line}\nIMPRESSION: Normal.")]
    assert "technique" not in kinds


def test_a_text_without_titles_is_one_section() -> None:
    assert bodies(" Lungs are clear. ") == [("other", "Lungs are clear.")]


def test_a_template_line_is_no_title() -> None:
    text = "FINDINGS:\nLungs: Clear.\nHeart: Normal."
    assert bodies(text) == [("findings", "Lungs: Clear.\nHeart: Normal.")]


def test_sentences_before_the_first_title_are_findings_if_no_others_are() -> None:
    text = "The lungs are clear. No effusion.\nIMPRESSION: Normal."
    assert [kind for kind, _ in bodies(text)] == ["findings", "impression"]


def test_a_heading_line_before_the_first_title_is_other() -> None:
    text = "CHEST RADIOGRAPH, TWO VIEWS\nFINDINGS: Clear."
    assert [kind for kind, _ in bodies(text)] == ["other", "findings"]


def test_an_empty_section_keeps_its_title() -> None:
    text = "FINDINGS:\nIMPRESSION: Normal."
    sections = READ(text)
    assert [section.title.of(text) for section in sections if section.title] == [
        "FINDINGS",
        "IMPRESSION",
    ]
    assert len(sections[0].span) == 0


def test_a_word_in_a_sentence_is_no_title() -> None:
    assert bodies("These findings: effusion and edema.")[0][0] == "other"


def test_a_mention_knows_its_section() -> None:
    report = Report(text="INDICATION: Effusion.\nFINDINGS: Effusion.")
    entities = RuleText()(report).entities
    assert [str(entity.section) for entity in entities] == ["indication", "findings"]


def test_sections_do_not_overlap() -> None:
    text = "FINDINGS: a: b: IMPRESSION: FINDINGS: c IMPRESSION d"
    sections: tuple[Section, ...] = READ(text)
    ends = [section.span.end for section in sections]
    starts = [section.span.start for section in sections[1:]]
    assert all(end <= start for end, start in zip(ends, starts, strict=False))
