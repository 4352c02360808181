from __future__ import annotations

from dataclasses import replace

import pytest

from radnlp.report import ReportOptions, Style, TemplateReport, WriterReport
from radnlp.schema import (
    DISCLAIMER,
    Assertion,
    Box,
    Change,
    Critical,
    Draft,
    EntityKind,
    ImageMeasure,
    ImageMeasurement,
    ImageReading,
    Report,
    Sentence,
    Severity,
    Side,
    Study,
    StudyReading,
    TextReading,
)


@pytest.fixture
def draft(draft_by, zones, read):
    """Draft from mentions, findings and spots."""

    def make(mentions=(), findings=(), spots=(), reader=None) -> Draft | None:
        def stage(study, found, _):
            return TemplateReport()(study, found, reader or read)

        return draft_by(stage, mentions, findings, (*zones, *spots))

    return make


def test_an_image_alone_gives_a_draft_with_evidence(draft, finding, spot) -> None:
    result = draft(
        findings=[
            finding("pleural_effusion", 0.6),
            finding("pneumothorax", 0.01, "f1"),
            finding("cardiomegaly", 0.02, "f2"),
            finding("emphysema", None, "f3"),
        ],
        spots=[spot("pleural_effusion", Box(60, 65, 90, 85))],
    )
    assert result is not None
    assert result.findings == (
        "Possible left pleural effusion. No pneumothorax is seen. Heart size is normal."
    )
    assert result.impression == "Possible left pleural effusion."
    assert [one.evidence for one in result.sentences] == [
        ("f0", "g9", "g5"),
        ("f1",),
        ("f2",),
        ("f0", "g9", "g5"),
    ]
    assert (result.status, result.disclaimer) == ("draft", DISCLAIMER)


def test_report_and_image_together_give_one_draft(draft, mention, finding) -> None:
    result = draft(
        [
            mention("pleural_effusion", side=Side.LEFT, severity=Severity.SMALL),
            mention("pneumothorax", "e1", assertion=Assertion.ABSENT),
        ],
        [finding("pleural_effusion", 0.6), finding("pneumothorax", 0.01, "f1")],
    )
    assert result is not None
    assert result.findings == "Small left pleural effusion. No pneumothorax is seen."
    assert result.sentences[1].evidence == ("f1", "e1")


def test_without_an_image_there_is_no_draft(mention, read) -> None:
    result = TemplateReport()(Study(), StudyReading(entities=(mention("pneumonia"),)), read)
    assert result is None


def test_an_image_that_was_not_judged_gives_no_draft(draft, finding) -> None:
    assert draft(findings=[finding("emphysema", None)]) is None


def test_an_image_that_was_not_judged_leaves_what_the_report_says(draft, mention, finding) -> None:
    result = draft([mention("pneumonia")], [finding("emphysema", None)])
    assert result is not None
    assert result.findings == "Pneumonia."


def test_a_film_without_findings_is_said_to_have_none_of_those_judged(draft, finding) -> None:
    result = draft(findings=[finding("mass", 0.01), finding("emphysema", None, "f1")])
    assert result is not None
    assert result.impression == "No finding is likely among the 1 judged."
    assert result.sentences[-1].evidence == ("f0",)


def test_an_unlikely_positive_finding_keeps_the_impression_open(draft, finding) -> None:
    result = draft(findings=[finding("mass", 0.2)])
    assert result is not None
    assert result.findings == ""
    assert result.impression == "No finding is likely among the 1 judged."


def test_a_sentence_that_reads_back_wrong_is_not_in_the_draft(draft, mention, read) -> None:
    def misread(report: Report) -> TextReading:
        return read(Report(text=report.text.replace("Left pneumonia", "Right abscess")))

    said = [mention("pneumonia", side=Side.LEFT), mention("cardiomegaly", "e1")]
    result = draft(said, reader=misread)
    assert result is not None
    assert result.findings == "Cardiomegaly."
    assert result.impression == "Cardiomegaly."
    lost = result.corrections
    assert [(one.section, one.before, one.after) for one in lost] == [
        ("findings", "Left pneumonia.", None),
        ("impression", "Left pneumonia.", None),
    ]


def test_a_sentence_that_reads_back_as_more_is_written_anew(draft, mention, read) -> None:
    def misread(report: Report) -> TextReading:
        return read(Report(text=report.text.replace("Left", "Right")))

    result = draft([mention("pneumonia", side=Side.LEFT)], reader=misread)
    assert result is not None
    assert result.findings == "Pneumonia."
    assert [one.reason for one in result.corrections] == [
        "no evidence for the side of pneumonia"
    ] * 2


