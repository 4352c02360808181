"""A film's labels become what is known of it, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from radnlp.errors import FileMissing, MalformedRow
from radnlp.train.films import CONCEPTS, Film, read_films, targets_of


def film(pool: str, *labels: str, opacity: bool | None = None) -> Film:
    return Film(
        path=Path("a.png"),
        pool=pool,
        patient=f"{pool}:1",
        split="train",
        view="PA",
        labels=frozenset(labels),
        opacity=opacity,
        boxes=(),
        masks=(),
    )


def test_no_finding_denies_every_concept() -> None:
    assert targets_of(film("shenzhen", "No Finding")) == dict.fromkeys(CONCEPTS, False)


def test_an_nih_list_denies_what_it_does_not_name() -> None:
    known = targets_of(film("nih", "Effusion"))
    assert known["pleural_effusion"] is True
    assert known["mass"] is False


def test_an_nih_list_says_nothing_of_what_was_never_looked_for() -> None:
    known = targets_of(film("nih", "Effusion"))
    assert "tuberculosis" not in known
    assert "opacity" not in known


def test_a_radiologists_boxes_decide_on_opacity() -> None:
    assert targets_of(film("nih", "No Finding", opacity=True))["opacity"] is True


@pytest.mark.parametrize(
    ("pool", "label", "concept"),
    [("kermany", "Pneumonia", "pneumonia"), ("montgomery", "Tuberculosis", "tuberculosis")],
)
def test_one_question_answered_yes_says_nothing_of_the_rest(
    pool: str, label: str, concept: str
) -> None:
    assert targets_of(film(pool, label)) == {concept: True}


@pytest.mark.parametrize("pool", ["wingspan", "phantom"])
def test_pools_without_labels_of_patients_teach_no_finding(pool: str) -> None:
    assert targets_of(film(pool, "Mass")) == {}


def test_a_folder_is_read_with_masks_and_boxes(films_folder: Path) -> None:
    films = read_films(films_folder)
    assert len(films) == 12
    assert films[0].boxes == (("mass", 12.0, 24.0, 22.0, 34.0),)
    assert [name for name, _ in films[0].masks] == ["left_lung", "right_lung", "heart"]
    assert films[1].opacity is False
    assert films[9].masks == ()


def test_a_patient_always_falls_on_the_same_side() -> None:
    assert film("nih").share(1) == film("nih", "Mass").share(1)
    assert film("nih").share(1) != film("nih").share(2)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"manifest\.csv"):
        read_films(tmp_path)


def test_a_manifest_without_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("image,pool\na.png,nih\n", encoding="utf-8")
    with pytest.raises(MalformedRow, match="patient"):
        read_films(tmp_path)


def test_an_image_that_is_not_there_is_named_by_its_line(tmp_path: Path) -> None:
    text = "image,pool,patient,split,labels,view\na.png,nih,1,train,Mass,PA\n"
    (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")
    with pytest.raises(FileMissing, match="line 2"):
        read_films(tmp_path)
