"""Training goes from a folder of outlined films to weights that the vision stage takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from radnlp.errors import InputError
from radnlp.nets.anatomy import AnatomyNet, AnatomyShape
from radnlp.schema.image import Image
from radnlp.train.anatomy import AnatomyTraining, train_anatomy
from radnlp.train.augment import Augmentation
from radnlp.train.batches import FilmSet
from radnlp.train.films import MASKS
from radnlp.train.guess import guess_anatomy
from radnlp.train.learner import Learner
from radnlp.train.losses import drawing_loss
from radnlp.train.start import films_of, split_films
from radnlp.vision import EmbeddedVision
from radnlp.vision.encoder import Outliner


@pytest.fixture(scope="module")
def options(films_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> AnatomyTraining:
    folder = tmp_path_factory.mktemp("anatomy")
    return AnatomyTraining(
        data=(films_folder,),
        output=folder / "run",
        cache=folder / "cache",
        steps=4,
        size=96,
        batch=4,
        held_out=0.3,
        judgements=2,
        pretrained=False,
    )


@pytest.fixture(scope="module")
def trained(options: AnatomyTraining) -> Path:
    return train_anatomy(options)


def learning(options: AnatomyTraining) -> FilmSet:
    cache = options.cache or options.output
    return split_films(films_of(options.data), seed=1, held_out=0.3, cache=cache, size=96)[0]


def test_the_card_says_what_was_drawn_and_on_what(trained: Path) -> None:
    card = json.loads(trained.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["anatomy"] == ["left_lung", "right_lung", "heart"]
    assert card["training"]["steps"] == 4
    assert card["training"]["films"] == {"nih": {"train": 10, "dev": 2}}
    assert set(card["training"]["held_out_dice"]) <= set(MASKS)


def test_the_stage_draws_with_the_weights(trained: Path) -> None:
    logits = Outliner(trained)(np.random.default_rng(0).random((90, 80)).astype(np.float32)).logits
    assert logits.shape == (3, 48, 48)
    stage = EmbeddedVision(weights=trained)
    assert stage.options.anatomy == trained
    assert stage(Image(pixels=np.zeros((60, 60), np.float32))).regions == ()


def test_a_run_that_stopped_ends_where_it_would_have_ended(
    options: AnatomyTraining,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    learn = Learner.learn

    def stopped(self: Learner[AnatomyNet], *given: object) -> dict[str, float]:
        if self.step == 2:
            raise KeyboardInterrupt
        return learn(self, *given)

    stopping = replace(options, output=tmp_path)
    monkeypatch.setattr(Learner, "learn", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_anatomy(stopping)
    monkeypatch.undo()
    again = train_anatomy(replace(stopping, resume=True))
    assert "resumed at step 2" in capsys.readouterr().err
    for name, value in load_file(trained).items():
        torch.testing.assert_close(load_file(again)[name], value, rtol=1e-2, atol=1e-2)


def test_a_step_follows_the_gradient_in_bfloat16_too(options: AnatomyTraining) -> None:
    torch.manual_seed(0)
    nets = [AnatomyNet(AnatomyShape()) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    wide, half = (
        Learner(net, drawing_loss, precision=precision)
        for net, precision in zip(nets, (torch.float32, torch.bfloat16), strict=True)
    )
    before = nets[0].structures.weight.detach().clone()
    films = replace(learning(options), mask_stride=2)
    batch = films.draw(4, np.random.default_rng(0), Augmentation())
    losses = [learner.learn(*batch, 1.0)["anatomy"] for learner in (wide, half)]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    moved, other = (net.structures.weight.detach() - before for net in nets)
    assert torch.cosine_similarity(moved.flatten(), other.flatten(), dim=0) > 0.8
    assert all(weight.dtype == torch.float32 for weight in half.net.parameters())


def test_guesses_leave_outlines_alone_and_count_half(options: AnatomyTraining) -> None:
    films = learning(options)
    before = films.cache.masks.copy()

    def draw(images: torch.Tensor) -> torch.Tensor:
        logits = torch.full((len(images), 3, 48, 48), -9.0)
        logits[:, 0, 8:38, 28:40] = 9
        logits[:, 1, 8:38, 6:18] = 9
        logits[:, 2, 24:38, 18:28] = 9
        return logits

    bare = [index for index, film in enumerate(films.films) if not film.masks]
    assert guess_anatomy(draw, films) == len(bare)
    for index, film in enumerate(films.films):
        row = films.rows[index]
        if film.masks:
            np.testing.assert_array_equal(films.cache.masks[row], before[row])
        else:
            assert films.masks_known[index].tolist() == [0.5, 0.5, 0.5, 0]
    assert len(films.outlined()) == len(films)
    images, _ = films.outlined().draw(2, np.random.default_rng(0), Augmentation(), 64)
    assert images.shape == (2, 1, 64, 64)


def test_a_drawing_that_cannot_be_lungs_is_not_taken(options: AnatomyTraining) -> None:
    films = learning(options)
    assert guess_anatomy(lambda images: torch.full((len(images), 3, 48, 48), -9.0), films) == 0


@pytest.mark.parametrize("wrong", [{"size": 100}, {"steps": 0}, {"batch": 1}, {"held_out": 0.0}])
def test_an_option_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        AnatomyTraining(data=(Path("films"),), output=Path("run"), **wrong)


def test_no_folder_is_refused() -> None:
    with pytest.raises(InputError, match="at least one data folder"):
        AnatomyTraining(data=(), output=Path("run"))
