"""Sizes: one to three axes, mm and cm, current and prior."""

from __future__ import annotations

import pytest

from radnlp.schema.entity import EntityKind, Measurement, QuantityKind
from radnlp.schema.text import Report
from radnlp.text import RuleText

STAGE = RuleText()


def owned(text: str) -> dict[str, list[float]]:
    """Return the first length of every size, by the words it is said of."""
    return {
        entity.text.lower(): [measurement.values_mm[0] for measurement in entity.measurements]
        for entity in STAGE(Report(text=text)).entities
        if entity.measurements
    }


def distances(text: str) -> list[tuple[str, float, float, str | None, bool]]:
    return [
        (entity.text, one.low, one.high, one.reference, one.prior)
        for entity in STAGE(Report(text=text)).entities
        for one in entity.quantities
        if one.kind is QuantityKind.DISTANCE
    ]


def sizes(text: str) -> list[tuple[tuple[float, ...], bool]]:
    measurements: list[Measurement] = []
    for entity in STAGE(Report(text=text)).entities:
        measurements.extend(entity.measurements)
    return [(measurement.values_mm, measurement.prior) for measurement in measurements]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("8 mm nodule.", [((8.0,), False)]),
        ("8-mm nodule.", [((8.0,), False)]),
        ("Nodule measuring 1.2 cm.", [((12.0,), False)]),
        ("Nodule of 1.2 x 0.8 cm.", [((12.0, 8.0), False)]),
        ("Mass measuring 3 cm x 4 cm x 5 cm.", [((30.0, 40.0, 50.0), False)]),
        ("Mass measuring 3 by 4 centimeters.", [((30.0, 40.0), False)]),
        ("9 mm nodule, previously 7 mm.", [((9.0,), False), ((7.0,), True)]),
        ("Nodule increased from 7 mm to 9 mm.", [((7.0,), True), ((9.0,), False)]),
        ("Nodule now 9 mm, was 7 mm.", [((9.0,), False), ((7.0,), True)]),
        ("3-4 mm nodule.", [((4.0,), False)]),
        ("Nodule has grown to 4.2 cm from 3.8 cm.", [((42.0,), False), ((38.0,), True)]),
        ("Cyst of 35 x 28 mm, decreased from 41 x 30 mm.",
         [((35.0, 28.0), False), ((41.0, 30.0), True)]),
        ("Mass decreased from 5 cm.", [((50.0,), True)]),
        ("Mass of 5.2 cm compared with 4.8 cm previously.", [((52.0,), False), ((48.0,), True)]),
        ("Nodule: 6 mm today, 8 mm in 2019.", [((6.0,), False), ((8.0,), True)]),
        ("Anterolisthesis of L4 on L5 by 5 mm.", [((5.0,), False)]),
        ("The nodule increased from 4 to 7 mm.", [((4.0,), True), ((7.0,), False)]),
        ("The nodule has increased from 8x6 to 14x11 mm.",
         [((8.0, 6.0), True), ((14.0, 11.0), False)]),
        ("Nodule 4 mm -> 7 mm.", [((4.0,), True), ((7.0,), False)]),
        ("The lesion measures 3.1 (AP) x 2.2 (TR) x 4.0 (CC) cm.", [((31.0, 22.0, 40.0), False)]),
        ("Lesion measuring 3.1 cm AP x 2.2 cm TR x 4.0 cm CC.", [((31.0, 22.0, 40.0), False)]),
        ("Mass 4.2 cm W x 3.1 cm L.", [((42.0, 31.0), False)]),
        ("Nodule 9 mm (6 mm on 3/4/2021).", [((9.0,), False), ((6.0,), True)]),
        ("Aneurysm stable since 2019 when it measured 5.0 cm.", [((50.0,), True)]),
        ("Nodule measuring 8 mm in 2019, today 11 mm.", [((8.0,), True), ((11.0,), False)]),
        ("Aneurysm of 5.6 cm, previously measured up to 5.1 cm.",
         [((56.0,), False), ((51.0,), True)]),
        ("Nodule of .8 cm.", [((8.0,), False)]),
        ("Nodule measures 1,2 cm.", [((12.0,), False)]),
        ("Nodule of 1,2 x 0,8 cm.", [((12.0, 8.0), False)]),
        ("Levels 3,4,5 mm apart.", []),
        ("Nodule 4 mm previously 3 mm.", [((4.0,), False), ((3.0,), True)]),
        ("Nodule 4 mm previously.", [((4.0,), True)]),
        ("Nodule of 8 mm, previously 9 mm, 7 mm on prior 3/4/2021.",
         [((8.0,), False), ((9.0,), True), ((7.0,), True)]),
        ("Nodule 7 mm, 9 mm in Jan 2020.", [((7.0,), False), ((9.0,), True)]),
        ("The nodule has increased by 3 mm to 15 mm.", [((15.0,), False)]),
        ("The nodule has increased in size by approximately 3 mm to 15 mm.", [((15.0,), False)]),
        ("Mass of 8 cms.", [((80.0,), False)]),
        ("The nodule has grown by 3 mm.", []),
        ("Two views of the chest, 3 nodules.", []),
        ("Nodule on image 12.", []),
        ("Valve area of 8 cm².", []),
        ("Nodule of 8 mmé.", []),
    ],
)  # fmt: skip
def test_a_size_is_read_in_millimetres(
    text: str, wanted: list[tuple[tuple[float, ...], bool]]
) -> None:
    assert sizes(text) == wanted


