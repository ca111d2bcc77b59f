r"""The frontier: effective compute of the best model that some compute and some unique tokens can make.

The loss of N parameters on D tokens of which U are unique (Muennighoff et al. 2023, arXiv 2305.16264) is
E + A/N'^α + B/D'^β with compute C = 6ND, where repetition turns D into D' and parameters beyond what U can
feed turn N into N':

    D' = U (1 + R_D (1 − exp(−(D/U − 1)/R_D))) for D > U, else D; N' likewise with U_N and R_N

Let C_U be the compute at which the compute-optimal model needs exactly the U tokens, and s = ln(C/C_U).
At s ≤ 0 nothing repeats and effective compute is C itself. At s > 0 the optimum has N = U_N e^y and
D = U e^(s−y), the constants A, B and E cancel, and with γ = αβ/(α+β)

    ln C_eff = ln C_U + Ψ(s),  Ψ(s) = max over y of −(1/γ) ln( β/(α+β) n'(y)^−α + α/(α+β) d'(s−y)^−β )

where n' = N'/U_N and d' = D'/U. ln C_U is affine in ln U with slope (α+β)/α and Ψ is concave with slope at
most 1, so effective compute is jointly concave in (ln C, ln U). By the envelope theorem its slopes are

    ∂/∂ln C = Ψ'(s) = (α+β)/α · ŵ_D · ε_D,   ∂/∂ln U = (1 − Ψ'(s)) (α+β)/α

with ŵ_D the data term's part of the reducible loss and ε_D = d ln D'/d ln D.

Where the budget serves the model as well as training it (6ND + 2NT), ``lifetime`` has the reduction, of two
variables in place of one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.lifetime import best_over_life
from gambits.scaling.repetition import faded

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

LN_10: Final = math.log(10)
FLOP_PER_PARAMETER_TOKEN: Final = 6.0
"""Training FLOP for one token and one parameter: C = 6ND (Kaplan et al. 2020, arXiv 2001.08361)."""
FLOP_PER_PARAMETER_SERVED: Final = 2.0
"""Serving FLOP for one token and one parameter (the same)."""

_MOST_STEPS: Final = 200
_CLOSED: Final = 1e-14
_STEP_TOLERANCE: Final = 1e-7
"""In y, of a step of Newton's, whose square is what is left: so much the slopes err, and the value by less."""


@dataclass(frozen=True, slots=True)
class Constants:
    """The numbers of a law: scalars, or arrays that broadcast against draws × periods.

    An infinite ``r_d`` means that the law knows no data limit.
    """

    ln_a: float | Array
    ln_b: float | Array
    ln_e: float | Array
    alpha: float | Array
    beta: float | Array
    r_d: float | Array
    r_n: float | Array

    def of(self, rows: NDArray[np.int64]) -> Constants:
        """Give the constants of some draws, by number."""
        parts = (getattr(self, name) for name in self.__slots__)
        return Constants(*(part[rows] if np.ndim(part) else part for part in parts))


@dataclass(frozen=True, slots=True)
class Reach:
    """What the frontier reaches; every array has the shape of the inputs.

    ``oom`` is log10 of effective compute in FLOP; ``by_compute`` and ``by_tokens`` are its slopes in ln C and
    ln U, ``by_served`` that in ln T, None where nothing is served. ``split`` is a start for the next call: y, the part
    of s that goes to parameters (0 before the wall), or ln(D/U) where the model is served.
    """

    oom: Array
    by_compute: Array
    by_tokens: Array
    split: Array
    by_served: Array | None = None


