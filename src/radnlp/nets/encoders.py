"""Image encoders behind one Protocol: grey images in, an embedding and patch features out.

Every builder returns a network with random weights of the documented configuration;
`radnlp.nets.hub` finds the weights and loads them.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from radnlp.errors import InputError, ModelRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "Encoding",
    "ImageEncoder",
    "Preprocessing",
    "TrunkEncoder",
    "clip_encoder",
    "patch_grid",
    "timm_encoder",
]

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Encoding(NamedTuple):
    """What an encoder gives for n images.

    ``embedding`` has shape (n, dimension), ``patches`` (n, h, w, patch dimension): row by row from
    the top left, each an equal part of the encoder's square.
    """

    embedding: Tensor
    patches: Tensor


class ImageEncoder(Protocol):
    """What every encoder offers, whoever made it.

    Attributes:
        name: How it was asked for.
        weights: ``name@sha256`` (twelve digits), or ``name@random``.
        size: Side of the square that it takes.
        resize: Length of an image's shorter side before that square is cut from its middle.
        mean: Per channel, taken off values from 0 to 1.
        std: Per channel, divided by.
        dimension: Length of the embedding.
    """

    name: str
    weights: str
    size: int
    resize: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    dimension: int

    def __call__(self, images: Tensor, /) -> Encoding:
        """Encode images of shape (n, 1, size, size) with values from 0 (black) to 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """What an encoder was trained to see; the attributes are those of `ImageEncoder`."""

    size: int
    resize: int
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def __post_init__(self) -> None:
        if not 0 < self.size <= self.resize or len(self.mean) != len(self.std):
            raise ModelRejected(
                f"found preprocessing to {self.resize} then {self.size} pixels, {len(self.mean)} "
                f"means and {len(self.std)} deviations; expected a square no larger than the "
                "resized image and one deviation per mean; correct the model's configuration"
            )


class TrunkEncoder:
    """An `ImageEncoder` made of a network that gives (embedding, patches as (n, d, h, w)).

    Args:
        name: How it was asked for.
        trunk: The network.
        preprocessing: What it was trained to see.
        dimension: Length of the embedding.
        translate: Gives published tensors the trunk's own names.
        spare: Beginnings of the trunk's own names that published weights may have beyond it.
    """

    def __init__(
        self,
        name: str,
        trunk: nn.Module,
        preprocessing: Preprocessing,
        *,
        dimension: int,
        translate: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = dict,
        spare: Iterable[str] = (),
    ) -> None:
        self.name, self.trunk, self.dimension = name, trunk, dimension
        self.weights = f"{name}@random"
        self.size, self.resize = preprocessing.size, preprocessing.resize
        self.mean, self.std = preprocessing.mean, preprocessing.std
        self._translate, self._spare = translate, tuple(spare)
        trunk.eval().requires_grad_(requires_grad=False)

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return sum(value.numel() for value in self.trunk.parameters())

    def load(self, tensors: Mapping[str, Tensor], *, sha256: str) -> None:
        """Replace all weights.

        Args:
            tensors: As published; names that only heads and training use are passed over.
            sha256: Of the file they come from.

        Raises:
            ModelRejected: a tensor is missing, unknown or of another shape.
        """
        own = set(self.trunk.state_dict())
        missing: set[str] = set()
        unknown: set[str] = set()
        try:
            given = self._translate(tensors)
            unknown = {name for name in set(given) - own if not name.startswith(self._spare)}
            # Old checkpoints lack the counter that batch normalisation keeps in training.
            missing = {
                name for name in own - set(given) if not name.endswith("num_batches_tracked")
            }
            if missing or unknown:
                raise RuntimeError("other names")
            self.trunk.load_state_dict(
                {name: given[name] for name in own & set(given)}, strict=False
            )
        except RuntimeError as error:
            example = min(missing or unknown or {"a tensor of another shape"})
            raise ModelRejected(
                f"the weights do not fit {self.name} ({len(missing)} tensors missing, "
                f"{len(unknown)} unknown; for example {example}); expected those published under "
                "that name, as safetensors; compare config.json with the weights beside it"
            ) from error
        self.weights = f"{self.name}@{sha256[:12]}"

    def __call__(self, images: Tensor, /) -> Encoding:
        """Encode images of shape (n, 1, size, size) with values from 0 (black) to 1.

        Raises:
            InputError: Images of another shape.
            ModelRejected: The network gives no grid of patches.
        """
        expected = (1, self.size, self.size)
        if images.ndim != 4 or tuple(images.shape[1:]) != expected:
            raise InputError(
                f"{self.name} takes images of shape (n, {', '.join(map(str, expected))}), got "
                f"{tuple(images.shape)}; resize and crop them first"
            )
        mean, std = (torch.tensor(values)[None, :, None, None] for values in (self.mean, self.std))
        with torch.inference_mode():
            embedding, patches = self.trunk(
                (images.expand(-1, len(self.mean), -1, -1) - mean) / std
            )
        if patches.ndim != 4:
            raise ModelRejected(
                f"{self.name} gives features of shape {tuple(patches.shape)}, no grid of patches; "
                "choose a network whose last features lie on a square grid"
            )
        return Encoding(embedding=embedding, patches=patches.permute(0, 2, 3, 1))


