"""What an image is at all: a frontal chest film as it is hung, one that is turned, or no such film.

A linear rule on the layout that the network for findings sees: its deepest map in nine fields.
Beside it stands the distance from the chest films of the training, for what no class was drawn of.

Source:
    Lee et al., "A simple unified framework for detecting out-of-distribution samples", NeurIPS 2018
    (the Mahalanobis distance of a network's features).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from radnlp.errors import ModelRejected
from radnlp.nets.weights import Weights, load_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["ARCHITECTURE", "PROJECTIONS", "SHIPPED", "View", "ViewJudge", "ViewKind", "view_judge"]

#: Name that a card gives to what this module reads.
ARCHITECTURE = "radnlp-views-1"

#: The rule for the shipped network; weights of one's own need one of their own.
SHIPPED = "views-lite0"


#: How a frontal film may have been taken, as headers call it.
PROJECTIONS = ("AP", "PA")


class ViewKind(StrEnum):
    """What an image seems to be."""

    FRONTAL = "frontal"
    MIRRORED = "mirrored"
    PART = "part"
    UPSIDE_DOWN = "upside_down"
    TURNED_LEFT = "turned_left"
    TURNED_RIGHT = "turned_right"
    INVERTED = "inverted"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The verdict on one image.

    Attributes:
        kind: The likeliest kind.
        chances: The chance of every kind, uncalibrated.
        distance: From the chest films of the training; 1 is where a hundredth of those that were
            held out lie farther.
        ap: How likely a frontal film was taken from front to back (AP) rather than back to front
            (PA), uncalibrated; ``None`` if the rule does not know.
    """

    kind: ViewKind
    chances: dict[ViewKind, float]
    distance: float
    ap: float | None = None


def view_judge(weights: str | Path | None, network: Mapping[str, Any]) -> ViewJudge | None:
    """Return the rule that fits a network; ``None`` if none is wanted or the shipped one fits not.

    Args:
        weights: Path of a ``.safetensors`` file or its folder, or a shipped name; ``None`` for no
            rule.
        network: The card of the network whose layouts are judged.

    Raises:
        ModelNotFound: Nothing is there.
        ModelRejected: They cannot be trusted, or are not the shipped ones and were made for another
            network.
    """
    if weights is None:
        return None
    judge = ViewJudge(load_weights(weights, architectures=frozenset({ARCHITECTURE})))
    wanted = f"{network['name']}@{str(network['sha256'])[:12]}"
    if judge.network == wanted:
        return judge
    if weights == SHIPPED:
        return None
    raise ModelRejected(
        f"the weights {judge.name} judge views by the network {judge.network}, but the network is "
        f"{wanted}; run radnlp train views for it"
    )


class ViewJudge:
    """The rule of one weights file; safe to call from several threads.

    ``network`` names the weights whose layouts it judges; it fits no others.

    Args:
        loaded: Tensors and card that ``radnlp train views`` wrote.

    Raises:
        ModelRejected: They lack something.
    """

    def __init__(self, loaded: Weights) -> None:
        self.name = loaded.name
        try:
            self.network = str(loaded.card["network"])
            self._kinds = tuple(ViewKind(kind) for kind in loaded.card["kinds"])
            self._scale = float(loaded.card["distance"])
            tensors = {name: value.double().numpy() for name, value in loaded.tensors.items()}
            self._middle, self._spread = tensors["middle"], tensors["spread"]
            self._rule, self._offset = tensors["rule"], tensors["offset"]
            self._home, self._whiten = tensors["home"], tensors["whiten"]
            self._projection = tensors.get("projection")
            self._projection_offset = tensors.get("projection_offset")
        except (KeyError, ValueError) as error:
            raise ModelRejected(
                f"the weights {loaded.name} lack {error}; train them again with this version"
            ) from error

    def __call__(self, layout: NDArray[np.float32]) -> View:
        """Judge a layout of shape (channels, 3, 3)."""
        flat = layout.reshape(-1).astype(np.float64)
        standard = (flat - self._middle) / self._spread
        scores = self._rule @ standard + self._offset
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        apart = self._whiten @ (layout.mean(axis=(1, 2)).astype(np.float64) - self._home)
        return View(
            kind=self._kinds[int(chances.argmax())],
            chances=dict(zip(self._kinds, (float(chance) for chance in chances), strict=True)),
            distance=float(np.sqrt((apart**2).sum())) / self._scale,
            ap=self._ap(standard),
        )

    def _ap(self, standard: NDArray[np.float64]) -> float | None:
        if self._projection is None or self._projection_offset is None:
            return None
        score = float(self._projection @ standard + self._projection_offset[0])
        return float(1 / (1 + np.exp(-np.clip(score, -500, 500))))
