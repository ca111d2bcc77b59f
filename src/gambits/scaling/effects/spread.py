"""From what is uncertain in a law to the range of its effect, the same way for every law and every time.

The formula is worked out at 199 points that fill the cube of everything uncertain evenly (Hammersley 1960:
i/200, and i mirrored at the point in bases 2, 3, 5, …); the 10th result and the 190th in rising order are the
5th and 95th percentiles, the 90 % interval. No chance is involved: the same file gives the same range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from statistics import NormalDist
from typing import Any, Final

from gambits.quantities.estimates import Estimate
from gambits.scaling.effects.law import Values
from gambits.scaling.published import Constant

POINTS: Final = 199
LOW, HIGH = 0.05, 0.95

WIDENING: Final = {"R1": 1.1, "OWN": 1.1, "R2": 1.25, "M": 2.0}
"""What the logarithm of a gain is multiplied or divided by (90 %) where nobody published an interval: judgement."""

Quantile = Callable[[float], Any]
"""Gives the value of something uncertain at a probability."""

_BASES: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)
_NORMAL: Final = NormalDist()


def percentiles(of: Callable[[Values], float], given: Values, uncertain: Mapping[str, Quantile]) -> tuple[float, float]:
    """Give the 5th and 95th percentile of a formula.

    Parameters
    ----------
    of
        The formula, of values by name.
    given
        The values that are certain.
    uncertain
        A quantile function by name for the others; the first is spread most evenly.
    """
    found = sorted(of(given | point) for point in points(uncertain))
    return found[round(LOW * (POINTS + 1)) - 1], found[round(HIGH * (POINTS + 1)) - 1]


def points(uncertain: Mapping[str, Quantile]) -> Iterable[Values]:
    """Give the values of everything uncertain at each of the points."""
    assert len(uncertain) <= len(_BASES) + 1, "each needs a base of its own"
    for places in _places(len(uncertain)):
        yield {name: at(place) for (name, at), place in zip(uncertain.items(), places, strict=True)}


@cache
def _places(count: int) -> list[tuple[float, ...]]:
    """Give the points of a cube of so many dimensions."""
    return [
        (number / (POINTS + 1), *(_mirrored(number, base) for base in _BASES))[:count]
        for number in range(1, POINTS + 1)
    ]


def quantile_of_constant(constant: Constant) -> Quantile:
    """Give a constant's quantiles: log-normal on each side of its value, through both ends of its interval.

    The published value stays the median even where it is not in the middle of its interval.
    """
    assert constant.interval is not None, "a constant without an interval does not vary"
    low, high = (math.log(end / constant.value) for end in constant.interval)
    reach = _NORMAL.inv_cdf((1 + (constant.level or HIGH - LOW)) / 2)

    def at(probability: float) -> float:
        z = _NORMAL.inv_cdf(probability) / reach
        return constant.value * math.exp(-z * low if z < 0 else z * high)

    return at


def quantile_of_estimate(estimate: Estimate) -> Quantile:
    """Give the quantiles of an argument that its author wrote as a range."""
    import numpy as np  # slow to import, and most arguments are plain numbers

    from gambits.quantities.quantiles import quantile

    return lambda probability: float(quantile(estimate, np.array(probability)))


def quantile_of_widening(tag: str) -> Quantile:
    """Give the quantiles of the factor on a gain's logarithm that stands for an interval nobody published."""
    reach = math.log(WIDENING[tag]) / _NORMAL.inv_cdf(HIGH)
    return lambda probability: math.exp(reach * _NORMAL.inv_cdf(probability))


def _mirrored(number: int, base: int) -> float:
    """Mirror a whole number at the point, in a base: 6 in base 2 is 110, so 0.011, 3/8."""
    mirrored, place = 0.0, 1.0
    while number:
        place /= base
        number, digit = divmod(number, base)
        mirrored += digit * place
    return mirrored