def test_a_size_is_a_mention_and_its_span_is_exact() -> None:
    text = "Right nodule measuring 1.2 x 0.8 cm."
    (size,) = [e for e in STAGE(Report(text=text)).entities if e.kind is EntityKind.MEASUREMENT]
    assert size.text == "1.2 x 0.8 cm"


@pytest.mark.parametrize(
    "text", ["Nodule, 8 mm x 1 )cm tall.", "Nodule, 8 mm x 1-", "Nodule: 8 mm."]
)
def test_the_words_of_a_size_end_with_it(text: str) -> None:
    nodule, size = STAGE(Report(text=text)).entities
    assert nodule.measurements[0].span == size.span


def test_every_sentence_that_refers_back_gives_its_size_to_the_same_mention() -> None:
    text = "Left renal cyst. It measures 9 mm. It was 7 mm in 2019. No mass. It is 8 mm."
    reading = STAGE(Report(text=text))
    (cyst,) = [e for e in reading.entities if e.concept == "renal_cyst"]
    assert [size.values_mm for size in cyst.measurements] == [(9.0,), (7.0,), (8.0,)]
    assert [relation.head for relation in reading.relations if relation.head == cyst.id]


def test_a_size_finds_no_owner_in_another_section() -> None:
    text = "FINDINGS: Renal cyst. It measures 9 mm. IMPRESSION: It measures 8 mm."
    sized = [e for e in STAGE(Report(text=text)).entities if e.measurements]
    assert [[size.values_mm for size in e.measurements] for e in sized] == [[(9.0,)]]


def test_a_sentence_that_refers_back_gives_the_size_of_what_it_means() -> None:
    text = "Nodule in the left apex measures 9 mm; it was 12 mm on the prior study."
    reading = STAGE(Report(text=text))
    (nodule,) = [e for e in reading.entities if e.concept == "nodule"]
    assert [(m.values_mm, m.prior) for m in nodule.measurements] == [
        ((9.0,), False),
        ((12.0,), True),
    ]
    assert [text[m.span.start : m.span.end] for m in nodule.measurements] == ["9 mm", "12 mm"]
    measured = [r for r in reading.relations if r.kind == "measured_as"]
    assert [r.head for r in measured] == [nodule.id, nodule.id]


def test_a_size_of_something_else_is_not_given_to_an_earlier_finding() -> None:
    assert owned("Nodule. The spleen measures 12 cm.") == {"spleen": [120.0]}


def test_each_nodule_has_its_own_size() -> None:
    text = "5 mm nodule in the left apex and 7 mm nodule in the right base."
    nodules = [e for e in STAGE(Report(text=text)).entities if e.concept == "nodule"]
    assert [e.measurements[0].values_mm for e in nodules] == [(5.0,), (7.0,)]


def test_two_organs_in_a_list_have_their_own_sizes() -> None:
    entities = STAGE(Report(text="Right kidney 10.2 cm, left kidney 11 cm.")).entities
    sized = [(e.side, [m.values_mm for m in e.measurements]) for e in entities if e.measurements]
    assert sized == [("right", [(102.0,)]), ("left", [(110.0,)])]