def test_what_is_corrected_is_counted_in_the_log_without_its_words(
    draft, mention, read, caplog: pytest.LogCaptureFixture
) -> None:
    def misread(report: Report) -> TextReading:
        return read(Report(text=report.text.replace("Left", "Right")))

    with caplog.at_level("INFO", logger="radnlp"):
        draft([mention("pneumonia", side=Side.LEFT)], reader=misread)
    assert "2 draft sentences" in caplog.text
    assert "neumonia" not in caplog.text


def test_the_order_is_devices_lungs_pleura_heart_and_mediastinum_bones(draft, mention) -> None:
    said = ["rib_fracture", "lymphadenopathy", "pleural_effusion", "pneumonia"]
    tube = mention("endotracheal_tube", "e9", kind=EntityKind.DEVICE)
    result = draft([*(mention(one, f"e{n}") for n, one in enumerate(said)), tube])
    assert result.findings == (
        "Endotracheal tube in place. Pneumonia. Pleural effusion. Lymphadenopathy. Rib fracture."
    )


class TestNames:
    """What the report says more of a finding than its name is said."""

    @pytest.fixture
    def told(self, draft, read):
        def make(report, *findings):
            result = draft(read(Report(text=report)).entities, findings)
            assert result.corrections == ()
            return result

        return make

    def test_a_tension_pneumothorax_stays_one(self, told, finding) -> None:
        result = told("Left tension pneumothorax.", finding("pneumothorax", 0.95))
        assert result.findings == result.impression == "Left tension pneumothorax."
        assert result.sentences[0].critical == Critical.PRESENT
        assert result.sentences[0].evidence == ("e0", "f0")

    def test_no_tension_denies_no_pneumothorax(self, told, finding) -> None:
        result = told("Left pneumothorax. No tension pneumothorax.", finding("pneumothorax", 0.02))
        assert result.findings == "Left pneumothorax."

    def test_a_term_that_says_more_is_kept(self, told) -> None:
        assert told("Small left loculated effusion.").findings == "Small left loculated effusion."

    @pytest.mark.parametrize(
        "report", ["Left effusion. Possible left loculated effusion.",
                   "Possible left loculated effusion. Left effusion."],
    )  # fmt: skip
    def test_a_term_that_is_only_hedged_is_not_stated(self, told, report) -> None:
        assert told(report).findings == "Left pleural effusion."


class TestContradictions:
    """Where two sources differ, the draft says no more than both leave standing."""

    @pytest.fixture
    def told(self, draft_by, zones, read):
        def make(report, *findings, prior=None):
            before = read(Report(text=prior)).entities if prior else ()
            result = draft_by(
                TemplateReport(),
                read(Report(text=report)).entities,
                findings,
                zones,
                [one.of_prior() for one in before],
            )
            assert result.corrections == ()
            return result.findings

        return make

    def test_what_the_report_denies_the_image_may_only_hedge(self, told, finding) -> None:
        shown = finding("pneumothorax", 0.95)
        assert told("No pneumothorax.", shown) == "Possible pneumothorax."
        assert told("No pneumothorax. Small left pneumothorax.", shown) == (
            "Small left pneumothorax."
        )
        # A denial of a part, of one side or of an extent leaves room for it.
        for report in (
            "No left pneumothorax.",
            "No large pneumothorax.",
            "No tension pneumothorax.",
        ):
            assert told(report, shown) == "Pneumothorax."

    def test_two_places_are_two_findings(self, told) -> None:
        assert told("Left upper lobe nodule. Left lower lobe nodule.") == (
            "Left upper lobe nodule. Left lower lobe nodule."
        )
        assert told("Left upper lobe nodule. IMPRESSION: Left nodule.") == "Left upper lobe nodule."

    def test_two_extents_are_none(self, told) -> None:
        assert told("Small left effusion. Large left effusion.") == "Left pleural effusion."
        assert told("Small left effusion. Left effusion.") == "Small left pleural effusion."

    @pytest.mark.parametrize(
        ("report", "said"),
        [
            ("Possible left lower lobe pneumonia. Pneumonia.", "Pneumonia."),
            ("Possible large left effusion. Left effusion.", "Left pleural effusion."),
            ("Left effusion. Possible large left effusion.", "Left pleural effusion."),
            ("Small left effusion. Left loculated effusion.", "Small left pleural effusion."),
            ("Left effusion. Left loculated effusion.", "Left loculated effusion."),
        ],
    )
    def test_one_mention_carries_all_that_is_said(self, told, report, said) -> None:
        assert told(report) == said

    @pytest.mark.parametrize(
        ("report", "prior", "said"),
        [
            ("Stable cardiomegaly.", "Heart size is normal.", "Cardiomegaly."),
            ("Increased left effusion.", "No effusion.", "Left pleural effusion."),
            ("Small left effusion, new.", "Small left effusion.", "Small left pleural effusion."),
            (
                "New left effusion.",
                "No effusion.",
                "Left pleural effusion, new compared with the prior report.",
            ),
            (
                "Pneumonia is unchanged. Pneumonia has worsened.",
                "Pneumonia.",
                "Pneumonia, again seen compared with the prior report.",
            ),
        ],
    )
    def test_the_report_and_the_earlier_one_must_agree(self, told, report, prior, said) -> None:
        assert told(report, prior=prior) == said

    def test_a_finding_judged_on_two_films_counts_once(self, study, finding, read) -> None:
        films = tuple(replace(study.images[0], id=id) for id in ("i0", "i1"))
        seen = tuple(
            ImageReading(image_id=id, findings=(replace(finding("mass", 0.05, f), image_id=id),))
            for id, f in (("i0", "f0"), ("i1", "f1"))
        )
        result = TemplateReport()(Study(images=films), StudyReading(images=seen), read)
        assert result.impression == "No finding is likely among the 1 judged."
        assert result.sentences[-1].evidence == ("f0", "f1")


