"""The decoder learns to say statements, and its weights load again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from radnlp.errors import InputError, ModelNotFound, ModelRejected
from radnlp.nets.weights import load_weights
from radnlp.nets.writer import (
    ReportWriter,
    joined,
    load_writer,
    memory_of,
    own_tensors,
    plan_text,
    write,
)
from radnlp.schema import Assertion, EntityKind, Report, Side
from radnlp.text import RuleText
from radnlp.train import course
from radnlp.train import writer as training
from radnlp.train.statements import made_statement, said_of_box
from radnlp.train.writer import WriterTraining, train_writer
from radnlp.vision.encoder import Encoder


def chance(seed: int) -> Random:
    """A source of chance that makes the same each time; no secret hangs on it."""
    return Random(seed)  # noqa: S311


def stop_after_saving(run: course.Course, patch: pytest.MonkeyPatch) -> None:
    """Let a run end as if it were stopped, right after its next checkpoint."""
    save = run._save

    def saved(state: object) -> None:
        save(state)
        raise KeyboardInterrupt

    patch.setattr(run, "_save", saved)


SHAPE = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
}


@pytest.fixture(scope="module")
def trained(films_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("writer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_SHAPE", SHAPE)
        return train_writer(
            WriterTraining(output=folder, data=(films_folder,), steps=2, batch=8, threads=1)
        )


def test_the_result_writes_a_sentence_per_plan(trained: Path) -> None:
    loaded = load_writer(trained)
    plans = [plan_text(style="prose", claim="present", names=["nodule"]), "style prose"]
    sentences = write(loaded, plans)
    assert len(sentences) == 2
    assert write(loaded, plans[:1]) == sentences[:1]
    assert write(loaded, []) == []


def test_boxes_of_films_were_seen(trained: Path) -> None:
    card = load_weights(trained, architectures=frozenset({"radnlp-writer-1"})).card
    assert card["training"]["boxes"] == 1
    assert len(list(trained.parent.glob("patches-*.npy"))) == 1


def test_patches_are_kept_for_the_same_films_and_network_alone(
    films_folder: Path, tmp_path: Path
) -> None:
    films = training._boxed_films([films_folder])
    assert len(films) == 1
    options, encoder = WriterTraining(output=tmp_path), Encoder("vision-lite0")
    kept = training._patches(options, films, encoder)
    (place,) = tmp_path.glob("*.npy")
    np.save(place, np.zeros_like(kept.numpy()))
    assert not training._patches(options, films, encoder).any()
    other = tmp_path / "other.png"
    pixels = np.asarray(PIL.Image.open(films[0].path))
    PIL.Image.fromarray(255 - pixels).save(other)
    again = training._patches(options, [replace(films[0], path=other)], encoder)
    assert again.any()
    assert not torch.equal(again, kept)
    encoder.name = "another@0"
    assert torch.equal(training._patches(options, films, encoder), kept)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    # At this rate a run that began anew, or without the optimiser's state, ends elsewhere.
    made = {"steps": 4, "batch": 8, "threads": 1, "rate": 0.05}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_SHAPE", SHAPE)
        patch.setattr(course, "_SAVED_EVERY", 2)
        whole = train_writer(WriterTraining(output=tmp_path / "a", **made))
        (tmp_path / "b").mkdir()
        run = training._Run(WriterTraining(output=tmp_path / "b", **made))
        stop_after_saving(run.course, patch)
        with pytest.raises(KeyboardInterrupt):
            run.train()
        assert run.course.step == 2
        again = train_writer(WriterTraining(output=tmp_path / "b", resume=True, **made))
    a, b = (own_tensors(load_writer(one).net) for one in (whole, again))
    assert all(torch.allclose(a[name], b[name], atol=1e-3) for name in a)


def test_patches_change_what_the_decoder_reads_and_no_image_is_masked(trained: Path) -> None:
    net = load_writer(trained).net
    plan = torch.full((2, 3), 5)
    patches = torch.zeros(2, 9, net.config.patch_width)
    patches[1] = 1.0
    _, mask = memory_of(net, plan, torch.ones_like(plan), patches)
    assert mask.sum(dim=1).tolist() == [3, 12]


def test_it_saves_and_loads_as_every_model_of_transformers(trained: Path, tmp_path: Path) -> None:
    net = load_writer(trained).net
    net.save_pretrained(tmp_path)
    again = ReportWriter.from_pretrained(tmp_path).eval()
    ours, theirs = own_tensors(net), own_tensors(again)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_weights_of_another_shape_are_refused(trained: Path, tmp_path: Path) -> None:
    for file in trained.parent.glob("*"):
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    place = tmp_path / trained.with_suffix(".json").name
    card = json.loads(place.read_text())
    card["shape"]["d_model"] = 64
    place.write_text(json.dumps(card))
    with pytest.raises(ModelRejected, match="shape"):
        load_writer(tmp_path / trained.name)


@given(st.integers(0, 10**9))
def test_a_statement_names_in_words_what_its_plan_holds(seed: int) -> None:
    said = made_statement(chance(seed))
    fields = [field.split(" ", 1) for field in said.plan.split(" ; ")]
    for key, value in fields:
        if key in ("side", "place", "extent"):
            assert value in said.sentence
        if key == "name" and "the heart is normal" not in said.sentence:
            assert value in said.sentence


def test_the_text_stage_reads_a_statement_as_it_is_meant() -> None:
    rules, draw = RuleText(), chance(2)
    expected = {
        "present": Assertion.PRESENT,
        "possible": Assertion.UNCERTAIN,
        "absent": Assertion.ABSENT,
        "gone": Assertion.ABSENT,
        "stable": Assertion.PRESENT,
        "new": Assertion.PRESENT,
    }
    right = seen = 0
    for _ in range(200):
        said = made_statement(draw)
        claim = said.plan.split("claim ")[1].split(" ;")[0]
        named = [
            one
            for one in rules(Report(text=said.sentence, language="en")).entities
            if one.kind in (EntityKind.FINDING, EntityKind.DEVICE)
        ]
        seen += 1
        right += bool(named) and all(one.assertion == expected[claim] for one in named)
    assert right / seen > 0.9


def test_half_of_the_plans_leave_the_place_to_the_image() -> None:
    draw = chance(1)
    said = [said_of_box(draw, "pleural_effusion", Side.LEFT, "lower zone") for _ in range(200)]
    told = sum("side left" in one.plan for one in said)
    assert 70 < told < 130
    assert all("left" in one.sentence and "lower zone" in one.sentence for one in said)


def test_word_pieces_close_up_at_marks(trained: Path) -> None:
    tokenizer = load_writer(trained).tokenizer
    ids = tokenizer.encode("no pneumothorax, or left-sided effusion.").ids
    assert joined(tokenizer, ids) == "No pneumothorax, or left-sided effusion."


def test_a_tokenizer_of_another_size_is_refused(trained: Path, tmp_path: Path) -> None:
    for file in trained.parent.glob("*"):
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    place = next(tmp_path.glob("*.tokenizer"))
    tokenizer = load_writer(trained).tokenizer
    tokenizer.add_tokens(["onemore"])
    tokenizer.save(str(place))
    with pytest.raises(ModelRejected, match="pieces"):
        load_writer(tmp_path / trained.name)


def test_a_plan_that_the_encoder_cannot_hold_is_cut(trained: Path) -> None:
    loaded = load_writer(trained)
    plan = plan_text(style="prose", claim="absent", names=["pleural effusion"] * 200)
    patches = torch.ones(1, 9, loaded.net.config.patch_width)
    assert len(write(loaded, [plan], patches)) == len(write(loaded, [plan])) == 1


def test_nothing_to_resume_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no checkpoint"):
        train_writer(WriterTraining(output=tmp_path, steps=2, resume=True))


def test_options_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="filmed"):
        WriterTraining(output=tmp_path, filmed=1.0)
