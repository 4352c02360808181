"""Which fields of a record are the report and its name."""

from __future__ import annotations

import pytest

from radnlp.errors import EncodingError, InputError, InvalidRecord
from radnlp.io.record import choose_columns, id_of, join_sections, text_of


@pytest.mark.parametrize(
    ("names", "text", "identity"),
    [
        (("id", "text"), ("text",), "id"),
        (("Accession Number", "Report_Text", "age"), ("Report_Text",), "Accession Number"),
        (("findings", "impression", "report"), ("report",), None),
        (("study_id", "Findings", "IMPRESSION"), ("Findings", "IMPRESSION"), "study_id"),
        (("uid", "sections"), ("sections",), "uid"),
    ],
)
def test_usual_names_are_found(
    names: tuple[str, ...], text: tuple[str, ...], identity: str | None
) -> None:
    columns = choose_columns(names)
    assert (columns.text, columns.id) == (text, identity)


def test_the_users_choice_goes_before_usual_names() -> None:
    columns = choose_columns(("id", "text", "befund", "nr"), text=("befund",), identity="nr")
    assert (columns.text, columns.id) == (("befund",), "nr")


@pytest.mark.parametrize("names", [("a", "b"), ()])
def test_a_record_without_text_says_what_is_there(names: tuple[str, ...]) -> None:
    with pytest.raises(InvalidRecord, match="name the text column"):
        choose_columns(names)


def test_a_chosen_field_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidRecord, match="'befund'; found 'id', 'text'"):
        choose_columns(("id", "text"), text=("befund",))


def test_names_that_may_be_a_patients_are_counted_and_not_repeated() -> None:
    names = ("id", "GREY^JO", "1950-06-02")
    for choose in ({}, {"text": ("befund",)}):
        with pytest.raises(InvalidRecord, match="found 'id' and 2 others") as caught:
            choose_columns(names, **choose)
        assert "GREY" not in str(caught.value)
    with pytest.raises(InvalidRecord, match=r"found 2 of other names, .* header"):
        choose_columns(names[1:])


def test_a_title_inside_a_field_is_not_repeated() -> None:
    with pytest.raises(InvalidRecord) as caught:
        text_of({"sections": {"GREY^JO": 3}}, choose_columns(("sections",)))
    assert "GREY" not in str(caught.value)


def test_a_single_field_is_not_changed() -> None:
    text = "  FINDINGS:\r\nclear \n"
    assert text_of({"text": text}, choose_columns(("text",))) == text


def test_sections_are_joined_with_their_headers() -> None:
    fields = {"sections": {"reason_for_exam": "Cough.", "FINDINGS": "Clear.", "IMPRESSION": None}}
    joined = text_of(fields, choose_columns(("sections",)))
    assert joined == "REASON FOR EXAM:\nCough.\n\nFINDINGS:\nClear."


def test_blank_sections_have_no_header() -> None:
    assert join_sections({"FINDINGS": " ", "IMPRESSION": "Normal."}) == "IMPRESSION:\nNormal."


def test_sections_stand_in_the_order_of_a_report() -> None:
    joined = join_sections({"IMPRESSION": "c", "XYZ": "d", "Findings": "b", "history": "a"})
    assert joined == "HISTORY:\na\n\nFINDINGS:\nb\n\nIMPRESSION:\nc\n\nXYZ:\nd"


def test_null_is_not_an_empty_report() -> None:
    assert text_of({"text": ""}, choose_columns(("text",))) == ""
    with pytest.raises(InputError, match="null"):
        text_of({"text": None}, choose_columns(("text",)))


def test_a_number_is_no_report() -> None:
    with pytest.raises(InvalidRecord, match="holds int"):
        text_of({"text": 3}, choose_columns(("text",)))


def test_a_lone_surrogate_is_told_at_the_border() -> None:
    with pytest.raises(EncodingError, match="lone surrogate"):
        text_of({"text": "a\ud800"}, choose_columns(("text",)))


@pytest.mark.parametrize(("value", "name"), [(7, "7"), ("x", "x"), ("", None), (None, None)])
def test_an_id_is_text_or_nothing(value: object, name: str | None) -> None:
    assert id_of({"id": value, "text": ""}, choose_columns(("id", "text"))) == name
