"""What is known about a batch of films."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Targets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The truth of a batch, as far as it is known.

    ``masks`` has shape (n, 4, h, w): left lung, right lung, heart, both lungs; ``masks_known``
    (n, 4). ``boxes`` holds for each film (m, 5): number of the boxed concept, x0, y0, x1, y1 in
    pixels of the image, whose side is ``side``. ``findings`` and ``findings_known`` have shape
    (n, concepts), 0 or 1. ``positive_weight`` has shape (concepts,). ``columns`` says where each
    boxed concept stands among all.
    """

    masks: Tensor
    masks_known: Tensor
    boxes: tuple[Tensor, ...]
    side: int
    findings: Tensor
    findings_known: Tensor
    positive_weight: Tensor
    columns: tuple[int, ...]