def test_a_size_inside_a_de_identified_word_is_none() -> None:
    assert STAGE(Report(text="Removed [** left 3-4 mm right **] and")).entities == ()


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("4-5 mm nodule.", 4.0, 5.0),
        ("Nodules of 1.2 to 1.5 cm.", 12.0, 15.0),
        ("Nodules ranging from 3 mm to 8 mm.", 3.0, 8.0),
        ("Nodules between 3 and 8 mm.", 3.0, 8.0),
    ],
)
def test_a_range_keeps_both_ends(text: str, low: float, high: float) -> None:
    (nodule,) = [e for e in STAGE(Report(text=text)).entities if e.concept == "nodule"]
    (size,) = nodule.measurements
    assert (size.low_mm, size.values_mm, size.prior) == (low, (high,), False)


@pytest.mark.parametrize("text", ["Since 2019 to 5 mm nodule.", "Nodule of 9-6 mm."])
def test_what_runs_down_or_begins_with_a_year_is_no_range(text: str) -> None:
    (nodule,) = [e for e in STAGE(Report(text=text)).entities if e.concept == "nodule"]
    assert [size.low_mm for size in nodule.measurements] == [None]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Right renal mass, 4.5 cm, without renal vein thrombus.", {"renal mass": [45.0]}),
        ("Pericardial effusion measuring 8 mm, without tamponade.",
         {"pericardial effusion": [8.0]}),
        ("Subdural hematoma measuring 11 mm with 5 mm midline shift.",
         {"subdural hematoma": [11.0], "midline shift": [5.0]}),
        ("AAA 5.6 cm (previously 5.1 cm), with mural thrombus.", {"aaa": [56.0, 51.0]}),
        ("There is a 5.2 cm aneurysm with mural thrombus, previously 4.9 cm.",
         {"aneurysm": [52.0, 49.0]}),
        ("Dilated appendix, 12 mm, with periappendiceal stranding.", {"dilated appendix": [12.0]}),
        ("Dilated small bowel loops up to 4.2 cm with transition point.",
         {"dilated small bowel loops": [42.0]}),
        ("Liver lesion which measures 2.3 x 1.9 cm and demonstrates washout.",
         {"liver lesion": [23.0]}),
        ("Mass in the pancreatic head measuring 2.8 cm with ductal dilatation to 7 mm "
         "and a 1.1 cm node.", {"mass": [28.0], "ductal dilatation": [7.0], "node": [11.0]}),
        ("The enhancing nodule at the margin of the resection cavity has increased to 14 mm.",
         {"enhancing nodule": [14.0]}),
        ("An 8 mm (previously 6 mm) nodule in the left apex.", {"nodule": [8.0, 6.0]}),
        ("1.2 x 0.9 cm (AP x TR) nodule in the left lobe.", {"nodule": [12.0]}),
        ("5 mm and 3 mm nodules in the right upper lobe.", {"nodules": [5.0, 3.0]}),
        ("Enhancing 8 mm nodule.", {"nodule": [8.0]}),
        ("5 mm of midline shift.", {"midline shift": [5.0]}),
        ("Tibial plateau fracture with 6 mm step-off.", {"step-off": [6.0]}),
        ("Mass measuring 12 mm with a 5 mm solid component.", {"mass": [12.0]}),
        ("Left hydronephrosis (5 mm stone at the UVJ).", {"stone": [5.0]}),
        ("Nodules: 8 mm right upper lobe, 6 mm left lower lobe.", {"nodules": [8.0, 6.0]}),
        ("Decreased to 5 x 4 mm, the nodule is smaller.", {"nodule": [5.0]}),
        ("The 8 mm nodule has resolved.", {"nodule": [8.0]}),
        ("No nodule larger than 6 mm.", {"nodule": [6.0]}),
    ],
)  # fmt: skip
def test_a_size_goes_to_what_it_is_said_of(text: str, wanted: dict[str, list[float]]) -> None:
    assert owned(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Aorta 4.1 cm, no dissection.", {"aorta": [41.0]}),
        ("The right kidney is 10.8 cm, no hydronephrosis.", {"kidney": [108.0]}),
        ("CBD 9 mm with no choledocholithiasis.", {"cbd": [9.0]}),
        ("Gallbladder wall 3 mm, no pericholecystic fluid.", {"gallbladder wall": [3.0]}),
        ("Gallstones with a 3 mm gallbladder wall.", {"gallbladder wall": [3.0]}),
        ("The uterus measures 8 cm with a 2.3 cm fibroid.", {"uterus": [80.0], "fibroid": [23.0]}),
        ("Diameter of the aorta is 4.1 cm.", {"aorta": [41.0]}),
        ("Left ovary measures 3.2 x 2.1 cm.", {"ovary": [32.0]}),
        ("The spinal canal measures 9 mm.", {"spinal canal": [9.0]}),
        ("In the right lung, measuring 8 mm.", {}),
    ],
)
def test_an_organ_has_its_own_size(text: str, wanted: dict[str, list[float]]) -> None:
    assert owned(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Endotracheal tube tip is 3 cm above the carina.",
         [("Endotracheal tube", 30.0, 30.0, "carina", False)]),
        ("The ET tube is 4-5 cm above the carina.", [("ET tube", 40.0, 50.0, "carina", False)]),
        ("ET tube 4 cm from the carina, previously 2 cm.",
         [("ET tube", 40.0, 40.0, "carina", False), ("ET tube", 20.0, 20.0, "carina", True)]),
        ("The ET tube ends within 1 cm of the carina.",
         [("ET tube", 10.0, 10.0, "carina", False)]),
        ("Mass at 3:00, 2 cm from the nipple.", [("Mass", 20.0, 20.0, "nipple", False)]),
        ("IABP 2 cm below the arch.", [("IABP", 20.0, 20.0, None, False)]),
        ("The mass abuts the SMV over 2 cm.",
         [("mass", 20.0, 20.0, "superior_mesenteric_vein", False)]),
        ("Supraspinatus tear with 2.5 cm retraction.",
         [("Supraspinatus tear", 25.0, 25.0, None, False)]),
        ("Tibial plateau fracture with 6 mm of articular depression.",
         [("Tibial plateau fracture", 6.0, 6.0, None, False)]),
        ("The fracture is displaced by 4 mm.", [("fracture", 4.0, 4.0, None, False)]),
    ],
)  # fmt: skip
def test_a_distance_is_no_size(
    text: str, wanted: list[tuple[str, float, float, str | None, bool]]
) -> None:
    assert distances(text) == wanted
    assert sizes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Nodule of 5 mm, decreased from prior.",
        "Nodule measuring 8 mm above the diaphragm.",
        "Nodule measures 8 mm, unchanged at 8 mm from January 2020.",
        "Nodule of 8 mm from May 2020.",
        "The mass measures 3 cm from anterior to posterior.",
    ],
)
def test_a_comparison_or_a_place_after_a_size_makes_it_no_distance(text: str) -> None:
    assert distances(text) == []
    assert len(sizes(text)) == text.count(" mm") + text.count(" cm")


