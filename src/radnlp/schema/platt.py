"""From a score to a probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Real = TypeVar("Real", bound=np.floating[Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Platt:
    """Probability = sigmoid(slope · score + offset).

    Attributes:
        slope: As fitted; 1 leaves logits as they are.
        offset: As fitted.

    Source:
        Platt, "Probabilistic outputs for support vector machines", 1999.

    Examples:
        >>> Platt(slope=2.0, offset=-1.0)(0.5)
        0.5
    """

    slope: float = 1.0
    offset: float = 0.0

    @overload
    def __call__(self, scores: float) -> float: ...

    @overload
    def __call__(self, scores: NDArray[Real]) -> NDArray[Real]: ...

    def __call__(self, scores: float | NDArray[Real]) -> float | NDArray[Real]:
        """Return the probability of a score (a logit), or of many in an array of any shape."""
        likely: Any = 1.0 / (1.0 + np.exp(-(self.slope * scores + self.offset)))
        return likely if isinstance(scores, np.ndarray) else float(likely)


__all__ = ["Platt"]
