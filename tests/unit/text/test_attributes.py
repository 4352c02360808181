"""Side, extent, place and change."""

from __future__ import annotations

import pytest

from radnlp.schema.entity import Entity, EntityKind
from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()


def finding(text: str, n: int = 0) -> Entity:
    kinds = (EntityKind.FINDING, EntityKind.DEVICE)
    named = [entity for entity in STAGE(Report(text=text)).entities if entity.kind in kinds]
    return named[n]


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Left pleural effusion.", "left"),
        ("Left-sided effusion.", "left"),
        ("Effusion on the left.", "left"),
        ("Opacity in the right lower lobe.", "right"),
        ("RLL opacity.", "right"),
        ("Bibasilar atelectasis.", "bilateral"),
        ("Bilateral effusions, left greater than right.", "bilateral"),
        ("Left greater than right effusions.", "bilateral"),
        ("Effusions bilaterally.", "bilateral"),
        ("Right and left lower lobe opacities.", "bilateral"),
        ("Blunting of the left costophrenic angle.", "left"),
        ("The right costophrenic angle is blunted.", "right"),
        ("The left lung shows an opacity.", "left"),
        ("Pneumothorax, small, left.", "left"),
        ("Fractures of the left 5th and 6th ribs.", "left"),
        ("Fractures of the fourth and fifth ribs on the left.", "left"),
        ("Left 4th to 6th rib fractures.", "left"),
        ("Left fourth through sixth and right ninth rib fractures.", "bilateral"),
        ("Left 4-6 and right 9 rib fractures.", "bilateral"),
        ("Left rib 11 and 12 fractures.", "left"),
        ("Minimal right-to-left mediastinal shift.", "left"),
        ("Fractured left 4th rib and right 6th rib.", "bilateral"),
        ("Fractures of left ribs 4, 5 and 6, and right ribs 7 and 8.", "bilateral"),
        ("Fractures of the left 4th, 5th, and 6th and right 7th ribs.", "bilateral"),
        ("Fractures of the left 4th, 5th, and 6th ribs. Right ribs intact.", "left"),
        ("Ribs 3-7 on the left are fractured.", "left"),
        ("Bilateral [**Location**] effusions.", "bilateral"),
        ("Opacity.", None),
        ("Opacity. The right lung is otherwise clear.", None),
        ("Opacity may be pneumonia in the right clinical setting.", None),
    ],
)
def test_a_finding_has_the_side_that_the_words_say(text: str, side: str | None) -> None:
    assert finding(text).side == side


@pytest.mark.parametrize(
    ("text", "locations"),
    [
        ("Opacity left base.", ("lung_base",)),
        ("Infiltrate right lower lobe.", ("lower_lobe",)),
        ("Fractured left 4th rib.", ("rib",)),
        ("Effusion left. Lungs are clear.", ()),
        ("Opacity, left. Base of skull normal.", ()),
    ],
)
def test_a_part_after_its_side_needs_no_preposition(text: str, locations: tuple[str, ...]) -> None:
    assert finding(text).locations == locations


@pytest.mark.parametrize(
    ("text", "side", "concept"),
    [
        ("No effusion on the right, small effusion on the left.", "left", "pleural_effusion"),
        ("Nodule in the liver, small cyst in the right kidney.", "right", "renal_cyst"),
        ("Nodule in the left lung and right pleural effusion.", "right", "pleural_effusion"),
        ("In the right lower lobe, small nodule.", "right", "nodule"),
    ],
)
def test_a_place_stays_with_the_finding_before_it(text: str, side: str, concept: str) -> None:
    last = finding(text, -1)
    assert (last.side, last.concept) == (side, concept)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Moderate left and small right effusion.",
            [("left", "left", "moderate", "present"), ("effusion", "right", "small", "present")],
        ),
        (
            "Small right and no left effusion.",
            [("right", "right", "small", "present"), ("effusion", "left", None, "absent")],
        ),
        (
            "No right but possible left pneumothorax.",
            [
                ("right", "right", None, "absent"),
                ("pneumothorax", "left", None, "uncertain"),
            ],
        ),
        ("Right and left effusions.", [("effusions", "bilateral", None, "present")]),
    ],
)
def test_two_sides_of_which_different_things_are_said_are_two_findings(
    text: str, wanted: list[tuple[str, str, str | None, str]]
) -> None:
    said = [(e.text, e.side, e.severity, e.assertion) for e in STAGE(Report(text=text)).entities]
    assert said == wanted


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Small to moderate loculated right pleural effusion.", "moderate"),
        ("Mild chronic bibasilar scarring.", "mild"),
    ],
)
def test_an_adjective_that_is_a_finding_does_not_hide_what_stands_before_it(
    text: str, severity: str
) -> None:
    named = [e for e in STAGE(Report(text=text)).entities if e.kind == EntityKind.FINDING]
    assert named[-1].severity == severity


