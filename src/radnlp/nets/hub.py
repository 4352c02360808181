"""Finds an image encoder by name or in a folder, and loads its weights: safetensors, never pickles.

A name of the hub is the user's word that it may be asked for; nothing else is ever downloaded, and
code that comes with a model is never run. What was downloaded once is taken from the cache.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radnlp.errors import ModelNotFound, ModelRejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from radnlp.nets.encoders import TrunkEncoder

__all__ = ["DOCUMENTED", "is_encoder_name", "load_encoder"]

#: Models of the hub that can be built without asking it: the configuration files that they are
#: documented with, and the name of their weights.
DOCUMENTED: Mapping[str, tuple[Mapping[str, Mapping[str, Any]], str]] = {
    "microsoft/rad-dino": (
        {
            "config.json": {"model_type": "dinov2", "image_size": 518, "patch_size": 14},
            "preprocessor_config.json": {
                "size": {"shortest_edge": 518},
                "crop_size": {"height": 518, "width": 518},
                "image_mean": [0.5307, 0.5307, 0.5307],
                "image_std": [0.2583, 0.2583, 0.2583],
            },
        },
        "model.safetensors",
    ),
    "microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224": (
        {
            "open_clip_config.json": {
                "model_cfg": {
                    "embed_dim": 512,
                    "vision_cfg": {
                        "timm_model_name": "vit_base_patch16_224",
                        "timm_pool": "",
                        "timm_proj": "linear",
                        "image_size": 224,
                    },
                },
                "preprocess_cfg": {
                    "mean": [0.48145466, 0.4578275, 0.40821073],
                    "std": [0.26862954, 0.26130258, 0.27577711],
                },
            }
        },
        "open_clip_model.safetensors",
    ),
    "microsoft/BiomedVLP-BioViL-T": (
        {"config.json": {"model_type": "biovil_t"}},
        "biovil_t_image_model_proj_size_128.safetensors",
    ),
}

_CONFIGS = ("open_clip_config.json", "config.json", "preprocessor_config.json")
_WEIGHTS = ("model.safetensors", "open_clip_model.safetensors")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
_REPOSITORY = re.compile(r"\A[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LOCAL = "give the path of a folder with config.json and .safetensors"


def is_encoder_name(name_or_path: str | Path) -> bool:
    """Tell whether `load_encoder` is meant: a documented or prefixed name, or such a folder.

    Examples:
        >>> is_encoder_name("timm:resnet18"), is_encoder_name("somebody/some-model")
        (True, False)
    """
    path = Path(name_or_path)
    if path.exists():
        return any((path / name).is_file() for name in _CONFIGS[:2])
    name = str(name_or_path)
    return name in DOCUMENTED or name.startswith(("timm:", "timm/", "hf:"))


def load_encoder(
    name_or_path: str | Path,
    *,
    pretrained: bool = True,
    offline: bool | None = None,
    revision: str | None = None,
) -> TrunkEncoder:
    """Build an image encoder and load its weights.

    Args:
        name_or_path: A folder with configuration and safetensors; a name in `DOCUMENTED`;
            ``timm:MODEL`` or timm's name alone; or ``hf:OWNER/NAME`` for another repository of
            the hub with a DINOv2 or timm image encoder.
        pretrained: False leaves random weights and reads none.
        offline: True asks only the cache; ``None`` does as ``HF_HUB_OFFLINE`` says.
        revision: Commit, tag or branch of the hub's repository; the main branch if ``None``.

    Raises:
        ModelNotFound: no such model, or it is not on this machine and cannot be asked for.
        ModelRejected: only pickles, a configuration that is not known, or weights that do not fit.

    Examples:
        >>> encoder = load_encoder("timm:resnet18", pretrained=False)
        >>> encoder.size, encoder.dimension, encoder.weights
        (224, 512, 'timm:resnet18@random')
    """
    path, name = Path(name_or_path), str(name_or_path)
    if path.is_dir():
        return _from_folder(path, pretrained=pretrained)
    if path.is_file():
        raise ModelRejected(f"{path.name} is a file; {_LOCAL}, as the encoder's own folder")
    hub = _Hub(name, offline=_offline() if offline is None else offline, revision=revision)
    if name in DOCUMENTED:
        configs, published = DOCUMENTED[name]
        weights = hub.file(name, published) if pretrained else None
        return _loaded(_build(name, configs), weights)
    if name.startswith("hf:"):
        return _from_repository(name.removeprefix("hf:"), hub, pretrained=pretrained)
    architecture = re.sub(r"^timm[:/]", "", name)
    if "/" in architecture:
        known = ", ".join(DOCUMENTED)
        raise ModelNotFound(
            f"no folder '{name}' here, and no documented encoder of that name ({known}); {_LOCAL}, "
            f"or write hf:{name} to ask the hub for it"
        )
    return _from_timm(name, architecture, hub, pretrained=pretrained)


def _offline() -> bool:
    values = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return any(value.upper() in {"1", "ON", "YES", "TRUE"} for value in values)


class _Hub:
    """Files of the hub, from the cache where they are there."""

    def __init__(self, asked: str, *, offline: bool, revision: str | None) -> None:
        self.asked, self.offline, self.revision = asked, offline, revision

    def file(self, repository: str, name: str) -> Path:
        """Return the path of a file in the cache, downloaded if need be.

        Raises:
            ModelNotFound: it is not here and cannot be asked for, or nobody has it.
            ModelRejected: the repository has no such file.
        """
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        where = f"{repository}/{name}" + (f" at revision {self.revision}" if self.revision else "")
        for local in (True, False):
            try:
                found = hf_hub_download(
                    repository, name, revision=self.revision, local_files_only=local
                )
                return Path(found)
            except LocalEntryNotFoundError as error:
                if local and not self.offline:
                    continue
                raise ModelNotFound(self._not_here(where)) from error
            except EntryNotFoundError as error:
                raise ModelRejected(
                    f"the hub has no {where}, and only configuration with safetensors is read; "
                    "convert pickles (.bin, .pt) where you trust them (the how-to on images "
                    f"shows the lines) and {_LOCAL}"
                ) from error
            # The client raises whatever its transport does.
            except Exception as error:
                raise ModelNotFound(
                    f"the hub did not give {where} ({type(error).__name__}); check the name, the "
                    f"revision and the network, or {_LOCAL}"
                ) from error
        raise ModelNotFound(self._not_here(where))

    def _not_here(self, where: str) -> str:
        reason = (
            "and the hub is not asked, because offline=True or HF_HUB_OFFLINE is set"
            if self.offline
            else "and the hub cannot be reached (HF_HUB_OFFLINE=1 stops asking)"
        )
        return (
            f"{self.asked}: {where} is not in the cache of this machine, {reason}; download it "
            f"where there is a network and {_LOCAL}"
        )


def _from_repository(repository: str, hub: _Hub, *, pretrained: bool) -> TrunkEncoder:
    if not _REPOSITORY.fullmatch(repository):
        raise ModelNotFound(f"'{repository}' is no name of the hub; expected hf:OWNER/NAME")
    configs = {"config.json": _read(hub.file(repository, "config.json"))}
    if configs["config.json"].get("model_type") == "dinov2":
        processor = "preprocessor_config.json"
        configs[processor] = _read(hub.file(repository, processor))
    weights = hub.file(repository, "model.safetensors") if pretrained else None
    return _loaded(_build(f"hf:{repository}", configs), weights)


def _from_timm(name: str, architecture: str, hub: _Hub, *, pretrained: bool) -> TrunkEncoder:
    import timm

    from radnlp.nets.encoders import timm_encoder

    if not timm.is_model(architecture):
        near = difflib.get_close_matches(architecture, timm.list_models(), n=3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise ModelNotFound(
            f"no folder '{name}' here, and timm has no model {architecture!r}.{hint} "
            f"timm.list_models() shows all; or {_LOCAL}"
        )
    known: Any = timm.get_pretrained_cfg(architecture)
    cfg: dict[str, Any] = known.to_dict() if known else {}
    weights = None
    if pretrained:
        if not cfg.get("hf_hub_id") or cfg.get("hf_hub_filename") or cfg.get("custom_load"):
            raise ModelNotFound(f"timm publishes no safetensors of {architecture}; {_LOCAL}")
        weights = hub.file(str(cfg["hf_hub_id"]), "model.safetensors")
    return _loaded(timm_encoder(name, architecture, cfg), weights)


def _from_folder(folder: Path, *, pretrained: bool) -> TrunkEncoder:
    configs = {name: _read(folder / name) for name in _CONFIGS if (folder / name).is_file()}
    if not {"config.json", "open_clip_config.json"} & set(configs):
        raise ModelRejected(
            f"the folder {folder.name} has no config.json; {_LOCAL}, as save_pretrained writes it"
        )
    weights = _weights_in(folder) if pretrained else None
    return _loaded(_build(folder.name, configs), weights)


def _weights_in(folder: Path) -> Path:
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found[0]
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles and not found:
        raise ModelRejected(
            f"{folder.name} holds only {', '.join(pickles)}: pickles, which can run code when "
            "read; convert them to safetensors where you trust their origin"
        )
    raise ModelNotFound(
        f"{folder.name} holds {len(found)} .safetensors files, expected model.safetensors; "
        "put the weights there, or ask for pretrained=False"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise ModelRejected(
            f"{path.name} cannot be read as JSON ({type(error).__name__}); copy it again"
        ) from error
    if not isinstance(content, dict):
        raise ModelRejected(f"{path.name} holds no JSON object; copy it again")
    return content


def _build(name: str, configs: Mapping[str, Mapping[str, Any]]) -> TrunkEncoder:
    """Build the network that the configuration files describe, with random weights."""
    from radnlp.nets import biovil, dino, encoders

    if "open_clip_config.json" in configs:
        return encoders.clip_encoder(name, configs["open_clip_config.json"])
    config = configs["config.json"]
    if config.get("model_type") == "dinov2":
        return dino.dino_encoder(name, config, configs.get("preprocessor_config.json"))
    if config.get("model_type") == "biovil_t":
        return biovil.biovil_t_encoder(name)
    if "architecture" in config:
        return encoders.timm_encoder(
            name,
            str(config["architecture"]),
            config.get("pretrained_cfg") or {},
            config.get("model_args"),
        )
    found = config.get("model_type") or ", ".join(config.get("architectures") or ()) or "nothing"
    raise ModelRejected(
        f"{name}: config.json describes {found}; expected model_type dinov2 or biovil_t, a timm "
        "architecture, or an open_clip_config.json; code that comes with a model is never run"
    )


def _loaded(encoder: TrunkEncoder, file: Path | None) -> TrunkEncoder:
    """Return the encoder with the weights of ``file``, or as it is."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if file is None:
        return encoder
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        tensors = load_file(file)
    except (SafetensorError, ValueError, OSError) as error:
        raise ModelRejected(
            f"{file.name} is not a readable safetensors file ({type(error).__name__}); copy it "
            "again"
        ) from error
    encoder.load(tensors, sha256=digest)
    return encoder