class TestStyle:
    """Options change the words, not what is said."""

    @pytest.fixture
    def styled(self, draft_by, finding, mention):
        def make(**style):
            return draft_by(
                TemplateReport(ReportOptions(style=Style(**style))),
                [mention("mass"), mention("pneumonia", "e1")],
                [finding("pneumothorax", 0.01)],
            )

        return make

    def test_prose(self, styled) -> None:
        assert styled(form="prose").findings == (
            "Mass is present. Pneumonia is present. There is no pneumothorax."
        )

    def test_without_normals(self, styled) -> None:
        assert styled(normals=False).findings == "Mass. Pneumonia."

    def test_a_short_impression(self, styled) -> None:
        assert styled(impression_length=1).impression == "Mass."


class TestPrior:
    """Comparisons come with an earlier report only."""

    @pytest.fixture
    def with_prior(self, draft_by, zones, read):
        def make(prior, mentions=(), findings=()):
            before = read(Report(text=prior, id="prior")).entities if prior else ()
            earlier = [one.of_prior() for one in before]
            return draft_by(TemplateReport(), mentions, findings, zones, earlier)

        return make

    def test_without_one_nothing_is_compared(self, with_prior, mention) -> None:
        result = with_prior(None, [mention("pneumonia", change=Change.WORSE)])
        assert result.findings == "Pneumonia."

    def test_what_it_denied_is_new(self, with_prior, mention) -> None:
        result = with_prior("No pneumonia.", [mention("pneumonia")])
        assert result.findings == "Pneumonia, new compared with the prior report."
        assert result.sentences[0].evidence == ("e0", "p:e0")

    def test_a_large_one_that_it_denied_leaves_room_for_a_small_one(
        self, with_prior, mention
    ) -> None:
        result = with_prior("No large pleural effusion.", [mention("pleural_effusion")])
        assert result.findings == "Pleural effusion."

    def test_what_it_leaves_out_is_not(self, with_prior, mention) -> None:
        result = with_prior("No pneumothorax.", [mention("pneumonia")])
        assert result.findings == "Pneumonia."

    def test_what_it_holds_for_possible_is_not_compared(self, with_prior, mention) -> None:
        assert with_prior("Possible pneumonia.", [mention("pneumonia")]).findings == "Pneumonia."

    def test_what_is_possible_now_is_not_compared(self, with_prior, finding) -> None:
        result = with_prior("No pneumonia.", findings=[finding("pneumonia", 0.6)])
        assert result.findings == "Possible pneumonia."

    def test_what_it_states_is_seen_again(self, with_prior, mention) -> None:
        result = with_prior("Pneumonia.", [mention("pneumonia")])
        assert result.findings == "Pneumonia, again seen compared with the prior report."

    def test_the_same_extent_is_unchanged(self, with_prior, mention) -> None:
        now = mention("pleural_effusion", side=Side.LEFT, severity=Severity.SMALL)
        result = with_prior("Small left pleural effusion.", [now])
        assert result.findings == (
            "Small left pleural effusion, unchanged compared with the prior report."
        )

    def test_another_side_is_not_compared(self, with_prior, mention) -> None:
        result = with_prior("Left effusion.", [mention("pleural_effusion", side=Side.RIGHT)])
        assert result.findings == "Right pleural effusion."

    def test_what_the_report_calls_worse_is_worse_if_it_was_there(
        self, with_prior, mention
    ) -> None:
        worse = mention("pneumonia", change=Change.WORSE)
        assert with_prior("Pneumonia.", [worse]).findings == (
            "Pneumonia, worse compared with the prior report."
        )
        assert with_prior("No mass.", [worse]).findings == "Pneumonia."

    def test_what_it_states_and_the_image_does_not_show_is_no_longer_seen(
        self, with_prior, finding
    ) -> None:
        result = with_prior("Left pleural effusion.", findings=[finding("pleural_effusion", 0.02)])
        assert result.findings == (
            "No pleural effusion is seen. Left pleural effusion of the prior report no longer seen."
        )
        assert result.sentences[1].evidence == ("f0", "p:e0")

    def test_what_it_states_in_fuller_words_is_no_longer_seen_in_these(
        self, with_prior, finding
    ) -> None:
        result = with_prior("Loculated effusion.", findings=[finding("pleural_effusion", 0.02)])
        assert result.findings == (
            "No pleural effusion is seen. Loculated effusion of the prior report no longer seen."
        )

    def test_a_fuller_name_is_again_seen_only_if_it_was_so_called(self, with_prior, read) -> None:
        now = read(Report(text="Loculated effusion.")).entities
        assert with_prior("Loculated effusion.", now).findings == (
            "Loculated effusion, again seen compared with the prior report."
        )
        assert with_prior("Effusion.", now).findings == "Loculated effusion."

    def test_a_denial_of_a_fuller_name_leaves_room_for_the_plain_one(
        self, with_prior, mention
    ) -> None:
        result = with_prior("No loculated effusion.", [mention("pleural_effusion")])
        assert result.findings == "Pleural effusion."

    def test_its_history_is_no_earlier_finding(self, with_prior, finding) -> None:
        result = with_prior(
            "HISTORY: Pneumonia.\nFINDINGS: Clear.", findings=[finding("pneumonia", 0.02)]
        )
        assert "prior" not in result.findings


