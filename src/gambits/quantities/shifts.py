"""An estimate that its author changes: moved as a whole, how many spreads that is, and how likely a value out there."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.optimize import brentq

from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.quantities.quantiles import quantile

_ONE_SIGMA: Final = np.array([0.15865525393145707, 0.8413447460685429])
"""The normal's Φ(−1) and Φ(1)."""
_DIGITS: Final = 12
_STEPS: Final = 200


def shifted(estimate: Estimate, shift: float) -> Estimate:
    """Move an estimate and keep its width: a quantity by a factor, a probability in its odds, a number by a sum.

    Parameters
    ----------
    estimate
        A positive quantity, a probability in (0, 1), or any number.
    shift
        In the coordinate without bounds: natural logarithm, log-odds, or the number's own unit.

    Returns
    -------
    :
        Of the same shape, its values to 12 significant digits, so that what is written down is what was meant.
    """
    values = tuple(_digits(_back(estimate, _coordinate(estimate, value) + shift)) for value in estimate.values)
    return Estimate(estimate.shape, values, estimate.bounds)


def distance(estimate: Estimate, other: Estimate) -> float:
    """Give the shift that leads from one estimate to another of the same width."""
    return _coordinate(estimate, other.values[0]) - _coordinate(estimate, estimate.values[0])


def shift_to(estimate: Estimate, value: float) -> float:
    """Give the shift that brings the median to a value."""
    near = _coordinate(estimate, value) - _coordinate(estimate, estimate.central)
    if not (estimate.bounds is Bounds.PROBABILITY and estimate.shape is Shape.RANGE):
        return near
    # The median of such a range is its geometric mean, which does not move in odds as its ends do.
    return float(brentq(lambda shift: shifted(estimate, shift).central - value, near - 9, near + 9, xtol=1e-13))


def spread(estimate: Estimate) -> float:
    """Give σ: half the distance between the quantiles that a normal has at ±σ, in the coordinate of ``shifted``.

    0 for an estimate without spread.
    """
    if estimate.is_certain:
        return 0.0
    low, high = (_coordinate(estimate, float(value)) for value in quantile(estimate, _ONE_SIGMA))
    return (high - low) / 2


def chance_beyond(estimate: Estimate, value: float) -> float | None:
    """Give the chance that the quantity lies at a value or farther from the median; None without spread."""
    if estimate.is_certain:
        return None
    below = _chance_below(estimate, value)
    return 1 - below if value > estimate.central else below


def _chance_below(estimate: Estimate, value: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if float(quantile(estimate, np.array(middle))) < value else (low, middle)
    return (low + high) / 2


def _is_a_quantity(estimate: Estimate) -> bool:
    """Whether it moves by a factor: what cannot be 0 or below, and what its author wrote as a positive range."""
    if estimate.bounds in (Bounds.POSITIVE, Bounds.AMOUNT):
        return True
    return estimate.bounds is Bounds.ANY and estimate.shape is Shape.RANGE and estimate.values[0] > 0


def _coordinate(estimate: Estimate, value: float) -> float:
    if _is_a_quantity(estimate):
        return math.log(value)
    if estimate.bounds is Bounds.PROBABILITY:
        return math.log(value / (1 - value)) if value < 1 else math.inf
    return value


def _back(estimate: Estimate, coordinate: float) -> float:
    if _is_a_quantity(estimate):
        return math.exp(coordinate)
    if estimate.bounds is Bounds.PROBABILITY:
        return 1 / (1 + math.exp(-coordinate))
    return coordinate


def _digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def written(estimate: Estimate) -> str:
    """Write an estimate as it stands in a file."""
    texts = [f"{value:.{_DIGITS}g}" for value in estimate.values]
    if estimate.shape is Shape.PERCENTILES:
        return f"{{p10: {texts[0]}, p50: {texts[1]}, p90: {texts[2]}}}"
    return " to ".join(texts)