def effective_compute(
    law: Constants,
    ln_compute: ArrayLike,
    ln_tokens: ArrayLike,
    split: Array | None = None,
    ln_served: ArrayLike | None = None,
) -> Reach:
    """Give log10 of the FLOP that would reach the same loss with no data limit, and nothing to serve.

    Parameters
    ----------
    law
        Constants that broadcast with the other inputs.
    ln_compute
        ln of compute, FLOP: that of training, and where the model is served that of both.
    ln_tokens
        ln of unique tokens.
    split
        ``Reach.split`` of a nearby point, to start from.
    ln_served
        ln of the tokens served over the model's life; None, or −∞, for none.

    Returns
    -------
    :
        OOM of FLOP and slopes, of the broadcast shape. NaN in gives NaN out.
    """
    if ln_served is not None:
        return _over_life(law, ln_compute, ln_tokens, split, ln_served)
    ln_c, _, alpha, beta, r_d, r_n, wall = np.broadcast_arrays(
        ln_compute, ln_tokens, law.alpha, law.beta, law.r_d, law.r_n, ln_wall(law, ln_tokens)
    )
    excess = ln_c - wall
    past = (excess > 0) & np.isfinite(r_d)
    reached = np.where(np.isnan(excess), np.nan, ln_c)
    slope = np.ones_like(reached)
    share = np.zeros_like(reached)
    if past.any():
        s, a, b = excess[past], alpha[past], beta[past]
        start = None if split is None else split[past]
        y, worth, slope[past] = _beyond_the_wall(s, a, b, r_d[past], r_n[past], start)
        reached[past] = wall[past] + worth
        share[past] = y
    by_tokens = (1 - slope) * (alpha + beta) / alpha
    return Reach(reached / LN_10, slope / LN_10, by_tokens / LN_10, share)


def _over_life(
    law: Constants, ln_compute: ArrayLike, ln_tokens: ArrayLike, split: Array | None, ln_served: ArrayLike
) -> Reach:
    """Give the same for a budget that trains the model and serves it."""
    wall = ln_wall(law, ln_tokens)
    inputs = (ln_compute, ln_served, ln_tokens, law.alpha, law.beta, law.r_d, law.r_n, wall)
    whole = np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in inputs))
    known = np.isfinite(whole[0] + whole[1] + whole[7])
    ln_c, ln_t, ln_u, alpha, beta, r_d, r_n, ln_c_u = (each[known] for each in whole)
    tau = ln_t - np.log(FLOP_PER_PARAMETER_TOKEN / FLOP_PER_PARAMETER_SERVED) - ln_u
    start = None if split is None else split[known]
    z, worth, by_s, served = best_over_life(ln_c - ln_c_u, tau, alpha, beta, r_d, r_n, start)
    steep = (alpha + beta) / alpha
    # Where nothing repeats the slope in ln U is 0, and rounding must not make it less.
    by_tokens = np.maximum(steep * (1 - by_s) + served * by_s, 0)
    found = np.full((5, *known.shape), np.nan)
    found[:, known] = np.stack([ln_c_u + worth, by_s, by_tokens, -served * by_s, z])
    oom, by_compute, by_unique, by_served = found[:4] / LN_10
    reach = Reach(oom, by_compute, by_unique, found[4], by_served)
    nothing = np.isneginf(whole[1])
    return _only_trained(reach, nothing, law, ln_compute, ln_tokens, split) if nothing.any() else reach


def _only_trained(
    reach: Reach,
    nothing: NDArray[np.bool_],
    law: Constants,
    ln_compute: ArrayLike,
    ln_tokens: ArrayLike,
    split: Array | None,
) -> Reach:
    """Take what is trained and not served as if serving were unheard of: 0 tokens have no logarithm."""
    plain = effective_compute(law, ln_compute, ln_tokens, split)
    plain = Reach(plain.oom, plain.by_compute, plain.by_tokens, plain.split, np.zeros_like(plain.oom))
    return Reach(*(np.where(nothing, getattr(plain, name), getattr(reach, name)) for name in Reach.__slots__))


