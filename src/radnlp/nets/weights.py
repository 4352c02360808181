"""Weights as safetensors with a JSON card beside them; checked before use, never unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from radnlp.errors import ModelNotFound, ModelRejected

__all__ = [
    "SHIPPED",
    "Weights",
    "architecture_of",
    "load_weights",
    "shipped_cards",
    "write_weights",
]

#: The folder of the weights that come with the package.
SHIPPED = Path(__file__).parent / "data"

_PICKLES = frozenset({".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Tensors, and the card that says what they are.

    ``card`` holds at least ``name``, ``version``, ``architecture`` and ``sha256``.
    """

    tensors: Mapping[str, Tensor]
    card: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return ``name@sha256`` (first twelve digits) for provenance."""
        return f"{self.card['name']}@{self.card['sha256'][:12]}"


def load_weights(path: str | Path, *, architectures: frozenset[str]) -> Weights:
    """Read weights from a safetensors file, or from the one in a folder, and check them.

    Args:
        path: A file, a folder, or the name of weights that come with the package.
        architectures: What the caller can build; the card must name one of them.

    Returns:
        Tensors in float32 on the CPU, with their card.

    Raises:
        ModelNotFound: nothing is there. Nothing is ever downloaded here.
        ModelRejected: a pickle, a broken safetensors header, a missing or unfit card, another
            architecture, or a checksum that does not fit.
    """
    file = _find(path)
    if file.suffix in _PICKLES:
        raise ModelRejected(
            f"{file.name} is a pickle, which can run code when read; expected .safetensors "
            "(convert it where you trust its origin)"
        )
    card = _read_card(file.with_suffix(".json"))
    if card["architecture"] not in architectures:
        raise ModelRejected(
            f"{file.name} has architecture {card['architecture']!r}; this stage can build "
            f"{', '.join(sorted(architectures))}"
        )
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != card["sha256"]:
        raise ModelRejected(
            f"{file.name} has sha256 {digest[:12]}…, its card says {str(card['sha256'])[:12]}…; "
            "the file was changed or cut; copy it again together with its card"
        )
    try:
        tensors = load(content)
    except (SafetensorError, ValueError) as error:
        raise ModelRejected(
            f"{file.name} is not a readable safetensors file ({error}); copy it again"
        ) from error
    wide = {
        name: value.float() if value.dtype == torch.float16 else value
        for name, value in tensors.items()
    }
    return Weights(tensors=wide, card=card)


def architecture_of(path: str | Path) -> str:
    """Return the architecture that the card of weights names; the weights are not read.

    Raises:
        ModelNotFound: nothing is there.
        ModelRejected: the card is missing or unfit.
    """
    return str(_read_card(_find(path).with_suffix(".json"))["architecture"])


def _find(path: str | Path) -> Path:
    given = Path(path)
    if given.is_file():
        return given
    if given.is_dir():
        found = sorted(given.glob("*.safetensors"))
        if len(found) == 1:
            return found[0]
        raise ModelNotFound(
            f"{given} holds {len(found)} .safetensors files, expected one; name the file itself"
        )
    shipped = SHIPPED / f"{path}.safetensors"
    if given.name == str(path) and shipped.is_file():
        return shipped
    names = ", ".join(sorted(card["name"] for card in shipped_cards())) or "none"
    raise ModelNotFound(
        f"no weights at '{path}', and nothing is downloaded; give the path of a .safetensors "
        f"file or of a folder that 'radnlp train' wrote, or one of the shipped names: {names}; "
        "an image encoder of the hub is asked for as hf:OWNER/NAME or timm:MODEL"
    )


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelRejected(
            f"no card {path.name} beside the weights; expected a JSON file with name, version, "
            "architecture and sha256, as 'radnlp train' writes it"
        ) from error
    except ValueError as error:
        raise ModelRejected(f"{path.name} is not valid JSON ({error})") from error
    missing = {"name", "version", "architecture", "sha256"} - set(card)
    if missing:
        raise ModelRejected(f"{path.name} lacks {', '.join(sorted(missing))}")
    return dict(card)


def shipped_cards() -> list[dict[str, Any]]:
    """Return the cards of all weights that come with the package, sorted by file name."""
    return [_read_card(path) for path in sorted(SHIPPED.glob("*.json"))]


def write_weights(path: Path, tensors: Mapping[str, Tensor], card: Mapping[str, Any]) -> Path:
    """Write floating tensors as fp16 to ``path`` and the card, with its checksum, beside it.

    Args:
        path: Ends in ``.safetensors``; its folder must exist.
        tensors: The state of a network.
        card: Everything but ``sha256``, as JSON values.

    Returns:
        The path of the card.
    """
    halved = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in tensors.items()
    }
    save_file(halved, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    place = path.with_suffix(".json")
    text = json.dumps({**card, "sha256": digest}, indent=2, ensure_ascii=False)
    place.write_text(text + "\n", encoding="utf-8")
    return place
