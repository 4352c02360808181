from __future__ import annotations

from dataclasses import replace

import pytest

from radnlp.report.plan import PlanOptions
from radnlp.report.statement import Claim, Statement
from radnlp.report.style import Form, Style
from radnlp.report.template import findings_of
from radnlp.report.verify import Checked, Verifier
from radnlp.schema import (
    Assertion,
    Change,
    DraftSection,
    EntityKind,
    ImageMeasure,
    ImageMeasurement,
    Sentence,
    Severity,
    Side,
    Span,
)
from radnlp.vocabulary import load_vocabulary

IMAGE_CONCEPTS = (
    "opacity", "atelectasis", "cardiomegaly", "edema", "infiltrate", "mass", "nodule",
    "pleural_effusion", "pneumonia", "pneumothorax", "tuberculosis", "consolidation",
    "pleural_thickening", "fibrosis", "emphysema",
)  # fmt: skip


@pytest.fixture
def check(read, zones):
    """Verify one sentence against evidence."""

    def make(text: str, *evidence, regions: tuple[str, ...] = ()) -> Checked:
        known = {one.id: one for one in (*evidence, *zones)}
        sentence = Sentence(
            text=text,
            section=DraftSection.FINDINGS,
            evidence=(*(one.id for one in evidence), *regions),
        )
        return Verifier(known, read, PlanOptions())(sentence)

    return make


def whole(checked: Checked) -> bool:
    """Tell whether a sentence was kept as it was."""
    return checked.correction is None and len(checked.kept) == 1


def left(checked: Checked) -> str | None:
    """Return what was left of a sentence that said too much."""
    assert checked.correction is not None
    assert checked.correction.reason
    assert checked.correction.after == (" ".join(one.text for one in checked.kept) or None)
    return checked.correction.after


@pytest.mark.parametrize(
    "text",
    [
        "Left pleural effusion.",
        "Pleural effusion.",
        "Possible left pleural effusion.",
    ],
)
def test_a_sentence_that_says_no_more_than_its_evidence_is_kept(check, mention, text) -> None:
    assert whole(check(text, mention("pleural_effusion", side=Side.LEFT)))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Right pleural effusion.", "Pleural effusion."),
        ("Bilateral pleural effusions.", "Left pleural effusion."),
        ("Left pleural effusion and pneumothorax.", "Left pleural effusion."),
        ("Large left pleural effusion.", "Left pleural effusion."),
        ("Left pleural effusion has increased.", "Left pleural effusion."),
        ("New left pleural effusion.", "Left pleural effusion."),
        ("Left pleural effusion, unchanged.", "Left pleural effusion."),
        ("Chronic left pleural effusion.", "Left pleural effusion."),
        ("Left pleural effusion, as told to Dr. Grey.", "Left pleural effusion."),
        ("Left pleural effusion of 3 cm.", "Left pleural effusion."),
        ("Left pleural effusion after intubation.", "Left pleural effusion."),
        ("Left pleural effusion, at the right.", "Left pleural effusion."),
        ("Left pleural effusion, large or severe.", "Left pleural effusion."),
        ("Left pleural effusion over the third rib.", "Left pleural effusion."),
        ("No pleural effusion.", None),
        ("Left empyema.", None),
        ("Evaluate for pleural effusion.", None),
        ("The patient is comfortable.", None),
    ],
)
def test_of_a_sentence_that_says_more_what_its_evidence_carries_is_left(
    check, mention, text, after
) -> None:
    result = check(text, mention("pleural_effusion", side=Side.LEFT))
    assert left(result) == after
    assert result.correction.before == text


def test_a_hedged_image_finding_carries_only_a_hedge(check, finding) -> None:
    half = finding("pneumonia", 0.5)
    assert left(check("Pneumonia.", half)) == "Possible pneumonia."
    assert whole(check("Possible pneumonia.", half))


def test_a_sure_image_finding_carries_plain_presence(check, finding) -> None:
    assert whole(check("Pneumonia.", finding("pneumonia", 0.95)))


def test_the_side_of_an_image_finding_is_that_of_its_zone(check, finding) -> None:
    seen = finding("opacity", 0.95)
    assert whole(check("Left lower zone opacity.", seen, regions=("g5",)))
    assert left(check("Right lower zone opacity.", seen, regions=("g5",))) == "Opacity."
    assert left(check("Left upper zone opacity.", seen, regions=("g5",))) == "Left opacity."
    assert left(check("Left opacity.", seen)) == "Opacity."