class TestRatio:
    """The cardiothoracic ratio is said where it was measured."""

    def draw(self, study, finding, read, value, view=None):
        measured = ImageMeasurement(
            id="m0",
            image_id="i0",
            measure=ImageMeasure.CARDIOTHORACIC_RATIO,
            value=value,
            region_ids=("g0",),
        )
        reading = ImageReading(
            image_id="i0", findings=(finding("cardiomegaly", 0.02),), measurements=(measured,)
        )
        seen = replace(study, images=(replace(study.images[0], view=view),))
        return TemplateReport()(seen, StudyReading(images=(reading,)), read)

    def test_it_stands_with_the_heart(self, study, finding, read) -> None:
        result = self.draw(study, finding, read, 0.44, "PA")
        assert result.findings == (
            "Cardiothoracic ratio 0.44, by outlines on a PA film; rotation changes it. "
            "Heart size is normal."
        )
        assert result.sentences[0].evidence == ("m0", "g0")

    def test_above_a_half_the_heart_is_not_called_normal(self, study, finding, read) -> None:
        result = self.draw(study, finding, read, 0.56, "AP")
        assert "normal" not in result.findings
        assert "AP film, which overstates it" in result.findings


class TestWriter:
    """Somebody else's words are kept as far as they are carried."""

    @pytest.fixture
    def wrote(self, draft_by, finding, mention):
        def make(*texts):
            def write(statements, style):
                ids = tuple(id for one in statements for id in one.evidence)
                return [Sentence(text=text, section="findings", evidence=ids) for text in texts]

            return draft_by(
                WriterReport(write),
                [mention("pleural_effusion", side=Side.LEFT), mention("pneumonia", "e1")],
                [finding("pneumothorax", 0.01)],
            )

        return make

    def test_its_sentences_stand_in_the_readers_order(self, wrote) -> None:
        result = wrote(
            "No evidence of pneumothorax.",
            "There is a left pleural effusion.",
            "Pneumonia is seen.",
        )
        assert result.findings == (
            "Pneumonia is seen. There is a left pleural effusion. No evidence of pneumothorax."
        )
        assert result.corrections == ()

    def test_what_it_leaves_out_the_templates_say(self, wrote) -> None:
        assert wrote("Pneumonia is seen.").findings == (
            "Pneumonia is seen. Left pleural effusion. No pneumothorax is seen."
        )

    def test_what_it_adds_moves_or_flips_is_not_kept(self, wrote) -> None:
        result = wrote("Right pleural effusion.", "No pneumonia.", "Pneumothorax.", "Hello.")
        assert result.findings == ("Pneumonia. Left pleural effusion. No pneumothorax is seen.")
        assert len(result.corrections) == 4
        assert {one.after for one in result.corrections} == {None}

    def test_what_it_repeats_is_said_once(self, wrote) -> None:
        result = wrote("Pneumonia is seen.", "Pneumonia is present.")
        assert result.findings.count("neumonia") == 1

    def test_a_critical_finding_is_flagged_in_its_words_too(self, draft_by, zones, mention) -> None:
        def write(statements, style):
            return [Sentence(text="There is a pneumothorax.", section="findings", evidence=("e0",))]

        result = draft_by(WriterReport(write), [mention("pneumothorax")], regions=zones)
        assert [one.critical for one in result.sentences] == [Critical.PRESENT, Critical.PRESENT]
