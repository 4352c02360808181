from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from radnlp.examples.simulation import simulate
from radnlp.link.anatomy import Chest
from radnlp.link.places import is_narrower, load_places
from radnlp.link.words import Rib, Said
from radnlp.schema import Entity, EntityKind, SectionKind, Side, Span
from radnlp.vocabulary import load_vocabulary


def mention(concept: str, side: Side | None = None, *locations: str) -> Entity:
    vocabulary = load_vocabulary()
    return Entity(
        id="e0",
        text="words",
        span=Span(0, 5),
        section=SectionKind.FINDINGS,
        kind=EntityKind.FINDING,
        concept=concept,
        ancestors=vocabulary.ancestors(concept) if concept in vocabulary else (),
        side=side,
        locations=locations,
    )


@pytest.mark.parametrize(
    ("concept", "side", "locations", "labels"),
    [
        ("opacity", Side.LEFT, ("lower_lobe",), ("left_lower_lobe",)),
        ("opacity", Side.RIGHT, ("lung_apex",), ("right_apex",)),
        ("opacity", Side.BILATERAL, ("lung_base",), ("left_base", "right_base")),
        ("opacity", None, ("middle_lobe",), ("right_middle_lobe",)),
        ("opacity", None, ("lingula",), ("left_lingula",)),
        ("opacity", None, ("retrocardiac",), ("cardiac_silhouette",)),
        ("opacity", Side.LEFT, ("retrocardiac",), ("left_retrocardiac",)),
        ("opacity", None, ("lower_lobe",), ()),
        ("opacity", Side.LEFT, ("lung", "upper_lobe"), ("left_upper_lobe",)),
        ("opacity", Side.LEFT, ("lung_segment",), ("left_lung",)),
        ("pleural_effusion", Side.LEFT, (), ("left_costophrenic_angle", "left_lower_zone")),
        (
            "pleural_effusion",
            Side.LEFT,
            ("pleura",),
            ("left_costophrenic_angle", "left_lower_zone"),
        ),
        ("empyema", Side.RIGHT, (), ("right_costophrenic_angle", "right_lower_zone")),
        ("pleural_effusion", None, (), ()),
        ("pneumothorax", Side.RIGHT, (), ("right_lung",)),
        ("pneumothorax", Side.RIGHT, ("lung_apex",), ("right_apex",)),
        ("cardiomegaly", None, (), ("cardiac_silhouette",)),
        ("cardiomegaly", None, ("heart",), ("cardiac_silhouette",)),
        ("tortuous_aorta", None, (), ("mediastinum",)),
        ("hilar_enlargement", Side.LEFT, ("hilum",), ("left_hilum",)),
        ("edema", None, (), ("left_lung", "right_lung")),
        ("edema", Side.RIGHT, (), ("right_lung",)),
        ("rib_fracture", Side.LEFT, ("rib",), ("left_ribs",)),
        ("opacity", Side.LEFT, ("humerus",), ()),
        ("picc", Side.RIGHT, ("superior_vena_cava",), ("mediastinum",)),
        ("a_name_of_a_plug_in", Side.LEFT, (), ()),
    ],
)
def test_words_name_zones(
    concept: str, side: Side | None, locations: tuple[str, ...], labels: tuple[str, ...]
) -> None:
    assert load_places().named_by(mention(concept, side, *locations)).labels == labels


def test_it_is_told_whether_the_words_or_the_finding_give_the_place() -> None:
    places = load_places()
    assert places.named_by(mention("opacity", Side.LEFT, "lower_lobe")).rule == "words"
    assert places.named_by(mention("pleural_effusion", Side.LEFT)).rule == "usual_place"


def test_every_concept_of_the_table_is_in_the_vocabulary() -> None:
    places, vocabulary = load_places(), load_vocabulary()
    listed = {*places.words, *places.findings, *places.too_broad}.union(
        *places.same_shadow, places.shown_by_others, places.never_by_others
    )
    assert sorted(listed - {concept.id for concept in vocabulary}) == []


@pytest.fixture(scope="module")
def chest() -> Chest:
    return Chest(simulate(rows=192, columns=160, seed=7).masks)


