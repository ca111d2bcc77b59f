"""What repetition is worth: the curve by which tokens, and parameters, beyond what is unique fade."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def faded(ln_ratio: Array, r: Array) -> tuple[Array, Array]:
    """Give the discounted ratio x' of a ratio x ≥ 1 to what is unique, and its elasticity d ln x'/d ln x.

    Notes
    -----
    Muennighoff et al. 2023, arXiv 2305.16264: x' = 1 + R (1 − exp(−(x − 1)/R)).
    """
    x = np.exp(ln_ratio)
    # expm1, since 1 − exp(−small) loses every digit and has made false optima.
    worth = 1 - r * np.expm1((1 - x) / r)
    return worth, x * np.exp((1 - x) / r) / worth


def bent(ln_ratio: Array, r: Array) -> tuple[Array, Array, Array]:
    """Give ln x', ln of its elasticity ε, and d ln ε/d ln x, for ln of any ratio x: x' = x up to 1.

    An infinite R fades nothing.
    """
    ln_worth, ln_elastic, falls = ln_ratio.copy(), np.zeros_like(ln_ratio), np.zeros_like(ln_ratio)
    beyond = (ln_ratio > 0) & np.isfinite(r)
    if beyond.any():
        v, limit = ln_ratio[beyond], r[beyond]
        # Beyond some e^700 of its limit a ratio has long stopped to count.
        more = np.expm1(np.minimum(v, 700.0)) / limit
        ln_worth[beyond] = np.log1p(-limit * np.expm1(-more))
        ln_elastic[beyond] = v - more - ln_worth[beyond]
        falls[beyond] = 1 - more - 1 / limit - np.exp(ln_elastic[beyond])
    return ln_worth, ln_elastic, falls