def test_a_denial_needs_a_judged_and_negative_finding(check, finding) -> None:
    assert whole(check("No pneumothorax is seen.", finding("pneumothorax", 0.02)))
    assert left(check("No pneumothorax is seen.", finding("pneumothorax", 0.5))) is None
    assert left(check("No pneumothorax is seen.", finding("pneumothorax", None))) is None


def test_a_broader_denial_carries_a_narrower_one_but_not_the_other_way(check, finding) -> None:
    assert whole(check("No consolidation.", finding("opacity", 0.02)))
    assert left(check("No opacity.", finding("consolidation", 0.02))) is None


def test_a_denial_of_one_side_does_not_deny_the_whole(check, mention) -> None:
    denied = mention("pneumothorax", assertion=Assertion.ABSENT, side=Side.LEFT)
    assert left(check("No pneumothorax is seen.", denied)) == "No left pneumothorax is seen."
    assert left(check("No right pneumothorax.", denied)) is None
    assert whole(check("No left pneumothorax.", denied))


def test_a_denial_of_a_part_or_of_an_extent_leaves_room(check, mention) -> None:
    absent = Assertion.ABSENT
    apex = mention("pneumothorax", assertion=absent, locations=("lung_apex",))
    assert left(check("No pneumothorax is seen.", apex)) is None
    large = mention("pleural_effusion", assertion=absent, severity=Severity.LARGE)
    assert left(check("No pleural effusion is seen.", large)) is None
    assert whole(check("No large pleural effusion.", large))
    assert whole(check("No large pleural effusion.", mention("pleural_effusion", assertion=absent)))


def test_a_denial_may_be_weakened_and_a_finding_not_described(check, finding) -> None:
    assert whole(check("No focal opacity.", finding("opacity", 0.02)))
    assert left(check("Focal opacity.", finding("opacity", 0.95))) == "Opacity."


def test_clear_lungs_are_more_than_the_absence_of_an_opacity(check, finding) -> None:
    clear = check("The lungs are clear.", finding("opacity", 0.02))
    assert left(clear) == "No opacity is seen."
    judged = finding("cardiomegaly", 0.02)
    assert whole(check("Heart size is normal.", judged))
    assert whole(check("The heart is not enlarged.", judged))
    assert left(check("The heart is normal.", judged)) == "No cardiomegaly is seen."


@pytest.mark.parametrize(
    ("text", "by_presence", "by_hedge"),
    [
        ("Possible pneumonia.", None, None),
        ("Pneumonia is suspected.", None, None),
        ("Probable pneumonia.", None, "Possible pneumonia."),
        ("Pneumonia is likely.", None, "Possible pneumonia."),
        ("Pneumonia is unlikely.", "Possible pneumonia.", "Possible pneumonia."),
        ("Less likely pneumonia.", "Possible pneumonia.", "Possible pneumonia."),
    ],
)
def test_a_hedge_leans_no_further_than_its_evidence(
    check, mention, text: str, by_presence: str | None, by_hedge: str | None
) -> None:
    for assertion, wanted in ((Assertion.PRESENT, by_presence), (Assertion.UNCERTAIN, by_hedge)):
        checked = check(text, mention("pneumonia", assertion=assertion))
        assert whole(checked) if wanted is None else left(checked) == wanted


def called(mention, words: str, id: str = "e0", **attributes):
    """A mention of an effusion, in these words."""
    return mention("pleural_effusion", id, text=words, span=Span(0, len(words)), **attributes)


def test_a_qualifier_is_kept_if_a_mention_has_it(check, mention) -> None:
    assert whole(check("Loculated effusion.", called(mention, "loculated effusion")))
    plain = check("Loculated effusion.", called(mention, "effusion"))
    assert left(plain) == "Pleural effusion."
    assert plain.correction.reason == "no evidence for the name of pleural_effusion"


def test_a_qualifier_is_kept_only_if_the_mention_that_has_it_carries_the_rest(
    check, mention
) -> None:
    hedged = called(mention, "loculated effusion", "e1", assertion=Assertion.UNCERTAIN)
    assert left(check("Loculated effusion.", mention("pleural_effusion"), hedged)) == (
        "Pleural effusion."
    )
    earlier = called(mention, "loculated effusion", "e1").of_prior()
    assert left(check("Loculated effusion.", mention("pleural_effusion"), earlier)) == (
        "Pleural effusion."
    )