def test_every_zone_of_the_table_is_one_that_is_cut(chest: Chest) -> None:
    given = {"left_lung", "right_lung", *(zone.label for zone in chest.zones())}
    places = load_places()
    ribs = Said(ribs=tuple(Rib(number) for number in range(1, 13)))
    for place in (*places.words.values(), *places.findings.values()):
        for side in (Side.LEFT, Side.RIGHT, None):
            # What only one side has is asked for on that side.
            one = place.side if place.side in (Side.LEFT, Side.RIGHT) else side
            for label in (*place.labels(one, ribs), *place.labels(one)):
                assert label in given or chest.zone(label) is not None, label


def test_every_place_in_the_chest_has_a_zone_or_a_reason() -> None:
    places, vocabulary = load_places(), load_vocabulary()
    reasons = tomllib.loads((files("radnlp.link") / "places.toml").read_text(encoding="utf-8"))[
        "nowhere"
    ]
    for concept in vocabulary:
        if concept.kind != EntityKind.ANATOMY or concept.region != "chest":
            continue
        said = mention("opacity", Side.RIGHT, concept.id)
        labels = places.named_by(said).labels
        assert labels or {concept.id, *vocabulary.ancestors(concept.id)} & set(reasons), concept.id
    assert len(reasons) < 30
    assert all(reasons.values())


def test_ribs_are_named_by_their_numbers() -> None:
    fracture = mention("rib_fracture", Side.LEFT, "rib")
    named = load_places().named_by(fracture, Said(ribs=(Rib(5), Rib(6))))
    assert named.labels == ("left_rib_5", "left_rib_6")


def test_a_numbered_rib_is_named_on_its_own_side_only() -> None:
    fractures = mention("rib_fracture", Side.BILATERAL, "rib")
    apart = Said(ribs=(Rib(4, Side.LEFT), Rib(6, Side.RIGHT)))
    assert load_places().named_by(fractures, apart).labels == ("left_rib_4", "right_rib_6")
    one = Said(ribs=(Rib(4, Side.LEFT),))
    assert load_places().named_by(fractures, one).labels == ("left_rib_4", "right_ribs")


def test_the_worse_side_comes_first() -> None:
    effusions = mention("opacity", Side.BILATERAL, "lung_base")
    right = load_places().named_by(effusions, Said(worse=Side.RIGHT)).labels
    left = load_places().named_by(effusions, Said(worse=Side.LEFT)).labels
    assert (right, left) == (("right_base", "left_base"), ("left_base", "right_base"))


@pytest.mark.parametrize(
    "concept",
    ["bronchiectasis", "cavity", "granuloma", "scarring", "fibrosis", "interstitial_disease",
     "tuberculosis"],
)  # fmt: skip
def test_findings_of_the_lung_are_looked_for_where_others_show(concept: str) -> None:
    assert load_places().by_others(concept)


@pytest.mark.parametrize(
    "concept",
    ["pneumomediastinum", "lymphadenopathy", "rib_fracture", "pacemaker", "pericardial_effusion",
     "pleural_thickening", "pleural_plaque", "edema", "bulla", "emphysema", "tracheal_deviation",
     "subcutaneous_emphysema"],
)  # fmt: skip
def test_what_no_lung_opacity_shows_is_not_looked_for_there(concept: str) -> None:
    assert not load_places().by_others(concept)


def test_narrower_and_broader_names_are_the_same_thing_unless_too_broad() -> None:
    places = load_places()
    assert places.same("consolidation", "opacity")
    assert places.same("opacity", "consolidation")
    assert not places.same("opacity", "lung_abnormality")
    assert not places.same("nodule", "pneumothorax")


def test_names_of_one_shadow_may_be_the_same_thing() -> None:
    places = load_places()
    assert places.may_be("pneumonia", "consolidation")
    assert not places.same("pneumonia", "consolidation")
    assert not places.may_be("pneumothorax", "consolidation")


def test_is_narrower_goes_one_way() -> None:
    assert is_narrower("consolidation", "opacity")
    assert not is_narrower("opacity", "consolidation")


@pytest.mark.parametrize(
    ("concept", "side", "locations", "limited"),
    [
        ("opacity", None, (), False),
        ("opacity", None, ("lung",), False),
        ("cardiomegaly", None, ("heart",), False),
        ("opacity", Side.LEFT, (), True),
        ("opacity", None, ("upper_lobe",), True),
        ("opacity", None, ("rib",), True),
    ],
)
def test_words_may_limit_a_mention_to_a_part(
    concept: str, side: Side | None, locations: tuple[str, ...], limited: bool
) -> None:
    assert load_places().limits(mention(concept, side, *locations)) is limited
