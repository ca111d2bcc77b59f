"""Where a plan's value comes from: a split over initiatives that adds up, and the compute that would match it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.forecast.oracle import Forecast
from gambits.portfolio.model import Portfolio
from gambits.scaling.frontier import LN_10, Constants, effective_compute

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_NODES: Final = 16
_MOST_MULTIPLIER: Final = 1e6


def contributions(forecast: Forecast, progress: Array, funded: Array) -> Array:
    """Split the expected value of a plan over its initiatives.

    Each gets the integral of its slope times its progress as the whole plan grows from nothing to full size
    (Aumann and Shapley 1974, Values of Non-Atomic Games): the split is order-free and adds up to the value.
    An enabler gets 0 of its own: its worth is what it unlocks.

    Parameters
    ----------
    forecast
        The oracle.
    progress, funded
        Shape (I, K), as they count.

    Returns
    -------
    :
        Shape (I,), OOM; sums to the expected value.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    split = np.zeros(len(progress))
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        by_progress, by_funded = forecast.slopes(node * progress, node * funded)
        split += weight * (by_progress * progress + by_funded * funded).sum(axis=1)
    expected = forecast.evaluate(progress, funded).expected
    size = np.abs(split).sum()
    # What quadrature leaves over is spread by size, so that the parts add up to the last digit but rounding.
    return np.asarray(split + (expected - split.sum()) * np.abs(split) / size) if size else split


def extrapolated(portfolio: Portfolio, split: Array) -> float:
    """Give the part of positive value on gains that reach beyond their evidence."""
    gains = np.maximum(split, 0)
    beyond = np.array([portfolio.reaches_beyond(each) for each in portfolio.initiatives])
    return float(gains[beyond].sum() / gains.sum()) if gains.sum() > 0 else 0.0


def matching_compute(
    law: Constants, ln_compute: float, ln_tokens: float, gain: float, ln_served: float | None = None
) -> float:
    """Give the factor of bought compute that alone, with the same tokens, would gain as much.

    Parameters
    ----------
    law
        Scalar constants.
    ln_compute, ln_tokens
        The baseline, ln FLOP and ln tokens.
    gain
        OOM of effective compute, at least 0.
    ln_served
        ln of the tokens that the flagship serves over its life; None for none.

    Returns
    -------
    :
        The multiplier; infinite where not even a million times would do, as can be past the data wall.
    """

    def reached(ln_factor: float) -> float:
        return float(effective_compute(law, ln_compute + ln_factor, ln_tokens, ln_served=ln_served).oom)

    target = reached(0.0) + gain
    low, high = 0.0, math.log(_MOST_MULTIPLIER)
    if reached(high) < target:
        return math.inf
    while high - low > 1e-12 * LN_10:
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < target else (low, middle)
    return math.exp(high)
