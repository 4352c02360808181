from __future__ import annotations

import pytest

from radnlp.report.plan import PlanOptions, plan
from radnlp.report.statement import Claim, Statement
from radnlp.schema import (
    Assertion,
    Box,
    Conflict,
    ConflictKind,
    EntityKind,
    Link,
    LinkReading,
    LinkSource,
    SectionKind,
    Severity,
    Side,
    Subject,
    Temporality,
)


@pytest.fixture
def say(look):
    """Plan from mentions, findings and regions."""

    def make(mentions=(), findings=(), regions=(), **links) -> tuple[Statement, ...]:
        found = LinkReading(regions=tuple(regions), **links)
        return plan(mentions, look(*findings), found, PlanOptions())

    return make


@pytest.mark.parametrize(
    ("value", "calibrated", "claim"),
    [
        (0.95, True, Claim.PRESENT),
        (0.5, True, Claim.POSSIBLE),
        (0.95, False, Claim.POSSIBLE),
        (0.05, True, Claim.ABSENT),
    ],
)
def test_an_image_finding_is_said_as_surely_as_it_is(
    say, finding, value, calibrated, claim
) -> None:
    (statement,) = say(findings=[finding("nodule", value, calibrated=calibrated)])
    assert (statement.concept, statement.claim) == ("nodule", claim)
    assert statement.evidence == ("f0",)


def test_a_positive_finding_that_is_unlikely_is_neither_stated_nor_denied(say, finding) -> None:
    assert say(findings=[finding("nodule", 0.12)]) == ()


def test_an_uncalibrated_finding_is_never_denied(say, finding) -> None:
    assert say(findings=[finding("nodule", 0.05, calibrated=False)]) == ()


def test_an_unsupported_finding_is_never_spoken_of(say, finding) -> None:
    assert say(findings=[finding("fibrosis", None)]) == ()


def test_side_and_zone_come_from_where_the_spots_lie(say, finding, zones, spot) -> None:
    (statement,) = say(
        findings=[finding("opacity", 0.6)],
        regions=[*zones, spot("opacity", Box(60, 65, 90, 85))],
    )
    assert (statement.side, statement.place) == (Side.LEFT, "lower_zone")
    assert statement.evidence == ("f0", "g9", "g5")


def test_a_spot_across_the_midline_has_no_side(say, finding, zones, spot) -> None:
    (statement,) = say(
        findings=[finding("opacity", 0.6)],
        regions=[*zones, spot("opacity", Box(30, 65, 70, 85))],
    )
    assert (statement.side, statement.place) == (None, None)


def test_the_heart_has_no_side(say, finding, zones, spot) -> None:
    (statement,) = say(
        findings=[finding("cardiomegaly", 0.6)],
        regions=[*zones, spot("cardiomegaly", Box(60, 65, 90, 85))],
    )
    assert statement.side is None


@pytest.mark.parametrize(
    ("opacity", "consolidation", "said"),
    [(0.6, 0.4, "consolidation"), (0.9, 0.4, "opacity"), (0.6, 0.1, "opacity")],
)
def test_of_a_concept_and_its_kin_the_surely_stated_is_said_else_the_narrower(
    say, finding, opacity, consolidation, said
) -> None:
    (one,) = say(
        findings=[finding("opacity", opacity), finding("consolidation", consolidation, "f1")]
    )
    assert one.concept == said


def test_a_report_mention_is_stated_with_what_it_says(say, mention) -> None:
    (statement,) = say(
        [
            mention(
                "consolidation",
                side=Side.RIGHT,
                severity=Severity.SMALL,
                locations=("lung", "lower_lobe"),
            )
        ]
    )
    assert statement == Statement(
        concept="consolidation",
        claim=Claim.PRESENT,
        evidence=("e0",),
        side=Side.RIGHT,
        place="lower_lobe",
        severity=Severity.SMALL,
    )


def test_an_uncertain_mention_is_hedged(say, mention) -> None:
    (statement,) = say([mention("pneumonia", assertion=Assertion.UNCERTAIN)])
    assert statement.claim == Claim.POSSIBLE


def test_a_mention_that_the_image_contradicts_is_hedged(say, mention) -> None:
    conflict = Conflict(kind=ConflictKind.PRESENCE, entity_ids=("e0",), sentence="They disagree.")
    (statement,) = say([mention("pneumonia")], conflicts=(conflict,))
    assert statement.claim == Claim.POSSIBLE


