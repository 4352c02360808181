"""Weights are read only when they are what their card says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from radnlp.errors import ModelNotFound, ModelRejected
from radnlp.nets.weights import load_weights, shipped_cards, write_weights

KINDS = frozenset({"toy"})
CARD = {"name": "small", "version": "1", "architecture": "toy"}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    write_weights(path, {"a": torch.ones(2, 3), "n": torch.tensor(7)}, CARD)
    return path


def test_what_was_written_comes_back_in_float32(written: Path) -> None:
    weights = load_weights(written, architectures=KINDS)
    assert weights.tensors["a"].dtype == torch.float32
    assert weights.tensors["n"].item() == 7
    assert weights.name == f"small@{weights.card['sha256'][:12]}"


def test_a_folder_with_one_file_is_enough(written: Path) -> None:
    assert load_weights(written.parent, architectures=KINDS).card["name"] == "small"


def test_a_folder_with_two_files_is_ambiguous(written: Path) -> None:
    write_weights(written.with_name("other.safetensors"), {"a": torch.ones(1)}, CARD)
    with pytest.raises(ModelNotFound, match="holds 2"):
        load_weights(written.parent, architectures=KINDS)


def test_a_changed_file_is_refused(written: Path) -> None:
    content = bytearray(written.read_bytes())
    content[-1] ^= 1
    written.write_bytes(bytes(content))
    with pytest.raises(ModelRejected, match="sha256"):
        load_weights(written, architectures=KINDS)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin"])
def test_a_pickle_is_refused_unread(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"\x80\x04 not even a pickle")
    with pytest.raises(ModelRejected, match="pickle"):
        load_weights(path, architectures=KINDS)


def test_a_broken_header_is_refused(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"\xff" * 64)
    card = {**CARD, "sha256": hashlib.sha256(b"\xff" * 64).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelRejected, match="readable"):
        load_weights(path, architectures=KINDS)


def test_another_architecture_is_refused(written: Path) -> None:
    with pytest.raises(ModelRejected, match="toy"):
        load_weights(written, architectures=frozenset({"other"}))


def test_weights_without_a_card_are_refused(written: Path) -> None:
    written.with_suffix(".json").unlink()
    with pytest.raises(ModelRejected, match="card"):
        load_weights(written, architectures=KINDS)


@pytest.mark.parametrize("text", ["{", '{"name": "small"}', "[]"])
def test_a_card_that_is_no_card_is_refused(written: Path, text: str) -> None:
    written.with_suffix(".json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelRejected):
        load_weights(written, architectures=KINDS)


@pytest.mark.parametrize("name", ["someone/chest-model", "no-such-weights", "missing.safetensors"])
def test_a_name_that_is_not_here_says_how_to_give_a_path(name: str) -> None:
    with pytest.raises(ModelNotFound, match=r"path of a \.safetensors"):
        load_weights(name, architectures=KINDS)


def test_every_shipped_file_fits_its_card() -> None:
    cards = shipped_cards()
    assert cards
    for card in cards:
        weights = load_weights(card["name"], architectures=frozenset({card["architecture"]}))
        assert weights.card == card