def _under(theirs: str, ours: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take what begins with ``theirs`` and let it begin with ``ours``."""
    return {
        ours + name.removeprefix(theirs): value
        for name, value in tensors.items()
        if name.startswith(theirs)
    }


def patch_grid(tokens: Tensor, prefix: int) -> Tensor:
    """Return tokens of shape (n, prefix + side², d) as (n, d, side, side); others as they are."""
    rest = tokens[:, prefix:]
    side = math.isqrt(rest.shape[1])
    if side * side != rest.shape[1]:
        return tokens
    return rest.transpose(1, 2).reshape(len(rest), -1, side, side)


class _Timm(nn.Module):
    """Any timm network without its classifier."""

    # timm's networks are untyped.
    net: Any

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.net.forward_features(images)
        pooled = self.net.forward_head(features, pre_logits=True)
        if features.ndim == 3:
            features = patch_grid(features, getattr(self.net, "num_prefix_tokens", 0))
        elif str(getattr(self.net, "output_fmt", "NCHW")) == "NHWC":
            features = features.permute(0, 3, 1, 2)
        return pooled, features


# With these timm would read weights by itself, pickles among them.
_LOADING = {"pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path"}


def _timm_net(architecture: str, args: Mapping[str, Any]) -> Any:
    """Build a network that timm itself has, without classifier, from no weights."""
    import timm

    # Names such as hf-hub:… would make timm ask the hub.
    if not timm.is_model(architecture):
        raise ValueError(f"timm has no model {architecture!r}")
    allowed = {key: value for key, value in args.items() if key not in _LOADING}
    return timm.create_model(architecture, pretrained=False, **{**allowed, "num_classes": 0})


def timm_encoder(
    name: str, architecture: str, cfg: Mapping[str, Any], args: Mapping[str, Any] | None = None
) -> TrunkEncoder:
    """Build a timm network; its pooled features are the embedding, its last ones the patches.

    Args:
        name: How it was asked for.
        architecture: timm's name.
        cfg: ``input_size``, ``mean``, ``std``, ``crop_pct`` and ``classifier`` as in timm's
            ``pretrained_cfg``.
        args: Further arguments of the network, from its ``config.json``.

    Raises:
        ModelRejected: the configuration does not fit the network, or its input is no square.
    """
    channels, rows, columns = cfg.get("input_size") or (3, 224, 224)
    if rows != columns:
        raise ModelRejected(
            f"{name} takes {rows} × {columns} pixels, expected a square; choose another network"
        )
    try:
        net = _timm_net(architecture, {**(args or {}), "in_chans": channels})
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise ModelRejected(
            f"timm cannot build {name} from its configuration ({type(error).__name__}); "
            "compare config.json with the timm that is installed"
        ) from error
    preprocessing = Preprocessing(
        size=rows,
        resize=math.floor(rows / float(cfg.get("crop_pct") or 1.0)),
        mean=tuple(cfg.get("mean") or IMAGENET_MEAN)[:channels],
        std=tuple(cfg.get("std") or IMAGENET_STD)[:channels],
    )
    heads = cfg.get("classifier") or ()
    heads = (heads,) if isinstance(heads, str) else heads
    return TrunkEncoder(
        name,
        _Timm(net),
        preprocessing,
        dimension=int(getattr(net, "head_hidden_size", None) or net.num_features),
        translate=partial(_under, "", "net."),
        spare=tuple(f"net.{head}." for head in heads),
    )


class _Clip(nn.Module):
    """The image tower of an OpenCLIP model on a timm trunk; patches come before the projection."""

    trunk: Any

    def __init__(self, trunk: Any, dimension: int) -> None:
        super().__init__()
        self.trunk = trunk
        projection = nn.Linear(trunk.num_features, dimension, bias=False)
        self.head = nn.Sequential(OrderedDict(proj=projection))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.trunk.forward_features(images)
        embedding = self.head(self.trunk.forward_head(tokens))
        return embedding, patch_grid(tokens, self.trunk.num_prefix_tokens)


def clip_encoder(name: str, config: Mapping[str, Any]) -> TrunkEncoder:
    """Build the image tower of an OpenCLIP model whose trunk is a timm vision transformer.

    Args:
        name: How it was asked for.
        config: As ``open_clip_config.json`` holds it. Only a linear projection is built.

    Raises:
        ModelRejected: the configuration is another one.

    Source:
        Zhang et al., "A multimodal biomedical foundation model trained from fifteen million
        image–text pairs", NEJM AI 2024 (BiomedCLIP).
    """
    try:
        model, tower = config["model_cfg"], config["model_cfg"]["vision_cfg"]
        if tower.get("timm_proj") != "linear" or tower.get("timm_pool"):
            raise ValueError("another projection or pooling")
        size = int(tower["image_size"])
        trunk = _timm_net(tower["timm_model_name"], {"img_size": size})
        net = _Clip(trunk, int(model["embed_dim"]))
        given = config.get("preprocess_cfg") or {}
        colours = {key: tuple(given[key]) for key in ("mean", "std") if key in given}
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ModelRejected(
            f"{name} cannot be built from its open_clip_config.json ({type(error).__name__}); "
            "expected a timm vision transformer with timm_proj = linear and no timm_pool"
        ) from error
    return TrunkEncoder(
        name,
        net,
        Preprocessing(size=size, resize=size, **colours),
        dimension=int(model["embed_dim"]),
        translate=partial(_under, "visual.", ""),
    )