def ln_wall(law: Constants, ln_tokens: ArrayLike, ln_served: ArrayLike | None = None) -> Array:
    """Give ln C_U: the compute (FLOP) whose optimum needs exactly these unique tokens; affine in ln U.

    A model that is served is smaller and learns from more tokens, so that it needs them at less compute: with
    T tokens served ln C_U is less by (1/α − 1) ln(1 + T/3U), from the first-order condition at D = U.
    """
    wall = np.asarray(np.log(FLOP_PER_PARAMETER_TOKEN) + ln_tokens + ln_parameters_fed(law, ln_tokens))
    if ln_served is None:
        return wall
    ratio = np.log(FLOP_PER_PARAMETER_TOKEN / FLOP_PER_PARAMETER_SERVED)
    load = np.logaddexp(0.0, np.asarray(ln_served) - ratio - np.asarray(ln_tokens))
    return np.asarray(wall - (1 / np.asarray(law.alpha) - 1) * load)


def ln_parameters_fed(law: Constants, ln_tokens: ArrayLike) -> Array:
    """Give ln of the parameters that are compute-optimal for some tokens, none repeated.

    From αA N^−α = βB D^−β (Hoffmann et al. 2022, arXiv 2203.15556).
    """
    alpha, beta = np.asarray(law.alpha), np.asarray(law.beta)
    ln_ratio = np.log(alpha / beta) + np.asarray(law.ln_a) - np.asarray(law.ln_b)
    return np.asarray((ln_ratio + beta * np.asarray(ln_tokens)) / alpha)


def optimum(
    law: Constants, ln_compute: ArrayLike, ln_tokens: ArrayLike, ln_served: ArrayLike | None = None
) -> tuple[Array, Array]:
    """Give ln N and ln D of the model that minimises the loss, for compute (FLOP), unique tokens and tokens served."""
    reach = effective_compute(law, ln_compute, ln_tokens, ln_served=ln_served)
    if ln_served is not None:
        ln_d = np.asarray(ln_tokens) + reach.split
        trained_and_served = np.logaddexp(
            np.log(FLOP_PER_PARAMETER_TOKEN) + ln_d, np.log(FLOP_PER_PARAMETER_SERVED) + np.asarray(ln_served)
        )
        return np.asarray(ln_compute) - trained_and_served, ln_d
    wall = ln_wall(law, ln_tokens)
    excess = np.asarray(ln_compute) - wall
    gamma_share = np.asarray(law.beta) / (np.asarray(law.alpha) + np.asarray(law.beta))
    # Before the wall N and D grow along the Chinchilla ray; past it, by the split.
    past = (excess > 0) & np.isfinite(law.r_d)
    ln_n = ln_parameters_fed(law, ln_tokens) + np.where(past, reach.split, excess * gamma_share)
    return ln_n, np.asarray(ln_compute) - np.log(FLOP_PER_PARAMETER_TOKEN) - ln_n


def loss(law: Constants, parameters: ArrayLike, tokens: ArrayLike, unique: ArrayLike) -> Array:
    """Give the loss, in nats a token, of a model of N parameters on D tokens of which U are unique."""
    ln_fed = ln_parameters_fed(law, np.log(unique))
    ln_n = ln_fed + _discounted(np.log(parameters) - ln_fed, law.r_n)
    ln_d = np.log(unique) + _discounted(np.log(tokens) - np.log(unique), law.r_d)
    terms = np.exp(law.ln_a - np.asarray(law.alpha) * ln_n) + np.exp(law.ln_b - np.asarray(law.beta) * ln_d)
    return np.asarray(np.exp(law.ln_e) + terms)


def loss_at(law: Constants, oom: ArrayLike) -> Array:
    """Give the least loss, in nats a token, that some effective compute (log10 FLOP) reaches."""
    alpha, beta = np.asarray(law.alpha), np.asarray(law.beta)
    gamma = alpha * beta / (alpha + beta)
    # On the Chinchilla ray the parameter term is β/(α+β) of the reducible loss.
    ln_six = np.log(FLOP_PER_PARAMETER_TOKEN)
    ln_n = (np.log(alpha / beta) + law.ln_a - law.ln_b + beta * (np.asarray(oom) * LN_10 - ln_six)) / (alpha + beta)
    reducible = np.exp(law.ln_a - alpha * ln_n) * alpha / gamma
    return np.asarray(np.exp(law.ln_e) + reducible)


