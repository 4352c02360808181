"""Training goes from made sentences to weights that the text stages take."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
import torch
from tokenizers import Tokenizer

from radnlp.errors import InputError, ModelNotFound, ModelRejected
from radnlp.nets.language import ASSERTIONS, load_language, pieces_of, tag_names
from radnlp.schema import Report
from radnlp.text.hybrid import HybridText, NeuralText, TaggerOptions
from radnlp.train import course
from radnlp.train import language as training
from radnlp.train.grammar import Example, Grammar
from radnlp.train.language import LanguageTraining, batch_of, train_language
from radnlp.train.pieces import MiniLM, own_vocabulary


def chance(seed: int) -> Random:
    """A source of chance that makes the same each time; no secret hangs on it."""
    return Random(seed)  # noqa: S311


if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 32


def _tensors(pieces: int) -> dict[str, torch.Tensor]:
    """Return a BERT of one layer, named as MiniLM's tensors are."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=pieces,
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=32,
        max_position_embeddings=512,
    )
    return dict(BertModel(config, add_pooling_layer=False).state_dict())


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    """A stand-in for the pretrained encoder: letters, a few words, one layer."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["no", "the", "left", "right", "pleural", "effusion", "small", "##s", "nodule"]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *".,;:?/-x()'*+<>&%="]
    pieces += [*letters, *(f"##{letter}" for letter in letters), *words]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    made = {
        "version": "1.0",
        "truncation": {"max_length": 128, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": [
            {"id": vocabulary[one], "content": one, "special": True, **plain} for one in special
        ],
        "normalizer": {"type": "BertNormalizer", "lowercase": True, "clean_text": True,
                       "handle_chinese_chars": True, "strip_accents": None},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {
                one: {"id": one, "ids": [vocabulary[one]], "tokens": [one]}
                for one in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocabulary,
                  "continuing_subword_prefix": "##", "max_input_chars_per_word": 100},
    }  # fmt: skip
    one = MiniLM.__new__(MiniLM)
    one.tokenizer_json = made
    one.tensors = _tensors(len(vocabulary))
    return one


@pytest.fixture(scope="module")
def trained(minilm: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("language")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load_minilm", lambda: minilm)
        patch.setattr(Grammar, "terms", _some_terms)
        patch.setattr("radnlp.train.pieces._SENTENCES", 200)
        return train_language(
            LanguageTraining(output=folder, steps=2, sentences=6, phrases=16, frames=3, threads=1)
        )


def test_words_of_several_terms_become_one_piece(minilm: MiniLM) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("radnlp.train.pieces._SENTENCES", 50)
        tokenizer, sources = own_vocabulary(minilm, Grammar(), seed=1)
    assert tokenizer.get_vocab_size() == len(sources)
    assert tokenizer.encode("Pneumothorax.").tokens == ["[CLS]", "pneumothorax", ".", "[SEP]"]
    whole = sources[tokenizer.token_to_id("pneumothorax")]
    assert len(whole) == len("pneumothorax")  # the stand-in cuts it into letters


def test_every_piece_gets_the_tag_of_its_mention(minilm: MiniLM) -> None:
    example = Grammar().fill("No <n>.", chance(3))
    tokenizer = Tokenizer.from_str(json.dumps(minilm.tokenizer_json))
    batch = batch_of(tokenizer, [example, Example(text="Fine.", marked=())])
    names = [tag_names()[tag] for tag in batch.tags[0].tolist() if tag >= 0]
    start = names.index("B-finding")
    assert names[0] == "O"
    assert set(names[start + 1 : -1]) <= {"I-finding"}
    told = {ASSERTIONS[one] for one in batch.assertions[0].tolist() if one >= 0}
    assert told == {"absent"}
    assert set(batch.assertions[1].tolist()) == {-100}
    assert set(batch.tags[1].tolist()) == {-100, 0}


def test_the_result_is_read_by_the_text_stages(trained: Path) -> None:
    options = TaggerOptions(weights=trained, nearness=0, sureness=0)
    report = Report(text="Small left pleural effusion. No pneumothorax.")
    for stage in (HybridText(options), NeuralText(options)):
        reading = stage(report)
        assert all(
            report.text[one.span.start : one.span.end] == one.text for one in reading.entities
        )
        assert stage.provenance.weights.startswith("language-mini0@")
    strict = HybridText(TaggerOptions(weights=trained, nearness=1.0))
    assert [one.concept for one in strict(report).entities] == ["pleural_effusion", "pneumothorax"]


_all_terms = Grammar.terms


def _some_terms(grammar: Grammar) -> Iterator[tuple[str, str]]:
    """Terms enough to learn from; all of them would take a minute to place."""
    return islice(_all_terms(grammar), 0, None, 40)


def _stop() -> None:
    raise KeyboardInterrupt


def test_a_run_goes_on_where_it_stopped(minilm: MiniLM, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load_minilm", lambda: minilm)
        patch.setattr(Grammar, "terms", _some_terms)
        patch.setattr("radnlp.train.pieces._SENTENCES", 50)
        patch.setattr(course, "_SAVED_EVERY", 2)
        # At this rate a run that began anew, or without the optimiser's state, ends elsewhere.
        options = {"sentences": 4, "phrases": 16, "frames": 2, "threads": 1, "rate": 0.05}
        whole = train_language(LanguageTraining(output=tmp_path / "a", steps=4, **options))
        (tmp_path / "b").mkdir()
        run = training._Run(LanguageTraining(output=tmp_path / "b", steps=4, **options))
        save = run.course._save
        patch.setattr(run.course, "_save", lambda state: (save(state), _stop()))
        with pytest.raises(KeyboardInterrupt):
            run.train()
        assert run.course.step == 2
        again = train_language(
            LanguageTraining(output=tmp_path / "b", steps=4, resume=True, **options)
        )
    a, b = (load_language(one).net.state_dict() for one in (whole, again))
    assert all(torch.allclose(a[name], b[name], atol=1e-3) for name in a)


def test_a_tokenizer_that_does_not_fit_is_refused(trained: Path, tmp_path: Path) -> None:
    for name in ("language-mini0.safetensors", "language-mini0.json"):
        (tmp_path / name).write_bytes((trained.parent / name).read_bytes())
    with pytest.raises(ModelRejected, match="tokenizer"):
        load_language(tmp_path)


@pytest.mark.parametrize("key", ["shape", "named", "tokenizer"])
def test_a_card_that_lacks_a_part_is_refused(trained: Path, tmp_path: Path, key: str) -> None:
    for file in trained.parent.glob("language-mini0.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    card = json.loads((tmp_path / "language-mini0.json").read_text())
    del card[key]
    (tmp_path / "language-mini0.json").write_text(json.dumps(card))
    with pytest.raises(ModelRejected, match="card of language-mini0"):
        load_language(tmp_path)


def test_nothing_to_resume_is_named(minilm: MiniLM, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load_minilm", lambda: minilm)
        patch.setattr("radnlp.train.pieces._SENTENCES", 50)
        with pytest.raises(ModelNotFound, match="no checkpoint"):
            train_language(LanguageTraining(output=tmp_path, steps=2, resume=True))


def test_offsets_count_code_points(trained: Path) -> None:
    loaded = load_language(trained)
    text = "Œdème 🫁 effusion"
    _, _, offsets = pieces_of(loaded.tokenizer, [text])
    assert any(text[start:end] == "effusion" for start, end in offsets[0])


def test_options_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="positive"):
        LanguageTraining(output=tmp_path, steps=0)
