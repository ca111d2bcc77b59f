"""The values that an estimate stands for: its quantiles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit, ndtri

from gambits.quantities.estimates import Bounds, Estimate, Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_Z_95: Final = 1.6448536269514722
"""The standard normal's 95th percentile: a 90 % interval reaches this many σ to each side."""


def quantile(estimate: Estimate, uniforms: Array) -> Array:
    """Give the values of an estimate at uniforms, of the same shape.

    A range is the 90 % interval of a log-normal where it is positive, of a normal elsewhere, and stops at 1 for
    a probability. Percentiles are a three-term metalog (Keelin 2016, Decision Analysis 13(4)), of the logarithm
    of what is positive and of the logit of a probability.
    """
    if estimate.is_certain:
        return np.full_like(uniforms, estimate.central)
    if estimate.shape is Shape.PERCENTILES:
        return _metalog(estimate, uniforms)
    low, high = estimate.values
    z = ndtri(uniforms) / _Z_95
    if low <= 0:
        return np.asarray((low + high) / 2 + z * (high - low) / 2)
    values = np.exp((math.log(low) + math.log(high)) / 2 + z * (math.log(high) - math.log(low)) / 2)
    return np.minimum(values, 1.0) if estimate.bounds is Bounds.PROBABILITY else np.asarray(values)


def _metalog(estimate: Estimate, uniforms: Array) -> Array:
    q10, q50, q90 = (estimate.unbounded(value) for value in estimate.values)
    # The three equations M(0.1), M(0.5), M(0.9) = q10, q50, q90, solved by hand.
    ln_9 = math.log(9)
    spread = (q90 - q10) / (2 * ln_9)
    skew = (q90 + q10 - 2 * q50) / (0.8 * ln_9)
    logit = np.log(uniforms / (1 - uniforms))
    coordinate = q50 + spread * logit + skew * (uniforms - 0.5) * logit
    match estimate.bounds:
        case Bounds.POSITIVE | Bounds.AMOUNT:
            return np.asarray(np.exp(coordinate))
        case Bounds.PROBABILITY:
            return np.asarray(expit(coordinate))
        case _:
            return np.asarray(coordinate)
