"""Encoders are built as documented, and weights come only from safetensors that fit."""

from __future__ import annotations

import json
from pathlib import Path

import huggingface_hub
import pytest
import timm
import torch
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from safetensors.torch import save_file
from transformers import Dinov2Config, Dinov2Model

from radnlp.errors import InputError, ModelNotFound, ModelRejected
from radnlp.nets.encoders import TrunkEncoder
from radnlp.nets.hub import DOCUMENTED, is_encoder_name, load_encoder

RAD_DINO = "microsoft/rad-dino"
BIOMED_CLIP = "microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224"
BIOVIL_T = "microsoft/BiomedVLP-BioViL-T"

RESNET_50 = 25_557_032 - (2048 * 1000 + 1000)
TINY_DINO = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}


class Hub:
    """Stands in for the hub's client: has these files, and remembers what it was asked."""

    def __init__(self, files: dict[str, Path], cached: bool) -> None:
        self.files, self.cached = files, cached
        self.asked: list[tuple[str, str, str | None, bool]] = []

    def __call__(
        self, repository: str, name: str, *, revision: str | None, local_files_only: bool
    ) -> str:
        self.asked.append((repository, name, revision, local_files_only))
        if local_files_only and not self.cached:
            raise LocalEntryNotFoundError("not in the cache")
        if name not in self.files:
            raise EntryNotFoundError("404")
        return str(self.files[name])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    hub = Hub({}, cached=False)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub)
    return hub


def seen(encoder: TrunkEncoder, count: int = 2) -> torch.Tensor:
    torch.manual_seed(3)
    return torch.rand(count, 1, encoder.size, encoder.size)


@pytest.fixture
def dino(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    folder = tmp_path / "tiny-dino"
    Dinov2Model(Dinov2Config(**TINY_DINO)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "parameters", "sizes", "dimension", "patches"),
    [
        # A DINOv2 ViT-B/14 for 518 pixels: 86.6 million.
        (RAD_DINO, 86_580_480, (518, 518), 768, (37, 37, 768)),
        # A ViT-B/16 without classifier: 85.8 million, and a projection to 512.
        (BIOMED_CLIP, 85_798_656 + 768 * 512, (224, 224), 512, (14, 14, 768)),
        # ResNet-50 without classifier, 1 × 1 to 256, the stand-in vector, the projector.
        (
            BIOVIL_T,
            RESNET_50 + 2048 * 256 + 256 + (512 * 128 + 2 * 128 + 128 * 128 + 128),
            (448, 512),
            128,
            (14, 14, 128),
        ),
    ],
)
def test_a_documented_encoder_has_its_documented_shape(
    name: str, parameters: int, sizes: tuple[int, int], dimension: int, patches: tuple[int, ...]
) -> None:
    encoder = load_encoder(name, pretrained=False)
    assert encoder.parameters == parameters
    assert ((encoder.size, encoder.resize), encoder.dimension) == (sizes, dimension)
    encoding = encoder(seen(encoder, 1))
    assert encoding.embedding.shape == (1, dimension)
    assert encoding.patches.shape == (1, *patches)
    assert torch.isfinite(encoding.embedding).all()


@pytest.mark.parametrize(
    "name",
    ["timm:resnet18", "vit_tiny_patch16_224", "timm/convnext_atto.d2_in1k", "timm:levit_128s",
     "timm:swin_tiny_patch4_window7_224", "timm:mobilenetv4_conv_small"],
)  # fmt: skip
def test_a_timm_network_gives_its_embedding_and_a_grid(name: str) -> None:
    encoder = load_encoder(name, pretrained=False)
    encoding = encoder(seen(encoder))
    assert encoding.embedding.shape == (2, encoder.dimension)
    count, rows, columns, _ = encoding.patches.shape
    assert count == 2
    assert rows == columns > 1


def test_patches_run_row_by_row_from_the_top_left() -> None:
    encoder = load_encoder("vit_tiny_patch16_224", pretrained=False)
    plain = torch.zeros(1, 1, 224, 224)
    marked = plain.clone()
    marked[:, :, 32:48, 160:176] = 1.0
    # A position's own token differs most where no layer has mixed the tokens yet.
    encoder.trunk.net.blocks = torch.nn.Identity()
    change = (encoder(marked).patches - encoder(plain).patches).abs().sum(dim=-1)[0]
    assert divmod(int(change.argmax()), 14) == (2, 10)