def test_a_denial_with_a_qualifier_denies_no_more(check, mention) -> None:
    denied = called(mention, "loculated effusion", assertion=Assertion.ABSENT)
    assert whole(check("No loculated effusion.", denied))
    assert left(check("No pleural effusion.", denied)) is None


def test_tension_is_more_than_a_pneumothorax(check, mention) -> None:
    assert whole(check("Tension pneumothorax.", mention("tension_pneumothorax")))
    assert whole(check("Pneumothorax.", mention("tension_pneumothorax")))
    assert left(check("Tension pneumothorax.", mention("pneumothorax"))) is None
    denied = mention("tension_pneumothorax", assertion=Assertion.ABSENT)
    assert left(check("No pneumothorax.", denied)) is None


def test_evidence_that_does_not_exist_carries_nothing(check) -> None:
    assert left(check("Pneumonia.", regions=("f7",))) is None


def test_a_reason_quotes_no_word_of_the_sentence(check, mention) -> None:
    result = check("Right pleural effusion of Mr. Grey, 61.", mention("pleural_effusion"))
    assert "Grey" not in result.correction.reason
    assert "61" not in result.correction.reason


class TestComparison:
    """Words of change need the earlier report."""

    def prior(self, mention, concept="pleural_effusion", **attributes):
        return mention(concept, "e7", **attributes).of_prior()

    def test_new_needs_an_earlier_denial(self, check, mention) -> None:
        now = mention("pleural_effusion", side=Side.LEFT)
        before = self.prior(mention, assertion=Assertion.ABSENT)
        text = "Left pleural effusion, new compared with the prior report."
        assert whole(check(text, now, before))
        assert left(check(text, now)) == "Left pleural effusion."
        assert left(check(text, now, self.prior(mention))) == "Left pleural effusion."

    def test_an_earlier_mention_says_nothing_of_now(self, check, mention) -> None:
        assert left(check("Pleural effusion.", self.prior(mention))) is None

    def test_again_needs_the_same_finding_on_the_same_side(self, check, mention) -> None:
        now = mention("pleural_effusion", side=Side.LEFT)
        text = "Left pleural effusion, again seen compared with the prior report."
        assert whole(check(text, now, self.prior(mention, side=Side.LEFT)))
        uncertain = self.prior(mention, side=Side.LEFT, assertion=Assertion.UNCERTAIN)
        right, unsided = self.prior(mention, side=Side.RIGHT), self.prior(mention)
        for before in (right, unsided, uncertain):
            checked = check(text, now, before)
            assert left(checked) == "Left pleural effusion."
            assert checked.correction.reason == "no evidence for the change of pleural_effusion"

    def test_unchanged_needs_the_same_extent(self, check, mention) -> None:
        now = mention("pleural_effusion", severity=Severity.SMALL)
        text = "Small pleural effusion, unchanged compared with the prior report."
        assert whole(check(text, now, self.prior(mention, severity=Severity.SMALL)))
        larger = self.prior(mention, severity=Severity.LARGE)
        assert left(check(text, now, larger)) == "Small pleural effusion."

    def test_no_longer_seen_needs_it_then_and_its_absence_now(
        self, check, mention, finding
    ) -> None:
        text = "Pleural effusion of the prior report no longer seen."
        judged = finding("pleural_effusion", 0.02)
        assert whole(check(text, judged, self.prior(mention)))
        assert left(check(text, judged)) == "No pleural effusion is seen."
        assert left(check(text, finding("pleural_effusion", 0.6), self.prior(mention))) is None

    def test_nothing_is_compared_against_the_word_of_the_report(self, check, mention) -> None:
        denied = self.prior(mention, assertion=Assertion.ABSENT)
        text = "Pleural effusion, new compared with the prior report."
        assert whole(check(text, mention("pleural_effusion", change=Change.NEW), denied))
        for change in (Change.STABLE, Change.WORSE, Change.IMPROVED):
            told = mention("pleural_effusion", change=change)
            assert left(check(text, told, denied)) == "Pleural effusion."
        again = "Pleural effusion, again seen compared with the prior report."
        told = mention("pleural_effusion", change=Change.NEW)
        assert left(check(again, told, self.prior(mention))) == "Pleural effusion."

    def test_worse_needs_the_present_report(self, check, mention) -> None:
        text = "Pleural effusion, worse compared with the prior report."
        told = mention("pleural_effusion", change=Change.WORSE)
        assert whole(check(text, told, self.prior(mention)))
        silent = mention("pleural_effusion")
        assert left(check(text, silent, self.prior(mention))) == "Pleural effusion."


