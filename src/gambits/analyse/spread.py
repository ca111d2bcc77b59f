"""How a plan's value varies over the draws: percentiles, from bad luck to good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEVELS: Final = tuple(range(1, 100))
"""The percentiles that are kept."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles 1 to 99 of a plan's value over the draws, OOM."""

    percentiles: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON: every percentile, and the three by which people speak of luck."""
        named = {f"p{level}": self.percentiles[LEVELS.index(level)] for level in (5, 50, 95)}
        return named | {"percentiles": list(self.percentiles)}


def spread_of(value: Array, probability: Sequence[float] | Array) -> Spread:
    """Take the percentiles of values with probabilities: the least value that at least so much lies at or below.

    Parameters
    ----------
    value, probability
        Shape (R,); probabilities sum to 1.
    """
    order = np.argsort(value, kind="stable")
    reached = np.cumsum(np.asarray(probability)[order])
    # Sums of probabilities end a rounding below the level that they stand for.
    at = np.searchsorted(reached, np.array(LEVELS) / 100 - 1e-12)
    return Spread(tuple(value[order][np.minimum(at, len(value) - 1)].tolist()))
