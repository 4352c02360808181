"""An encoder without a head embeds the image and claims nothing about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from radnlp import Pipeline
from radnlp.errors import InputError
from radnlp.nets.encoders import Encoding
from radnlp.nets.hub import load_encoder
from radnlp.schema import Embedding, Image, Orientation, PixelMap, Study, StudyReading
from radnlp.vision import HubVision


class Cells:
    """An encoder whose patches are the mean greys of a 4 × 4 grid."""

    name, weights = "cells", "cells@000000000000"
    size, resize, dimension = 32, 32, 16
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def __call__(self, images: torch.Tensor, /) -> Encoding:
        grid = torch.nn.functional.avg_pool2d(images, 8)
        return Encoding(embedding=grid.flatten(1), patches=grid.permute(0, 2, 3, 1))


def ramp(rows: int, columns: int, **more: object) -> Image:
    return Image(pixels=np.random.default_rng(0).random((rows, columns), np.float32), **more)


@pytest.fixture(scope="module")
def stage() -> HubVision:
    torch.manual_seed(0)
    return HubVision("timm:resnet18", pretrained=False)


def test_a_reading_has_an_embedding_and_no_claim(stage: HubVision) -> None:
    reading = stage(ramp(300, 260, id="i7"))
    assert (reading.findings, reading.regions, reading.heatmaps) == ((), (), ())
    assert reading.embedding is not None
    assert reading.embedding.vector.shape == (512,)
    assert reading.embedding.patches.shape == (7, 7, 512)
    assert reading.embedding.encoder == "timm:resnet18@random"
    assert [(notice.name, notice.source) for notice in reading.warnings] == [
        ("NoFindingHead", "i7"),
        ("RandomWeights", "i7"),
    ]


def test_the_pipeline_drafts_nothing_from_an_embedding(stage: HubVision) -> None:
    analysis = Pipeline(vision=stage)(Study(images=(ramp(300, 260),)))
    assert analysis.image_findings == ()
    assert analysis.draft is None
    assert analysis.provenance[0].weights == "timm:resnet18@random"
    assert "NoFindingHead" in [notice.name for notice in analysis.warnings]


def test_another_stage_can_use_the_embedding(stage: HubVision) -> None:
    taken: list[Embedding | None] = []

    def report(study: Study, found: StudyReading, read: object) -> None:
        taken.extend(reading.embedding for reading in found.images)

    Pipeline(vision=stage, report=report)(Study(images=(ramp(64, 64),)))
    assert [type(one) for one in taken] == [Embedding]


def test_the_central_square_is_seen_and_its_cells_lie_where_they_were() -> None:
    pixels = np.zeros((64, 128), np.float32)
    pixels[0:16, 32 + 48 : 32 + 64] = 1.0
    embedding = HubVision(Cells()).embed(Image(pixels=pixels))
    row, column = np.unravel_index(embedding.patches[:, :, 0].argmax(), (4, 4))
    assert (row, column) == (0, 3)
    assert embedding.pixel_map == PixelMap(scale_x=16, scale_y=16, offset_x=32, offset_y=0)


def test_a_mirrored_film_is_hung_before_it_is_seen_and_its_cells_come_back() -> None:
    pixels = np.zeros((65, 128), np.float32)
    pixels[40:56, 40:56] = 1.0
    hung = Image(pixels=np.ascontiguousarray(pixels[:, ::-1]))
    mirrored = Image(pixels=pixels, orientation=Orientation(row_direction="R"))
    stage = HubVision(Cells())
    ours, theirs = stage.embed(mirrored), stage.embed(hung)
    np.testing.assert_array_equal(ours.vector, theirs.vector)
    np.testing.assert_array_equal(ours.patches, theirs.patches[:, ::-1])
    cells = [(column + 0.5, 0.0) for column in range(4)]
    there = theirs.pixel_map.to_stored(cells)[::-1, 0]
    np.testing.assert_allclose(ours.pixel_map.to_stored(cells)[:, 0], 128 - there)


def test_an_encoder_that_crops_sees_less() -> None:
    cells = Cells()
    cells.resize = 64
    embedding = HubVision(cells).embed(ramp(128, 128))
    assert embedding.pixel_map == PixelMap(scale_x=16, scale_y=16, offset_x=32, offset_y=32)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (20_000, 3), (2, 2)])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_odd_images_are_embedded_with_numbers(
    shape: tuple[int, int], value: float, stage: HubVision
) -> None:
    reading = stage(Image(pixels=np.full(shape, value, np.float32)))
    assert reading.embedding is not None
    assert np.isfinite(reading.embedding.vector).all()


def test_an_image_without_pixels_is_refused(stage: HubVision) -> None:
    with pytest.raises(InputError, match="pixels"):
        stage(Image(pixels=None, rows=3, columns=3))


def test_an_embedding_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        Embedding(
            encoder="x",
            vector=np.array([np.nan]),
            patches=np.zeros((1, 1, 1)),
            pixel_map=PixelMap(),
        )


def test_a_folder_with_an_encoder_is_a_vision_stage(tmp_path: Path) -> None:
    import timm

    net = timm.create_model("resnet18", num_classes=2)
    timm.models.save_for_hf(net, tmp_path, safe_serialization=True)
    analysis = Pipeline(vision=tmp_path)(Study(images=(ramp(64, 64),)))
    assert analysis.provenance[0].weights == load_encoder(tmp_path).weights