@pytest.mark.parametrize(
    "attributes",
    [
        {"assertion": Assertion.HYPOTHETICAL},
        {"assertion": Assertion.ABSENT},
        {"temporality": Temporality.HISTORICAL},
        {"subject": Subject.OTHER},
        {"section": SectionKind.INDICATION},
        {"kind": EntityKind.PROCEDURE},
    ],
    ids=lambda attributes: str(next(iter(attributes.values()))),
)
def test_what_is_no_finding_of_this_study_is_not_stated(say, mention, attributes) -> None:
    assert say([mention("pneumonia", **attributes)]) == ()


def test_a_repeated_mention_is_said_once_with_both_as_evidence(say, mention) -> None:
    (statement,) = say([mention("pneumonia", side=Side.LEFT), mention("pneumonia", "e1")])
    assert statement.evidence == ("e0", "e1")
    assert statement.side == Side.LEFT


def test_two_sides_are_two_statements(say, mention) -> None:
    said = say([mention("pneumonia", side=Side.LEFT), mention("pneumonia", "e1", side=Side.RIGHT)])
    assert [one.side for one in said] == [Side.LEFT, Side.RIGHT]


def test_what_report_and_image_both_show_is_said_once(say, mention, finding, zones, spot) -> None:
    (statement,) = say(
        [mention("consolidation", side=Side.LEFT)],
        [finding("opacity", 0.5)],
        [*zones, spot("opacity", Box(60, 65, 90, 85))],
    )
    assert (statement.concept, statement.claim) == ("consolidation", Claim.PRESENT)
    assert statement.evidence == ("e0", "f0", "g9", "g5")


def test_a_link_joins_different_names_of_one_shadow(say, mention, finding, zones, spot) -> None:
    link = Link(entity_id="e0", region_id="g9", source=LinkSource.BOTH)
    said = say(
        [mention("pneumonia", side=Side.LEFT)],
        [finding("opacity", 0.5)],
        [*zones, spot("opacity", Box(60, 65, 90, 85))],
        links=(link,),
    )
    assert [one.concept for one in said] == ["pneumonia"]


def test_the_other_side_is_said_as_well(say, mention, finding, zones, spot) -> None:
    said = say(
        [mention("pleural_effusion", side=Side.RIGHT)],
        [finding("pleural_effusion", 0.5)],
        [*zones, spot("pleural_effusion", Box(60, 65, 90, 85))],
    )
    assert [(one.side, one.claim) for one in said] == [
        (Side.RIGHT, Claim.PRESENT),
        (Side.LEFT, Claim.POSSIBLE),
    ]


def test_a_denial_in_the_report_is_more_evidence_for_a_judged_absence(
    say, mention, finding
) -> None:
    (statement,) = say(
        [mention("pneumothorax", assertion=Assertion.ABSENT)], [finding("pneumothorax", 0.01)]
    )
    assert statement.evidence == ("f0", "e0")


def test_a_finding_that_the_report_leaves_open_is_not_denied(say, mention, finding) -> None:
    said = say(
        [mention("pneumothorax", assertion=Assertion.HYPOTHETICAL)],
        [finding("pneumothorax", 0.01)],
    )
    assert said == ()


def test_a_name_of_a_stated_shadow_is_not_denied_beside_it(say, mention, finding) -> None:
    said = say(
        [mention("consolidation")], [finding("infiltrate", 0.01), finding("pneumonia", 0.01, "f1")]
    )
    assert [one.concept for one in said] == ["consolidation"]


def test_a_narrower_finding_is_denied_by_its_broader_one(say, finding) -> None:
    said = say(findings=[finding("consolidation", 0.01), finding("opacity", 0.01, "f1")])
    assert [one.concept for one in said] == ["opacity"]


def test_the_order_is_the_readers_and_in_a_group_the_positive_comes_first(
    say, mention, finding
) -> None:
    said = say(
        [
            mention("rib_fracture"),
            mention("cardiomegaly", "e1"),
            mention("endotracheal_tube", "e2", kind=EntityKind.DEVICE),
        ],
        [finding("pneumothorax", 0.01), finding("mass", 0.01, "f1"), finding("edema", 0.9, "f2")],
    )
    assert [one.concept for one in said] == [
        "endotracheal_tube",
        "edema",
        "mass",
        "pneumothorax",
        "cardiomegaly",
        "rib_fracture",
    ]
