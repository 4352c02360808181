"""The corridor: order, numbering, failures, names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from radnlp.errors import IndexMissing, InputError, ModelNotFound, StageNotFound
from radnlp.pipeline import Pipeline, analyze, default_pipeline
from radnlp.schema import (
    Analysis,
    Box,
    Confidence,
    Conflict,
    ConflictKind,
    Draft,
    Entity,
    EntityKind,
    Failure,
    Image,
    ImageFinding,
    ImageMeasure,
    ImageMeasurement,
    ImageReading,
    Link,
    LinkReading,
    LinkSource,
    Notice,
    Region,
    RegionSource,
    Report,
    SectionKind,
    Sentence,
    Span,
    Study,
    StudyReading,
    TextReading,
)


def read_words(report: Report) -> TextReading:
    """A text stage that finds the first word."""
    if "boom" in report.text:
        raise ValueError(f"cannot read {report.text}")
    word = report.text.split()[0]
    entity = Entity(
        id="e0",
        text=word,
        span=Span(0, len(word)),
        section=SectionKind.OTHER,
        kind=EntityKind.FINDING,
        concept="nodule",
    )
    return TextReading(entities=(entity,), warnings=(Notice(name="Text", message="read"),))


def see(image: Image) -> ImageReading:
    """A vision stage with one region and one finding, under ids of its own."""
    box = Box(0, 0, 1, 1)
    return ImageReading(
        image_id=image.id,
        findings=(
            ImageFinding(
                id="mine", concept="nodule", image_id=image.id, confidence=Confidence(value=0.5)
            ),
        ),
        regions=(
            Region(
                id="left_lung",
                image_id=image.id,
                box=box,
                label="left_lung",
                source=RegionSource.ANATOMY,
            ),
        ),
    )


def tie(study: Study, entities: Sequence[Entity], readings: Sequence[ImageReading]) -> LinkReading:
    """A link stage that ties every entity to the first region."""
    region = readings[0].regions[0].id
    return LinkReading(
        links=tuple(
            Link(entity_id=item.id, region_id=region, source=LinkSource.ANATOMY)
            for item in entities
        )
    )


def write(study: Study, found: StudyReading, read: Callable[[Report], TextReading]) -> Draft:
    """A report stage that says one thing and can read it back."""
    text = "Nodule seen."
    assert read(Report(text=text)).entities
    evidence = tuple(finding.id for reading in found.images for finding in reading.findings)
    return Draft(sentences=(Sentence(text=text, section="findings", evidence=evidence),))  # type: ignore[arg-type]


def images(number: int) -> tuple[Image, ...]:
    return tuple(Image(pixels=np.zeros((4, 4)), id=f"i{index}") for index in range(number))


PIPELINE = Pipeline(text=read_words, vision=see, link=tie, report=write)


def test_a_study_with_both_passes_every_stage() -> None:
    analysis = PIPELINE(Study(report=Report(text="Nodule on the left"), images=images(2)))
    assert [region.id for region in analysis.regions] == ["g0", "g1"]
    assert [finding.id for finding in analysis.image_findings] == ["f0", "f1"]
    assert analysis.links[0].region_id == "g0"
    assert analysis.draft is not None
    assert analysis.draft.sentences[0].evidence == ("f0", "f1")
    assert [item.name for item in analysis.warnings] == ["Text"]
    assert len(analysis.provenance) == 4


class TwoLooks:
    """A vision stage that looks at the mirror image too."""

    def __call__(self, image: Image) -> ImageReading:
        return see(image)

    def mirrored(self, image: Image, reading: ImageReading) -> ImageReading:
        assert reading.image_id == image.id
        return replace(reading, findings=())


def test_a_side_conflict_is_kept_only_if_the_mirror_image_bears_it_out() -> None:
    def tie_to_findings(
        study: Study, entities: Sequence[Entity], readings: Sequence[ImageReading]
    ) -> LinkReading:
        kinds = (ConflictKind.SIDE, ConflictKind.PRESENCE)
        return LinkReading(
            conflicts=tuple(
                Conflict(kind=kind, entity_ids=("e0",), sentence="They disagree.")
                for kind in kinds
                if readings[0].findings
            )
        )

    study = Study(report=Report(text="Nodule on the left"), images=images(1))
    for vision, kinds in ((see, ["side", "presence"]), (TwoLooks(), ["presence"])):
        pipeline = Pipeline(text=read_words, vision=vision, link=tie_to_findings, report=None)
        assert [conflict.kind for conflict in pipeline(study).conflicts] == kinds


def test_a_report_alone_leaves_the_image_stages_out() -> None:
    analysis = PIPELINE(Study(report=Report(text="Nodule")))
    assert (analysis.regions, analysis.links, analysis.draft) == ((), (), None)
    assert len(analysis.provenance) == 1


def test_an_image_alone_gets_findings_and_a_draft() -> None:
    analysis = PIPELINE(Study(images=images(1)))
    assert analysis.entities == ()
    assert analysis.draft is not None
    assert analysis.draft.findings == "Nodule seen."


def test_an_empty_study_is_refused() -> None:
    with pytest.raises(InputError, match="neither a report nor an image"):
        PIPELINE(Study())


def test_a_batch_keeps_its_order_and_a_failure_costs_no_other(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    studies = [
        Study(id="a", report=Report(text="Nodule")),
        Study(id="b", report=Report(text="boom secret words")),
        missing,
        Study(id="d", report=Report(text="Mass")),
    ]
    results = list(PIPELINE.map(studies, batch_size=2))
    assert [type(item) for item in results] == [Analysis, Failure, Failure, Analysis]
    failures = [item for item in results if isinstance(item, Failure)]
    assert [(item.id, item.error) for item in failures] == [
        ("b", "ValueError"),
        ("missing", "FileMissing"),
    ]
    assert "secret" not in failures[0].message


def test_a_batch_size_below_one_is_refused() -> None:
    with pytest.raises(InputError, match="batch_size"):
        next(PIPELINE.map([], batch_size=0))


def test_a_batch_is_lazy() -> None:
    taken = []

    def studies() -> object:
        for index in range(100):
            taken.append(index)
            yield Study(id=str(index), report=Report(text="Nodule"))

    next(PIPELINE.map(studies(), batch_size=4))  # type: ignore[arg-type]
    assert len(taken) <= 5


def test_build_tells_of_weights_that_are_not_there_before_any_study() -> None:
    assert PIPELINE.build() is PIPELINE
    lazy = Pipeline(vision="none/there.safetensors", link=None, report=None)
    with pytest.raises(ModelNotFound, match="no weights at"):
        lazy.build()


def test_a_misspelt_stage_names_the_nearest() -> None:
    with pytest.raises(StageNotFound, match="Did you mean 'rules'"):
        Pipeline(text="rule")


@pytest.mark.parametrize("kind", ["text", "vision"])
def test_a_name_too_long_for_a_file_is_no_stage(kind: str) -> None:
    with pytest.raises(StageNotFound):
        Pipeline(**{kind: "a" * 300})


def test_a_name_with_a_slash_is_not_asked_of_the_hub_by_itself() -> None:
    pipeline = Pipeline(vision="somebody/some-model")
    with pytest.raises(ModelNotFound, match=r"nothing is downloaded.*hf:OWNER/NAME"):
        pipeline(Study(images=images(1)))


@pytest.mark.parametrize("name", ["timm:resnet18", "hf:somebody/some-model", "microsoft/rad-dino"])
def test_an_encoder_that_is_not_here_is_not_found_offline(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    pipeline = Pipeline(vision=name)
    with pytest.raises(ModelNotFound, match=r"HF_HUB_OFFLINE.*path of a folder"):
        pipeline(Study(images=images(1)))


def test_the_default_pipeline_is_built_once() -> None:
    assert default_pipeline(images=False) is default_pipeline(images=False)


@pytest.mark.parametrize("report", [3, b"text", ["No mass."]])
def test_analyze_names_the_forms_a_report_may_have(report: object) -> None:
    with pytest.raises(InputError, match="str"):
        analyze(report=report)  # type: ignore[arg-type]


def test_analyze_without_anything_is_refused() -> None:
    with pytest.raises(InputError, match="neither"):
        analyze()


def test_one_pipeline_serves_many_threads() -> None:
    pipeline = Pipeline(text="rules", vision=None, link=None, report=None)
    results: list[str] = []

    def work() -> None:
        analysis = pipeline(Study(report=Report(text="No pneumothorax.")))
        results.append(str(analysis.entities[0].assertion))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["absent"] * 8


def test_an_item_of_a_wrong_type_costs_no_other() -> None:
    good = Study(id="a", report=Report(text="Nodule"))
    results = list(PIPELINE.map([good, 5, good]))  # type: ignore[list-item]
    assert [type(item) for item in results] == [Analysis, Failure, Analysis]


def test_one_path_is_no_batch() -> None:
    with pytest.raises(InputError, match="list"):
        next(PIPELINE.map("case.txt"))


def test_a_text_is_no_study() -> None:
    with pytest.raises(InputError, match="takes a Study"):
        PIPELINE("No mass.")  # type: ignore[arg-type]


def measure(image: Image) -> ImageReading:
    """A vision stage that measures its region, under names of its own."""
    measured = ImageMeasurement(
        id="ratio",
        image_id=image.id,
        measure=ImageMeasure.CARDIOTHORACIC_RATIO,
        value=0.5,
        region_ids=("left_lung",),
    )
    return replace(see(image), measurements=(measured,))


def test_measurements_are_numbered_and_keep_their_regions() -> None:
    pipeline = Pipeline(text=read_words, vision=measure, link=None, report=None)
    analysis = pipeline(Study(images=images(2)))
    assert [(one.id, one.region_ids) for one in analysis.image_measurements] == [
        ("m0", ("g0",)),
        ("m1", ("g1",)),
    ]


def test_the_earlier_report_comes_with_its_mentions_under_names_of_their_own() -> None:
    prior = Report(text="Mass then", id="prior")
    texts: list[str] = []
    earlier: list[tuple[Entity, ...]] = []

    def noted(report: Report) -> TextReading:
        texts.append(report.text)
        return read_words(report)

    def told(study: Study, found: StudyReading, read: Callable[[Report], TextReading]) -> Draft:
        earlier.append(found.earlier)
        return write(study, found, read)

    pipeline = Pipeline(text=noted, vision=see, link=tie, report=told)
    analysis = pipeline(Study(report=Report(text="Nodule now"), images=images(1), prior=prior))
    assert texts == ["Nodule now", "Mass then", "Nodule seen."]
    assert earlier == [analysis.prior_entities]
    assert analysis.prior == prior
    assert [(one.id, one.text) for one in analysis.prior_entities] == [("p:e0", "Mass")]
    assert [one.id for one in analysis.entities] == ["e0"]


@pytest.mark.parametrize(
    ("report", "prior", "said"),
    [
        ("Kein Pneumothorax. Pneumonia rechts.", None, []),
        ("No pneumothorax. Pneumonia.", "Kein Pneumothorax. Keine Pneumonia.", ["Pneumonia."]),
        (
            "Pneumonia.",
            "No pneumonia.",
            ["Pneumonia, new compared with the prior report."],
        ),
    ],
)
def test_a_report_that_does_not_look_english_carries_no_sentence_of_a_draft(
    report: str, prior: str | None, said: list[str]
) -> None:
    pipeline = Pipeline(vision=see, link=None)
    analysis = pipeline(
        Study(
            report=Report(text=report),
            images=images(1),
            prior=None if prior is None else Report(text=prior, id="prior"),
        )
    )
    # It is read as English all the same, with a warning.
    assert {"pneumonia"} <= {one.concept for one in analysis.entities}
    draft = analysis.draft
    assert (
        [one.text for one in draft.sentences if one.section == "findings"] == said
        if draft
        else not said
    )


def test_retrieval_without_an_index_says_what_to_do() -> None:
    pipeline = Pipeline(text=read_words, vision=see, link=tie, report="retrieve")
    with pytest.raises(IndexMissing, match="radnlp index ARCHIVE"):
        pipeline(Study(images=images(1)))