def _discounted(ln_ratio: ArrayLike, r: float | Array) -> Array:
    """Give ln of the discounted ratio x', for ln of a ratio x to what is unique: x' = x up to 1."""
    ratio, limit = np.broadcast_arrays(np.asarray(ln_ratio, dtype=float), np.asarray(r, dtype=float))
    repeats = (ratio > 0) & np.isfinite(limit)
    value = ratio.copy()
    value[repeats] = np.log(faded(ratio[repeats], limit[repeats])[0])
    return value


def _beyond_the_wall(
    s: Array, alpha: Array, beta: Array, r_d: Array, r_n: Array, start: Array | None
) -> tuple[Array, Array, Array]:
    """Give y, Ψ(s) and Ψ'(s) for s > 0, all of one shape (n,), by Newton's method inside a shrinking bracket."""
    # Shallow, the optimum is linear in s; deep, both repetitions fade alike. The smaller is near enough.
    shallow = s * (1 / r_d + beta) / (1 / r_d + 1 / r_n + alpha + beta)
    deep = (s + np.log(r_n / r_d)) / 2
    guess = np.where(deep > 0, np.minimum(shallow, deep), shallow)
    y = guess if start is None else np.where(start > 0, start, guess)
    y = np.clip(y, 0.0, s)
    left = np.arange(len(s))
    low, high, at = np.zeros_like(s), s.copy(), y.copy()
    part = (s, alpha, beta, r_d, r_n)
    for _ in range(_MOST_STEPS):
        tilt, falls = _tilt(at, *part)
        low, high = np.where(tilt > 0, at, low), np.where(tilt > 0, high, at)
        newton = at - tilt / falls
        is_inside = (newton >= low) & (newton <= high)
        following = np.where(is_inside, newton, (low + high) / 2)
        # A bisection is no nearer for being short, until nothing is left between its ends.
        least = np.where(is_inside, _STEP_TOLERANCE, _CLOSED) * (1 + part[0])
        going = np.abs(following - at) > least
        y[left] = following
        if not going.any():
            break
        # Most settle within a few steps: go on with the rest alone.
        left, low, high, at = left[going], low[going], high[going], following[going]
        part = tuple(each[going] for each in part)
    n, _ = faded(y, r_n)
    d, elastic_d = faded(s - y, r_d)
    both = alpha + beta
    data_term = alpha / both * d**-beta
    reducible = beta / both * n**-alpha + data_term
    worth = -np.log(reducible) * both / (alpha * beta)
    return y, worth, both / alpha * data_term / reducible * elastic_d


def _tilt(y: Array, s: Array, alpha: Array, beta: Array, r_d: Array, r_n: Array) -> tuple[Array, Array]:
    """Give ln of the ratio of the two marginal gains, which falls in y and is 0 at the optimum, and its slope."""
    x, z = np.exp(y), np.exp(s - y)
    worth_n = -r_n * np.expm1((1 - x) / r_n)
    worth_d = -r_d * np.expm1((1 - z) / r_d)
    ln_n, ln_d = np.log1p(worth_n), np.log1p(worth_d)
    ln_elastic_n = y - ln_n - (x - 1) / r_n
    ln_elastic_d = s - y - ln_d - (z - 1) / r_d
    tilt = ln_elastic_n - alpha * ln_n - ln_elastic_d + beta * ln_d
    falls = 2 - (1 + alpha) * np.exp(ln_elastic_n) - x / r_n - (1 + beta) * np.exp(ln_elastic_d) - z / r_d
    return tilt, falls