def test_a_measured_number_is_kept_and_another_is_not(check) -> None:
    ratio = ImageMeasurement(
        id="m0",
        image_id="i0",
        measure=ImageMeasure.CARDIOTHORACIC_RATIO,
        value=0.5249,
        region_ids=("g0",),
    )
    assert whole(check("The cardiothoracic ratio is 0.52.", ratio))
    assert left(check("The cardiothoracic ratio is 0.48.", ratio)) is None
    assert left(check("The cardiothoracic ratio is 0.52 and he smokes.", ratio)) is None


@pytest.mark.parametrize("concept", IMAGE_CONCEPTS)
@pytest.mark.parametrize("claim", [Claim.PRESENT, Claim.POSSIBLE, Claim.ABSENT])
def test_every_template_sentence_reads_back_as_it_is_meant(
    read, mention, concept: str, claim: Claim
) -> None:
    assertion = {
        Claim.PRESENT: Assertion.PRESENT,
        Claim.POSSIBLE: Assertion.UNCERTAIN,
        Claim.ABSENT: Assertion.ABSENT,
    }[claim]
    ((sentence, _),) = findings_of([Statement(concept=concept, claim=claim, evidence=("e0",))])
    said = [one for one in read_entities(read, sentence) if one.concept == concept]
    assert [one.assertion for one in said] == [assertion]
    known = {"e0": mention(concept, assertion=assertion)}
    assert whole(Verifier(known, read, PlanOptions())(sentence))


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT, Side.BILATERAL])
@pytest.mark.parametrize(
    "place",
    ["upper_zone", "mid_zone", "lower_zone", "upper_lobe", "lower_lobe", "lung_apex", "lung_base",
     "perihilar", "hilum", "retrocardiac"],
)  # fmt: skip
def test_every_place_reads_back_as_it_is_meant(read, mention, side: Side, place: str) -> None:
    statement = Statement(
        concept="opacity",
        claim=Claim.PRESENT,
        evidence=("e0",),
        side=side,
        place=place,
        severity=Severity.MILD,
    )
    ((sentence, _),) = findings_of([statement])
    (said,) = read_entities(read, sentence)
    assert (said.concept, said.side, said.severity) == ("opacity", side, Severity.MILD)
    assert place in said.locations
    known = {"e0": mention("opacity", side=side, locations=(place,), severity=Severity.MILD)}
    assert whole(Verifier(known, read, PlanOptions())(sentence))
    moved = {"e0": replace(known["e0"], locations=("middle_lobe",))}
    assert left(Verifier(moved, read, PlanOptions())(sentence)) == f"Mild {side} opacity."


@pytest.mark.parametrize("concept", ["endotracheal_tube", "picc", "pacemaker", "chest_tube"])
def test_a_device_in_place_reads_back_as_present(read, mention, concept: str) -> None:
    ((sentence, _),) = findings_of(
        [Statement(concept=concept, claim=Claim.PRESENT, evidence=("e0",), device=True)]
    )
    known = {"e0": mention(concept, kind=EntityKind.DEVICE)}
    assert whole(Verifier(known, read, PlanOptions())(sentence))


def read_entities(read, sentence: Sentence):
    from radnlp.schema import Report

    kinds = (EntityKind.FINDING, EntityKind.DEVICE)
    return [one for one in read(Report(text=sentence.text)).entities if one.kind in kinds]


@pytest.mark.parametrize("form", list(Form))
def test_the_templates_of_every_concept_read_back(read, mention, form: Form) -> None:
    meant = {Claim.PRESENT: Assertion.PRESENT, Claim.POSSIBLE: Assertion.UNCERTAIN}
    lost = []
    for concept in load_vocabulary():
        if concept.kind not in ("finding", "device"):
            continue
        device = concept.kind == "device"
        for claim, assertion in meant.items():
            one = Statement(concept=concept.id, claim=claim, evidence=("e0",), device=device)
            ((sentence, _),) = findings_of([one], Style(form=form))
            known = {"e0": mention(concept.id, kind=concept.kind, assertion=assertion)}
            checked = Verifier(known, read, PlanOptions())(sentence)
            if not whole(checked):
                lost.append((sentence.text, checked.correction.reason))
    assert lost == []
