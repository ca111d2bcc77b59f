r"""The log loss that constants predict for runs, and its slopes.

The loss E + A/N'^α + B/D'^β is a sum of exponentials, so its logarithm is a log-sum-exp of three terms

    ln A − α ln N',   ln B − β ln D',   ln E

(Hoffmann et al. 2022, arXiv 2203.15556, section D.2). Where runs repeat tokens, N' and D' are discounted as in
Muennighoff et al. 2023 (arXiv 2305.16264); the parameters that U tokens can feed move with A, B, α and β, and
the slopes follow them. Where no run repeats a token, N' = N and D' = D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NAMES: Final = ("ln_A", "ln_B", "ln_E", "alpha", "beta", "ln_R_D", "ln_R_N")
"""The coordinates of a point; repetition enters by its logarithm, since it is positive and spans decades."""

_LN_A, _LN_B, _LN_E, _ALPHA, _BETA, _LN_R_D, _LN_R_N = range(len(NAMES))
_FARTHEST: Final = 50.0
"""In ln; a size so far beyond what the data can feed is worth no more than one a little nearer."""


@dataclass(frozen=True, slots=True)
class Surface:
    """Runs as logarithms, each of shape (n,); ``ln_u`` is None where no run repeats a token."""

    ln_n: Array
    ln_d: Array
    ln_u: Array | None

    def at(self, points: Array) -> Prediction:
        """Predict all runs at points of shape (B, 7)."""
        if self.ln_u is None:
            by_n, by_d = _Discounted(self.ln_n), _Discounted(self.ln_d)
        else:
            by_n = _Discounted.of(self.ln_n, ln_fed(points, self.ln_u), points[:, _LN_R_N, None])
            by_d = _Discounted.of(self.ln_d, self.ln_u, points[:, _LN_R_D, None])
        terms = np.empty((3, len(points), len(self.ln_n)))
        terms[0] = points[:, _LN_A, None] - points[:, _ALPHA, None] * by_n.value
        terms[1] = points[:, _LN_B, None] - points[:, _BETA, None] * by_d.value
        terms[2] = points[:, _LN_E, None]
        largest = terms.max(axis=0)
        parts = np.exp(terms - largest, out=terms)
        total = parts.sum(axis=0)
        return Prediction(largest + np.log(total), np.divide(parts, total, out=parts), by_n, by_d)

    def slopes(self, points: Array, predicted: Prediction) -> Array:
        """Give the slopes of the log loss in each coordinate, shape (B, 7, n)."""
        of_n, of_d, of_e = predicted.parts
        by_n, by_d = predicted.by_n, predicted.by_d
        slopes = np.zeros((len(points), len(NAMES), len(self.ln_n)))
        slopes[:, _LN_A], slopes[:, _LN_B], slopes[:, _LN_E] = of_n, of_d, of_e
        slopes[:, _ALPHA], slopes[:, _BETA] = -of_n * by_n.value, -of_d * by_d.value
        if self.ln_u is not None:
            alpha, beta = points[:, _ALPHA, None], points[:, _BETA, None]
            # By what the data can feed, ln fed = (ln(α/β) + ln A − ln B + β ln U)/α.
            fed = of_n * by_n.by_unique
            slopes[:, _LN_A] -= fed
            slopes[:, _LN_B] += fed
            slopes[:, _ALPHA] -= fed * (1 / alpha - ln_fed(points, self.ln_u))
            slopes[:, _BETA] += fed * (1 / beta - self.ln_u)
            slopes[:, _LN_R_N] = -alpha * of_n * by_n.by_limit
            slopes[:, _LN_R_D] = -beta * of_d * by_d.by_limit
        return slopes


@dataclass(frozen=True, slots=True)
class Prediction:
    """Log loss (B, n), each term's part of the loss (3, B, n), and the amounts behind them."""

    ln_loss: Array
    parts: Array
    by_n: _Discounted
    by_d: _Discounted


@dataclass(frozen=True, slots=True)
class _Discounted:
    """ln of an amount x' that counts for less beyond what is unique, and its slopes in ln of u and of R."""

    value: Array
    by_unique: Array | float = 0.0
    by_limit: Array | float = 0.0

    @classmethod
    def of(cls, ln_x: Array, ln_unique: Array, ln_limit: Array) -> _Discounted:
        """Discount what lies beyond the unique amount: x' = u (1 + R (1 − exp(−(x/u − 1)/R)))."""
        limit = np.exp(ln_limit)
        # expm1 throughout, since 1 − exp(−small) loses every digit and has made false optima.
        excess = np.expm1(np.clip(ln_x - ln_unique, 0, _FARTHEST))
        beyond = excess / limit
        faded = -np.expm1(-beyond)
        worth = 1 + limit * faded
        kept = 1 - faded
        by_unique = np.where(excess > 0, 1 - (1 + excess) * kept / worth, 0)
        by_limit = limit * (faded - beyond * kept) / worth
        return cls(np.minimum(ln_x, ln_unique) + np.log(worth), by_unique, by_limit)


def ln_fed(points: Array, ln_u: Array) -> Array:
    """Give ln of the parameters that the unique tokens can feed, as ``frontier.ln_parameters_fed``."""
    alpha, beta = points[:, _ALPHA, None], points[:, _BETA, None]
    return np.asarray((np.log(alpha / beta) + points[:, _LN_A, None] - points[:, _LN_B, None] + beta * ln_u) / alpha)