def test_a_word_of_change_after_a_heading_speaks_of_it() -> None:
    assert finding("Cardiomegaly: stable.").change == "stable"


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Left pneumothorax and a small effusion on the same side.", "left"),
        ("Left pneumothorax. There is a contralateral effusion.", "right"),
        ("Pneumothorax. There is a contralateral effusion.", None),
    ],
)
def test_a_relative_side_counts_from_the_last_one_said(text: str, side: str | None) -> None:
    assert finding(text, 1).side == side


def test_mentions_joined_by_and_share_the_extent_before_them() -> None:
    assert finding("Mild edema and atelectasis.", 1).severity == "mild"


def test_mentions_joined_by_and_share_the_side_before_them() -> None:
    assert finding("Left effusion and atelectasis.", 1).side == "left"


def test_mentions_with_their_own_side_share_none() -> None:
    assert finding("Left effusion and right atelectasis.", 1).side == "right"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Small left effusion.", "small"),
        ("The effusion is small.", "small"),
        ("Trace effusion.", "trace"),
        ("The heart is mildly enlarged.", "mild"),
        ("Mild to moderate cardiomegaly.", "moderate"),
        ("Moderately large effusion.", "large"),
        ("Massive pneumothorax.", "large"),
        ("Severe emphysema.", "severe"),
        ("Effusion: trace.", "trace"),
        ("Severe, diffuse emphysema.", "severe"),
        ("Effusion.", None),
        ("The feeding tube has been advanced.", None),
    ],
)
def test_a_finding_has_the_extent_that_the_words_say(text: str, severity: str | None) -> None:
    assert finding(text).severity == severity


@pytest.mark.parametrize(
    ("text", "locations"),
    [
        ("Opacity in the left lower lobe.", ("lower_lobe",)),
        ("Left upper zone nodule.", ("upper_zone",)),
        ("Opacity is seen at the right base.", ("lung_base",)),
        ("Opacities in the right lower lobe and left upper lobe.", ("lower_lobe", "upper_lobe")),
        ("Left apical pneumothorax.", ("lung_apex",)),
        ("Retrocardiac opacity.", ("retrocardiac",)),
        ("PICC with tip in the SVC.", ("superior_vena_cava",)),
        ("Feeding tube terminates in the stomach.", ("stomach",)),
        ("Nodule in the lingula and right base atelectasis.", ("lingula",)),
        ("Opacity.", ()),
    ],
)
def test_a_finding_lies_where_the_words_say(text: str, locations: tuple[str, ...]) -> None:
    assert finding(text).locations == locations


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("New left effusion.", "new"),
        ("Interval placement of a chest tube.", "new"),
        ("Worsening left effusion.", "worse"),
        ("The effusion has increased.", "worse"),
        ("Interval increase in the right effusion.", "worse"),
        ("The effusion is larger.", "worse"),
        ("Stable cardiomegaly.", "stable"),
        ("Effusion, unchanged.", "stable"),
        ("The left effusion is unchanged.", "stable"),
        ("No change in the effusion.", "stable"),
        ("Small effusion, no change.", "stable"),
        ("The effusion has not changed.", "stable"),
        ("Effusion persists.", "stable"),
        ("Improved edema.", "improved"),
        ("The effusion has decreased in size.", "improved"),
        ("Resolving pneumonia.", "improved"),
        ("The effusion has nearly resolved.", "improved"),
        ("The effusion has resolved.", "resolved"),
        ("The effusion is no longer seen.", "resolved"),
        ("Resolution of the effusion.", "resolved"),
        ("The chest tube was removed.", "removed"),
        ("Removal of the chest tube.", "removed"),
        ("The effusion continues to decrease.", "improved"),
        ("The effusion has become larger.", "worse"),
        ("No new effusion.", None),
        ("Effusion.", None),
    ],
)
def test_a_finding_changes_as_the_words_say(text: str, change: str | None) -> None:
    assert finding(text).change == change


