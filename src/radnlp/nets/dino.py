"""DINOv2 image encoders such as RAD-DINO, on transformers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from radnlp.errors import ModelRejected
from radnlp.nets.encoders import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Preprocessing,
    TrunkEncoder,
    patch_grid,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["dino_encoder"]


class _Dino(nn.Module):
    """transformers' DINOv2: the class token after the last norm, and the patch tokens."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        output = self.model(images)
        return output.pooler_output, patch_grid(output.last_hidden_state, 1)


def _dino_names(shape: Any, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Let transformers translate: the names in a file are not those of its modules."""
    from transformers import Dinov2Model

    # What comes back depends on the last argument, which the annotations do not know.
    loaded: Any = Dinov2Model.from_pretrained(
        None, config=shape, state_dict=dict(tensors), output_loading_info=True
    )
    model, report = loaded
    named = model.state_dict()
    found = {name: named[name] for name in set(named) - set(report["missing_keys"])}
    beyond = {name: tensors[name] for name in set(report["unexpected_keys"]) & set(tensors)}
    return {f"model.{name}": value for name, value in (found | beyond).items()}


def dino_encoder(
    name: str, config: Mapping[str, Any], processor: Mapping[str, Any] | None = None
) -> TrunkEncoder:
    """Build a DINOv2 vision transformer of transformers.

    Args:
        name: How it was asked for.
        config: As ``config.json`` holds it.
        processor: As ``preprocessor_config.json`` holds it; without it the image is resized to
            ``image_size`` of ``config``.

    Raises:
        ModelRejected: the configuration is none of DINOv2.

    Source:
        Pérez-García et al., "Exploring scalable medical image encoders beyond text supervision",
        Nature Machine Intelligence 2025 (RAD-DINO).
    """
    from transformers import Dinov2Config, Dinov2Model

    given = processor or {}
    try:
        shape = Dinov2Config(**dict(config))
        model = Dinov2Model(shape)
        side: Any = (given.get("crop_size") or {}).get("height") or shape.image_size
        size = int(side)
        resize = int((given.get("size") or {}).get("shortest_edge") or size)
    # transformers has a family of errors of its own for configurations.
    except Exception as error:
        raise ModelRejected(
            f"transformers cannot build {name} from its configuration ({type(error).__name__}); "
            "expected config.json of a DINOv2 model"
        ) from error
    preprocessing = Preprocessing(
        size=size,
        resize=resize,
        mean=tuple(given.get("image_mean") or IMAGENET_MEAN),
        std=tuple(given.get("image_std") or IMAGENET_STD),
    )
    return TrunkEncoder(
        name,
        _Dino(model),
        preprocessing,
        dimension=int(shape.hidden_size),
        translate=partial(_dino_names, shape),
    )