def test_preprocessing_of_a_timm_network_is_its_own() -> None:
    encoder = load_encoder("timm:resnet18", pretrained=False)
    assert encoder.mean == (0.485, 0.456, 0.406)
    assert (encoder.size, encoder.resize) == (224, 235)


def test_images_of_another_shape_are_refused() -> None:
    encoder = load_encoder("timm:resnet18", pretrained=False)
    with pytest.raises(InputError, match="224"):
        encoder(torch.zeros(1, 3, 224, 224))


def test_a_folder_of_transformers_gives_what_was_saved(dino: Path) -> None:
    encoder = load_encoder(dino)
    images = seen(encoder)
    mean, std = (torch.tensor(value)[:, None, None] for value in (encoder.mean, encoder.std))
    with torch.inference_mode():
        saved = Dinov2Model.from_pretrained(dino).eval()(
            (images.expand(-1, 3, -1, -1) - mean) / std
        )
    torch.testing.assert_close(encoder(images).embedding, saved.pooler_output)
    assert encoder.weights.startswith("tiny-dino@")
    assert not encoder.weights.endswith("random")


def test_the_processor_of_a_folder_says_what_is_seen(dino: Path) -> None:
    (dino / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "size": {"shortest_edge": 42},
                "crop_size": {"height": 28, "width": 28},
                "image_mean": [0.1, 0.1, 0.1],
                "image_std": [0.2, 0.2, 0.2],
            }
        )
    )
    encoder = load_encoder(dino)
    assert (encoder.size, encoder.resize) == (28, 42)
    assert (encoder.mean, encoder.std) == ((0.1,) * 3, (0.2,) * 3)


def test_a_folder_of_timm_gives_what_was_saved_without_its_classifier(tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = timm.create_model("resnet18", num_classes=5).eval()
    timm.models.save_for_hf(net, tmp_path, safe_serialization=True)
    encoder = load_encoder(tmp_path)
    images = seen(encoder)
    mean, std = (torch.tensor(value)[:, None, None] for value in (encoder.mean, encoder.std))
    with torch.inference_mode():
        features = net.forward_features((images.expand(-1, 3, -1, -1) - mean) / std)
        pooled = net.forward_head(features, pre_logits=True)
    torch.testing.assert_close(encoder(images).embedding, pooled)


@pytest.mark.parametrize(
    ("config", "prefix", "beyond"),
    [
        (
            {
                "open_clip_config.json": {
                    "model_cfg": {
                        "embed_dim": 8,
                        "vision_cfg": {
                            "timm_model_name": "vit_tiny_patch16_224",
                            "timm_proj": "linear",
                            "image_size": 32,
                        },
                    }
                }
            },
            "visual.",
            "text.transformer.weight",
        ),
        ({"config.json": {"model_type": "biovil_t"}}, "", "encoder.vit_pooler.type_embed"),
    ],
    ids=["open_clip", "biovil_t"],
)
def test_weights_under_their_published_names_are_read(
    config: dict[str, dict], prefix: str, beyond: str, tmp_path: Path
) -> None:
    for name, content in config.items():
        (tmp_path / name).write_text(json.dumps(content))
    torch.manual_seed(2)
    saved = load_encoder(tmp_path, pretrained=False)
    tensors = {prefix + name: value for name, value in saved.trunk.state_dict().items()}
    save_file({**tensors, beyond: torch.zeros(3)}, tmp_path / "converted.safetensors")
    torch.manual_seed(3)
    read = load_encoder(tmp_path)
    images = seen(read, 1)
    torch.testing.assert_close(read(images).embedding, saved(images).embedding)


def test_weights_that_leave_a_layer_random_are_rejected(dino: Path) -> None:
    tensors = Dinov2Model(Dinov2Config(**TINY_DINO)).state_dict()
    del tensors["layernorm.weight"]
    save_file(tensors, dino / "model.safetensors")
    with pytest.raises(ModelRejected, match=r"layernorm\.weight"):
        load_encoder(dino)


def test_weights_of_another_width_are_rejected(dino: Path) -> None:
    config = json.loads((dino / "config.json").read_text())
    (dino / "config.json").write_text(json.dumps({**config, "hidden_size": 64}))
    with pytest.raises(ModelRejected, match="do not fit"):
        load_encoder(dino)


def test_a_folder_with_only_a_pickle_is_rejected(dino: Path) -> None:
    (dino / "model.safetensors").rename(dino / "pytorch_model.bin")
    with pytest.raises(ModelRejected, match="pickles"):
        load_encoder(dino)


def test_a_folder_without_weights_is_named(dino: Path) -> None:
    (dino / "model.safetensors").unlink()
    with pytest.raises(ModelNotFound, match=r"model\.safetensors"):
        load_encoder(dino)


def test_broken_weights_are_rejected(dino: Path) -> None:
    (dino / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ModelRejected, match="readable"):
        load_encoder(dino)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ('{"model_type": "llava", "auto_map": {"AutoModel": "evil.Model"}}', "never run"),
        ("[" * 100_000, "JSON"),
        ("[1]", "object"),
        ('{"model_type": "dinov2", "hidden_size": "wide"}', "DINOv2"),
        ('{"architecture": "no_such_network"}', "timm"),
        ('{"architecture": "hf-hub:somebody/some-model"}', "timm"),
        ('{"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, 64, 32]}}', "square"),
    ],
)
def test_a_configuration_that_is_not_known_is_rejected(
    content: str, match: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelRejected, match=match):
        load_encoder(tmp_path, pretrained=False)


