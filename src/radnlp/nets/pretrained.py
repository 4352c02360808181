"""Networks out of a folder and back into one, in the manner of transformers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from torch import nn

from radnlp.errors import InputError, ModelRejected
from radnlp.nets.weights import load_weights, write_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from radnlp.nets.weights import Weights

__all__ = ["PretrainedNet"]


class PretrainedNet(nn.Module):
    """A network that can be read from weights with their card, and written so.

    Attributes:
        architecture: What the card of its weights must name.
        card: The card that it was read with; ``None`` if it was built anew.
    """

    architecture: ClassVar[str]
    shape_type: ClassVar[Any]
    shape: Any
    card: Mapping[str, Any] | None = None

    @classmethod
    def from_pretrained(cls, path: str | Path) -> Self:
        """Return the network of a folder, ready to run (in float32, in evaluation mode).

        Args:
            path: A folder that ``radnlp train`` or `save_pretrained` wrote, a ``.safetensors`` file
                with its card beside it, or the name of weights that come with the package. Nothing
                is downloaded, and no pickle is read.

        Raises:
            ModelNotFound: nothing is there.
            ModelRejected: the file was changed, has no card, is of another architecture, or does
                not fit its card.
        """
        return cls.from_weights(load_weights(path, architectures=frozenset({cls.architecture})))

    @classmethod
    def from_weights(cls, weights: Weights) -> Self:
        """Return the network of weights that were checked, see `from_pretrained`.

        Raises:
            ModelRejected: the tensors do not fit the shape on the card, or it has none.
        """
        try:
            net = cls(cls.shape_type(**weights.card["shape"]))
            net.load_state_dict(dict(weights.tensors))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelRejected(
                f"the weights {weights.name} do not fit the network of their card "
                f"({type(error).__name__}); train them again with this version of radnlp"
            ) from error
        net.card = weights.card
        return net.eval()

    def save_pretrained(self, folder: str | Path, *, card: Mapping[str, Any] | None = None) -> Path:
        """Write ``NAME.safetensors``, in float16, and its card ``NAME.json`` into a folder.

        Architecture, shape and checksum on the card are those of this network; all else, such as
        concepts, calibration and operating points, is copied. Weights that were changed since they
        were calibrated should be calibrated again.

        Args:
            folder: Made if it is not there; an older file of that name is replaced.
            card: At least ``name`` and ``version``; ``None`` takes the one it was read with.

        Returns:
            The folder, which `from_pretrained` and ``Pipeline(vision=folder)`` take.

        Raises:
            InputError: there is no card, or it lacks name or version.
        """
        given = self.card if card is None else card
        if given is None or not {"name", "version"} <= set(given):
            raise InputError(
                "a network is saved with a card that has name and version, found none; pass "
                "card={'name': …, 'version': …}, for the vision stage with input and concepts too"
            )
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        own = {"architecture": self.architecture, "shape": self.shape.to_dict()}
        write_weights(place / f"{given['name']}.safetensors", self.state_dict(), {**given, **own})
        return place