def test_each_finding_has_its_own_change() -> None:
    text = "The right effusion has increased, the left effusion is stable."
    assert [finding(text, n).change for n in (0, 1)] == ["worse", "stable"]


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Fracture of the left sixth rib.", "rib_fracture"),
        ("Fracture of the right clavicle.", "clavicle_fracture"),
        ("The aorta is calcified.", "atherosclerosis"),
        ("The aorta is tortuous and calcified.", "tortuous_aorta"),
        ("Calcification in the left upper lobe.", "calcification"),
    ],
)
def test_a_place_can_make_a_finding_a_narrower_one(text: str, concept: str) -> None:
    assert finding(text).concept == concept


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("On the left, there is a small pneumothorax.", "left"),
        ("On the right there is a large effusion.", "right"),
        ("In the right upper lobe there is a nodule.", "right"),
        ("The right is clear. There is an effusion.", None),
        ("Old left 5th rib fracture.", "left"),
        ("Healed right 3rd and 4th rib fractures.", "right"),
    ],
)
def test_a_side_reaches_over_an_opening_and_over_ordinals(text: str, side: str | None) -> None:
    findings = [e for e in RuleText()(Report(text=text)).entities if e.kind == "finding"]
    assert findings[-1].side == side


@pytest.mark.parametrize(
    ("text", "severity", "change"),
    [
        ("Marked interval improvement in bilateral opacities.", None, "improved"),
        ("Marked decrease in right effusion.", None, "improved"),
        ("Mild increase in the moderate effusion.", "moderate", "worse"),
        ("Moderately improved edema.", None, "improved"),
        ("The effusion is slightly decreased on the left.", None, "improved"),
        ("Small increasing effusion.", "small", "worse"),
        ("Moderate effusion, slightly decreased.", "moderate", "improved"),
        ("Markedly enlarged heart.", "severe", None),
    ],
)
def test_how_far_something_changed_is_not_its_extent(
    text: str, severity: str | None, change: str | None
) -> None:
    assert (finding(text).severity, finding(text).change) == (severity, change)


@pytest.mark.parametrize(
    ("text", "severity", "change"),
    [
        ("Left effusion, previously moderate, is now small.", "small", "improved"),
        ("Effusion, previously small, now large.", "large", "worse"),
        ("The effusion has decreased from moderate to small.", "small", "improved"),
        ("Previously seen moderate effusion is now small.", "small", "improved"),
        ("Effusion, previously small, now small.", "small", "stable"),
    ],
)
def test_the_extent_is_that_of_today(text: str, severity: str, change: str) -> None:
    assert (finding(text).severity, finding(text).change) == (severity, change)


def test_an_extent_now_of_something_else_changes_nothing() -> None:
    text = "Mild edema, now moderate effusion."
    assert [finding(text, n).severity for n in (0, 1)] == ["mild", "moderate"]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("Newly seen 8 mm nodule.", ["new"]),
        ("Unchanged 1.2 to 1.5 cm mediastinal lymph nodes.", ["stable"]),
        ("Cardiac silhouette stably enlarged.", ["stable"]),
        ("ET tube, NG tube and chest tube are unchanged.", ["stable"] * 3),
        ("ET tube, NG tube, and right IJ line are unchanged.", ["stable"] * 2),
        ("Increase in the moderate right and small left effusions.", ["worse"] * 2),
        (
            "The enhancing nodule at the margin of the resection cavity has increased.",
            ["worse", None],
        ),
        ("Edema, effusion, fracture is unchanged.", [None, None, "stable"]),
    ],
)
def test_a_word_of_change_reaches_all_that_it_is_said_of(
    text: str, changes: list[str | None]
) -> None:
    assert [finding(text, n).change for n in range(len(changes))] == changes