def test_a_configuration_cannot_name_a_pickle_to_read(tmp_path: Path) -> None:
    pickle = tmp_path / "weights.pt"
    pickle.write_bytes(b"no pickle, so reading it would fail")
    config = {"architecture": "resnet18", "model_args": {"checkpoint_path": str(pickle)}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert load_encoder(tmp_path, pretrained=False).dimension == 512


def test_a_folder_without_configuration_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match=r"config\.json"):
        load_encoder(tmp_path)


def test_random_weights_need_nobody(hub: Hub) -> None:
    assert load_encoder(BIOVIL_T, pretrained=False).weights == f"{BIOVIL_T}@random"
    assert hub.asked == []


@pytest.mark.parametrize("name", [*DOCUMENTED, "timm:resnet18", "hf:somebody/some-model"])
@pytest.mark.parametrize("says", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "argument"])
def test_offline_the_error_says_what_was_looked_for_and_how_to_give_a_path(
    name: str, says: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = True if says == "argument" else None
    if offline is None:
        monkeypatch.setenv(says, "1")
    with pytest.raises(ModelNotFound) as caught:
        load_encoder(name, offline=offline)
    for part in (name, "HF_HUB_OFFLINE", "path of a folder", "config.json"):
        assert part in str(caught.value)
    assert all(local for *_, local in hub.asked)


def test_a_model_in_the_cache_needs_no_network(hub: Hub, dino: Path) -> None:
    hub.cached = True
    hub.files = {
        "config.json": dino / "config.json",
        "model.safetensors": dino / "model.safetensors",
        "preprocessor_config.json": dino / "preprocessor_config.json",
    }
    (dino / "preprocessor_config.json").write_text("{}")
    encoder = load_encoder("hf:somebody/some-model", offline=True)
    assert encoder.weights.startswith("hf:somebody/some-model@")


def test_a_revision_is_asked_for_and_the_cache_comes_first(hub: Hub) -> None:
    with pytest.raises(ModelRejected):
        load_encoder(RAD_DINO, revision="abc123")
    assert hub.asked == [
        (RAD_DINO, "model.safetensors", "abc123", True),
        (RAD_DINO, "model.safetensors", "abc123", False),
    ]


def test_a_repository_without_safetensors_is_rejected(hub: Hub) -> None:
    with pytest.raises(ModelRejected, match="convert"):
        load_encoder(BIOVIL_T)


def test_a_network_fault_says_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise ConnectionError("secret host")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    with pytest.raises(ModelNotFound, match="ConnectionError") as caught:
        load_encoder(RAD_DINO)
    assert "secret" not in str(caught.value)


def test_a_name_that_only_looks_like_one_of_the_hub_is_never_asked_for(hub: Hub) -> None:
    with pytest.raises(ModelNotFound, match="hf:trained/vision"):
        load_encoder("trained/vision")
    with pytest.raises(ModelNotFound, match="OWNER/NAME"):
        load_encoder("hf:../../etc")
    assert hub.asked == []


def test_a_misspelt_timm_name_gets_a_suggestion() -> None:
    with pytest.raises(ModelNotFound, match="resnet18"):
        load_encoder("timm:resnet81", pretrained=False)


def test_a_file_is_not_a_folder(dino: Path) -> None:
    with pytest.raises(ModelRejected, match="folder"):
        load_encoder(dino / "model.safetensors")


def test_what_is_an_encoder_is_told_by_name_or_by_content(dino: Path, tmp_path: Path) -> None:
    assert is_encoder_name(dino)
    assert is_encoder_name(RAD_DINO)
    assert not is_encoder_name(tmp_path)
    assert not is_encoder_name("embedded")