def test_how_much_something_has_grown_is_neither_size_nor_distance() -> None:
    text = "The nodule has increased by 3 mm to 15 mm."
    assert (distances(text), owned(text)) == ([], {"nodule": [15.0]})


def test_a_comma_between_digits_parts_no_list() -> None:
    entities = STAGE(Report(text="No 1,2 cm nodule.")).entities
    assert [str(e.assertion) for e in entities if e.kind is EntityKind.FINDING] == ["absent"]


def test_how_far_to_move_a_tube_is_said_of_nothing() -> None:
    text = "Recommend withdrawing the ET tube, withdraw 2 cm."
    assert (distances(text), sizes(text)) == ([], [])


def test_a_mass_has_both_its_distance_and_its_size() -> None:
    text = "Mass at 2 o'clock, 5 cm from the nipple, measuring 1.8 cm."
    assert distances(text) == [("Mass", 50.0, 50.0, "nipple", False)]
    assert owned(text) == {"mass": [18.0]}


def test_a_distance_and_a_volume_stand_side_by_side() -> None:
    text = "Chest tube 2 cm above the diaphragm drained 300 ml."
    (tube,) = [e for e in STAGE(Report(text=text)).entities if e.concept == "chest_tube"]
    assert [one.kind for one in tube.quantities] == ["distance", "volume"]
