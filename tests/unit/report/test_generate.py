"""The shipped decoder words statements, and none of them is lost or said with others' evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from radnlp.report.generate import WriterReport, look
from radnlp.report.statement import Claim, Statement
from radnlp.schema import (
    Confidence,
    Embedding,
    Image,
    ImageFinding,
    ImageReading,
    Orientation,
    PixelMap,
    Side,
    Study,
    StudyReading,
)

SEES = "network@1"


def image(id: str, view: str | None = None, x: str = "L") -> Image:
    """An image whose columns run to the patient's left, if nothing else is said."""
    lies = Orientation(row_direction=x, column_direction="F")
    return Image(pixels=np.zeros((4, 4)), id=id, view=view, orientation=lies)


def reading(id: str, value: float, *findings: str, encoder: str = SEES) -> ImageReading:
    """What a network saw: one row of two patches, the first of ``value``, the second of more."""
    patches = np.array([[[value], [value + 0.5]]], np.float32)
    seen = Embedding(
        encoder=encoder,
        vector=np.zeros(1),
        patches=patches,
        pixel_map=PixelMap(scale_x=1, scale_y=1),
    )
    return ImageReading(
        image_id=id,
        embedding=seen,
        findings=tuple(
            ImageFinding(id=one, concept="mass", image_id=id, supported=False) for one in findings
        ),
    )


def said_of(*evidence: str, side: Side | None = Side.LEFT) -> Statement:
    return Statement(concept="mass", claim=Claim.PRESENT, evidence=evidence, side=side)


def test_the_decoder_sees_the_image_that_the_evidence_lies_in() -> None:
    study = Study(images=(image("i0"), image("i1", "PA"), image("i2", "AP"), image("i3")))
    found = StudyReading(
        images=(
            reading("i0", 1.0, "f0"),
            reading("i1", 2.0, "f1"),
            reading("i2", 3.0, "f2"),
            reading("i3", 4.0, "f3", encoder="another@1"),
        )
    )
    sight = look(study, found, SEES)
    first = {what: float(sight.of(said_of(*what))[0, 0]) for what in (
        ("f0",), ("f2",), ("e0", "f2", "f1"), ("e0",), ("f3",),
    )}  # fmt: skip
    # What lies in no image that was seen by this network is about the first frontal film.
    assert first == {
        ("f0",): 1.0, ("f2",): 3.0, ("e0", "f2", "f1"): 3.0, ("e0",): 2.0, ("f3",): 2.0,
    }  # fmt: skip
    assert not sight.of(said_of("f0", side=None)).any()
    assert look(study, found, "none@1") is None


def test_the_decoder_sees_a_mirrored_film_as_it_would_hang() -> None:
    found = StudyReading(images=(reading("i0", 1.0, "f0"),))
    seen = [
        look(Study(images=(image("i0", x=x),)), found, SEES).of(said_of("f0")).ravel().tolist()
        for x in "LR"
    ]
    assert seen == [[1.0, 1.5], [1.5, 1.0]]


def test_a_draft_shows_each_plan_its_own_image(read, mention, monkeypatch) -> None:
    shown = []

    def noted(loaded, plans, patches):
        shown.append(patches[:, 0, 0].tolist())
        return ["" for _ in plans]

    monkeypatch.setattr("radnlp.nets.writer.write", noted)
    stage = WriterReport()
    found = StudyReading(
        entities=(
            mention("mass", "e0", side=Side.LEFT),
            mention("pleural_effusion", "e1", side=Side.RIGHT),
            mention("cardiomegaly", "e2"),
        ),
        images=tuple(
            replace(
                reading(id, value, encoder=stage.writer.sees),
                findings=(
                    ImageFinding(
                        id=f"f{id}",
                        concept=concept,
                        image_id=id,
                        confidence=Confidence(value=0.9, calibrated=True),
                        positive=True,
                    ),
                ),
            )
            for id, value, concept in (("i0", 1.0, "mass"), ("i1", 2.0, "pleural_effusion"))
        ),
    )
    draft = stage(Study(images=(image("i0"), image("i1"))), found, read)
    assert draft.findings == "Left mass. Right pleural effusion. Cardiomegaly."
    # The place of the heart is not open, but it has no side.
    assert shown == [[1.0, 2.0, 0.0]]
